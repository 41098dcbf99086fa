"""The letter's access code: what an office needs, beside the case number, to see its case.

Ten characters of Crockford's base 32, fifty bits. Only an HMAC-SHA256 with the server's key is stored: who reads the
database cannot try codes against it. Fifty bits alone would not stand against that without the key.
"""

import hmac
import secrets

#: Crockford's base 32: no I, L, O (read as 1, 1, 0) and no U
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
EXAMPLE = "7F3K9-Q2M4X"

_READ_AS = str.maketrans("OIL", "011", "- \t\u00a0\u2010\u2011\u2012\u2013\u2014")


def make_code() -> str:
    """Make a new code, grouped for people: XXXXX-XXXXX."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{code[:5]}-{code[5:]}"


def normalise(code: str) -> str:
    """Return the code as it is hashed: upper case, without dashes and spaces, O read as 0, I and L as 1."""
    return code.upper().translate(_READ_AS)


def is_code(code: str) -> bool:
    """Tell whether this has the form of a code, however it is typed."""
    plain = normalise(code)
    return len(plain) == LENGTH and all(character in ALPHABET for character in plain)


def code_hash(key: str, case_number: str, code: str) -> bytes:
    """Return what is stored for a code. It belongs to the case: the same code of another case has another hash."""
    # surrogates can come in with a form; they match nothing and must not raise
    message = f"{case_number}\0{normalise(code)}".encode(errors="surrogatepass")
    return hmac.digest(key.encode(), message, "sha256")


def matches(stored: bytes | None, key: str, case_number: str, code: str) -> bool:
    """Tell whether this is the code of the case, in the same time whatever is wrong with it.

    `stored` None (no such case, or a case without a code) takes as long as a wrong code and never matches.
    """
    given = code_hash(key, case_number, code)
    return hmac.compare_digest(stored or bytes(len(given)), given)
