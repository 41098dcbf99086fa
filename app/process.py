"""What a process of Peerline is made of: settings, database, policies, the sender's identity. Made once a process."""

import os
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.config import Settings
from app.consults.setup import Setup
from app.db import make_engine, make_sessions
from app.documents.clamd import Clamd
from app.documents.keys import KeyRing
from app.documents.store import Store
from app.lane import Desk
from app.letters.render import LETTERS, Templates
from app.mail.reply_address import ReplyAddress
from app.nudge import Nudger
from app.policies import load_policies


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Everything that lives as long as the process."""

    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    setup: Setup
    nudger: Nudger
    store: Store
    clamd: Clamd | None


def make_process(settings: Settings) -> Process:
    """Connect the parts. Nothing is contacted yet. Raises PolicyErrors for a policy file with faults."""
    engine = make_engine(settings.database_url)
    return Process(
        settings=settings,
        engine=engine,
        sessions=make_sessions(engine),
        setup=make_setup(settings),
        nudger=Nudger(settings.redis_url),
        store=Store(settings.documents_dir, KeyRing(settings.document_key, settings.document_keys_before)),
        clamd=Clamd(settings.clamd_url) if settings.clamd_url else None,
    )


def make_setup(settings: Settings) -> Setup:
    """Read the policies and the sender's identity, and say where a plan's own letters are."""
    return Setup(
        policies=load_policies(settings.policies_dir),
        templates=Templates(folder=settings.policies_dir / LETTERS),
        desk=Desk(
            address=settings.mail_from,
            name=settings.mail_name,
            uid_domain=settings.uid_domain,
            base_url=settings.base_url,
            answers=ReplyAddress.keyed(settings.reply_address, settings.secret_key),
            authserv_id=settings.authserv_id,
        ),
    )


@lru_cache(maxsize=1)
def process() -> Process:
    """Return this process's parts, made from the environment when they are first asked for.

    Workers fork before their first task, so that each has an engine of its own.
    """
    return make_process(Settings.from_environment(os.environ))
