"""Checks of the channels: whether they are set up, and whether their providers can call us."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.doctor.finding import CheckContext, DoctorFinding
from bot.settings.environment import Settings, variable

if TYPE_CHECKING:
    from collections.abc import Iterator


SECRET_CHARACTERS = 16
"""Fewest characters of a webhook secret. Telegram accepts fewer, but short secrets can be guessed."""
TELEGRAM_PORTS = {443, 80, 88, 8443}


def telegram(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check the form of the bot token and the secret, and whether Telegram can call us."""
    settings = context.settings
    if settings.telegram_token is None:
        yield DoctorFinding("good", "Telegram is off.")
        return
    if not re.fullmatch(r"\d{6,}:[A-Za-z0-9_-]{30,}", settings.telegram_token.get_secret_value()):
        yield DoctorFinding("wrong", "The Telegram token looks cut off.", "Copy it whole from @BotFather.")
    else:
        yield DoctorFinding("good", "The Telegram token has the right form.")
    secret = settings.telegram_webhook_secret
    if secret is not None and len(secret.get_secret_value()) < SECRET_CHARACTERS:
        yield DoctorFinding(
            "warn", "The webhook secret is short enough to guess.",
            f"Take {variable('telegram_webhook_secret')} out: we make a good one.",
        )  # fmt: skip
    if settings.telegram_by == "webhook":
        yield from _reachable(settings, "Telegram", TELEGRAM_PORTS)


def text_messages(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check the form of the Twilio account, and whether Twilio can call us."""
    settings = context.settings
    if settings.twilio_account_sid is None or settings.twilio_auth_token is None:
        yield DoctorFinding("good", "Text messages are off.")
        return
    if not re.fullmatch(r"AC[0-9a-f]{32}", settings.twilio_account_sid):
        yield DoctorFinding(
            "wrong", "The Account SID is not AC and 32 letters and digits.", "Copy it whole from Twilio."
        )
    elif not re.fullmatch(r"[0-9a-f]{32}", settings.twilio_auth_token.get_secret_value()):
        yield DoctorFinding("wrong", "The Auth Token is not 32 letters and digits.", "Copy it whole from Twilio.")
    else:
        yield DoctorFinding("good", "The Twilio account has the right form.")
    yield from _reachable(settings, "Twilio", None)


def _reachable(settings: Settings, who: str, ports: set[int] | None) -> Iterator[DoctorFinding]:
    parts = urlsplit(settings.public_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if settings.loopback:
        yield DoctorFinding("wrong", f"{who} cannot reach {settings.public_url}.", f"Set {variable('public_url')}.")
    elif parts.scheme != "https":
        yield DoctorFinding(
            "wrong", f"{who} would call us without encryption.", f"Let {variable('public_url')} be https."
        )
    elif ports is not None and port not in ports:
        yield DoctorFinding("wrong", f"{who} does not call port {port}.", "Use 443, 80, 88 or 8443.")
    else:
        yield DoctorFinding("good", f"{who} can call {settings.public_url}, if that address is yours.")
