"""The cookie by which we recognise a browser that somebody has signed in with before.

It gives no access: its holder may try a password while strangers must wait. It contains a random name for the browser
and, for each of the last accounts that signed in with it, a mark made with our key. A new password makes the mark
invalid.
"""

from __future__ import annotations

import re
from hmac import compare_digest
from secrets import token_urlsafe
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.protection.crypto import Keyring
    from storage.queries.team.members import Member

LASTS = 365 * 24 * 60 * 60
"""Seconds until the cookie expires."""
MOST = 4
"""Most accounts remembered in one browser."""
DOMAIN = "team_member.device"
_FORM = re.compile(r"[A-Za-z0-9_-]{16,32}(\.[0-9a-f]{32}){1,4}\Z")


def known(keyring: Keyring | None, cookie: str, member: Member | None) -> str:
    """Return the name of the browser if this member has signed in with it before; else empty."""
    if keyring is None or member is None or not _FORM.match(cookie):
        return ""
    name, *marks = cookie.split(".")
    ours = [found.hex()[:32] for found in keyring.lookups(DOMAIN, _about(name, member))]
    return name if any(compare_digest(mark, one) for mark in marks for one in ours) else ""


def marked(keyring: Keyring | None, cookie: str, member: Member) -> str:
    """Return the cookie's value with a mark of this member added; empty if we have no key."""
    if keyring is None:
        return ""
    name, *marks = cookie.split(".") if _FORM.match(cookie) else (token_urlsafe(16),)
    if known(keyring, cookie, member):
        return cookie
    mark = keyring.lookup(DOMAIN, _about(name, member)).hex()[:32]
    return ".".join((name, mark, *marks[: MOST - 1]))


def _about(name: str, member: Member) -> str:
    return f"{name}\n{member.id}\n{member.password_hash}"
