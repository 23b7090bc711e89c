"""Which of their own stories a person means: what DELETE and CHANGE have in common. Pure.

The list comes from outside (`ListStories`, answered by `StoriesListed`). First words are shown, never kept in the
conversation: there stand only numbers, months and places. An unclear answer lists them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from flows.interruptions.interruption import Interruption
from flows.language.normalise import cut, normalise
from flows.model.effects import ListStories, Option, Say
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
    """One story as it stands in the notes."""

    id: int
    month: str
    place: str


class Offered(NamedTuple):
    """One thing to choose: its value, what it is called, and the story's number if it is a story."""

    value: str
    label: str
    story: int = 0


class OwnStories(Interruption):
    """Choose one of one's own stories, or one of `values` beside them."""

    repeatable: ClassVar[bool] = False

    @classmethod
    def listed(cls, turn: TurnBuilder, listed: StoriesListed) -> None:
        """Ask, now that the stories are known."""
        notes: dict[str, Any] = {
            "stories": [[one.id, one.month, one.place] for one in listed.stories],
            "here": next((one.id for one in listed.stories if one.here), 0),
            "older": listed.older,
            "page": listed.page,
        }
        tries = turn.conversation.tries if turn.conversation.aside == cls.name else 0
        turn.set(aside=cls.name, aside_notes=notes, tries=tries)
        words = {one.id: one.words for one in listed.stories}
        aside = cls()
        text = turn.common(cls.asks(turn, listed))
        choices = aside._with_words(turn, words)
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
        notes = turn.conversation.aside_notes
        short = turn.conversation.look.short
        for one in listed_in(turn):
            label = one.month if short or not one.place else f"{one.month}, {one.place}"
            yield Offered(f"{STORY}{one.id}", label, one.id)
        if notes.get("older"):
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
            newest = [one.id for one in listed_in(turn)]
            turn.effects.append(
                ListStories(
                    about=self.name,
                    older=max(newest) + 1 if newest and turn.conversation.aside_notes.get("page") else 0,
                    page=_number(turn, "page"),
                )
            )
            return True
        return super().unclear(turn, signal)

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Turn the page, or do what was chosen."""
        if value == OLDER:
            page = _number(turn, "page") + len(listed_in(turn))
            turn.set(tries=0)
            turn.effects.append(ListStories(about=self.name, older=_number(turn, "older"), page=page))
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


def listed_in(turn: TurnBuilder) -> list[Listed]:
    """Return the stories that were listed last."""
    stories = turn.conversation.aside_notes.get("stories")
    rows = stories if isinstance(stories, list) else []
    return [Listed(int(str(row[0])), str(row[1]), str(row[2])) for row in rows if isinstance(row, list)]


def _number(turn: TurnBuilder, name: str) -> int:
    found = turn.conversation.aside_notes.get(name)
    return found if isinstance(found, int) else 0
