"""Named questions about contributors and their addresses, as a turn asks them. Never commits.

On PostgreSQL `lock` holds the person until the transaction ends, so that one turn at a time runs for one person; on
SQLite there is one writer and nothing to lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import delete, func, select, update

from flows.model.vocabulary.delivery import AddressState
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.db.prepared_statement import Statement
from storage.protection import cancel_waiting
from storage.protection.pseudonyms import new_pseudonym

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
SUPPRESSION = tables.Suppression.__table__
ITEM = tables.TeamItem.__table__
STORY = tables.Story.__table__


class Person(NamedTuple):
    """A contributor at one of their addresses."""

    contributor_id: int
    address_id: int
    channel: str
    language: str
    """What they chose; empty until then."""
    opted_out: bool
    address_state: AddressState
    """reachable, opted_out, blocked or unusable."""
    simulated: bool
    heard_at: datetime
    """When they last wrote, exact to an hour."""
    signposted_at: datetime | None = None
    """When they were last told whom they can talk to (rule 78)."""
    used_at: datetime | None = None
    """When somebody last wrote from this address, exact to an hour."""
    closed_at: datetime | None = None
    """Since when the address opens nothing of what was told from it."""


class HeldAddress(NamedTuple):
    """What is held about a contributor, for MY DATA."""

    stories: int
    channels: tuple[str, ...]
    since: datetime


_PERSON = select(
    CONTRIBUTOR.c.id,
    ADDRESS.c.id,
    ADDRESS.c.channel,
    CONTRIBUTOR.c.language,
    CONTRIBUTOR.c.opted_out,
    ADDRESS.c.state,
    CONTRIBUTOR.c.simulated,
    CONTRIBUTOR.c.heard_at,
    CONTRIBUTOR.c.signposted_at,
    ADDRESS.c.heard_at,
    ADDRESS.c.closed_at,
).join_from(ADDRESS, CONTRIBUTOR)
_BY_LOOKUP = _PERSON.where(ADDRESS.c.channel == b("channel"), ADDRESS.c.lookup == b("lookup"))
_BY_ADDRESS = _PERSON.where(ADDRESS.c.id == b("address_id"))
_FIND, _FIND_LOCKED = Statement(_BY_LOOKUP), Statement(_BY_LOOKUP.with_for_update(of=CONTRIBUTOR))
_AT, _AT_LOCKED = Statement(_BY_ADDRESS), Statement(_BY_ADDRESS.with_for_update(of=CONTRIBUTOR))

_NEW_CONTRIBUTOR = Statement(
    lambda insert: (
        insert(CONTRIBUTOR)
        .values(
            pseudonym=b("pseudonym"), language=b("language"), created_at=b("now"), heard_at=b("now"),
            opted_out=b("opted_out"), opted_out_at=b("opted_out_at"), simulated=b("simulated"), source=b("source"),
        )
        .on_conflict_do_nothing(index_elements=["pseudonym"])
        .returning(CONTRIBUTOR.c.id)
    )
)  # fmt: skip
_NEW_ADDRESS = Statement(
    lambda insert: (
        insert(ADDRESS)
        .values(
            contributor_id=b("contributor_id"), channel=b("channel"), lookup=b("lookup"), sealed=b("sealed"),
            state=b("state"), changed_at=b("now"), heard_at=b("now"), closed_why="",
        )
        .on_conflict_do_nothing(index_elements=["channel", "lookup"])
        .returning(ADDRESS.c.id)
    )
)  # fmt: skip
_NOBODY = Statement(delete(CONTRIBUTOR).where(CONTRIBUTOR.c.id == b("contributor_id")))
_BACK = Statement(
    delete(SUPPRESSION)
    .where(SUPPRESSION.c.channel == b("channel"), SUPPRESSION.c.lookup == b("lookup"))
    .returning(SUPPRESSION.c.opted_out)
)
_HEARD = Statement(
    update(CONTRIBUTOR)
    .where(CONTRIBUTOR.c.id == b("contributor_id"))
    .values(heard_at=b("now"), leaving_warned_at=b("nobody_leaves"))
)
_USED = Statement(update(ADDRESS).where(ADDRESS.c.id == b("address_id")).values(heard_at=b("now")))
_STAYS = Statement(
    update(ITEM)
    .where(
        ITEM.c.contributor_id == b("contributor_id"), ITEM.c.kind == ItemKind.LEAVING.value, ITEM.c.closed_at.is_(None)
    )
    .values(closed_at=b("now"))
)

PSEUDONYM_TRIES = 8


def find_person(connection: Connection, *, channel: str, lookups: Sequence[bytes], lock: bool = False) -> Person | None:
    """Return who writes from this address; `lookups` are its keyed hashes under all keys, newest first.

    `lock`: one turn of a person after the other; different people go side by side (rule 34).
    """
    statement = _FIND_LOCKED if lock else _FIND
    for lookup in lookups:
        row = statement.one(connection, channel=channel, lookup=lookup)
        if row is not None:
            return Person(*row)
    return None


def person_at(connection: Connection, address_id: int, *, lock: bool = False) -> Person | None:
    """Return who is behind an address we know, for a turn that time began; None after an erasure."""
    row = (_AT_LOCKED if lock else _AT).one(connection, address_id=address_id)
    return None if row is None else Person(*row)


def make_person(
    connection: Connection,
    *,
    channel: str,
    lookups: Sequence[bytes],
    sealed: bytes,
    now: datetime,
    language: str = "",
    source: str = "",
    simulated: bool = False,
) -> Person:
    """Make a contributor with this address, or return the one that another transaction made meanwhile.

    Somebody who had said STOP before an erasure starts as opted out. An event claimed before they were known must be
    given to them with `mark_inbound`, so that it is found when their words are to be purged.
    """
    opted_out = any(
        row[0] for lookup in lookups if (row := _BACK.one(connection, channel=channel, lookup=lookup)) is not None
    )
    contributor_id = new_contributor(
        connection, language=language, now=now, opted_out=opted_out, opted_out_at=now if opted_out else None,
        simulated=simulated, source=source,
    )  # fmt: skip
    state = AddressState.OPTED_OUT if opted_out else AddressState.REACHABLE
    made = _NEW_ADDRESS.one(
        connection, contributor_id=contributor_id, channel=channel, lookup=lookups[0], sealed=sealed, state=state,
        now=now,
    )  # fmt: skip
    if made is not None:
        return Person(contributor_id, made[0], channel, language, opted_out, state, simulated, now, used_at=now)
    _NOBODY.run(connection, contributor_id=contributor_id)
    person = find_person(connection, channel=channel, lookups=lookups, lock=True)
    if person is None:
        raise RuntimeError("an address was taken and gone again in one moment; give the message again")
    return person


class EndedContact(NamedTuple):
    """When a person last wanted no more of us."""

    stopped_at: datetime | None
    erased_at: datetime | None


def ended(connection: Connection, *, channel: str, lookups: Sequence[bytes], person: Person | None) -> EndedContact:
    """Return when whoever writes from this address stopped contact, and when they had everything deleted."""
    if person is not None:
        columns = (CONTRIBUTOR.c.opted_out_at, CONTRIBUTOR.c.erased_at)
        return EndedContact(
            *connection.execute(select(*columns).where(CONTRIBUTOR.c.id == person.contributor_id)).one()
        )
    gone = select(func.max(SUPPRESSION.c.created_at)).where(
        SUPPRESSION.c.channel == channel, SUPPRESSION.c.lookup.in_(lookups)
    )
    return EndedContact(None, connection.execute(gone).scalar())


def new_contributor(connection: Connection, **values: Any) -> int:
    """Make a contributor with a pseudonym nobody has yet, and return their number."""
    for tried in range(PSEUDONYM_TRIES):
        pseudonym = new_pseudonym(4 if tried < PSEUDONYM_TRIES // 2 else 7)
        row = _NEW_CONTRIBUTOR.one(connection, pseudonym=pseudonym, **values)
        if row is not None:
            return int(row[0])
    raise RuntimeError("no free pseudonym was found; give the message again")


def heard(connection: Connection, person: Person, now: datetime) -> None:
    """Remember that the person wrote, and that they are not about to be let go.

    Written at most once an hour, so that a turn seldom pays for it.
    """
    if person.used_at is None or abs((now - person.used_at).total_seconds()) >= 3600:
        _USED.run(connection, address_id=person.address_id, now=now)
    if (now - person.heard_at).total_seconds() >= 3600:
        _HEARD.run(connection, contributor_id=person.contributor_id, now=now, nobody_leaves=None)
        _STAYS.run(connection, contributor_id=person.contributor_id, now=now)


def signposted(connection: Connection, contributor_id: int, now: datetime) -> None:
    """Remember that a person was told whom they can talk to, on whatever channel: once in 24 hours is enough."""
    connection.execute(update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id).values(signposted_at=now))


def set_language(connection: Connection, contributor_id: int, language: str) -> None:
    """Remember the language a person chose, for later conversations."""
    connection.execute(update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id).values(language=language))


def opt_out(connection: Connection, contributor_id: int, now: datetime, *, but: Collection[int] = ()) -> int:
    """Stop contact on every address of a person and cancel what waits for them (rule 30, design rule 11).

    Returns how many messages were cancelled. `but` are the numbers of those that go all the same: the confirmation.
    """
    connection.execute(
        update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id).values(opted_out=True, opted_out_at=now)
    )
    connection.execute(
        update(ADDRESS)
        .where(ADDRESS.c.contributor_id == contributor_id, ADDRESS.c.state == AddressState.REACHABLE)
        .values(state=AddressState.OPTED_OUT, changed_at=now)
    )
    return cancel_waiting.from_person(connection, contributor_id, "opted_out", but=but)


def opt_in(connection: Connection, contributor_id: int, now: datetime) -> None:
    """Allow contact again; no consent is granted anew (rule 30), and a blocked address stays blocked."""
    connection.execute(
        update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id).values(opted_out=False, opted_out_at=None)
    )
    connection.execute(
        update(ADDRESS)
        .where(ADDRESS.c.contributor_id == contributor_id, ADDRESS.c.state == AddressState.OPTED_OUT)
        .values(state=AddressState.REACHABLE, changed_at=now)
    )


def set_address_state(connection: Connection, address_id: int, state: AddressState, now: datetime) -> None:
    """Note that an address is blocked, unusable or reachable again (rule 37).

    Unless it is reachable, what waits for it is cancelled. After STOP, reachable means `opted_out`.
    """
    wanted = state
    if state == AddressState.REACHABLE:
        stopped = select(CONTRIBUTOR.c.opted_out).join(ADDRESS).where(ADDRESS.c.id == address_id)
        wanted = AddressState.OPTED_OUT if connection.execute(stopped).scalar() else state
    else:
        cancel_waiting.from_address(connection, address_id, state)
    connection.execute(
        update(ADDRESS)
        .where(ADDRESS.c.id == address_id, ADDRESS.c.state != wanted)
        .values(state=wanted, changed_at=now)
    )


def facts_about(connection: Connection, contributor_id: int) -> HeldAddress | None:
    """Return what is held about a person; None if nothing is."""
    since = connection.execute(select(CONTRIBUTOR.c.created_at).where(CONTRIBUTOR.c.id == contributor_id)).scalar()
    if since is None:
        return None
    stories = connection.execute(select(func.count()).where(STORY.c.contributor_id == contributor_id)).scalar_one()
    channels = connection.execute(
        select(ADDRESS.c.channel)
        .where(ADDRESS.c.contributor_id == contributor_id)
        .distinct()
        .order_by(ADDRESS.c.channel)
    ).scalars()
    return HeldAddress(stories, tuple(channels), since)
