"""The token in the address that answers come to: one for each consult and address, which nobody else can make."""

import pytest

from app.mail.reply_address import ReplyAddress, Token

ANSWERS = ReplyAddress.keyed("consults+{}@plan.example", "s" * 32)


def token(address: str) -> Token:
    found = ANSWERS.token_in(["x@y.example", address])
    assert found is not None
    return found


def test_the_token_leads_back_to_the_consult_and_fits_the_address_alone() -> None:
    address = ANSWERS.of("P2P-7F3K-9Q2M", "dana.lee@plan.example")
    assert address.startswith("consults+7f3k9q2m")
    assert len(address.partition("@")[0]) <= 64
    assert token(address).reference == "P2P-7F3K-9Q2M"
    assert ANSWERS.fits(token(address), "Dana.Lee@plan.example")
    assert not ANSWERS.fits(token(address), "pat@ortho.example")


def test_servers_may_change_the_letters_of_an_address() -> None:
    address = ANSWERS.of("P2P-7F3K-9Q2M", "dana.lee@plan.example")
    assert ANSWERS.fits(token(address.upper()), "dana.lee@plan.example")


def test_another_key_and_another_consult_have_another_token() -> None:
    dana = "dana.lee@plan.example"
    others = ReplyAddress.keyed(ANSWERS.pattern, "t" * 32)
    forged = others.of("P2P-7F3K-9Q2M", dana)
    assert not ANSWERS.fits(token(forged), dana)
    moved = ANSWERS.of("P2P-7F3K-9Q2M", dana).replace("7f3k9q2m", "aaaaaaaa")
    assert not ANSWERS.fits(token(moved), dana)
    assert "s" * 32 not in repr(ANSWERS)


@pytest.mark.parametrize(
    "address",
    ["consults@plan.example", "consults+short@plan.example", "consults+7f3k9q2m0000000000000000@plan.example", ""],
)
def test_an_address_without_token_has_none(address: str) -> None:
    assert ANSWERS.token_in([address]) is None


def test_where_the_setting_has_no_place_for_a_token_there_is_none() -> None:
    """For mail servers that know nothing of a plus."""
    plain = ReplyAddress.keyed("consults@plan.example", "s" * 32)
    assert plain.of("P2P-7F3K-9Q2M", "dana.lee@plan.example") == "consults@plan.example"
    assert plain.token_in(["consults@plan.example"]) is None
