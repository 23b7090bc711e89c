"""Named questions about somebody on the simulator, and letting time pass for them alone. Never commits.

Everything here looks at simulated contributors only: nobody else's time is ever moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select, update

from flows.model.conversation import Conversation, Status, UnreadableConversationError
from flows.model.vocabulary.delivery import MessageState
from storage import tables
from storage.protection.crypto import with_receipt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Connection

    from flows.model.vocabulary.consent_answers import Use
    from flows.model.vocabulary.story_states import StoryKind, StoryState
    from storage.protection.crypto import Keyring

ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
CONVERSATION = tables.Conversation.__table__
OUTBOX = tables.Outbox.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__
TAG = tables.Tag.__table__


class SimulatedStory(NamedTuple):
    """One story told on a simulated phone, as far as its panel shows it."""

    id: int
    kind: StoryKind
    place: str
    use: Use
    state: StoryState
    tags: tuple[tuple[str, str], ...]
    """(dimension, value) of what its teller said it is about."""


class SimulatedPerson(NamedTuple):
    """What is held about somebody on a simulated phone."""

    contributor_id: int
    opted_out: bool
    status: str
    """Of their latest conversation; empty before the first."""
    receipt: str
    """Of their latest conversation, once something of it was kept."""
    due_at: datetime | None
    question: tuple[str, int] | None
    """Token and serial of the question that waits, as its buttons carry them."""
    held: int
    """Messages held sealed."""
    waiting: int
    """Messages to them that are not on the phone yet and could be."""
    stories: tuple[SimulatedStory, ...]
    """Newest first."""


def simulated_person(
    connection: Connection, keyring: Keyring, lookups: Sequence[bytes], now: datetime
) -> SimulatedPerson | None:
    """Return what is held about the phone with this keyed address; None if it has not been used yet."""
    person = connection.execute(
        select(CONTRIBUTOR.c.id, CONTRIBUTOR.c.opted_out)
        .join_from(ADDRESS, CONTRIBUTOR)
        .where(CONTRIBUTOR.c.simulated, CONTRIBUTOR.c.erased_at.is_(None), ADDRESS.c.lookup.in_(lookups))
    ).first()
    if person is None:
        return None
    latest = connection.execute(
        select(CONVERSATION.c.status, CONVERSATION.c.state, CONVERSATION.c.due_at)
        .where(CONVERSATION.c.contributor_id == person.id)
        .order_by(CONVERSATION.c.started_at.desc(), CONVERSATION.c.id)
        .limit(1)
    ).first()
    state = _readable(latest.state) if latest else None
    return SimulatedPerson(
        contributor_id=person.id,
        opted_out=person.opted_out,
        status=latest.status if latest else "",
        receipt=with_receipt(keyring, state).receipt if state and state.kept and state.status == Status.ENDED else "",
        due_at=latest.due_at if latest else None,
        question=(state.token, state.serial)
        if state and (state.status == Status.OPEN or state.interruptions)
        else None,
        held=connection.execute(select(func.count()).where(SEALED.c.contributor_id == person.id)).scalar_one(),
        waiting=_waiting(connection, person.id, now),
        stories=_stories(connection, person.id),
    )


def waiting_for(connection: Connection, lookups: Sequence[bytes], now: datetime) -> int:
    """Return how many messages are still on their way to this phone, an erased person's goodbye included."""
    found = connection.execute(
        select(CONTRIBUTOR.c.id)
        .join_from(ADDRESS, CONTRIBUTOR)
        .where(CONTRIBUTOR.c.simulated, ADDRESS.c.lookup.in_(lookups))
    ).scalar()
    return 0 if found is None else _waiting(connection, found, now)


def let_time_pass(connection: Connection, contributor_id: int, time: timedelta) -> None:
    """Move the past of somebody on a simulated phone further back, so that what is due later is due sooner."""
    if not connection.execute(
        select(CONTRIBUTOR.c.simulated).where(CONTRIBUTOR.c.id == contributor_id).with_for_update()
    ).scalar():
        return
    signposted_at = connection.execute(
        select(CONTRIBUTOR.c.signposted_at).where(CONTRIBUTOR.c.id == contributor_id)
    ).scalar()
    if signposted_at is not None:
        connection.execute(
            update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id).values(signposted_at=signposted_at - time)
        )
    rows = connection.execute(
        select(CONVERSATION.c.id, CONVERSATION.c.state).where(CONVERSATION.c.contributor_id == contributor_id)
    ).all()
    for row in rows:
        state = Conversation.from_json(row.state)
        moved = state.model_copy(
            update={
                "started_at": state.started_at - time,
                "heard_at": state.heard_at - time,
                "due_at": state.due_at - time if state.due_at is not None else None,
            }
        )
        connection.execute(
            update(CONVERSATION)
            .where(CONVERSATION.c.id == row.id)
            .values(state=moved.to_json(), started_at=moved.started_at, due_at=moved.due_at)
        )


def _readable(state: str) -> Conversation | None:
    try:
        return Conversation.from_json(state)
    except UnreadableConversationError:
        return None


def _waiting(connection: Connection, contributor_id: int, now: datetime) -> int:
    return connection.execute(
        select(func.count()).where(
            OUTBOX.c.contributor_id == contributor_id,
            OUTBOX.c.state.in_((MessageState.QUEUED, MessageState.SENDING)),
            OUTBOX.c.due_at <= now,
        )
    ).scalar_one()


def _stories(connection: Connection, contributor_id: int) -> tuple[SimulatedStory, ...]:
    rows = connection.execute(
        select(STORY.c.id, STORY.c.kind, STORY.c.place_label, STORY.c.place_words, STORY.c.use, STORY.c.state)
        .where(STORY.c.contributor_id == contributor_id, STORY.c.withdrawn_at.is_(None))
        .order_by(STORY.c.told_at.desc(), STORY.c.id.desc())
        .limit(5)
    ).all()
    found = []
    for row in rows:
        tags = connection.execute(
            select(TAG.c.dimension, TAG.c.value)
            .where(TAG.c.story_id == row.id, TAG.c.removed_at.is_(None), TAG.c.origin == "contributor")
            .order_by(TAG.c.id)
        ).all()
        place = row.place_label or row.place_words
        found.append(SimulatedStory(row.id, row.kind, place, row.use, row.state, tuple((d, v) for d, v in tags)))
    return tuple(found)
