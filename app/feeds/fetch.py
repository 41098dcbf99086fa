"""Fetches from addresses that people name; the only file that does (statement M6).

A host is looked up once, every address found must be allowed, and the connection goes to the very address that was
checked, at each redirect anew: what a name means may not change in between. The certificate is still the name's.
"""

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: the whole fetch with all its redirects, in seconds
DEADLINE = 30.0
TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)
MOST_BYTES = 5 * 1024 * 1024
MOST_REDIRECTS = 5
_CHUNK = 64 * 1024
#: what is kept of a server's marks is sent back to it; a longer one, or one that is no plain text, is not kept
LONGEST_MARK = 500


class FetchError(Exception):
    """What was wrong, in words for the person who named the address; the address itself is a secret and not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What an address gave; `content` None: nothing new since `etag` and `last_modified`."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


def fetch(
    address: str,
    *,
    etag: str = "",
    last_modified: str = "",
    networks: Sequence[Network] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Fetched:
    """Fetch what lies at an address: https, or webcal as calendars are often named.

    `networks` are those of the plan itself that may be reached too, there also unencrypted. Raises FetchError.
    """
    ends = clock() + DEADLINE
    headers = {"Accept": "text/calendar", "User-Agent": "Peerline", "Accept-Encoding": "gzip"}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": last_modified} if last_modified else {}
    for _ in range(MOST_REDIRECTS + 1):
        parts = read_address(address)
        with _open(parts, networks, headers) as response:
            if response.status in (301, 302, 303, 307, 308):
                address = _next_address(address, response.headers.get("Location", ""))
                continue
            if response.status == 304 and (etag or last_modified):
                return Fetched(content=None)
            return _answer(response, ends, clock)
    raise FetchError("It leads on to another address more than five times.")


def _next_address(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        raise FetchError("It leads on to what is no address.") from None


def read_address(address: str) -> SplitResult:
    """Read an address of a calendar; `webcal` means https. Raises FetchError, which says what to enter."""
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError:
        raise FetchError("This is no address. Enter one that starts with https://") from None
    if parts.scheme in ("webcal", "webcals"):
        parts = parts._replace(scheme="https")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise FetchError("Enter an address that starts with https:// or webcal://")
    if parts.username or parts.password:
        raise FetchError(
            "An address with a name and a password in it cannot be used. Enter the calendar's private one."
        )
    return parts


def _open(parts: SplitResult, networks: Sequence[Network], headers: dict[str, str]) -> BaseHTTPResponse:
    host, is_secure = str(parts.hostname), parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    found = _look_up(host, port)
    for each in found:
        check_address(each, is_secure=is_secure, networks=networks)
    target = str(found[0])
    pool: urllib3.HTTPConnectionPool
    if is_secure:
        pool = urllib3.HTTPSConnectionPool(target, port, server_hostname=host, assert_hostname=host, timeout=TIMEOUT)
    else:
        pool = urllib3.HTTPConnectionPool(target, port, timeout=TIMEOUT)
    named = f"[{host}]" if ":" in host else host
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        return pool.urlopen(
            "GET",
            path,
            headers={**headers, "Host": named if parts.port is None else f"{named}:{port}"},
            redirect=False,
            retries=False,
            preload_content=False,
        )
    except (HTTPError, OSError):
        raise FetchError("The server does not answer, or not over a connection that can be trusted.") from None


def _look_up(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError("There is no server of that name.") from None
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


def check_address(address: Address, *, is_secure: bool, networks: Sequence[Network]) -> None:
    """Refuse what is not of the public internet, also where IPv4 is dressed up as IPv6. Raises FetchError."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            address = inner
        elif address in _NAT64:
            address = ipaddress.IPv4Address(address.packed[-4:])
    if any(address in network for network in networks):
        return
    is_inside = isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST
    if is_inside or not address.is_global or address.is_multicast or address.is_reserved:
        raise FetchError(
            "This address lies inside a private network, which is not read. Use the calendar's public one."
        )
    if not is_secure:
        raise FetchError("This address is not encrypted. Enter one that starts with https://")


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: all that has been given out of IPv6; fec0::/10, once the private network of a site, is not in it
_UNICAST = ipaddress.ip_network("2000::/3")


def _answer(response: BaseHTTPResponse, ends: float, clock: Callable[[], float]) -> Fetched:
    if response.status in (401, 403, 404, 410):
        raise FetchError(f"The server does not give it out (it says {response.status}). Enter the address anew.")
    if response.status != 200:
        raise FetchError(f"The server has a fault of its own (it says {response.status}).")
    content = bytearray()
    try:
        for chunk in response.stream(_CHUNK, decode_content=True):
            content += chunk
            if len(content) > MOST_BYTES:
                raise FetchError(f"It is longer than {MOST_BYTES // 1024 // 1024} MB. Name a calendar with less in it.")
            if clock() > ends:
                raise FetchError("The server is too slow.")
    except (HTTPError, OSError):
        raise FetchError("The connection broke off before all was there.") from None
    return Fetched(content=bytes(content), etag=_mark(response, "ETag"), last_modified=_mark(response, "Last-Modified"))


def _mark(response: BaseHTTPResponse, header: str) -> str:
    mark = response.headers.get(header, "")
    return mark if mark.isascii() and mark.isprintable() and len(mark) <= LONGEST_MARK else ""
