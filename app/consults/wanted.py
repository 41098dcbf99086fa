"""What a nurse still wants from an office; whatever information comes next answers it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Wanted
from scheduling.policy_words import InformationRule
from scheduling.values import Rulebook


def open_question(session: Session, consult_id: int) -> Wanted | None:
    """Read what the office has still to answer."""
    return session.scalar(select(Wanted).where(Wanted.consult_id == consult_id, Wanted.answered_at.is_(None)))


def information_came(session: Session, consult_id: int, *, now: datetime) -> None:
    """Take what a nurse wanted as answered: she looks at it next. To be called whenever information comes in."""
    wanted = open_question(session, consult_id)
    if wanted is not None:
        wanted.answered_at = now


def takes_more(rulebook: Rulebook) -> bool:
    """Tell whether an office could send more without losing its request by it."""
    rule = rulebook.policy.clinical_information.rule
    return rule not in (InformationRule.REFUSED, InformationRule.CONVERTS_TO_APPEAL)
