"""Which language to go on in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.interruption import Interruption
from flows.interruptions.turn_builder import LANGUAGES
from flows.model.effects import SetLanguage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder

LANGUAGE = "language"


class Language(Interruption):
    """An unclear answer leaves the language as it is."""

    name: ClassVar[str] = LANGUAGE

    def offers(self, turn: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield the languages of the release, each by its own name."""
        return ((code, LANGUAGES.get(code, code)) for code in turn.release.languages)

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Speak the chosen language from now on."""
        self.close(turn)
        if value in turn.release.languages:
            turn.set(language=value)
            turn.effects.append(SetLanguage(language=value))
        turn.tell("language_set")
        turn.ask_again()
