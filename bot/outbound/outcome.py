"""What becomes of a message, as a piece of work for the writer.

Each function looks at one message and what happened to it, and returns what is to be written down: no waiting, no
sending, no clock of its own.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bot.outbound import retry_policy
from bot.turn import blocked_reply
from flows.model.vocabulary.delivery import OUT_OF_REACH, AddressState, MessageKind
from flows.model.vocabulary.item_kinds import ItemKind
from storage.queries.contributors.people import opt_out, set_address_state
from storage.queries.conversations import address_holders
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.delivery import outbox
from storage.queries.team import on_call
from storage.tables.address import ClosedWhy

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.channels.channel import SendError
    from storage.queries.delivery.outbox import DueMessage

    Work = Callable[[Connection], object]

ASKED_FOR = frozenset({MessageKind.REPLY, MessageKind.CHAT_DELETION})
"""Kinds that somebody has just asked for, so that not even their own STOP holds them."""
AT_ANY_HOUR = frozenset({*ASKED_FOR, MessageKind.ALERT, MessageKind.CARE})
"""Kinds that quiet hours do not hold: somebody waits for them."""
PAUSE = timedelta(hours=1)
"""How long an invitation or a notice is put off at a time while somebody looks after its person."""


class SendOutcome(NamedTuple):
    """What to write down, and one word for the figures."""

    result: str
    work: Work


def refusal(due: DueMessage) -> str:
    """Return why a message must not go out after all, empty if it may: looked at when sending (rule 15).

    A reply is always welcome to somebody who has just written, also the one that confirms STOP.
    """
    if due.address_state in OUT_OF_REACH:
        return due.address_state
    if due.address_closed and due.kind not in {*ASKED_FOR, MessageKind.ALERT}:
        return "closed"
    if due.kind not in ASKED_FOR and (due.opted_out or due.address_state == AddressState.OPTED_OUT):
        return "opted_out"
    return ""


def while_in_care(due: DueMessage, now: datetime) -> SendOutcome | None:
    """Return what becomes of a message to somebody whom the team is looking after; None: it goes (rule 84).

    Answers go, and so does what a person of the team wrote. A nudge is of no use later; anything else waits.
    """
    if due.kind in AT_ANY_HOUR:
        return None
    return cancelled(due, "in_care", now) if due.kind == MessageKind.NUDGE else later(due, now + PAUSE, "in_care")


def cancelled(due: DueMessage, reason: str, now: datetime) -> SendOutcome:
    """Do not send it after all."""

    def work(connection: Connection) -> None:
        outbox.cancel(connection, due.id, reason)
        if due.kind == MessageKind.ALERT:
            on_call.undelivered(connection, due.address_id, now)

    return SendOutcome("cancelled", work)


def not_ours() -> SendOutcome:
    """Leave it to the process that took it over."""
    return SendOutcome("taken over", lambda _connection: None)


def later(
    due: DueMessage, when: datetime, reason: str, result: str = "later", *, perhaps_read: bool = False
) -> SendOutcome:
    """Send it at another time; it has not gone out, unless it was `perhaps_read`."""
    again = partial(outbox.retry_at, message=due.id, when=when, error=reason, perhaps_read=perhaps_read)
    return SendOutcome(result, again)


def unknown(due: DueMessage, reason: str) -> SendOutcome:
    """Nobody knows whether it went out."""
    return SendOutcome("unknown", partial(outbox.mark_unknown, message=due.id, error=reason))


def given_up(
    due: DueMessage, reason: str, now: datetime, *, tell_team: bool = False, refused: bool = False
) -> SendOutcome:
    """Never send it. `refused`: the provider did not take it."""

    def work(connection: Connection) -> None:
        outbox.mark_failed(connection, due.id, reason, refused=refused)
        if due.kind == MessageKind.ALERT:
            on_call.undelivered(connection, due.address_id, now)
        if tell_team:
            raise_item(
                connection, kind=ItemKind.SENDING, now=now, contributor_id=due.contributor_id,
                conversation_id=due.conversation_id,
            )  # fmt: skip

    return SendOutcome("failed", work)


def failed(
    due: DueMessage, error: SendError, now: datetime, chance: float, surely: datetime | None = None
) -> SendOutcome:
    """Say what follows from an error (rule 16). `surely`: the time by which it may be given up, if that is another."""
    if error.kind == "unknown":
        return unknown(due, error.code)
    if error.retryable:
        if not retry_policy.patient(due, surely or now):
            return given_up(due, error.code, now, tell_team=True, refused=True)
        wait = (
            error.retry_after
            if error.kind == "paused" and error.retry_after
            else retry_policy.backoff(due.attempts, chance)
        )
        return later(due, now + timedelta(seconds=wait), error.code, "paused" if error.kind == "paused" else "retry")
    gone = given_up(due, error.code, now, tell_team=error.tell_team, refused=True)

    def work(connection: Connection) -> None:
        gone.work(connection)
        of_address(connection, due.address_id, due.contributor_id, error, now)
        if error.address_state == AddressState.OPTED_OUT:
            blocked_reply.note(connection, due, now)

    return SendOutcome("failed", work)


def without_asking(
    due: DueMessage, reason: str, now: datetime, chance: float, surely: datetime | None = None
) -> SendOutcome:
    """Say what becomes of a message that may have gone out, where nobody can be asked (ADR 6).

    What somebody waits for is tried until it goes out. What was in hand when we died is sent once more, not a third
    time. What nobody asked for is not sent again.
    """
    if due.kind not in AT_ANY_HOUR or due.error == outbox.CUT_OFF_AGAIN or not retry_policy.patient(due, surely or now):
        return given_up(due, "unknown", now, tell_team=True)
    if due.error == outbox.CUT_OFF:
        return later(due, now, outbox.ONCE_MORE, "again", perhaps_read=True)
    return later(
        due, now + timedelta(seconds=retry_policy.backoff(due.attempts, chance)), reason, "again", perhaps_read=True
    )


def of_address(connection: Connection, address_id: int, contributor_id: int, error: SendError, now: datetime) -> None:
    """Note what an error says about the address: gone, blocked, or a STOP that only the carrier heard (rule 30).

    A number that may be dead opens nothing any more of what was told from it (design rule 13).
    """
    if error.address_state == AddressState.OPTED_OUT:
        opt_out(connection, contributor_id, now)
    elif error.address_state:
        set_address_state(connection, address_id, error.address_state, now)
    if error.dead:
        address_holders.close(connection, address_id, ClosedWhy.DEAD, now)
