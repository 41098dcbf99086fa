"""What a process needs to know of its surroundings, read once from the environment."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

from app.mail.reply_address import PLACE, REFERENCE, SEAL

T = TypeVar("T")

#: the policies that come with Peerline
POLICIES_DIR = Path(__file__).resolve().parent.parent / "policies"

#: what stands in the place of a scanner's address where files are not scanned here
NO_SCANNER = "none"

_SHORTEST_KEY = 32
_NEW_KEY = "a secret of its own, made with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
_AN_ANSWERS_ADDRESS = "where answers come to, such as consults+{}@plan.example"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAILBOX = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_DOMAIN.pattern}")


class ConfigurationError(Exception):
    """The environment lacks what Peerline needs. The message has one line for each variable at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs from one installation to the next. Secrets never show in its repr."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    smtp_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    """Signs cookies and CSRF tokens."""
    access_code_key: str = field(repr=False)
    """Key of the HMAC that stands for an access code. With another key every code in a letter is void."""
    document_key: str = field(repr=False)
    """Wraps the key of each document. Without it no document can be read."""
    document_keys_before: tuple[str, ...] = field(repr=False)
    """Keys that still open documents but wrap no new ones: while one key takes the place of another."""
    documents_dir: Path
    """Where documents are kept, encrypted; for web and worker alone, and outside of what is served."""
    clamd_url: str | None
    """The virus scanner; None: there is none, and what came in is served without."""
    mail_from: str
    """The service's mailbox: sender of every mail, ORGANIZER of every invitation."""
    mail_name: str
    reply_address: str
    """Where answers come to: into the same mailbox, with a token in the place of {}. Without {} they carry none."""
    uid_domain: str
    """Right side of UIDs and Message-IDs. May not change while a consult is open."""
    base_url: str
    """Where offices and staff reach the pages, without a slash at the end. Links in mails start with it."""
    policies_dir: Path
    trusted_proxies: int
    """How many proxies stand in front and set X-Forwarded-*."""
    development_mailbox: Path | None
    """Folder of the development mailbox. Only `peerline dev` sets it."""
    imap_url: str | None = field(default=None, repr=False)
    """The mailbox that answers are read from. Neither this nor a folder: no answers are read."""
    drop_folder: Path | None = None
    """A folder into which a mail server puts what comes in, one file .eml a mail."""
    authserv_id: str = ""
    """The name by which the mail server signs its Authentication-Results. Without it no answer is acted on unseen."""
    calendar_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    """The plan's own networks from which directors' busy calendars may be read, beside the public internet."""

    @property
    def development(self) -> bool:
        """Tell whether /dev/mailbox is served."""
        return self.development_mailbox is not None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings. Raises ConfigurationError, which names every variable at fault at once."""
        read = _Reader(environment)
        mail_from = read("PEERLINE_MAIL_FROM", _mailbox, "the service's own mailbox, such as consults@plan.example")
        settings = cls(
            database_url=read("DATABASE_URL", postgresql_url, "postgresql://user:password@host:5432/database"),
            redis_url=read("REDIS_URL", _redis_url, "redis://:password@host:6379/0 or rediss://..."),
            smtp_url=read("SMTP_URL", _smtp_url, "smtps://user:password@host:465 or smtp+starttls://...:587"),
            secret_key=read("PEERLINE_SECRET_KEY", _key, _NEW_KEY),
            access_code_key=read("PEERLINE_ACCESS_CODE_KEY", _key, _NEW_KEY),
            document_key=read("PEERLINE_DOCUMENT_KEY", _key, _NEW_KEY),
            document_keys_before=read("PEERLINE_DOCUMENT_KEYS_BEFORE", _keys, "earlier keys, with commas", default=""),
            documents_dir=read("PEERLINE_DOCUMENTS_DIR", _folder, "a folder of its own for documents"),
            clamd_url=read("PEERLINE_CLAMD_URL", _clamd_url, "tcp://host:3310, unix:///path/of/socket, or none"),
            mail_from=mail_from,
            mail_name=read("PEERLINE_MAIL_NAME", _line, "the sender's name", default="P2P Consults"),
            reply_address=read("PEERLINE_REPLY_ADDRESS", _pattern, _AN_ANSWERS_ADDRESS, default=_with_token(mail_from)),
            uid_domain=read("PEERLINE_UID_DOMAIN", _domain, "a domain", default=str(mail_from).rpartition("@")[2]),
            base_url=read("PEERLINE_BASE_URL", _base_url, "where people reach it, such as https://p2p.plan.example"),
            policies_dir=read("PEERLINE_POLICIES_DIR", _folder, "a folder of policies", default=str(POLICIES_DIR)),
            trusted_proxies=read("PEERLINE_TRUSTED_PROXIES", _count, "a number, 0 for none", default="0"),
            development_mailbox=read("PEERLINE_DEVELOPMENT_MAILBOX", _optional_path, "a folder", default=""),
            imap_url=read("IMAP_URL", _imap_url, "imaps://user:password@host:993/INBOX or imap+starttls", default=""),
            drop_folder=read("PEERLINE_DROP_FOLDER", _optional_folder, "a folder of mail that came in", default=""),
            authserv_id=read("PEERLINE_AUTHSERV_ID", _optional_domain, "the mail server's name for itself", default=""),
            calendar_networks=read(
                "PEERLINE_CALENDAR_NETWORKS",
                _networks,
                "networks such as 10.20.0.0/16, with commas between",
                default="",
            ),
        )
        if read.problems:
            raise ConfigurationError("\n".join(read.problems))
        return settings


def postgresql_url(value: str) -> str:
    """Return the address with the driver named in it, as SQLAlchemy wants it. Raises ValueError."""
    parts = _url(value, "postgres", "postgresql", "postgresql+psycopg")
    if not parts.path.strip("/"):
        raise ValueError("names no database")
    return "postgresql+psycopg" + value[len(parts.scheme) :]


class _Reader:
    """Reads one variable after the other and keeps a line for each that is at fault."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def __call__(self, name: str, parse: Callable[[str], T], remedy: str, default: str | None = None) -> T:
        value = self.environment.get(name, "").strip()
        try:
            if value or default is not None:
                return parse(value or str(default))
            problem = "is not set"
        except ValueError as error:
            # never the value: it may hold a password
            problem = str(error)
        self.problems.append(f"{name} {problem}. Set it to {remedy}")
        return cast(T, None)  # nobody sees it: where there is a problem, no Settings are handed out


def _url(value: str, *schemes: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("is not an address that can be read") from None
    if parts.scheme not in schemes:
        raise ValueError(f"starts with none of {', '.join(scheme + '://' for scheme in schemes)}")
    return parts


def _redis_url(value: str) -> str:
    if not _url(value, "redis", "rediss").hostname:
        raise ValueError("names no host")
    return value


def _smtp_url(value: str) -> str:
    parts = _url(value, "smtp", "smtp+starttls", "smtps")
    if not parts.hostname:
        raise ValueError("names no host")
    if parts.scheme == "smtp" and not _is_loopback(parts.hostname):
        raise ValueError("would send mail unencrypted to another machine")
    return value


def _imap_url(value: str) -> str | None:
    if not value:
        return None
    parts = _url(value, "imap", "imap+starttls", "imaps")
    if not parts.hostname or not parts.username:
        raise ValueError(f"names no {'user' if parts.hostname else 'host'}")
    if parts.scheme == "imap" and not _is_loopback(parts.hostname):
        raise ValueError("would read mail unencrypted from another machine")
    return value


def _base_url(value: str) -> str:
    parts = _url(value, "http", "https")
    if not parts.hostname:
        raise ValueError("names no host")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("is reached unencrypted by other machines")
    if parts.query or parts.fragment:
        raise ValueError("has a query or a fragment")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _key(value: str) -> str:
    if len(value) < _SHORTEST_KEY:
        raise ValueError(f"has {len(value)} characters; at least {_SHORTEST_KEY} are needed")
    return value


def _keys(value: str) -> tuple[str, ...]:
    return tuple(_key(each.strip()) for each in value.split(",") if each.strip())


def _clamd_url(value: str) -> str | None:
    if value == NO_SCANNER:
        return None
    parts = _url(value, "tcp", "unix")
    if parts.scheme == "tcp" and not (parts.hostname and parts.port):
        raise ValueError("names no host with a port")
    if parts.scheme == "unix" and (parts.netloc or not parts.path):
        raise ValueError("names no path of a socket")
    return value


def _mailbox(value: str) -> str:
    if not _MAILBOX.fullmatch(value):
        raise ValueError("is not a mail address")
    return value


def _with_token(mailbox: str | None) -> str:
    local, _, domain = (mailbox or "consults@plan.example").rpartition("@")
    return f"{local}+{{}}@{domain}"


def _pattern(value: str) -> str:
    """Check an address that may have a place for a token in it."""
    longest = value.replace(PLACE, "x" * (REFERENCE + SEAL))
    _mailbox(longest)
    if value.count(PLACE) > 1 or PLACE in value.rpartition("@")[2]:
        raise ValueError(f"has {PLACE} in its domain, or twice")
    if len(longest.rpartition("@")[0]) > 64:
        raise ValueError(f"has no room for {REFERENCE + SEAL} characters in its name, of 64 at the most")
    return value


def _optional_domain(value: str) -> str:
    return _domain(value) if value else ""


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError("is not a domain")
    return value


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("has characters that cannot be printed")
    return value


def _folder(value: str) -> Path:
    folder = Path(value)
    if not folder.is_dir():
        raise ValueError(f"names {value}, which is not a folder")
    return folder


def _optional_folder(value: str) -> Path | None:
    return _folder(value) if value else None


def _networks(value: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(each.strip()) for each in value.split(",") if each.strip())
    except ValueError:
        raise ValueError("holds something that is no network") from None


def _optional_path(value: str) -> Path | None:
    return Path(value) if value else None


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise ValueError("is not a number")
    return int(value)
