"""`consent`: a decision about one purpose, clearly stated; anything unclear counts as no (rules 26, 49, 55). Pure."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from flows.effects import Option, RecordConsent, Say
from flows.keywords import normalise
from flows.questions.base import Name, OptionStep, Reading, Record, Scene, Step, Unclear, Understood
from flows.questions.options import Choice, Match, choose, numbers, offered, pressed, spaced
from flows.signals import Chose, Said, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = 80
"""Characters up to which an answer that opens with yes or no is that answer; a longer one tells something."""
_SET_OFF = ",.;:!-–—\n"
_AGE = re.compile(r"(?<![\d.,:/])[1-9]\d?(?![\d]|[.,:/]\d)")
YOUNGEST = 10
"""Smaller numbers in an answer are hardly ages."""
LITERAL = 160
"""Characters of the reply that a decision keeps."""
TWO_YEARS, ONE_YEAR = 730, 365
DAYS = {"quote": TWO_YEARS, "publish": ONE_YEAR, "place": ONE_YEAR, "name": ONE_YEAR, "yes": TWO_YEARS}
"""For how many days an answer counts unless the flow says otherwise (rule 53). What allows least has no end."""


class ConsentOption(OptionStep):
    """An answer to a consent question and the decision it stands for."""

    decision: Literal["yes", "no", "team", "quote", "publish", "none", "place", "name"]
    valid_days: int | None = Field(default=None, ge=1, le=3650)
    """For how many days this answer counts before it is renewed or lapses; left out, as `DAYS` has it."""

    @property
    def days(self) -> int | None:
        """Return for how many days the answer counts; None for what has no end of its own."""
        return self.valid_days or DAYS.get(self.decision)


class AlsoAsked(Record):
    """A further decision asked in the same SMS, with a number of its own; not chosen means no."""

    purpose: str = Name
    label: str = Field(min_length=1, max_length=64)
    version: int = Field(default=1, ge=1, le=9999)
    valid_days: int = Field(default=TWO_YEARS, ge=1, le=3650)


class ConsentStep(Step):
    """Ask for one decision. The narrowest option is what an unclear or skipped answer counts as."""

    type: Literal["consent"] = "consent"
    purpose: str = Name
    options: tuple[ConsentOption, ...] = Field(min_length=2, max_length=6)
    narrowest: str
    """Value of the option that an unclear answer is taken for."""
    version: int = Field(default=1, ge=1, le=9999)
    """Raise it when what people agree to changes in a way that matters: older answers then count no more (rule 53)."""
    also: tuple[AlsoAsked, ...] = ()
    """Only by SMS, where each further message costs the person; elsewhere each purpose has a question of its own."""

    listed_sms: bool = True
    """False: by SMS the text itself says what to send, and no numbers are listed; a bare number is no answer then."""

    skippable: ClassVar[bool] = False
    decides: ClassVar[bool] = True

    def choices(self) -> tuple[OptionStep, ...]:
        """Return the options in the order of the file."""
        return self.options

    def texts(self) -> Iterator[tuple[str, str, Literal["text", "label", "words"], bool | None]]:
        """Yield the step's texts and the labels of what else is asked."""
        yield from Step.texts(self)
        for item in self.also:
            yield f"also.{item.purpose}", item.label, "label", True

    def ask(self, scene: Scene) -> Say:
        """Return the question; its exact words go into the decision."""
        if scene.sms and not self.listed_sms:
            return Say(text=scene.text("text"))
        return Say(text=scene.text("text"), options=tuple(choice.shown for choice in self._offered(scene)))

    def _offered(self, scene: Scene) -> tuple[Choice, ...]:
        choices = offered(scene, self.options)
        if not scene.sms or not self.also:
            return choices
        extra = [OptionStep(value=item.purpose, label=item.label) for item in self.also]
        shown = tuple(
            Choice(option, _also_shown(scene, option.value, len(choices) + number), ())
            for number, option in enumerate(extra, start=1)
        )
        return choices + shown

    def hear(self, scene: Scene, signal: Signal) -> Reading:
        """Understand a clear statement; "maybe" and "ok but" are no clear statement."""
        choices = offered(scene, self.options)
        if isinstance(signal, Chose):
            choice = pressed(choices, signal.index)
            return Unclear() if choice is None else self._decided(scene, choice, choice.shown.label, "", ())
        if not isinstance(signal, Said):
            return self._unclear(scene, "")
        if scene.sms and self.also:
            read = self._several(scene, signal.text, choices)
            if read is not None:
                return read
        plain = self._plain_word(scene, signal.text, choices)
        if plain is not None:
            return self._decided(scene, plain, signal.text, "", ())
        match = None if hedged(scene, signal.text) else choose(signal.text, choices)
        if match is None or (match.note and match.note == signal.text.strip()):
            match = self._opening_word(scene, signal.text, choices)
        if match is None:
            return self._unclear(scene, "" if _opening(scene, signal.text, "yes_words") else signal.text)
        if _young(scene, match.note) and getattr(match.choice.option, "decision", "") == "yes":
            return self._unclear(scene, match.note)  # "agree, I am 16": whoever may be a child is asked again
        return self._decided(scene, match.choice, signal.text, match.note, ())

    def _plain_word(self, scene: Scene, said: str, choices: tuple[Choice, ...]) -> Choice | None:
        """A bare yes or no is never asked for by SMS (carriers read them), but it is clear when it comes."""
        text = normalise(said)
        if text in listed(scene, "no_words"):
            return self._narrowest(choices)
        agreeing = [choice for choice in choices if getattr(choice.option, "decision", "") == "yes"]
        return agreeing[0] if len(agreeing) == 1 and text in listed(scene, "yes_words") else None

    def _opening_word(self, scene: Scene, said: str, choices: tuple[Choice, ...]) -> Match | None:
        """A yes or no with a few words behind it: "yes please, in 2 hours"; "No, I do not want this"."""
        narrowest = self._narrowest(choices)
        rest = _opening(scene, said, "no_words")
        if rest:
            refused = getattr(narrowest.option, "decision", "") == "no" and not _agrees(scene, rest)
            return Match(narrowest, rest) if refused else None
        agreeing = [choice for choice in choices if getattr(choice.option, "decision", "") == "yes"]
        rest = _opening(scene, said, "yes_words")
        if not rest or len(agreeing) != 1 or hedged(scene, rest) or _refuses(scene, rest):
            return None
        return Match(agreeing[0], rest)

    def _several(self, scene: Scene, said: str, choices: tuple[Choice, ...]) -> Reading | None:
        asked = numbers(said)
        if asked is None:
            return None
        mine = [number for number in asked if number <= len(choices)]
        also = tuple(
            item.purpose for position, item in enumerate(self.also, start=len(choices) + 1) if position in asked
        )
        if len(mine) > 1 or any(number < 1 or number > len(choices) + len(self.also) for number in asked):
            return self._unclear(scene, said)
        chosen = choices[mine[0] - 1] if mine else self._narrowest(choices)
        return self._decided(scene, chosen, said, "", also)

    def _narrowest(self, choices: tuple[Choice, ...]) -> Choice:
        return next(choice for choice in choices if choice.option.value == self.narrowest)

    def _unclear(self, scene: Scene, said: str) -> Unclear:
        choices = offered(scene, self.options)
        return Unclear(kept=said, counts_as=self._decided(scene, self._narrowest(choices), said, "", ()))

    def _decided(self, scene: Scene, choice: Choice, literal: str, note: str, also: tuple[str, ...]) -> Understood:
        option = choice.option
        if not isinstance(option, ConsentOption):  # pragma: no cover - offered() returns this step's own options
            raise TypeError(option)
        decisions = [(self.purpose, option.decision, self.version, option.days)]
        for item in self.also if scene.sms else ():
            agreed = item.purpose in also
            decisions.append(
                (item.purpose, "yes" if agreed else "no", item.version, item.valid_days if agreed else None)
            )
        shown = scene.conversation.shown
        records = tuple(
            RecordConsent(
                purpose=purpose,
                answer=answer,
                step=scene.name,
                literal=literal[:LITERAL],
                text=shown,
                digest=sha256(shown.encode("utf-8", "replace")).hexdigest(),
                language=scene.conversation.language,
                version=version,
                valid_days=days,
            )
            for purpose, answer, version, days in decisions
        )
        return Understood(
            value=option.value, label=choice.shown.label, note=note, next=option.next, sets=option.sets, before=records
        )


def _also_shown(scene: Scene, purpose: str, number: int) -> Option:
    return Option(value=purpose, label=scene.text(f"also.{purpose}"), key=str(number))


def _young(scene: Scene, said: str) -> bool:
    ages = (int(found[0]) for found in _AGE.finditer(said))
    return any(YOUNGEST <= age < scene.release.house.adult_age for age in ages)


def hedged(scene: Scene, said: str) -> bool:
    """Return whether words stand in an answer that make it unclear, such as "maybe" or "but"."""
    text = spaced(normalise(said[:300]))
    return any(spaced(word) in text for word in listed(scene, "hedges"))


def _opening(scene: Scene, said: str, key: str) -> str:
    """Return what follows a listed word at the beginning of a short answer; empty if there is none.

    It must be set off ("No, …"): "no idea" is no refusal. Only a whole phrase of agreement need not be.
    """
    stripped = said.strip()
    if len(stripped) > SHORT:
        return ""
    for word in sorted(listed(scene, key), key=len, reverse=True):
        set_off = f"{_SET_OFF} " if key == "yes_words" and " " in word else _SET_OFF
        after = stripped[len(word) :]
        if normalise(stripped[: len(word)]) == word and after[:1] in set_off:
            return after.strip(f" {_SET_OFF}")
    return ""


def _agrees(scene: Scene, said: str) -> bool:
    return any(spaced(word) in spaced(normalise(said)) for word in listed(scene, "yes_words"))


def _refuses(scene: Scene, said: str) -> bool:
    return any(spaced(word) in spaced(normalise(said)) for word in listed(scene, "no_words"))


def listed(scene: Scene, key: str) -> frozenset[str]:
    """Return one of the lists of words that belong to every flow, each as `normalise` leaves it."""
    return frozenset(normalise(word) for word in scene.common(key).split(","))
