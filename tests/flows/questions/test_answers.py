"""What people answer, in their own words, to each question: the tables under `answers/` say what is meant."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flows.model.conversation import idle
from flows.model.signals import Said
from flows.questions.question import Interpretation, QuestionContext, Unclear, Understood
from tests.flows.phone import NOON, releases

TABLES = sorted((Path(__file__).parents[1] / "answers").glob("*.tsv"))
CHANNELS = {"age": ("telegram",)}
FLOWS = {"invite": "feedback"}
"""The flow that asks a question which `share` leaves out."""


def rows() -> list[tuple[str, str, str]]:
    """Return (question, reply, what it means) of every table."""
    found = []
    for table in TABLES:
        with table.open(encoding="utf-8", newline="") as lines:
            found += [
                (row["question"], row["reply"], row["means"])
                for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            ]
    return found


def read(question: str, reply: str, channel: str) -> Interpretation:
    """Return how a question hears a reply."""
    release = releases()[FLOWS.get(question, "share")]
    state = idle(id="1", token="t", flow=release.flow.id, channel=channel, language="en", now=NOON)
    scene = QuestionContext(name=question, release=release, conversation=state, now=NOON)
    return release.flow.steps[question].hear(scene, Said(text=reply))


def meaning(reading: Interpretation) -> str:
    """Return a reading in the words of the tables: values joined by "+", `skip`, `loose` or `unclear`."""
    if isinstance(reading, Unclear):
        return "loose" if reading.loose else "unclear"
    assert isinstance(reading, Understood)
    if reading.value is None:
        return "skip"
    return "+".join(map(str, reading.value)) if isinstance(reading.value, list) else str(reading.value)


def channels(question: str, means: str) -> tuple[str, ...]:
    """Return where a row is asked; by SMS alone an answer has a number that chat has no button for."""
    return CHANNELS.get(question, ("sms", "telegram"))


@pytest.mark.parametrize(("question", "reply", "means"), rows())
def test_an_answer_is_heard_as_it_was_meant(question, reply, means):
    for channel in channels(question, means):
        if channel == "telegram" and question == "take_part" and reply.isdigit():
            continue
        assert meaning(read(question, reply, channel)) == means, channel


def test_the_tables_are_large_and_speak_of_every_question():
    found = rows()
    assert len(found) >= 300
    assert {question for question, _, _ in found} >= {"take_part", "age", "about", "use", "contact", "invite"}
    for question in ("take_part", "about", "use"):
        assert len({means for asked, _, means in found if asked == question}) >= 4, question
