"""The rules for safeguarding items: what an act may change, and the one function that stores it.

An item is open until a person closes it. Taking it tells the others that somebody looks; it can be handed back, and a
closed one can be reopened. Nobody acts on what they have not seen: if the person wrote more words of distress, or a
colleague was quicker, the act is refused and the page says so. There is no score and no order but the clock (rules 79
and 80).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flows.model.vocabulary.item_kinds import Role
from review.kit.labels import LabelWord, known, label
from storage.queries.team import members, safeguarding_work

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer
    from storage.queries.team.members import Member
    from storage.queries.team.safeguarding_work import SafeguardingItem

SAFEGUARDING_ROLES = frozenset({Role.LEAD, Role.SAFEGUARDING})
"""Roles that do safeguarding: they may open words and numbers, take items and close them."""

Act = Literal["take", "back", "close", "reopen"]
ACTS: tuple[Act, ...] = ("take", "back", "close", "reopen")

OUTCOMES = (
    LabelWord("signposted", "Signposted again", "They were told once more where help is"),
    LabelWord("spoke", "Spoke with them"),
    LabelWord("service", "Passed to a service", "A crisis team, a doctor, a helper they know"),
    LabelWord("emergency", "Passed to emergency services"),
    LabelWord("not_reached", "Cannot reach them", "Every way we have was tried"),
    LabelWord("no_concern", "Not a concern", "The words meant something else"),
)
"""What was done, for closing an item. The order means nothing."""
REASONS = (
    LabelWord("look", "To see whether they need help now"),
    LabelWord("again", "To look again before closing"),
    LabelWord("handover", "To hand over to a service or to emergency services"),
    LabelWord("answer", "To answer for what we did"),
)
"""Why somebody opens words or a number. A fixed list, so that nothing about the person ends up in the audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardingRefusal:
    """Why nothing was changed, for the member who tried."""

    message: str
    kind: Literal["changed", "not_now", "choose", "gone"] = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardingChange:
    """What an act changes in an item."""

    values: dict[str, Any]
    act: str
    detail: str = ""


def decide(
    item: SafeguardingItem | None, act: Act, member: Member, *, seen: int, outcome: str, now: datetime
) -> SafeguardingChange | SafeguardingRefusal:
    """Return what an act changes in an item, or why it may not."""
    if item is None:
        return SafeguardingRefusal(kind="gone", message="There is no such item.")
    if act == "take" and item.closed_at is None and item.taken_by in (None, member.id):
        return _take(member, now)  # taking it is right whatever has come since
    if item.version != seen:
        return SafeguardingRefusal(message=_what_happened(item))
    match act:
        case "take":
            closed = SafeguardingRefusal(kind="not_now", message="It is closed. Reopen it first.")
            return closed if item.closed_at else _take(member, now)
        case "back":
            return _back(item, now)
        case "close":
            return _close(item, member, outcome, now)
        case "reopen":
            return _reopen(item)


def carry_out(
    writer: Writer, item_id: int, act: Act, member: Member, *, seen: int, outcome: str, now: datetime
) -> SafeguardingChange | SafeguardingRefusal:
    """Decide and store it in one transaction, with an entry in the audit log that names the member."""

    def work(connection: Connection) -> SafeguardingChange | SafeguardingRefusal:
        item = safeguarding_work.item_by_id(connection, item_id)
        change = decide(item, act, member, seen=seen, outcome=outcome, now=now)
        if item is None or isinstance(change, SafeguardingRefusal):
            return change
        if act == "reopen" and safeguarding_work.another_open(connection, item):
            return SafeguardingRefusal(
                kind="not_now", message="A newer item is open for the same person. Go on with that one."
            )
        if not safeguarding_work.change(connection, item, **change.values):
            return SafeguardingRefusal(message="This changed at the very same moment. Look at it again.")
        members.record(
            connection, at=now, who=member.email, act=change.act, object_kind="safeguarding", object_id=item_id,
            detail=change.detail,
        )  # fmt: skip
        return change

    return writer.run(work)


def clock(item: SafeguardingItem, now: datetime, zone: ZoneInfo) -> str:
    """Return the time left or overdue of an open item, in words."""
    if item.look_by >= now:
        local = item.look_by.astimezone(zone)
        day = "" if local.date() == now.astimezone(zone).date() else f" on {local:%A}, {local.day} {local:%b}"
        return f"Look by {local:%H:%M}{day}"
    if item.likely:
        return f"Waits for {_span(int((now - item.raised_at).total_seconds() // 60))}"
    return f"Overdue by {_span(int((now - item.look_by).total_seconds() // 60))}"


def outcome_in_words(stored: str) -> str:
    """Return the label of a stored outcome."""
    return label(OUTCOMES, stored) if stored else ""


def _span(minutes: int) -> str:
    for size, name in ((2 * 24 * 60, "days"), (2 * 60, "hours")):
        if minutes >= size:
            return f"{minutes // (size // 2)} {name}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _take(member: Member, now: datetime) -> SafeguardingChange:
    return SafeguardingChange(
        values={"taken_at": now, "taken_by": member.id, "next_alert_at": None}, act="safeguarding.taken"
    )


def _back(item: SafeguardingItem, now: datetime) -> SafeguardingChange | SafeguardingRefusal:
    if item.closed_at is not None or item.taken_at is None:
        return SafeguardingRefusal(kind="not_now", message="Nobody has taken it, so there is nothing to hand back.")
    again = max(now, item.look_by) if item.likely else now
    return SafeguardingChange(
        values={"taken_at": None, "taken_by": None, "next_alert_at": again}, act="safeguarding.back"
    )


def _close(
    item: SafeguardingItem, member: Member, outcome: str, now: datetime
) -> SafeguardingChange | SafeguardingRefusal:
    if item.closed_at is not None:
        return SafeguardingRefusal(kind="not_now", message="It is closed already.")
    done = known(OUTCOMES, outcome)
    if not done:
        return SafeguardingRefusal(kind="choose", message="Say what was done, so that colleagues can follow it.")
    taken = {} if item.taken_at else {"taken_at": now, "taken_by": member.id}
    closed = {"closed_at": now, "closed_by": member.id, "outcome": done, "next_alert_at": None}
    return SafeguardingChange(values=taken | closed, act="safeguarding.closed", detail=done)


def _reopen(item: SafeguardingItem) -> SafeguardingChange | SafeguardingRefusal:
    if item.closed_at is None:
        return SafeguardingRefusal(kind="not_now", message="It is open already.")
    return SafeguardingChange(values={"closed_at": None, "closed_by": None, "outcome": ""}, act="safeguarding.reopened")


def _what_happened(item: SafeguardingItem) -> str:
    if item.closed_at is not None:
        return f"{item.closer} closed this meanwhile. Nothing was changed."
    if item.taken_by is not None:
        return f"This changed while you were looking: {item.taker} has it. Nothing was changed. Look again below."
    return "This changed while you were looking. Nothing was changed. Look again below."
