"""What a trial begins with: two plans, four directors, staff, thirty denials, consults in every stage.

Everything goes through the use cases, with earlier instants as `now` where something has already happened, so that
history, messages and bookings are as they would be.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import history
from app.consults import assignment, determination, documents, intake, office, prereview
from app.consults.intake import NewRequest
from app.denials.access_code import code_hash
from app.dev.seed_document import notes
from app.dev.seed_people import DIRECTORS, EASTERN, NC, PACIFIC, PASSWORD, PROMISE, STAFF, add_directors, add_staff
from app.models import Account, BookingRow, Channel, Consult, Denial, Director
from app.process import Process
from scheduling.values import Decision, Interval, Setting, Urgency

#: sooner than any consult can begin after it was asked for, so that the approval cancels it
APPROVED_AFTER = timedelta(minutes=2)

#: since when the directors have had their hours: longer than anything of the trial has happened
SINCE = timedelta(days=90)

#: the letter's code of every case in a trial
CODE = "7F3K9-Q2M4X"
BORN = date(1961, 4, 12)

SIGN_INS = (
    ("office", f"case NC-2001 or BSP-3001, born {BORN:%-m/%-d/%Y}, access code {CODE} (nothing asked yet)"),
    ("office", f"case NC-2005, born {BORN:%-m/%-d/%Y}, access code {CODE} (booked)"),
    *((role.value, f"{email}, password {PASSWORD}") for email, _, role, _ in STAFF),
    *(("director", f"{director.email}, password {PASSWORD}") for director in DIRECTORS),
)

MEMBERS = (
    "June Abbott",
    "Omar Haddad",
    "Lucia Ferreira",
    "Wen Zhao",
    "Priya Nair",
    "Tomas Lindqvist",
    "Grace Mensah",
    "Ivan Petrov",
    "Hana Sato",
    "Elijah Brooks",
)
SERVICES = (
    ("MRI of the lumbar spine, 72148", "Not medically necessary", "InterQual 2026, Imaging, Spine"),
    ("Total knee replacement, 27447", "Conservative treatment is not documented", "MCG 29th edition, S-700"),
    ("Inpatient stay, 4 days", "Level of care is not met", "MCG 29th edition, Inpatient, M-190"),
    ("Cardiac PET, 78431", "An alternative test is appropriate", "Plan's medical policy, cardiac imaging"),
    ("Home oxygen, E1390", "Saturation values are missing", "CMS NCD 240.2"),
)
SPEAKERS = (
    ("Dr Anil Rao", "orthopedics", "984-555-0142"),
    ("Dr Ruth Adeyemi", "cardiology", "984-555-0143"),
    ("Dr Ellen Park", "internal medicine", "310-555-0144"),
)


def seed(running: Process, *, now: datetime) -> None:
    """Fill an empty database, all of it or nothing."""
    with running.sessions() as session, session.begin():
        directors = add_directors(session, now - SINCE)
        accounts = add_staff(session, directors, now)
        trial = Trial(session=session, running=running, now=now, directors=directors, nurse=accounts[0])
        trial.add_denials()
        trial.add_what_is_over()
        trial.add_what_is_open()


@dataclass(slots=True, kw_only=True)
class Trial:
    """A trial while it is set up."""

    session: Session
    running: Process
    now: datetime
    directors: dict[str, Director]
    nurse: Account
    _denials: dict[str, Denial] = field(default_factory=dict)
    _speakers: Iterator[tuple[str, str, str]] = field(default_factory=lambda: cycle(SPEAKERS))

    def add_denials(self) -> None:
        """Add thirty denials in every setting, urgency and decision; one without director, one without its date."""
        for number in range(15):
            self._add(f"NC-{2001 + number}", NC, number, ("Dana Lee, MD", "Marcus Okafor, MD")[number % 3 == 2])
            self._add(f"BSP-{3001 + number}", PROMISE, number, ("Ama Osei, MD", "Marta Ruiz, MD")[number % 3 == 2])
        self._denials["BSP-3009"].director_id = None
        self._denials["BSP-3010"].dates = {}
        self.session.flush()

    def _add(self, case_number: str, plan: str, number: int, director: str) -> None:
        service, reason, criteria = SERVICES[number % len(SERVICES)]
        decided = self.now - timedelta(days=1 + number % 3, hours=2)
        told = decided + timedelta(minutes=30)
        self._denials[case_number] = denial = Denial(
            plan=plan,
            case_number=case_number,
            director_id=self.directors[director].id,
            decision=(Decision.DENY, Decision.DENY, Decision.MODIFY, Decision.DELAY)[number % 4],
            setting=tuple(Setting)[number % 3],
            urgency=Urgency.EMERGENT if number % 4 == 3 else Urgency.ELECTIVE,
            line_of_business="medi_cal"
            if plan == PROMISE
            else ("fully_insured", "aso", "state_health_plan")[number % 3],
            dates={
                "initial_decision": decided.isoformat(),
                "appeal_deadline": (decided + timedelta(days=60 if plan == PROMISE else 180)).date().isoformat(),
            },
            member_name=MEMBERS[number % len(MEMBERS)],
            member_id=f"TRIAL{number:04}",
            member_birth_date=BORN,
            service=service,
            reason_text=reason,
            criteria=criteria,
            clinical_reasons="The records that were sent do not show what the criteria ask for.",
            requester_name=SPEAKERS[number % len(SPEAKERS)][0].replace("Dr ", "") + ", MD",
            requester_npi="1245319599",
            requester_specialty=SPEAKERS[number % len(SPEAKERS)][1],
            told_at=told,
            told_how="phone",
            told_by="Casey Moore",
            access_code_hash=code_hash(self.running.settings.access_code_key, case_number, CODE),
            imported_from="trial data",
            created_at=decided,
        )
        self.session.add(denial)

    def add_what_is_over(self) -> None:
        """Add consults that ended in every way."""
        self._talked("NC-2011", "discussed", days_ago=8)
        self._talked("NC-2012", "upheld", days_ago=7, reconsideration=True)
        self._talked("BSP-3011", "overturned", days_ago=6)
        self._talked("BSP-3012", "upheld", days_ago=5)
        self._not_reached("NC-2013")
        approved = self._ask("NC-2004", at=self.now - timedelta(days=1), reconsideration=True)
        self._book(self.now - timedelta(days=1))
        prereview.approve(
            self.session,
            approved.id,
            account_id=self.nurse.id,
            note="The new MRI meets the criterion.",
            setup=self.running.setup,
            now=self.now - timedelta(days=1) + APPROVED_AFTER,
        )
        withdrawn = self._ask("BSP-3013", at=self.now - timedelta(hours=6))
        office.withdraw(
            self.session, withdrawn.id, setup=self.running.setup, by=history.OFFICE, now=self.now - timedelta(hours=5)
        )

    def add_what_is_open(self) -> None:
        """Add consults that wait for something, each for another thing, and some that are booked."""
        early = self.now - timedelta(hours=3)
        self._ask("NC-2005", at=early)
        self._ask("NC-2006", at=early + timedelta(minutes=5), move_up=True)
        self._ask("NC-2008", at=early + timedelta(minutes=9), reconsideration=True)
        self._send_notes("NC-2008", at=early + timedelta(minutes=15))
        self._ask("NC-2007", at=early + timedelta(minutes=12), reconsideration=True)
        self._ask("NC-2009", at=early + timedelta(minutes=20), statement="")
        self._ask("NC-2010", at=early + timedelta(minutes=25), windows=(self._night(),))
        self._ask("BSP-3005", at=early + timedelta(minutes=30))
        self._ask("BSP-3006", at=early + timedelta(minutes=35), statement="")
        self._ask("BSP-3009", at=early + timedelta(minutes=40), statement="")
        self._ask("BSP-3010", at=early + timedelta(minutes=45), statement="")
        self._ask("NC-2015", at=early + timedelta(minutes=50), reconsideration=True, talk=False)
        on_paper = self._ask("NC-2014", at=early + timedelta(minutes=55), reconsideration=True, talk=False)
        self._book(self.now)
        self._with_the_nurse(on_paper, early + timedelta(minutes=100))

    def _with_the_nurse(self, on_paper: Consult, now: datetime) -> None:
        """Let her leave one to its director, without a call, and ask the office for more about another."""
        mine: dict[str, Any] = {"account_id": self.nurse.id, "setup": self.running.setup, "now": now}
        note = (
            "Imaging and therapy are there; the criterion also asks for a trial of injections. Nothing is said of it."
        )
        prereview.do_not_approve(self.session, on_paper.id, note=note, **mine)
        open_ = select(Consult.id).where(Consult.denial_id == self._denials["NC-2007"].id)
        wanted = "Whether injections were tried, when, and with what result."
        prereview.ask_for_more(self.session, self.session.scalars(open_).one(), wanted, **mine)

    def _night(self) -> Interval:
        """Give a window in which no director has hours: the request stays unplaced and keeps its place."""
        midnight = datetime.combine((self.now + timedelta(days=2)).date(), time(4), ZoneInfo(EASTERN)).astimezone(UTC)
        return Interval(midnight, midnight + timedelta(hours=1))

    def _ask(
        self,
        case_number: str,
        *,
        at: datetime,
        statement: str = "New imaging and six weeks of physical therapy are documented.",
        reconsideration: bool = False,
        move_up: bool = False,
        talk: bool = True,
        windows: tuple[Interval, ...] = (),
    ) -> Consult:
        denial = self._denials[case_number]
        name, specialty, phone = next(self._speakers)
        new = NewRequest(
            denial_id=denial.id,
            form_key=f"trial-{case_number}",
            channel=Channel.ONLINE,
            received=at,
            windows=windows,
            move_up=move_up,
            reconsideration=reconsideration,
            talk=talk,
            statement=statement,
            speaker_name=name,
            speaker_specialty=specialty,
            speaker_phone=phone,
            office_contact="Pat Doe",
            office_email="scheduling@office.example",
            office_phone="984-555-0140",
            office_reference=f"chart {denial.id}",
            office_time_zone=PACIFIC if denial.plan == PROMISE else EASTERN,
        )
        asked = intake.request_consult(self.session, new, setup=self.running.setup, by=history.OFFICE, now=at)
        assert asked.consult is not None, f"trial data: {case_number} was refused: {asked.refused}"
        return asked.consult

    def _send_notes(self, case_number: str, *, at: datetime) -> None:
        arrived = [notes(self.running.store)]
        denial_id = self._denials[case_number].id
        documents.receive(self.session, denial_id, arrived, setup=self.running.setup, by=history.OFFICE, now=at)

    def _book(self, at: datetime) -> None:
        """Plan every line once, as the worker does."""
        self.session.flush()
        for queue in assignment.queues_with_work(self.session):
            assignment.assign_queue(self.session, queue, setup=self.running.setup, now=at)
        self.session.flush()

    def _decided_earlier(self, case_number: str, asked: datetime) -> None:
        denial = self._denials[case_number]
        denial.dates = {**denial.dates, "initial_decision": (asked - timedelta(hours=20)).isoformat()}
        denial.told_at = denial.created_at = asked - timedelta(hours=19)
        self.session.flush()

    def _start(self, consult: Consult) -> datetime:
        query = select(func.lower(BookingRow.during)).where(
            BookingRow.consult_id == consult.id, BookingRow.released_at.is_(None)
        )
        start: datetime = self.session.scalars(query).one()
        return start

    def _talked(self, case_number: str, outcome: str, *, days_ago: int, reconsideration: bool = False) -> None:
        asked = self.now - timedelta(days=days_ago)
        self._decided_earlier(case_number, asked)
        consult = self._ask(case_number, at=asked, reconsideration=reconsideration)
        self._book(asked + timedelta(seconds=2))
        after = min(self._start(consult) + timedelta(minutes=20), self.now)
        note = "The new records were discussed against the criterion."
        determination.record_outcome(
            self.session, consult.id, outcome, note, setup=self.running.setup, by=history.SYSTEM, now=after
        )

    def _not_reached(self, case_number: str) -> None:
        asked = self.now - timedelta(days=12)
        self._decided_earlier(case_number, asked)
        consult = self._ask(case_number, at=asked)
        self._book(asked + timedelta(seconds=2))
        for _ in range(2):
            start = self._start(consult)
            for minutes in (2, 17):
                called = start + timedelta(minutes=minutes)
                determination.record_absence(
                    self.session, consult.id, "office", setup=self.running.setup, by=history.SYSTEM, now=called
                )
            if consult.closed_at is None:
                self._book(start + timedelta(minutes=18))
