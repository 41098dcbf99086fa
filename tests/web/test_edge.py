"""One transaction a request: what is committed, what is not, and what the reader is told."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
import redis
from flask import Flask
from sqlalchemy import event, func, insert, select, text, update
from sqlalchemy.orm import Session

from app import create_app
from app.errors import Conflict, Invalid, NotFound
from app.models import Consult, Director, Message, Role
from app.web.edge import db_session, nudge_after_commit
from tests.web.conftest import Client, csrf_token, denial, open_case, person
from tests.web.test_office import FORM, send


@pytest.fixture
def answer_with(app: Flask, client: Client) -> Callable:
    """Put another view in the place of leaving a request, and send it a form."""

    def answer_with(view: Callable[[], object], client: Client = client, **more: object):
        view.allowed = frozenset({Role.ANYONE})
        app.view_functions["office.leave"] = view
        return client.send("/leave-request", page="/sign-in", **more)

    return answer_with


def rename(name: str) -> None:
    db_session().execute(text("update director set name = :name"), {"name": name})


def name(db: Session) -> str:
    db.rollback()
    return db.scalars(select(Director.name)).one()


def test_what_a_view_did_is_committed_once_it_has_answered(answer_with, db: Session) -> None:
    person(db)

    def view() -> str:
        rename("Committed")
        return "done"

    assert answer_with(view).status_code == 200
    assert name(db) == "Committed"


@pytest.mark.parametrize(
    "error, status",
    [
        (RuntimeError("x"), 500),
        (NotFound("There is none."), 404),
        (Conflict("It has changed."), 409),
        (Invalid({"name": "Enter it."}), 422),
    ],
)
def test_an_error_undoes_what_the_view_did(answer_with, db: Session, error: Exception, status: int) -> None:
    person(db)

    def view() -> str:
        rename("Lost")
        nudge_after_commit("assign")
        raise error

    assert answer_with(view).status_code == status
    assert name(db) == "Dana Lee, MD"


def test_an_answer_that_says_no_undoes_it_too(answer_with, db: Session) -> None:
    person(db)

    def view() -> tuple[str, int]:
        rename("Lost")
        return "look at the form again", 422

    assert answer_with(view).status_code == 422
    assert name(db) == "Dana Lee, MD"


def test_a_refusal_is_a_page_with_its_words(answer_with) -> None:
    def view() -> str:
        raise Conflict("This consult is booked already. Open it to see its time.")

    answer = answer_with(view)
    assert answer.status_code == 409
    assert "This consult is booked already. Open it to see its time." in answer.text


def test_a_lock_that_is_not_to_be_had_means_busy_and_nothing_lost(answer_with, app: Flask, db: Session) -> None:
    person(db)
    engine = app.extensions["peerline"].process.engine
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("set lock_timeout = '100ms'"))
    db.execute(select(Director).with_for_update())

    def view() -> str:
        rename("Lost")
        return "done"

    answer = answer_with(view)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Nothing was lost" in answer.text
    assert name(db) == "Dana Lee, MD"


def test_a_commit_that_fails_is_never_told_as_received(answer_with, app: Flask, db: Session) -> None:
    person(db)

    def view() -> str:
        rename("Lost")
        own = db_session().scalar(select(func.pg_backend_pid()))
        db.execute(text("select pg_terminate_backend(:pid)"), {"pid": own})
        db.rollback()
        return "received"

    answer = answer_with(view)
    assert answer.status_code == 503
    assert "received" not in answer.text
    assert "may not have been saved" in answer.text
    assert name(db) == "Dana Lee, MD"


def test_a_deadlock_is_tried_again(app: Flask, db: Session) -> None:
    """40P01: the view runs once more, on a transaction of its own."""
    first, second = person(db), person(db, npi="1245319599")
    both_hold = threading.Barrier(2, timeout=10)
    runs: list[int] = []

    def view() -> str:
        one, other = (first.id, second.id) if threading.current_thread().name == "a" else (second.id, first.id)
        runs.append(one)
        lock = text("select from director where id = :id for update")
        db_session().execute(lock, {"id": one})
        if len(runs) <= 2:
            both_hold.wait()
        db_session().execute(lock, {"id": other})
        db_session().execute(text("update director set max_a_day = coalesce(max_a_day, 0) + 1"))
        return "done"

    view.allowed = frozenset({Role.ANYONE})
    app.view_functions["office.leave"] = view
    clients = [app.test_client(), app.test_client()]
    tokens = [csrf_token(client.get("/sign-in")) for client in clients]
    db.rollback()
    answers: list[int] = []

    def press(client: Client, token: str) -> None:
        answers.append(client.post("/leave-request", data={"csrf_token": token}).status_code)

    threads = [
        threading.Thread(target=press, args=pair, name=letter)
        for letter, pair in zip("ab", zip(clients, tokens, strict=True), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]
    assert len(runs) == 3
    db.rollback()
    assert db.scalars(select(Director.max_a_day)).all() == [2, 2]


def test_two_who_press_at_once_send_one_request(app: Flask, db: Session, settings) -> None:
    """A7, as a race: one browser, the same form, sixteen times at once."""
    made = denial(db, settings, person(db))
    client = app.test_client()
    open_case(client, made)
    token = csrf_token(client.get(f"/cases/{made.id}/ask"))
    cookie = client.get_cookie("peerline").value
    together = threading.Barrier(16, timeout=10)
    answers: list[tuple[int, str]] = []

    def press() -> None:
        again = app.test_client()
        again.set_cookie("peerline", cookie)
        together.wait()
        answer = again.post(f"/cases/{made.id}/send", data={**FORM, "csrf_token": token})
        answers.append((answer.status_code, answer.location))

    threads = [threading.Thread(target=press) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.rollback()
    reference = db.scalars(select(Consult.reference)).one()
    assert set(answers) == {(303, f"/c/{reference}?sent=yes")}


def test_nudges_follow_the_commit(answer_with, settings) -> None:
    """J3: what was rolled back wakes nobody."""
    queue = redis.Redis.from_url(settings.redis_url)
    queue.delete("assign")

    def fails() -> str:
        nudge_after_commit("assign")
        raise Conflict("No.")

    def works() -> str:
        nudge_after_commit("assign")
        nudge_after_commit("assign")
        return "done"

    answer_with(fails)
    assert queue.llen("assign") == 0
    answer_with(works)
    assert queue.llen("assign") == 1
    queue.close()


def test_without_database_the_pages_say_busy_and_health_says_why(settings, tmp_path) -> None:
    app = create_app(replace(settings, database_url=f"postgresql+psycopg://nobody@/nothing?host={tmp_path}"))
    client = app.test_client()
    answer = client.get("/sign-in")
    assert answer.status_code == 503
    assert "Nothing was lost" in answer.text
    assert client.get("/healthz").status_code == 503
    assert client.get("/readyz").status_code == 503
    assert client.get("/static/peerline/peerline.css").status_code == 200


def test_a_dead_redis_slows_no_page(answer_with, app: Flask, db: Session, settings) -> None:
    """J2."""
    person(db)
    other = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0"))

    def view() -> str:
        rename("Committed")
        nudge_after_commit("assign", "deliver")
        return "done"

    view.allowed = frozenset({Role.ANYONE})
    other.view_functions["office.leave"] = view
    client = other.test_client()
    answer = client.post("/leave-request", data={"csrf_token": csrf_token(client.get("/sign-in"))})
    assert answer.status_code == 200
    assert name(db) == "Committed"
    other.extensions["peerline"].process.engine.dispose()


def test_readiness_names_a_message_that_waits_too_long(client: Client, db: Session, settings, clock) -> None:
    """J8."""
    assert client.get("/readyz").text == "ok\n"
    made = denial(db, settings, person(db))
    open_case(client, made)
    assert send(client, made).status_code == 303
    db.execute(insert(Message).values(**_message(db, clock.now)))
    db.commit()
    assert client.get("/readyz").status_code == 200
    clock.forward(minutes=11)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "has waited 11 minutes" in answer.text
    db.execute(update(Message).values(sent_at=clock.now))
    db.commit()
    assert client.get("/readyz").status_code == 200


def _message(db: Session, at: datetime) -> dict[str, object]:
    return {
        "consult_id": db.scalars(select(Consult.id)).one(),
        "recipient": "office",
        "kind": "notice",
        "address": "desk@clinic.example",
        "message_id": "a@plan.example",
        "subject": "a",
        "body": b"a",
        "created_at": at,
        "next_try_at": at,
        "attempts": 0,
        "fence": 0,
        "last_error": "",
    }


def test_readiness_names_tables_of_another_version(client: Client, db: Session) -> None:
    db.execute(text("update alembic_version set version_num = '0000'"))
    db.commit()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "alembic upgrade head" in answer.text


def test_the_log_has_one_line_a_request_with_its_number(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="app.web.request")
    answer = client.get("/sign-in?next=/c/secret")
    lines = [record.getMessage() for record in caplog.records if record.name == "app.web.request"]
    assert len(lines) == 1
    assert answer.headers["X-Request-Id"] in lines[0]
    assert "session.sign_in 200" in lines[0]
    assert "secret" not in lines[0]
