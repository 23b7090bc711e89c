"""Carrying out what concerns consent: decisions, and words held sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.model.conversation import Status
from flows.model.signals import Signal, Unsealed
from flows.model.vocabulary.consent_answers import Purpose
from storage.protection.erasure import leave_no_answers, leave_no_trace
from storage.queries.contributors import consent_decisions
from storage.queries.conversations import turn_queries as store
from storage.stories import own_stories

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import HoldSealed, LeaveNothing, PurgeSealed, RecordConsent, Unseal


def record_consent(turn: HandlerContext, effect: RecordConsent) -> None:
    """Write the decision down; about an earlier story only if it is this person's.

    What the team decided about a story counts for the use they knew of: a wider one is looked at again.
    """
    person, widened = turn.person.contributor_id, effect.story
    if effect.story is not None and own_stories.belongs_to(turn.connection, effect.story, person) is None:
        return
    if effect.story is None and effect.purpose == Purpose.USE:
        widened = own_stories.widened(turn.connection, turn.conversation.id, effect.answer)
    counted = consent_decisions.record(turn.connection, effect, turn.circumstances, contributor_id=person)
    if widened is not None:
        own_stories.reopen(turn.connection, widened, turn.now, counted=counted)


def leave_nothing(turn: HandlerContext, effect: LeaveNothing) -> None:
    """Keep nothing of somebody we may not ask; later also not that they were here."""
    person, conversation = turn.person.contributor_id, turn.conversation.id
    leave_no_answers(turn.connection, conversation, person)
    if effect.person and turn.stored:
        leave_no_trace(turn.connection, conversation, person, turn.now)
        turn.stored, turn.erased = False, True


def hold(turn: HandlerContext, effect: HoldSealed) -> None:
    """Put words aside, encrypted."""
    store.hold_sealed(
        turn.connection,
        conversation_id=turn.conversation.id,
        contributor_id=turn.person.contributor_id,
        ref=effect.ref,
        sealed=turn.sealed(effect.text),
        now=turn.now,
    )


def unseal(turn: HandlerContext, _effect: Unseal) -> Signal:
    """Hand the words that were held to the engine, and keep no sealed copy."""
    held = store.take_sealed(turn.connection, turn.conversation.id)
    keyring = turn.services.keyring
    return Unsealed(parts=tuple((ref, keyring.open("sealed_message.sealed", sealed).decode()) for ref, sealed in held))


def purge(turn: HandlerContext, _effect: PurgeSealed) -> None:
    """Destroy the words that were held, and the raw events behind them.

    Where a conversation ended without a yes nothing is left; else a message that failed waits on until it is handled.
    """
    conversation = turn.conversation
    store.purge_sealed(
        turn.connection,
        conversation_id=conversation.id,
        contributor_id=turn.person.contributor_id,
        heard_only=conversation.status in {Status.OPEN, Status.ENDED},
    )
