"""Named questions about messages on their way out. Never commits.

To one address goes one message at a time, in the order they were written: a reply is never overtaken by a later one. A
message that waits for its hour (a prompt, a nudge) holds nobody up. A reply that is to be tried again holds up its
person, however long that takes; so does every message whose outcome is unknown, until it is settled. What somebody
waits for is never held up by anything unasked. What became of a message that had been given to the provider when the
process died is unknown, and it is not sent again blindly (rule 16).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, case, exists, func, null, or_, select, text, update
from sqlalchemy import bindparam as b

from flows.model.vocabulary.delivery import OUT_OF_REACH, AddressState, MessageState
from storage import tables
from storage.db.prepared_statement import Statement
from storage.db.writer import note
from storage.queries.delivery import provider_statuses

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection

    from flows.model.vocabulary.delivery import MessageKind
    from storage.queries.delivery.provider_statuses import Early

OUTBOX = tables.Outbox.__table__
ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
ITEM = tables.Safeguarding.__table__
PROCESS = tables.Process.__table__

RETRY_HOLDS_UP_SECONDS = 120
"""An unasked message to be tried again within this time keeps later ones back; one that waits longer does not."""
WAITS = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
"""The states of messages that may still go out."""
CUT_OFF = "SenderDied"
"""What stands in the row of a message whose sender died with it in hand."""
ONCE_MORE = "once more"
"""… of one that is sent a second time because of that; it stays there whatever else goes wrong."""
CUT_OFF_AGAIN = "SenderDiedAgain"
"""… and of one whose second sender died as well."""


class DueMessage(NamedTuple):
    """A message to send now, with all that is looked at when sending (rule 15)."""

    id: int
    address_id: int
    contributor_id: int
    conversation_id: str | None
    inbound_id: int | None
    channel: str
    kind: MessageKind
    payload: str
    due_at: datetime
    created_at: datetime
    attempts: int
    """How often it was tried before."""
    error: str | None
    """What went wrong the last time."""
    sealed: bytes
    """The address, encrypted."""
    address_state: AddressState
    opted_out: bool
    in_care: bool
    """True while a safeguarding item is open for its person."""
    address_closed: bool = False
    """True once whoever holds the address may be somebody else (design rule 13)."""
    handed_at: datetime | None = None
    """When it was last given to the provider."""


class SentMessage(NamedTuple):
    """A message that a provider took."""

    id: int
    provider_id: str | None
    segments: int | None


_earlier = OUTBOX.alias("earlier")
_doubtful = OUTBOX.alias("doubtful")
# States are written out: SQLite plans a statement anew for each value that is held against a partial index, 45
# microseconds each time.
_ANSWERS = "kind IN ('reply', 'unsay', 'care', 'alert')"
"""What somebody waits for: it goes before anything unasked."""


def _held_up(only: str = "1 = 1") -> ColumnElement[bool]:
    """Say that a message waits for another of its person: for one that is being sent, or for an earlier one."""
    return exists().where(
        _earlier.c.address_id == OUTBOX.c.address_id,
        text("earlier.state IN ('queued', 'sending')"),  # in the words of the index over waiting messages
        or_(
            and_(text("earlier.state = 'sending'"), _earlier.c.id != OUTBOX.c.id),
            and_(
                _earlier.c.id < OUTBOX.c.id,
                text(only),
                or_(
                    _earlier.c.due_at <= b("now"),
                    and_(
                        _earlier.c.attempts > 0,
                        or_(_earlier.c.due_at <= b("soon"), text("earlier.kind IN ('reply', 'care', 'alert')")),
                    ),
                ),
            ),
        ),
    )


# Few are in doubt at a time, and they are found by an index of their own: their addresses are looked up once a look.
_IN_DOUBT = OUTBOX.c.address_id.in_(
    select(_doubtful.c.address_id).select_from(_doubtful).where(text("doubtful.state = 'unknown'"))
)
_COLUMNS = (
    OUTBOX.c.id, OUTBOX.c.address_id, OUTBOX.c.contributor_id, OUTBOX.c.conversation_id, OUTBOX.c.inbound_id,
    OUTBOX.c.channel, OUTBOX.c.kind, OUTBOX.c.payload, OUTBOX.c.due_at, OUTBOX.c.created_at, OUTBOX.c.attempts,
    OUTBOX.c.error, ADDRESS.c.sealed, ADDRESS.c.state, CONTRIBUTOR.c.opted_out,
    exists().where(
        ITEM.c.contributor_id == OUTBOX.c.contributor_id,
        ITEM.c.level == "plain",
        text("safeguarding.closed_at IS NULL"),
    ),
    ADDRESS.c.closed_at.is_not(None), OUTBOX.c.handed_at,
)  # fmt: skip
_MESSAGE: Select[Any] = (
    select(*_COLUMNS).join_from(OUTBOX, ADDRESS).join(CONTRIBUTOR, CONTRIBUTOR.c.id == ADDRESS.c.contributor_id)
)


def _ready(kinds: str, held_up: ColumnElement[bool]) -> Select[Any]:
    return (
        _MESSAGE.where(text("outbox.state = 'queued'"), text(kinds), OUTBOX.c.due_at <= b("now"), ~held_up, ~_IN_DOUBT)
        .order_by(OUTBOX.c.due_at, OUTBOX.c.id)
        .limit(b("limit"))
        .with_for_update(of=OUTBOX, skip_locked=True)
    )


_OF_CHANNEL = OUTBOX.c.channel == b("channel")
_READY = (
    _ready(f"outbox.{_ANSWERS}", _held_up(f"earlier.{_ANSWERS}")),
    _ready(f"NOT (outbox.{_ANSWERS})", _held_up()),
)
_CLAIM_ALL = tuple(Statement(ready) for ready in _READY)
_CLAIM_OF = tuple(Statement(ready.where(_OF_CHANNEL)) for ready in _READY)
_LEASE = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.id == b("message"))
    .values(state=MessageState.SENDING, lease_until=b("lease_until"), owner=b("owner"), attempts=OUTBOX.c.attempts + 1)
)
_SENT = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.id == b("message"), text("state IN ('sending', 'unknown', 'queued')"))
    .values(
        state=MessageState.SENT, payload=None, lease_until=None, error=None, provider_id=b("provider_id"),
        segments=b("segments"), sent_at=b("now"), handed_at=func.coalesce(OUTBOX.c.handed_at, b("now")),
    )
)  # fmt: skip


def claim_due(
    connection: Connection,
    now: datetime,
    channel: str | None = None,
    limit: int = 30,
    lease_seconds: int = 60,
    *,
    owner: str | None = None,
    spare: int = 0,
) -> list[DueMessage]:
    """Take up to `limit` messages that are due, at most one to each address; they are `sending` from now on.

    What somebody waits for comes first; `spare` of the places are for such messages alone. Take no more than can be
    sent at once. Two processes on PostgreSQL never get the same one; `owner` is the one that takes them.
    """
    values: dict[str, Any] = {"now": now, "soon": now + timedelta(seconds=RETRY_HOLDS_UP_SECONDS)}
    if channel is not None:
        values["channel"] = channel
    lease_until = now + timedelta(seconds=lease_seconds)
    taken: list[DueMessage] = []
    for claim, left in zip(_CLAIM_ALL if channel is None else _CLAIM_OF, (limit, limit - spare), strict=True):
        if (room := left - len(taken)) > 0:
            rows = claim.all(connection, **values, limit=room)
            _LEASE.many(connection, ({"message": row[0], "lease_until": lease_until, "owner": owner} for row in rows))
            taken += [DueMessage(*row) for row in rows]
    return taken


TAKEN_OVER = "taken_over"
"""Why a process must not send what it took: others believed it dead, and have it now."""
_STANDING = Statement(
    select(ADDRESS.c.state, CONTRIBUTOR.c.opted_out, OUTBOX.c.owner)
    .join_from(OUTBOX, ADDRESS)
    .join(CONTRIBUTOR, CONTRIBUTOR.c.id == ADDRESS.c.contributor_id)
    .where(OUTBOX.c.id == b("message"))
)
_HAND_OVER = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.id == b("message"), OUTBOX.c.state == MessageState.SENDING, OUTBOX.c.payload.is_not(None))
    .values(handed_at=b("now"))
)


def hand_over(connection: Connection, message: int, now: datetime, *, asked_for: bool, owner: str | None = None) -> str:
    """Note that a message is given to the provider now; returns why it must not go after all, empty if it goes.

    Looked at in the last moment: its person may have said STOP, or had something deleted, since it was taken. `now` is
    what an answer is held against (design rule 10), so call it right before the request, and commit before it. A
    message that the person has just asked for goes also to somebody who opted out.
    """
    row = _STANDING.one(connection, message=message)
    if row is None:
        return "taken_back"
    state, opted_out, held_by = row
    if held_by != owner:
        return TAKEN_OVER
    if not asked_for and (opted_out or state == AddressState.OPTED_OUT):
        return "opted_out"
    if state in OUT_OF_REACH:
        return str(state)
    return "" if _HAND_OVER.run(connection, message=message, now=now) else "taken_back"


class Handed(NamedTuple):
    """What another process gave the provider for somebody a moment ago."""

    address_id: int
    handed_at: datetime
    inbound_id: int | None


def handed_by_others(connection: Connection, owner: str, addresses: Collection[int], since: datetime) -> list[Handed]:
    """Return what other processes handed over for these addresses since then, the latest last."""
    rows = connection.execute(
        select(OUTBOX.c.address_id, OUTBOX.c.handed_at, OUTBOX.c.inbound_id)
        .where(OUTBOX.c.address_id.in_(addresses), OUTBOX.c.handed_at >= since, OUTBOX.c.owner != owner)
        .order_by(OUTBOX.c.handed_at)
    )
    return [Handed(*row) for row in rows]


def mark_sent(connection: Connection, sent: Sequence[SentMessage], now: datetime) -> list[Early]:
    """Note that the provider took these messages; returns what it had said before we knew their ids and counts now.

    That it was sent is a fact, also of a message that another process believed to be nobody's and put back. Its payload
    is blanked.
    """
    _SENT.many(
        connection,
        ({"message": id_, "provider_id": provider, "segments": parts, "now": now} for id_, provider, parts in sent),
    )
    if sent:
        note(connection, "outbox")  # later messages may have waited for these
    return provider_statuses.catch_up(connection, (id_ for id_, provider, _ in sent if provider is not None))


def mark_failed(connection: Connection, message: int, error: str, *, refused: bool = False) -> None:
    """Give a message up for good; `error` is a code or a class name. Its payload is blanked.

    `refused`: the provider did not take it, so that nobody can have read it.
    """
    _close(connection, message, MessageState.FAILED, error, **({"handed_at": None} if refused else {}))


def cancel(connection: Connection, message: int, reason: str) -> None:
    """Do not send a message after all, e.g. because its person has opted out meanwhile. Its payload is blanked."""
    _close(connection, message, MessageState.CANCELLED, reason)


_CANCELLED = MessageState.CANCELLED.value
_WITHHELD = OUTBOX.c.payload.is_(None)
"""Taken back while the provider had it in its hands: it is never tried again, and why stands in the row."""


def retry_at(connection: Connection, message: int, when: datetime, error: str, *, perhaps_read: bool = False) -> None:
    """Try a message again at `when`. `perhaps_read`: it may have arrived before; else the provider did not take it."""
    handed_at = {} if perhaps_read else {"handed_at": None}
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message, OUTBOX.c.state.in_((MessageState.SENDING, MessageState.UNKNOWN)))
        .values(
            state=case((_WITHHELD, _CANCELLED), else_=MessageState.QUEUED.value),
            error=case((_WITHHELD, OUTBOX.c.error), else_=_counted(error, ONCE_MORE)),
            due_at=when,
            lease_until=None,
            **handed_at,
        )
    )
    note(connection, "outbox")


def hurry(connection: Connection, channel: str, now: datetime) -> None:
    """Let go now what waits on this channel for another try: its trouble is over."""
    connection.execute(
        update(OUTBOX)
        .where(text("state = 'queued'"), OUTBOX.c.channel == channel, OUTBOX.c.due_at > now, OUTBOX.c.attempts > 0)
        .where(text("kind IN ('reply', 'care', 'alert')"))
        .values(due_at=now)
    )
    note(connection, "outbox")


def _as_unknown(error: ColumnElement[str]) -> dict[str, Any]:
    return {
        "state": case((_WITHHELD, _CANCELLED), else_=MessageState.UNKNOWN.value),
        "error": case((_WITHHELD, OUTBOX.c.error), else_=error),
        "lease_until": null(),
    }


def mark_unknown(connection: Connection, message: int, error: str) -> None:
    """Note that nobody knows whether the provider took a message; the payload stays until that is found out."""
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message, OUTBOX.c.state == MessageState.SENDING)
        .values(**_as_unknown(_counted(error, CUT_OFF_AGAIN)))
    )


def still_unknown(connection: Connection, message: int) -> bool:
    """Tell whether a message's outcome is unknown yet, and hold its row: two who look into it settle it once."""
    row = select(OUTBOX.c.id).where(OUTBOX.c.id == message, OUTBOX.c.state == MessageState.UNKNOWN).with_for_update()
    return connection.execute(row).first() is not None


def _counted(error: str, then: str) -> ColumnElement[str]:
    """Return what to write down as the error: `then` if the message was sent a second time without asking."""
    return case((OUTBOX.c.error.in_((ONCE_MORE, CUT_OFF_AGAIN)), then), else_=error)


_NEVER_HANDED = OUTBOX.c.handed_at.is_(None)


def _release(connection: Connection, *which: ColumnElement[bool]) -> list[int]:
    """Let go of what dead senders had taken. What they never gave the provider simply waits again."""
    rows = connection.execute(
        update(OUTBOX)
        .where(text("state IN ('queued', 'sending')"), OUTBOX.c.state == MessageState.SENDING, *which)
        .values(
            state=case(
                (_WITHHELD, _CANCELLED), (_NEVER_HANDED, MessageState.QUEUED.value), else_=MessageState.UNKNOWN.value
            ),
            error=case((or_(_WITHHELD, _NEVER_HANDED), OUTBOX.c.error), else_=_counted(CUT_OFF, CUT_OFF_AGAIN)),
            lease_until=null(),
            owner=null(),
        )
        .returning(OUTBOX.c.id)
    )
    released = [int(row.id) for row in rows]
    if released:
        note(connection, "outbox")
    return released


def release_expired_leases(connection: Connection, now: datetime, *, all_of_them: bool = False) -> int:
    """Let go of what a dead sender had taken that gave no sign of life; returns how many.

    Nobody knows what became of what was given to the provider: it is `unknown`. The rest waits again.
    `all_of_them`: whatever the lease says, at the start of the only process there is.
    """
    if all_of_them:
        return len(_release(connection))
    return len(_release(connection, OUTBOX.c.owner.is_(None), OUTBOX.c.lease_until < now))


def take_over(connection: Connection) -> list[int]:
    """Let go, in the same way, of what processes had taken that are struck off; returns its numbers."""
    return _release(connection, OUTBOX.c.owner.is_not(None), ~exists().where(PROCESS.c.id == OUTBOX.c.owner))


def unknown(connection: Connection, limit: int = 100) -> list[DueMessage]:
    """Return messages whose outcome is unknown, oldest first, to be looked up at the provider or shown to the team."""
    rows = connection.execute(_MESSAGE.where(text("outbox.state = 'unknown'")).order_by(OUTBOX.c.id).limit(limit))
    return [DueMessage(*row) for row in rows]


def _close(connection: Connection, message: int, state: MessageState, error: str, **more: Any) -> None:
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message, OUTBOX.c.state.in_(WAITS))
        .values(state=state, payload=None, lease_until=None, error=error, **more)
    )
    note(connection, "outbox")  # a later message may have waited for this one


def backlog(connection: Connection) -> dict[str, int]:
    """Count messages that are not out yet: `queued`, `sending` and `unknown`."""
    states = select(OUTBOX.c.state, func.count()).group_by(OUTBOX.c.state)
    counts = dict.fromkeys((state.value for state in WAITS), 0)
    for some in ("state IN ('queued', 'sending')", "state = 'unknown'"):
        counts.update(connection.execute(states.where(text(some))).all())
    return counts
