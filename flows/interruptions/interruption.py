"""What every interruption shares: a question of our own, while the flow's own question waits underneath.

An interruption is one file in this folder. It asks with choices or open words, hears the answer, and closes itself;
what the flow's question keeps stays untouched. What it must remember between messages is a record of its own, a kind of
`OpenInterruption`, which is declared in the same file.
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

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the question with its choices."""
        return Say(text=turn.common(self.name), options=tuple(choice.shown for choice in self.choices(turn)))

    def offers(self, turn: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield (value, label) of what can be chosen now."""
        for value in self.values:
            yield value, turn.release.text(f"everywhere/{self.name}.options.{value}", turn.conversation)

    def choices(self, turn: TurnBuilder) -> tuple[Choice, ...]:
        """Return what can be chosen now, numbered from 1."""
        return tuple(
            Choice(
                OptionStep(value=value, label=label[:64]),
                Option(value=value, label=label, key=str(number)),
                tuple(dict.fromkeys((normalise(label), value))),
            )
            for number, (value, label) in enumerate(self.offers(turn), start=1)
        )

    def chosen(self, turn: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice a signal makes, or None."""
        choices = self.choices(turn)
        if isinstance(signal, Chose):
            return pressed(choices, signal.index)
        match = choose(signal.text, choices) if isinstance(signal, Said) else None
        return match.choice if match is not None else None

    def names(self, turn: TurnBuilder, said: str) -> bool:
        """Return whether normalised words are, word for word, something that is offered."""
        return any(said in choice.forms for choice in self.choices(turn))

    def is_clear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Return whether a signal is a clear answer."""
        return self.chosen(turn, signal) is not None

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Take a signal as the answer. Returns False when it was something else, for the flow to hear."""
        choice = self.chosen(turn, signal)
        if choice is None:
            return self.unclear(turn, signal)
        self.take(turn, choice.option.value)
        return True

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Ask once more, then take it for the safe answer."""
        if not isinstance(signal, Said | Chose):
            return False
        if turn.conversation.tries == 0:
            turn.set(tries=1)
            turn.ask(self.ask(turn))
            return True
        return self.given_up(turn, signal)

    def given_up(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Take the safe answer after a second unclear one."""
        self.take(turn, self.safe)
        return True

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Do what was chosen."""
        raise NotImplementedError

    @staticmethod
    def close(turn: TurnBuilder) -> None:
        """Close every question of ours; the flow's question is the one that waits again."""
        turn.close()
        turn.set(tries=0)

    @classmethod
    def go_on(cls, turn: TurnBuilder) -> None:
        """Close it and repeat the flow's question, if one waits."""
        cls.close(turn)
        if turn.conversation.status == "open":
            turn.ask_again()
