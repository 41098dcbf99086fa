"""Reads how an office is reached, from the forms of the office and of the desk."""

from dataclasses import asdict

from app.consults.reach import Reach, reach_of
from app.models import Consult
from app.web.forms import Form


def form_of(consult: Consult) -> Form:
    """Begin a form with what is known."""
    return Form({"version": str(consult.version), **asdict(reach_of(consult))})


def read_reach(form: Form, *, talk: bool, needs_mail: bool) -> Reach:
    """Read the form; faults stand beside its fields."""
    backup_name = form.text("backup_name")
    number = "Enter the number that the medical director will call." if talk else None
    missing = "Enter the back-up's number, or leave the name empty." if backup_name else None
    return Reach(
        speaker_phone=form.phone("speaker_phone", number),
        backup_name=backup_name,
        backup_phone=form.phone("backup_phone", missing),
        how_to_reach=form.text("how_to_reach", limit=500, lines=True),
        office_contact=form.text("office_contact", "Enter a name."),
        office_email=form.email("office_email", "Enter the mail address for the invitation." if needs_mail else None),
        office_phone=form.phone("office_phone"),
    )
