"""Settings as the environment that gives them: for commands and processes of a test."""

from app.config import NO_SCANNER, Settings


def environment(settings: Settings) -> dict[str, str]:
    """Give the environment that these settings are read from."""
    return {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "PEERLINE_SECRET_KEY": settings.secret_key,
        "PEERLINE_ACCESS_CODE_KEY": settings.access_code_key,
        "PEERLINE_DOCUMENT_KEY": settings.document_key,
        "PEERLINE_DOCUMENTS_DIR": str(settings.documents_dir),
        "PEERLINE_CLAMD_URL": settings.clamd_url or NO_SCANNER,
        "PEERLINE_MAIL_FROM": settings.mail_from,
        "PEERLINE_MAIL_NAME": settings.mail_name,
        "PEERLINE_UID_DOMAIN": settings.uid_domain,
        "PEERLINE_BASE_URL": settings.base_url,
        "PEERLINE_POLICIES_DIR": str(settings.policies_dir),
    }
