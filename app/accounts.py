"""Accounts of the plan's people: made, given a new password, closed. A closed account signs in nowhere from then on."""

import logging
import re
import secrets
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid, NotFound
from app.models import Account, Director, StaffRole, WebSession
from app.passwords import hash_password

log = logging.getLogger(__name__)

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000

#: no letter or digit that is mistaken for another when it is read out or copied by hand
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def create_account(
    session: Session,
    *,
    email: str,
    name: str,
    role: StaffRole,
    time_zone: str,
    password: str,
    director_id: int | None = None,
    now: datetime,
) -> Account:
    """Make an account. `time_zone` is the full name of a zone, such as America/Chicago.

    Raises Invalid for what cannot be used, also where there is an account with this address, or for this director.
    """
    email, name = email.strip().lower(), " ".join(name.split())
    wrong = _wrong(session, email=email, name=name, role=role, director_id=director_id)
    if "/" not in time_zone or time_zone not in available_timezones():
        wrong["time_zone"] = "Choose a time zone such as America/Chicago."
    if wrong := {**wrong, **password_faults(password)}:
        raise Invalid(wrong)
    account = Account(
        email=email,
        name=name,
        role=role,
        password_hash=hash_password(password),
        time_zone=time_zone,
        director_id=director_id,
        created_at=now,
    )
    session.add(account)
    session.flush()
    log.info("account %d made, role %s", account.id, role)
    return account


def set_password(session: Session, account_id: int, password: str) -> Account:
    """Give an account another password, and end its visits. Raises NotFound, Invalid."""
    account = get(session, account_id)
    if faults := password_faults(password):
        raise Invalid(faults)
    account.password_hash = hash_password(password)
    end_visits(session, account_id)
    log.info("account %d has a new password", account_id)
    return account


def deactivate(session: Session, account_id: int, *, by: int | None) -> Account:
    """Close an account and end its visits; `by` is the account that does so, None on the command line.

    Raises NotFound; Conflict for one's own account, the last administrator, and one that is closed already.
    """
    administrators = session.scalars(
        select(Account.id)
        .where(Account.active, Account.role == StaffRole.ADMINISTRATOR)
        .order_by(Account.id)
        .with_for_update()
    ).all()
    account = get(session, account_id)
    if not account.active:
        raise Conflict("This account is closed already. Nothing was changed.")
    if account_id == by:
        raise Conflict("This is your own account. Ask another administrator to close it.")
    if list(administrators) == [account_id]:
        raise Conflict("This is the last administrator. Make another one first, then close this account.")
    account.active = False
    end_visits(session, account_id)
    log.info("account %d closed", account_id)
    return account


def reactivate(session: Session, account_id: int) -> Account:
    """Open a closed account again, with the password that it had. Raises NotFound, Conflict."""
    account = get(session, account_id)
    if account.active:
        raise Conflict("This account is open. Nothing was changed.")
    account.active = True
    log.info("account %d opened again", account_id)
    return account


def get(session: Session, account_id: int) -> Account:
    """Read an account that nobody else changes until the transaction ends. Raises NotFound."""
    account = session.scalar(select(Account).where(Account.id == account_id).with_for_update())
    if account is None:
        raise NotFound("There is no such account.")
    return account


def by_email(session: Session, email: str) -> Account:
    """Find an account by its address. Raises NotFound."""
    account = session.scalar(select(Account).where(Account.email == email.strip().lower()))
    if account is None:
        raise NotFound(f"There is no account {email.strip().lower()}. `peerline accounts list` shows those there are.")
    return account


def end_visits(session: Session, account_id: int) -> None:
    """Sign an account out everywhere."""
    session.execute(delete(WebSession).where(WebSession.account_id == account_id))


def make_password() -> str:
    """Draw a password that can be read out: four groups of five, about 99 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))


def password_faults(password: str) -> dict[str, str]:
    """Say what is wrong with a password, by the name of its field; nothing if it can be used."""
    if len(password) < SHORTEST_PASSWORD:
        return {"password": f"Use at least {SHORTEST_PASSWORD} characters; a sentence is easy to remember."}
    if len(password) > LONGEST_PASSWORD:
        return {"password": f"Use at most {LONGEST_PASSWORD} characters."}
    return {}


def _wrong(session: Session, *, email: str, name: str, role: StaffRole, director_id: int | None) -> dict[str, str]:
    wrong = {}
    if not _MAIL.fullmatch(email):
        wrong["email"] = "Enter a mail address such as lee@plan.example."
    elif session.scalar(select(func.count()).where(Account.email == email)):
        wrong["email"] = "There is an account with this address. Give it a new password instead."
    if not name:
        wrong["name"] = "Enter the person's name."
    if role is not StaffRole.DIRECTOR and director_id is not None:
        wrong["director"] = "Only a director's account belongs to a medical director. Leave this empty."
    if role is StaffRole.DIRECTOR:
        wrong |= _wrong_director(session, director_id)
    return wrong


def _wrong_director(session: Session, director_id: int | None) -> dict[str, str]:
    if director_id is None or session.get(Director, director_id) is None:
        return {"director": "Choose whose day this account sees."}
    if session.scalar(select(func.count()).where(Account.director_id == director_id)):
        return {"director": "This medical director has an account. Give that one a new password instead."}
    return {}
