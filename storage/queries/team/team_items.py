"""Named questions about what the team was told: what is open, what was closed by whom, how much there is of each kind.

Raising one is part of a turn and stands in `storage.queries.conversations.turn_queries`. Never commits, never returns
an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, func, or_, select, update

from flows.model.vocabulary.item_kinds import About, ItemKind
from storage.tables import Contributor, Request, Story, TeamItem, TeamMember

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from typing import Any

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection

ITEM = TeamItem.__table__
CONTRIBUTOR = Contributor.__table__
STORY = Story.__table__
REQUEST = Request.__table__
MEMBER = TeamMember.__table__

_KINDS = {kind.value: kind for kind in ItemKind}

LONGEST_NOTE = 200
"""Characters that a member may leave when closing."""
MOST_OF_A_KIND = 50
"""Items of one kind in a list, so that many of one never hide another; the count says how many there are."""


class ItemLine(NamedTuple):
    """One item, as the team sees it."""

    id: int
    kind: ItemKind
    raised_at: datetime
    pseudonym: str
    """Of the person it is about; empty if it is about nobody."""
    simulated: bool
    story_id: int | None
    """The story it is about, that of its conversation, or the person's newest; None if there is none that stands."""
    request_id: int | None
    """The longest open request of its person, for items about requests."""
    closed_at: datetime | None
    closer: str
    """Name of whoever closed it; empty while it is open, or if what it was about settled itself."""
    note: str


def _lines(kinds: Collection[ItemKind], *which: ColumnElement[bool]) -> Select[Any]:
    theirs = STORY.alias("theirs")
    newest = select(func.max(theirs.c.id)).where(
        theirs.c.contributor_id == ITEM.c.contributor_id, theirs.c.withdrawn_at.is_(None)
    )
    person_alone = and_(
        ITEM.c.story_id.is_(None), ITEM.c.conversation_id.is_(None),
        ITEM.c.kind.in_([kind.value for kind in ItemKind if kind.about == About.STORY]),
    )  # fmt: skip
    story = or_(
        STORY.c.id == ITEM.c.story_id,
        and_(ITEM.c.story_id.is_(None), STORY.c.conversation_id == ITEM.c.conversation_id),
        and_(person_alone, STORY.c.id == newest.scalar_subquery()),
    )
    asked = (
        select(func.min(REQUEST.c.id))
        .where(
            REQUEST.c.contributor_id == ITEM.c.contributor_id,
            REQUEST.c.closed_at.is_(None),
            ITEM.c.kind == ItemKind.REQUEST.value,
        )
        .scalar_subquery()
    )
    return (
        select(
            ITEM.c.id, ITEM.c.kind, ITEM.c.raised_at, func.coalesce(CONTRIBUTOR.c.pseudonym, ""),
            CONTRIBUTOR.c.simulated, STORY.c.id, asked, ITEM.c.closed_at,
            func.coalesce(func.nullif(MEMBER.c.name, ""), MEMBER.c.email, ""), ITEM.c.note,
        )
        .select_from(ITEM)
        .outerjoin(CONTRIBUTOR, CONTRIBUTOR.c.id == ITEM.c.contributor_id)
        .outerjoin(STORY, and_(STORY.c.withdrawn_at.is_(None), story))
        .outerjoin(MEMBER, MEMBER.c.id == ITEM.c.closed_by)
        .where(ITEM.c.kind.in_([kind.value for kind in kinds]), *which)
    )  # fmt: skip


def _read(connection: Connection, lines: Select[Any]) -> list[ItemLine]:
    return [
        ItemLine(number, _KINDS[kind], raised, pseudonym, bool(simulated), *rest)
        for number, kind, raised, pseudonym, simulated, *rest in connection.execute(lines)
    ]


def open_items(connection: Connection, kinds: Collection[ItemKind]) -> list[ItemLine]:
    """Return the open items of these kinds, oldest first; at most `MOST_OF_A_KIND` of each."""
    place = func.row_number().over(partition_by=ITEM.c.kind, order_by=(ITEM.c.raised_at, ITEM.c.id)).label("place")
    waiting = select(ITEM.c.id, place).where(ITEM.c.closed_at.is_(None)).subquery()
    oldest = ITEM.c.id.in_(select(waiting.c.id).where(waiting.c.place <= MOST_OF_A_KIND))
    return _read(connection, _lines(kinds, oldest).order_by(ITEM.c.raised_at, ITEM.c.id))


def closed_items(connection: Connection, kinds: Collection[ItemKind], *, limit: int = 12) -> list[ItemLine]:
    """Return the items of these kinds that were closed last, the latest first."""
    lines = _lines(kinds, ITEM.c.closed_at.is_not(None)).order_by(ITEM.c.closed_at.desc(), ITEM.c.id.desc())
    return _read(connection, lines.limit(limit))


def one_item(connection: Connection, number: int, kinds: Collection[ItemKind]) -> ItemLine | None:
    """Return one item; None if there is none of these kinds with that number."""
    return next(iter(_read(connection, _lines(kinds, ITEM.c.id == number))), None)


def count_items(connection: Connection) -> dict[ItemKind, int]:
    """Return how many items of each kind are open, also for kinds of which there is none."""
    rows = connection.execute(
        select(ITEM.c.kind, func.count()).where(ITEM.c.closed_at.is_(None)).group_by(ITEM.c.kind)
    ).all()
    found = dict(map(tuple, rows))
    return {kind: found.get(kind.value, 0) for kind in ItemKind}


def close_item(connection: Connection, number: int, *, by: int, note: str, now: datetime) -> bool:
    """Close an item with a member's name and a short note; False if it is closed already."""
    changed = connection.execute(
        update(ITEM)
        .where(ITEM.c.id == number, ITEM.c.closed_at.is_(None))
        .values(closed_at=now, closed_by=by, note=note[:LONGEST_NOTE])
    )
    return changed.rowcount == 1


def reopen_item(connection: Connection, number: int) -> bool:
    """Open an item again that somebody closed; False if it is open already."""
    changed = connection.execute(
        update(ITEM)
        .where(ITEM.c.id == number, ITEM.c.closed_at.is_not(None))
        .values(closed_at=None, closed_by=None, note="")
    )
    return changed.rowcount == 1


def settle_items(
    connection: Connection,
    kinds: Collection[ItemKind],
    *,
    now: datetime,
    by: int | None = None,
    story_id: int | None = None,
    contributor_id: int | None = None,
) -> None:
    """Close the items of these kinds about a story or a person: what they asked for has been done."""
    about = ITEM.c.story_id == story_id if story_id is not None else ITEM.c.contributor_id == contributor_id
    connection.execute(
        update(ITEM)
        .where(ITEM.c.kind.in_([kind.value for kind in kinds]), about, ITEM.c.closed_at.is_(None))
        .values(closed_at=now, closed_by=by)
    )


def people_not_reached(connection: Connection) -> int:
    """Count people of whom the team was told that a message will never go out, and who are still before them."""
    told = select(func.count(func.distinct(ITEM.c.contributor_id)))
    return int(
        connection.execute(told.where(ITEM.c.kind == ItemKind.SENDING.value, ITEM.c.closed_at.is_(None))).scalar_one()
    )
