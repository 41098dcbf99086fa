"""How migrations run: one at a time, and never waiting long for a lock that the pages need."""

import os
import sys
from pathlib import Path

from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from app.config import postgresql_url
from app.models import Base

#: any number; whoever holds this advisory lock migrates
MIGRATION_LOCK = 731_204_518
CURRENT_HEAD = Path(__file__).with_name(".current-head")


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction, after whoever else migrates now.

    A statement that cannot have its lock in four seconds fails, and with it the release: everybody who reads the table
    would queue up behind it.
    """
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        process_revision_directives=number_revision,
    )
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '4s'"))
        connection.execute(text("SET LOCAL statement_timeout = '5s'"))
        context.run_migrations()


def number_revision(_context: object, _revision: object, directives: list) -> None:
    """Number a new migration after the last one and note it as the head.

    Two branches that both add a migration then meet as a conflict in `.current-head`, before they meet in a database.
    """
    options = context.config.cmd_opts
    if options is None or options.cmd[0].__name__ != "revision":
        return  # `alembic check` compares and writes nothing
    head = ScriptDirectory.from_config(context.config).get_current_head()
    directives[0].rev_id = f"{int(head or 0) + 1:04d}"
    CURRENT_HEAD.write_text(directives[0].rev_id + "\n")


def database_url() -> str:
    """Return the address of the database. Ends the process with a sentence where the environment names none."""
    try:
        return postgresql_url(os.environ.get("DATABASE_URL", ""))
    except ValueError as error:
        problem = str(error) if os.environ.get("DATABASE_URL") else "is not set"
        sys.exit(f"DATABASE_URL {problem}. Set it to postgresql://user:password@host:5432/database")


def connected(engine: Engine) -> Connection:
    """Connect. Ends the process with a sentence where the server does not let us in."""
    try:
        return engine.connect()
    except OperationalError as error:
        sys.exit(f"{error.orig}\nThe database of DATABASE_URL does not let us in. Start it, or put DATABASE_URL right.")


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    engine = create_engine(database_url())
    with connected(engine) as connection:
        migrate(connection)
    engine.dispose()
