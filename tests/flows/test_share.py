"""The `share` flow, told as conversations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flows.effects import Begin, DropStory, KeepStory, OptOut, PurgeSealed
from flows.messages import sms_text
from flows.segments import count
from flows.signals import Chose, Edited, Located, Sent
from tests.flows.phone import GLENBOIG, HOUSE, Phone

STORY = "They closed the surgery in our village, and my mother has no bus to the next one."


def told_by_sms() -> Phone:
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "1 2", "1", "Glenboig", "keep", "1 4")
    return phone


def told_by_telegram() -> Phone:
    phone = Phone(channel="telegram")
    phone.say("/start")
    phone.press("Yes, 18 or over")
    phone.press("I agree")
    phone.say(STORY, "done")
    phone.say("me and a service")
    phone.press("Using a service")
    phone.say("Glenboig")
    phone.press("Keep it")
    phone.press("Only your team reads it")
    phone.press("Yes, you may")
    phone.press("No, please do not")
    return phone


def test_the_same_story_by_text_and_by_chat_is_the_same_story():
    by_text, by_chat = told_by_sms(), told_by_telegram()
    (text,), (chat,) = by_text.stories.values(), by_chat.stories.values()
    assert text.draft.text == STORY
    assert text.draft.tags == (("scale", "individual"), ("scale", "organisational"), ("actor", "service_user"))
    assert (text.draft.text, text.draft.tags, text.draft.place_id) == (
        chat.draft.text,
        chat.draft.tags,
        chat.draft.place_id,
    )
    assert text.draft.answers.keys() == chat.draft.answers.keys()
    decided = [{(d.purpose, d.answer) for d in phone.decisions} for phone in (by_text, by_chat)]
    assert decided[0] == decided[1]
    assert decided[0] == {("take_part", "yes"), ("use", "team"), ("contact", "yes"), ("invite", "no")}


def test_seven_questions_by_sms_and_the_story_by_the_third():
    phone = Phone(channel="sms")
    questions = []
    for text in ("hello", "AGREE", STORY, "DONE", "1 2", "1", "Glenboig", "keep", "1"):
        phone.say(text)
        if phone.step and phone.step not in questions:
            questions.append(phone.step)
    assert questions == ["take_part", "story", "scale", "actor", "place", "read_back", "use"]


def test_every_message_by_sms_is_two_segments_at_most_and_three_for_consent():
    phone = Phone(channel="sms")
    for text in ("hello", "AGREE", STORY, "DONE", "1 2", "1", "Glenboig", "keep", "1"):
        step = phone.step
        phone.say(text)
        for say in phone.heard:
            most = 3 if phone.step in {"take_part", "use"} and say.options else 2
            if not say.private:
                assert count(sms_text(say)).parts <= most, (step, sms_text(say))


def test_an_uninvited_story_is_held_then_used_and_not_asked_for_again():
    phone = Phone(channel="sms")
    phone.say(STORY)
    assert phone.sealed == [("m1", STORY)]
    assert STORY not in phone.state.to_json()
    phone.say("AGREE")
    assert phone.sealed == []
    assert phone.step == "scale"
    phone.say("1", "1", "Glenboig", "keep")
    (story,) = phone.stories.values()
    assert story.draft.text == STORY


@pytest.mark.parametrize("refusal", ["2", "no", "No thank you", "3", "under 18"])
def test_an_uninvited_story_that_is_refused_is_purged(refusal):
    phone = Phone(channel="sms")
    phone.say(STORY)
    phone.say(refusal)
    assert phone.sealed == []
    assert any(isinstance(effect, PurgeSealed) for effect in phone.effects)
    assert "kept nothing" in phone.text
    assert STORY not in phone.state.to_json()


@pytest.mark.parametrize("unclear", ["maybe", "ok but who reads it?", "not sure", "I don't agree with that lot", "hmm"])
def test_an_unclear_consent_is_asked_again_and_is_no_refusal(unclear):
    phone = Phone(channel="sms")
    phone.say("hello", unclear, unclear, unclear)
    assert (phone.step, phone.decisions) == ("take_part", [])
    phone.say("AGREE")
    assert [(d.purpose, d.answer, d.literal) for d in phone.decisions] == [("take_part", "yes", "AGREE")]


@pytest.mark.parametrize(
    "agreed",
    ["AGREE", "agree.", "1", "I agree", "Yes", "agree 👍", "  Agree, thanks", "yes please, in 2 hours", "Yes. Go ahead",
     "Yes I agree and thank you for asking"],
)  # fmt: skip
def test_a_clear_consent_is_taken(agreed):
    phone = Phone(channel="sms")
    phone.say("hello", agreed)
    assert phone.step == "story"
    assert phone.decisions[0].literal == agreed
    assert "reply AGREE" in phone.decisions[0].text


@pytest.mark.parametrize("refusal", ["No, I do not want this", "nope. not for me", "No thanks, please don't"])
def test_a_refusal_with_words_behind_it_needs_no_second_one(refusal):
    phone = Phone(channel="sms")
    phone.say("hello", refusal)
    assert [(d.purpose, d.answer, d.literal) for d in phone.decisions] == [("take_part", "no", refusal)]


@pytest.mark.parametrize(
    "answer", ["No idea what this is", "No, not at all, yes I agree", "yes, but not my name", "yes or no?"]
)
def test_an_answer_that_says_both_or_neither_is_no_decision(answer):
    phone = Phone(channel="sms")
    phone.say("hello", answer)
    assert (phone.step, phone.decisions) == ("take_part", [])


@pytest.mark.parametrize("child", ["agree, i am 16", "AGREE im 15 years old", "1, I'm 17", "yes. 17"])
@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_whoever_agrees_and_gives_the_age_of_a_child_hears_of_the_youth_line(child, channel):
    phone = Phone(channel=channel)
    phone.say("hello", *(["yes"] if channel == "telegram" else []))
    assert HOUSE.youth_line in phone.say(child)
    assert phone.state.status == "parted"
    assert phone.stories == {}


def test_a_story_behind_a_yes_that_is_asked_again_is_not_lost():
    phone = Phone(channel="sms")
    phone.say("hello", "Agree. I was 15 when our home was taken and nobody asked me", "AGREE")
    assert phone.step == "scale"
    assert "our home was taken" in phone.say("1", "1", "Glenboig")


def test_who_was_stopped_by_the_carrier_alone_is_asked_how_to_go_on():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY)
    phone.state = phone.state.model_copy(update={"opted_out": True})  # the provider said so; we never saw the STOP
    assert "go on, or start again" in phone.say("START")


def test_a_half_hearted_yes_does_not_become_part_of_the_story():
    phone = Phone(channel="sms")
    phone.say(STORY, "Yes I agree but please do not publish it", "AGREE", "1", "1", "Glenboig", "keep")
    (story,) = phone.stories.values()
    assert story.draft.text == STORY


def test_a_question_not_understood_is_asked_again_twice_then_a_way_out():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE")
    assert "SKIP" in phone.say("banana custard")
    phone.say("rhubarb custard")
    assert "SKIP to leave this question" in phone.say("apple custard")
    phone.say("skip")
    assert phone.step == "actor"
    assert phone.state.answers["scale"].note == "banana custard rhubarb custard apple custard"


def test_everything_but_consent_can_be_skipped():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", "skip", "skip", "skip", "skip")
    assert phone.state.status == "parted"
    assert not phone.stories


def test_the_question_about_age_cannot_be_skipped():
    phone = Phone(channel="telegram")
    phone.say("/start", "skip", "skip")
    assert phone.step == "age"
    assert "need an answer here" in phone.say("skip")
    phone.press("No, under 18") if phone.heard[-1].options else phone.say("no")
    assert "kept nothing" in phone.text


def test_back_returns_to_the_question_before_and_forgets_its_answer():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "1")
    phone.say("BACK")
    assert phone.step == "scale"
    assert "scale" not in phone.state.answers
    phone.say("back", "back")
    assert phone.step == "take_part"
    assert phone.state.consents == {}


def test_one_thing_is_changed_at_the_read_back():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "1", "1", "Glenboig")
    phone.say("2", "4", "Bristol")
    assert phone.step == "read_back"
    assert "Where: Bristol, Bristol" in phone.text
    phone.say("keep")
    (story,) = phone.stories.values()
    assert story.draft.place_label == "Bristol, Bristol"


def test_a_dropped_story_leaves_nothing():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "1", "1", "Glenboig", "drop")
    assert any(isinstance(effect, DropStory) for effect in phone.effects)
    assert not phone.stories
    assert STORY not in phone.state.to_json()


def test_parts_are_joined_in_order_and_the_gap_asks_whether_that_is_all():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", "First the letter came.", "Then nobody rang.")
    assert phone.text == ""
    assert "whole story" in phone.wait(minutes=2)
    phone.say("And then it was Christmas.")
    phone.wait(minutes=2)
    phone.say("yes", "1", "1", "Glenboig", "keep")
    (story,) = phone.stories.values()
    assert story.draft.text == "First the letter came.\nThen nobody rang.\nAnd then it was Christmas."
    assert [ref for ref, _ in story.draft.parts] == ["m3", "m4", "m5"]


def test_an_ambiguous_place_is_asked_and_never_picked():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "1", "1")
    assert "0 None of these" in phone.say("Newport")
    phone.say("isle of wight")
    assert phone.state.answers["place"].label == "Newport, Isle of Wight"


def test_an_unknown_place_keeps_the_persons_own_words():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "1", "1", "Brigadoon", "the back of Brigadoon", "keep")
    (story,) = phone.stories.values()
    assert (story.draft.place_id, story.draft.place_words) == ("", "the back of Brigadoon")


def test_a_shared_position_arrives_as_a_locality():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", STORY, "done", "1", "1")
    phone.send(Located(place=GLENBOIG))
    assert phone.step == "read_back"
    assert "Glenboig" in phone.text


def test_a_stale_button_changes_nothing():
    phone = Phone(channel="telegram")
    phone.say("/start")
    old = phone.heard[-1]
    phone.press("Yes, 18 or over")
    before = phone.state
    phone.send(Chose(token=before.token, serial=old.serial or 0, index=1))
    assert phone.heard == []
    assert phone.state.step == "take_part"


def test_an_edit_changes_the_draft_and_stands_beside_a_kept_story():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", "We waited six weaks.")
    phone.send(Edited(text="We waited six weeks.", ref="m4"))
    phone.say("done", "1", "1", "Glenboig", "keep")
    (story,) = phone.stories.values()
    assert story.draft.text == "We waited six weeks."
    phone.send(Edited(text="We waited sixteen weeks.", ref="m4"))
    assert type(phone.effects[-1]).__name__ == "AmendStory"


def test_voice_and_photos_are_politely_refused():
    phone = Phone(channel="telegram")
    phone.say("/start")
    phone.send(Sent(kind="voice"))
    assert "only read words" in phone.text
    assert phone.step == "age"


def test_after_a_break_they_may_go_on_or_start_again():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE")
    phone.wait(hours=30)
    assert "start again" in phone.say("1").casefold()
    phone.say("go on")
    assert phone.step == "actor"
    assert phone.state.answers["scale"].value == ["individual"]
    phone.wait(hours=30)
    phone.say("well")
    phone.say("2")
    assert any(isinstance(effect, Begin) for effect in phone.effects)
    assert phone.step == "take_part"


@pytest.mark.parametrize("greeting", ["Hello again", "hi", "what was I doing"])
def test_a_greeting_after_a_break_is_no_answer_to_the_question_that_waits(greeting):
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE")
    phone.wait(hours=30)
    phone.say(greeting)
    assert "What is your story about?" in phone.say("1")
    assert phone.state.tries == 0


def test_one_nudge_after_48_hours_and_an_answer_to_it_is_an_answer():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE")
    assert "just write back when it suits you" in phone.wait(hours=49)
    phone.say("1")
    assert phone.step == "actor"
    assert phone.wait(days=1) == ""


def test_after_a_week_without_a_word_it_is_over_and_uninvited_words_are_gone():
    phone = Phone(channel="sms")
    phone.say(STORY)
    phone.wait(days=8)
    assert phone.state.status == "expired"
    assert phone.sealed == []
    assert phone.state.answers == {}


@pytest.mark.parametrize("last", ["and then", "please stop texting me"])
def test_what_was_begun_and_not_kept_is_gone_after_a_week(last):
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, last)
    phone.wait(days=15)
    assert phone.state.status == "expired"
    assert "surgery" not in phone.state.to_json()
    assert not phone.stories


def test_stop_in_the_middle_and_start_again():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", STORY)
    assert "We have stopped" in phone.say("please stop texting me")
    assert any(isinstance(effect, OptOut) for effect in phone.effects)
    assert phone.say("are you there?") == ""
    assert phone.wait(days=3) == ""
    phone.say("start")
    phone.say("1")
    assert phone.step == "story"
    phone.say("done")
    assert phone.step == "scale"


def test_a_carriers_stop_gets_no_second_goodbye():
    phone = Phone(channel="sms")
    phone.say("hello")
    assert phone.say("STOP") == ""
    assert any(isinstance(effect, OptOut) and effect.by_carrier for effect in phone.effects)


def test_delete_takes_one_confirming_step():
    phone = told_by_sms()
    phone.say("please delete everything")
    phone.say("everything")
    assert not phone.stories
    assert "deleted" in phone.text


@pytest.mark.parametrize(("channel", "words"), [("sms", ["hello", "under 18"]), ("telegram", ["/start", "no"])])
def test_a_child_is_told_again_kindly_for_a_day_and_nothing_is_taken(channel, words):
    phone = Phone(channel=channel)
    phone.say(*words)
    for text in (STORY, "/start", "AGREE"):
        phone.now += timedelta(minutes=5)
        assert "kept nothing" in phone.say(text)
        assert not phone.sealed
    phone.wait(days=2)
    phone.say("hello")
    assert phone.step in {"age", "take_part"}


@pytest.mark.parametrize("word", ["DONE", "BACK", "SKIP"])
def test_a_word_for_a_question_begins_nothing_new_when_none_is_open(word):
    phone = told_by_sms()
    assert "no question open" in phone.say(word)
    assert phone.begun == 2


def test_a_late_text_is_asked_about_and_thanks_is_answered_once():
    phone = told_by_sms()
    assert phone.say("Thanks!") == "You are welcome. Take care."
    assert phone.say("ok") == ""
    assert "More for the story I told" in phone.say("One more thing, the chemist has closed as well.")
    phone.say("1")
    assert type(phone.effects[-2]).__name__ == "AddToStory"
    assert phone.sealed == []


def test_language_help_privacy_and_my_data_answer_in_the_middle():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE")
    assert "999" in phone.say("HELP")
    assert "example.org/privacy" in phone.say("PRIVACY")
    assert "no story" in phone.say("MY DATA")
    assert "English" in phone.say("LANGUAGE")
    assert phone.step == "story"
    assert not any(isinstance(effect, KeepStory) for effect in phone.effects)
