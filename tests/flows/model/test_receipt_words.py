"""What counts as a receipt, and what is told."""

from __future__ import annotations

import pytest

from bot.simulation.fixed_facts import CODE
from flows.model.receipt_words import read
from tests.flows.phone import Phone

OPENINGS = "receipt, my receipt is, here is my receipt"
STORY = "They closed the surgery in our village, and my mother has no bus to the next one."


@pytest.mark.parametrize(
    "text",
    [
        "kettle otter lantern", "Kettle Otter Lantern", "KETTLE, OTTER, LANTERN.", "kettle-otter-lantern",
        "kettle\notter\nlantern",
        "my receipt is kettle otter lantern", "Receipt: kettle otter lantern!", "“kettle otter lantern”",
        " kettle  otter   lantern ",
        "Here is my receipt: Kettle Otter Lantern",
    ],
)  # fmt: skip
def test_three_words_are_a_receipt(text: str) -> None:
    assert read(text, OPENINGS) == "kettle otter lantern"


@pytest.mark.parametrize("text", ["my receipt is purple elephant sky", "receipt foo bar baz"])
def test_whoever_says_that_it_is_one_is_answered_even_if_it_is_none(text: str) -> None:
    assert read(text, OPENINGS)


@pytest.mark.parametrize(
    "text",
    [
        "", "kettle", "kettle otter", "kettle otter lantern please", "the kettle otter lantern",
        "kettle kettle kettle", "kettle kettle otter",
        "we waited weeks", "I lost hope", "otter lantern x7", "my receipt is 1 2 3", "my receipt is lost",
        "the receipt said kettle otter lantern",
        "kettle otter lantern " * 20, "\x00\ud800", "my receipt is", "١ ٢ ٣",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert read(text, OPENINGS) == ""


def test_in_a_story_words_of_a_receipt_in_a_longer_sentence_are_told() -> None:
    phone = Phone()
    phone.say("hello", "AGREE", "We had a kettle otter lantern", "amber badger candle", "DONE")
    assert "We had a kettle otter lantern\namber badger candle" in phone.text


def test_a_receipt_that_opens_something_leaves_the_story_that_is_being_told_alone() -> None:
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "1", "2", "1")
    phone.say("A new one that I want to tell.", "another")
    phone.say("AGREE" if phone.step == "take_part" else STORY)
    if phone.step == "story":
        phone.say("And it was raining on that day.")
    before = phone.state.partial
    assert "We found what was told" in phone.say("kettle otter lantern")
    phone.say("nothing")
    assert phone.state.partial == before


def test_words_while_they_are_being_added_are_no_receipt() -> None:
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "1", "2", "1")
    phone.say("kettle otter lantern", "add", "kettle otter lantern", "DONE")
    assert phone.texts[0] == f"{STORY}\n\nkettle otter lantern"


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_after_stop_a_receipt_still_opens(channel: str) -> None:
    phone = Phone(channel=channel)
    phone.say("hello", *(["yes"] if channel == "telegram" else []), "AGREE", STORY, "DONE", "Glenboig", "1")
    phone.say("please stop texting me")
    assert "We found" in phone.say("kettle otter lantern")
    phone.say("take it back, delete it")
    if channel == "sms":
        phone.say(str(CODE))
    assert phone.texts == []
    assert phone.state.opted_out
