"""Visits: who reads, and which cases were opened, kept in PostgreSQL. The cookie holds a random secret, nothing else.

A visit is read when it is first asked for, so that static files and health checks cost no statement, and written only
when something about it has changed. It ends after a time without activity and, at the latest, after twelve hours.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import Row, bindparam, delete, insert, select, update

from app.models import Account, StaffRole, WebSession
from app.web.edge import db_session, now, settings

IDLE_STAFF = timedelta(minutes=15)
IDLE_OFFICE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)

#: activity is written down this often at most, so that a page costs no write
NOTED_EVERY = timedelta(seconds=60)

#: visits that are over are cleared away a few at a time, by those who come
CLEARED_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An account that is signed in."""

    id: int
    name: str
    email: str
    role: StaffRole
    time_zone: str
    director_id: int | None


@dataclass(slots=True, kw_only=True)
class _State:
    """How a visit stands: a row, or what will be one."""

    created_at: datetime
    seen_at: datetime
    id: int | None = None
    account: Reader | None = None
    denials: list[int] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


class Visit(SessionMixin):
    """A visit, as Flask's `session`: a mapping of small things (flash messages, the CSRF secret), never of patients."""

    def __init__(self, secret: str | None) -> None:
        self._secret = secret
        self._read: _State | None = None
        self._changed = False
        self.ended = False
        "it was known once, and is over: the reader is told so"
        self.new_cookie: str | None = None
        self.drop_cookie = False

    @property
    def account(self) -> Reader | None:
        """The account that is signed in."""
        return self._state.account

    @property
    def denials(self) -> tuple[int, ...]:
        """The cases that were opened in this visit with the letter's access code."""
        return tuple(self._state.denials)

    def sign_in(self, reader: Reader) -> None:
        """Make this the visit of an account, under a new secret; nothing of before is kept."""
        state = self._state
        state.data, state.denials, state.account = {}, [], reader
        self._rotate()

    def open_case(self, denial_id: int) -> None:
        """Add a case to those that may be seen. The first one gets a new secret."""
        state = self._state
        if not state.denials:
            self._rotate()
        state.denials = [known for known in state.denials if known != denial_id] + [denial_id]
        self._changed = True

    def end(self) -> None:
        """End the visit: sign out, or close the cases."""
        if (row := self._state.id) is not None:
            db_session().execute(delete(WebSession).where(WebSession.id == row))
        self._start_empty()
        g.pop("csrf_token", None)
        self.drop_cookie = True

    def save(self) -> None:
        """Write what has changed, in the transaction of the request."""
        state = self._read
        if state is None or not (self._changed or self._activity_is_worth_a_note(state)):
            return
        values = {
            "secret_hash": _hash(self._secret or self._new_secret()),
            "account_id": state.account.id if state.account else None,
            "denials": state.denials,
            "data": state.data,
            "created_at": state.created_at,
            "seen_at": now(),
            "expires_at": state.created_at + LONGEST,
        }
        if state.id is None:
            _clear_away()
            state.id = db_session().execute(insert(WebSession).values(**values).returning(WebSession.id)).scalar_one()
        else:
            db_session().execute(update(WebSession).where(WebSession.id == state.id).values(**values))
        self._changed = False

    @property
    def saved(self) -> bool:
        """Tell whether the row says what this visit says."""
        return not self._changed

    def forget_changes(self) -> None:
        """Go back to what the database says: what this request did to the visit has been rolled back."""
        self._secret = request.cookies.get(cookie_name())
        self._read, self._changed = None, False
        self.new_cookie, self.drop_cookie = None, False
        g.pop("csrf_token", None)

    @property
    def _state(self) -> _State:
        return self._read or self._load()

    def _load(self) -> _State:
        state = self._start_empty()
        if self._secret is None:
            return state
        row = db_session().execute(_ROW, {"secret_hash": _hash(self._secret)}).one_or_none()
        if row is None or not _lives(row):
            self.ended = row is not None
            self._secret = None
            self.drop_cookie = True
            return state
        state.id, state.data, state.denials = row.id, dict(row.data), list(row.denials)
        state.created_at, state.seen_at = row.created_at, row.seen_at
        if row.account_id is not None:
            names = ("name", "email", "role", "time_zone", "director_id")
            state.account = Reader(id=row.account_id, **{name: getattr(row, name) for name in names})
        return state

    def _start_empty(self) -> _State:
        self._changed = False
        self._read = _State(created_at=now(), seen_at=now())
        return self._read

    def _rotate(self) -> None:
        # the row goes on under another secret: a secret that somebody planted before opens nothing
        state = self._state
        self._new_secret()
        state.data.pop("csrf_token", None)
        g.pop("csrf_token", None)
        state.created_at = now()
        self._changed = True

    def _new_secret(self) -> str:
        secret = self._secret = self.new_cookie = secrets.token_urlsafe(32)
        self.drop_cookie = False
        return secret

    def _activity_is_worth_a_note(self, state: _State) -> bool:
        # a page that looks for news by itself is no activity of its reader
        by_itself = g.get("passive", False) or (request.method == "GET" and "HX-Request" in request.headers)
        return state.id is not None and not by_itself and now() - state.seen_at >= NOTED_EVERY

    def __getitem__(self, key: str) -> Any:
        return self._state.data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._state.data[key] = value
        self._changed = True

    def __delitem__(self, key: str) -> None:
        del self._state.data[key]
        self._changed = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.data)

    def __len__(self) -> int:
        return len(self._state.data)


class VisitInterface(SessionInterface):
    """Hands Flask a `Visit` for its `session` and writes the cookie. The row is written by the edge."""

    def open_session(self, app: Flask, request: Request) -> Visit:
        """Begin with what the cookie says, unread."""
        return Visit(request.cookies.get(cookie_name()))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set or drop the cookie."""
        assert isinstance(session, Visit)
        secure = settings().base_url.startswith("https://")
        if session.new_cookie is not None and session.saved:
            response.set_cookie(
                cookie_name(), session.new_cookie, secure=secure, httponly=True, samesite="Lax", path="/"
            )
        elif session.drop_cookie and request.cookies.get(cookie_name()):
            response.delete_cookie(cookie_name(), secure=secure, httponly=True, samesite="Lax", path="/")


def cookie_name() -> str:
    """Name the cookie. `__Host-` keeps other hosts of the domain from setting it; browsers take it on https alone."""
    return "__Host-peerline" if settings().base_url.startswith("https://") else "peerline"


def reader(account: Account) -> Reader:
    """Make the reader that an account is."""
    return Reader(
        id=account.id,
        name=account.name,
        email=account.email,
        role=account.role,
        time_zone=account.time_zone,
        director_id=account.director_id,
    )


#: columns alone, no objects: every page begins with it
_ROW = (
    select(
        WebSession.id,
        WebSession.account_id,
        WebSession.denials,
        WebSession.data,
        WebSession.created_at,
        WebSession.seen_at,
        WebSession.expires_at,
        Account.name,
        Account.email,
        Account.role,
        Account.time_zone,
        Account.director_id,
        Account.active,
    )
    .outerjoin(Account, Account.id == WebSession.account_id)
    .where(WebSession.secret_hash == bindparam("secret_hash"))
)


def _lives(row: Row[Any]) -> bool:
    if row.account_id is not None and not row.active:
        return False
    idle = IDLE_OFFICE if row.account_id is None else IDLE_STAFF
    return bool(now() < row.expires_at and now() < row.seen_at + idle)


def _clear_away() -> None:
    over = select(WebSession.id).where(WebSession.expires_at <= now()).limit(CLEARED_AT_ONCE)
    db_session().execute(
        delete(WebSession).where(WebSession.id.in_(over.with_for_update(skip_locked=True).scalar_subquery()))
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
