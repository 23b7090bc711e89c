"""Whoever sounds too young while telling is asked; nobody becomes an adult by silence, and no adult loses a word."""

from __future__ import annotations

import pytest

from flows.model.effects import AskForPerson, DropStory, SetAside, TellTeam
from flows.model.vocabulary.item_kinds import ItemKind
from tests.flows.phone import Phone

TOLD = "They shut the club on the estate and nobody told us."
SOUNDS_YOUNG = (
    "i turn 14 in march and there is nowhere else",
    "in maths rn lol",
    "i will be seventeen in june and they shut it on us",
    "doing this under the desk in science",
)
ASKED = "are you 18 or over?"


@pytest.fixture(params=["sms", "telegram"])
def teller(request: pytest.FixtureRequest) -> Phone:
    """Somebody who has agreed and begun to tell."""
    phone = Phone(channel=request.param)
    phone.say("SHARE")
    if request.param == "telegram":
        phone.press("Yes, 18 or over")
        phone.press(next(option.label for option in phone.heard[-1].options))
    else:
        phone.say("AGREE")
    phone.say(TOLD)
    return phone


@pytest.mark.parametrize("said", SOUNDS_YOUNG)
def test_words_that_sound_young_are_asked_about(teller: Phone, said: str) -> None:
    assert ASKED in teller.say(said)


@pytest.mark.parametrize("answer", ["no", "2", "Younger", "im 15", "not yet", "nope"])
def test_whoever_is_too_young_is_thanked_and_nothing_is_kept(teller: Phone, answer: str) -> None:
    teller.say(SOUNDS_YOUNG[0])
    assert "Childline" in teller.say(answer)
    assert (teller.state.status, teller.stories) == ("parted", {})
    assert TOLD not in teller.state.to_json()


@pytest.mark.parametrize("answer", ["yes", "1", "18 or over", "I am 40", "yes im 19", "over 18"])
def test_an_adult_goes_on_and_loses_nothing(teller: Phone, answer: str) -> None:
    teller.say(SOUNDS_YOUNG[0])
    assert "Go on" in teller.say(answer)
    shown = teller.say("DONE")
    assert TOLD in shown
    assert "nowhere else" in shown
    assert answer not in shown.splitlines()
    assert teller.stories


def test_finishing_without_an_answer_asks_again_and_keeps_nothing(teller: Phone) -> None:
    teller.say(SOUNDS_YOUNG[0], "They took the tables away as well.")
    for _ in range(3):
        assert ASKED in teller.say("DONE")
    teller.wait(hours=2)
    assert teller.stories == {}
    teller.say("yes")
    assert "They took the tables away as well." in teller.say("DONE")


def test_silence_keeps_nothing(teller: Phone) -> None:
    teller.say(SOUNDS_YOUNG[0])
    teller.wait(days=30)
    assert (teller.state.status, teller.stories) == ("expired", {})
    assert TOLD not in teller.state.to_json()


def test_after_a_story_was_kept_the_team_is_told_and_a_no_takes_it_away(teller: Phone) -> None:
    teller.say("DONE")
    assert teller.stories
    assert ASKED in teller.say("in maths rn lol")
    assert TellTeam(kind=ItemKind.PERHAPS_A_CHILD) in teller.effects
    assert "Childline" in teller.say("no")
    if teller.channel == "sms":  # a sender can be forged: it is out of use, and a person of the team deletes it
        assert SetAside(here=True) in teller.effects
        assert AskForPerson(kind="erasure") in teller.effects
    else:
        assert DropStory() in teller.effects


@pytest.mark.parametrize(
    "said",
    [
        "I was 14 when it happened.",
        "My son is 14 in march and has no school.",
        "I am 14 weeks pregnant and they moved the clinic.",
        "My daughter is in year 9 and she walks two miles.",
        "We waited 16 hours and I am 61.",
    ],
)
def test_ages_of_others_and_of_other_times_ask_nothing(teller: Phone, said: str) -> None:
    assert ASKED not in teller.say(said)
    assert said in teller.say("DONE")
