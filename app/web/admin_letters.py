"""The administrator's page of letters: what each plan's are set in, whether they can be made, and a look at each."""

from flask import render_template
from flask.typing import ResponseReturnValue

from app.errors import Conflict, NotFound
from app.letters import sample
from app.letters.render import LetterError
from app.models import LetterKind, Role
from app.web.access import allow
from app.web.admin import administrator
from app.web.edge import now, setup
from app.web.letters import TITLES, pdf
from scheduling.values import Rulebook


@administrator.get("/letters")
@allow(Role.ADMINISTRATOR)
def letters() -> ResponseReturnValue:
    """List the letters of each plan in force, with the template and what is missing."""
    plans = [setup().policies.current(plan) for plan in sorted(setup().policies.in_force)]
    return render_template(
        "admin/letters.html",
        plans=[(rulebook.policy, [_row(rulebook, kind) for kind in LetterKind]) for rulebook in plans],
        titles=TITLES,
    )


@administrator.get("/letters/<plan>/<kind>.pdf")
@allow(Role.ADMINISTRATOR)
def letter_preview(plan: str, kind: str) -> ResponseReturnValue:
    """Show a plan's letter, filled with made-up values."""
    if plan not in setup().policies.in_force or kind not in set(LetterKind):
        raise NotFound("There is no such letter.")
    rulebook, which = setup().policies.current(plan), LetterKind(kind)
    templates = setup().templates
    try:
        made = templates.set(templates.find(plan, which), sample.values(rulebook, which), now=now())
    except LetterError as error:
        raise Conflict(str(error)) from None
    return pdf(made, f"preview-{kind}")


def _row(rulebook: Rulebook, kind: LetterKind) -> tuple[LetterKind, str, list[str]]:
    """Say what a letter is set in, and what keeps it from being made."""
    faults = sample.faults(setup().templates, rulebook, kind)
    try:
        template = setup().templates.find(rulebook.policy.id, kind)
    except LetterError:
        return kind, "", faults
    return kind, f"{template.name}@{template.hash[:12]}", faults
