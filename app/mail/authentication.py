"""Whose mail it is, in the words of the server that took it in: Authentication-Results (RFC 8601).

Nobody here verifies a signature: the server that received the mail has, with the keys of that moment. What it found
stands in a header with its own name, and it takes such headers away from what comes in (section 5).
"""

import re
from collections.abc import Sequence

#: a header that is longer says nothing that is believed
LONGEST = 8192


def signed_by(results: Sequence[str], *, authserv_id: str) -> frozenset[str]:
    """Return the domains whose DKIM signature was found right by the server of that name.

    `results`: the values of all Authentication-Results headers, the topmost first. Only the topmost with that name
    counts: one further down came in with the mail.
    """
    for result in results:
        head, *found = _parts(result) if len(result) <= LONGEST else [""]
        if head.lower().split()[:1] == [authserv_id.lower()]:
            return frozenset(domain for each in found if (domain := _passed(each)))
    return frozenset()


def is_aligned(address: str, domains: frozenset[str]) -> bool:
    """Tell whether the domain of an address, or one above it, is among those that signed.

    A signature of a domain below the address's own does not count: such domains are lent to others.
    """
    labels = address.rpartition("@")[2].lower().rstrip(".").split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels) - 1))


def _passed(result: str) -> str:
    """Return the domain of a `dkim=pass`, by `header.d` or else `header.i`; nothing for whatever else."""
    method, *properties = re.sub(r"\s*=\s*", "=", result).split() or [""]
    name, _, outcome = method.lower().partition("=")
    if name.partition("/")[0] != "dkim" or outcome != "pass":
        return ""
    told = {key.lower(): value for key, _, value in (each.partition("=") for each in properties)}
    signer = told.get("header.d") or told.get("header.i", "").rpartition("@")[2]
    return signer.lower().rstrip(".")


def _parts(text: str) -> list[str]:
    """Part at the semicolons, without quotation marks and without comments, which may be nested."""
    parts, depth, quoted = [""], 0, False
    characters = iter(text)
    for character in characters:
        if character == "\\" and (depth or quoted):
            escaped = next(characters, "")
            parts[-1] += "" if depth else escaped
        elif character == '"' and not depth:
            quoted = not quoted
        elif not quoted and character in "()":
            depth = max(depth + (1 if character == "(" else -1), 0)
            parts[-1] += " "
        elif depth:
            continue
        elif character == ";" and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts
