"""FHIR: the Da Vinci PAS response bundles, as they are and broken in every place."""

import copy
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from app.denials import fhir
from app.denials.fhir import read_bundle
from app.denials.records import Given
from app.models import Denial
from tests.denials.conftest import FHIR, PROMISE, Import

DENIAL = FHIR / "valid_pa_response_bundle_denial.json"
Stored = Callable[[], list[Denial]]


def test_the_denial_becomes_a_denial(run: Import, stored: Stored, director_npi: str) -> None:
    """A3, not certified."""
    result = run(DENIAL, "--plan", PROMISE, "--director", director_npi)
    assert result.exit_code == 0, result.output
    (denial,) = stored()
    assert (denial.plan, denial.case_number, denial.decision.value) == (PROMISE, "AUTH0001", "deny")
    assert (denial.member_name, denial.member_id, denial.member_birth_date) == ("JOE SMITH", "12345678901", None)
    assert (denial.setting.value, denial.urgency.value) == ("pre_service", "elective")
    assert denial.dates == {"initial_decision": "2005-05-02", "service": "2005-05-02"}
    assert denial.service == "Consultation (3)"
    assert denial.requester_name == "DR. JOE SMITH CORPORATION"
    assert denial.director_id is not None


def test_the_approval_is_told_to_be_none(run: Import, stored: Stored) -> None:
    """A1, certified in total."""
    result = run(FHIR / "valid_pa_response_bundle.json", "--plan", PROMISE)
    assert result.exit_code == 0
    assert "is no denial: certified in total, an approval (A1); nothing is stored" in result.output
    assert stored() == []
