"""Named questions behind the safeguarding page: what is open, what was done, and what somebody may open. Never commits.

Nothing here opens anything sealed: it hands out what is sealed, and whoever opens it writes that down first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, case, func, literal, select, text, update

from storage import tables
from storage.queries.team.safeguarding_items import LIKELY, OPEN

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

ITEM = tables.Safeguarding.__table__
CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
INBOUND = tables.Inbound.__table__
STORY = tables.Story.__table__
TAKER = tables.TeamMember.__table__.alias("taker")
CLOSER = tables.TeamMember.__table__.alias("closer")

MOST_MESSAGES = 30
"""Messages shown at once, newest kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardingItem:
    """One item as a page shows it."""

    id: int
    contributor_id: int | None
    """None once the person had everything deleted."""
    pseudonym: str
    simulated: bool
    opted_out: bool
    conversation_id: str | None
    story_id: int | None
    inbound_id: int | None
    origin: str
    level: str
    raised_at: datetime
    last_at: datetime
    repeats: int
    look_by: datetime
    alerts: int
    taken_at: datetime | None
    taken_by: int | None
    taker: str
    closed_at: datetime | None
    closer: str
    outcome: str
    version: int

    @property
    def likely(self) -> bool:
        """True for what is only worth a look."""
        return self.level == LIKELY

    @property
    def gone(self) -> bool:
        """True once the person had everything deleted."""
        return self.contributor_id is None


class SafeguardingEvent(NamedTuple):
    """A message as it came in; `sealed` is None once it was let go."""

    channel: str
    sealed: bytes | None
    received_at: datetime


class Way(NamedTuple):
    """One way to reach a person."""

    address_id: int
    channel: str
    sealed: bytes
    state: str


def _name(member: Any) -> Any:
    return func.coalesce(func.nullif(member.c.name, ""), member.c.email, "")


_ITEMS: Select[Any] = (
    select(
        ITEM.c.id, ITEM.c.contributor_id, func.coalesce(CONTRIBUTOR.c.pseudonym, "").label("pseudonym"),
        CONTRIBUTOR.c.simulated, CONTRIBUTOR.c.opted_out, ITEM.c.conversation_id, ITEM.c.story_id, ITEM.c.inbound_id,
        ITEM.c.origin, ITEM.c.level, ITEM.c.raised_at, ITEM.c.last_at, ITEM.c.repeats, ITEM.c.look_by, ITEM.c.alerts,
        ITEM.c.taken_at, ITEM.c.taken_by, _name(TAKER).label("taker"), ITEM.c.closed_at,
        _name(CLOSER).label("closer"), ITEM.c.outcome, ITEM.c.version,
    )
    .outerjoin_from(ITEM, CONTRIBUTOR, CONTRIBUTOR.c.id == ITEM.c.contributor_id)
    .outerjoin(TAKER, TAKER.c.id == ITEM.c.taken_by)
    .outerjoin(CLOSER, CLOSER.c.id == ITEM.c.closed_by)
)  # fmt: skip


def _items(connection: Connection, statement: Select[Any]) -> list[SafeguardingItem]:
    found = []
    for row in connection.execute(statement):
        values = dict(row._mapping)
        values |= {name: bool(values[name]) for name in ("simulated", "opted_out")}
        found.append(SafeguardingItem(**values))
    return found


def open_items(connection: Connection) -> list[SafeguardingItem]:
    """Return what is open: first what is plain and nobody has taken, by when a person is to look."""
    order = (ITEM.c.level == LIKELY, ITEM.c.taken_at.is_not(None), ITEM.c.look_by, ITEM.c.id)
    return _items(connection, _ITEMS.where(OPEN).order_by(*order))


def closed_items(connection: Connection, limit: int = 50) -> list[SafeguardingItem]:
    """Return what was closed, latest first."""
    closed = _ITEMS.where(ITEM.c.closed_at.is_not(None)).order_by(ITEM.c.closed_at.desc(), ITEM.c.id.desc())
    return _items(connection, closed.limit(limit))


def item_by_id(connection: Connection, item_id: int) -> SafeguardingItem | None:
    """Return one item, open or closed."""
    found = _items(connection, _ITEMS.where(ITEM.c.id == item_id))
    return found[0] if found else None


def open_for(connection: Connection, contributor_id: int) -> datetime | None:
    """Return since when an item has been open for a person; None if none is."""
    when: datetime | None = connection.execute(
        select(ITEM.c.raised_at).where(ITEM.c.contributor_id == contributor_id, OPEN)
    ).scalar()
    return when


def change(connection: Connection, item: SafeguardingItem, **values: Any) -> bool:
    """Change an item as it was shown; False if it has changed since."""
    done = connection.execute(
        update(ITEM)
        .where(ITEM.c.id == item.id, ITEM.c.version == item.version)
        .values(version=ITEM.c.version + 1, **values)
    )
    return done.rowcount == 1


def hand_back_all(connection: Connection, member_id: int, now: datetime) -> int:
    """Hand back what a member had taken and not closed; its clock runs on. Returns how many items there were."""
    again = case(
        (and_(ITEM.c.level == LIKELY, ITEM.c.look_by > now), ITEM.c.look_by), else_=literal(now, ITEM.c.look_by.type)
    )
    return connection.execute(
        update(ITEM)
        .where(ITEM.c.taken_by == member_id, ITEM.c.closed_at.is_(None))
        .values(taken_at=None, taken_by=None, next_alert_at=again, version=ITEM.c.version + 1)
    ).rowcount


def another_open(connection: Connection, item: SafeguardingItem) -> bool:
    """Tell whether a newer item is open for the same person."""
    if item.contributor_id is None:
        return False
    found = select(ITEM.c.id).where(ITEM.c.contributor_id == item.contributor_id, ITEM.c.id != item.id, OPEN)
    return connection.execute(found.limit(1)).first() is not None


def messages(connection: Connection, item: SafeguardingItem) -> list[SafeguardingEvent]:
    """Return what came from the message that raised an item up to the last one that did, oldest first."""
    if item.contributor_id is None or item.inbound_id is None:
        return []
    rows = connection.execute(
        select(INBOUND.c.channel, INBOUND.c.sealed, INBOUND.c.received_at)
        .where(
            and_(
                INBOUND.c.contributor_id == item.contributor_id,
                INBOUND.c.id >= item.inbound_id,
                INBOUND.c.received_at <= item.last_at,
            )
        )
        .order_by(INBOUND.c.id.desc())
        .limit(MOST_MESSAGES)
    ).all()
    return [SafeguardingEvent(*row) for row in reversed(rows)]


def story_of(connection: Connection, item: SafeguardingItem) -> int | None:
    """Return the story an item is about, if there is one that was not taken back."""
    where = STORY.c.id == item.story_id if item.story_id else STORY.c.conversation_id == (item.conversation_id or "")
    found: int | None = connection.execute(
        select(STORY.c.id).where(where, STORY.c.withdrawn_at.is_(None)).order_by(STORY.c.id.desc()).limit(1)
    ).scalar()
    return found


def ways(connection: Connection, item: SafeguardingItem) -> list[Way]:
    """Return how a person can be reached, still sealed; the one heard from last comes first."""
    if item.contributor_id is None:
        return []
    latest = (
        select(func.max(INBOUND.c.id))
        .where(INBOUND.c.contributor_id == item.contributor_id, INBOUND.c.channel == ADDRESS.c.channel)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(ADDRESS.c.id, ADDRESS.c.channel, ADDRESS.c.sealed, ADDRESS.c.state)
        .where(ADDRESS.c.contributor_id == item.contributor_id, func.length(ADDRESS.c.sealed) > 0)
        .order_by(func.coalesce(latest, 0).desc(), text("address.id"))
    )
    return [Way(*row) for row in rows]
