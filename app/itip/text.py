"""Text that somebody typed, made harmless before it enters a calendar or a header."""

import unicodedata
from functools import lru_cache

#: Cc control, Cs half a character, Zl and Zp line ends that `str.splitlines` and some readers honour
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: marks that turn the direction of writing, and with it what a number seems to be
_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HEADER_MARKS = frozenset(" .,:;'’()/&#+–-")


def line(text: str) -> str:
    """Return `text` as one line without control characters; double quotes become single ones."""
    if not text.isprintable():  # all that is taken away is not printable, and nearly every text is
        text = "".join(
            " " if unicodedata.category(character) in _BREAKS or character in _TURNS else character
            for character in text
        )
    return " ".join(text.replace('"', "'").split())


def lines(text: str) -> str:
    """Return `text` with its line breaks and nothing else that `line` takes away."""
    return "\n".join(line(part) for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()


def name(text: str) -> str:
    """Return `text` as a CN parameter can carry it: as `line`, without what some readers take for an escape there.

    That is the circumflex (RFC 6868) and the backslash, which means nothing in a parameter and is read all the same.
    """
    return line(text.replace("^", " ").replace("\\", "/"))


def words(text: str, longest: int = 150) -> str:
    """Return `text` as a header may carry it: letters, digits and plain punctuation.

    `=`, `?`, `<`, `>`, quotes and backslashes are left out, so that nothing in it can be read as an encoded word or as
    an address: Python before 3.11.10 lets an encoded newline through (CVE-2024-6923).
    """
    kept = "".join(map(_header_character, line(text)))
    return " ".join(kept.split())[:longest].rstrip()


@lru_cache(maxsize=1024)
def _header_character(character: str) -> str:
    return character if unicodedata.category(character)[0] in "LMN" or character in _HEADER_MARKS else " "
