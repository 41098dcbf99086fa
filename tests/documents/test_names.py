"""Names of files come from elsewhere: they are shown and stored, and can do neither harm."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents.names import LONGEST, clean


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("letter.pdf", "letter.pdf"),
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Pat\\MRI of C. Wren.PDF", "MRI of C. Wren.PDF"),
        ("/", "document"),
        ("", "document"),
        ("...", "document"),
        (".htaccess", "htaccess"),
        ("line\r\nSet-Cookie: a=b.pdf", "line Set-Cookie: a=b.pdf"),
        ("scan\u202efdp.exe", "scanfdp.exe"),
        ("zero\u200bwidth\x00.pdf", "zerowidth.pdf"),
        ("caf\u0065\u0301.pdf", "café.pdf"),
        ("  many   blanks\t.pdf", "many blanks .pdf"),
        ("診断書.pdf", "診断書.pdf"),
        ("<script>alert(1)</script>.pdf", "script>.pdf"),
        ("😀" * 200 + ".pdf", "😀" * (LONGEST - 5) + "….pdf"),
    ],
)
def test_a_name_is_made_fit_to_be_shown(given_name: str, kept: str) -> None:
    assert clean(given_name) == kept


@given(st.text())
def test_any_name_becomes_one_short_line_without_a_path(name: str) -> None:
    kept = clean(name)
    assert 0 < len(kept) <= LONGEST
    assert not set(kept) & set("/\\\r\n\0")
    assert not any(unicodedata.category(each).startswith("C") for each in kept)
    assert clean(kept) == kept
