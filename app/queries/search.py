"""The desk's search: one box over everything, words that all have to match. What is typed stands in no address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.models import Consult, Denial, Director
from scheduling.values import Status

#: a search shows so many cases; more would not be read
MOST_FOUND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A case that a search found, with its open or else its last request."""

    denial_id: int
    case_number: str
    plan: str
    member_name: str
    member_id_end: str
    birth_year: int | None
    service: str
    director_name: str | None
    reference: str | None
    status: Status | None
    speaker_name: str | None
    office_contact: str | None


def search(session: Session, typed: str) -> list[Found]:
    """Find cases by words that all have to match something about them. One statement.

    A word is part of a case number, a reference, a member's name or id, a name, number or address of the office or the
    physician, a director's name; or a birth date. Signs inside numbers do not matter: 919 555 0142 finds 919-555-0142.
    """
    terms = _terms(typed)
    if not terms:
        return []
    query = (
        select(Denial, Consult, Director.name)
        .outerjoin(Consult, Consult.denial_id == Denial.id)
        .outerjoin(Director, Director.id == func.coalesce(Consult.director_id, Denial.director_id))
        .where(and_(*(_matches(term) for term in terms)))
        .order_by(Consult.closed_at.is_(None).desc(), Denial.id.desc(), Consult.id.desc())
        .limit(4 * MOST_FOUND)
    )
    found: dict[int, Found] = {}
    for denial, consult, director in session.execute(query):
        found.setdefault(denial.id, _found(denial, consult, director))
    return list(found.values())[:MOST_FOUND]


def _terms(typed: str) -> Sequence[str]:
    parts = re.sub(r"(?<=\d)[\s().-]+(?=\d)", "-", typed.strip()).split()
    return [part for part in parts if len(re.sub(r"\W", "", part)) >= 2][:8]


def _matches(term: str) -> ColumnElement[bool]:
    words = func.concat_ws(
        " ",
        Denial.case_number,
        Denial.member_name,
        Denial.member_id,
        Denial.requester_name,
        Consult.reference,
        Consult.speaker_name,
        Consult.office_contact,
        Consult.office_email,
        Consult.office_reference,
        Director.name,
    )
    numbers = func.concat_ws(
        " ", Denial.case_number, Denial.member_id, Consult.reference, Consult.speaker_phone, Consult.office_phone
    )
    options = [words.icontains(term, autoescape=True)]
    born = _date(term)
    if born is not None:
        options.append(Denial.member_birth_date == born)
    bare = re.sub(r"[^0-9A-Za-z]", "", term)
    if any(letter.isdigit() for letter in bare) and len(bare) >= 4:
        options.append(func.regexp_replace(numbers, "[^0-9A-Za-z ]", "", "g").icontains(bare, autoescape=True))
    return or_(*options)


def _date(term: str) -> date | None:
    american = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", term)
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", term)
    try:
        if american:
            return date(int(american[3]), int(american[1]), int(american[2]))
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
    except ValueError:
        return None
    return None


def _found(denial: Denial, consult: Consult | None, director: str | None) -> Found:
    return Found(
        denial_id=denial.id,
        case_number=denial.case_number,
        plan=denial.plan,
        member_name=denial.member_name,
        member_id_end=denial.member_id[-4:],
        birth_year=denial.member_birth_date.year if denial.member_birth_date else None,
        service=denial.service,
        director_name=director,
        reference=consult.reference if consult else None,
        status=consult.status if consult else None,
        speaker_name=consult.speaker_name if consult else None,
        office_contact=consult.office_contact if consult else None,
    )
