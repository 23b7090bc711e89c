"""Carrying out what a person answers to a question of ours: sign-off of a version, renewal.

A question may be over when the answer comes. Whether it is is looked at here, under the person's lock, and the engine
is told: it never has to know what became of an edition meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.turn.formatting import month_and_year
from flows.model.signals import AskBackShown, AskBackTaken, Signal
from storage.protection.erasure import erase_story
from storage.queries.stories import editions, follow_ups_asked
from storage.queries.stories.editions import TELLER
from storage.stories import renewal, sign_off
from storage.tables.ask_back import FollowUpKind

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import AnswerFollowUp, ProposeEdition, ShowFollowUp
    from storage.queries.stories.editions import Edition
    from storage.queries.stories.follow_ups_asked import AskBack

OVER = AskBackTaken(outcome="over")


def show(turn: HandlerContext, effect: ShowFollowUp) -> Signal:
    """Answer with what the question is about, as things stand now."""
    found = _waiting(turn, effect.id)
    if found is None:
        return OVER
    if found.kind == FollowUpKind.SIGN_OFF:
        question = sign_off.asked(turn.connection, found)
        return OVER if question is None else _version(found.id, question.edition)
    story = editions.story_to_edit(turn.connection, found.story_id or 0)
    end = renewal.ending(turn.connection, story) if story is not None and story.withdrawn_at is None else None
    if end is None:
        return OVER
    month = month_and_year(end.until, turn.conversation.language)
    return AskBackShown(id=found.id, kind=end.kind, month=month, months=end.months)


def propose(turn: HandlerContext, effect: ProposeEdition) -> Signal:
    """Keep the version that the teller wrote, and show it to them."""
    found = _waiting(turn, effect.id)
    question = (
        sign_off.asked(turn.connection, found) if found is not None and found.kind == FollowUpKind.SIGN_OFF else None
    )
    if question is None:
        return OVER
    return _version(effect.id, sign_off.propose(turn.connection, question, effect.text, turn.now))


def answer(turn: HandlerContext, effect: AnswerFollowUp) -> Signal:
    """Do what they chose, unless the question is over."""
    found = _waiting(turn, effect.id)
    if found is None:
        return OVER
    if effect.answer == "later" or effect.consent is None:
        return AskBackTaken(outcome="later")
    if found.kind == FollowUpKind.SIGN_OFF:
        return _signed_off(turn, effect, found)
    return _renewed(turn, effect, found)


def _signed_off(turn: HandlerContext, effect: AnswerFollowUp, found: AskBack) -> Signal:
    question = sign_off.asked(turn.connection, found)
    if question is None or effect.consent is None:
        return OVER
    if effect.answer == "agree":
        sign_off.agree(turn.connection, question, effect.consent, turn.circumstances)
        return AskBackTaken(outcome="agreed")
    sign_off.keep_with_team(turn.connection, question, effect.consent, turn.circumstances)
    return AskBackTaken(outcome="kept")


def _renewed(turn: HandlerContext, effect: AnswerFollowUp, found: AskBack) -> Signal:
    if effect.consent is None:
        return OVER
    if effect.answer == "back":
        story = editions.story_to_edit(turn.connection, found.story_id or 0)
        if story is None:
            return OVER
        erase_story(turn.connection, story.id)
        return AskBackTaken(outcome="taken_back", here=story.conversation_id == turn.conversation.id)
    done = renewal.go_on if effect.answer == "go_on" else renewal.narrow
    if not done(turn.connection, found, effect.consent, turn.circumstances):
        return OVER
    return AskBackTaken(outcome="renewed" if effect.answer == "go_on" else "narrowed")


def _waiting(turn: HandlerContext, ask_back: int) -> AskBack | None:
    return follow_ups_asked.waiting_for_answer(
        turn.connection, ask_back, contributor_id=turn.person.contributor_id, now=turn.now
    )


def _version(ask_back: int, edition: Edition) -> AskBackShown:
    if edition.author == TELLER:
        return AskBackShown(id=ask_back, kind="own_words", text=edition.text)
    return AskBackShown(id=ask_back, kind="sign_off", text=edition.text, reason=edition.reason)
