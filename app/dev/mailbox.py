"""The pages of the development mailbox. Only development registers them."""

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.dev import answering
from app.dev.mail_folder import MailFolder, keep_whole
from app.mail.inbox import development_folder
from app.models import Role
from app.web.access import allow
from app.web.edge import now, peerline, settings
from app.web.forms import Form

pages = Blueprint("mailbox", __name__, url_prefix="/dev", template_folder="templates")


@pages.get("/mailbox")
@allow(Role.ANYONE)
def show() -> str:
    """Show all mails, the newest first."""
    mails = _folder().mails()[::-1]
    return render_template(
        "dev/mailbox.html", mails=mails, answers=answering.ANSWERS, is_invitation=answering.is_invitation
    )


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


@pages.post("/mailbox/<int:number>/answer")
@allow(Role.ANYONE)
def answer(number: int) -> ResponseReturnValue:
    """Answer an invitation for its reader, by mail; the worker is woken to read it."""
    mail = _folder().mail(number) or abort(404)
    word = Form.typed().choice("answer", tuple(answering.ANSWERS))
    if not word or not answering.is_invitation(mail):
        abort(404)
    content = answering.reply_to(mail, word, now=now())
    keep_whole(development_folder(_folder().folder) / f"{number:06d}-{now().timestamp()}.eml", content)
    peerline().process.nudger.nudge("inbox")
    flash(f"{mail.to} answered by mail: {word}. In a second or two it is read.", "success")
    return redirect(url_for("mailbox.show"), code=303)


def _folder() -> MailFolder:
    folder = settings().development_mailbox
    assert folder is not None, "only development registers these pages"
    return MailFolder(folder)
