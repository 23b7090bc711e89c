"""Questions of our own are a stack: one may be asked over another, which is suspended and then open again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import pytest

from bot.simulation import fixed_facts
from flows import interruptions
from flows.interruptions.confirm import AwaitedNumber
from flows.interruptions.interruption import Interruption
from flows.interruptions.signpost import WhereTheyWere
from flows.interruptions.turn_builder import EngineError, TurnBuilder
from flows.model.conversation import Conversation
from flows.model.effects import Erase, PutBack, Say
from flows.model.open_interruption import OpenInterruption
from tests.flows.engine_phone import EnginePhone
from tests.flows.phone import NOON, Phone, releases

if TYPE_CHECKING:
    from flows.model.signals import Signal

CODE = str(fixed_facts.CODE)
STORY = "My mother waited nine weeks for her tablets and she was in pain."
DISTRESS = "I want to kill myself"


@pytest.fixture
def turn() -> TurnBuilder:
    return TurnBuilder(releases()["share"], Phone().state, NOON)


@pytest.fixture
def teller() -> Phone:
    """Somebody whose story is kept, by text message."""
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE")
    assert phone.state.kept
    return phone


def stack(conversation: Conversation) -> list[str]:
    return [one.kind for one in conversation.interruptions]


def test_the_last_one_pushed_is_open_and_what_is_beneath_keeps_what_it_holds(turn: TurnBuilder) -> None:
    turn.open(OpenInterruption(kind="resume"))
    turn.push(AwaitedNumber(kind="confirm", answer="1"))
    turn.push(WhereTheyWere(kind="care", tries=1))
    assert stack(turn.conversation) == ["resume", "confirm", "care"]
    assert turn.opened(WhereTheyWere).tries == 1
    turn.note(paused=True)
    assert turn.opened(WhereTheyWere) == WhereTheyWere(kind="care", tries=1, paused=True)
    turn.pop()
    assert turn.opened(AwaitedNumber) == AwaitedNumber(kind="confirm", answer="1")
    turn.pop()
    assert turn.conversation.interrupted_by == "resume"
    turn.pop()
    assert (turn.conversation.interruption, turn.conversation.interrupted_by) == (None, "")


def test_opening_takes_the_place_of_all_and_closing_leaves_none(turn: TurnBuilder) -> None:
    turn.open(OpenInterruption(kind="resume"))
    turn.push(WhereTheyWere(kind="care"))
    turn.open(OpenInterruption(kind="offers"))
    assert stack(turn.conversation) == ["offers"]
    turn.close()
    assert stack(turn.conversation) == []


def test_what_is_not_open_cannot_be_read(turn: TurnBuilder) -> None:
    with pytest.raises(EngineError, match="no question"):
        turn.opened(AwaitedNumber)
    turn.open(OpenInterruption(kind="resume"))
    with pytest.raises(EngineError, match="resume"):
        turn.opened(AwaitedNumber)


def test_the_stack_survives_json(turn: TurnBuilder) -> None:
    turn.open(OpenInterruption(kind="resume"))
    turn.push(AwaitedNumber(kind="confirm", shown="Which one?", answer="1", deletes=True, story=3))
    turn.push(WhereTheyWere(kind="care", unseen=True))
    turn.set(unproved=turn.conversation.interruptions[:2])
    again = Conversation.from_json(turn.conversation.to_json())
    assert again.interruptions == turn.conversation.interruptions
    assert again.unproved == turn.conversation.unproved


def test_a_signpost_is_asked_over_a_question_of_ours_and_leads_back_to_it(teller: Phone) -> None:
    teller.say("DELETE")
    listed = teller.state.interruptions
    assert stack(teller.state) == ["delete"]
    teller.say(DISTRESS)
    assert stack(teller.state) == ["delete", "care"]
    teller.say("2")
    assert stack(teller.state) == ["delete", "care"], "a break leaves everything where it is"
    teller.say("go on")
    assert teller.state.interruptions == listed
    teller.say("nothing")
    assert stack(teller.state) == []


def test_a_number_waits_over_the_question_it_proves_and_then_that_question_is_answered(teller: Phone) -> None:
    teller.say("DELETE", "everything")
    assert stack(teller.state) == ["delete", "confirm"]
    assert teller.state.unproved == teller.state.interruptions
    teller.say("hello there, I have another thing to say about all of this", "START")
    assert stack(teller.state) == ["resume"], "something else came between"
    teller.say(CODE)
    assert any(isinstance(effect, Erase) for effect in teller.effects)
    assert (stack(teller.state), teller.state.unproved) == ([], ())


def test_whoever_goes_on_after_a_signpost_is_told_that_a_number_is_waited_for(teller: Phone) -> None:
    teller.say("DELETE", "everything", DISTRESS)
    assert stack(teller.state) == ["delete", "confirm", "care"]
    assert "Please reply with the number" in teller.say("go on")
    assert stack(teller.state) == ["delete", "confirm"]
    teller.say(CODE)
    assert any(isinstance(effect, Erase) for effect in teller.effects)


def test_a_number_asked_for_in_words_of_distress_says_what_it_deletes_and_does_it(teller: Phone) -> None:
    teller.say("DELETE")
    teller.say(f"everything. {DISTRESS}")
    assert stack(teller.state) == ["delete", "confirm", "care"]
    assert [one.kind for one in teller.state.unproved] == ["delete", "confirm"]
    assert "delete" in next(say.text for say in teller.heard if CODE in say.text)
    teller.say(CODE)
    assert any(isinstance(effect, Erase) for effect in teller.effects)


def test_a_number_sent_back_with_words_of_distress_still_counts(teller: Phone) -> None:
    teller.say("DELETE", "everything")
    teller.say(f"keep {CODE} want to die")
    assert any(isinstance(effect, PutBack) for effect in teller.effects)
    assert (stack(teller.state), teller.state.unproved) == (["care"], ())


class WeatherAsked(OpenInterruption, extra="forbid"):
    kind: Literal["weather"]
    day: str


class Weather(Interruption):
    name: ClassVar[str] = "weather"

    def ask(self, turn: TurnBuilder) -> Say:
        return Say(text=f"How is the weather on {turn.opened(WeatherAsked).day}?")

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        turn.effects.append(Say(text=f"So it is on {turn.opened(WeatherAsked).day}."))
        self.go_on(turn)
        return True


def test_a_class_with_what_it_keeps_is_a_question_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the word in `INTERRUPTIONS` does."""
    teller = EnginePhone(releases()["share"], "sms")
    teller.say("hello", "AGREE", STORY, "DONE")
    monkeypatch.setitem(interruptions._BY_NAME, Weather.name, Weather())
    turn = TurnBuilder(releases()["share"], teller.state, teller.now)
    interruptions.interrupt(turn, WeatherAsked(kind="weather", day="Monday"))
    assert turn.effects[-1] == Say(text="How is the weather on Monday?", serial=turn.conversation.serial)
    teller.state = Conversation.from_json(turn.conversation.to_json()).changed(receipt=teller.state.receipt)
    assert "So it is on Monday." in teller.say("cold")
    assert stack(teller.state) == []
