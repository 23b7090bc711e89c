"""What a flow costs a person: SMS segments, questions and seconds of reading on the way of a story in two texts.

Pure. Nothing is estimated: a practice phone walks the real engine with a standard story (`two_texts.toml`), and
what it was sent is counted as it is billed. Somebody who allows the least goes one way, somebody who publishes another.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flows.interruptions.turn_builder import EngineError
from flows.language import segments
from flows.model.channel_look import LOOKS
from flows.model.consent_answers import Purpose
from flows.model.effects import Say
from flows.model.messages import text_on
from flows.model.signals import PlaceChoice, PlacesFound
from flows.simulation.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flows.authoring.release import Release
    from flows.model.channel_look import ChannelKind
    from flows.model.effects import Effect
    from flows.questions.question import OptionStep, Step

WORDS_A_MINUTE: Final = 238
"""Words that an adult reads in a minute (Brysbaert 2019, 190 studies)."""
BEFORE, STORY, PUBLISHED, QUESTIONS, SECONDS = 3, 12, 14, 4, 75
"""The most of each that a flow should ask of a person."""
_STEPS: Final = 60
"""Answers after which a way that has no end is given up."""
_FILE = Path(__file__).with_name("two_texts.toml")


class Cost(NamedTuple):
    """What one flow costs on one channel in one language."""

    language: str
    channel: ChannelKind
    draft: bool
    """True: in a translation that is not offered yet."""
    before: int
    """SMS segments before the invitation to tell; 0 on Telegram."""
    story: int
    """SMS segments of a whole story in two texts, for somebody who allows the least; 0 on Telegram."""
    published: int
    """The same for somebody who allows the most."""
    questions: int
    """Questions after the story, on the way that has most of them."""
    seconds: float
    """Reading time of all that is sent to somebody who allows the least, without their own words shown back."""
    letters: bool
    """True: letters outside the GSM alphabet make segments hold less than half."""


class _Way(NamedTuple):
    before: tuple[str, ...]
    sent: tuple[str, ...]
    questions: int


def cost(release: Release, language: str, channel: ChannelKind, *, draft: bool = False) -> Cost | None:
    """Return what the flow of a release costs; None if nobody can tell a story and come to an end in it."""
    least, most = (_walked(release, language, channel, wide=wide) for wide in (False, True))
    if least is None or most is None:
        return None
    paid = LOOKS[channel].short
    return Cost(
        language=language,
        channel=channel,
        draft=draft,
        before=_segments(least.before) if paid else 0,
        story=_segments(least.sent) if paid else 0,
        published=_segments(most.sent) if paid else 0,
        questions=max(least.questions, most.questions),
        seconds=round(sum(map(_words, least.sent)) * 60 / WORDS_A_MINUTE, 1),
        letters=any(cause.isalpha() for text in least.sent for cause in segments.unicode_causes(text)),
    )


def line(flow: str, found: Cost) -> str:
    """Return a cost as one short line."""
    facts = [f"{found.questions} questions after the story", f"{found.seconds:.0f} s of reading"]
    if LOOKS[found.channel].short:
        told = f"{found.story} for a story in two texts ({found.published} if published)"
        facts = [f"{found.before} segments before the invitation", told, *facts]
    return f"{flow}, {found.channel}, {found.language}: {', '.join(facts)}."


def begins_telling(step: Step) -> bool:
    """Return whether this question is the first of what happened: the story itself, or how it was."""
    return step.tells or step.rates


@cache
def _sample() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _segments(texts: Iterable[str]) -> int:
    return sum(segments.count(text).parts for text in texts)


def _words(text: str) -> int:
    for told in _sample()["texts"]:
        text = text.replace(told, "")
    return len(text.split())


def _walked(release: Release, language: str, channel: ChannelKind, *, wide: bool) -> _Way | None:
    flow = release.flow
    found = PlaceChoice(id="p", label=f"{_sample()['place']}, North Lanarkshire")
    phone = Simulation(
        releases={flow.id: release}, flow=flow.id, channel=channel, language=language,
        find_places=lambda words: PlacesFound(words=words, exact=(found,)),
    )  # fmt: skip
    walk = _Walk(phone, release, wide=wide)
    try:
        return walk.all()
    except (EngineError, LookupError, TypeError, ValueError, StopIteration):  # what is broken is what other checks find
        return None


class _Walk:
    """One way through a flow, answer by answer."""

    def __init__(self, phone: Simulation, release: Release, *, wide: bool) -> None:
        self.phone, self.release, self.wide = phone, release, wide
        self.sent: list[str] = []
        self.before: tuple[str, ...] | None = None
        self.told = False
        self.questions = 0

    def all(self) -> _Way | None:
        """Return what was sent until the end, or None if there was no story or no end."""
        self._count(self.phone.say(self.phone.look.opening))
        for _ in range(_STEPS):
            state = self.phone.state
            if state.status != "open" or state.step is None:
                break
            step = self.release.flow.steps[state.step]
            if self.before is None and begins_telling(step):
                self.before = tuple(self.sent[:-1])
            if self.told:
                self.questions += 1
            self._answer(step)
        if self.before is None or not self.told or self.phone.state.status == "open":
            return None
        return _Way(self.before, tuple(self.sent), self.questions)

    def _count(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Say) and not effect.redraw:
                text = text_on(self.phone.look, effect)
                self.sent.append(segments.sms_text(text) if self.phone.look.short else text)

    def _answer(self, step: Step) -> None:
        if step.listens:
            first, second = _sample()["texts"]
            self._count(self.phone.say(first))
            self._count(self.phone.wait(timedelta(seconds=30)))
            self._count(self.phone.say(second))
            self._count(self.phone.say("DONE"))
            self.told = True
        elif step.tells:
            waiting = self.phone.state.step
            self._count(self.phone.say(" ".join(_sample()["texts"])))
            if self.phone.state.step == waiting:
                self._count(self.phone.say("DONE"))
            self.told = True
        elif step.asks_place:
            self._count(self.phone.say(_sample()["place"]))
        elif step.typed:
            waiting = self.phone.state.step
            self._count(self.phone.say(step.typed))
            if self.phone.state.step == waiting:
                self._count(self.phone.say("DONE"))
        elif step.choices():
            self._choose(step)
        else:
            self._count(self.phone.say("SKIP" if step.can_skip else _sample()["words"]))

    def _choose(self, step: Step) -> None:
        options = [option for option in step.choices() if option.when in {None, self.phone.channel}]
        values = [option.value for option in options]
        self._count(self.phone.choose(values.index(self._wanted(step, options))))

    def _wanted(self, step: Step, options: Sequence[OptionStep]) -> str:
        if not step.asks_consent:
            return options[0].value
        if step.about == Purpose.TAKE_PART:
            return next(option.value for option in options if option.stands_for == "yes")
        further = [option for option in options if option.value != step.least]
        if not self.wide or not further:
            return step.least
        return next((option for option in further if option.next not in {None, step.next}), further[0]).value
