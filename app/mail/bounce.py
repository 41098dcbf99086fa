"""Mail about mail that did not arrive: delivery status notifications (RFC 3464), and the words of older servers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message

from app.itip import text

#: so much of what a server says is kept
LONGEST_WORDS = 200

_SENDERS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mailer_daemon"})
_SUBJECT = re.compile(
    r"undeliver|not delivered|returned mail|returned to sender|delivery (?:status|failure|failed|has failed)"
    r"|failure notice|mail delivery|delayed|could not (?:be )?(?:sen[dt]|deliver)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ -](?=\S)")
_DELAYED = re.compile(
    r"delayed|will be retried|still (?:be )?(?:undelivered|trying)|not yet been delivered|no need to re-?send",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a server says of a mail of ours."""

    failed: bool
    "given up; otherwise it is late, or was handed on"
    status: str
    "5.1.1, or a code as 550; empty where none is told"
    said: str


def read(reports: Sequence[Sequence[Message]], *, sender: str, headers: Mapping[str, str], words: str) -> Bounce | None:
    """Tell what a mail says of one of ours; None where it says nothing of that kind.

    `reports`: the delivery status parts, each as its groups of fields. `headers` has small letters for names. `words`:
    what it says to people.
    """
    groups = [group for report in reports for group in report if group.get("Action") or group.get("Status")]
    if groups:
        return _of_report(groups)
    local = sender.partition("@")[0].lower()
    speaks = local in _SENDERS or "x-failed-recipients" in headers
    nobody = headers.get("return-path", "").strip() == "<>"
    if not (speaks or nobody) or not (_SUBJECT.search(headers.get("subject", "")) or "x-failed-recipients" in headers):
        return None
    found = _STATUS.search(words) or _CODE.search(words)
    return Bounce(
        failed=not _DELAYED.search(words) and not _DELAYED.search(headers.get("subject", "")),
        status=found[1] if found else "",
        said=_line_with(words, found[0]) if found else "",
    )


def _of_report(groups: Sequence[Message]) -> Bounce:
    """Take the worst of what is said of each recipient; our mails have one."""
    failed = [group for group in groups if _field(group, "Action").lower() == "failed"]
    untold = [group for group in groups if not _field(group, "Action") and _field(group, "Status").startswith("5")]
    worst = (failed or untold or list(groups))[0]
    status = _STATUS.search(_field(worst, "Status"))
    return Bounce(
        failed=bool(failed or untold),
        status=status[1] if status else "",
        said=text.line(_field(worst, "Diagnostic-Code").partition(";")[2])[:LONGEST_WORDS].strip(),
    )


def _field(group: Message, name: str) -> str:
    return str(group.get(name, ""))[:2000].strip()


def _line_with(words: str, found: str) -> str:
    line = next((line for line in words.splitlines() if found in line), "")
    return text.line(line)[:LONGEST_WORDS].strip()
