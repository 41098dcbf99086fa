"""Accounts: made, given another password, closed; with use cases and on the command line."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import accounts as use_cases
from app.cli_accounts import accounts
from app.cli_messages import messages
from app.config import Settings
from app.consults import intake
from app.db import transaction
from app.errors import Conflict, Invalid, NotFound
from app.models import Account, Message, StaffRole, WebSession
from app.passwords import verify
from app.process import Process, make_process
from tests.support import factories
from tests.support.factories import NOW

KIM = {
    "email": "Kim.Park@plan.example",
    "name": " Kim  Park ",
    "role": StaffRole.NURSE,
    "time_zone": "America/Chicago",
    "password": "a sentence is easy",
    "now": NOW,
}


def make(session: Session, **more: object) -> Account:
    return use_cases.create_account(session, **{**KIM, **more})


def test_an_account_has_its_address_in_small_letters_and_never_its_password(session: Session) -> None:
    made = make(session)
    assert (made.email, made.name, made.active) == ("kim.park@plan.example", "Kim Park", True)
    assert "a sentence is easy" not in made.password_hash
    assert verify(made.password_hash, "a sentence is easy")
    assert use_cases.by_email(session, "KIM.park@plan.example").id == made.id


@pytest.mark.parametrize(
    "more, field",
    [
        ({"email": "kim"}, "email"),
        ({"name": " "}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 1001}, "password"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "EST"}, "time_zone"),
        ({"role": StaffRole.DIRECTOR}, "director"),
        ({"role": StaffRole.DIRECTOR, "director_id": 4711}, "director"),
        ({"director_id": 4711}, "director"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(session: Session, more: dict, field: str) -> None:
    """D8 for the zone."""
    with pytest.raises(Invalid) as refused:
        make(session, **more)
    assert list(refused.value.fields) == [field]
    assert session.scalar(select(func.count()).select_from(Account)) == 0


def test_an_address_and_a_director_have_one_account(session: Session) -> None:
    lee = factories.director(session)
    make(session, role=StaffRole.DIRECTOR, director_id=lee.id)
    with pytest.raises(Invalid, match="Some answers") as refused:
        make(session, email="other@plan.example", role=StaffRole.DIRECTOR, director_id=lee.id)
    assert list(refused.value.fields) == ["director"]
    with pytest.raises(Invalid) as refused:
        make(session)
    assert list(refused.value.fields) == ["email"]


def visit_of(session: Session, account: Account) -> None:
    session.add(
        WebSession(
            secret_hash=f"secret-{account.id}".encode(),
            account_id=account.id,
            data={},
            created_at=NOW,
            seen_at=NOW,
            expires_at=NOW,
        )
    )
    session.flush()


def visits(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(WebSession)).one()


def test_another_password_ends_the_visits_of_that_account_alone(session: Session) -> None:
    made, other = make(session), make(session, email="other@plan.example")
    for account in (made, other):
        visit_of(session, account)
    use_cases.set_password(session, made.id, "another sentence")
    assert verify(made.password_hash, "another sentence")
    assert not verify(made.password_hash, "a sentence is easy")
    assert visits(session) == 1
    with pytest.raises(Invalid):
        use_cases.set_password(session, made.id, "short")
    with pytest.raises(NotFound):
        use_cases.set_password(session, 4711, "another sentence")


def test_a_closed_account_is_signed_out_and_can_be_opened_again(session: Session) -> None:
    made = make(session)
    visit_of(session, made)
    use_cases.deactivate(session, made.id, by=None)
    assert not made.active
    assert visits(session) == 0
    with pytest.raises(Conflict, match="closed already"):
        use_cases.deactivate(session, made.id, by=None)
    assert use_cases.reactivate(session, made.id).active
    with pytest.raises(Conflict):
        use_cases.reactivate(session, made.id)


def test_neither_the_own_account_nor_the_last_administrator_is_closed(session: Session) -> None:
    one = make(session, role=StaffRole.ADMINISTRATOR)
    with pytest.raises(Conflict, match="last administrator"):
        use_cases.deactivate(session, one.id, by=None)
    two = make(session, email="two@plan.example", role=StaffRole.ADMINISTRATOR)
    with pytest.raises(Conflict, match="your own account"):
        use_cases.deactivate(session, two.id, by=two.id)
    use_cases.deactivate(session, one.id, by=two.id)
    assert not one.active
    assert two.active


def test_passwords_that_are_made_are_long_and_never_the_same() -> None:
    made = {use_cases.make_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"(?:[a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}", each) for each in made)
    assert not any(use_cases.password_faults(each) for each in made)


@pytest.fixture
def running(settings: Settings) -> Iterator[Process]:
    process = make_process(settings)
    yield process
    process.engine.dispose()


NEW = ("create", "kim@plan.example", "--name", "Kim Park", "--role", "administrator")


def test_the_first_administrator_is_made_on_the_command_line(peerline, running: Process) -> None:
    made = peerline(accounts, *NEW)
    assert made.exit_code == 0, made.output
    password = made.output.partition("shown this once: ")[2].strip()
    with running.sessions() as session:
        account = use_cases.by_email(session, "kim@plan.example")
        assert verify(account.password_hash, password)
    listed = peerline(accounts, "list")
    assert "kim@plan.example  administrator  Kim Park" in listed.output
    again = peerline(accounts, *NEW)
    assert again.exit_code == 1
    assert "There is an account with this address" in again.output


def test_a_director_is_named_by_npi(peerline, running: Process) -> None:
    with transaction(running.sessions) as session:
        npi = factories.director(session).npi
    director = ("create", "lee@plan.example", "--name", "Dana Lee", "--role", "director")
    assert peerline(accounts, *director, "--director", npi).exit_code == 0
    wrong = peerline(accounts, *director, "--director", "1")
    assert wrong.exit_code == 1
    assert "no medical director with the NPI 1" in wrong.output


def test_an_account_gets_another_password_and_is_closed_on_the_command_line(peerline, running: Process) -> None:
    peerline(accounts, *NEW)
    peerline(accounts, "create", "nurse@plan.example", "--name", "Nora", "--role", "nurse")
    changed = peerline(accounts, "password", "nurse@plan.example")
    assert "shown this once" in changed.output
    closed = peerline(accounts, "deactivate", "nurse@plan.example")
    assert closed.exit_code == 0
    assert "nurse@plan.example  nurse  Nora  closed" in peerline(accounts, "list").output
    assert "last administrator" in peerline(accounts, "deactivate", "kim@plan.example").output
    assert "There is no account nobody@plan.example" in peerline(accounts, "deactivate", "nobody@plan.example").output


def test_mail_that_failed_is_listed_and_sent_again_on_the_command_line(peerline, running: Process) -> None:
    """J6."""
    with transaction(running.sessions) as session:
        new = factories.request(factories.denial(session, factories.director(session)))
        intake.request_consult(session, new, setup=running.setup, by="office", now=NOW)
        message = session.scalars(select(Message)).one()
        message.failed_at, message.last_error = NOW, "550 no such user"
        number = str(message.id)
    listed = peerline(messages, "list", "--failed")
    assert f"{number}  failed  acknowledgement" in listed.output
    assert "550 no such user" in listed.output
    sent = peerline(messages, "send-again", number)
    assert sent.exit_code == 0, sent.output
    assert f"Message {number} will be sent again" in sent.output
    assert peerline(messages, "list", "--failed").output == ""
    assert f"{number}  waiting" in peerline(messages, "list").output
    assert "Name a message by its number" in peerline(messages, "send-again").output
    with transaction(running.sessions) as session:
        session.scalars(select(Message)).one().failed_at = NOW
    all_again = peerline(messages, "send-again", "--failed")
    assert all_again.output == "1 will be sent again; 0 are out of date and stay as they are.\n"
    with transaction(running.sessions) as session:
        message = session.scalars(select(Message)).one()
        message.sent_at = message.bounced_at = NOW
    assert f"{number}  came back  acknowledgement" in peerline(messages, "list", "--failed").output
    missing = peerline(messages, "send-again", "4711")
    assert missing.exit_code == 1
