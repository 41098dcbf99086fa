"""Addresses that people name lead nowhere but to public servers, or to the plan's own (statement M6)."""

import gzip
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.feeds.fetch import MOST_BYTES, FetchError, check_address, fetch, read_address
from tests.support.calendar_server import CalendarServer, serving

HERE = (ipaddress.ip_network("127.0.0.1/32"),)
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1"),
        # IPv4 dressed up as IPv6
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_no_address_inside_is_reached(address: str) -> None:
    with pytest.raises(FetchError, match="private network"):
        check_address(ipaddress.ip_address(address), is_secure=True, networks=())


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_reached_over_tls_alone(address: str) -> None:
    check_address(ipaddress.ip_address(address), is_secure=True, networks=())
    with pytest.raises(FetchError, match="not encrypted"):
        check_address(ipaddress.ip_address(address), is_secure=False, networks=())


def test_the_plans_own_networks_are_reached_if_they_are_named() -> None:
    networks = [ipaddress.ip_network("10.20.0.0/16")]
    check_address(ipaddress.ip_address("10.20.3.4"), is_secure=False, networks=networks)
    check_address(ipaddress.ip_address("::ffff:10.20.3.4"), is_secure=True, networks=networks)
    with pytest.raises(FetchError, match="private network"):
        check_address(ipaddress.ip_address("10.21.0.1"), is_secure=True, networks=networks)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "0x7f000001", "2130706433"])
def test_every_way_to_write_this_machine_is_refused(host: str, server: CalendarServer) -> None:
    with pytest.raises(FetchError):
        fetch(f"http://{host}:{server.port}/x.ics")
    assert server.asked == []


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("ftp://example.org/x.ics", "starts with https"),
        ("file:///etc/passwd", "starts with https"),
        ("https://", "starts with https"),
        ("my calendar", "starts with https"),
        ("https://me:secret@example.org/x.ics", "private one"),
        ("https://[::1/x.ics", "no address"),
        ("https://example.org:99999/", "no address"),
    ],
)
def test_what_is_no_address_of_a_calendar_says_what_to_enter(address: str, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        read_address(address)


def test_webcal_means_https() -> None:
    assert read_address("webcal://example.org/x.ics").geturl() == "https://example.org/x.ics"


def test_a_calendar_is_fetched_and_asked_for_anew_only_if_it_changed(server: CalendarServer) -> None:
    server.body, server.headers = CALENDAR, {"ETag": '"7"', "Last-Modified": "Mon, 02 Mar 2026 14:00:00 GMT"}
    first = fetch(server.url("/a%20b.ics?key=1"), networks=HERE)
    assert (first.content, first.etag) == (CALENDAR, '"7"')
    assert server.asked[0]["path"] == "/a%20b.ics?key=1"
    assert server.asked[0]["host"] == f"127.0.0.1:{server.port}"

    server.status, server.body = 304, b""
    again = fetch(server.url(), etag=first.etag, last_modified=first.last_modified, networks=HERE)
    assert again.content is None
    assert server.asked[1]["if-none-match"] == '"7"'
    assert server.asked[1]["if-modified-since"] == "Mon, 02 Mar 2026 14:00:00 GMT"


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.2:{port}/x.ics", "http://localhost.localdomain.invalid./", "//[::1]:{port}/", "http://[::1/"],
)
def test_a_redirect_is_looked_at_like_any_address(target: str, server: CalendarServer) -> None:
    """M6: the first address is allowed, the second is not."""
    server.status, server.headers = 302, {"Location": target.format(port=server.port)}
    if "invalid" in target:
        server.headers = {"Location": "gopher://127.0.0.1/"}
    with pytest.raises(FetchError):
        fetch(server.url(), networks=HERE)
    assert len(server.asked) == 1


def test_a_redirect_to_a_path_of_the_same_server_is_followed_and_a_circle_ends(server: CalendarServer) -> None:
    server.status, server.headers = 301, {"Location": "/again.ics"}
    with pytest.raises(FetchError, match="more than five times"):
        fetch(server.url(), networks=HERE)
    assert [asked["path"] for asked in server.asked] == ["/private.ics", *["/again.ics"] * 5]


@pytest.mark.parametrize(("status", "says"), [(404, "404"), (401, "401"), (500, "fault of its own"), (204, "204")])
def test_an_answer_that_is_none_is_a_fault(status: int, says: str, server: CalendarServer) -> None:
    server.status = status
    with pytest.raises(FetchError, match=says):
        fetch(server.url(), networks=HERE)


def test_nothing_new_is_no_answer_to_whoever_has_nothing(server: CalendarServer) -> None:
    """C10: nothing was ever read, so it may not pass for free."""
    server.status = 304
    with pytest.raises(FetchError, match="304"):
        fetch(server.url(), networks=HERE)


@pytest.mark.parametrize("mark", ["a\0b", "\xe4", "a" * 501])
def test_a_mark_that_could_not_be_kept_or_sent_back_is_left_out(mark: str, server: CalendarServer) -> None:
    server.body, server.headers = CALENDAR, {"ETag": mark, "Last-Modified": mark}
    fetched = fetch(server.url(), networks=HERE)
    assert (fetched.content, fetched.etag, fetched.last_modified) == (CALENDAR, "", "")


def test_what_is_too_long_is_not_read_to_its_end(server: CalendarServer) -> None:
    server.body = b"x" * (MOST_BYTES + 1)
    with pytest.raises(FetchError, match="longer than 5 MB"):
        fetch(server.url(), networks=HERE)


def test_what_unpacks_to_too_much_is_not_unpacked_to_its_end(server: CalendarServer) -> None:
    server.body, server.headers = gzip.compress(b"x" * 200_000_000, 1), {"Content-Encoding": "gzip"}
    assert len(server.body) < MOST_BYTES
    with pytest.raises(FetchError, match="longer than 5 MB"):
        fetch(server.url(), networks=HERE)


def test_what_breaks_off_is_not_taken_for_all(server: CalendarServer) -> None:
    server.body, server.cut_after = CALENDAR * 100, 500
    with pytest.raises(FetchError, match="broke off"):
        fetch(server.url(), networks=HERE)


def test_what_drips_is_given_up(server: CalendarServer) -> None:
    """M6: each reading is in time, all of them together are not."""
    server.body = b"x" * 1_000_000
    seconds = count(step=20)
    with pytest.raises(FetchError, match="too slow"):
        fetch(server.url(), networks=HERE, clock=lambda: float(next(seconds)))


def test_nobody_there_is_a_fault(server: CalendarServer) -> None:
    with pytest.raises(FetchError, match="does not answer"):
        fetch("http://127.0.0.1:9/x.ics", networks=HERE)


def test_a_certificate_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    with serving(context=_self_signed(tmp_path)) as server, pytest.raises(FetchError, match="be trusted"):
        fetch(server.url(scheme="https"), networks=HERE)


def test_no_fault_says_the_address(server: CalendarServer) -> None:
    """M6: it is a secret."""
    server.status = 500
    with pytest.raises(FetchError) as fault:
        fetch(server.url("/very-secret.ics"), networks=HERE)
    assert "very-secret" not in f"{fault.value!r}"


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with serving() as running:
        yield running
