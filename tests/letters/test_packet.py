"""One case as a packet: who was told what and when, the line, the talk, the outcome and what followed, with figures."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pypdf
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import directors
from app.cli import main
from app.config import Settings
from app.consults import assignment, intake
from app.dev.seed import seed
from app.letters.packet import render
from app.models import (
    Consult,
    Denial,
    Document,
    DocumentState,
    FollowUp,
    History,
    Letter,
    Message,
    RefusedBecause,
)
from app.process import Process, make_process
from app.queries import packet
from app.queries.packet_proof import prove
from scheduling.values import Interval
from tests.letters.reading import tags, words
from tests.support import factories
from tests.support.environment import environment

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture
def trial(settings: Settings) -> Iterator[Process]:
    """Thirty cases in every stage."""
    running = make_process(replace(settings))
    seed(running, now=NOW)
    yield running
    running.engine.dispose()


def test_every_case_of_a_trial_makes_a_complete_packet(trial: Process) -> None:
    """Nothing of a case is left out: every row of history, message, letter, item and request is in its packet."""
    with trial.sessions() as session:
        for denial in session.scalars(select(Denial).order_by(Denial.id)):
            policy = trial.setup.policies.current(denial.plan).policy
            shown = packet.read(session, denial.id, plan_name=policy.name, zone=policy.plan.time_zone.key)
            by_title = {section.title: section for section in shown.sections}
            history = by_title["Everything that happened"].table
            assert history is not None
            of_case = select(func.count()).where(History.denial_id == denial.id)
            assert len(history.rows) == session.scalars(of_case).one()
            for title, table in (("Messages", Message), ("Letters", Letter)):
                mine = select(func.count()).select_from(table)
                if table is Message:
                    mine = mine.join(Consult, Consult.id == Message.consult_id).where(Consult.denial_id == denial.id)
                else:
                    mine = mine.where(Letter.denial_id == denial.id)
                rows = by_title[title].table.rows if title in by_title else ()
                assert len(rows) == session.scalars(mine).one()
            for consult in session.scalars(select(Consult).where(Consult.denial_id == denial.id)):
                assert f"Request {consult.reference}" in by_title
                items = select(func.count()).where(FollowUp.consult_id == consult.id)
                follows = by_title.get(f"What followed, {consult.reference}")
                assert len(follows.table.rows if follows else ()) == session.scalars(items).one()
            content = render(shown, trial.setup.templates, now=NOW)
            assert content.startswith(b"%PDF-1.7")


def test_a_packet_reads_from_the_offer_of_a_talk_to_what_followed(trial: Process, tmp_path: Path) -> None:
    """BSP-2, BSP-7, NC-9: the member and the staff are named; the figure is that of the history."""
    file = tmp_path / "packet.pdf"
    with trial.sessions() as session:
        last = select(History.digest).join(Denial, Denial.id == History.denial_id)
        figure = session.scalars(last.where(Denial.case_number == "BSP-3011").order_by(History.id.desc())).first()
    told = CliRunner().invoke(main, ["packet", "BSP-3011", "-o", str(file)], env=environment(trial.settings))
    assert told.exit_code == 0, told.output
    content = file.read_bytes()
    said = words(content)
    assert figure is not None
    assert figure.hex() in said.replace(" ", "")
    for part in (
        "The record of case BSP-3011",
        "June Abbott",
        "Told, with the offer of a talk",
        "Casey Moore",
        "Nobody stood before it.",
        "Outcome overturned",
        "authorization changed",
        "The new records were discussed against the criterion.",
        "What the office sent",
        "The proof of the order of service",
        "came in. Before it without a time: nobody.",
        "None of it is against the order.",
    ):
        assert part in said
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert re.search(rf"Page {number} of {len(pages)}", text)
        assert "Case BSP-3011" in text
        assert "Made " in text
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert "BSP-3011" not in str(pdf.docinfo["/Title"])
    assert {"/Table", "/TH", "/H1", "/H2", "/H3"} <= set(tags(content))
    with trial.sessions() as session:
        assert session.scalars(select(History.what).order_by(History.id.desc()).limit(1)).one() == "packet_made"
    told = CliRunner().invoke(main, ["packet", "NOWHERE", "-o", str(file)], env=environment(trial.settings))
    assert (told.exit_code, "no case with this number" in told.output) == (1, True)


def test_documents_are_listed_by_kind_time_and_figure_without_their_names(session: Session) -> None:
    """M5: what a file is called may tell of a patient; the figure tells whether it is the same."""
    made = factories.denial(session, factories.director(session))
    session.add(
        Document(
            denial_id=made.id,
            number=1,
            token="t",
            name="canary-mri.pdf",
            size=3,
            sha256=hashlib.sha256(b"mri").digest(),
            state=DocumentState.REFUSED,
            refused_because=RefusedBecause.ENCRYPTED,
            received_at=NOW,
            sent_by="office",
        )
    )
    session.flush()
    shown = packet.read(session, made.id, plan_name="A plan", zone="America/New_York")
    (section,) = [section for section in shown.sections if section.title == "Documents"]
    assert section.table is not None
    ((number, kind, received, state, figure),) = section.table.rows
    assert (number, kind, state) == ("1", "file, 3 bytes", "refused: encrypted")
    assert received == "Tuesday 24 November 2026, 10:00 am EST, The office"
    assert figure == hashlib.sha256(b"mri").hexdigest()
    assert "canary-mri" not in str(shown)


def test_the_proof_names_whoever_stood_before_it_and_why_that_request_did_not_have_the_time(session: Session) -> None:
    """NC-9."""
    lee = factories.director(session)
    directors.note_change(session, lee.id, by="system", now=factories.NOW)
    asked = []
    night = Interval(factories.NOW + timedelta(hours=12), factories.NOW + timedelta(hours=14))
    for windows in ((night,), ()):
        about = factories.denial(session, lee)
        new = factories.request(about, windows=windows)
        asked.append(
            intake.request_consult(session, new, setup=factories.setup(), by="office", now=factories.NOW).consult
        )
    assignment.assign_queue(session, lee.id, setup=factories.setup(), now=factories.NOW)
    session.flush()
    first, second = asked
    assert first is not None
    assert second is not None
    section = prove(session, second.denial_id, setup=factories.setup(), zone="America/New_York", now=factories.NOW)
    assert section.table is not None
    said = [row[-1] for row in section.table.rows]
    why = "its physician could not talk then"
    assert f"{second.reference} came in. Before it without a time: {first.reference}." in said
    assert f"{first.reference} stood before {second.reference} in line: {why}." in said
    assert "None of it is against the order." in section.text
