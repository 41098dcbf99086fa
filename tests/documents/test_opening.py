"""What a file is, is found out by opening it: files made to deceive are refused, honest ones are taken."""

import io

import pytest

from app.documents import opening
from app.models import RefusedBecause
from tests.documents.files import DECEIVING, HONEST


@pytest.mark.parametrize("name", DECEIVING)
def test_a_file_made_to_deceive_is_refused_with_the_reason(name: str) -> None:
    make, because = DECEIVING[name]
    assert opening.verdict(io.BytesIO(make())) == f"refused {because}"
    assert RefusedBecause(because)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_is_what_it_says(name: str) -> None:
    make, what = HONEST[name]
    assert opening.verdict(io.BytesIO(make())) == what
