"""Named questions about the team: members, one-time links, sessions, and the record of who did what.

Every function runs inside the caller's transaction and commits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from flows.model.vocabulary.item_kinds import Role
from storage.tables import Audit, SignInLink, TeamMember, TeamSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from storage.tables.sign_in_link import LinkPurpose

member = TeamMember.__table__
link = SignInLink.__table__
session = TeamSession.__table__
audit = Audit.__table__

LISTED = "story.listed"
"""The act of whoever is shown in a list how a story begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of the team, as far as signing in and deciding need them."""

    id: int
    email: str
    name: str
    role: Role
    password_hash: str | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """One one-time link that is still good."""

    id: int
    member_id: int | None
    """None: whoever opens it becomes a new member."""
    role: Role
    purpose: LinkPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser and whose it is."""

    id: int
    member: Member
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the record: who did what and when."""

    at: datetime
    who: str
    act: str
    detail: str


MEMBER_COLUMNS = (member.c.id, member.c.email, member.c.name, member.c.role, member.c.password_hash, member.c.active)


def member_by_email(connection: Connection, email: str) -> Member | None:
    """Return the member with this address (lower case), active or not."""
    row = connection.execute(select(*MEMBER_COLUMNS).where(member.c.email == email)).one_or_none()
    return Member(**row._mapping) if row else None


def member_by_id(connection: Connection, member_id: int) -> Member | None:
    """Return one member, active or not."""
    row = connection.execute(select(*MEMBER_COLUMNS).where(member.c.id == member_id)).one_or_none()
    return Member(**row._mapping) if row else None


def has_lead(connection: Connection) -> bool:
    """Tell whether an active lead with a password exists, so that somebody can sign in and invite the others."""
    found = connection.execute(
        select(member.c.id)
        .where(member.c.role == Role.LEAD, member.c.active.is_(True), member.c.password_hash.is_not(None))
        .limit(1)
    ).one_or_none()
    return found is not None


def add_member(connection: Connection, *, email: str, name: str, role: Role, at: datetime) -> int:
    """Add an active member without a password and return the id. The address must be in lower case and new."""
    result = connection.execute(
        insert(member).values(email=email, name=name, role=role, active=True, created_at=at).returning(member.c.id)
    )
    return int(result.scalar_one())


def change_member(connection: Connection, member_id: int, *, role: Role) -> None:
    """Give a member this role and make them active."""
    connection.execute(update(member).where(member.c.id == member_id).values(role=role, active=True))


def leads_who_can_sign_in(connection: Connection) -> list[int]:
    """Return the active leads with a password, and hold them: two who put each other out do so one after the other."""
    found = select(member.c.id).where(
        member.c.role == Role.LEAD, member.c.active.is_(True), member.c.password_hash.is_not(None)
    )
    return list(connection.execute(found.order_by(member.c.id).with_for_update()).scalars())


def make_inactive(connection: Connection, member_id: int, *, at: datetime) -> None:
    """Put a member out: no password, no session and no link of theirs opens anything from now on."""
    connection.execute(update(member).where(member.c.id == member_id).values(active=False, password_hash=None))
    end_sessions(connection, member_id)
    connection.execute(
        update(link)
        .where(link.c.member_id == member_id, link.c.used_at.is_(None), link.c.expires_at > at)
        .values(expires_at=at)
    )


def end_sessions(connection: Connection, member_id: int, *, but: str = "") -> int:
    """End every session of a member but the one with this hash; returns how many there were."""
    theirs = session.c.member_id == member_id, session.c.token_hash != but
    return connection.execute(session.delete().where(*theirs)).rowcount


def set_password(connection: Connection, member_id: int, *, name: str, password_hash: str) -> None:
    """Store a member's name and password hash, and end every session of theirs: an old one may not be theirs."""
    connection.execute(update(member).where(member.c.id == member_id).values(name=name, password_hash=password_hash))
    end_sessions(connection, member_id)


def replace_hash(connection: Connection, member_id: int, *, old: str, new: str) -> None:
    """Store the same password under newer hash settings, unless it was changed meanwhile."""
    connection.execute(
        update(member).where(member.c.id == member_id, member.c.password_hash == old).values(password_hash=new)
    )


def add_link(
    connection: Connection,
    *,
    token_hash: str,
    member_id: int | None,
    role: Role,
    purpose: LinkPurpose,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Add a link and void the unused ones it takes the place of (same member, or same purpose without a member)."""
    same = link.c.member_id == member_id if member_id is not None else link.c.member_id.is_(None)
    connection.execute(
        update(link)
        .where(same, link.c.purpose == purpose, link.c.used_at.is_(None), link.c.expires_at > at)
        .values(expires_at=at)
    )
    connection.execute(
        insert(link).values(
            token_hash=token_hash,
            member_id=member_id,
            role=role,
            purpose=purpose,
            created_at=at,
            expires_at=expires_at,
        )
    )


def good_link(connection: Connection, token_hash: str, at: datetime) -> OneTimeLink | None:
    """Return the link if it is unused and not expired."""
    row = connection.execute(
        select(link.c.id, link.c.member_id, link.c.role, link.c.purpose).where(
            link.c.token_hash == token_hash, link.c.used_at.is_(None), link.c.expires_at > at
        )
    ).one_or_none()
    return OneTimeLink(**row._mapping) if row else None


def use_link(connection: Connection, link_id: int, at: datetime) -> bool:
    """Mark the link as used; False if somebody was quicker."""
    result = connection.execute(update(link).where(link.c.id == link_id, link.c.used_at.is_(None)).values(used_at=at))
    return result.rowcount == 1


def add_session(connection: Connection, *, token_hash: str, member_id: int, at: datetime, expires_at: datetime) -> None:
    """Open a session and sweep away those that are over."""
    connection.execute(session.delete().where(session.c.expires_at <= at))
    connection.execute(
        insert(session).values(
            token_hash=token_hash, member_id=member_id, created_at=at, seen_at=at, expires_at=expires_at
        )
    )


def live_session(connection: Connection, token_hash: str, at: datetime, idle_since: datetime) -> Session | None:
    """Return the session unless it is over, was idle since before `idle_since`, or its member is no longer active."""
    row = connection.execute(
        select(session.c.id.label("session_id"), session.c.seen_at, *MEMBER_COLUMNS)
        .join(member, member.c.id == session.c.member_id)
        .where(
            session.c.token_hash == token_hash,
            session.c.expires_at > at,
            session.c.seen_at > idle_since,
            member.c.active.is_(True),
        )
    ).one_or_none()
    if row is None:
        return None
    found = dict(row._mapping)
    return Session(id=found.pop("session_id"), seen_at=found.pop("seen_at"), member=Member(**found))


def touch_session(connection: Connection, session_id: int, at: datetime) -> None:
    """Remember that the session was used now."""
    connection.execute(update(session).where(session.c.id == session_id).values(seen_at=at))


def end_session(connection: Connection, token_hash: str) -> None:
    """End one session; a session that is over already is no error."""
    connection.execute(session.delete().where(session.c.token_hash == token_hash))


def record(
    connection: Connection,
    *,
    at: datetime,
    who: str,
    act: str,
    object_kind: str,
    object_id: int | str = "",
    detail: str = "",
) -> None:
    """Write one act into the record (rule 65). `detail` holds no words of a story and no address."""
    connection.execute(
        insert(audit).values(at=at, who=who, act=act, object_kind=object_kind, object_id=str(object_id), detail=detail)
    )


def listed(connection: Connection, story_ids: Sequence[int], *, who: str, since: datetime) -> list[int]:
    """Return which of these stories nobody has written down as read by this reader in a list since then."""
    names = [str(one) for one in story_ids]
    known = connection.execute(
        select(audit.c.object_id).where(
            audit.c.object_kind == "story", audit.c.object_id.in_(names), audit.c.act == LISTED, audit.c.who == who,
            audit.c.at > since,
        )
    ).scalars()  # fmt: skip
    return sorted(set(story_ids) - {int(one) for one in known})


def record_listing(connection: Connection, story_ids: Sequence[int], *, who: str, at: datetime) -> None:
    """Write down that somebody read how these stories begin (rule 65)."""
    acts = [
        {"at": at, "who": who, "act": LISTED, "object_kind": "story", "object_id": str(one), "detail": ""}
        for one in story_ids
    ]
    if acts:
        connection.execute(insert(audit), acts)


def acts_on(
    connection: Connection, object_kind: str, object_id: int, *, but: tuple[str, ...] = (), limit: int = 50
) -> list[AuditEntry]:
    """Return the latest acts on one thing, newest first, without those named in `but`; `who` is a name where known."""
    rows = connection.execute(
        select(
            audit.c.at,
            func.coalesce(func.nullif(member.c.name, ""), audit.c.who).label("who"),
            audit.c.act,
            audit.c.detail,
        )
        .outerjoin(member, member.c.email == audit.c.who)
        .where(
            audit.c.object_kind == object_kind,
            audit.c.object_id == str(object_id),
            audit.c.act.not_in(but),
        )
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [AuditEntry(**row._mapping) for row in rows]


def acted_since(
    connection: Connection, *, who: str, act: str, object_kind: str, object_id: int, since: datetime
) -> bool:
    """Tell whether this person did this to this thing after `since`."""
    found = connection.execute(
        select(audit.c.id)
        .where(
            audit.c.object_kind == object_kind,
            audit.c.object_id == str(object_id),
            audit.c.who == who,
            audit.c.act == act,
            audit.c.at > since,
        )
        .limit(1)
    ).one_or_none()
    return found is not None


def all_members(connection: Connection) -> list[Member]:
    """Return everybody on the team, active first, by address."""
    rows = connection.execute(
        select(*MEMBER_COLUMNS).order_by(member.c.active.desc(), func.lower(member.c.email), member.c.id)
    )
    return [Member(**row._mapping) for row in rows]


def browsers(connection: Connection, at: datetime, idle_since: datetime) -> dict[int, int]:
    """Return in how many browsers each member is signed in, by member."""
    rows = connection.execute(
        select(session.c.member_id, func.count().label("browsers"))
        .where(session.c.expires_at > at, session.c.seen_at > idle_since)
        .group_by(session.c.member_id)
    )
    return {row.member_id: row.browsers for row in rows}
