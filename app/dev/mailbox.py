"""The pages of the development mailbox. Only development registers them."""

from flask import Blueprint, Response, abort, jsonify, render_template

from app.dev.mail_folder import MailFolder
from app.models import Role
from app.web.access import allow
from app.web.edge import settings

pages = Blueprint("mailbox", __name__, url_prefix="/dev", template_folder="templates")


@pages.get("/mailbox")
@allow(Role.ANYONE)
def show() -> str:
    """Show all mails, the newest first."""
    return render_template("dev/mailbox.html", mails=_folder().mails()[::-1])


@pages.get("/mailbox.json")
@allow(Role.ANYONE)
def as_json() -> Response:
    """List all mails in the order of arrival."""
    rows = [
        {"id": mail.id, "to": mail.to, "subject": mail.subject, "sent_at": mail.sent_at.isoformat()}
        for mail in _folder().mails()
    ]
    return jsonify(rows)


@pages.get("/mailbox/<int:number>.eml")
@allow(Role.ANYONE)
def as_file(number: int) -> Response:
    """Give a mail out, byte for byte."""
    mail = _folder().mail(number) or abort(404)
    return Response(
        mail.content,
        mimetype="message/rfc822",
        headers={"Content-Disposition": f"attachment; filename={number}.eml"},
    )


def _folder() -> MailFolder:
    folder = settings().development_mailbox
    assert folder is not None, "only development registers these pages"
    return MailFolder(folder)
