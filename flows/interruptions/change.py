"""CHANGE, for any story and also later: which one, and what about it. Pure.

What is chosen is asked by an aside of its own: new words by `reword`, what the flow asks consent for by `decide_again`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flows.interruptions.choose_story import OwnStories, listed_in
from flows.interruptions.confirm import DECIDE_AGAIN
from flows.interruptions.decide_again import DecideAgain
from flows.interruptions.interruption import Interruption
from flows.interruptions.retell import RETELL, Retell, so_far
from flows.interruptions.reword import REWORD, Reword, story_in
from flows.model.conversation import Answer
from flows.model.effects import HidePlace
from flows.questions.place import PlaceStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import StoriesListed

CHANGE, CHANGES = "change", "changes"


class ChangeStory(OwnStories):
    """Which story? Asked only if there are several."""

    name: ClassVar[str] = CHANGE
    values: ClassVar[tuple[str, ...]] = ("nothing",)
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    @classmethod
    def listed(cls, making: TurnBuilder, listed: StoriesListed) -> None:
        """Ask which, or go straight to what if there is only one."""
        here = next((one for one in listed.stories if one.here), None)
        alone = len(listed.stories) == 1 and not listed.older and not listed.page
        if not listed.stories:
            making.tell("nothing_to_change")
            if making.conversation.status == "open":
                making.ask_again()
        elif here is not None and making.conversation.status == "open":
            about(making, here.id, place=bool(here.place), here=True)
        elif alone:
            only = listed.stories[0]
            about(making, only.id, place=bool(only.place), here=only.here)
        else:
            super().listed(making, listed)

    def take_story(self, making: TurnBuilder, story: int) -> None:
        """Go on to what is to be changed."""
        place = next((bool(one.place) for one in listed_in(making) if one.id == story), False)
        here = making.conversation.aside_notes.get("here") == story
        self.close(making)
        about(making, story, place=place, here=here)

    def take_other(self, making: TurnBuilder, value: str) -> None:
        """Leave all as it is."""
        self.close(making)
        unchanged(making)


class ChangeWhat(Interruption):
    """What about it? An unclear answer changes nothing."""

    name: ClassVar[str] = CHANGES
    values: ClassVar[tuple[str, ...]] = ("words", "where", "place", "use", "naming", "nothing")
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    def offers(self, making: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield what this story has that can be changed, and what this flow asks."""
        place = bool(making.conversation.aside_notes.get("place"))
        asked_now = bool(making.conversation.aside_notes.get("here")) and making.conversation.status == "open"
        shown = {"place": place, "where": place and asked_now}
        shown |= {purpose: making.release.consent_step(purpose) is not None for purpose in ("use", "naming")}
        return (pair for pair in super().offers(making) if shown.get(pair[0], True))

    def take(self, making: TurnBuilder, value: str) -> None:
        """Change it, or ask on."""
        story, here = story_in(making), bool(making.conversation.aside_notes.get("here"))
        self.close(making)
        if value == "words" and here and so_far(making):
            making.set(aside=RETELL, aside_notes={}, tries=0)
            making.ask(Retell().ask(making))
        elif value == "words":
            Reword.begin(making, story, here=here)
        elif value == "where":
            _ask_place_again(making)
        elif value == "place":
            if here:
                _forget_place(making)
            making.effects.append(HidePlace(story=story))
            making.tell("place_hidden")
            if making.conversation.status == "open":
                making.ask_again()
        elif value in {"use", "naming"}:
            DecideAgain.begin(making, story, value)
        else:
            unchanged(making)


def about(making: TurnBuilder, story: int, *, place: bool, here: bool) -> None:
    """Ask what is to be changed about one story; `here` if it was told in this conversation."""
    notes: dict[str, Any] = {"story": story, "place": place, "here": here}
    making.set(aside=CHANGES, aside_notes=notes, tries=0)
    making.ask(ChangeWhat().ask(making))


def unchanged(making: TurnBuilder) -> None:
    """Say that all stays as it is."""
    making.tell("left_as_it_is")
    if making.conversation.status == "open":
        making.ask_again()


def _ask_place_again(making: TurnBuilder) -> None:
    """Ask for the place once more, and come back to the question that waits."""
    steps = making.release.flow.steps
    name = next((name for name, step in steps.items() if isinstance(step, PlaceStep)), None)
    if name is None or name == making.conversation.step:
        making.ask_again()
        return
    making.set(back_to=making.conversation.step or "")
    making.go(name)


def _forget_place(making: TurnBuilder) -> None:
    """Forget it in the answers too, or the next answer would keep it again."""
    state = making.conversation
    places = {name for name, step in making.release.flow.steps.items() if isinstance(step, PlaceStep)}
    making.set(answers={name: Answer() if name in places else one for name, one in state.answers.items()})


__all__ = ["CHANGE", "CHANGES", "DECIDE_AGAIN", "REWORD", "ChangeStory", "ChangeWhat", "about"]
