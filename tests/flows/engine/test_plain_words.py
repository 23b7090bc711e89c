"""What people are sent is plain and short: reading age over all that one conversation may say, and SMS segments."""

from __future__ import annotations

import re

import pytest

from flows.authoring.flow_graph import CHANNELS
from flows.authoring.loader import everywhere, load
from flows.checks import Subject
from flows.language.readability import longest_sentence, reading_age
from flows.language.segments import count
from flows.model.messages import sms_text

FLOWS = {flow.id: flow for flow in load()}
UNASKED = {text.address: text.text for text in everywhere() if "unasked" in text.comment and text.kind == "text"}
"""Texts that come without being asked for, by their address; the note of each says so."""
TELLING = (
    "story",
    "stories",
    "told",
    "experience",
    "health",
    "abuse",
    "violence",
    "crisis",
    "safe",
    "{words}",
    "{place}",
)
"""What may not stand in them: somebody else may read them on a locked phone (rule 83)."""
OLDEST = 11
"""Reading age in years (rule 97)."""
LONGEST = 15
"""Words of a sentence."""
BY_SMS = [
    pytest.param(shown.step, sms_text(shown.say), id=shown.step)
    for shown in Subject("everywhere.toml", None, everywhere(), everywhere()).shown()
    if shown.channel == "sms"
]


def plain(text: str) -> str:
    """Return a text with one short word for each brace."""
    return re.sub(r"\{[a-z_]+\}", "us", text)


def told(name: str, channel: str) -> list[str]:
    """Return all that a flow may say by a channel, what belongs to every flow included."""
    texts = [text for text in (*FLOWS[name].texts(), *everywhere()) if text.kind == "text"]
    return [plain(text.text) for text in texts if text.sms in {None, channel == "sms"}]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", FLOWS)
def test_a_whole_flow_can_be_read_at_eleven(name: str, channel: str) -> None:
    texts = told(name, channel)
    assert len(texts) > 30
    assert reading_age("\n\n".join(texts)) <= OLDEST


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_sentence_is_long(channel: str) -> None:
    long = [text for name in FLOWS for text in told(name, channel) if longest_sentence(text) > LONGEST]
    assert long == []


def test_everything_that_may_be_said_in_every_flow_is_measured_by_sms() -> None:
    said = {text.address.split("/")[1].split(".")[0] for text in everywhere() if text.kind == "text"}
    assert len(said) > 20
    assert {step for param in BY_SMS for step in param.values[:1]} == said


@pytest.mark.parametrize(("name", "body"), BY_SMS)
def test_what_every_flow_may_say_is_two_segments_at_most(name: str, body: str) -> None:
    parts = count(body).parts
    assert parts <= 2, f"everywhere.toml [{name}]: {parts} segments by SMS; give it a text_sms of two at most"


def test_what_comes_unasked_does_not_say_what_it_is_about() -> None:
    assert "everywhere/nudge.text" in UNASKED
    assert "everywhere/asked_back.text_sms" in UNASKED
    assert {name for name, text in UNASKED.items() if any(word in text.lower() for word in TELLING)} == set()
    assert [name for name, text in UNASKED.items() if "{organisation}" not in text] == []


@pytest.mark.parametrize("name", FLOWS)
def test_a_message_of_a_flow_is_two_segments_at_most_and_three_for_consent(name: str) -> None:
    flow = FLOWS[name]
    shown = [one for one in Subject(name, flow, tuple(flow.texts()), everywhere()).shown() if one.channel == "sms"]
    assert len(shown) > 5
    long = {
        f"{one.step}.{one.part}": parts
        for one in shown
        if (parts := count(sms_text(one.say)).parts) > (3 if flow.steps[one.step].asks_consent else 2)
    }
    assert long == {}
