"""Reading a form: every answer once, with an error beside the field that says how to put it right."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Self

from flask import request
from werkzeug.datastructures import MultiDict

from app.mail.compose import is_mail_address
from app.npi import is_npi

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
_PHONE = re.compile(r"[\d\s().+/-]+(?:(?:x|ext\.?) ?\d+)?")
SHORT, LONG = 200, 10_000


class Form:
    """What was typed, by name, and what is wrong with it. What was typed stays for the page that shows the errors."""

    def __init__(self, values: Mapping[str, str] | MultiDict[str, str] | None = None) -> None:
        self.values: MultiDict[str, str] = MultiDict(values or {})
        self.errors: dict[str, str] = {}

    @classmethod
    def typed(cls) -> Self:
        """Take the form that was sent."""
        return cls(request.form)

    def text(self, name: str, missing: str | None = None, *, limit: int = SHORT, lines: bool = False) -> str:
        """Read a text without blanks around it. `missing`: the error if it is empty; None: it may be."""
        typed = _CONTROL.sub("", self.values.get(name, "")).replace("\r\n", "\n").strip()
        if not lines:
            typed = " ".join(typed.split())
        if not typed and missing:
            self.fail(name, missing)
        if len(typed) > limit:
            self.fail(name, f"Shorten this to {limit:,} characters; it has {len(typed):,}.")
        return typed

    def choice(self, name: str, options: Iterable[str], missing: str | None = None) -> str:
        """Read one of `options`; anything else counts as not chosen."""
        typed = self.values.get(name, "")
        if typed in options:
            return typed
        if missing:
            self.fail(name, missing)
        return ""

    def tick(self, name: str, missing: str | None = None) -> bool:
        """Read a checkbox."""
        ticked = bool(self.values.get(name))
        if not ticked and missing:
            self.fail(name, missing)
        return ticked

    def day(self, name: str, missing: str | None = None) -> date | None:
        """Read a date: what a date field sends, or as people write it in the United States, 3/14/1962."""
        typed = self.text(name, missing)
        if not typed:
            return None
        parts = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", typed)
        american = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", typed)
        try:
            if parts:
                return date(int(parts[1]), int(parts[2]), int(parts[3]))
            if american:
                return date(int(american[3]), int(american[1]), int(american[2]))
        except ValueError:
            pass
        self.fail(name, "Enter the date as month/day/year, for example 3/14/1962.")
        return None

    def email(self, name: str, missing: str | None = None) -> str:
        """Read a mail address."""
        typed = self.text(name, missing)
        if typed and not is_mail_address(typed):
            self.fail(name, "Enter a mail address such as desk@clinic.example.")
        return typed

    def phone(self, name: str, missing: str | None = None) -> str:
        """Read a telephone number of at least ten digits, as it was written."""
        typed = self.text(name, missing, limit=60)
        if typed and (len(re.sub(r"\D", "", typed)) < 10 or not _PHONE.fullmatch(typed)):
            self.fail(name, "Enter the number with area code, for example 919-555-0142 or 919-555-0142 ext 12.")
        return typed

    def npi(self, name: str, missing: str | None = None) -> str:
        """Read a National Provider Identifier: ten digits with a right check digit."""
        typed = re.sub(r"[\s-]", "", self.text(name, missing))
        if typed and not is_npi(typed):
            self.fail(name, "Check the NPI: it has ten digits, and one of these is not right.")
        return typed

    def fail(self, name: str, message: str) -> None:
        """Put an error beside a field; the first one for each field stays."""
        self.errors.setdefault(name, message)
