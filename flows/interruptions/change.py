"""CHANGE, for any story and also later: which one, and what about it.

What is chosen is asked by a question of its own: new words by `reword`, what the flow asks consent for by
`decide_again`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from flows.interruptions.choose_story import OwnStories, StoriesToChoose
from flows.interruptions.confirm import DECIDE_AGAIN
from flows.interruptions.decide_again import DecideAgain
from flows.interruptions.interruption import Interruption
from flows.interruptions.retell import RETELL, Retell, so_far
from flows.interruptions.reword import REWORD, Reword
from flows.model.conversation import Answer
from flows.model.effects import HidePlace
from flows.model.open_interruption import OpenInterruption
from flows.model.vocabulary.consent_answers import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import StoriesListed

CHANGE: Final = "change"
CHANGES: Final = "changes"


class StoryToChange(OpenInterruption, extra="forbid"):
    """Which story is to be changed."""

    kind: Literal["changes"]
    story: int
    place: bool = False
    """True: it has one."""
    here: bool = False
    """True: it was told in this conversation."""


class ChangeStory(OwnStories):
    """Which story? Asked only if there are several."""

    name: ClassVar[Literal["delete", "change"]] = CHANGE
    values: ClassVar[tuple[str, ...]] = ("nothing",)
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    @classmethod
    def listed(cls, turn: TurnBuilder, listed: StoriesListed) -> None:
        """Ask which, or go straight to what if there is only one."""
        here = next((one for one in listed.stories if one.here), None)
        alone = len(listed.stories) == 1 and not listed.older and not listed.page
        if not listed.stories:
            turn.tell("nothing_to_change")
            if turn.conversation.status == "open":
                turn.ask_again()
        elif here is not None and turn.conversation.status == "open":
            about(turn, here.id, place=bool(here.place), here=True)
        elif alone:
            only = listed.stories[0]
            about(turn, only.id, place=bool(only.place), here=only.here)
        else:
            super().listed(turn, listed)

    def take_story(self, turn: TurnBuilder, story: int) -> None:
        """Go on to what is to be changed."""
        listed = turn.opened(StoriesToChoose)
        place = next((bool(one.place) for one in listed.stories if one.id == story), False)
        here = listed.here == story
        self.close(turn)
        about(turn, story, place=place, here=here)

    def take_other(self, turn: TurnBuilder, value: str) -> None:
        """Leave all as it is."""
        self.close(turn)
        unchanged(turn)


_ASKED_AGAIN = (Purpose.USE, Purpose.NAMING)


class ChangeWhat(Interruption):
    """What about it? An unclear answer changes nothing."""

    name: ClassVar[str] = CHANGES
    values: ClassVar[tuple[str, ...]] = ("words", "where", "place", *_ASKED_AGAIN, "nothing")
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    def offers(self, turn: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield what this story has that can be changed, and what this flow asks."""
        chosen = turn.opened(StoryToChange)
        asked_now = chosen.here and turn.conversation.status == "open"
        shown = {"place": chosen.place, "where": chosen.place and asked_now}
        shown |= {purpose: turn.release.consent_step(purpose) is not None for purpose in _ASKED_AGAIN}
        return (pair for pair in super().offers(turn) if shown.get(pair[0], True))

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Change it, or ask on."""
        chosen = turn.opened(StoryToChange)
        story, here = chosen.story, chosen.here
        self.close(turn)
        if value == "words" and here and so_far(turn):
            turn.open(OpenInterruption(kind=RETELL))
            turn.ask(Retell().ask(turn))
        elif value == "words":
            Reword.begin(turn, story, here=here)
        elif value == "where":
            _ask_place_again(turn)
        elif value == "place":
            if here:
                _forget_place(turn)
            turn.effects.append(HidePlace(story=story))
            turn.tell("place_hidden")
            if turn.conversation.status == "open":
                turn.ask_again()
        elif value in _ASKED_AGAIN:
            DecideAgain.begin(turn, story, Purpose(value))
        else:
            unchanged(turn)


def about(turn: TurnBuilder, story: int, *, place: bool, here: bool) -> None:
    """Ask what is to be changed about one story; `here` if it was told in this conversation."""
    turn.open(StoryToChange(kind=CHANGES, story=story, place=place, here=here))
    turn.set(tries=0)
    turn.ask(ChangeWhat().ask(turn))


def unchanged(turn: TurnBuilder) -> None:
    """Say that all stays as it is."""
    turn.tell("left_as_it_is")
    if turn.conversation.status == "open":
        turn.ask_again()


def _ask_place_again(turn: TurnBuilder) -> None:
    """Ask for the place once more, and come back to the question that waits."""
    steps = turn.release.flow.steps
    name = next((name for name, step in steps.items() if step.asks_place), None)
    if name is None or name == turn.conversation.step:
        turn.ask_again()
        return
    turn.set(back_to=turn.conversation.step or "")
    turn.go(name)


def _forget_place(turn: TurnBuilder) -> None:
    """Forget it in the answers too, or the next answer would keep it again."""
    state = turn.conversation
    places = {name for name, step in turn.release.flow.steps.items() if step.asks_place}
    turn.set(answers={name: Answer() if name in places else one for name, one in state.answers.items()})


__all__ = ["CHANGE", "CHANGES", "DECIDE_AGAIN", "REWORD", "ChangeStory", "ChangeWhat", "about"]
