"""Names of files, as somebody elsewhere chose them: made fit to be shown and stored."""

import re
import unicodedata

LONGEST = 120


def clean(name: str) -> str:
    """Return the last part of a path without what cannot be seen or turns the line around; never empty.

    A name that is too long loses its middle: its beginning tells what it is, its ending what kind.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if each.isspace() else each for each in last if _is_seen(each))
    text = " ".join(seen.split()).lstrip(".").strip()
    if len(text) > LONGEST:
        stem, dot, ending = text.rpartition(".")
        ending = (dot + ending)[:10] if stem else ""
        text = text[: LONGEST - len(ending) - 1] + "…" + ending
    return text or "document"


def _is_seen(character: str) -> bool:
    # other, format, surrogate, private, unassigned: among them what reverses the direction of writing
    return character.isspace() or not unicodedata.category(character).startswith("C")
