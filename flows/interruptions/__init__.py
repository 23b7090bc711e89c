"""Questions of our own, asked in between: continue or start again, what to delete, which language, what a late text is.

To add one: one file in this folder and one word in `INTERRUPTIONS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.interruptions.after_the_end import AFTER, After
from flows.interruptions.change import CHANGE, ChangeStory, ChangeWhat
from flows.interruptions.choose_language import LANGUAGE, Language
from flows.interruptions.confirm import CONFIRM, Confirm
from flows.interruptions.decide_again import DecideAgain
from flows.interruptions.delete import DELETE, DELETE_CHAT_TOO, Delete, DeleteChatToo
from flows.interruptions.follow_up import ASKED_BACK, FollowUp
from flows.interruptions.interruption import Interruption
from flows.interruptions.of_age import OF_AGE, OfAge, ask_age, turn_away, way_out
from flows.interruptions.offers import OFFERS, Offers
from flows.interruptions.receipt import Add, Narrow, Receipt
from flows.interruptions.resume import RESUME, Resume
from flows.interruptions.retell import Anew, More, Retell
from flows.interruptions.reword import Reword, Reworded
from flows.interruptions.signpost import CARE, Care
from flows.language.keywords.recognise import normalise

if TYPE_CHECKING:
    from flows.interruptions.choose_story import OwnStories
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.open_interruption import OpenInterruption
    from flows.model.signals import Signal, StoriesListed

__all__ = [
    "AFTER",
    "ASKED_BACK",
    "CARE",
    "CHANGE",
    "CONFIRM",
    "DELETE",
    "DELETE_CHAT_TOO",
    "INTERRUPTIONS",
    "LANGUAGE",
    "OFFERS",
    "OF_AGE",
    "RESUME",
    "ask_age",
    "ask_interruption_again",
    "hear_interruption",
    "hear_though_stopped",
    "interrupt",
    "list_stories",
    "listens_to_words",
    "names_a_choice",
    "reads_clearly",
    "turn_away",
    "way_out",
]  # fmt: skip

INTERRUPTIONS: tuple[type[Interruption], ...] = (
    Resume, Delete, Language, After, Offers, ChangeStory, ChangeWhat, Reword, Reworded, DecideAgain, Receipt, Add,
    Narrow, FollowUp, Care, Retell, More, Anew, DeleteChatToo, OfAge, Confirm,
)  # fmt: skip
_BY_NAME = {one.name: one() for one in INTERRUPTIONS}
_OF_STORIES: dict[str, type[OwnStories]] = {DELETE: Delete, CHANGE: ChangeStory}


def interrupt(turn: TurnBuilder, opened: OpenInterruption) -> None:
    """Ask one of our own questions; the flow's question waits underneath. `opened` is what it keeps meanwhile."""
    turn.open(opened)
    turn.ask(_BY_NAME[opened.kind].ask(turn))


def hear_interruption(turn: TurnBuilder, signal: Signal) -> bool:
    """Take a signal as the answer to what is open. Returns False when it was something else, for the flow to hear."""
    name = turn.conversation.interrupted_by
    heard = _BY_NAME[name].hear(turn, signal)
    under = turn.conversation.interrupted_by
    if name == CARE and under not in {"", CARE}:  # what waited under the signpost waits again
        if not heard:
            return hear_interruption(turn, signal)
        turn.ask(_BY_NAME[under].ask(turn))
    return heard


def list_stories(turn: TurnBuilder, listed: StoriesListed) -> None:
    """Ask which of their own stories a person means, now that they are known."""
    _OF_STORIES[listed.about].listed(turn, listed)


def names_a_choice(turn: TurnBuilder, text: str) -> bool:
    """Return whether a text is, word for word, the name of something that the open question of ours offers."""
    opened = _open(turn)
    return opened is not None and opened.names(turn, normalise(text))


def reads_clearly(turn: TurnBuilder, signal: Signal) -> bool:
    """Return whether a signal is a clear answer to the open question of ours, which chooses among things."""
    opened = _open(turn)
    return opened is not None and not opened.open_words and opened.is_clear(turn, signal)


def ask_interruption_again(turn: TurnBuilder) -> None:
    """Repeat the question of our own that is open, where it can be repeated without looking anything up."""
    opened = _open(turn)
    if opened is not None and opened.repeatable:
        turn.ask(opened.ask(turn))


def listens_to_words(turn: TurnBuilder) -> bool:
    """Return whether the open question of ours takes whatever is written."""
    opened = _open(turn)
    return opened is not None and opened.open_words


def hear_though_stopped(turn: TurnBuilder, signal: Signal) -> bool:
    """After STOP a right that somebody is in the middle of using stays theirs; only a clear answer to it is heard."""
    opened = _open(turn)
    if opened is None or not opened.when_stopped or not opened.is_clear(turn, signal):
        return False
    return opened.hear(turn, signal)


def _open(turn: TurnBuilder) -> Interruption | None:
    interruptions = turn.conversation.interruptions
    return _BY_NAME.get(interruptions[-1].kind) if interruptions else None
