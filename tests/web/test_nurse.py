"""The nurse's pages: the worklist in order, one case with what deciding does, and two nurses on one case (A6)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import office
from app.models import Account, Attention, Consult, Denial, Director, Message, ReviewTask, StaffRole
from scheduling.values import Status
from tests.web.clinic import ask, fresh, press, process, text_of, version_in
from tests.web.conftest import CANARIES, NOW, PASSWORD, Client, Clock, csrf_token, denial, person
from tests.web.desk import counted, happened, mails


def test_what_is_due_or_talked_about_first_stands_on_top(nora: Client, app, db, settings, lee: Director) -> None:
    """NC-6: the worklist, by due time or talk, whichever comes first."""
    elective = ask(app, db, denial(db, settings, lee, case_number="NC-1"), reconsideration=True)
    emergent = ask(app, db, denial(db, settings, lee, case_number="NC-2", urgency="emergent"), reconsideration=True)
    page = text_of(nora.get("/nurse/"))
    assert page.index(emergent.reference) < page.index(elective.reference)
    assert "Tuesday 3 March, 10:00 am Eastern, Dana Lee, MD" in page
    assert "Reconsideration PCR-000002" in page
    assert "2 open" in page


def test_a_list_without_work_says_so(nora: Client) -> None:
    assert "Nothing waits for you" in nora.get("/nurse/").text


def test_filters_stand_in_the_address(nora: Client, brief: Consult, emergent: Consult) -> None:
    found = nora.get("/nurse/?kind=brief").text
    assert brief.reference in found
    assert emergent.reference not in found
    assert emergent.reference in nora.get("/nurse/live?urgency=emergent").text
    assert "Nothing fits" in nora.get("/nurse/?held=mine").text
    assert emergent.reference in nora.get("/nurse/?kind=nonsense").text
    press(nora, "/nurse/", f"/nurse/consults/{emergent.reference}/claim")
    mine = nora.get("/nurse/?held=mine").text
    assert emergent.reference in mine
    assert brief.reference not in mine
    assert emergent.reference not in nora.get("/nurse/?held=free").text
    assert 'hx-get="/nurse/live?held=free"' in nora.get("/nurse/?held=free").text


def test_the_list_is_to_be_had_for_a_spreadsheet(nora: Client, emergent: Consult) -> None:
    answer = nora.get("/nurse/?format=csv")
    assert answer.mimetype == "text/csv"
    assert f"{emergent.reference},PCR-000001,Reconsideration,Emergent,2026-03-03T09:00-05:00" in answer.text
    assert CANARIES[0] not in answer.text


def test_the_time_left_is_said_in_words(nora: Client, emergent: Consult, clock: Clock) -> None:
    assert "In 2 days 8 hours" in nora.get("/nurse/").text
    clock.forward(days=2, hours=2)
    again(nora)
    assert "Soon: in 6 hours" in nora.get("/nurse/").text
    clock.forward(hours=7)
    again(nora)
    assert "Overdue, due 1 hour ago" in nora.get("/nurse/").text


def test_the_denial_stands_beside_what_is_new(nora: Client, emergent: Consult) -> None:
    """The measure of the page: a nurse decides without opening a second system."""
    page = text_of(nora.get(f"/nurse/consults/{emergent.reference}"))
    for words in (CANARIES[3], "InterQual 2026", "Not medically necessary", CANARIES[4], "born 1962", "PCR-000001"):
        assert words in page
    assert "The consult on Tuesday 3 March, 10:00 am Eastern with Dana Lee, MD is cancelled in both calendars." in page
    assert "The time goes to the next in line." in page
    assert "a coordinator is asked to telephone both sides as well" in page
    assert "goes on as booked" in page
    assert "Request received" in page


def test_no_patient_data_in_titles_addresses_and_answers(nora: Client, emergent: Consult) -> None:
    """M5."""
    for path in ("/nurse/", f"/nurse/consults/{emergent.reference}", f"/nurse/consults/{emergent.reference}/approve"):
        page = nora.get(path).text
        title = page[page.index("<title>") : page.index("</title>")]
        assert not any(canary in title for canary in CANARIES)
        assert "1962-03-14" not in page
        assert CANARIES[1] not in page
    assert not any(canary in nora.get("/nurse/").text for canary in CANARIES)


def test_an_approval_cancels_on_both_sides_and_frees_the_time(
    nora: Client, emergent: Consult, app, db, settings
) -> None:
    """NC-6: and says before it is pressed what follows; a page of its own asks once more, without scripts."""
    assert {message.kind for message in sent(db)} == {"acknowledgement", "invitation"}
    path = f"/nurse/consults/{emergent.reference}/approve"
    asked = nora.get(path)
    assert "is cancelled in both calendars" in asked.text
    assert fresh(db, emergent.id).status is Status.BOOKED
    answer = press(nora, path, path, {"note": "The MRI meets the criterion."})
    assert answer.location == "/nurse/"
    assert "Approved. Both sides are told." in nora.get("/nurse/").text
    after = fresh(db, emergent.id)
    assert (after.status, after.closed_reason) == (Status.CANCELLED, "approved_by_nurse")
    assert db.scalars(select(ReviewTask.note)).one() == "The MRI meets the criterion."
    reasons = set(db.scalars(select(Attention.reason).where(Attention.settled_at.is_(None))))
    assert reasons == {"tell_by_telephone", "update_the_case"}


def test_the_second_nurse_gets_a_clear_page_and_nothing_is_sent_twice(
    nora: Client, sam: Client, emergent: Consult, db: Session
) -> None:
    """A6, G5: both had the page open; the second press changes nothing and says who was first."""
    path = f"/nurse/consults/{emergent.reference}/approve"
    opened = sam.get(path)
    press(nora, path, path, {"note": "Meets it."})
    before, decided = mails(db), len(happened(db, "review_decided"))
    late = sam.post(path, data={"csrf_token": csrf_token(opened), **version_in(opened), "note": "I also think so."})
    assert late.status_code == 409
    assert "Nora Quinn, RN decided this already, Tuesday 3 March, 9:00 am Eastern" in text_of(late)
    on = f"/nurse/consults/{emergent.reference}"
    also = sam.post(f"{on}/pass-on", data={"csrf_token": csrf_token(opened), "note": "No."})
    assert also.status_code == 409
    assert (mails(db), len(happened(db, "review_decided"))) == (before, decided)
    assert db.scalars(select(ReviewTask.note)).one() == "Meets it."
    assert sam.get(path).location == on
    own = press(nora, "/nurse/", path, {"note": "Once more."})
    assert "You decided this already" in text_of(own)


@pytest.mark.parametrize("second", ["approve", "pass-on"])
def test_two_nurses_at_the_same_instant_make_one_decision(
    nora: Client, sam: Client, emergent: Consult, db: Session, second: str
) -> None:
    """A6: whoever is first decides; the other is told so, whatever she chose. Nothing happens twice."""
    page = f"/nurse/consults/{emergent.reference}"
    before, together = mails(db), Barrier(2)

    def decide(client: Client, action: str) -> int:
        opened = client.get(page)
        data = {"csrf_token": csrf_token(opened), **version_in(opened), "note": f"By {action}."}
        together.wait()
        return client.post(f"{page}/{action}", data=data).status_code

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(decide, (nora, sam), ("approve", second)))
    assert sorted(answers) == [303, 409]
    assert len(happened(db, "review_decided")) == 1
    approved = fresh(db, emergent.id).status is Status.CANCELLED
    assert len(happened(db, "cancelled")) == approved
    # the invitations had not left, so that both are dropped and the office alone is told (G3)
    assert mails(db) == before + approved


def test_an_approval_needs_its_reason(nora: Client, emergent: Consult, db) -> None:
    path = f"/nurse/consults/{emergent.reference}/approve"
    answer = press(nora, path, path, {"note": "  "})
    assert answer.status_code == 422
    assert "Write what shows that the criterion is met." in answer.text
    assert "Error: " in answer.text
    assert fresh(db, emergent.id).status is Status.BOOKED


def test_what_has_changed_meanwhile_is_looked_at_before_it_is_decided(nora: Client, emergent: Consult, db) -> None:
    """A12: what was typed stays, beside how it stands now."""
    page = f"/nurse/consults/{emergent.reference}"
    opened = nora.get(page)
    db.execute(Consult.__table__.update().values(statement="Later findings", version=Consult.version + 1))
    db.commit()
    data = {"csrf_token": csrf_token(opened), **version_in(opened), "note": "As first sent."}
    late = nora.post(f"{page}/pass-on", data=data)
    assert late.status_code == 409
    for words in ("This has changed since you opened the page", "Later findings", "As first sent."):
        assert words in late.text
    approval = nora.post(f"{page}/approve", data=data)
    assert approval.status_code == 409
    assert "As first sent." in approval.text
    assert fresh(db, emergent.id).status is Status.BOOKED
    assert db.scalars(select(ReviewTask.decision)).one() is None
    again_sent = {**data, **version_in(late)}
    assert nora.post(f"{page}/pass-on", data=again_sent).status_code == 303


def test_an_open_page_says_that_the_case_has_changed(nora: Client, sam: Client, emergent: Consult) -> None:
    page = nora.get(f"/nurse/consults/{emergent.reference}").text
    news = page[page.index("/news?seen=") :].split('"')[0]
    assert nora.get(f"/nurse/consults/{emergent.reference}{news}").status_code == 204
    press(sam, "/nurse/", f"/nurse/consults/{emergent.reference}/claim")
    assert "has changed since you opened it" in nora.get(f"/nurse/consults/{emergent.reference}{news}").text


def test_not_approved_leaves_it_to_the_director_and_denies_nothing(nora: Client, emergent: Consult, db) -> None:
    """NC-6: the consult goes on as booked; only a physician upholds."""
    page = f"/nurse/consults/{emergent.reference}"
    empty = press(nora, page, f"{page}/pass-on", {"note": ""})
    assert empty.status_code == 422
    assert "Write for the director what you looked at" in empty.text
    before = mails(db)
    assert press(nora, page, f"{page}/pass-on", {"note": "Imaging is six weeks old."}).status_code == 303
    assert "nothing was denied" in nora.get("/nurse/").text
    assert fresh(db, emergent.id).status is Status.BOOKED
    assert mails(db) == before
    shown = text_of(nora.get(page))
    assert "Left to the director" in shown
    assert "Imaging is six weeks old." in shown
    assert "Approve" not in shown


def test_a_brief_is_prepared_and_never_approved(nora: Client, brief: Consult, db) -> None:
    """BSP-5: a task for the director's brief, without due time; approving is not offered."""
    page = f"/nurse/consults/{brief.reference}"
    shown = text_of(nora.get(page))
    assert "Prepare the brief" in shown
    assert "Before the talk" in shown
    assert "Approve" not in shown
    assert nora.get(f"{page}/approve").location == page
    forced = press(nora, page, f"{page}/approve", {"note": "By hand."})
    assert forced.status_code == 409
    assert press(nora, page, f"{page}/pass-on", {"note": "New: therapy notes."}).status_code == 303
    assert "The brief is before the director." in nora.get("/nurse/").text
    assert db.scalars(select(ReviewTask.note)).one() == "New: therapy notes."


def test_a_task_is_claimed_kept_and_handed_back(nora: Client, sam: Client, emergent: Consult, clock: Clock, db) -> None:
    page = f"/nurse/consults/{emergent.reference}"
    press(nora, "/nurse/", f"{page}/claim")
    mine = text_of(nora.get(page))
    assert "You , until 9:30 am Eastern" in mine
    assert "Keep it for another half hour" in mine
    theirs = text_of(sam.get(page))
    assert "Nora Quinn, RN , until 9:30 am Eastern" in theirs
    assert "Note for the director" not in theirs
    for action in ("claim", "release", "pass-on", "approve", "hand-over"):
        refused = press(sam, "/nurse/", f"{page}/{action}", {"note": "Mine now."})
        assert refused.status_code == 409, action
        assert "Nora Quinn, RN is working on this case" in text_of(refused)
    clock.forward(minutes=10)
    press(nora, page, f"{page}/claim")
    assert "until 9:40 am Eastern" in text_of(nora.get(page))
    assert press(nora, page, f"{page}/release").status_code == 303
    assert press(sam, "/nurse/", f"{page}/claim").status_code == 303


def test_a_claim_runs_out_by_itself(nora: Client, sam: Client, emergent: Consult, clock: Clock) -> None:
    page = f"/nurse/consults/{emergent.reference}"
    press(nora, "/nurse/", f"{page}/claim")
    clock.forward(minutes=30)
    again(sam, "sam@plan.example")
    assert "Nobody" in text_of(sam.get(page))
    assert press(sam, page, f"{page}/pass-on", {"note": "Taken over."}).status_code == 303


def test_a_task_is_handed_over(nora: Client, sam: Client, emergent: Consult, db, clock: Clock) -> None:
    page = f"/nurse/consults/{emergent.reference}"
    assert "Choose the nurse who takes it over." in press(nora, page, f"{page}/hand-over", {"to": ""}).text
    to = str(db.scalars(select(Account.id).where(Account.email == "sam@plan.example")).one())
    own = str(db.scalars(select(Account.id).where(Account.email == "nora@plan.example")).one())
    assert press(nora, page, f"{page}/hand-over", {"to": own}).status_code == 422
    assert press(nora, page, f"{page}/hand-over", {"to": to}).status_code == 303
    assert "Handed over: Sam Okafor, RN has the case" in nora.get("/nurse/").text
    assert "You , until 9:30 am Eastern" in text_of(sam.get(page))


def test_a_talk_that_has_begun_goes_on(nora: Client, emergent: Consult, clock: Clock, db) -> None:
    """The decision is recorded, and the page says that the talk goes on."""
    clock.forward(hours=1, minutes=5)
    again(nora)
    path = f"/nurse/consults/{emergent.reference}/approve"
    assert "so it goes on. Your approval is on record." in nora.get(path).text
    assert press(nora, path, path, {"note": "Meets it."}).status_code == 303
    assert "Approved. The talk has begun and goes on." in nora.get("/nurse/").text
    assert fresh(db, emergent.id).status is Status.BOOKED


def test_a_request_without_a_time_is_approved(nora: Client, app, db, settings) -> None:
    nobody = person(db, hours=[])
    about = denial(db, settings, nobody, urgency="emergent")
    asked = ask(app, db, about, reconsideration=True)
    path = f"/nurse/consults/{asked.reference}/approve"
    assert "The request is closed and leaves the line." in nora.get(path).text
    assert "The request stays in line" in nora.get(f"/nurse/consults/{asked.reference}").text
    before = mails(db)
    press(nora, path, path, {"note": "Meets it."})
    assert "Approved. The office is told." in nora.get("/nurse/").text
    assert mails(db) == before + 1
    assert fresh(db, asked.id).status is Status.CANCELLED


def test_a_withdrawn_request_leaves_the_list_and_its_page_says_so(nora: Client, emergent: Consult, app, db) -> None:

    office.withdraw(db, emergent.id, setup=process(app).setup, by="office", now=NOW)
    db.commit()
    assert emergent.reference not in nora.get("/nurse/").text
    page = f"/nurse/consults/{emergent.reference}"
    assert "None: the request is closed" in text_of(nora.get(page))
    late = press(nora, "/nurse/", f"{page}/pass-on", {"note": "Too late."})
    assert late.status_code == 409
    assert "The request is closed, so there is nothing left to decide" in late.text


def test_there_is_nothing_behind_other_references(nora: Client, app, db, settings, lee: Director) -> None:
    """A request without a review is none of a nurse's work."""
    plain = ask(
        app,
        db,
        denial(db, settings, lee, plan="blue-shield-promise-medi-cal", line_of_business="medi_cal"),
        statement="",
    )
    for reference in ("P2P-0000-0000", plain.reference):
        for path in ("", "/approve", "/news"):
            assert nora.get(f"/nurse/consults/{reference}{path}").status_code == 404
        for action in ("claim", "release", "hand-over", "approve", "pass-on"):
            assert press(nora, "/nurse/", f"/nurse/consults/{reference}/{action}").status_code == 404


@pytest.mark.parametrize("role", [StaffRole.COORDINATOR, StaffRole.ADMINISTRATOR])
def test_the_pages_are_for_nurses(sign_in, emergent: Consult, role: StaffRole) -> None:
    other = sign_in(role)
    for path in ("/nurse/", f"/nurse/consults/{emergent.reference}"):
        assert other.get(path).status_code == 403


def test_a_page_costs_a_fixed_number_of_statements(
    nora: Client, app: Flask, db, settings, lee: Director, emergent
) -> None:
    nora.get("/nurse/")
    with counted(app) as first:
        nora.get("/nurse/")
    with counted(app) as case_first:
        nora.get(f"/nurse/consults/{emergent.reference}")
    for number in range(5):
        ask(app, db, denial(db, settings, lee, case_number=f"NC-{number}", urgency="emergent"), reconsideration=True)
    with counted(app) as then:
        nora.get("/nurse/")
    with counted(app) as case_then:
        nora.get(f"/nurse/consults/{emergent.reference}")
    assert len(then) == len(first) <= 4
    assert len(case_then) == len(case_first) <= 21


def again(client: Client, email: str = "nora@plan.example") -> None:
    """Sign in once more: a visit of staff ends after a quarter of an hour without activity."""
    client.send("/sign-in", {"email": email, "password": PASSWORD})


def sent(db: Session) -> list[Message]:
    db.rollback()
    return list(db.scalars(select(Message)))


@pytest.fixture
def lee(db: Session) -> Director:
    return person(db)


@pytest.fixture
def nora(app: Flask, account: Callable[..., Account]) -> Client:
    account(email="nora@plan.example", name="Nora Quinn, RN")
    client: Client = app.test_client()
    again(client)
    return client


@pytest.fixture
def sam(app: Flask, account: Callable[..., Account]) -> Client:
    account(email="sam@plan.example", name="Sam Okafor, RN")
    client: Client = app.test_client()
    again(client, "sam@plan.example")
    return client


@pytest.fixture
def emergent(app: Flask, db: Session, settings: Settings, lee: Director) -> Consult:
    """An emergent reconsideration, booked today at 10:00, an hour from now."""
    made: Denial = denial(db, settings, lee, urgency="emergent")
    return ask(app, db, made, reconsideration=True)


@pytest.fixture
def brief(app: Flask, db: Session, settings: Settings, lee: Director) -> Consult:
    """A request under a plan whose nurses prepare the director's brief."""
    dates = {"initial_decision": (NOW - timedelta(days=1)).isoformat()}
    made = denial(
        db,
        settings,
        lee,
        plan="blue-shield-promise-medi-cal",
        line_of_business="medi_cal",
        case_number="BSP-1",
        dates=dates,
    )
    return ask(app, db, made)
