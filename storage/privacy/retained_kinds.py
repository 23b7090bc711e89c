"""What is let go of after its time, kind by kind: how it is found when it is over, and how it goes (rule 64).

Finding only reads. Letting go is done in small pieces, each of which looks again under the writer's own eyes, so that
somebody who writes meanwhile is left alone. Every table with a time in it says in `storage/tables/registry.toml` how it
is let go of, or why it stays.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, delete, false, func, insert, or_, select, true, tuple_, update

from flows.model.conversation import Conversation, UnreadableConversationError
from flows.model.vocabulary.delivery import MessageState
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.protection.erasure import FORGOTTEN, erase_contributor, erase_conversation, erase_story, forget_contact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.engine import Connection

    Keys = Sequence[Any]

EARLY = timedelta(hours=1)
"""Runs are an hour apart. What would be over before the next one goes now, so that a promise of "at most" is kept."""
GUESSES_COUNT_FOR = timedelta(days=1)
"""Wrong receipts older than this count for nothing any more."""
CODES_COUNT_FOR = timedelta(days=1)
"""Numbers that were sent to show that somebody reads what we send; so long they count towards the most of a day."""
AT_ONCE = 100
"""Rows of one piece of work. The writer gets one piece at a time, so that a turn waits for no more than that."""
PEOPLE_AT_ONCE = 3
"""The same, where everything of a person or a conversation goes."""
OVER = (
    MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED, MessageState.FAILED, MessageState.CANCELLED,
)  # fmt: skip
"""States of a message that is on its way no more."""

ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
CONVERSATION = tables.Conversation.__table__
EVENT = tables.DeliveryEvent.__table__
CODE = tables.HolderCode.__table__
GUESS = tables.ReceiptGuess.__table__
INBOUND = tables.Inbound.__table__
ITEM = tables.TeamItem.__table__
ON_CALL = tables.OnCall.__table__
OUTBOX = tables.Outbox.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__


class Periods(NamedTuple):
    """How long things are kept, in days."""

    raw: int = 30
    """From the day an event came, or a message went out."""
    unfinished: int = 30
    """From the last word of a conversation that kept no story."""
    contact: int = 365
    """From the last word of a person."""
    warning: int = 14
    """So long before a contact is let go the team is told; 0 tells nobody."""


class RetentionRun(NamedTuple):
    """The periods and the moment that one run of retention uses."""

    periods: Periods
    now: datetime

    def before(self, days: int) -> datetime:
        """Return the moment before which something of so many days is over."""
        return self.now - timedelta(days=days) + EARLY


class Leaving(NamedTuple):
    """How many quiet contacts go on the same day unless they write."""

    on: datetime
    people: int
    practice: int
    """How many of them came from the practice phone."""


class RetainedKind(NamedTuple):
    """One kind of thing that is let go."""

    name: str
    """A field of `RetentionReport`."""
    over: Callable[[RetentionRun], Select[Any]]
    """Finds what is over; the first columns are its key."""
    order: tuple[ColumnElement[Any], ...]
    """The key: what is found is walked along it, a piece at a time."""
    let_go: Callable[[Connection, Keys, RetentionRun], int]
    """Lets go of these, those that are still over, in one piece of work; returns how many."""
    at_once: int = AT_ONCE
    still_over: Callable[[Sequence[Row[Any]], RetentionRun], Sequence[Row[Any]]] | None = None
    """Leaves only what is really over, where the database alone cannot tell."""


def _raw_events(look: RetentionRun) -> Select[Any]:
    return select(INBOUND.c.id).where(
        INBOUND.c.received_at < look.before(look.periods.raw), INBOUND.c.sealed.is_not(None)
    )


def _empty_raw_events(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    still = _raw_events(look).where(INBOUND.c.id.in_(keys))
    return connection.execute(update(INBOUND).where(INBOUND.c.id.in_(still)).values(sealed=None)).rowcount


def _sealed_messages(look: RetentionRun) -> Select[Any]:
    """Return words held for an answer that nobody will give: the conversation is no longer open."""
    return (
        select(SEALED.c.id)
        .join(CONVERSATION)
        .where(SEALED.c.received_at < look.before(look.periods.unfinished), CONVERSATION.c.status != "open")
    )


def _delete_sealed(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    still = _sealed_messages(look).where(SEALED.c.id.in_(keys))
    return connection.execute(delete(SEALED).where(SEALED.c.id.in_(still))).rowcount


def _guesses(look: RetentionRun) -> Select[Any]:
    return select(GUESS.c.id).where(GUESS.c.at < look.now - GUESSES_COUNT_FOR)


def _delete_guesses(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    still = _guesses(look).where(GUESS.c.id.in_(keys))
    return connection.execute(delete(GUESS).where(GUESS.c.id.in_(still))).rowcount


def _codes(look: RetentionRun) -> Select[Any]:
    return select(CODE.c.id).where(CODE.c.made_at < look.now - CODES_COUNT_FOR)


def _delete_codes(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    still = _codes(look).where(CODE.c.id.in_(keys))
    return connection.execute(delete(CODE).where(CODE.c.id.in_(still))).rowcount


def _messages(look: RetentionRun) -> Select[Any]:
    went = func.coalesce(OUTBOX.c.sent_at, OUTBOX.c.created_at)
    return select(OUTBOX.c.id).where(went < look.before(look.periods.raw), OUTBOX.c.state.in_(OVER))


def _delete_messages(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    still = _messages(look).where(OUTBOX.c.id.in_(keys))
    return connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(still))).rowcount


_EVENT_KEY = (EVENT.c.channel, EVENT.c.provider_id, EVENT.c.status)


def _delivery_events(look: RetentionRun) -> Select[Any]:
    return select(*_EVENT_KEY).where(EVENT.c.at < look.before(look.periods.raw))


def _delete_events(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    still = (tuple_(*_EVENT_KEY).in_(keys), EVENT.c.at < look.before(look.periods.raw))
    return connection.execute(delete(EVENT).where(*still)).rowcount


def _conversations(look: RetentionRun) -> Select[Any]:
    """Return conversations without a story that began long ago; only their state tells when the last word came."""
    return select(CONVERSATION.c.id, CONVERSATION.c.state, CONVERSATION.c.updated_at).where(
        CONVERSATION.c.started_at < look.before(look.periods.unfinished),
        ~select(STORY.c.id).where(STORY.c.conversation_id == CONVERSATION.c.id).exists(),
    )


def _silent(rows: Sequence[Row[Any]], look: RetentionRun) -> list[Row[Any]]:
    before = look.before(look.periods.unfinished)
    return [row for row in rows if _last_word(row) < before]


def _last_word(row: Row[Any]) -> datetime:
    """Return when the person last wrote in it: a nudge or the expiry changes a conversation too, and says nothing."""
    try:
        return Conversation.from_json(row.state).heard_at
    except UnreadableConversationError:
        changed: datetime = row.updated_at
        return changed


def _erase_conversations(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    owners = select(CONVERSATION.c.contributor_id).where(CONVERSATION.c.id.in_(keys))
    _lock(connection, CONTRIBUTOR.c.id.in_(owners))
    rows = connection.execute(_conversations(look).where(CONVERSATION.c.id.in_(keys))).all()
    return sum(erase_conversation(connection, row.id, _last_word(row)) for row in _silent(rows, look))


def _lock(connection: Connection, whom: ColumnElement[bool]) -> None:
    """Let the turn of such a person end first and hold the next one back; what is over is looked at after that."""
    connection.execute(select(CONTRIBUTOR.c.id).where(whom).order_by(CONTRIBUTOR.c.id).with_for_update())


_TELLS = select(STORY.c.id).where(STORY.c.contributor_id == CONTRIBUTOR.c.id).exists()
_REACHED = (
    select(ADDRESS.c.id).where(ADDRESS.c.contributor_id == CONTRIBUTOR.c.id, ADDRESS.c.sealed != FORGOTTEN).exists()
)

_ON_CALL = (
    select(ON_CALL.c.id)
    .join(ADDRESS, ADDRESS.c.id == ON_CALL.c.address_id)
    .where(ADDRESS.c.contributor_id == CONTRIBUTOR.c.id)
    .exists()
)
"""A phone of the team's own, linked for alerts: it has nothing to say until it is needed."""


def _quiet(look: RetentionRun, *more: ColumnElement[bool]) -> Select[Any]:
    """Return people who have not written for long. Whoever is leaving anyway is left to `finish_erasures`."""
    return select(CONTRIBUTOR.c.id).where(
        CONTRIBUTOR.c.heard_at < look.before(look.periods.contact), CONTRIBUTOR.c.erased_at.is_(None), ~_ON_CALL,
        and_(*more),
    )  # fmt: skip


def _warned(look: RetentionRun) -> ColumnElement[bool]:
    """Return the condition that the team was told long enough ago."""
    if not look.periods.warning:
        return true()
    return CONTRIBUTOR.c.leaving_warned_at <= look.before(look.periods.warning)


def _contributors(look: RetentionRun) -> Select[Any]:
    return _quiet(look, ~_TELLS, _warned(look))


_HELD = or_(~_TELLS, _REACHED, CONTRIBUTOR.c.language != "")
"""There is still something of the contact that can be let go."""


def _contacts(look: RetentionRun) -> Select[Any]:
    return _quiet(look, _TELLS, _HELD, _warned(look))


def _warnings(look: RetentionRun) -> Select[Any]:
    """Return people who have been quiet for so long that the team is to be told that they will be let go."""
    sooner = look._replace(now=look.now + timedelta(days=look.periods.warning))
    told = CONTRIBUTOR.c.leaving_warned_at.is_(None)
    return _quiet(sooner, _HELD, told, true() if look.periods.warning else false())


def _warn(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    _lock(connection, CONTRIBUTOR.c.id.in_(keys))
    still = list(connection.execute(_warnings(look).where(CONTRIBUTOR.c.id.in_(keys))).scalars())
    if not still:
        return 0
    connection.execute(update(CONTRIBUTOR).where(CONTRIBUTOR.c.id.in_(still)).values(leaving_warned_at=look.now))
    connection.execute(
        insert(ITEM), [{"kind": ItemKind.LEAVING.value, "contributor_id": one, "raised_at": look.now} for one in still]
    )
    return len(still)


def leaving(connection: Connection, periods: Periods) -> list[Leaving]:
    """Return how many contacts are let go on which day unless they write, the next day first."""
    rows = connection.execute(
        select(CONTRIBUTOR.c.heard_at, CONTRIBUTOR.c.leaving_warned_at, CONTRIBUTOR.c.simulated).where(
            CONTRIBUTOR.c.leaving_warned_at.is_not(None), CONTRIBUTOR.c.erased_at.is_(None), _HELD
        )
    )
    days: dict[Any, list[tuple[datetime, bool]]] = {}
    for heard_at, warned_at, simulated in rows:
        on = max(heard_at + timedelta(days=periods.contact), warned_at + timedelta(days=periods.warning))
        days.setdefault(on.date(), []).append((on, simulated))
    return [
        Leaving(max(on for on, _ in group), len(group), sum(simulated for _, simulated in group))
        for _, group in sorted(days.items())
    ]


def _stories(look: RetentionRun) -> Select[Any]:
    """Return stories whose teller's consent to keep them has ended; one that was renewed has a later end."""
    return select(STORY.c.id).where(STORY.c.kept_until < look.now + EARLY)


def _erase_stories(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    tellers = select(STORY.c.contributor_id).where(STORY.c.id.in_(keys))
    _lock(connection, CONTRIBUTOR.c.id.in_(tellers))
    rows = connection.execute(_stories(look).where(STORY.c.id.in_(keys))).all()
    return sum(erase_story(connection, row.id, look.now) for row in rows)


def _erase_contributors(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    _lock(connection, CONTRIBUTOR.c.id.in_(keys))
    rows = connection.execute(_contributors(look).where(CONTRIBUTOR.c.id.in_(keys))).all()
    return sum(erase_contributor(connection, row.id, look.now) for row in rows)


def _forget_contacts(connection: Connection, keys: Keys, look: RetentionRun) -> int:
    _lock(connection, CONTRIBUTOR.c.id.in_(keys))
    rows = connection.execute(_contacts(look).where(CONTRIBUTOR.c.id.in_(keys))).all()
    return sum(forget_contact(connection, row.id, look.now) for row in rows)


KINDS = (
    RetainedKind("raw_events", _raw_events, (INBOUND.c.id,), _empty_raw_events),
    RetainedKind("sealed_messages", _sealed_messages, (SEALED.c.id,), _delete_sealed),
    RetainedKind("messages", _messages, (OUTBOX.c.id,), _delete_messages),
    RetainedKind("delivery_events", _delivery_events, _EVENT_KEY, _delete_events),
    RetainedKind("holder_codes", _codes, (CODE.c.id,), _delete_codes),
    RetainedKind("receipt_guesses", _guesses, (GUESS.c.id,), _delete_guesses),
    RetainedKind("conversations", _conversations, (CONVERSATION.c.id,), _erase_conversations, PEOPLE_AT_ONCE, _silent),
    RetainedKind("stories", _stories, (STORY.c.id,), _erase_stories, PEOPLE_AT_ONCE),
    RetainedKind("warnings", _warnings, (CONTRIBUTOR.c.id,), _warn),
    RetainedKind("contributors", _contributors, (CONTRIBUTOR.c.id,), _erase_contributors, PEOPLE_AT_ONCE),
    RetainedKind("contacts", _contacts, (CONTRIBUTOR.c.id,), _forget_contacts, PEOPLE_AT_ONCE),
)
