"""Named questions about safeguarding items: somebody may need help, and a person on the team is to look. Never commits.

One item is open for a person at a time; more such words while it is open are counted on it. Nothing here is a score,
and nothing here closes an item but a member of the team.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from sqlalchemy import and_, case, false, func, select, text, update
from sqlalchemy import bindparam as b

from storage import tables
from storage.db.prepared_statement import Statement

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from flows.model.staffed_hours import StaffedHours

CONTRIBUTOR = tables.Contributor.__table__
ITEM = tables.Safeguarding.__table__

BY_RULE = "rule"
"""Origin of an item that words of distress raised; any other origin is a member's email."""
PLAIN: Final = "plain"
LIKELY: Final = "likely"
"""Levels: somebody is alerted at once and at any hour; or somebody looks when the team is there next."""
"""Kind of the outbox row of a message that a person of the team wrote to somebody who may need help."""
OPEN = text("safeguarding.closed_at IS NULL")
"""Written out, in the words of the index over open items."""


def _plainer(raised: Any) -> ColumnElement[bool]:
    return and_(ITEM.c.level == LIKELY, raised.excluded.level == PLAIN)


def _fainter(raised: Any) -> ColumnElement[bool]:
    return and_(ITEM.c.level == PLAIN, raised.excluded.level == LIKELY)


_RAISE = Statement(
    lambda insert: (
        (raised := insert(ITEM))
        .values(
            contributor_id=b("contributor_id"), conversation_id=b("conversation_id"), story_id=b("story_id"),
            inbound_id=b("inbound_id"), origin=b("origin"), level=b("level"), raised_at=b("now"), last_at=b("now"),
            repeats=0, look_by=b("look_by"), next_alert_at=b("alert_at"), alerts=0, outcome="", version=1,
        )
        .on_conflict_do_update(
            index_elements=["contributor_id"],
            index_where=text("closed_at IS NULL"),
            set_={
                "level": case((raised.excluded.level == PLAIN, PLAIN), else_=ITEM.c.level),
                # An item that was only worth a look and becomes plain starts its clock anew.
                "raised_at": case((_plainer(raised), raised.excluded.raised_at), else_=ITEM.c.raised_at),
                "look_by": case((_plainer(raised), raised.excluded.look_by), else_=ITEM.c.look_by),
                "last_at": case((_fainter(raised), ITEM.c.last_at), else_=raised.excluded.last_at),
                "repeats": ITEM.c.repeats + 1,
                "version": ITEM.c.version + 1,
                "story_id": func.coalesce(ITEM.c.story_id, raised.excluded.story_id),
                # Whoever has taken it may be asleep by now: what comes long after the last such words is told once.
                "next_alert_at": case(
                    (_plainer(raised), raised.excluded.next_alert_at),
                    (
                        and_(
                            raised.excluded.level == PLAIN,
                            ITEM.c.taken_at.is_not(None),
                            ITEM.c.last_at <= b("long_ago", type_=ITEM.c.last_at.type),
                        ),
                        raised.excluded.raised_at,
                    ),
                    else_=ITEM.c.next_alert_at,
                ),
            },
        )
        .returning(ITEM.c.id)
    )
)  # fmt: skip
_IS_OPEN = Statement(select(ITEM.c.id).where(ITEM.c.contributor_id == b("contributor_id"), ITEM.c.level == PLAIN, OPEN))


def raise_concern(  # noqa: PLR0913 - an item is made of these
    connection: Connection,
    *,
    contributor_id: int,
    conversation_id: str | None,
    inbound_id: int | None,
    now: datetime,
    staffed: StaffedHours,
    origin: str = BY_RULE,
    story_id: int | None = None,
    level: Literal["plain", "likely"] = PLAIN,
) -> int:
    """Put a person before the team, or count a repeat on the item that is open for them; returns its number.

    The first alert goes out with the next tick; for what is only worth a look, not before the team is there and had its
    time to look. A repeat changes nothing of the clock, unless somebody has taken the
    item and the words before lie longer back than a person may be waited for: then the contact is told once more.
    """
    look_by = staffed.look_by(now) if level == PLAIN else staffed.look_by_day(now)
    row = _RAISE.one(
        connection, contributor_id=contributor_id, conversation_id=conversation_id, story_id=story_id,
        inbound_id=inbound_id, origin=origin, level=level, now=now, look_by=look_by,
        alert_at=now if level == PLAIN else look_by, long_ago=now - timedelta(minutes=staffed.minutes),
    )  # fmt: skip
    return int(row[0]) if row else 0


def is_open(connection: Connection, contributor_id: int) -> bool:
    """Tell whether a plain item is open for a person; prompts to them pause meanwhile (rule 84), replies never."""
    return _IS_OPEN.one(connection, contributor_id=contributor_id) is not None


class ToAlert(NamedTuple):
    """An item whose clock says that somebody is to be told now."""

    id: int
    raised_at: datetime
    look_by: datetime
    taken: bool
    likely: bool
    """True: only worth a look. The first contact is told once a day, when the team is there."""
    simulated: bool
    """True: words on the simulator. Nothing of it goes to a real phone."""


def to_alert(connection: Connection, now: datetime) -> list[ToAlert]:
    """Return open items that somebody is to be told about, held until the commit; another process gets others."""
    simulated = select(CONTRIBUTOR.c.simulated).where(CONTRIBUTOR.c.id == ITEM.c.contributor_id).scalar_subquery()
    rows = connection.execute(
        select(
            ITEM.c.id, ITEM.c.raised_at, ITEM.c.look_by, ITEM.c.taken_at.is_not(None), ITEM.c.level == LIKELY,
            func.coalesce(simulated, false()),
        )
        .where(OPEN, ITEM.c.next_alert_at <= now)
        .order_by(ITEM.c.id)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    return [ToAlert(*row) for row in rows]


def anything_to_alert(connection: Connection, now: datetime) -> bool:
    """Tell whether an item waits for an alert, without holding anything."""
    return connection.execute(select(ITEM.c.id).where(OPEN, ITEM.c.next_alert_at <= now).limit(1)).first() is not None


def alerted(connection: Connection, item_id: int, *, told: int, next_at: datetime | None) -> None:
    """Note how many people were told of an item, and when its clock acts next."""
    connection.execute(
        update(ITEM).where(ITEM.c.id == item_id).values(next_alert_at=next_at, alerts=ITEM.c.alerts + told)
    )


class Count(NamedTuple):
    """How many items are open; says nothing about anybody."""

    open: int
    overdue: int
    """Those that nobody has taken and a person should have looked at by now."""
    likely: int
    """Those that are only worth a look; the others are counted above."""


def count_open(connection: Connection, now: datetime) -> Count:
    """Count open items and those that are overdue."""
    plain = case((ITEM.c.level == PLAIN, 1), else_=0)
    late = case((and_(ITEM.c.level == PLAIN, ITEM.c.taken_at.is_(None), ITEM.c.look_by < now), 1), else_=0)
    sums = (func.coalesce(func.sum(plain), 0), func.coalesce(func.sum(late), 0), func.count())
    row = connection.execute(select(*sums).select_from(ITEM).where(OPEN)).one()
    return Count(int(row[0]), int(row[1]), int(row[2]) - int(row[0]))
