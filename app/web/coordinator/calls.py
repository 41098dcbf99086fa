"""Telephone, voicemail, fax: from the first ring to a place in line, a director on the line, or a talk on record."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import calls as use_cases
from app.consults import left as left_cases
from app.consults import telephone
from app.consults.intake import Asked
from app.errors import Conflict, Invalid, NotFound
from app.models import Channel, LateEntry, Role
from app.queries import casework, expectation, search
from app.queries import coordinator as queries
from app.queries.office import CaseView, Person
from app.web.access import account, allow
from app.web.coordinator.blueprint import INVITED, coordinator, done, me, to_case
from app.web.coordinator.deciding import read_case
from app.web.coordinator.reading import CHANNELS, Call, read_call, received_fields, received_in
from app.web.coordinator.windows import days
from app.web.coordinator.words import KEYS, OUTCOMES, WAITING, for_the_caller
from app.web.edge import db_session, now, setup
from app.web.forms import Form
from app.web.office.looking import options_of
from app.web.office.windows import row_count
from app.web.office.words import PROFESSIONS, RELATIONS, refusal
from app.web.times import known_zone, reader_zone
from app.web.ways import TALK, WITHOUT_CALL, choices, read_way
from scheduling.business_time import start_at
from scheduling.eligibility import outcomes

CONNECT = "connect-"
WAITS_FOR_A_SECOND = (
    "Taken down. Another coordinator, or an administrator, confirms when it came in; then it takes its place in line."
)

#: what the form of a left request and that of a call have in common
LEFT_FIELDS = (
    "speaker_name",
    "speaker_npi",
    "speaker_phone",
    "statement",
    "office_contact",
    "office_email",
    "office_phone",
)


@coordinator.get("/calls/new")
@allow(Role.COORDINATOR)
def find() -> ResponseReturnValue:
    """Ask which case the call is about. The moment of the call is that of this page."""
    came = received_in(request.args.get("came", "")) or now()
    return render_template("coordinator/find.html", form=Form({"came": came.isoformat()}), found=None)


@coordinator.post("/calls/find")
@allow(Role.COORDINATOR)
def find_case() -> ResponseReturnValue:
    """Find the case of a call. If one case fits, its form comes at once; the words stand in no address."""
    form = Form.typed()
    found = search.search(db_session(), form.text("words", "Ask for the number on the denial letter."))
    if form.errors:
        return render_template("coordinator/find.html", form=form, found=None), 422
    if len(found) == 1:
        target = url_for("coordinator.new_call", denial_id=found[0].denial_id, came=form.values.get("came"))
        return redirect(target, code=303)
    return render_template("coordinator/find.html", form=form, found=found, most=search.MOST_FOUND)


@coordinator.get("/calls/new/<int:denial_id>")
@allow(Role.COORDINATOR)
def new_call(denial_id: int) -> ResponseReturnValue:
    """Show the form of a call, with what is known filled in."""
    shown = read_case(denial_id)
    if shown.open_request is not None:
        flash("A request about this case is open. This is how it stands; what the caller wants is done here.", "info")
        return to_case(denial_id)
    came = received_in(request.args.get("came", "")) or now()
    values = {
        "form_key": secrets.token_urlsafe(24),
        "channel": Channel.PHONE.value,
        "speaker_name": shown.requester_name,
        "speaker_npi": shown.requester_npi,
        "speaker_specialty": shown.requester_specialty,
        "speaker_profession": "physician",
        "speaker_relation": "treating",
        "purpose": WITHOUT_CALL if (options := options_of(shown)).refused and options.without_call else TALK,
        "zone": reader_zone().key,
        **received_fields(came),
    }
    left_id = request.args.get("left", type=int)
    if left_id is not None:
        values |= _as_left(left_id)
    return _call_page(shown, Form(values))


@coordinator.post("/calls/new/<int:denial_id>")
@allow(Role.COORDINATOR)
def take(denial_id: int) -> ResponseReturnValue:
    """Do what was pressed: put in line, connect now, record a talk that took place; or show the form again."""
    shown, form = read_case(denial_id), Form.typed()
    action = form.values.get("action", "")
    if casework.is_taken(db_session(), form.values.get("form_key", "")):
        return to_case(denial_id)  # the same form once more: the same answer, and nothing twice (A7)
    if action == "add-window":
        form.values["window_rows"] = str(row_count(form) + 1)
    if action in ("add-window", "change"):
        return _call_page(shown, form)
    if action == "record":
        return _record(shown, form)
    if action.startswith(CONNECT):
        return _connect(shown, form, action)
    return _put_in_line(shown, form)


@coordinator.post("/calls/new/<int:denial_id>/expected")
@allow(Role.COORDINATOR)
def expected(denial_id: int) -> ResponseReturnValue:
    """Say what would come of the form as it stands. Changes nothing; a part of the page asks for it."""
    g.passive = True
    shown = read_case(denial_id)
    call = read_call(shown, Form.typed())
    return render_template("coordinator/expected.html", case=shown, new=call.new, **_expected(shown, call))


def _put_in_line(shown: CaseView, form: Form) -> ResponseReturnValue:
    call = read_call(shown, form)
    if form.errors:
        return _call_page(shown, form), 422
    try:
        asked = _take_down(call, form)
    except Invalid as invalid:
        form.errors.update(invalid.fields)
        return _call_page(shown, form), 422
    except Conflict as conflict:
        form.fail("late_reason", conflict.message)
        return _call_page(shown, form), 409
    if isinstance(asked, LateEntry):
        return done(shown.id, WAITS_FOR_A_SECOND)
    if asked.consult is None:
        return _refused(shown, form, asked, "line")
    follows = "A time is looked for at once, see below." if asked.consult.talk else "A nurse reviews it, see below."
    put = "In line" if asked.consult.talk else "Taken down"
    words = f"{put}. Tell the caller the reference: {asked.consult.reference}. {follows}"
    if not asked.consult.office_email:
        words += " There is no mail address: call the office with the time; a task reminds you."
    return done(shown.id, words)


def _take_down(call: Call, form: Form, connect_with: int | None = None) -> Asked | LateEntry:
    reason = form.text("accept_late_reason", limit=500)
    if form.values.get("left"):
        return left_cases.take_up(
            db_session(),
            _number(form.values["left"]),
            call.new,
            account_id=account().id,
            setup=setup(),
            now=now(),
            accept_late_reason=reason,
        )
    return use_cases.take_down(
        db_session(),
        call.new,
        account_id=account().id,
        late_reason=call.late_reason,
        connect_with=connect_with,
        setup=setup(),
        now=now(),
        accept_late_reason=reason,
    )


def _connect(shown: CaseView, form: Form, action: str) -> ResponseReturnValue:
    """Take the request down and put the physician through, in one transaction: both or neither."""
    call = read_call(shown, form, with_times=False)
    free = {str(person.id): person for person in _free(shown)}
    person = free.get(action.removeprefix(CONNECT))
    if person is None:
        form.fail("connect", "This director is no longer free. Choose again, or put the request in line.")
    if form.errors or person is None:
        return _call_page(shown, form), 422
    try:
        asked = _take_down(call, form, connect_with=person.id)
    except Invalid as invalid:
        form.errors.update({"connect" if name == "director" else name: words for name, words in invalid.fields.items()})
        return _call_page(shown, form), 422
    except Conflict as conflict:
        form.fail("connect", conflict.message)
        return _call_page(shown, form), 422
    if isinstance(asked, LateEntry) or asked.consult is None:
        assert isinstance(asked, Asked), "a late call is not connected"
        return _refused(shown, form, asked, action)
    return done(shown.id, f"Connect them now: {person.name}, {person.phone}. {INVITED}")


def _record(shown: CaseView, form: Form) -> ResponseReturnValue:
    """Record a talk that took place outside the queue, with its outcome."""
    call = read_call(shown, form, with_times=False)
    people = [str(id_) for id_, _ in casework.active_directors(db_session())]
    director = form.choice("talk_director", people, "Choose who talked for the plan.")
    outcome = form.choice("outcome", _outcomes(shown, form), "Choose what the talk has come to.")
    note = form.text("note", "Add one sentence: what decided it.", limit=1000)
    took_place = _took_place(form)
    if form.errors or took_place is None:
        return _call_page(shown, form), 422
    try:
        telephone.record_talk(
            db_session(),
            replace(call.new, received=took_place),
            int(director),
            outcome,
            note,
            took_place_at=took_place,
            setup=setup(),
            by=me(),
            now=now(),
        )
    except Invalid as invalid:
        names = {"took_place_at": "talk_on"}
        form.errors.update({names.get(name, name): words for name, words in invalid.fields.items()})
        return _call_page(shown, form), 422
    return done(shown.id, "The talk is on record, outside the queue. The office gets the outcome notice by mail.")


def _took_place(form: Form) -> datetime | None:
    on = form.day("talk_on", "Enter the day of the talk.")
    typed = form.text("talk_at", "Enter when it took place, for example 14:05.")
    if on is None or not typed:
        return None
    try:
        at = datetime.strptime(typed, "%H:%M").time()  # noqa: DTZ007 -- the zone is the reader's, below
    except ValueError:
        form.fail("talk_at", "Enter the time as in 14:05.")
        return None
    return start_at(on, at, reader_zone())


def _outcomes(shown: CaseView, form: Form) -> list[str]:
    return list(outcomes(shown.rulebook, reconsideration=read_way(form, shown).reconsideration))


def _refused(shown: CaseView, form: Form, asked: Asked, action: str) -> ResponseReturnValue:
    """Say why not, by which key of the policy, what can still be done; and offer to accept it all the same.

    Answered with 200, so that the refusal stays on record; pressed without a reason it is no new one.
    """
    reason = asked.refused or ""
    if form.values.get("accepting"):
        form.fail("accept_late_reason", "Say why it is accepted all the same; it is kept with the case.")
    page = render_template(
        "coordinator/refused.html",
        case=shown,
        form=form,
        refused=refusal(reason),
        instead=for_the_caller(refusal(reason)),
        key=KEYS[reason],
        policy=shown.rulebook.policy,
        action=action,
        final=shown.open_request is not None,
        options=options_of(shown),
    )
    return page, 422 if form.errors else 200


def _as_left(left_id: int) -> dict[str, str]:
    """Fill in what was left without a code; it was received when it was left."""
    left = queries.left_request(db_session(), left_id)
    if left.settled_at is not None:
        raise NotFound("This request is settled already.")
    typed = {name: str(left.body.get(name) or "") for name in LEFT_FIELDS}
    return {
        "left": str(left_id),
        **received_fields(left.received_at),
        **{name: value for name, value in typed.items() if value},
    }


def _free(shown: CaseView) -> list[Person]:
    return casework.connectable(db_session(), shown, now=now())


def _call_page(shown: CaseView, form: Form) -> str:
    zone = known_zone(form.values.get("zone", "")) or reader_zone()
    rules = shown.rulebook
    openings = expectation.openings_of(db_session(), shown, setup=setup(), now=now())
    left_id = form.values.get("left")
    return render_template(
        "coordinator/call.html",
        case=shown,
        form=form,
        zone=zone,
        options=options_of(shown),
        ways=choices(shown, talk=True, without_call=True),
        days=days(openings, zone, now=now(), first=now() + rules.policy.consult.notice),
        window_rows=row_count(form),
        halves=set(form.values.getlist("half")),
        channels=[(str(way), words) for way, words in CHANNELS.items()],
        professions=list(PROFESSIONS.items()),
        relations=list(RELATIONS.items()),
        free=[] if left_id else _free(shown),
        people=casework.active_directors(db_session()),
        outcomes=[(word, OUTCOMES[word]) for word in _all_outcomes(shown)],
        was_left=queries.left_request(db_session(), _number(left_id)) if left_id else None,
        unquestioned=use_cases.unquestioned_from(rules, now=now()),
        late="late_reason" in form.errors or bool(form.values.get("late_reason")),
        minutes=timedelta(minutes=rules.policy.consult.duration_minutes),
    )


def _all_outcomes(shown: CaseView) -> list[str]:
    """List what a talk may have come to, with reconsideration or without; the use case refuses what does not fit."""
    ways = (False, True) if shown.rulebook.policy.reconsideration.offered else (False,)
    return list(dict.fromkeys(word for way in ways for word in outcomes(shown.rulebook, reconsideration=way)))


def _expected(shown: CaseView, call: Call) -> dict[str, object]:
    found = expectation.if_sent_now(db_session(), shown, call.new, setup=setup(), now=now())
    return {
        "expected": found,
        "refused": refusal(found.refused) if found.refused else None,
        "words": WAITING.get(found.waits or ""),
    }


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise NotFound("There is no such request.")
    return int(text)
