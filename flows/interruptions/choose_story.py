"""Which of their own stories a person means: what DELETE and CHANGE have in common.

The list comes from outside (`ListStories`, answered by `StoriesListed`). First words are shown, never kept in the
conversation: there stand only numbers, months and places. An unclear answer lists them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from flows.interruptions.interruption import Interruption
from flows.language.normalise import cut, normalise
from flows.model.effects import ListStories, Option, Say
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import Chose, Said
from flows.questions.question import Choice, OptionStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal, StoriesListed

SHORT_LABEL, LONG_LABEL = 30, 60
"""Characters of one story's line: five of them, with the question and the other answers, are two SMS segments."""
STORY = "story_"
OLDER, THIS = "older", "story"


class Listed(NamedTuple):
    """One story as the conversation keeps it."""

    id: int
    month: str
    place: str


class StoriesToChoose(OpenInterruption, extra="forbid"):
    """The stories that were listed last; never their words."""

    kind: Literal["delete", "change"]
    stories: tuple[Listed, ...] = ()
    here: int = 0
    """The one that was told in this conversation; 0 if none of them was."""
    older: int = 0
    """Number from which on there are older ones; 0 if there are none."""
    page: int = 0
    """How many newer ones were passed over."""


class Offered(NamedTuple):
    """One thing to choose: its value, what it is called, and the story's number if it is a story."""

    value: str
    label: str
    story: int = 0


class OwnStories(Interruption):
    """Choose one of one's own stories, or one of `values` beside them."""

    name: ClassVar[Literal["delete", "change"]]
    repeatable: ClassVar[bool] = False

    @classmethod
    def listed(cls, turn: TurnBuilder, listed: StoriesListed) -> None:
        """Ask, now that the stories are known."""
        again = turn.conversation.interrupted_by == cls.name
        turn.open(
            StoriesToChoose(
                kind=cls.name,
                stories=tuple(Listed(one.id, one.month, one.place) for one in listed.stories),
                here=next((one.id for one in listed.stories if one.here), 0),
                older=listed.older,
                page=listed.page,
            )
        )
        turn.set(tries=turn.conversation.tries if again else 0)
        words = {one.id: one.words for one in listed.stories}
        text = turn.common(cls.asks(turn, listed))
        choices = cls()._with_words(turn, words)
        turn.ask(Say(text=text, options=choices, private=bool(words)))

    @classmethod
    def asks(cls, _making: TurnBuilder, _listed: StoriesListed) -> str:
        """Return the name of the question."""
        return cls.name

    def _with_words(self, turn: TurnBuilder, words: Mapping[int, str]) -> tuple[Option, ...]:
        longest = SHORT_LABEL if turn.conversation.look.short else LONG_LABEL
        return tuple(
            Option(
                value=one.value,
                label=cut(f"{one.label}: {words[one.story]}", longest) if words.get(one.story) else one.label,
                key=str(number),
            )
            for number, one in enumerate(self.offered(turn), start=1)
        )

    def offered(self, turn: TurnBuilder) -> Iterable[Offered]:
        """Yield what can be chosen now, in order."""
        listed, short = turn.opened(StoriesToChoose), turn.conversation.look.short
        for one in listed.stories:
            label = one.month if short or not one.place else f"{one.month}, {one.place}"
            yield Offered(f"{STORY}{one.id}", label, one.id)
        if listed.older:
            yield Offered(OLDER, self.label(turn, OLDER))
        for value in self.values:
            yield Offered(value, self.label(turn, value))

    def label(self, turn: TurnBuilder, value: str) -> str:
        """Return the words for one of the values beside the stories."""
        return turn.release.text(f"everywhere/{self.name}.options.{value}", turn.conversation)

    def choices(self, turn: TurnBuilder) -> tuple[Choice, ...]:
        """Return what can be chosen now. Two stories of one month and place are told apart by their number only."""
        return tuple(
            Choice(
                OptionStep(value=one.value, label=one.label[:64]),
                Option(value=one.value, label=one.label, key=str(number)),
                tuple(dict.fromkeys((normalise(one.label), one.value))),
            )
            for number, one in enumerate(self.offered(turn), start=1)
        )

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """List them once more, then take it for the safe answer."""
        if isinstance(signal, Said | Chose) and turn.conversation.tries == 0:
            turn.set(tries=1)
            listed = turn.opened(StoriesToChoose)
            newest = max((one.id for one in listed.stories), default=0)
            older = newest + 1 if newest and listed.page else 0
            turn.effects.append(ListStories(about=self.name, older=older, page=listed.page))
            return True
        return super().unclear(turn, signal)

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Turn the page, or do what was chosen."""
        if value == OLDER:
            listed = turn.opened(StoriesToChoose)
            page = listed.page + len(listed.stories)
            turn.set(tries=0)
            turn.effects.append(ListStories(about=self.name, older=listed.older, page=page))
        elif value.startswith(STORY):
            self.take_story(turn, int(value.removeprefix(STORY)))
        else:
            self.take_other(turn, value)

    def take_story(self, turn: TurnBuilder, story: int) -> None:
        """Do what is to be done with the story of this number."""
        raise NotImplementedError

    def take_other(self, turn: TurnBuilder, value: str) -> None:
        """Do what stands beside the stories."""
        raise NotImplementedError
