"""What one turn asks of the database: claim the event, find the person, go on with their conversation, answer.

All of it runs in the turn's own transaction and never commits. People are in `people`, stories in `stories`; they are
offered here too, so that a turn needs one import. Decisions are in `decisions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import delete, func, or_, select, update

from flows.model.vocabulary.delivery import MessageState
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.db.prepared_statement import Statement
from storage.db.writer import note
from storage.queries.contributors.people import (
    HeldAddress,
    Person,
    facts_about,
    find_person,
    heard,
    make_person,
    opt_in,
    opt_out,
    person_at,
    set_address_state,
    set_language,
    signposted,
)
from storage.queries.stories.kept_stories import (
    StoryPlace,
    add_to_story,
    amend_story,
    differs_from_kept,
    drop_story,
    keep_story,
    loses_words,
    told_in,
)
from storage.tables.inbound import InboundState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.conversation import Conversation, Status
    from flows.model.vocabulary.delivery import MessageKind

INBOUND = tables.Inbound.__table__
CONVERSATION = tables.Conversation.__table__
SEALED = tables.SealedMessage.__table__
OUTBOX = tables.Outbox.__table__
ITEM = tables.TeamItem.__table__
TOO_MANY = "too_many"
"""Why an answer is not sent: so many went out within the hour that moved nothing on."""
STRAY = tables.Stray.__table__


class Stored(NamedTuple):
    """A conversation as it is stored; `state` is for `flows.model.conversation.Conversation.from_json`."""

    id: str
    status: Status
    state: str
    flow: str
    structure: str


_CLAIM = Statement(
    lambda insert: (
        (claimed := insert(INBOUND))
        .values(
            channel=b("channel"), provider_id=b("provider_id"), contributor_id=b("contributor_id"),
            received_at=b("received_at"), sealed=b("sealed"), state=InboundState.HANDLED, attempts=1,
        )
        .on_conflict_do_update(
            index_elements=["channel", "provider_id"],
            set_={
                "state": InboundState.HANDLED, "error": None, "attempts": INBOUND.c.attempts + 1,
                "sealed": claimed.excluded.sealed,
            },
            where=or_(INBOUND.c.state == InboundState.FAILED, INBOUND.c.state == InboundState.STORED),
        )
        .returning(INBOUND.c.id)
    )
)  # fmt: skip
_LATEST = Statement(
    select(
        CONVERSATION.c.id, CONVERSATION.c.status, CONVERSATION.c.state, CONVERSATION.c.flow, CONVERSATION.c.structure
    )
    .where(CONVERSATION.c.contributor_id == b("contributor_id"))
    .order_by(CONVERSATION.c.started_at.desc(), CONVERSATION.c.id)
    .limit(1)
)
_BY_ID = Statement(
    select(
        CONVERSATION.c.id, CONVERSATION.c.status, CONVERSATION.c.state, CONVERSATION.c.flow, CONVERSATION.c.structure
    ).where(CONVERSATION.c.id == b("conversation_id"))
)
_CHANGING = ("address_id", "flow", "structure", "status", "step", "state", "updated_at", "due_kind", "due_at")
_SAVE = Statement(
    lambda insert: (
        (saved := insert(CONVERSATION))
        .values({column.name: b(column.name) for column in CONVERSATION.columns})
        .on_conflict_do_update(index_elements=["id"], set_={name: saved.excluded[name] for name in _CHANGING})
    )
)
_HOLD = Statement(
    lambda insert: insert(SEALED).values(
        conversation_id=b("conversation_id"), contributor_id=b("contributor_id"), ref=b("ref"), sealed=b("sealed"),
        received_at=b("now"),
    )
)  # fmt: skip
_RESEAL = Statement(
    update(SEALED)
    .where(SEALED.c.contributor_id == b("contributor_id"), SEALED.c.ref == b("ref"))
    .values(sealed=b("sealed"))
)
_ENQUEUE = Statement(
    lambda insert: (
        insert(OUTBOX)
        .values(
            address_id=b("address_id"), contributor_id=b("contributor_id"), conversation_id=b("conversation_id"),
            inbound_id=b("inbound_id"), channel=b("channel"), kind=b("kind"), payload=b("payload"), due_at=b("due_at"),
            created_at=b("now"), state=MessageState.QUEUED, attempts=0, serial=b("serial"), private=b("private"),
            beside=b("beside"),
        )
        .returning(OUTBOX.c.id)
    )
)  # fmt: skip


def claim(
    connection: Connection,
    *,
    channel: str,
    provider_id: str,
    received_at: datetime,
    sealed: bytes | None,
    contributor_id: int | None = None,
) -> int | None:
    """Take an event as ours to handle; returns its id, or None when it was handled before (rules 6 and 33).

    An event that failed before, or was only stored, is handed out again. Of two transactions that claim at the same
    moment one gets the id, once the other is over. Give `contributor_id` if the person is known already: it saves
    a `mark_inbound`.
    """
    row = _CLAIM.one(
        connection, channel=channel, provider_id=provider_id, contributor_id=contributor_id, received_at=received_at,
        sealed=sealed,
    )  # fmt: skip
    return None if row is None else int(row[0])


def mark_inbound(
    connection: Connection,
    inbound_id: int,
    *,
    state: InboundState = InboundState.HANDLED,
    error: str | None = None,
    contributor_id: int | None = None,
) -> None:
    """Note whose event it was and how it went; `error` is a class name, never a message."""
    _MARK.run(connection, inbound=inbound_id, state=state, error=error, contributor=contributor_id)


_MARK = Statement(
    update(INBOUND)
    .where(INBOUND.c.id == b("inbound"))
    .values(
        state=b("state"), error=b("error"),
        contributor_id=func.coalesce(b("contributor", type_=INBOUND.c.contributor_id.type), INBOUND.c.contributor_id),
    )
)  # fmt: skip


def count_stray(connection: Connection, *, channel: str, kind: str) -> None:
    """Count a message that no person sent; nothing of it is kept (rule 10)."""
    _STRAY.run(connection, channel=channel, kind=kind)


_STRAY = Statement(
    lambda insert: (
        insert(STRAY)
        .values(channel=b("channel"), kind=b("kind"), count=1)
        .on_conflict_do_update(index_elements=["channel", "kind"], set_={"count": STRAY.c.count + 1})
    )
)


def latest_conversation(connection: Connection, contributor_id: int) -> Stored | None:
    """Return the conversation that began last, open or not."""
    row = _LATEST.one(connection, contributor_id=contributor_id)
    return None if row is None else Stored(*row)


def conversation_by_id(connection: Connection, conversation_id: str) -> Stored | None:
    """Return one conversation, for a turn that time began."""
    row = _BY_ID.one(connection, conversation_id=conversation_id)
    return None if row is None else Stored(*row)


class AskedQuestion(NamedTuple):
    """A question on its way to the person."""

    serial: int
    handed_at: datetime | None
    """When the provider was given it; None: nobody can have read it."""
    state: str


QUESTIONS_LOOKED_AT = 8
_ASKED = Statement(
    select(OUTBOX.c.serial, OUTBOX.c.handed_at, OUTBOX.c.state)
    .where(OUTBOX.c.conversation_id == b("conversation_id"), OUTBOX.c.serial.is_not(None))
    .order_by(OUTBOX.c.serial.desc())
    .limit(QUESTIONS_LOOKED_AT)
)


def asked(connection: Connection, conversation_id: str) -> list[AskedQuestion]:
    """Return the last few questions of a conversation, the newest first, as far as they are still known."""
    return [AskedQuestion(*row) for row in _ASKED.all(connection, conversation_id=conversation_id)]


def save_conversation(
    connection: Connection, conversation: Conversation, *, contributor_id: int, address_id: int, now: datetime
) -> None:
    """Store the state a turn ended in.

    A new conversation must be saved once before its effects are carried out: they refer to it. A second open one of the
    same contributor is refused by the database.
    """
    _SAVE.run(
        connection,
        id=conversation.id,
        contributor_id=contributor_id,
        address_id=address_id,
        flow=conversation.flow,
        structure=conversation.structure,
        status=conversation.status,
        step=conversation.step,
        state=conversation.to_json(),
        started_at=conversation.started_at,
        updated_at=now,
        due_kind=conversation.due,
        due_at=conversation.due_at,
    )


def hold_sealed(
    connection: Connection, *, conversation_id: str, contributor_id: int, ref: str, sealed: bytes, now: datetime
) -> None:
    """Keep a message that came before consent, encrypted and apart (design rule 2)."""
    _HOLD.run(
        connection, conversation_id=conversation_id, contributor_id=contributor_id, ref=ref, sealed=sealed, now=now
    )


def reseal(connection: Connection, *, contributor_id: int, ref: str, sealed: bytes) -> bool:
    """Put an edited wording in the place of a message that is still held; returns whether it is."""
    return bool(_RESEAL.run(connection, contributor_id=contributor_id, ref=ref, sealed=sealed))


def take_sealed(connection: Connection, conversation_id: str) -> list[tuple[str, bytes]]:
    """Return the messages held for a conversation as (ref, sealed), in the order they came, and delete them."""
    rows = connection.execute(
        select(SEALED.c.ref, SEALED.c.sealed).where(SEALED.c.conversation_id == conversation_id).order_by(SEALED.c.id)
    ).all()
    connection.execute(delete(SEALED).where(SEALED.c.conversation_id == conversation_id))
    return [(ref, sealed) for ref, sealed in rows]


def purge_sealed(
    connection: Connection, *, conversation_id: str, contributor_id: int, heard_only: bool = False
) -> None:
    """Destroy what was held for a conversation and the raw events of its contributor.

    With `heard_only` those that failed stay: their writer was told that they are safe with us.
    """
    connection.execute(delete(SEALED).where(SEALED.c.conversation_id == conversation_id))
    theirs = [INBOUND.c.contributor_id == contributor_id, INBOUND.c.sealed.is_not(None)]
    if heard_only:
        theirs.append(INBOUND.c.state == InboundState.HANDLED)
    connection.execute(update(INBOUND).where(*theirs).values(sealed=None))


def enqueue(  # noqa: PLR0913 - one parameter for each column
    connection: Connection,
    *,
    address_id: int,
    contributor_id: int,
    conversation_id: str | None,
    inbound_id: int | None,
    channel: str,
    kind: MessageKind,
    payload: str,
    due_at: datetime,
    now: datetime,
    serial: int | None = None,
    private: bool = False,
    beside: bool = False,
) -> int:
    """Put a message in the outbox and return its number; listeners to commits hear "outbox".

    `serial` is the number of the question that it asks; `private` says that it repeats the person's words,
    `beside` that it moves no flow on.
    """
    row = _ENQUEUE.one(
        connection, address_id=address_id, contributor_id=contributor_id, conversation_id=conversation_id,
        inbound_id=inbound_id, channel=channel, kind=kind, payload=payload, due_at=due_at, now=now, serial=serial,
        private=private, beside=beside,
    )  # fmt: skip
    note(connection, "outbox")
    return int(row[0]) if row else 0


_BESIDE = Statement(
    select(func.count()).where(
        OUTBOX.c.address_id == b("address_id"), OUTBOX.c.beside, OUTBOX.c.created_at > b("since"),
        OUTBOX.c.error.is_distinct_from(TOO_MANY),
    )
)  # fmt: skip


def answered_beside(connection: Connection, address_id: int, since: datetime) -> int:
    """Count what an address was answered since then that moved no flow on."""
    row = _BESIDE.one(connection, address_id=address_id, since=since)
    return int(row[0]) if row else 0


def raise_item(
    connection: Connection,
    *,
    kind: ItemKind,
    now: datetime,
    contributor_id: int | None = None,
    conversation_id: str | None = None,
    story_id: int | None = None,
    inbound_id: int | None = None,
) -> bool:
    """Put something before the team, once while it is open. Returns False if it lay before them already."""
    about = {
        "contributor_id": contributor_id, "conversation_id": conversation_id, "story_id": story_id,
        "inbound_id": inbound_id,
    }  # fmt: skip
    same = select(ITEM.c.id).where(ITEM.c.kind == kind.value, ITEM.c.closed_at.is_(None))
    # A second message of the same person says nothing new; without a person the message is all that tells two apart.
    told_apart = list(about) if contributor_id is None else ["contributor_id", "conversation_id", "story_id"]
    for column in told_apart:
        same = same.where(ITEM.c[column].is_not_distinct_from(about[column]))
    if connection.execute(same.limit(1)).first() is not None:
        return False
    connection.execute(ITEM.insert().values(kind=kind.value, raised_at=now, **about))
    return True


__all__ = [
    "AskedQuestion", "HeldAddress", "Person", "Stored", "StoryPlace", "add_to_story", "amend_story",
    "answered_beside", "asked", "claim", "conversation_by_id", "count_stray", "differs_from_kept", "drop_story",
    "enqueue", "facts_about", "find_person", "heard", "hold_sealed", "keep_story", "latest_conversation",
    "loses_words", "make_person", "mark_inbound", "opt_in", "opt_out", "person_at", "purge_sealed", "raise_item",
    "reseal", "save_conversation", "set_address_state", "set_language", "signposted", "take_sealed", "told_in",
]  # fmt: skip
