"""What nurses and the desk take down from an office by telephone or fax: from whom, and when it came (NC-8, BSP-4)."""

from datetime import datetime

from app.consults.taken_down import How, TakenDown
from app.web.edge import now
from app.web.forms import LONG, Form
from app.web.times import reader_zone
from scheduling.business_time import start_at

HOWS = [(How.TELEPHONE.value, "On the telephone"), (How.FAX.value, "By fax")]


def told_now_by(whom: str) -> dict[str, str]:
    """Fill in the fields: on the telephone, now, by the reader's clock."""
    local = now().astimezone(reader_zone())
    return {"how": How.TELEPHONE.value, "whom": whom, "came_on": local.date().isoformat(), "at": f"{local:%H:%M}"}


def read_taken_down(form: Form) -> TakenDown:
    """Read the fields; what is wrong is in the form's errors."""
    return TakenDown(
        how=How(form.choice("how", [how.value for how in How], "Choose how it came.") or How.TELEPHONE),
        whom=form.text("whom", "Write who told you, or whose fax it is."),
        at=_moment(form),
        what=form.text("what", "Write what was said, or what the fax holds.", limit=LONG, lines=True),
    )


def _moment(form: Form) -> datetime:
    on, typed = form.day("came_on", "Enter the day."), form.text("at", "Enter when it came, for example 14:05.")
    if on is None or not typed:
        return now()
    try:
        return start_at(on, datetime.strptime(typed, "%H:%M").time(), reader_zone())  # noqa: DTZ007 -- the zone follows
    except ValueError:
        form.fail("at", "Enter the time as in 14:05.")
        return now()
