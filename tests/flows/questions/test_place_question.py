"""The place question: a lone suggestion is agreed to or not, no place is a skip, and a street is kept nowhere."""

from __future__ import annotations

import pytest

from flows.model.effects import FindPlace
from flows.model.signals import PlacesFound, Said
from flows.questions.question import QuestionContext, Waiting
from tests.flows.engine_phone import EnginePhone
from tests.flows.phone import GLENBOIG, Phone, releases

STORY = "They shut the surgery and now my mother has no way to see a doctor."


def at_the_place() -> Phone:
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE")
    assert phone.step == "place"
    return phone


def test_a_lone_suggestion_is_asked_about_and_yes_takes_it() -> None:
    phone = at_the_place()
    assert "Did you mean this place?" in phone.say("Glenbiog")
    phone.say("Yes")
    assert phone.state.answers["place"].label == GLENBOIG.label


@pytest.mark.parametrize("words", ["no", "none of these", "0", "its not there", "not sure"])
def test_none_of_these_keeps_the_tellers_own_words(words: str) -> None:
    phone = at_the_place()
    phone.say("Glenbiog", words)
    assert phone.step != "place"
    assert phone.state.answers["place"].value == {"id": "", "label": "", "kind": "", "words": "Glenbiog"}


@pytest.mark.parametrize(
    "words", ["no", "N/A", "at home", "it was all on the phone", "rather not say", "same as before"]
)
def test_no_place_leaves_the_question_as_skip_does(words: str) -> None:
    phone = at_the_place()
    phone.say(words)
    assert phone.step != "place"
    assert phone.state.answers["place"].value is None


def test_a_street_alone_is_kept_nowhere_and_asked_again() -> None:
    phone = EnginePhone(releases()["share"], "sms")
    phone.say("hello", "AGREE", STORY, "DONE")
    question = releases()["share"].flow.steps["place"]
    scene = QuestionContext(name="place", release=releases()["share"], conversation=phone.state, now=phone.now)
    asked = question.hear(scene, Said(text="19 Sycamore Drive"))
    assert isinstance(asked, Waiting)
    assert asked.partial is None
    assert asked.effects == (FindPlace(words="19 Sycamore Drive"),)
    phone.hear(PlacesFound(words=""))
    assert phone.state.step == "place"
    assert "Sycamore" not in phone.state.to_json()
