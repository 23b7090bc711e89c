"""Words of distress: the bars on the labelled messages, what a phrase is robust to, and when the signpost goes out."""

from __future__ import annotations

import timeit
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.engine.signpost_first import ONCE_IN
from flows.interruptions.signpost import LINES, signpost
from flows.interruptions.turn_builder import TurnBuilder
from flows.language.distress import distress_tables
from flows.language.distress.detect_distress import notice
from flows.language.distress.distress_tables import KINDS, concerns, concerns_across, noted
from flows.model.effects import OptOut, RaiseConcern, Say
from flows.model.signals import Edited, Said
from tests.flows.engine.test_properties import CHANNELS, FLOWS, act, acts, phone_for
from tests.flows.phone import ORGANISATION, Phone
from tests.flows.signposting import labelled

STORY = "They closed the surgery and my mother has no bus."
DISTRESS = "I don't want to be here any more"


@pytest.mark.parametrize(
    "text",
    [
        "I want to die", "i WANT to DIE!!!", "I want to die 😞", "“I want to die”", "I just really want to die",
        "i wanna die", "ah want tae die", "I’m feeling suicidal", "im feeling sucidal", "suicdial thoughts",
        "going to kill mysefl", "gonnae kill masel", "i dont want to be here anymore", "I dinnae want tae be here",
        "my husband keeps hitting me", "he hits me", "ive took an overdose", "can't go on", "I cannae go on",
        f"{STORY} " * 20 + "I want to die. " + f"{STORY} " * 20,
        "chcę umrzeć", "chce umrzec", "nie chcę żyć", "mąż mnie bije", "dw i eisiau marw", "dwi isio marw",
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "cy", "pl", "en-GB", "uk"])
def test_a_phrase_is_found_however_it_is_typed_and_whatever_language_was_chosen(text, language):
    assert concerns(text, language)


@pytest.mark.parametrize(
    "text",
    ["", "👍", "AGREE", "1 3", "This queue is killing me", "dying of laughter", "I am not suicidal",
     "political suicide", "I have never wanted to hurt myself", "no thoughts of harming myself",
     STORY, "\x00", "\ud83d", "x" * 5000],
)  # fmt: skip
def test_what_only_looks_like_it_is_not_found(text):
    assert not concerns(text)


def test_a_phrase_that_goes_over_two_texts_is_found_and_not_twice():
    assert concerns_across("and every night i think i want to", "die and nobody knows")
    assert not concerns_across("i want to die", "the bus was late again")


def test_kinds_are_known_and_a_story_has_more_of_them_than_a_message():
    for text in (text for texts in labelled("messages").values() for text in texts):
        assert concerns(text) <= noted(text) <= set(KINDS)
    assert noted("My brother killed himself in 2011.") == {"suicide"}
    assert noted("My mum died at home.") == {"death"}
    assert not concerns("My mum died at home.")


def test_drafts_wait_for_a_native_speaker():
    assert distress_tables.unchecked() == ("ar", "cy", "es", "pa", "pl", "pt", "ro", "so", "uk", "ur")


def test_an_ordinary_message_costs_little():
    runs = 2000
    took = min(timeit.repeat(lambda: concerns(STORY), number=runs, repeat=5)) / runs
    assert took < 100e-6, "a turn takes about a millisecond; this was measured at a hundredth of that"


# ---- when the signpost goes out


def signposts(phone: Phone) -> list[Say]:
    text = signpost(TurnBuilder(phone.release, phone.state, phone.now))
    return [say for say in phone.heard if say.text == text]


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    acted=st.lists(
        st.one_of(
            acts,
            st.builds(
                lambda text, ref: Said(text=text, ref=ref),
                st.sampled_from([DISTRESS, "STOP, I want to die", "help me, he hits me", f"1 {DISTRESS}"]),
                st.sampled_from(["m1", "m2"]),
            ),
            st.just(Edited(text=DISTRESS, ref="m1")),
        ),
        max_size=25,
    )
)
def test_the_signpost_precedes_any_other_reply_and_comes_once_in_24_hours(flow, channel, acted):
    phone = phone_for(flow, channel, "en")
    last = None
    for what in acted:
        before = len(phone.effects)
        act(phone, what)
        raised = [effect for effect in phone.effects[before:] if isinstance(effect, RaiseConcern)]
        raised = [effect for effect in raised if effect.level == "plain"]
        came = signposts(phone)
        assert len(raised) <= 1
        assert len(came) <= 1
        if isinstance(what, Said | Edited) and notice(what.text).level == "plain":
            assert raised, what
            if any(isinstance(effect, OptOut) for effect in phone.effects[before:]):
                assert not came, "one message may follow a STOP, and it names somebody to talk to"
                continue
            assert bool(came) == (last is None or phone.now - last >= ONCE_IN) == raised[0].signposted
        if came:
            assert phone.heard[0] is came[0]
            assert last is None or phone.now - last >= ONCE_IN
            last = phone.now


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_stop_with_words_of_distress_gets_one_message_that_names_somebody(channel):
    phone = Phone(channel=channel)
    phone.say("hello")
    assert ORGANISATION.crisis_line in phone.say("STOP, I want to die")
    assert len(phone.heard) == 1
    assert phone.state.opted_out


def test_the_question_that_was_not_shown_takes_no_answer_unseen():
    phone = Phone(channel="sms")
    phone.say(DISTRESS, "AGREE")
    assert phone.decisions == []
    assert "send AGREE" in phone.text
    phone.say("AGREE")
    assert [decision.purpose for decision in phone.decisions] == ["take_part"]


def test_words_written_instead_of_a_choice_before_consent_are_held_and_not_lost():
    phone = Phone(channel="sms")
    phone.say(f"{DISTRESS}, they took my house")
    phone.say("And then they took the children's things as well.")
    assert [text for _, text in phone.sealed] == [
        f"{DISTRESS}, they took my house", "And then they took the children's things as well.",
    ]  # fmt: skip
    assert "We have what you wrote" in phone.say("AGREE")
    assert "the children's things" in phone.say("DONE")


def test_a_story_told_at_once_after_a_yes_with_distress_is_the_story():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE. i cannot cope any more", "AGREE", "AGREE")
    assert [decision.answer for decision in phone.decisions] == ["yes"]
    phone.say("They closed the surgery.", "DONE")
    assert "They closed the surgery." in phone.text


@pytest.mark.parametrize("word", ["SKIP", "BACK", "DONE"])
def test_a_word_for_the_question_underneath_is_obeyed(word):
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, DISTRESS, word)
    assert phone.step in {"place", "story"}
    assert STORY in (phone.state.to_json())
    assert phone.state.interrupted_by == ("retell" if word == "BACK" else "")


def test_nobody_is_reminded_while_the_choice_is_open_or_a_pause_taken():
    for choice in ((), ("2",)):
        phone = Phone(channel="sms")
        phone.say("hello", "AGREE", DISTRESS, *choice)
        assert phone.wait(days=6) == ""


def test_after_a_pause_the_first_words_may_be_the_next_part_of_the_story():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, DISTRESS, "2")
    phone.now += timedelta(hours=30)
    phone.say("In May the chemist went as well.", "DONE")
    assert "In May the chemist went as well." in phone.text


def test_a_conversation_ends_on_support_within_a_day_of_the_signpost():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, DISTRESS, "DONE", "SKIP", "1", "2", "SKIP")
    assert phone.state.status == "ended"
    assert "116 123" in phone.text


def test_nothing_we_say_names_what_was_written():
    phone = Phone(channel="sms")
    phone.say("my husband beats me and i want to kill myself")
    for word in ("suicid", "kill", "abus", "violen", "husband", "harm", "worr"):
        assert word not in phone.text.casefold()
    assert all(line in type(phone.known["share"].organisation).model_fields for line in LINES)


def test_words_held_after_a_signpost_are_not_said_to_be_unread():
    phone = Phone(channel="telegram")
    phone.say("hello", "hello again")
    answer = phone.say("My mum fell in the street. I feel like I cannot go on any more, nobody answers the phone.")
    assert "Somebody on our team may still look at it" in answer
    assert "unread" not in answer
