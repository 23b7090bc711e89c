"""Readers for the value of each setting, with a message for what cannot be read.

Each function takes the text of the environment variable, or a value that already has the right type, and returns the
value. For anything else it raises ValueError: what is wrong and what to do, separated by a NUL. No message repeats the
value.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flows.model.staffed_hours import Week


class QuietHours(NamedTuple):
    """Local time in which nobody is written to unasked (rule 99). It may cross midnight; `start == end` means never."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def _bad(wrong: str, advice: str) -> ValueError:
    return ValueError(f"{wrong}\0{advice}")


def staffed(value: Any) -> Any:
    """Read the hours of a week in which the team works."""
    if isinstance(value, str):
        try:
            return Week.read(value)
        except ValueError:
            raise _bad(
                "these are not days and hours.", "Write them like Mon-Fri 09:00-17:00, Sat 10:00-12:00."
            ) from None
    return value


def whole(value: Any) -> Any:
    """Read a whole number."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise _bad("this is not a whole number.", "Write digits only, for example 32.") from None
    return value


def rate(value: Any) -> Any:
    """Read a number of messages a second."""
    try:
        found = float(value)
    except ValueError:
        raise _bad("this is not a number.", "Write messages a second, for example 1 or 0.5.") from None
    if not 0 < found <= 100_000:
        raise _bad("a rate must be more than nothing.", "Write messages a second, for example 1 or 0.5.")
    return found


def switch(value: Any) -> Any:
    """Read on or off."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in {"1", "on", "yes", "true"}:
            return True
        if word in {"0", "off", "no", "false"}:
            return False
        raise _bad("this is neither on nor off.", "Write on or off.")
    return value


def zone(value: Any) -> Any:
    """Read a time zone."""
    if isinstance(value, str):
        try:
            return ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise _bad("there is no such time zone.", "Write a region and a town, for example Europe/London.") from None
    return value


def languages(value: Any) -> Any:
    """Read language codes with commas between them."""
    if isinstance(value, str):
        codes = tuple(code.strip() for code in value.split(",") if code.strip())
        if not codes or not all(re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", code) for code in codes):
            raise _bad("this is not a list of language codes.", "Write them with commas, for example en,cy,pl.")
        return tuple(dict.fromkeys(codes))
    return value


def networks(value: Any) -> Any:
    """Read network addresses with commas between them, single ones or whole networks."""
    if isinstance(value, str):
        try:
            found = [ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip()]
        except ValueError:
            raise _bad(
                "these are not network addresses.", "Write them with commas, for example 10.0.0.5,172.16.0.0/12."
            ) from None
        if any(net.prefixlen == 0 for net in found):
            raise _bad("this is everybody.", "Name the web servers that stand in front of Earshot, and nobody else.")
        return tuple(str(net[0]) if net.num_addresses == 1 else str(net) for net in found)
    return value


def bearer(value: Any) -> Any:
    """Read a token that another program shows to us."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,256}", value):
        raise _bad("this is not 16 to 256 letters and digits.", "Take a long random one, for example of openssl.")
    return value


def country(value: Any) -> Any:
    """Read a country code."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Z]{2}", value):
        raise _bad("this is not a country code.", "Write two capital letters, for example GB or IE.")
    return value


def nation(value: Any) -> Any:
    """Read the name of a nation."""
    return value.strip().lower().replace(" ", "_").replace("-", "_") if isinstance(value, str) else value


def hours(value: Any) -> Any:
    """Read a span of hours."""
    if isinstance(value, str):
        try:
            start, end = (time.fromisoformat(part.strip()) for part in value.split("-"))
        except ValueError:
            raise _bad("this is not a span of hours.", "Write it like 20:00-09:00.") from None
        return QuietHours(start, end)
    return value


def url(value: Any) -> Any:
    """Read a web address; a slash at its end is dropped."""
    if isinstance(value, str):
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise _bad("this is not a web address.", "Write it like https://listen.example.org, without ? or #.")
        return value.rstrip("/")
    return value


def telegram_token(value: Any) -> Any:
    """Read a bot token."""
    if isinstance(value, str) and not re.fullmatch(r"\d+:[A-Za-z0-9_-]{3,}", value):
        raise _bad("this is not the form of a bot token.", "Copy it whole from @BotFather: digits, a colon, letters.")
    return value


def webhook_secret(value: Any) -> Any:
    """Read the secret of the webhook."""
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value):
        raise _bad("Telegram takes 1 to 256 letters, digits, _ and - here.", "Or leave it out: we make one.")
    return value


def account(value: Any) -> Any:
    """Read an Account SID."""
    if isinstance(value, str) and not re.fullmatch(r"AC[0-9A-Za-z]+", value):
        raise _bad("an Account SID starts with AC.", "Copy it from the first page of the Twilio console.")
    return value


def sender(value: Any) -> Any:
    """Read a phone number or a short code; blanks are dropped."""
    if isinstance(value, str) and not re.fullmatch(r"\+[1-9]\d{6,14}|\d{3,8}", value.replace(" ", "")):
        raise _bad(
            "people must be able to reply to the sender, and a name cannot be replied to.",
            "Write a phone number like +447700900123, or a short code.",
        )
    return value.replace(" ", "") if isinstance(value, str) else value


def service(value: Any) -> Any:
    """Read the SID of a Messaging Service."""
    if isinstance(value, str) and not re.fullmatch(r"MG[0-9A-Za-z]+", value):
        raise _bad("a Messaging Service SID starts with MG.", "Copy it from the Twilio console, under Messaging.")
    return value
