"""How a message reads on each kind of channel, how it is cut, and its way through the outbox."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.model.effects import Option, Say
from flows.model.messages import Message, UnreadableMessageError, button, sms_text, split, telegram_text, utf16_units

AGREE, NO = Option(value="agree", label="Agree", key="1"), Option(value="no", label="No", key="0")

TEXTS = [
    ("nothing to choose", Say(text="Thank you."), "Thank you.", "Thank you."),
    ("keys as given", Say(text="May we?", options=(AGREE, NO)), "May we?\n1 Agree\n0 No", "May we?\n[Agree]\n[No]"),
    (
        "keys by place",
        Say(text="Which?", options=(Option(value="a", label="Ann"), Option(value="b", label="Bea"))),
        "Which?\n1 Ann\n2 Bea",
        "Which?\n[Ann]\n[Bea]",
    ),
    (
        "toggles",
        Say(text="Which?", options=(AGREE, NO), toggles=True, toggled=("agree",)),
        "Which?\n1 Agree\n0 No",
        "Which?\n[✓ Agree]\n[No]",
    ),
    ("signs made plain, letters kept", Say(text="It’s “fine” – ŵ…"), 'It\'s "fine" - ŵ...', "It’s “fine” – ŵ…"),
]


@pytest.mark.parametrize(("say", "sms", "telegram"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_how_a_message_reads(say: Say, sms: str, telegram: str) -> None:
    assert sms_text(say) == sms
    assert telegram_text(say) == telegram


@pytest.mark.parametrize(("length", "shown"), [(64, 64), (65, 64), (200, 64)])
def test_a_button_holds_64_characters(length: int, shown: int) -> None:
    label = button(Say(text="?"), Option(value="a", label="x" * length))
    assert len(label) == shown
    assert label.endswith("…") is (length > 64)


CUTS = [
    ("between paragraphs", "one two.\n\nthree four", 15, ("one two.", "three four")),
    ("between lines", "one two\nthree four", 12, ("one two", "three four")),
    ("after a sentence", "One two. Three four", 14, ("One two.", "Three four")),
    ("between words", "one two three", 8, ("one two", "three")),
    ("anywhere", "onetwothree", 4, ("onet", "woth", "ree")),
    ("not at all", "one", 4, ("one",)),
    ("nothing", "", 4, ("",)),
]


@pytest.mark.parametrize(("text", "limit", "parts"), [row[1:] for row in CUTS], ids=[row[0] for row in CUTS])
def test_where_a_text_is_cut(text: str, limit: int, parts: tuple[str, ...]) -> None:
    assert split(text, limit) == parts


@given(text=st.text(max_size=300), limit=st.integers(4, 60), units=st.booleans())
def test_cutting_loses_only_white_space_and_every_part_fits(text: str, limit: int, units: bool) -> None:
    length = utf16_units if units else len
    parts = split(text, limit, length)
    assert all(length(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


says = st.builds(
    Say,
    text=st.text(),
    options=st.lists(st.builds(Option, value=st.text(), label=st.text(), key=st.text())).map(tuple),
    serial=st.none() | st.integers(),
    toggled=st.lists(st.text()).map(tuple),
    toggles=st.booleans(),
    redraw=st.booleans(),
    wants_place=st.booleans(),
    private=st.booleans(),
)
messages = st.builds(
    Message, say=says, token=st.text(), thread_id=st.none() | st.integers(), redraw_of=st.text(max_size=9)
)


@given(message=messages)
def test_a_message_comes_out_of_the_outbox_as_it_went_in(message: Message) -> None:
    assert Message.from_json(message.to_json()) == message


def test_a_payload_holds_no_more_than_needed() -> None:
    assert json.loads(Message(say=Say(text="Hello")).to_json()) == {"text": "Hello"}


@pytest.mark.parametrize(
    "payload",
    ["", "{}", "[]", "7", '"x"', '{"text":"secret","colour":"red"}', '{"text":"secret","options":[["a"]]}', '{"text":'],
)
def test_a_payload_that_is_none_of_ours_is_said_without_repeating_it(payload: str) -> None:
    with pytest.raises(UnreadableMessageError) as caught:
        Message.from_json(payload)
    assert "secret" not in str(caught.value)
