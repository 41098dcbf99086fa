"""Reading a form."""

from datetime import date

import pytest

from app.npi import is_npi
from app.web.forms import Form


@pytest.mark.parametrize("npi", ["1234567893", "1245319599", "1003000126"])
def test_a_number_with_its_right_check_digit_is_an_npi(npi: str) -> None:
    assert is_npi(npi)


@pytest.mark.parametrize("npi", ["1234567890", "123456789", "12345678933", "3234567893", "abcdefghij", ""])
def test_a_number_with_another_is_none(npi: str) -> None:
    assert not is_npi(npi)


@pytest.mark.parametrize("typed", ["1962-03-14", "3/14/1962", "03/14/1962", "3-14-1962", " 3.14.1962 "])
def test_a_date_is_read_as_people_write_it(typed: str) -> None:
    form = Form({"born": typed})
    assert form.day("born") == date(1962, 3, 14)
    assert form.errors == {}


@pytest.mark.parametrize("typed", ["14/3/1962", "2/30/1962", "1962", "yesterday", "3/14/62"])
def test_a_date_that_is_none_is_asked_for_again(typed: str) -> None:
    form = Form({"born": typed})
    assert form.day("born") is None
    assert "month/day/year" in form.errors["born"]


@pytest.mark.parametrize(
    "typed", ["919-555-0142", "(919) 555-0142", "+1 919 555 0142", "9195550142 ext 12", "919.555.0142 x12"]
)
def test_a_telephone_number_is_kept_as_it_was_written(typed: str) -> None:
    form = Form({"phone": typed})
    assert form.phone("phone") == typed
    assert form.errors == {}


@pytest.mark.parametrize("typed", ["555-0142", "call me", "919-555-0142; drop table", "javascript:alert(1)"])
def test_what_nobody_can_dial_is_asked_for_again(typed: str) -> None:
    form = Form({"phone": typed})
    form.phone("phone")
    assert "area code" in form.errors["phone"]


@pytest.mark.parametrize("typed", ["desk@clinic.example", "a.b+c@x-y.example"])
def test_a_mail_address_is_taken(typed: str) -> None:
    form = Form({"email": typed})
    assert form.email("email") == typed
    assert form.errors == {}


@pytest.mark.parametrize(
    "typed",
    [
        *("desk", "desk@clinic", "desk@@clinic.example", "a@b.example\r\nBcc: x@y.example", "=?x?=@y"),
        # no mail could be sent there
        *("front..desk@clinic.example", "a=b@clinic.example", "desk@clinic..example"),
    ],
)
def test_what_is_no_mail_address_is_asked_for_again(typed: str) -> None:
    form = Form({"email": typed})
    form.email("email")
    assert "desk@clinic.example" in form.errors["email"]


def test_control_characters_are_left_out_and_lines_kept_where_they_may_be() -> None:
    form = Form({"a": "one\x00 two\r\nthree\u2028", "b": "one\r\ntwo\x07"})
    assert form.text("a") == "one two three"
    assert form.text("b", lines=True) == "one\ntwo"


def test_the_first_error_of_a_field_stays() -> None:
    form = Form({"a": ""})
    form.text("a", "Enter a.")
    form.fail("a", "Another.")
    assert form.errors == {"a": "Enter a."}


def test_a_text_that_is_too_long_says_how_long_it_may_be() -> None:
    form = Form({"a": "x" * 1201})
    form.text("a", limit=1200)
    assert form.errors["a"] == "Shorten this to 1,200 characters; it has 1,201."
