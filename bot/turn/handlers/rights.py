"""Carrying out what people may ask of us: what is held, a file of it, changing it, taking it back.

Whose story it is, is looked at here again: a number that a conversation keeps is ours, but it may be old.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.turn import blocked_reply
from bot.turn.formatting import channel_name, month_and_year, short_month
from flows.interruptions.delete import DELETE
from flows.model.conversation import Status
from flows.model.signals import Facts, FileReady, ListedStory, Signal, StoriesListed
from flows.model.vocabulary.consent_answers import Purpose
from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin, RequestOutcome
from storage.protection import cancel_waiting
from storage.protection.erasure import erase_contributor
from storage.queries.contributors.consent_in_force import answer_of
from storage.queries.conversations import address_holders
from storage.queries.conversations import turn_queries as store
from storage.queries.team import requests
from storage.stories import own_stories

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import AskForPerson, Erase, GiveFile, HidePlace, ListStories, ReplaceStory, TellData
    from storage.stories.own_stories import OwnStory

AT_ONCE = 5
"""Stories that are listed in one message."""


def tell_data(turn: HandlerContext, _effect: TellData) -> Signal:
    """Tell the engine what is held about the person."""
    _help_with_what_was_before(turn, RequestKind.ACCESS)
    person = turn.person.contributor_id
    held = store.facts_about(turn.connection, person)
    told = own_stories.stories_of(turn.connection, person, limit=AT_ONCE)
    return Facts(
        stories=held.stories if held else 0,
        channels=tuple(map(channel_name, held.channels)) if held else (),
        since=month_and_year(held.since if held else turn.now, turn.conversation.language),
        told=tuple(_line(turn, row) for row in told),
        contact=answer_of(turn.connection, person, Purpose.CONTACT, turn.now) == "yes",
        invite=answer_of(turn.connection, person, Purpose.INVITE, turn.now) == "yes",
    )


def list_stories(turn: HandlerContext, effect: ListStories) -> Signal | None:
    """Tell the engine which stories the person has, a few at a time.

    Whoever wants something deleted is sent nothing more that waited, whatever they choose: only what they are asked.
    """
    if not effect.page:
        _help_with_what_was_before(turn, RequestKind.ERASURE if effect.about == DELETE else RequestKind.CORRECTION)
    person = turn.person.contributor_id
    if turn.aloof:
        turn.takes_back = effect.about == DELETE  # asked in the conversation that is talked in
        return None
    if effect.about == DELETE:
        cancel_waiting.before_deletion(turn.connection, person, but=turn.answering)
    rows = own_stories.stories_of(turn.connection, person, older=effect.older, limit=AT_ONCE + 1)
    shown = rows[:AT_ONCE]
    return StoriesListed(
        about=effect.about,
        stories=tuple(_line(turn, row) for row in shown),
        older=shown[-1].id if len(rows) > AT_ONCE else 0,
        page=effect.page,
    )


def _line(turn: HandlerContext, row: OwnStory) -> ListedStory:
    month = short_month if turn.conversation.look.short else month_and_year
    return ListedStory(
        id=row.id,
        month=month(row.told_at, turn.conversation.language),
        words=row.first_words,
        use=row.use,
        set_aside=row.set_aside,
        place=row.place_label,
        here=row.conversation_id == turn.conversation.id,
    )


def give_file(turn: HandlerContext, _effect: GiveFile) -> Signal:
    """Make the link, and write the request down; it is answered in the same moment (rule 59)."""
    keyring, person = turn.services.keyring, turn.person.contributor_id
    filed = requests.open_request(
        turn.connection,
        keyring,
        kind=RequestKind.ACCESS,
        origin=RequestOrigin.CHAT,
        now=turn.now,
        contributor_id=person,
    )
    requests.close(turn.connection, filed.id, outcome=RequestOutcome.DONE, by=None, now=turn.now)
    token = turn.services.file_token(keyring, person, filed.id, turn.now)
    return FileReady(link=f"{turn.services.public_url}/mydata/{token}")


def _help_with_what_was_before(turn: HandlerContext, kind: RequestKind) -> None:
    """Let a person of the team help whoever may have told something from this number before it was closed."""
    if address_holders.holds_something(turn.connection, turn.person.address_id):
        person = turn.person.contributor_id
        if not requests.is_open(turn.connection, kind, person):
            requests.open_request(
                turn.connection,
                turn.services.keyring,
                kind=kind,
                origin=RequestOrigin.CHAT,
                now=turn.now,
                contributor_id=person,
            )
        store.raise_item(turn.connection, kind=ItemKind.FORMER_NUMBER, now=turn.now, contributor_id=person)


def ask_for_person(turn: HandlerContext, effect: AskForPerson) -> None:
    """Enter a request that a person follows up, once while it is open."""
    blocked_reply.enter(turn.connection, effect.kind, turn.person.contributor_id, turn.now)


def replace_story(turn: HandlerContext, effect: ReplaceStory) -> None:
    """Put the teller's new words in the place of the old ones."""
    own_stories.replace_words(
        turn.connection, effect.story, turn.person.contributor_id, effect.parts, now=turn.now,
        in_hand=turn.conversation.id,
    )  # fmt: skip


def hide_place(turn: HandlerContext, effect: HidePlace) -> None:
    """Forget the place of a story."""
    own_stories.hide_place(
        turn.connection, effect.story, turn.person.contributor_id, now=turn.now, in_hand=turn.conversation.id
    )


def erase(turn: HandlerContext, effect: Erase) -> None:
    """Delete one story, or the person with everything of theirs."""
    if effect.scope == "everything":
        requests.settle(turn.connection, RequestKind.ERASURE, turn.person.contributor_id, turn.now)
        erase_contributor(turn.connection, turn.person.contributor_id, turn.now, farewell=True)
        turn.stored, turn.erased = False, True
    elif effect.story is not None:
        teller = turn.person.contributor_id
        cancel_waiting.from_person(turn.connection, teller, "deleted", but=turn.answering)
        if effect.by_receipt:
            teller = own_stories.lock_teller(turn.connection, effect.story) or teller
        told_in = own_stories.belongs_to(turn.connection, effect.story, teller)
        own_stories.take_back(turn.connection, effect.story, teller, turn.now)
        requests.settle(
            turn.connection, RequestKind.ERASURE, turn.person.contributor_id, turn.now, origin=RequestOrigin.CHAT
        )
        if told_in == turn.conversation.id:  # or the turn would store its words again
            turn.conversation = turn.conversation.changed(
                answers={}, partial=None, trail=(), kept=False, step=None, status=Status.PARTED, thanked=False
            )
