"""Records of the wrong patient: out of view on every page at once, with a report for the privacy officer."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import inbound
from app.errors import Conflict
from app.mail import inbox
from app.models import Denial, LeftRequest, StaffRole, Withdrawal
from tests.support import factories
from tests.support.answers import arrive
from tests.web.conftest import CANARIES, CODE, NOW, Client, denial, open_case, person
from tests.web.desk import act, call


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


def test_a_case_is_out_of_view_and_its_report_is_the_administrators(
    sign_in, client: Client, made: Denial, db: Session
) -> None:
    desk = sign_in(StaffRole.COORDINATOR)
    assert call(desk, made).status_code == 303
    assert open_case(client, made).status_code == 303
    case, page = f"/coordinator/cases/{made.id}", f"/coordinator/cases/{made.id}/wrong-patient"
    assert page in desk.get(case).text
    wrong = act(desk, page, {})
    assert wrong.status_code == 422
    assert 'href="#part"' in wrong.text
    assert act(desk, page, {"part": "case", "reason": "Two members were mixed up."}).status_code == 303
    for path in (case, page, "/coordinator/", "/coordinator/queues", f"/coordinator/calls/new/{made.id}"):
        shown = desk.get(path, follow_redirects=True).text
        assert [word for word in CANARIES if word in shown] == [], path
    assert "1 case" not in desk.send("/coordinator/search", {"words": "Canary"}, page="/coordinator/search").text
    assert client.get(f"/cases/{made.id}").status_code != 200
    assert open_case(client, made, CODE).status_code == 422
    assert "is withdrawn from view already" in desk.get(page).text
    done = db.scalars(select(Withdrawal)).one()
    report = f"/admin/withdrawals/{done.id}"
    assert desk.get(report).status_code == 403
    admin = sign_in(StaffRole.ADMINISTRATOR)
    assert report in admin.get("/admin/withdrawals").text
    assert "NC-1001" in admin.get("/admin/withdrawals?format=csv").text
    for path in (report, f"{report}?format=csv"):
        shown = admin.get(path).text
        for words in (CANARIES[0], CANARIES[1], CANARIES[4], "Two members were mixed up.", "Some Coordinator"):
            assert words in shown, (path, words)
    assert "access_code" not in admin.get(f"{report}?format=csv").text
    assert act(admin, f"{report}/return", page=report).status_code == 303
    assert CANARIES[0] in desk.get(case).text
    assert open_case(client, made).status_code == 303


def test_a_request_that_was_left_is_out_of_view(sign_in, db: Session) -> None:
    desk = sign_in(StaffRole.COORDINATOR)
    left = LeftRequest(
        reference="P2P-LEFT-0001", form_key="l", case_number="X1", received_at=NOW, body={"member_name": CANARIES[0]}
    )
    db.add(left)
    db.commit()
    page = f"/coordinator/left/{left.id}"
    assert act(desk, f"{page}/wrong-patient", {"reason": ""}, page=page).status_code == 303
    assert CANARIES[0] in desk.get(page).text
    assert act(desk, f"{page}/wrong-patient", {"reason": "Another plan's member."}, page=page).status_code == 303
    assert CANARIES[0] not in desk.get(page).text
    assert CANARIES[0] not in desk.get("/coordinator/left?show=settled").text
    assert CANARIES[0] in sign_in(StaffRole.ADMINISTRATOR).get("/admin/withdrawals/1").text


def test_a_mail_that_came_in_is_out_of_view(sign_in, db: Session, settings: Settings) -> None:
    """Also for the command that does once more what follows from it, and after the mailbox is read again."""
    content = f"From: pat@ortho.example\r\nSubject: {CANARIES[0]}\r\n\r\n{CANARIES[0]} again\r\n".encode()
    row = arrive(db, content, now=NOW)
    db.commit()
    desk, page = sign_in(StaffRole.COORDINATOR), f"/coordinator/mail/{row.id}"
    assert CANARIES[0] in desk.get(page).text
    assert act(desk, f"{page}/wrong-patient", {"reason": ""}, page=page).status_code == 303
    assert CANARIES[0] in desk.get(page).text
    assert act(desk, f"{page}/wrong-patient", {"reason": "Another plan's member."}, page=page).status_code == 303
    for path in (page, "/coordinator/mail", "/coordinator/attention"):
        assert CANARIES[0] not in desk.get(path).text, path
    assert inbox.store(db, "folder", "again", content, size=len(content), now=NOW) is False
    db.expire_all()
    with pytest.raises(Conflict):
        inbound.reprocess(db, row.id, setup=factories.setup(), now=NOW)
    db.rollback()
    admin = sign_in(StaffRole.ADMINISTRATOR)
    assert f"Mail {row.id}" in admin.get("/admin/withdrawals").text
    for path in ("/admin/withdrawals/1", "/admin/withdrawals/1?format=csv"):
        assert f"{CANARIES[0]} again" in admin.get(path).text, path
    assert act(admin, "/admin/withdrawals/1/return", page="/admin/withdrawals/1").status_code == 303
    assert f"{CANARIES[0]} again" in desk.get(page).text
