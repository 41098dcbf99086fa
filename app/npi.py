"""National Provider Identifiers."""

import re

TEN_DIGITS = re.compile(r"[0-9]{10}")
#: what the card issuer prefix 80840, which stands before every NPI, adds to the sum of the digits
_PREFIX = 24


def is_npi(text: str) -> bool:
    """Tell whether this is an NPI: ten digits whose last one is right (Luhn over 80840 and the NPI)."""
    if not TEN_DIGITS.fullmatch(text):
        return False
    digits = [int(character) for character in text]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (_PREFIX + sum(digits[::-2]) + doubled) % 10 == 0
