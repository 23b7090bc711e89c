"""Somebody else's words that a person hands on are marked as such, and answer and decide nothing."""

from __future__ import annotations

import pytest

from flows.model.effects import Erase
from flows.model.signals import Said
from tests import walk
from tests.flows.phone import Phone

FRIEND = "They closed the clinic without a word.\nYes, I agree."


def told(phone: Phone) -> str:
    (story,) = phone.stories.values()
    return story.draft.text


def forward(phone: Phone, text: str) -> str:
    return phone.send(Said(text=text, ref="forwarded", forwarded=True))


def test_forwarded_words_stand_in_the_story_and_in_what_is_shown_as_somebody_elses() -> None:
    phone = Phone(channel="telegram")
    phone.say(*walk.AGREED_BY_CHAT, "My mum could not get an appointment.")
    forward(phone, FRIEND)
    shown = phone.say("It made her cry.", "DONE")
    marked = "[Forwarded]\n> They closed the clinic without a word.\n> Yes, I agree."
    assert told(phone) == f"My mum could not get an appointment.\n{marked}\nIt made her cry."
    assert marked in shown


@pytest.mark.parametrize("words", ["I agree", "yes", "1", "AGREE", "/start yes"])
def test_a_forwarded_yes_is_nobodys_consent(words: str) -> None:
    phone = Phone(channel="telegram")
    phone.say(*walk.AGREED_BY_CHAT[:-1])
    before = phone.step
    forward(phone, words)
    assert phone.step == before
    assert not [one for one in phone.decisions if one.answer == "yes"]


@pytest.mark.parametrize("words", ["3", "publish", "Publish it"])
def test_forwarded_words_let_no_story_travel_further(words: str) -> None:
    phone = Phone(channel="telegram")
    phone.say(*walk.kept_by_chat("My mum could not get an appointment, and nobody rang back."), "Glenboig")
    assert phone.step == "use"
    forward(phone, words)
    assert not [one for one in phone.decisions if one.purpose == "use" and one.answer == "publish"]


@pytest.mark.parametrize("words", ["Delete everything", "STOP", "DELETE"])
def test_what_somebody_else_wants_stopped_or_deleted_is_not_ours_to_stop_or_delete(words: str) -> None:
    phone = Phone(channel="telegram")
    phone.say(*walk.kept_by_chat("My mum could not get an appointment."))
    forward(phone, words)
    assert phone.stories
    assert not phone.state.opted_out
    assert not [one for one in phone.effects if isinstance(one, Erase)]


def test_forwarded_words_before_a_yes_are_held_with_their_mark() -> None:
    phone = Phone(channel="telegram")
    forward(phone, FRIEND)
    phone.say(*walk.AGREED_BY_CHAT[1:], "DONE")
    assert told(phone).startswith("[Forwarded]\n> They closed the clinic")


def test_a_receipt_is_found_whoever_hands_it_on() -> None:
    phone = Phone(channel="telegram")
    phone.say(*walk.kept_by_chat("My mum could not get an appointment."))
    phone.wait(days=1)
    alone = Phone(channel="telegram")
    typed = alone.say("kettle otter lantern")
    again = Phone(channel="telegram")
    assert forward(again, "kettle otter lantern") == typed


def test_danger_in_forwarded_words_is_noticed_all_the_same() -> None:
    phone = Phone(channel="telegram")
    phone.say(*walk.AGREED_BY_CHAT)
    assert "999" in forward(phone, "I want to kill myself tonight") or "116 123" in phone.text
