"""What a director records: the outcome, once it was shown what the office will read; calls that reached nobody."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults import casefile, correspondence, declines, desk, determination, taken_down
from app.consults import office as office_use_cases
from app.consults.running_late import MINUTES, say_late
from app.consults.taken_down import How, TakenDown
from app.errors import Conflict
from app.letters.render import LetterError
from app.models import Role
from app.queries.director import Call
from app.web.access import account, allow
from app.web.coordinator.blueprint import CHANGED
from app.web.director.blueprint import actor, director, done
from app.web.director.consult import OUTCOMES, allowed, begun, consult_page, may_be_late, read, refusal, version_of
from app.web.edge import db_session, now, setup
from app.web.forms import LONG, Form
from app.web.letters import pdf
from app.web.office.words import refusal as refusal_words
from app.web.times import when
from scheduling.values import Status

#: determinations after which somebody changes the case in the plan's own system
CHANGES_THE_CASE = ("overturned", "modified", "plan_error")


def _refused(call: Call, form: Form, *, before: bool = False, outcome: bool = False) -> str | None:
    """Say why nothing can be recorded: how the consult stands, or that it has changed since the page was made."""
    why = refusal(call, before=before, outcome=outcome)
    if why is None and form.values.get("version") != version_of(call):
        return CHANGED
    return why


@director.post("/consults/<reference>/outcome")
@allow(Role.DIRECTOR)
def outcome(reference: str) -> ResponseReturnValue:
    """Show what the office will read, then record the outcome: of the talk, or of a decision without a call."""
    call, form = read(reference, lock=True), Form.typed()
    if (why := _refused(call, form, outcome=True)) is not None:
        return consult_page(call, form, refused=why), 409
    missing = "Choose what you decide." if call.decides else "Choose what the talk has come to."
    chosen = form.choice("outcome", allowed(call), missing)
    note = form.text("note", "Add one sentence: what decided it.", limit=1000, lines=True)
    if form.errors:
        return consult_page(call, form), 422
    if form.values.get("action") == "change":
        return consult_page(call, form)
    if form.values.get("action") == "letter":
        return _letter(call, chosen, note)
    if form.values.get("action") != "record":
        return _check_page(call, form, chosen, note)
    file = determination.record_outcome(
        db_session(), call.request.consult.id, chosen, note, setup=setup(), by=actor(), now=now()
    )
    if file.refused is not None:
        reason = refusal_words(file.refused)
        return consult_page(call, form, refused=f"{reason.title}. {reason.because}"), 409
    return done(
        f"Recorded: {OUTCOMES[chosen][0]}. The office is told.", url_for("director.consult", reference=reference)
    )


def _draft(call: Call, chosen: str, note: str) -> bytes | LetterError:
    """Set the letter as it would be made now; nothing of it is kept."""
    file = casefile.load(db_session(), call.request.consult.id, setup=setup())
    kind = correspondence.FOR_THE_OFFICE[chosen]
    try:
        about = correspondence.subject(file, setup=setup())
        return correspondence.make(
            db_session(), about, kind, outcome=chosen, note=note, setup=setup(), now=now()
        ).content
    except LetterError as error:
        return error


def _letter(call: Call, chosen: str, note: str) -> ResponseReturnValue:
    draft = _draft(call, chosen, note)
    if isinstance(draft, LetterError):
        raise Conflict(f"This letter cannot be made yet. {draft} The outcome can be recorded all the same.")
    return pdf(draft, f"{call.request.consult.reference}-draft")


def _check_page(call: Call, form: Form, chosen: str, note: str) -> str:
    draft, talk = _draft(call, chosen, note), call.request.state.talk
    return render_template(
        "director/outcome.html",
        call=call,
        shown=call.request,
        case=call.request.case,
        form=form,
        reference=call.request.consult.reference,
        subject=determination.subject_for(talk=talk),
        letter=determination.words_for(call.request.rulebook, chosen, talk=talk, letter=isinstance(draft, bytes)),
        lacks=str(draft).splitlines() if isinstance(draft, LetterError) else [],
        outcome=OUTCOMES[chosen],
        changes_the_case=chosen in CHANGES_THE_CASE,
    )


@director.post("/consults/<reference>/no-answer")
@allow(Role.DIRECTOR)
def no_answer(reference: str) -> ResponseReturnValue:
    """Record one call that reached nobody."""
    call, form = read(reference, lock=True), Form.typed()
    if (why := _refused(call, form)) is not None:
        return consult_page(call, form, refused=why), 409
    file = determination.record_absence(
        db_session(), call.request.consult.id, "office", setup=setup(), by=actor(), now=now()
    )
    if file.state.status is Status.NOT_REACHED:
        words = "On record. Nobody was reached at the booked times, so the request is closed; the office is told."
    elif file.state.booking is None:
        words = "On record. This time counts as missed; the request goes back in line and gets another one."
    else:
        wait = file.rulebook.policy.contact.minutes_between
        words = f"On record: no answer, {when(now())}. Call again in {wait} minutes."
    return done(words, url_for("director.consult", reference=reference))


@director.post("/consults/<reference>/not-there")
@allow(Role.DIRECTOR)
def not_there(reference: str) -> ResponseReturnValue:
    """Record that the director himself did not call: the request goes back to its old place."""
    call, form = read(reference, lock=True), Form.typed()
    if (why := _refused(call, form)) is not None:
        return consult_page(call, form, refused=why), 409
    determination.record_absence(
        db_session(), call.request.consult.id, "director", setup=setup(), by=actor(), now=now()
    )
    return done(
        f"On record: you were not there. {reference} keeps its place in line and gets another time.",
        url_for("director.day"),
    )


@director.post("/consults/<reference>/reconsider")
@allow(Role.DIRECTOR)
def reconsider(reference: str) -> ResponseReturnValue:
    """Put down that the office asks for reconsideration in the call: it opens the PCR (NC-4)."""
    call, form = read(reference, lock=True), Form.typed()
    if (why := _refused(call, form)) is not None:
        return consult_page(call, form, refused=why), 409
    missing = None if call.request.state.information else "Write in a sentence what the office puts forward."
    told = form.text("told", missing, limit=LONG, lines=True)
    if form.errors:
        return consult_page(call, form), 422
    consult_id = call.request.consult.id
    if told:
        taken_down.take_down(
            db_session(), consult_id, _in_the_call(call, told), account_id=account().id, setup=setup(), now=now()
        )
    file = office_use_cases.ask_reconsideration(db_session(), consult_id, setup=setup(), by=actor(), now=now())
    if file.refused is not None:
        reason = refusal_words(file.refused)
        flash(f"{reason.title}. {reason.because}", "warning")
        return redirect(url_for("director.consult", reference=reference), code=303)
    db_session().flush()  # the database numbers the review
    number = f" {file.review.pcr_number}" if file.review and file.review.pcr_number else ""
    return done(
        f"Reconsideration{number} is asked for and on record. The decision can be changed in this call now.",
        url_for("director.consult", reference=reference),
    )


def _in_the_call(call: Call, told: str) -> TakenDown:
    return TakenDown(how=How.TELEPHONE, whom=call.request.consult.speaker_name, at=now(), what=told)


@director.post("/consults/<reference>/late")
@allow(Role.DIRECTOR)
def running_late(reference: str) -> ResponseReturnValue:
    """Say that the call comes later: one press tells the office and the desk; the time itself stays."""
    # a page that is out of date does no harm here: nothing but this is changed
    call, form = read(reference, lock=True), Form.typed()
    if not may_be_late(call):
        words = "That you are late can be said from an hour before a call of yours until its end."
        return consult_page(call, form, refused=words), 409
    minutes = form.choice("minutes", map(str, MINUTES), "Choose how late you are.")
    if form.errors:
        return consult_page(call, form), 422
    say_late(db_session(), call.request.consult.id, int(minutes), setup=setup(), by=actor(), now=now())
    return done(
        f"The office is told that you call about {minutes} minutes later. The time in both calendars stays.",
        url_for("director.consult", reference=reference),
    )


@director.post("/consults/<reference>/keep")
@allow(Role.DIRECTOR)
def keep(reference: str) -> ResponseReturnValue:
    """Take a decline by mail back: the talk stays where it is."""
    call = read(reference, lock=True)
    declines.keep(db_session(), call.request.consult.id, setup=setup(), by=actor(), now=now())
    return done(f"You keep the talk. {reference} stays as it is booked.", url_for("director.day"))


@director.post("/consults/<reference>/decline")
@allow(Role.DIRECTOR)
def decline(reference: str) -> ResponseReturnValue:
    """Give a time back before the call: the request keeps its place and gets another."""
    # not locked here: the use case locks the director first, as planning does
    call, form = read(reference), Form.typed()
    if (why := _refused(call, form, before=True)) is not None:
        return consult_page(call, form, refused=why), 409
    assert not begun(call)
    desk.director_declines(db_session(), call.request.consult.id, setup=setup(), by=actor(), now=now())
    return done(
        f"The time is given back. {reference} keeps its place in line and gets another time; both sides are told.",
        url_for("director.day"),
    )
