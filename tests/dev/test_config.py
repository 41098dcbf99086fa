"""Settings come from the environment, and what is wrong with it is said at once, with the remedy."""

from pathlib import Path

import pytest

from app.config import POLICIES_DIR, ConfigurationError, Settings

WHOLE = {
    "DATABASE_URL": "postgres://peerline:db-password@db.plan.example:5432/peerline",
    "REDIS_URL": "rediss://:redis-password@redis.plan.example:6380/0",
    "SMTP_URL": "smtps://peerline:mail-password@mail.plan.example:465",
    "PEERLINE_SECRET_KEY": "secret-key-" * 4,
    "PEERLINE_ACCESS_CODE_KEY": "access-code-key-" * 4,
    "PEERLINE_DOCUMENT_KEY": "document-key-" * 4,
    "PEERLINE_DOCUMENTS_DIR": str(Path(__file__).parent),
    "PEERLINE_CLAMD_URL": "tcp://clamd.plan.example:3310",
    "PEERLINE_MAIL_FROM": "consults@plan.example",
    "PEERLINE_BASE_URL": "https://p2p.plan.example/",
    "PEERLINE_POLICIES_DIR": str(Path(__file__).parent),
}
SECRETS = ("db-password", "redis-password", "mail-password", "secret-key-", "access-code-key-", "document-key-")


def test_a_whole_environment_gives_settings() -> None:
    settings = Settings.from_environment(WHOLE)
    assert settings.database_url == "postgresql+psycopg://peerline:db-password@db.plan.example:5432/peerline"
    assert settings.base_url == "https://p2p.plan.example"
    assert settings.uid_domain == "plan.example"
    assert settings.mail_name == "P2P Consults"
    assert settings.trusted_proxies == 0
    assert not settings.development
    assert settings.reply_address == "consults+{}@plan.example"
    assert (settings.imap_url, settings.drop_folder, settings.authserv_id) == (None, None, "")


def test_an_empty_environment_is_told_everything_it_lacks_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({})
    lines = str(refused.value).splitlines()
    needed = [name for name in WHOLE if name != "PEERLINE_POLICIES_DIR"]  # Peerline comes with policies
    assert sorted(line.split()[0] for line in lines if not line.startswith("PEERLINE_POLICIES_DIR")) == sorted(needed)
    assert all(" is not set. Set it to " in line for line in lines if not line.startswith("PEERLINE_POLICIES_DIR"))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "mysql://user:db-password@host/name", "starts with none of postgres://"),
        ("DATABASE_URL", "postgresql://user:db-password@host:5432/", "names no database"),
        ("DATABASE_URL", "postgresql://user:db-password@host:port/name", "cannot be"),
        ("REDIS_URL", "unix:///run/redis", "starts with none of redis://"),
        ("SMTP_URL", "smtp://user:mail-password@mail.plan.example:25", "unencrypted to another machine"),
        ("SMTP_URL", "smtps://", "names no host"),
        ("PEERLINE_SECRET_KEY", "secret-key-", "has 11 characters; at least 32"),
        ("PEERLINE_ACCESS_CODE_KEY", " ", "is not set"),
        ("PEERLINE_DOCUMENT_KEYS_BEFORE", "document-key-", "has 13 characters; at least 32"),
        ("PEERLINE_DOCUMENTS_DIR", "/there/is/no/such", "is not a folder"),
        ("PEERLINE_CLAMD_URL", "clamd.plan.example:3310", "starts with none of tcp://, unix://"),
        ("PEERLINE_CLAMD_URL", "tcp://clamd.plan.example", "names no host with a port"),
        ("PEERLINE_CLAMD_URL", "unix://run/clamd.ctl", "names no path of a socket"),
        ("PEERLINE_CLAMD_URL", "unix:", "names no path of a socket"),
        ("PEERLINE_MAIL_FROM", "P2P <consults@plan.example>", "is not a mail address"),
        ("PEERLINE_MAIL_NAME", "P2P\nBcc: x", "cannot be printed"),
        ("PEERLINE_UID_DOMAIN", "plan example", "is not a domain"),
        ("PEERLINE_BASE_URL", "http://p2p.plan.example", "reached unencrypted"),
        ("PEERLINE_POLICIES_DIR", "/there/is/no/such", "is not a folder"),
        ("PEERLINE_TRUSTED_PROXIES", "-1", "is not a number"),
        ("IMAP_URL", "imap://peerline:mail-password@mail.plan.example/INBOX", "unencrypted from another machine"),
        ("IMAP_URL", "pop3://peerline:mail-password@mail.plan.example", "starts with none of imap://"),
        ("IMAP_URL", "imaps://mail.plan.example/INBOX", "names no user"),
        ("PEERLINE_DROP_FOLDER", "/there/is/no/such", "is not a folder"),
        ("PEERLINE_AUTHSERV_ID", "mx plan", "is not a domain"),
        ("PEERLINE_REPLY_ADDRESS", "consults+{}", "is not a mail address"),
        ("PEERLINE_REPLY_ADDRESS", f"{'c' * 41}{{}}@plan.example", "has no room for 24 characters"),
        ("PEERLINE_REPLY_ADDRESS", "consults@{}.plan.example", "in its domain"),
    ],
)
def test_a_wrong_variable_is_named_with_the_remedy_and_without_its_secrets(name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({**WHOLE, name: value})
    message = str(refused.value)
    assert message.startswith(f"{name} ")
    assert says in message.replace("that can be read", "cannot be")
    assert ". Set it to " in message
    assert "\n" not in message, "one variable at fault, one line"
    assert not any(secret in message for secret in SECRETS)


def test_mail_may_be_plain_to_this_machine_only() -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert Settings.from_environment({**WHOLE, "SMTP_URL": f"smtp://{host}:2525"}).smtp_url.startswith("smtp://")
    starttls = "smtp+starttls://mail.plan.example:587"
    assert Settings.from_environment({**WHOLE, "SMTP_URL": starttls}).smtp_url == starttls


def test_documents_may_go_without_a_scanner_only_where_somebody_said_so() -> None:
    assert Settings.from_environment({**WHOLE, "PEERLINE_CLAMD_URL": "none"}).clamd_url is None
    assert Settings.from_environment({**WHOLE, "PEERLINE_CLAMD_URL": "unix:///run/clamd.ctl"}).clamd_url
    with pytest.raises(ConfigurationError, match="PEERLINE_CLAMD_URL is not set"):
        Settings.from_environment({**WHOLE, "PEERLINE_CLAMD_URL": ""})


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(Settings.from_environment(WHOLE))
    assert not any(secret in shown for secret in SECRETS)


def test_peerline_comes_with_policies() -> None:
    assert list(POLICIES_DIR.glob("*.toml"))
