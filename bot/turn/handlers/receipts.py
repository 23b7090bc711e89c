"""Carrying out what a receipt opens: where a story is, and letting it travel less far.

Wrong tries are counted; after a few nothing is looked up, and the answer is the same (ADR 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.turn.formatting import month_and_year
from flows.model.effects import RecordConsent
from flows.model.signals import ReceiptRead, Signal
from flows.model.vocabulary.consent_answers import Purpose, Use
from flows.model.vocabulary.item_kinds import ItemKind
from storage.protection import receipt_lookup
from storage.queries.contributors import consent_decisions
from storage.queries.conversations import turn_queries as store
from storage.stories import own_stories

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import FindReceipt, NarrowStory

LOCKED = ItemKind.RECEIPT_GUESSED
"""Kind of the item that tells the team that somebody tries receipts."""


def find(turn: HandlerContext, effect: FindReceipt) -> Signal:
    """Look for the story; nothing is looked up for somebody who was wrong too often."""
    nothing = ReceiptRead(text=effect.text, ref=effect.ref)
    person = turn.person.contributor_id
    if receipt_lookup.locked(turn.connection, turn.person.address_id, turn.now):
        store.raise_item(turn.connection, kind=LOCKED, now=turn.now, contributor_id=person)
        return nothing
    found = receipt_lookup.find(turn.connection, turn.services.keyring, effect.words)
    if found is None:
        receipt_lookup.missed(turn.connection, turn.person.address_id, turn.now)
        if receipt_lookup.many_try(turn.connection, turn.now):
            store.raise_item(turn.connection, kind=LOCKED, now=turn.now)
        return nothing
    return ReceiptRead(
        text=effect.text,
        ref=effect.ref,
        story=found.id,
        month=month_and_year(found.told_at, turn.conversation.language),
        progress=found.progress,
        use=found.use,
    )


def narrow(turn: HandlerContext, effect: NarrowStory) -> None:
    """Record that the story may travel less far, as a decision of its teller; never further than now."""
    teller = own_stories.lock_teller(turn.connection, effect.story)
    if teller is None or not own_stories.narrower(turn.connection, effect.story, effect.use):
        return
    decision = RecordConsent(
        purpose=Purpose.USE,
        answer=effect.use,
        step="receipt",
        literal=effect.literal,
        text=effect.text,
        digest=effect.digest,
        language=effect.language,
        version=consent_decisions.terms(
            turn.connection, effect.story, Purpose.USE, turn.release.consent_version(Purpose.USE)
        ),
        valid_days=own_stories.days_left(turn.connection, effect.story, turn.now) if effect.use != Use.TEAM else None,
        story=effect.story,
    )
    counted = consent_decisions.record(turn.connection, decision, turn.circumstances, contributor_id=teller)
    own_stories.reopen(turn.connection, effect.story, turn.now, counted=counted)
