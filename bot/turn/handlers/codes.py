"""Carrying out what a number that was sent a moment ago is for: asking for it, looking at it, setting aside meanwhile.

Where a worker sits beside the person, or by a chat app, senders are not forged and nothing is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from bot.turn.handlers.rights import ask_for_person
from flows.model.effects import AskForPerson
from flows.model.signals import CodeAsked, CodeChecked, Signal
from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin, RequestOutcome
from storage.protection import address_codes, cancel_waiting
from storage.queries.stories import follow_ups_asked
from storage.queries.team import requests
from storage.stories import own_stories

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import AskCode, CheckCode, PutBack, SetAside


class _Which(TypedDict):
    story_id: int | None
    told_in: str


def ask(turn: HandlerContext, effect: AskCode) -> Signal:
    """Make a number, unless none is needed; after too many a person of the team sees to it."""
    person = turn.person.contributor_id
    if turn.trigger.assisted is not None or not turn.conversation.look.forgeable:
        return CodeChecked(right=True)
    wider = (own_stories.allows_more(turn.connection, person, one, turn.now) for one in effect.decisions)
    if effect.decisions and not any(wider):
        return CodeChecked(right=True)
    code = address_codes.draw(turn.connection, turn.services.keyring, turn.services.rng, person, turn.now)
    if not code:
        ask_for_person(turn, AskForPerson(kind=RequestKind.ERASURE if effect.deletes else RequestKind.CORRECTION))
    return CodeAsked(code=code)


def check(turn: HandlerContext, effect: CheckCode) -> Signal:
    """Say whether it is the number that was sent."""
    checked = address_codes.check(
        turn.connection, turn.services.keyring, turn.person.contributor_id, effect.code, turn.now
    )
    return CodeChecked(right=checked.right, over=checked.over, keep=effect.keep)


def set_aside(turn: HandlerContext, effect: SetAside) -> None:
    """Let nothing use it any more, and send nothing of it that waits."""
    person = turn.person.contributor_id
    cancel_waiting.from_person(turn.connection, person, "deleted", but=turn.answering, private=True)
    if effect.by_receipt and effect.story is not None:
        person = own_stories.lock_teller(turn.connection, effect.story) or person
    own_stories.set_aside(turn.connection, person, turn.now, **_which(turn, effect))


def put_back(turn: HandlerContext, effect: PutBack) -> None:
    """Let it be used again as before: they want to keep it."""
    person = turn.person.contributor_id
    own_stories.put_back(turn.connection, person, **_which(turn, effect))
    requests.settle(
        turn.connection,
        RequestKind.ERASURE,
        person,
        turn.now,
        outcome=RequestOutcome.WITHDRAWN,
        origin=RequestOrigin.CHAT,
    )


def _which(turn: HandlerContext, effect: SetAside | PutBack) -> _Which:
    """Return which of the person's stories are meant, for `own_stories`."""
    if effect.ask_back is None:
        return {"story_id": effect.story, "told_in": turn.conversation.id if effect.here else ""}
    asked = follow_ups_asked.get(turn.connection, effect.ask_back)
    return {"story_id": (asked.story_id or 0) if asked is not None else 0, "told_in": ""}
