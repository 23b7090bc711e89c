"""Removing a member: access ends at once, and what they had taken on is open work again.

The team page and `earshot team remove` share this rule: never the last lead who can sign in, because nobody could
invite anybody again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.model.vocabulary.item_kinds import Role
from review.kit.safeguarding_rules import SAFEGUARDING_ROLES
from storage.queries.team import api_tokens, members, on_call, safeguarding_work

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from storage.db.writer import Writer
    from storage.queries.team.members import Member


class LastLeadError(ValueError):
    """Nobody else could invite people."""

    def __init__(self) -> None:
        super().__init__(
            "They are the only lead who can sign in. Nothing was changed. Make somebody else a lead first,"
            " and let them choose a password."
        )


class NotOnTheTeamError(ValueError):
    """There is no such member."""

    def __init__(self) -> None:
        super().__init__("Nobody with this address is on the team. Nothing was changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedMembership:
    """Who left, and what the team should know now."""

    member: Member
    was_on_call: bool
    on_call_left: int
    """How many members are still on call."""
    handed_back: int
    """How many safeguarding items they had taken; nobody has them now."""


def remove_member(writer: Writer, member_id: int, *, now: datetime, who: str) -> EndedMembership:
    """Remove a member: sessions, links, tokens and the password end with this transaction.

    Raises NotOnTheTeamError and LastLeadError, with nothing changed.
    """

    def work(connection: Connection) -> EndedMembership:
        member = _active(connection, member_id)
        require_another_lead(connection, member)
        members.make_inactive(connection, member.id, at=now)
        api_tokens.revoke_tokens(connection, member_id=member.id, now=now)
        left = _release_duties(connection, member, now)
        _record(connection, member, "member.removed", now=now, who=who, detail=member.role)
        return left

    return writer.run(work)


def sign_out_everywhere(writer: Writer, member_id: int, *, now: datetime, who: str) -> int:
    """End every session of a member, for example after a lost laptop. Returns how many there were."""

    def work(connection: Connection) -> int:
        member = _active(connection, member_id)
        ended = members.end_sessions(connection, member.id)
        _record(connection, member, "member.signed_out", now=now, who=who)
        return ended

    return writer.run(work)


def require_another_lead(connection: Connection, member: Member) -> None:
    """Raise LastLeadError if this is the only lead who can sign in."""
    leads = members.leads_who_can_sign_in(connection)
    if leads == [member.id]:
        raise LastLeadError


def change_role(connection: Connection, member: Member, role: Role, *, now: datetime) -> None:
    """Give a member another role. Without a role in safeguarding they are taken off call."""
    if member.active and member.role == Role.LEAD and role != Role.LEAD:
        require_another_lead(connection, member)
    members.change_member(connection, member.id, role=role)
    if role not in SAFEGUARDING_ROLES:
        _release_duties(connection, member, now)


def _release_duties(connection: Connection, member: Member, now: datetime) -> EndedMembership:
    return EndedMembership(
        member=member,
        handed_back=safeguarding_work.hand_back_all(connection, member.id, now),
        was_on_call=on_call.remove(connection, member.id),
        on_call_left=sum(one.active for one in on_call.contacts(connection)),
    )


def _active(connection: Connection, member_id: int) -> Member:
    member = members.member_by_id(connection, member_id)
    if member is None or not member.active:
        raise NotOnTheTeamError
    return member


def _record(connection: Connection, member: Member, act: str, *, now: datetime, who: str, detail: str = "") -> None:
    members.record(connection, at=now, who=who, act=act, object_kind="team_member", object_id=member.id, detail=detail)
