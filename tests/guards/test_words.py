"""Whatever is written into the history of a case can be told in plain words on the desk's page."""

import re

from app.dev.surroundings import ROOT
from app.web.coordinator import log
from scheduling.values import What

WRITTEN = re.compile(r'what="(\w+)"|_remark\(session, file, "(\w+)"|^[A-Z]+ = "(brief_\w+|document_\w+)"', re.MULTILINE)


def test_every_word_of_the_history_is_told_in_plain_words() -> None:
    found = {
        word
        for file in (ROOT / "app").rglob("*.py")
        for match in WRITTEN.finditer(file.read_text())
        for word in match.groups()
        if word
    }
    assert {"information", "imported", "brief_opened", "document_opened", "accepted_despite_refusal"} <= found
    assert sorted((found | {what.value for what in What}) - log._WORDS.keys()) == []
