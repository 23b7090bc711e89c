"""Consent decision by decision: each asked by itself, each refusal complete, nothing kept without a yes."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.authoring.consent_summary import agreed
from flows.authoring.loader import read
from flows.authoring.release import compile_release
from flows.authoring.texts import texts_for
from flows.model.effects import KeepStory, LeaveNothing
from tests.flows.engine_phone import EnginePhone
from tests.flows.phone import ORGANISATION, Phone, releases

STORY = "They closed the surgery in our village, and my mother has no bus to the next one."
USES = {"team": "Only your team reads it", "quote": "Quote it without my name", "publish": "Publish it"}
NAMINGS = {"none": "Nobody", "place": "Only the place", "name": "A name I give you"}
NO = "No, please do not"


def kept(channel: str = "telegram", flow: str = "share") -> Phone:
    """Return a phone on which a story was told and kept, and use is asked next."""
    phone = Phone(channel=channel, flow=flow)
    phone.say("hello", *(["yes"] if channel == "telegram" and flow == "share" else []), "AGREE")
    phone.say(*(["2", STORY] if flow == "feedback" else [STORY, "DONE"]), "Glenboig")
    assert phone.step == "use"
    assert phone.state.kept
    return phone


def decided(phone: Phone) -> dict[str, str]:
    return {decision.purpose: decision.answer for decision in phone.decisions}


@pytest.mark.parametrize("channel", ["sms", "telegram"])
@pytest.mark.parametrize(("use", "naming", "contact"), list(product(USES, NAMINGS, (True, False))))
def test_each_decision_stands_by_itself(channel, use, naming, contact):
    phone = kept(channel)
    phone.say(USES[use])
    named = use == "publish" and naming == "name"
    if use == "publish":
        phone.say(NAMINGS[naming])
    phone.say("Mary" if named else "you may" if contact else NO)
    asked = {"naming": naming} if use == "publish" else {}
    asked |= {} if named else {"contact": "yes" if contact else "no"}  # a name is a question more, so this is left out
    assert decided(phone) == {"take_part": "yes", "use": use, **asked}
    phone.say(*(["skip"] if phone.step == "about" else []))
    assert (phone.state.status, phone.state.kept) == ("ended", True)
    release = releases()["share"]
    summary = agreed(release.flow.steps, partial(release.text, conversation=phone.state), phone.state)
    assert summary
    assert summary in phone.text


@pytest.mark.parametrize("channel", ["sms", "telegram"])
@pytest.mark.parametrize(("use", "contact", "invite"), list(product(USES, (True, False), (True, False))))
def test_each_decision_about_feedback_stands_by_itself(channel, use, contact, invite):
    phone = kept(channel, "feedback")
    phone.say(USES[use], *(["nobody"] if use == "publish" else []), "yes" if contact else NO)
    asked = {"naming": "none"} if use == "publish" else {"invite": "yes" if invite else "no"}
    if use != "publish":
        phone.say("yes" if invite else NO)
    assert decided(phone) == {"take_part": "yes", "use": use, "contact": "yes" if contact else "no", **asked}
    assert phone.state.status == "ended"


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_whoever_allows_least_is_thanked_as_warmly_and_hears_as_much(channel):
    said = {}
    for use, label in USES.items():
        phone = kept(channel)
        phone.say(label)
        if use == "publish":
            phone.say("nobody")
        phone.say(NO, *(["skip"] if phone.step == "contact" and use != "publish" else []))
        assert phone.state.status == "ended"
        said[use] = phone.text
        assert phone.text.startswith("Thank you.")
        assert phone.state.receipt in phone.text
    lengths = [len(text) for text in said.values()]
    assert max(lengths) - min(lengths) < 40


UNCLEAR = ["maybe", "ok but not all of it", "not sure", "it depends", "how often would that be?"]


@pytest.mark.parametrize("said", UNCLEAR)
@pytest.mark.parametrize(
    ("step", "least"), [("use", "team"), ("naming", "none"), ("contact", "no"), ("invite", "no")]
)  # fmt: skip
def test_unclear_is_asked_once_more_in_other_words_and_then_counts_as_the_least(step, least, said):
    flow = "feedback" if step == "invite" else "share"
    phone = kept(flow=flow)
    phone.press(USES["publish" if step == "naming" else "team"]) if step != "use" else None
    phone.press(NO) if step == "invite" else None
    assert phone.step == step
    first = phone.state.shown
    phone.say(said)
    assert phone.step == step
    again = releases()[flow].flow.steps[step].again
    assert again is not None
    assert again in phone.text
    assert again not in first
    phone.say(said)
    decision = phone.decisions[-1]
    assert (decision.purpose, decision.answer, decision.valid_days) == (step, least, None)
    assert first in decision.text, "whoever decides has read both questions"
    assert again in decision.text


@pytest.mark.parametrize(
    ("flow", "step"),
    [(name, step) for name, made in releases().items() for step, one in made.flow.steps.items() if one.decides]
    + [("share", "credit"), ("feedback", "credit")],
)
def test_there_is_more_to_read_at_every_decision(flow, step):
    more = releases()[flow].flow.steps[step].more
    assert more is not None
    assert "{privacy_url}" in more


def test_what_more_told_belongs_to_the_words_shown():
    phone = kept("sms")
    more = phone.say("MORE")
    phone.say("1")
    assert more in phone.decisions[-1].text


def test_how_long_each_answer_counts():
    phone = kept("sms")
    phone.say("3", "1", "yes")
    days = {(each.purpose, each.answer): each.valid_days for each in phone.decisions}
    assert days == {
        ("take_part", "yes"): 730, ("use", "publish"): 365, ("contact", "yes"): 730, ("naming", "none"): None,
    }  # fmt: skip


@pytest.mark.parametrize("purpose", ["take_part", "use", "naming", "contact"])
def test_a_new_version_is_a_new_structure_and_is_recorded(purpose):
    flow = releases()["share"].flow
    name = releases()["share"].consent_step(purpose)
    changed = flow.steps[name].model_copy(update={"version": 9})
    newer = flow.model_copy(update={"steps": {**flow.steps, name: changed}})
    made = compile_release(newer, texts_for(newer, {}), ORGANISATION)
    assert made.structure != releases()["share"].structure
    phone = Phone(known={"share": made}, channel="telegram")
    phone.say("/start", "yes", "agree", STORY, "DONE", "Glenboig", "publish", "nobody")
    phone.press(NO)
    assert [each.version for each in phone.decisions if each.purpose == purpose] == [9]
    assert {each.version for each in phone.decisions if each.purpose != purpose} == {2}


@pytest.mark.parametrize(
    ("said", "name"),
    [("Mary", "Mary"), ("  Mary   from the valley ", "Mary from the valley"), ("D'Arcy O'Neill", "D'Arcy O'Neill"),
     ("no", ""), ("Nobody", ""), ("SKIP", ""), ("no name please", "")],
)  # fmt: skip
def test_a_name_is_taken_as_it_is_written_or_nobody_is_named(said, name):
    phone = kept("sms")
    phone.say("3", "3", said)
    decision = phone.decisions[-1]
    assert (decision.purpose, decision.answer, decision.credit) == ("naming", "name" if name else "none", name)
    assert phone.state.status == "ended", "that was the fourth question"


@pytest.mark.parametrize("said", ["07700 900123", "mary@example.org", "I do not want that at all"])
def test_a_number_an_address_or_a_sentence_is_no_name(said):
    phone = kept("sms")
    phone.say("3", "3", said)
    assert phone.step == "credit"
    phone.say(said)
    assert (phone.decisions[-1].answer, phone.decisions[-1].credit) == ("none", "")


def test_a_name_is_no_part_of_the_story():
    phone = kept("sms")
    phone.say("3", "3", "Mary")
    (story,) = phone.stories.values()
    assert "Mary" not in str(story.draft)
    assert all("Mary" not in str(effect) for effect in phone.effects if isinstance(effect, KeepStory))


def test_after_the_end_more_is_the_longer_receipt():
    phone = kept("sms")
    phone.say("2", "1", "skip")
    told = phone.say("MORE")
    assert "We may quote it without your name. We may text you about it." in told
    assert ORGANISATION.organisation in told
    assert ORGANISATION.privacy_url in told


@pytest.mark.parametrize(("age", "agreed_at"), [(18, False), (16, True)])
def test_the_age_is_a_setting(age, agreed_at):
    flow = releases()["share"].flow
    made = compile_release(flow, texts_for(flow, {}), ORGANISATION.model_copy(update={"adult_age": age}))
    phone = Phone(known={"share": made})
    assert f"If you are {age} or over" in phone.say("hello")
    phone.say("agree, I am 17")
    assert (phone.step == "story") == agreed_at


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_of_a_child_nothing_is_kept_and_in_a_day_not_even_that_they_were_here(channel):
    phone = Phone(channel=channel)
    phone.say(STORY, "no, i am under 18" if channel == "telegram" else "UNDER")
    assert ORGANISATION.youth_line in phone.text
    assert phone.sealed == []
    assert LeaveNothing() in phone.effects
    state = phone.state
    assert (state.answers, state.consents, state.partial, state.shown) == ({}, {}, None, "")
    assert phone.wait(days=2) == ""
    assert phone.effects[-1] == LeaveNothing(person=True)
    assert phone.state.due is None


QUESTION = """
id = "tiny"
title = "Tiny"
start = "ask"
[steps.ask]
type = "consent"
purpose = "contact"
narrowest = "no"
text = "May we, {organisation}?"
next = "bye"
options = [
  { value = "yes", label = "Do", decision = "yes" },
  { value = "no", label = "No", decision = "no" },
]
[steps.bye]
type = "end"
text = "Bye."
"""


def test_an_answer_counts_two_years_unless_the_flow_says_otherwise():
    step = read(QUESTION, "tiny.toml").steps["ask"]
    assert [option.days for option in step.choices()] == [730, None]
    longer = QUESTION.replace('decision = "yes"', 'decision = "yes", valid_days = 90')
    assert read(longer, "tiny.toml").steps["ask"].choices()[0].days == 90


answers = st.sampled_from(
    ["1", "2", "3", "1 4", "3 5", "agree", "AGREE, I am 15", "no", "maybe", "ok but", "yes", "keep", "drop", "BACK",
     "SKIP", "MORE", "STOP", "START", "DELETE", "UNDER", "wrong number", "who is this?", "publish", "quote", "nobody",
     "Mary", "under 18", "DONE", STORY, "yes who is this", "Yes. (I am her grandson, ten)", "keep it? what is it for",
     "i agree with the lady on the estate that it was a scandal", "no problem"]
)  # fmt: skip


@pytest.mark.parametrize("flow", sorted(releases()))
@pytest.mark.parametrize("channel", ["sms", "telegram"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=st.lists(answers, max_size=30))
def test_no_path_keeps_a_story_without_a_yes_or_takes_more_than_was_said(flow, channel, said):
    phone = EnginePhone(releases()[flow], channel)
    agreed_in: set[str] = set()
    for text in said:
        seen = len(phone.effects)
        phone.say(text)
        for effect in phone.effects[seen:]:
            purpose, answer = getattr(effect, "purpose", None), getattr(effect, "answer", None)
            if purpose == "take_part":
                (agreed_in.add if answer == "yes" else agreed_in.discard)(phone.state.id)
                if answer == "yes":
                    assert text.lower() in ({"agree", "yes", "1"} if channel == "telegram" else {"agree", "yes"})
            if purpose in {"contact", "invite"} and answer == "yes":
                assert text.lower() in {"1", "yes", "agree", "no problem"}, "little is asked for here"
            if purpose == "use" and answer != "team":
                assert text in {"2", "3", "quote", "publish"}
            assert not isinstance(effect, KeepStory) or phone.state.id in agreed_in
