"""What three words open: where the story is, adding to it, letting it travel less far, taking it back. Pure.

Never its words, and never a wider use: whoever found the receipt must not learn or gain anything by it (ADR 9).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.confirm import proved
from flows.interruptions.interruption import Interruption
from flows.interruptions.reword import RewordedWords, story_in
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.effects import AddToStory, Erase, NarrowStory, Say
from flows.model.signals import Chose, Said
from flows.questions.consent import LITERAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.effects import Use
    from flows.model.signals import ReceiptRead, Signal
    from flows.questions.question import Choice

RECEIPT, ADD, NARROW = "receipt", "add", "narrow"
NARROWER: dict[str, tuple[Use, ...]] = {"team": (), "quote": ("team",), "publish": ("team", "quote")}


class Receipt(Interruption):
    """What can be done with the story. An unclear answer does nothing."""

    name: ClassVar[str] = RECEIPT
    values: ClassVar[tuple[str, ...]] = ("add", "narrow", "take_back", "nothing")
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    @classmethod
    def found(cls, making: TurnBuilder, read: ReceiptRead) -> None:
        """Say where the story is, and ask what is wanted."""
        notes = {"story": read.story, "use": read.use, "month": read.month, "progress": read.progress}
        making.set(aside=cls.name, aside_notes=notes, tries=0)
        making.ask(cls().ask(making))

    def ask(self, making: TurnBuilder) -> Say:
        """Return the question."""
        notes = making.conversation.aside_notes
        progress = making.common(f"progress_{notes.get('progress', 'heard')}")
        text = making.common(self.name, month=str(notes.get("month", "")), progress=progress)
        return Say(text=text, options=tuple(choice.shown for choice in self.choices(making)))

    @classmethod
    def means_this_story(cls, making: TurnBuilder, word: Keyword) -> bool:
        """Return whether DELETE is about the story that three words just opened, not about this phone's own."""
        return word is Keyword.DELETE and making.conversation.aside == cls.name

    def chosen(self, making: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice; DELETE in any words is the one that takes the story back."""
        if isinstance(signal, Said):
            state = making.conversation
            word = recognise(signal.text, language=state.language, channel=state.channel)
            if word is not None and self.means_this_story(making, word.word):
                return next(choice for choice in self.choices(making) if choice.option.value == "take_back")
        return super().chosen(making, signal)

    def offers(self, making: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield what can be done; nothing is narrower than the team alone."""
        narrower = NARROWER.get(str(making.conversation.aside_notes.get("use")), ())
        return (pair for pair in super().offers(making) if pair[0] != "narrow" or narrower)

    def take(self, making: TurnBuilder, value: str) -> None:
        """Do it."""
        story, use = story_in(making), str(making.conversation.aside_notes.get("use"))
        if value == "take_back" and not proved(making, deletes=True, story=story, by_receipt=True):
            return
        self.close(making)
        if value == "add":
            Add.begin(making, story)
        elif value == "narrow":
            making.set(aside=NARROW, aside_notes={"story": story, "use": use}, tries=0)
            making.ask(Narrow().ask(making))
        elif value == "take_back":
            making.effects.append(Erase(scope="story", story=story, by_receipt=True))
            making.tell("deleted_story")
            _go_on(making)
        else:
            making.tell("left_as_it_is")
            _go_on(making)


class Add(RewordedWords):
    """More words for the story."""

    name: ClassVar[str] = ADD
    when_stopped: ClassVar[bool] = True

    def told(self, making: TurnBuilder, parts: tuple[tuple[str, str], ...]) -> None:
        """Add them."""
        story = story_in(making)
        self.close(making)
        making.effects += [AddToStory(text=text, ref=ref, story=story, by_receipt=True) for ref, text in parts]
        making.tell("added")
        _go_on(making)


class Narrow(Interruption):
    """How far from now on; only what is narrower is offered."""

    name: ClassVar[str] = NARROW
    values: ClassVar[tuple[str, ...]] = ("team", "quote", "leave")
    safe: ClassVar[str] = "leave"
    when_stopped: ClassVar[bool] = True

    def offers(self, making: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield the narrower uses."""
        narrower = NARROWER.get(str(making.conversation.aside_notes.get("use")), ())
        return (pair for pair in super().offers(making) if pair[0] in {*narrower, "leave"})

    def hear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Keep the literal reply for the record of the decision."""
        choice = self.chosen(making, signal)
        if choice is None or choice.option.value == "leave":
            return super().hear(making, signal)
        story, shown = story_in(making), making.conversation.shown
        literal = signal.text if isinstance(signal, Said) else choice.shown.label if isinstance(signal, Chose) else ""
        self.close(making)
        making.effects.append(
            NarrowStory(
                story=story,
                use="quote" if choice.option.value == "quote" else "team",
                literal=literal[:LITERAL],
                text=shown,
                digest=sha256(shown.encode("utf-8", "replace")).hexdigest(),
                language=making.conversation.language,
            )
        )
        making.tell("use_changed")
        _go_on(making)
        return True

    def take(self, making: TurnBuilder, value: str) -> None:
        """Change nothing."""
        self.close(making)
        making.tell("left_as_it_is")
        _go_on(making)


def _go_on(making: TurnBuilder) -> None:
    if making.conversation.status == "open":
        making.ask_again()
