"""Who holds an address: a phone number is not a person (design rule 13). Never commits.

What was told from an address opens by the address alone while it is in steady use. Long silence, or any sign that the
number is dead or somebody else's, closes it for good: whoever writes from it next is a stranger, and the one who told
keeps their stories under their own pseudonym without a way to be reached. The three words of a receipt, sent from the
same address, show that both are one person, and bring them together again.
"""

from __future__ import annotations

from datetime import timedelta
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, func, or_, select, update

from flows.model.conversation import Conversation, Status, UnreadableConversationError
from flows.model.vocabulary.delivery import AddressState
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.protection import cancel_waiting
from storage.queries.contributors.people import Person, new_contributor
from storage.queries.conversations.turn_queries import raise_item
from storage.tables.address import ClosedWhy

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
CONVERSATION = tables.Conversation.__table__
INBOUND = tables.Inbound.__table__
ON_CALL = tables.OnCall.__table__
OUTBOX = tables.Outbox.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__

STEADY = timedelta(days=90)
"""The longest silence after which an address still opens what was told from it, where nothing else was set."""
GONE_BY = AddressState.UNUSABLE
LOOKUP_BYTES = 32


class Former(NamedTuple):
    """Somebody who told something from an address that is not theirs any more, as far as we know."""

    contributor_id: int
    address_id: int


def in_use(steady: timedelta, now: datetime) -> ColumnElement[bool]:
    """Return what holds of an address that still opens what was told from it, for a query over addresses."""
    silent = ADDRESS.c.heard_at.is_not(None) & (ADDRESS.c.heard_at <= now - steady)
    return ADDRESS.c.closed_at.is_(None) & (ADDRESS.c.state != GONE_BY) & ~silent


def opens(person: Person, steady: timedelta, now: datetime) -> bool:
    """Tell whether whoever writes from this address now may be taken for the one who wrote before."""
    if person.closed_at is not None or person.address_state == GONE_BY:
        return False
    return now - (person.used_at or person.heard_at) < steady


def opens_for(connection: Connection, contributor_id: int, steady: timedelta, now: datetime) -> bool:
    """Tell whether a person has any address that still opens what they told."""
    found = select(ADDRESS.c.id).where(ADDRESS.c.contributor_id == contributor_id, in_use(steady, now)).limit(1)
    return connection.execute(found).first() is not None


def close(connection: Connection, address_id: int, why: ClosedWhy, now: datetime, *, but: Collection[int] = ()) -> bool:
    """Let an address open nothing any more, and cancel what waits for it; False if it was closed already.

    `but` are the numbers of messages that go all the same: the last answer to whoever wrote. The team is told if
    something was told from there.
    """
    closed = connection.execute(
        update(ADDRESS)
        .where(ADDRESS.c.id == address_id, ADDRESS.c.closed_at.is_(None))
        .values(closed_at=now, closed_why=why)
    )
    if not closed.rowcount:
        return False
    cancel_waiting.from_address(connection, address_id, "closed", but=but)
    owner = connection.execute(select(ADDRESS.c.contributor_id).where(ADDRESS.c.id == address_id)).scalar_one()
    told = select(STORY.c.id).where(STORY.c.contributor_id == owner, STORY.c.withdrawn_at.is_(None)).limit(1)
    if connection.execute(told).first() is not None:
        kind = ItemKind.WRONG_NUMBER if why == ClosedWhy.WRONG_NUMBER else ItemKind.NUMBER_CLOSED
        raise_item(connection, kind=kind, now=now, contributor_id=owner)
    return True


def proved_alive(connection: Connection, address_id: int, now: datetime) -> None:
    """Open an address again whose provider said that it is dead, and then that the very same message had arrived.

    Only while nobody has written from it meanwhile: after that it has a new holder, and stays closed.
    """
    connection.execute(
        update(ADDRESS)
        .where(ADDRESS.c.id == address_id, ADDRESS.c.closed_why == ClosedWhy.DEAD, ADDRESS.c.former_lookup.is_(None))
        .values(
            closed_at=None,
            closed_why="",
            state=AddressState.REACHABLE,
            changed_at=now,
        )
    )
    stopped = select(CONTRIBUTOR.c.id).where(CONTRIBUTOR.c.opted_out)
    connection.execute(
        update(ADDRESS)
        .where(
            ADDRESS.c.id == address_id, ADDRESS.c.state == AddressState.REACHABLE, ADDRESS.c.contributor_id.in_(stopped)
        )
        .values(state=AddressState.OPTED_OUT)
    )


def part(connection: Connection, person: Person, now: datetime) -> Person:
    """Make whoever writes from a closed address a stranger, and return them.

    Nothing of the one who told before is carried over but STOP: no name, no language, no question that waits.
    """
    row = connection.execute(select(ADDRESS).where(ADDRESS.c.id == person.address_id).with_for_update()).one()
    opted_out = person.opted_out or row.state == AddressState.OPTED_OUT
    stranger = new_contributor(
        connection, language="", now=now, opted_out=opted_out, opted_out_at=now if opted_out else None,
        simulated=person.simulated, source="",
    )  # fmt: skip
    cancel_waiting.from_address(connection, row.id, "closed")
    _leave_open_nothing(connection, person.contributor_id)
    connection.execute(
        update(ADDRESS)
        .where(ADDRESS.c.id == row.id)
        .values(
            lookup=token_bytes(LOOKUP_BYTES), former_lookup=row.lookup, state=GONE_BY, changed_at=now,
            closed_at=row.closed_at or now, closed_why=row.closed_why or (
                ClosedWhy.DEAD if row.state == GONE_BY else ClosedWhy.SILENCE
            ),
        )
    )  # fmt: skip
    state = AddressState.OPTED_OUT if opted_out else AddressState.REACHABLE
    address_id = connection.execute(
        ADDRESS.insert()
        .values(
            contributor_id=stranger, channel=row.channel, lookup=row.lookup, sealed=row.sealed, state=state,
            changed_at=now, heard_at=now, closed_why="",
        )
        .returning(ADDRESS.c.id)
    ).scalar_one()  # fmt: skip
    if (
        row.closed_why != ClosedWhy.WRONG_NUMBER
    ):  # an alert says nothing of anybody, and a colleague's phone must not fall silent
        connection.execute(update(ON_CALL).where(ON_CALL.c.address_id == row.id).values(address_id=address_id))
    return Person(
        stranger, address_id, row.channel, "", opted_out, state, person.simulated, now, used_at=now, closed_at=None
    )


def _leave_open_nothing(connection: Connection, contributor_id: int) -> None:
    """End what was going on: what is kept stays, and nothing waits for an answer that a stranger could give."""
    connection.execute(delete(SEALED).where(SEALED.c.contributor_id == contributor_id))
    mine = CONVERSATION.c.contributor_id == contributor_id
    for row in connection.execute(select(CONVERSATION.c.id, CONVERSATION.c.state).where(mine)).all():
        try:
            old = Conversation.from_json(row.state)
        except UnreadableConversationError:
            status = Status.EXPIRED
            connection.execute(
                update(CONVERSATION)
                .where(CONVERSATION.c.id == row.id, CONVERSATION.c.status == Status.OPEN)
                .values(status=status, due_kind=None, due_at=None)
            )
            continue
        status = old.status
        if old.status in {Status.OPEN, Status.STOPPED}:
            status = Status.ENDED if old.kept else Status.EXPIRED
        told: dict[str, Any] = {} if old.kept else {"answers": {}, "trail": ()}
        over = old.model_copy(
            update={
                "status": status, "step": None, "partial": None, "interruptions": (), "pending": "",
                "held": 0, "due": None, "due_at": None, "back_to": "", "shown": "", **told,
            }
        )  # fmt: skip
        connection.execute(
            update(CONVERSATION)
            .where(CONVERSATION.c.id == row.id)
            .values(state=over.to_json(), status=status, step=None, due_kind=None, due_at=None)
        )


def former(connection: Connection, address_id: int) -> list[Former]:
    """Return who told something from this address before its present holder, newest first."""
    here = select(ADDRESS.c.channel, ADDRESS.c.lookup).where(ADDRESS.c.id == address_id).subquery()
    rows = connection.execute(
        select(ADDRESS.c.contributor_id, ADDRESS.c.id)
        .join(here, (ADDRESS.c.channel == here.c.channel) & (ADDRESS.c.former_lookup == here.c.lookup))
        .order_by(ADDRESS.c.id.desc())
    )
    return [Former(*row) for row in rows]


def holds_something(connection: Connection, address_id: int) -> bool:
    """Tell whether stories are kept that were told from this address by somebody before its present holder."""
    before = [one.contributor_id for one in former(connection, address_id)]
    if not before:
        return False
    told = select(func.count()).where(STORY.c.contributor_id.in_(before), STORY.c.withdrawn_at.is_(None))
    return bool(connection.execute(told).scalar_one())


def join(connection: Connection, person: Person, before: Former, now: datetime) -> Person:
    """Bring the present holder of an address and the one who told from it before together: they are one person.

    What the present holder said or told since becomes theirs too, and so does a STOP, or its end.
    """
    old, new = before.contributor_id, person.contributor_id
    earlier = connection.execute(select(CONTRIBUTOR).where(CONTRIBUTOR.c.id == old).with_for_update()).one()
    _move(connection, "address", before.address_id, person.address_id)
    connection.execute(delete(ADDRESS).where(ADDRESS.c.id == before.address_id))
    _move(connection, "contributor", new, old)
    connection.execute(update(OUTBOX).where(OUTBOX.c.contributor_id == new).values(contributor_id=old))
    connection.execute(
        update(CONTRIBUTOR)
        .where(CONTRIBUTOR.c.id == old)
        .values(
            opted_out=person.opted_out, opted_out_at=now if person.opted_out else None, heard_at=now,
            language=person.language or earlier.language, leaving_warned_at=None, erased_at=None,
        )
    )  # fmt: skip
    connection.execute(delete(CONTRIBUTOR).where(CONTRIBUTOR.c.id == new))
    return person._replace(
        contributor_id=old,
        language=person.language or earlier.language,
        signposted_at=max(filter(None, (person.signposted_at, earlier.signposted_at)), default=None),
    )


def _move(connection: Connection, table: str, old: int, new: int) -> None:
    """Let every row that names the one name the other."""
    for other in tables.metadata.sorted_tables:
        for column in other.columns:
            if any(key.column.table.name == table for key in column.foreign_keys):
                connection.execute(update(other).where(column == old).values({column.name: new}))


def beside(connection: Connection, contributor_id: int) -> list[int]:
    """Return who else told something from an address of this person, before or after them."""
    mine = ADDRESS.alias("mine")
    theirs = ADDRESS.alias("theirs")
    same = or_(
        mine.c.former_lookup == theirs.c.lookup,
        mine.c.lookup == theirs.c.former_lookup,
        mine.c.former_lookup == theirs.c.former_lookup,
    )
    rows = connection.execute(
        select(theirs.c.contributor_id)
        .where(mine.c.contributor_id == contributor_id, theirs.c.contributor_id != contributor_id)
        .where(mine.c.channel == theirs.c.channel, same)
        .distinct()
    )
    return sorted(rows.scalars())
