"""What a flow costs a person: SMS segments, questions and seconds of reading on the way of a story in two texts.

Nothing is estimated: the real engine is walked with a standard story (`two_texts.toml`), and what it says is counted as
it is billed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from flows.interruptions.turn_builder import EngineError
from flows.language import segments
from flows.model.channel_look import LOOKS
from flows.model.effects import Say
from flows.model.messages import text_on
from flows.walk.engine_walk import EngineWalk
from flows.walk.story_walk import StoryWalk, standard_story

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.authoring.release import Release
    from flows.model.channel_look import ChannelKind
    from flows.questions.question import Step

WORDS_A_MINUTE: Final = 238
"""Words that an adult reads in a minute (Brysbaert 2019, 190 studies)."""
BEFORE, STORY, PUBLISHED, QUESTIONS, SECONDS = 3, 12, 14, 4, 75
"""The most of each that a flow should ask of a person."""


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


def _segments(texts: Iterable[str]) -> int:
    return sum(segments.count(text).parts for text in texts)


def _words(text: str) -> int:
    for told in standard_story()["texts"]:
        text = text.replace(told, "")
    return len(text.split())


def _walked(release: Release, language: str, channel: ChannelKind, *, wide: bool) -> _Way | None:
    engine = EngineWalk(release, channel, language, place=f"{standard_story()['place']}, North Lanarkshire")
    try:
        return _way(engine, StoryWalk(engine, release.flow, wide=wide))
    except (EngineError, LookupError, TypeError, ValueError, StopIteration):  # what is broken is what other checks find
        return None


def _way(engine: EngineWalk, walk: StoryWalk) -> _Way | None:
    """Return what was sent until the end, or None if there was no story or no end."""
    sent: list[str] = []
    before: tuple[str, ...] | None = None
    told, questions = False, 0
    for step, effects in walk.go():
        if step is not None:
            if before is None and begins_telling(step):
                before = tuple(sent[:-1])
            questions += told
            told = told or step.listens or step.tells
        for effect in effects:
            if isinstance(effect, Say) and not effect.redraw:
                text = text_on(engine.look, effect)
                sent.append(segments.sms_text(text) if engine.look.short else text)
    if before is None or not told or engine.state.status == "open":
        return None
    return _Way(before, tuple(sent), questions)
