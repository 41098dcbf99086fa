"""Where answers come to: the service's mailbox with a token in it, one for each consult and address.

The token is the consult's reference and a seal, an HMAC over the consult and the address that the mail went to. Whoever
answers to it has seen that address's own copy; the other side of the same consult has another one.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

#: what stands for the token in the address that a setting names
PLACE = "{}"
#: characters of a reference and of a seal (80 bits)
REFERENCE, SEAL = 8, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What an answer was addressed to."""

    reference: str
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """`pattern` is a mail address with `{}` for the token: consults+{}@plan.example. Without it there are no tokens."""

    pattern: str
    key: bytes = field(repr=False)

    @classmethod
    def keyed(cls, pattern: str, secret: str) -> "ReplyAddress":
        """Make one whose seals are made with a key of its own, derived from a secret that serves for more."""
        return cls(pattern=pattern, key=hmac.digest(secret.encode(), b"reply address", "sha256"))

    def of(self, reference: str, address: str) -> str:
        """Return where an answer to a mail about that consult to that address comes to."""
        plain = reference.removeprefix("P2P-").replace("-", "").lower()
        return self.pattern.replace(PLACE, f"{plain}{self._seal(reference, address)}")

    def token_in(self, addresses: Iterable[str]) -> Token | None:
        """Find the token in the addresses that a mail came to."""
        before, place, after = self.pattern.partition(PLACE)
        if not place:
            return None
        form = re.compile(
            rf"{re.escape(before)}([0-9a-z]{{{REFERENCE}}})([a-z2-7]{{{SEAL}}}){re.escape(after)}", re.IGNORECASE
        )
        for address in addresses:
            if found := form.fullmatch(address):
                plain = found[1].upper()
                return Token(reference=f"P2P-{plain[:4]}-{plain[4:]}", seal=found[2].lower())
        return None

    def fits(self, token: Token, address: str) -> bool:
        """Tell whether a token was made for mail to that address."""
        return hmac.compare_digest(token.seal, self._seal(token.reference, address))

    def _seal(self, reference: str, address: str) -> str:
        sealed = hmac.new(self.key, f"{reference}\0{address.lower()}".encode(), sha256).digest()
        return b32encode(sealed)[:SEAL].decode().lower()
