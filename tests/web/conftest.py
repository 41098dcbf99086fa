"""What tests of the pages share: an application on a real database, clients, people, cases."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from app.denials.access_code import code_hash
from app.models import Account, Denial, Director, DirectorHours, Role, StaffRole
from app.web.edge import Peerline

#: a Tuesday, 9:00 in New York
NOW = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
CODE = "7F3K9-Q2M4X"
#: words that stand for patient data; they may be on a page, and nowhere else
CANARIES = ("Canary Wren", "CANARYMEMBER77", "1962-03-14", "canaryectomy", "canarious findings")


@dataclass
class Clock:
    """The time of the application: stands still until a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **length: float) -> None:
        self.now += timedelta(**length)


class Client(FlaskClient):
    """A client that sends forms as a browser does: with the token of the page before."""

    def send(self, path: str, data: dict | None = None, *, page: str = "/sign-in", **more: object) -> TestResponse:
        token = csrf_token(self.get(page, follow_redirects=True))
        return self.post(path, data={"csrf_token": token, **(data or {})}, **more)


def csrf_token(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found, "the page has no form"
    return found[1]


@pytest.fixture(scope="session")
def hashed() -> str:
    """A password's hash that is cheap to check; what a dear one costs is nothing that these tests look at."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates as compiled for the application of an earlier test."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("compiled")))


@pytest.fixture
def app(settings: Settings, clock: Clock, compiled: FileSystemBytecodeCache) -> Iterator[Flask]:
    app = create_app(settings, clock=clock)
    app.jinja_env.bytecode_cache = compiled
    app.test_client_class = Client
    yield app
    running: Peerline = app.extensions["peerline"]
    running.process.engine.dispose()


@pytest.fixture
def db(app: Flask) -> Iterator[Session]:
    """A session to arrange rows and look at them. The database is the test's own."""
    running: Peerline = app.extensions["peerline"]
    with running.process.sessions() as session:
        yield session


@pytest.fixture
def client(app: Flask, db: Session) -> Client:
    return app.test_client()


@pytest.fixture
def account(db: Session, hashed: str) -> Callable[..., Account]:
    def make(role: StaffRole = StaffRole.NURSE, **more: object) -> Account:
        director_id = person(db).id if role is StaffRole.DIRECTOR else None
        values = {
            "email": f"{role}@plan.example",
            "name": f"Some {role.title()}",
            "role": role,
            "password_hash": hashed,
            "time_zone": "America/New_York",
            "director_id": director_id,
            "created_at": NOW,
        }
        made = Account(**{**values, **more})
        db.add(made)
        db.commit()
        return made

    return make


@pytest.fixture
def sign_in(app: Flask, account: Callable[..., Account]) -> Callable[[Role | StaffRole], Client]:
    def sign_in(role: Role | StaffRole) -> Client:
        who = account(StaffRole(role.value))
        client = app.test_client()
        answer = client.send("/sign-in", {"email": who.email, "password": PASSWORD})
        assert answer.status_code == 303
        return client

    return sign_in


def person(db: Session, **more: object) -> Director:
    """Add a medical director who has hours from 9 to 5 on weekdays, New York time."""
    values = {
        "npi": "1234567893",
        "name": "Dana Lee, MD",
        "phone": "919-555-0100",
        "email": "dana.lee@plan.example",
        "time_zone": "America/New_York",
        "hours": [DirectorHours(weekday=day, starts=time(9), ends=time(17)) for day in range(5)],
    }
    director = Director(**{**values, **more})
    db.add(director)
    db.commit()
    return director


def denial(db: Session, settings: Settings, director: Director | None, **more: object) -> Denial:
    """Add a denial of yesterday, whose letter has the code `CODE`."""
    number = str(more.pop("case_number", "NC-1001"))
    values = {
        "plan": "blue-cross-nc-commercial",
        "case_number": number,
        "director_id": director.id if director else None,
        "decision": "deny",
        "setting": "pre_service",
        "urgency": "elective",
        "line_of_business": "fully_insured",
        "applies_to": {},
        "dates": {"initial_decision": "2026-03-02T09:00:00-05:00", "appeal_deadline": "2026-08-29"},
        "member_name": CANARIES[0],
        "member_id": CANARIES[1],
        "member_birth_date": date.fromisoformat(CANARIES[2]),
        "service": CANARIES[3],
        "reason_text": "Not medically necessary",
        "criteria": "InterQual 2026",
        "requester_name": "Rosa Diaz, MD",
        "requester_npi": "1245319599",
        "access_code_hash": code_hash(settings.access_code_key, number, CODE),
        "created_at": NOW - timedelta(days=1),
    }
    made = Denial(**{**values, **more})
    db.add(made)
    db.commit()
    return made


def open_case(client: Client, denial: Denial, code: str = CODE) -> TestResponse:
    """Open a case as an office does."""
    data = {"case_number": denial.case_number, "birth_date": "3/14/1962", "access_code": code}
    return client.send("/find", data, page="/")
