"""What every aside shares: a question of our own, asked in between, while the flow's own question waits underneath.

An aside is one file in this folder. It asks with choices or open words, hears the answer, and closes itself; the
flow's scratch stays untouched. What it must remember between messages stands in `Conversation.aside_notes`. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.language.keywords.recognise import normalise
from flows.model.effects import Option, Say
from flows.model.signals import Chose, Said
from flows.questions.options import choose, pressed
from flows.questions.question import Choice, OptionStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal


class Interruption:
    """One kind of question of our own; its text is `everywhere/<name>`, with a label for each value under `options`."""

    name: ClassVar[str]
    values: ClassVar[tuple[str, ...]] = ()
    safe: ClassVar[str] = ""
    """What a second unclear answer is taken for: the choice that changes nothing."""
    when_stopped: ClassVar[bool] = False
    """True: a right of the person, which they may use after STOP as before; only clear answers are heard then."""
    repeatable: ClassVar[bool] = True
    """False: it can only be asked with what is looked up anew."""
    open_words: ClassVar[bool] = False
    """True: it listens to whatever is written, so that no words of it are taken for a receipt."""

    def ask(self, making: TurnBuilder) -> Say:
        """Return the question with its choices."""
        return Say(text=making.common(self.name), options=tuple(choice.shown for choice in self.choices(making)))

    def offers(self, making: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield (value, label) of what can be chosen now."""
        for value in self.values:
            yield value, making.release.text(f"everywhere/{self.name}.options.{value}", making.conversation)

    def choices(self, making: TurnBuilder) -> tuple[Choice, ...]:
        """Return what can be chosen now, numbered from 1."""
        return tuple(
            Choice(
                OptionStep(value=value, label=label[:64]),
                Option(value=value, label=label, key=str(number)),
                tuple(dict.fromkeys((normalise(label), value))),
            )
            for number, (value, label) in enumerate(self.offers(making), start=1)
        )

    def chosen(self, making: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice a signal makes, or None."""
        choices = self.choices(making)
        if isinstance(signal, Chose):
            return pressed(choices, signal.index)
        match = choose(signal.text, choices) if isinstance(signal, Said) else None
        return match.choice if match is not None else None

    def names(self, making: TurnBuilder, said: str) -> bool:
        """Return whether normalised words are, word for word, something that is offered."""
        return any(said in choice.forms for choice in self.choices(making))

    def is_clear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Return whether a signal is a clear answer."""
        return self.chosen(making, signal) is not None

    def hear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Take a signal as the answer. Returns False when it was something else, for the flow to hear."""
        choice = self.chosen(making, signal)
        if choice is None:
            return self.unclear(making, signal)
        self.take(making, choice.option.value)
        return True

    def unclear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Ask once more, then take it for the safe answer."""
        if not isinstance(signal, Said | Chose):
            return False
        if making.conversation.tries == 0:
            making.set(tries=1)
            making.ask(self.ask(making))
            return True
        return self.given_up(making, signal)

    def given_up(self, making: TurnBuilder, signal: Signal) -> bool:
        """Take the safe answer after a second unclear one."""
        self.take(making, self.safe)
        return True

    def take(self, making: TurnBuilder, value: str) -> None:
        """Do what was chosen."""
        raise NotImplementedError

    @staticmethod
    def close(making: TurnBuilder) -> None:
        """Close the aside; the flow's question is the one that waits again."""
        making.set(aside="", aside_notes={}, tries=0)

    @classmethod
    def go_on(cls, making: TurnBuilder) -> None:
        """Close the aside and repeat the flow's question, if one waits."""
        cls.close(making)
        if making.conversation.status == "open":
            making.ask_again()
