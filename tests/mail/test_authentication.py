"""Whose mail it is, by the word of the server that took it in (RFC 8601)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.authentication import is_aligned, signed_by

MX = "mx.plan.example"


@pytest.mark.parametrize(
    ("results", "domains"),
    [
        (["mx.plan.example; dkim=pass header.d=ortho.example header.s=k1"], {"ortho.example"}),
        (["MX.Plan.Example 1; spf=pass;\r\n\tdkim=pass header.d=Ortho.Example."], {"ortho.example"}),
        (["mx.plan.example;\n dkim=pass (a key; and) header.d=ortho.example; dmarc=pass"], {"ortho.example"}),
        (["mx.plan.example; dkim=pass header.i=@ortho.example header.s=k1"], {"ortho.example"}),
        (["mx.plan.example; dkim = pass  header.d = \"ortho.example\""], {"ortho.example"}),
        (["mx.plan.example; dkim/1=pass header.d=ortho.example"], {"ortho.example"}),
        (["mx.plan.example; dkim=fail header.d=a.example; dkim=pass header.d=b.example"], {"b.example"}),
        (["mx.plan.example; dkim=fail (dkim=pass header.d=ortho.example)"], set()),
        (["mx.plan.example; dkim=fail reason=\"; dkim=pass header.d=ortho.example\""], set()),
        (["mx.plan.example; dkim=passed header.d=ortho.example"], set()),
        (["mx.plan.example; spf=pass smtp.mailfrom=ortho.example; arc=pass"], set()),
        (["mx.plan.example; none"], set()),
        (["evil.example; dkim=pass header.d=ortho.example"], set()),
        (["mx.plan.example.evil.example; dkim=pass header.d=ortho.example"], set()),
        (["(mx.plan.example) evil.example; dkim=pass header.d=ortho.example"], set()),
        # Exchange Online leaves its own name out
        (["spf=pass smtp.mailfrom=ortho.example; dkim=pass header.d=ortho.example"], set()),
        ([""], set()),
        ([], set()),
    ],
)  # fmt: skip
def test_the_domains_that_signed_are_those_the_own_server_found_right(results: list[str], domains: set[str]) -> None:
    assert signed_by(results, authserv_id=MX) == domains


def test_only_the_topmost_of_the_own_server_counts() -> None:
    """I2: one further down came in with the mail."""
    forged = "mx.plan.example; dkim=pass header.d=plan.example"
    assert signed_by(["mx.plan.example; dkim=none", forged], authserv_id=MX) == set()
    assert signed_by(["inner.plan.example; dkim=none", forged], authserv_id=MX) == {"plan.example"}


def test_a_header_without_end_is_not_believed() -> None:
    assert signed_by([f"{MX}; dkim=pass header.d=a.example {'x' * 9000}"], authserv_id=MX) == set()


@pytest.mark.parametrize(
    ("address", "signer", "aligned"),
    [
        ("dana@plan.example", "plan.example", True),
        ("dana@Mail.Plan.Example", "plan.example", True),
        ("dana@plan.example", "mail.plan.example", False),
        ("dana@plan.example", "evilplan.example", False),
        ("dana@plan.example", "example", False),
        ("dana@plan.example", "", False),
        ("", "plan.example", False),
        ("dana", "plan.example", False),
    ],
)
def test_a_signature_counts_for_its_domain_and_those_below(address: str, signer: str, aligned: bool) -> None:
    assert is_aligned(address, frozenset({signer})) is aligned


@given(st.lists(st.text(max_size=60), max_size=4))
def test_no_header_is_an_error(results: list[str]) -> None:
    assert signed_by(results, authserv_id=MX) == set()
