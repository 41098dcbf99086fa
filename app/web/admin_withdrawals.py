"""The administrator's pages of records withdrawn from view, and the report for the privacy officer."""

from collections.abc import Iterator

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.consults import wrong_patient as use_cases
from app.mail import received
from app.models import Role
from app.queries import withdrawals as queries
from app.queries.withdrawals import WithdrawalReport
from app.web import exports
from app.web.access import account, allow
from app.web.admin import administrator
from app.web.edge import db_session, now

TABLES = {
    "denial": "The case",
    "consult": "Request",
    "review": "Nurse's review",
    "late_entry": "Call to confirm",
    "left_request": "Request left without the code",
    "inbound": "Mail",
}
COLUMNS = {
    "member_name": "Member",
    "member_id": "Member id",
    "member_birth_date": "Birth date",
    "service": "Service",
    "reason_text": "Reason",
    "criteria": "Criteria",
    "clinical_reasons": "Clinical reasons",
    "early_statement": "Clinical information before a request",
    "statement": "Clinical information",
    "office_reference": "The office's own reference",
    "determination_note": "Note of the determination",
    "note": "Note",
    "case_number": "Case number as typed",
}
#: never shown: it opens the case
SECRET = ("access_code_hash",)


@administrator.get("/withdrawals")
@allow(Role.ADMINISTRATOR)
def withdrawals() -> ResponseReturnValue:
    """List what is withdrawn from view."""
    if exports.wanted():
        head = ("what", "withdrawn", "by", "what happened", "back in view", "by")
        lines = (
            [
                row.about,
                row.withdrawn_at,
                row.withdrawn_by,
                row.reason,
                row.returned_at,
                row.returned_by,
            ]
            for row in queries.withdrawals(db_session())
        )
        return exports.as_csv("withdrawn-from-view", head, lines)
    return render_template(
        "admin/withdrawals.html",
        rows=queries.withdrawals(db_session()),
        documents=queries.documents(db_session()),
    )


@administrator.get("/withdrawals/<int:withdrawal_id>")
@allow(Role.ADMINISTRATOR)
def withdrawal(withdrawal_id: int) -> ResponseReturnValue:
    """Show one withdrawal as the privacy officer needs it: to be printed, or as CSV."""
    report = queries.report(db_session(), withdrawal_id)
    if exports.wanted():
        return exports.as_csv(f"withdrawal-{withdrawal_id}", ("what", "which", "value"), _csv(report))
    return render_template("admin/withdrawal.html", report=report, row=report.row, kept=list(_kept(report)))


@administrator.post("/withdrawals/<int:withdrawal_id>/return")
@allow(Role.ADMINISTRATOR)
def return_to_view(withdrawal_id: int) -> ResponseReturnValue:
    """Put back what was withdrawn by mistake."""
    use_cases.give_back(db_session(), withdrawal_id, account_id=account().id, now=now())
    flash("It is back in view. Documents stay withdrawn; the office sends them again.", "success")
    return redirect(url_for("administrator.withdrawal", withdrawal_id=withdrawal_id), code=303)


def _kept(report: WithdrawalReport) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Tell what stood there: (where, [(what, value)])."""
    for table, rows in report.kept.items():
        for row_id, columns in rows.items():
            if table == "inbound":
                yield f"Mail {row_id}", _of_mail(bytes.fromhex(columns["content"]))
                continue
            of_form = columns.get("body") or {}
            told = {**{name: value for name, value in columns.items() if name != "body"}, **of_form}
            shown = [
                (COLUMNS.get(name, name.replace("_", " ").capitalize()), str(value))
                for name, value in told.items()
                if name not in SECRET and value not in (None, "", [])
            ]
            if shown:
                where = TABLES[table] if table in ("denial", "left_request") else f"{TABLES[table]} {row_id}"
                yield where, shown


def _of_mail(content: bytes) -> list[tuple[str, str]]:
    mail = received.read(content)
    return [("From", mail.sender), ("Subject", mail.subject), ("What it says", mail.words)]


def _csv(report: WithdrawalReport) -> Iterator[list[object]]:
    row = report.row
    yield ["record", "", row.about]
    yield ["reason", "", row.reason]
    yield ["withdrawn", row.withdrawn_by, row.withdrawn_at]
    if row.returned_at is not None:
        yield ["back in view", row.returned_by, row.returned_at]
    for where, shown in _kept(report):
        for name, value in shown:
            yield [where, name, value]
    for seen in report.seen:
        yield ["on record first", seen.who, seen.first]
        yield ["on record last", seen.who, seen.last]
        yield ["did", seen.who, ", ".join(seen.did)]
    for address, count in report.mailed:
        yield ["mails sent", address, count]
