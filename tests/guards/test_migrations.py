"""Migrations are numbered, have one head, make what the models say, and can be undone."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from app.dev.surroundings import ROOT
from app.models import Base

VERSIONS = ROOT / "migrations" / "versions"
CONFIGURATION = Config(ROOT / "alembic.ini")


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [file.name.partition("_")[0] for file in sorted(VERSIONS.glob("*.py"))]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_the_head_is_noted_so_that_two_branches_meet_as_a_conflict() -> None:
    heads = ScriptDirectory.from_config(CONFIGURATION).get_heads()
    assert [(ROOT / "migrations" / ".current-head").read_text().strip()] == list(heads)


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_the_migrations_can_be_undone_and_done_again(engine: Engine) -> None:
    tables = sorted(inspect(engine).get_table_names())
    for migrate, revision in ((command.downgrade, "base"), (command.upgrade, "head")):
        with engine.connect() as connection:
            configuration = Config(ROOT / "alembic.ini", attributes={"connection": connection})
            migrate(configuration, revision)
        if revision == "base":
            assert inspect(engine).get_table_names() == ["alembic_version"]
    assert sorted(inspect(engine).get_table_names()) == tables
