"""The administrator's pages of the policies in force: in plain English, their worked examples, the cases decided."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import render_template
from flask.typing import ResponseReturnValue

from app.errors import NotFound
from app.models import Role
from app.queries import admin as queries
from app.queries.coordinator import MOST_ROWS
from app.web import exports
from app.web.access import allow
from app.web.admin import administrator
from app.web.edge import db_session, setup
from app.web.office.words import REFUSALS
from app.web.times import day, when
from scheduling.policy_examples import denial_of, failures, outcome
from scheduling.policy_text import in_plain_english
from scheduling.values import Rulebook

DUE = {
    "request_by": "ask before",
    "occur_by": "talk before",
    "sla": "owed before",
    "target": "the plan's aim",
    "review_due": "nurse's decision due",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """A worked example: what is given, and what the rules make of it. All in the plan's zone."""

    title: str
    given: tuple[str, ...]
    comes: tuple[str, ...]


@administrator.get("/policies")
@allow(Role.ADMINISTRATOR)
def policies() -> ResponseReturnValue:
    """List the policies in force, and how many requests each version decided."""
    rulebooks = sorted(setup().policies.current_by_id.values(), key=lambda rulebook: rulebook.policy.name)
    return render_template("admin/policies.html", rulebooks=rulebooks, used=queries.decided_under(db_session()))


@administrator.get("/policies/<policy_id>")
@allow(Role.ADMINISTRATOR)
def policy(policy_id: str) -> ResponseReturnValue:
    """Say a policy in plain English, with its worked examples and whether they hold."""
    rulebook = _rulebook(policy_id)
    return render_template(
        "admin/policy.html",
        policy=rulebook.policy,
        paragraphs=in_plain_english(rulebook.policy).split("\n\n"),
        examples=worked(rulebook),
        failures=failures(rulebook),
        used=queries.decided_under(db_session(), policy_id),
    )


@administrator.get("/policies/<policy_id>/requests/<policy_hash>")
@allow(Role.ADMINISTRATOR)
def decided_under(policy_id: str, policy_hash: str) -> ResponseReturnValue:
    """List the requests that one version of a policy has decided, the last one first."""
    rows = queries.decided(db_session(), policy_id, policy_hash)
    if exports.wanted():
        head = ("request", "case", "received", "status", "closed", "policy", "hash")
        lines = (
            [row.reference, row.case_number, row.received_at, row.status, row.closed_reason, policy_id, policy_hash]
            for row in rows
        )
        return exports.as_csv(f"decided-under-{policy_hash[:12]}", head, lines)
    rulebook = setup().policies.current_by_id.get(policy_id)
    return render_template(
        "admin/decided.html",
        rows=rows,
        policy_id=policy_id,
        policy_hash=policy_hash,
        name=rulebook.policy.name if rulebook else policy_id,
        in_force=rulebook is not None and rulebook.policy.hash == policy_hash,
        most=MOST_ROWS,
    )


def worked(rulebook: Rulebook) -> list[Worked]:
    """Work the examples of a policy: what each is about, and what the rules say of it now."""
    zone, found = rulebook.policy.plan.time_zone, []
    for example in rulebook.policy.examples:
        denial, asked = denial_of(rulebook.policy, example), example.request
        given = [f"{denial.urgency.value}, {denial.setting.value.replace('_', '-')}, {denial.decision.value}"]
        given += [f"{name.replace('_', ' ')} {_said(value, zone)}" for name, value in denial.dates.items()]
        given.append(f"asked {when(asked.received, zone)}")
        given += ["with reconsideration"] if asked.reconsideration else []
        given += ["with information"] if asked.information else []
        said = outcome(rulebook, example)
        comes = ["Accepted" if said["accepted"] else f"Refused: {_refusal(str(said['reason']))}"]
        comes += [f"{words} {_said(said[name], zone)}" for name, words in DUE.items() if said[name] is not None]
        found.append(Worked(title=example.title, given=tuple(given), comes=tuple(comes)))
    return found


def _said(value: object, zone: ZoneInfo) -> str:
    return when(value, zone) if isinstance(value, datetime) else day(value) if isinstance(value, date) else str(value)


def _refusal(reason: str) -> str:
    refusal = REFUSALS.get(reason)
    return refusal.title if refusal else reason


def _rulebook(policy_id: str) -> Rulebook:
    rulebook = setup().policies.current_by_id.get(policy_id)
    if rulebook is None:
        raise NotFound("There is no such policy in force.")
    return rulebook
