"""What three words open: where the story is, adding to it, letting it travel less far, taking it back.

Never its words, and never a wider use: whoever found the receipt must not learn or gain anything by it (ADR 9).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from flows.interruptions.confirm import proved
from flows.interruptions.interruption import Interruption
from flows.interruptions.reword import Gathers, RewordedWords, WordsGathered
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.effects import AddToStory, Erase, NarrowStory, Say
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import Chose, Said
from flows.model.vocabulary.consent_answers import Use, use_of
from flows.questions.consent import LITERAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import ReceiptRead, Signal
    from flows.questions.question import Choice

RECEIPT: Final = "receipt"
ADD: Final = "add"
NARROW: Final = "narrow"


class StoryByReceipt(OpenInterruption, extra="forbid"):
    """The story that three words opened."""

    kind: Literal["receipt", "narrow"]
    story: int
    use: str
    """How far it may travel now."""
    month: str = ""
    progress: str = "heard"


class Receipt(Interruption):
    """What can be done with the story. An unclear answer does nothing."""

    name: ClassVar[str] = RECEIPT
    values: ClassVar[tuple[str, ...]] = ("add", "narrow", "take_back", "nothing")
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    @classmethod
    def found(cls, turn: TurnBuilder, read: ReceiptRead) -> None:
        """Say where the story is, and ask what is wanted."""
        found = StoryByReceipt(
            kind=RECEIPT, story=read.story, use=read.use, month=read.month, progress=read.progress
        )  # fmt: skip
        turn.open(found)
        turn.set(tries=0)
        turn.ask(cls().ask(turn))

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the question."""
        found = turn.opened(StoryByReceipt)
        text = turn.common(self.name, month=found.month, progress=turn.common(f"progress_{found.progress}"))
        return Say(text=text, options=tuple(choice.shown for choice in self.choices(turn)))

    @classmethod
    def means_this_story(cls, turn: TurnBuilder, word: Keyword) -> bool:
        """Return whether DELETE is about the story that three words just opened, not about this phone's own."""
        return word is Keyword.DELETE and turn.conversation.interrupted_by == cls.name

    def chosen(self, turn: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice; DELETE in any words is the one that takes the story back."""
        if isinstance(signal, Said):
            state = turn.conversation
            word = recognise(signal.text, language=state.language, channel=state.channel)
            if word is not None and self.means_this_story(turn, word.word):
                return next(choice for choice in self.choices(turn) if choice.option.value == "take_back")
        return super().chosen(turn, signal)

    def offers(self, turn: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield what can be done; nothing is narrower than the team alone."""
        narrower = use_of(turn.opened(StoryByReceipt).use).narrower()
        return (pair for pair in super().offers(turn) if pair[0] != "narrow" or narrower)

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Do it."""
        found = turn.opened(StoryByReceipt)
        story = found.story
        if value == "take_back" and not proved(turn, deletes=True, story=story, by_receipt=True):
            return
        self.close(turn)
        if value == "add":
            Add.begin(turn, story)
        elif value == "narrow":
            turn.open(StoryByReceipt(kind=NARROW, story=story, use=found.use))
            turn.ask(Narrow().ask(turn))
        elif value == "take_back":
            turn.effects.append(Erase(scope="story", story=story, by_receipt=True))
            turn.tell("deleted_story")
            _go_on(turn)
        else:
            turn.tell("left_as_it_is")
            _go_on(turn)


class Add(RewordedWords):
    """More words for the story."""

    name: ClassVar[Gathers] = ADD
    when_stopped: ClassVar[bool] = True

    def told(self, turn: TurnBuilder, parts: tuple[tuple[str, str], ...]) -> None:
        """Add them."""
        story = turn.opened(WordsGathered).story
        self.close(turn)
        turn.effects += [AddToStory(text=text, ref=ref, story=story, by_receipt=True) for ref, text in parts]
        turn.tell("added")
        _go_on(turn)


class Narrow(Interruption):
    """How far from now on; only what is narrower is offered."""

    name: ClassVar[str] = NARROW
    values: ClassVar[tuple[str, ...]] = (Use.TEAM.value, Use.QUOTE.value, "leave")
    safe: ClassVar[str] = "leave"
    when_stopped: ClassVar[bool] = True

    def offers(self, turn: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield the narrower uses."""
        narrower = use_of(turn.opened(StoryByReceipt).use).narrower()
        return (pair for pair in super().offers(turn) if pair[0] in {*narrower, "leave"})

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Keep the literal reply for the record of the decision."""
        choice = self.chosen(turn, signal)
        if choice is None or choice.option.value == "leave":
            return super().hear(turn, signal)
        story, shown = turn.opened(StoryByReceipt).story, turn.conversation.shown
        literal = signal.text if isinstance(signal, Said) else choice.shown.label if isinstance(signal, Chose) else ""
        self.close(turn)
        turn.effects.append(
            NarrowStory(
                story=story,
                use=use_of(choice.option.value),
                literal=literal[:LITERAL],
                text=shown,
                digest=sha256(shown.encode("utf-8", "replace")).hexdigest(),
                language=turn.conversation.language,
            )
        )
        turn.tell("use_changed")
        _go_on(turn)
        return True

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Change nothing."""
        self.close(turn)
        turn.tell("left_as_it_is")
        _go_on(turn)


def _go_on(turn: TurnBuilder) -> None:
    if turn.conversation.status == "open":
        turn.ask_again()
