"""Wrong passwords and access codes, counted in PostgreSQL, so that a dead Redis or a second process opens nothing."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, sessionmaker

from app.db import transaction
from app.models import FailedTry

#: tries older than this count nowhere and are cleared away
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many wrong tries one thing may see within a time. `key` names the thing."""

    key: str
    tries: int
    within: timedelta


def account_limit(email: str) -> Limit:
    """Five wrong passwords an account and fifteen minutes, whether the account exists or not."""
    return Limit(key=f"account:{email}", tries=5, within=timedelta(minutes=15))


def address_limit(address: str) -> Limit:
    """Twenty wrong tries of any kind an address and fifteen minutes."""
    return Limit(key=f"address:{_network(address)}", tries=20, within=timedelta(minutes=15))


def case_limit(case_number: str) -> Limit:
    """Five wrong access codes a case and hour, whether the case exists or not."""
    return Limit(key=f"case:{case_number}", tries=5, within=timedelta(hours=1))


def left_limit(address: str) -> Limit:
    """Sixty requests left without a code an address and hour: more than any office has, less than a machine sends."""
    return Limit(key=f"left:{_network(address)}", tries=60, within=timedelta(hours=1))


def try_once(sessions: sessionmaker[Session], secret: str, limits: tuple[Limit, ...], now: datetime) -> "Try | None":
    """Count a try before it is made; None if there have been too many, and then it must not be made.

    It is counted first, and in a transaction of its own, so that neither guesses sent side by side nor a failure on
    the way go uncounted. A refused try is not counted: the lock opens again by itself.
    """
    keys = [_hashed(secret, limit.key) for limit in limits]
    with transaction(sessions) as session:
        rows = insert(FailedTry).values([{"key": key, "at": now} for key in keys]).returning(FailedTry.id)
        ids = tuple(session.execute(rows).scalars())
        session.execute(delete(FailedTry).where(FailedTry.at < now - KEPT))
    with transaction(sessions) as session:
        for limit, key in zip(limits, keys, strict=True):
            recent = select(func.count()).where(FailedTry.key == key, FailedTry.at > now - limit.within)
            if session.execute(recent).scalar_one() > limit.tries:
                session.execute(delete(FailedTry).where(FailedTry.id.in_(ids)))
                return None
    return Try(ids=ids, own_key=keys[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A try that was counted. It stays a wrong one unless `was_right` is called."""

    ids: tuple[int, ...]
    own_key: str

    def was_right(self, session: Session) -> None:
        """Take the try back, and with it the earlier wrong ones of the first limit's key."""
        session.execute(delete(FailedTry).where((FailedTry.key == self.own_key) | FailedTry.id.in_(self.ids)))


def _network(address: str) -> str:
    # one household or office has a whole /64 of IPv6, and could come from another address each time
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


def _hashed(secret: str, key: str) -> str:
    # the kind stays readable for the operator; what was tried could tell something of a patient
    kind, _, value = key.partition(":")
    digest = hmac.new(secret.encode(), value.encode(), hashlib.sha256).hexdigest()
    return f"{kind}:{digest[:32]}"
