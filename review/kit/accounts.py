"""The rules of signing in: one-time links, passwords, sessions. The pages are in `review.sign_in`.

Functions that hash a password are awaited and use threads of their own, never a page's. Tokens are 256 random bits;
only their SHA-256 is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from flows.model.vocabulary.item_kinds import Role
from review.kit import end_membership, passwords
from review.kit.throttle import Try, network_of
from storage.db.engine import reader
from storage.queries.team import members
from storage.tables.sign_in_link import LinkPurpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from review.kit.throttle import Throttle
    from storage.db.writer import Writer


LINK_LASTS = timedelta(hours=48)
SESSION_LASTS = timedelta(days=7)
SESSION_IDLE = timedelta(hours=12)
TOUCHED_EVERY = timedelta(minutes=10)
"""A session's last use is recorded no more often than this, so that reading a page seldom writes."""

LIKELY_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}|[^@\s]{1,64}@localhost")


class NotAnEmailError(ValueError):
    """This does not look like an email address. Nothing was changed; give one such as sam@example.org."""


class NotARoleError(ValueError):
    """There is no such role. Nothing was changed; choose lead, reviewer, outreach or safeguarding."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A failed attempt, with the reason in plain words for the person who made it."""

    reason: str
    wait: int = 0
    """Seconds to wait before the next attempt."""
    busy: bool = False
    """True: nothing was checked, because too many others are waiting."""


BUSY = Refused("Earshot is very busy just now. Nothing was tried. Wait a few seconds, then try again.", 5, busy=True)
OVER = "This link has been used or is too old. Ask for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a valid one-time link lets its holder do."""

    email: str
    """Empty: the holder types their own address."""
    name: str
    role: Role


def email_of(typed: str) -> str:
    """Return the address in the form in which it is stored. Raises NotAnEmailError."""
    email = typed.strip().casefold()
    if len(email) > 254 or not LIKELY_EMAIL.fullmatch(email):
        raise NotAnEmailError("This does not look like an email address. Give one such as sam@example.org.")
    return email


def make_first_link(writer: Writer, *, now: datetime) -> str | None:
    """Return the token of a new link that makes the first lead, or None if a lead can sign in already.

    The link is `<public URL>/join/<token>`; it works once, for 48 hours, and voids the one before it.
    """

    def work(connection: Connection) -> str | None:
        if members.has_lead(connection):
            return None
        return _add_link(connection, member_id=None, role=Role.LEAD, purpose=LinkPurpose.FIRST, now=now)

    return writer.run(work)


def make_link(writer: Writer, email: str, role: str, *, now: datetime, who: str = "command line") -> str:
    """Add the member if they are new, give them the role, and return the token of a link to set a password.

    The link is `<public URL>/join/<token>`; it works once, for 48 hours. An old password works until a new one is set.
    Raises NotAnEmailError, NotARoleError, and LastLeadError where this would leave the team without a lead.
    """
    address = email_of(email)
    if role not in set(Role):
        raise NotARoleError(f"There is no role {role!r}. Choose one of: {', '.join(Role)}.")
    given = Role(role)

    def work(connection: Connection) -> str:
        known = members.member_by_email(connection, address)
        if known is None:
            member_id = members.add_member(connection, email=address, name="", role=given, at=now)
        else:
            member_id = known.id
            end_membership.change_role(connection, known, given, now=now)
        members.record(
            connection,
            at=now,
            who=who,
            act="member.invited",
            object_kind="team_member",
            object_id=member_id,
            detail=given,
        )
        return _add_link(connection, member_id=member_id, role=given, purpose=LinkPurpose.PASSWORD, now=now)

    return writer.run(work)


def invitation(engine: Engine, token: str, *, now: datetime) -> Invitation | None:
    """Return what the link is for; None if it is used, expired or unknown. Looking does not use it up."""
    with reader(engine) as connection:
        link = members.good_link(connection, digest(token), now)
        if link is None or (link.purpose == LinkPurpose.FIRST and members.has_lead(connection)):
            return None
        member = members.member_by_id(connection, link.member_id) if link.member_id is not None else None
    if member is not None and not member.active:
        return None
    if member is None:
        return Invitation(email="", name="", role=link.role)
    return Invitation(email=member.email, name=member.name, role=member.role)


async def accept(
    engine: Engine,
    writer: Writer,
    token: str,
    *,
    email: str,
    name: str,
    password: str,
    organisation: str,
    now: datetime,
) -> str | Refused:
    """Use the link up: store name and password, and return the token of a new session, or why it is refused."""
    name = " ".join(name.split())[:80]
    invited = await run_in_threadpool(invitation, engine, token, now=now)
    if invited is None:
        return Refused(OVER)
    if not name:
        return Refused("Write your name, so that your colleagues know who decided what.")
    try:
        address = email_of(email) if email else ""
    except NotAnEmailError as error:
        return Refused(str(error))

    def choose() -> tuple[str | None, str]:
        weak = passwords.weakness(password, email=invited.email or address, organisation=organisation)
        return weak, "" if weak else passwords.hashed(password)

    try:
        weak, password_hash = await passwords.KNOWN.run(digest(token), choose)
    except passwords.TooBusyError:
        return BUSY
    if weak:
        return Refused(weak)

    def work(connection: Connection) -> str | Refused:
        link = members.good_link(connection, digest(token), now)
        if link is None or (link.purpose == LinkPurpose.FIRST and members.has_lead(connection)):
            return Refused(OVER)
        member_id = link.member_id
        if member_id is None:
            if not address:
                return Refused("Write your email address. You will sign in with it.")
            known = members.member_by_email(connection, address)
            if known is None:
                member_id = members.add_member(connection, email=address, name=name, role=link.role, at=now)
            else:
                member_id = known.id
                members.change_member(connection, member_id, role=link.role)
        if not members.use_link(connection, link.id, now):
            return Refused(OVER)
        members.set_password(connection, member_id, name=name, password_hash=password_hash)
        member = members.member_by_id(connection, member_id)
        who = member.email if member else address
        members.record(
            connection, at=now, who=who, act="member.password_set", object_kind="team_member", object_id=member_id
        )
        return open_session(connection, member_id, now)

    return await run_in_threadpool(writer.run, work)


async def sign_in(
    engine: Engine,
    writer: Writer,
    throttle: Throttle,
    *,
    email: str,
    password: str,
    network: str,
    device: Callable[[members.Member | None], str] = lambda _member: "",
    now: datetime,
) -> str | Refused:
    """Return the token of a new session, or the reason for a refusal.

    `network` is the network address, used only to slow down guessing. `device` names the browser if this member has
    signed in with it before. Known networks and browsers are checked while strangers wait.
    """
    address = email.strip().casefold()[:254]
    member = await run_in_threadpool(_member, engine, address)
    tried = Try(address, network_of(network), device(member))
    hashing = passwords.KNOWN if throttle.knows(tried) else passwords.STRANGERS
    queue = tried.device or tried.network
    if hashing.is_full(queue):
        return BUSY
    wait = throttle.begin(tried, now)
    if wait:
        return Refused(f"Too many tries. Wait {in_words(wait)}, then try again.", wait)
    kept = member.password_hash if member and member.active else None
    try:
        right = await hashing.run(queue, partial(passwords.matches, kept, password))
    except passwords.TooBusyError:
        throttle.took_nothing(tried, now)
        return BUSY
    if member is None or not right:
        return Refused("This email and password do not go together. Check both and try again.")
    throttle.succeeded(tried, now)
    old_hash = member.password_hash or ""
    new_hash = await _rehashed(queue, password) if passwords.needs_rehash(old_hash) else ""

    def work(connection: Connection) -> str | Refused:
        fresh = members.member_by_id(connection, member.id)
        if fresh is None or not fresh.active or fresh.password_hash != old_hash:
            return Refused("This email and password do not go together. Check both and try again.")
        if new_hash:
            members.replace_hash(connection, member.id, old=old_hash, new=new_hash)
        members.record(
            connection, at=now, who=member.email, act="member.signed_in", object_kind="team_member", object_id=member.id
        )
        return open_session(connection, member.id, now)

    return await run_in_threadpool(writer.run, work)


async def _rehashed(queue: str, password: str) -> str:
    """Return the hash under today's settings; empty if the queue is full, so that it waits for the next sign-in."""
    try:
        return await passwords.KNOWN.run(queue, partial(passwords.hashed, password))
    except passwords.TooBusyError:
        return ""


def _member(engine: Engine, address: str) -> members.Member | None:
    with reader(engine) as connection:
        return members.member_by_email(connection, address)


def who_is(engine: Engine, writer: Writer, token: str, *, now: datetime) -> members.Member | None:
    """Return the member whose session this is; None if it has ended."""
    if not token:
        return None
    with reader(engine) as connection:
        found = members.live_session(connection, digest(token), now, now - SESSION_IDLE)
    if found is None:
        return None
    if now - found.seen_at > TOUCHED_EVERY:
        writer.run(lambda connection: members.touch_session(connection, found.id, now))
    return found.member


def sign_out(writer: Writer, token: str) -> None:
    """End the session."""
    writer.run(lambda connection: members.end_session(connection, digest(token)))


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256, which is enough for 256 random bits."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def in_words(seconds: int) -> str:
    """Return a number of seconds in words."""
    if seconds < 100:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"


def _add_link(connection: Connection, *, member_id: int | None, role: Role, purpose: LinkPurpose, now: datetime) -> str:
    token = token_urlsafe(32)
    members.add_link(
        connection,
        token_hash=digest(token),
        member_id=member_id,
        role=role,
        purpose=purpose,
        at=now,
        expires_at=now + LINK_LASTS,
    )
    return token


def open_session(connection: Connection, member_id: int, now: datetime) -> str:
    """Open a session and return its token."""
    token = token_urlsafe(32)
    members.add_session(
        connection, token_hash=digest(token), member_id=member_id, at=now, expires_at=now + SESSION_LASTS
    )
    return token
