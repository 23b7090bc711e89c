"""Carrying out what concerns a story: its place, keeping, dropping, changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.turn.formatting import choice_of
from flows.language.distress.distress_tables import noted
from flows.model.conversation import Conversation, UnreadableConversationError
from flows.model.signals import Amended, Edited, PlacesFound, Signal, Unplaced, Unshown
from flows.model.vocabulary.consent_answers import Purpose, Use
from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin
from storage.protection import cancel_waiting
from storage.protection.crypto import receipt_lookups
from storage.queries.contributors.consent_decisions import ASSISTED
from storage.queries.conversations import timers
from storage.queries.conversations import turn_queries as store
from storage.queries.stories import content_notes
from storage.queries.stories.kept_stories import StoryPlace
from storage.queries.team import requests
from storage.stories import own_stories

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import AddToStory, AmendStory, DropStory, FindPlace, KeepStory


def find_place(turn: HandlerContext, effect: FindPlace) -> Signal:
    """Look a place up by its words."""
    found = turn.services.resolver.find(effect.words)
    return PlacesFound(
        words=found.words,
        ref=effect.ref,
        answer=effect.answer,
        exact=tuple(map(choice_of, found.exact)),
        suggestions=tuple(map(choice_of, found.suggestions)),
    )


def keep(turn: HandlerContext, effect: KeepStory) -> Signal | None:
    """Keep the story as its teller saw it, and queue it; what the team made of other words before counts no more."""
    known = turn.services.resolver.get(effect.draft.place_id) if effect.draft.place_id else None
    place = StoryPlace.of(known) if known is not None else None
    if store.differs_from_kept(turn.connection, effect.draft, conversation_id=turn.conversation.id, place=place):
        own_stories.reopen_of_conversation(turn.connection, turn.conversation.id, turn.now)
    unshown = 0
    if store.loses_words(turn.connection, effect.draft, conversation_id=turn.conversation.id):
        unshown = cancel_waiting.from_person(
            turn.connection, turn.person.contributor_id, "deleted", but=turn.answering, private=True
        )
    story_id = store.keep_story(
        turn.connection,
        effect.draft,
        conversation=turn.conversation,
        contributor_id=turn.person.contributor_id,
        place=place,
        use=turn.conversation.consents.get(Purpose.USE, Use.TEAM),
        receipt_lookup=receipt_lookups(turn.services.keyring, turn.conversation.receipt)[0],
        now=turn.now,
        channel=ASSISTED if turn.trigger.assisted is not None else turn.conversation.channel,
    )
    _note(turn, story_id, effect.draft.text)
    return Unshown() if unshown and effect.edited else None


def _note(turn: HandlerContext, story_id: int | None, text: str) -> None:
    """Tell the story's readers beforehand what may weigh on them."""
    if story_id is not None and (kinds := noted(text, turn.conversation.language)):
        content_notes.note_by_rule(turn.connection, story_id, kinds, at=turn.now)


def drop(turn: HandlerContext, _effect: DropStory) -> None:
    """Delete this conversation's story; nothing that waits is sent any more."""
    cancel_waiting.from_person(turn.connection, turn.person.contributor_id, "deleted", but=turn.answering)
    store.drop_story(turn.connection, turn.conversation.id, turn.now)
    requests.settle(
        turn.connection, RequestKind.ERASURE, turn.person.contributor_id, turn.now, origin=RequestOrigin.CHAT
    )


def amend(turn: HandlerContext, effect: AmendStory) -> Signal | None:
    """Put the newest wording in the place of a message that is held, or that an earlier conversation knows."""
    person = turn.person.contributor_id
    if store.reseal(turn.connection, contributor_id=person, ref=effect.ref, sealed=turn.sealed(effect.text)):
        return None
    told_in = store.told_in(turn.connection, contributor_id=person, ref=effect.ref)
    if told_in is None:
        return _heard_elsewhere(turn, effect)
    cancel_waiting.from_person(turn.connection, person, "deleted", but=turn.answering, private=True)
    own_stories.reopen_of_conversation(turn.connection, told_in, turn.now)
    story_id = store.amend_story(
        turn.connection, conversation_id=told_in, ref=effect.ref, text=effect.text, now=turn.now
    )
    _note(turn, story_id, effect.text)
    return Amended()


def _heard_elsewhere(turn: HandlerContext, effect: AmendStory) -> Signal | None:
    """Let the conversation hear an edit in which that message was an answer."""
    if turn.aloof:
        return None
    for stored in timers.earlier(turn.connection, turn.person.contributor_id, but=turn.conversation.id):
        try:
            state = Conversation.from_json(stored.state)
        except UnreadableConversationError:
            continue
        if effect.ref in {*(one.ref for one in state.answers.values()), *(one.ref for one in state.decided)}:
            other = turn.elsewhere(stored)
            other.hear([Edited(text=effect.text, ref=effect.ref)])
            return Amended(takes_back=True) if other.takes_back else None
    return Unplaced(text=effect.text, ref=effect.ref)


def add(turn: HandlerContext, effect: AddToStory) -> None:
    """Add words that came later to the kept story, or to the one that a receipt opened."""
    if effect.story is not None:
        owner = own_stories.lock_teller(turn.connection, effect.story)
        if owner is not None and (effect.by_receipt or owner == turn.person.contributor_id):
            own_stories.add_words(turn.connection, effect.story, ref=effect.ref, text=effect.text, now=turn.now)
            _note(turn, effect.story, effect.text)
        return
    own_stories.reopen_of_conversation(turn.connection, turn.conversation.id, turn.now)
    story_id = store.add_to_story(
        turn.connection, conversation_id=turn.conversation.id, ref=effect.ref, text=effect.text, now=turn.now
    )
    _note(turn, story_id, effect.text)
