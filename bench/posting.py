"""An office's POST through gunicorn, with eight clients at once, and how long it takes until both mails are there."""

import http.client
import re
import statistics
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from app import lane
from app.denials.access_code import code_hash
from app.models import Consult, Denial, Message, MessageKind
from bench.world import add_denials

CLIENTS = 8
EACH = 75
CODE = "7F3K9-Q2M4X"
MAILED = 25
PATIENCE = 30


class Browser:
    """A visit that has opened cases and sends forms, as an office's browser does."""

    def __init__(self, base_url: str, sessions: sessionmaker[Session], denials: Sequence[Denial], key: str) -> None:
        address = urlsplit(base_url)
        self.connection = http.client.HTTPConnection(address.hostname or "", address.port)
        self.cookie = ""
        self.token = self._token("/")
        first = denials[0]
        with sessions() as session, session.begin():
            session.get_one(Denial, first.id).access_code_hash = code_hash(key, first.case_number, CODE)
        born = f"{first.member_birth_date:%m/%d/%Y}"
        self.post("/find", {"case_number": first.case_number, "birth_date": born, "access_code": CODE})
        with sessions() as session, session.begin():
            opened = {"ids": [denial.id for denial in denials], "first": first.id}
            session.execute(text("update web_session set denials = :ids where :first = any(denials)"), opened)
        self.token = self._token(f"/cases/{first.id}/ask")

    def _token(self, path: str) -> str:
        page = self._send("GET", path, None)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, f"no form at {path}"
        return found[1]

    def post(self, path: str, data: dict[str, str]) -> None:
        """Send a form; anything but a redirect is an error."""
        self._send("POST", path, {"csrf_token": self.token, **data}, expect=303)

    def ask(self, denial: Denial) -> None:
        """Send the request for one case."""
        self.post(
            f"/cases/{denial.id}/send",
            {
                "form_key": f"bench-post-{denial.id}",
                "speaker_name": "Anil Rao, MD",
                "speaker_profession": "physician",
                "speaker_relation": "treating",
                "speaker_phone": "984-555-0142",
                "zone": "America/New_York",
                "any_time": "yes",
                "agreed": "yes",
                "purpose": "discuss",
                "statement": "New imaging.",
                "office_contact": "Pat Doe",
                "office_email": "bench@office.example",
            },
        )

    def _send(self, method: str, path: str, data: dict[str, str] | None, expect: int = 200) -> str:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        body = urlencode(data) if data else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.close()  # the server closes a connection that rests, and a proxy stands before it anyway
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self.cookie = cookie.partition(";")[0]
        assert answer.status == expect, f"{method} {path}: {answer.status}\n{page[:3000]}"
        return page


def measure(sessions: sessionmaker[Session], base_url: str, key: str) -> dict[str, float]:
    """Return requests a second with eight clients, and seconds from a POST to both invitations, at the median."""
    clients = []
    for _ in range(CLIENTS):
        denials = add_denials(sessions, directors=CLIENTS, each=EACH // CLIENTS + 1)[:EACH]
        clients.append((Browser(base_url, sessions, denials, key), denials))
    threads = [threading.Thread(target=_ask_all, args=client) for client in clients]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    _wait_until_quiet(sessions)
    mailed = add_denials(sessions, directors=MAILED, each=1)
    browser = Browser(base_url, sessions, mailed, key)
    waits = sorted(_until_mailed(sessions, browser, denial) for denial in mailed)
    return {
        "posts": CLIENTS * EACH / seconds,
        "to mail": statistics.median(waits),
        "to mail, slowest": waits[-1],
    }


def _ask_all(browser: Browser, denials: Sequence[Denial]) -> None:
    for denial in denials:
        browser.ask(denial)


def _wait_until_quiet(sessions: sessionmaker[Session]) -> None:
    """Let the worker and the mailer finish what the first measurement left."""
    due = select(func.count(Message.id)).where(lane.is_open(), Message.next_try_at < datetime.now(UTC))
    unplanned = Consult.unplaced_reason.is_(None) & Consult.director_id.is_not(None)
    waiting = select(func.count(Consult.id)).where(Consult.status == "waiting", unplanned)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with sessions() as session:
            if not session.scalar(due) and not session.scalar(waiting):
                return
        time.sleep(0.5)


def _until_mailed(sessions: sessionmaker[Session], browser: Browser, denial: Denial) -> float:
    """Measure from the POST until the server took both invitations."""
    sent = (
        select(func.count(Message.id))
        .join(Consult, Consult.id == Message.consult_id)
        .where(Consult.denial_id == denial.id, Message.kind == MessageKind.INVITATION, Message.sent_at.is_not(None))
    )
    started = time.perf_counter()
    browser.ask(denial)
    while time.perf_counter() - started < PATIENCE:
        with sessions() as session:
            if session.scalar(sent) == 2:
                break
        time.sleep(0.01)
    return time.perf_counter() - started
