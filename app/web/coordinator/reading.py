"""Reading what was taken down on the telephone."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.consults.intake import NewRequest
from app.models import Channel
from app.queries.office import CaseView
from app.web.access import account
from app.web.coordinator.windows import read_half_days
from app.web.edge import now
from app.web.forms import LONG, Form
from app.web.office.words import PROFESSIONS, RELATIONS
from app.web.times import known_zone, reader_zone
from app.web.ways import read_way
from scheduling.business_time import start_at
from scheduling.values import Interval

#: the ways in which a call is taken down
CHANNELS = {Channel.PHONE: "Telephone", Channel.VOICEMAIL: "Voicemail", Channel.FAX: "Fax"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A form that was read."""

    new: NewRequest
    late_reason: str
    "why it is entered late"
    zone: ZoneInfo


def read_call(shown: CaseView, form: Form, *, with_times: bool = True) -> Call:
    """Read the form of a call. What is wrong is beside its field afterwards.

    `with_times`: it asks for a time; without, the talk is now or was held, whatever was chosen.
    """
    rules, way = shown.rulebook.policy, read_way(form, shown)
    talk = way.talk or not with_times
    zone = known_zone(form.text("zone"))
    if zone is None:
        form.fail("zone", "Choose the time zone of the caller.")
    windows: tuple[Interval, ...] = ()
    if with_times and talk:
        windows = read_half_days(
            form,
            zone or reader_zone(),
            at_least=rules.request.min_windows,
            length=rules.consult.duration,
            now=now(),
        )
    if with_times:
        for number, _ in enumerate(rules.request.attest):
            form.tick(f"attest-{number}", "Ask the caller, and tick this if it is so. The plan asks for it.")
    new = NewRequest(
        denial_id=shown.id,
        form_key=form.text("form_key", limit=60) or secrets.token_urlsafe(24),
        channel=Channel(form.choice("channel", [str(way) for way in CHANNELS], "Choose how it came in.") or "phone"),
        received=read_received(form),
        windows=windows,
        move_up=talk and form.tick("move_up"),
        reconsideration=way.reconsideration,
        talk=talk,
        statement=form.text("statement", limit=LONG, lines=True),
        **_speaker(form, talk=talk),
        **_caller(form),
        office_time_zone=(zone or reader_zone()).key,
        taken_by=account().id,
    )
    return Call(new=new, late_reason=form.text("late_reason", limit=500), zone=zone or reader_zone())


def read_received(form: Form) -> datetime:
    """Read when it came in, by the coordinator's clock; to the second where the moment that was filled in still stands.

    The second counts: it gives the place in line.
    """
    filled = received_in(form.values.get("came", ""))
    on = form.day("received", "Enter the day on which it came in.")
    typed = form.text("received_at", "Enter when it came in, for example 14:05.")
    if on is None or not typed:
        return filled or now()
    try:
        at = datetime.strptime(typed, "%H:%M").time()  # noqa: DTZ007 -- the zone is the reader's, below
    except ValueError:
        form.fail("received_at", "Enter the time as in 14:05.")
        return filled or now()
    received = start_at(on, at, reader_zone())
    if filled is not None and filled.replace(second=0, microsecond=0) == received:
        return filled
    return received


def received_in(text: str) -> datetime | None:
    """Read an instant that a page handed on; None for anything else, and for one that lies in the future."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None and at <= now() else None


def received_fields(at: datetime) -> dict[str, str]:
    """Fill in when a call came in."""
    local = at.astimezone(reader_zone())
    return {"came": at.isoformat(), "received": local.date().isoformat(), "received_at": f"{local:%H:%M}"}


def _speaker(form: Form, *, talk: bool) -> dict[str, Any]:
    number = "Ask which number the medical director is to call." if talk else None
    backup_name = form.text("backup_name")
    missing = "Enter the back-up's number, or leave the name empty." if backup_name else None
    return {
        "speaker_name": form.text("speaker_name", "Ask who will talk." if talk else "Ask for the physician's name."),
        "speaker_profession": form.choice("speaker_profession", PROFESSIONS, "Choose the profession."),
        "speaker_relation": form.choice("speaker_relation", RELATIONS, "Choose the relation to the case."),
        "speaker_npi": form.npi("speaker_npi"),
        "speaker_specialty": form.text("speaker_specialty"),
        "speaker_phone": form.phone("speaker_phone", number),
        "backup_name": backup_name,
        "backup_phone": form.phone("backup_phone", missing),
        "how_to_reach": form.text("how_to_reach", limit=500, lines=True),
    }


def _caller(form: Form) -> dict[str, Any]:
    return {
        "office_contact": form.text("office_contact", "Ask who is calling."),
        "office_email": form.email("office_email"),
        "office_phone": form.phone("office_phone"),
        "office_reference": form.text("office_reference", limit=60),
    }
