"""What a turn of the engine costs in CPU, beside a fixed piece of plain Python on the same machine.

One conversation by text, a story in four parts and all questions after it; only `advance` is measured. The yardstick is
the same work every time, so that their ratio can be compared between versions and machines where milliseconds cannot.
"""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

from flows.authoring.loader import load
from flows.authoring.release import compile_release
from flows.authoring.texts import texts_for
from flows.checks.checked_flow import SAMPLE_ORGANISATION
from flows.language.distress import detect_distress
from flows.language.distress.distress_tables import warm
from flows.model.effects import KeepStory
from flows.walk import engine_walk
from flows.walk.engine_walk import EngineWalk

if TYPE_CHECKING:
    from flows.authoring.release import Release
    from flows.interruptions.turn_builder import TurnResult
    from flows.model.effects import Effect

TEXTS = (
    "hello", "AGREE",
    "My dad died in hospital in march.",
    "Nobody rang us until the next day.",
    "We are still angry about how they spoke to mum and to my brother.",
    "The woman at the desk was kind though, she found us a blanket and a cup of tea.",
    "DONE", "Glenboig", "1", "2", "1 3",
)  # fmt: skip
RUNS, TALKS = 15, 10
TEXT = " ".join(TEXTS)


def yardstick() -> float:
    """Return CPU seconds for a fixed piece of work: words of a text counted, sorted and joined, some hundred times."""
    began = time.process_time()
    for _ in range(300):
        counts: dict[str, int] = {}
        for word in TEXT.lower().split():
            counts[word] = counts.get(word, 0) + 1
        " ".join(sorted(counts, key=lambda word: (counts[word], word)))
    return (time.process_time() - began) / 300


def talk(release: Release) -> tuple[float, int]:
    """Hold the conversation; return CPU seconds within `advance`, and how often it was called."""
    took, calls = 0.0, 0
    advance = engine_walk.advance

    def measured(*args: Any) -> TurnResult:
        nonlocal took, calls
        began = time.process_time()
        turn = advance(*args)
        took += time.process_time() - began
        calls += 1
        return turn

    walk = EngineWalk(release, "sms", place="Glenboig, North Lanarkshire")
    done: list[Effect] = []
    with mock.patch.object(engine_walk, "advance", measured):
        for text in TEXTS:
            done += walk.say(text)
            walk.now += timedelta(seconds=30)
    assert walk.state.status == "ended"
    assert any(isinstance(effect, KeepStory) for effect in done)
    return took, calls


def turn_cost() -> tuple[float, float]:
    """Return CPU seconds of one turn, and how many times the yardstick's that is; medians of runs taken in turn."""
    warm(("en",))
    detect_distress.warm()
    flow = next(flow for flow in load() if flow.id == "share")
    release = compile_release(flow, texts_for(flow, {}), SAMPLE_ORGANISATION)
    talk(release)
    turns, ratios = [], []
    for _ in range(RUNS):
        talks = [talk(release) for _ in range(TALKS)]
        one = sum(took for took, _ in talks) / sum(calls for _, calls in talks)
        turns.append(one)
        ratios.append(one / yardstick())
    return statistics.median(turns), statistics.median(ratios)
