"""The `share` flow, told as conversations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.simulation.fixed_facts import CODE
from flows.language.segments import count
from flows.model.effects import Begin, DropStory, KeepStory, OptOut, PurgeSealed
from flows.model.messages import sms_text
from flows.model.signals import Chose, Edited, Located, Sent
from tests.flows.phone import GLENBOIG, ORGANISATION, Phone

STORY = "They closed the surgery in our village, and my mother has no bus to the next one."


def told_by_sms() -> Phone:
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "1", "1", "1 5")
    return phone


def told_by_telegram() -> Phone:
    phone = Phone(channel="telegram")
    phone.say("/start")
    phone.press("Yes, 18 or over")
    phone.press("I agree")
    phone.say(STORY, "done")
    phone.say("Glenboig")
    phone.press("Only your team reads it")
    phone.press("Yes, you may")
    phone.say("me and a service")
    return phone


def test_the_same_story_by_text_and_by_chat_is_the_same_story():
    by_text, by_chat = told_by_sms(), told_by_telegram()
    (text,), (chat,) = by_text.stories.values(), by_chat.stories.values()
    assert text.draft.text == STORY
    assert text.draft.tags == (("scale", "individual"), ("actor", "service_user"), ("scale", "organisational"))
    assert (text.draft.text, text.draft.tags, text.draft.place_id) == (
        chat.draft.text,
        chat.draft.tags,
        chat.draft.place_id,
    )
    assert text.draft.answers.keys() == chat.draft.answers.keys() - {"age"}, "by SMS the age is part of the agreement"
    decided = [{(d.purpose, d.answer) for d in phone.decisions} for phone in (by_text, by_chat)]
    assert decided[0] == decided[1]
    assert decided[0] == {("take_part", "yes"), ("use", "team"), ("contact", "yes")}


def asked(phone: Phone, *said: str) -> list[str]:
    """Say these and return the steps that waited, in their order."""
    questions: list[str] = []
    for text in said:
        phone.say(text)
        if phone.step and phone.step not in questions:
            questions.append(phone.step)
    return questions


def test_four_questions_at_most_after_the_story_and_the_story_by_the_second():
    begun = ("hello", "AGREE", STORY, "DONE", "Glenboig")
    first = ["take_part", "story", "place", "use"]
    assert asked(Phone(), *begun, "1", "1", "1") == [*first, "contact", "about"]
    assert asked(Phone(), *begun, "3", "1", "1") == [*first, "naming", "contact"]
    assert asked(Phone(), *begun, "3", "3", "Mary") == [*first, "naming", "credit"]


def test_three_segments_before_the_invitation_and_twelve_for_a_whole_story_in_two_texts():
    phone = Phone()
    spent = []
    for text in (
        "hello",
        "AGREE",
        "They closed the surgery in our village.",
        "My mother has no bus.",
        "DONE",
        "Glenboig",
        "1",
        "1",
        "1",
    ):
        phone.say(text)
        spent.append(sum(count(sms_text(say)).parts for say in phone.heard))
    assert phone.state.status == "ended"
    assert spent[0] <= 3
    assert sum(spent) <= 12


def test_every_message_by_sms_is_two_segments_at_most():
    phone = Phone()
    for text in ("hello", "AGREE", STORY, "DONE", "Glenboig", "3", "3", "Mary", "MORE"):
        step = phone.step
        phone.say(text)
        for say in phone.heard:
            if not say.private:
                assert count(sms_text(say)).parts <= 2, (step, sms_text(say))


def test_an_uninvited_story_is_held_and_is_an_opening_after_the_yes():
    phone = Phone(channel="sms")
    phone.say(STORY)
    assert phone.sealed == [("m1", STORY)]
    assert STORY not in phone.state.to_json()
    assert "We have what you wrote" in phone.say("AGREE")
    assert phone.sealed == []
    assert phone.step == "story"
    phone.say("And the chemist went too.", "DONE")
    (story,) = phone.stories.values()
    assert story.draft.text == f"{STORY}\nAnd the chemist went too."


def test_three_texts_before_consent_are_all_held_in_order_and_none_is_a_refusal():
    told = ("My dad died in hospital in march.", "Nobody rang us until the next day.", "We are still angry about it.")
    phone = Phone()
    phone.say(*told)
    assert (phone.step, phone.decisions) == ("take_part", [])
    assert [text for _, text in phone.sealed] == list(told)
    phone.say("AGREE", "DONE")
    (story,) = phone.stories.values()
    assert story.draft.text == "\n".join(told)


def test_what_is_needed_is_said_twice_more_and_then_we_wait():
    phone = Phone()
    phone.say("hello")
    assert "send AGREE" in phone.say("We waited outside for hours.")
    assert "send AGREE" in phone.say("It was cold and it rained.")
    assert phone.say("Nobody came out to us.") == ""
    assert len(phone.sealed) == 3


@pytest.mark.parametrize("refusal", ["no", "No thank you", "UNDER", "under 18"])
def test_an_uninvited_story_that_is_refused_is_purged(refusal):
    phone = Phone(channel="sms")
    phone.say(STORY)
    phone.say(refusal)
    assert phone.sealed == []
    assert any(isinstance(effect, PurgeSealed) for effect in phone.effects)
    assert "kept no story" in phone.text or "kept nothing" in phone.text
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
    ["AGREE", "agree.", "I agree", "Yes", "agree 👍", "  Agree, thanks", "yes please, in 2 hours", "Yes. Go ahead",
     "Yes I agree and thank you for asking"],
)  # fmt: skip
def test_a_clear_consent_is_taken(agreed):
    phone = Phone(channel="sms")
    phone.say("hello", agreed)
    assert phone.step == "story"
    assert phone.decisions[0].literal == agreed
    assert "send AGREE" in phone.decisions[0].text


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


@pytest.mark.parametrize("said", ["1", "2", "3", "1 2", "yes who is this", "keep it? what is it for"])
def test_a_number_that_nobody_offered_and_a_yes_with_a_question_are_no_consent(said):
    phone = Phone()
    phone.say("hello", said)
    assert (phone.step, phone.decisions) == ("take_part", [])
    phone.say("AGREE")
    assert "age" not in phone.state.answers, "no one becomes an adult on record by saying something else"


@pytest.mark.parametrize("child", ["agree, i am 16", "AGREE im 15 years old", "yes, I'm 17", "yes. 17"])
@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_whoever_agrees_and_gives_the_age_of_a_child_hears_of_the_youth_line(child, channel):
    phone = Phone(channel=channel)
    phone.say("hello", *(["yes"] if channel == "telegram" else []))
    assert ORGANISATION.youth_line in phone.say(child)
    assert phone.state.status == "parted"
    assert phone.stories == {}


def test_a_story_behind_a_yes_that_is_asked_again_is_not_lost():
    phone = Phone(channel="sms")
    phone.say("hello", "Agree. I was 15 when our home was taken and nobody asked me", "AGREE")
    assert phone.step == "story"
    assert "our home was taken" in phone.say("DONE")


def test_who_was_stopped_by_the_carrier_alone_is_asked_how_to_go_on():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY)
    phone.is_stopped_by_provider()
    assert "go on, or start again" in phone.say("START")


def test_a_half_hearted_yes_is_none_and_whatever_stands_beside_it_is_shown():
    phone = Phone(channel="sms")
    phone.say(STORY, "Yes I agree but please do not publish it", "AGREE")
    assert [decision.literal for decision in phone.decisions] == ["AGREE"]
    shown = phone.say("DONE")
    (story,) = phone.stories.values()
    assert story.draft.text.startswith(STORY)
    assert story.draft.text in shown


def test_a_question_not_understood_is_asked_again_twice_then_left_out():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "1", "2")
    assert phone.step == "about"
    assert "SKIP" in phone.say("banana custard")
    assert "SKIP" in phone.say("rhubarb custard")
    assert "leave that one out" in phone.say("apple custard")
    assert phone.state.status == "ended"
    (story,) = phone.stories.values()
    assert story.draft.tags == ()
    assert "custard" not in str(story.draft), "what is neither an answer nor part of the story is nowhere"


@pytest.mark.parametrize("step", ["use", "contact", "about"])
def test_words_that_tell_something_are_part_of_the_story_wherever_they_come_and_are_shown(step):
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "1", "2")
    for _ in range({"use": 2, "contact": 1, "about": 0}[step]):
        phone.say("BACK")
    more = "and the chemist said he had never been told either"
    assert more in phone.say(more)
    assert phone.step in {step, None}
    (story,) = phone.stories.values()
    assert story.draft.text == f"{STORY}\n{more}"


def test_everything_but_consent_can_be_skipped():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", "skip")
    assert phone.state.status == "parted"
    assert not phone.stories


def test_the_question_about_age_cannot_be_skipped():
    phone = Phone(channel="telegram")
    phone.say("/start", "skip", "skip")
    assert phone.step == "age"
    phone.say("skip", "skip")
    assert (phone.step, phone.decisions) == ("age", [])
    phone.say("no")
    assert "kept nothing" in phone.text


def test_back_returns_to_the_question_before_and_forgets_its_answer():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "2")
    phone.say("BACK")
    assert phone.step == "use"
    assert "use" not in phone.state.answers
    phone.say("back")
    assert phone.step == "place"
    assert phone.state.consents == {"take_part": "yes", "use": "quote"}, "it holds until something else is decided"


@pytest.mark.parametrize("way", [("BACK",), ("CHANGE", "the story"), ("START", "begin again")])
@pytest.mark.parametrize(
    ("choice", "more", "text"),
    [("1", ["And the chemist.", "DONE"], f"{STORY}\nAnd the chemist."),
     ("2", ["In May.", "DONE", str(CODE)], "In May."),
     ("2", ["BACK"], STORY), ("3", [], STORY)],
)  # fmt: skip
def test_on_the_way_back_to_the_story_nothing_told_disappears(way, choice, more, text):
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE")
    assert STORY in phone.say(*way), "it is shown first"
    phone.say(choice, *more)
    (story,) = phone.stories.values()
    assert story.draft.text == text
    assert phone.step == "place"


def test_one_thing_is_changed_once_it_is_kept():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "CHANGE", "the place", "Bristol")
    assert phone.step == "use"
    (story,) = phone.stories.values()
    assert story.draft.place_label == "Bristol, England"


@pytest.mark.parametrize("answered", [0, 1, 2, 3])
def test_whoever_stops_answering_after_the_story_loses_nothing_and_is_not_reminded(answered):
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE", *("Glenboig", "2", "1")[:answered])
    assert phone.wait(days=8) == ""
    (story,) = phone.stories.values()
    assert story.draft.text == STORY
    assert (phone.state.status, phone.state.kept) == ("ended", True)


def test_a_story_is_shown_as_it_is_kept_whole_and_in_the_same_breath():
    phone = Phone()
    long = " ".join([STORY] * 12)
    phone.say("hello", "AGREE", long)
    assert long in phone.say("DONE")
    assert "CHANGE" in phone.text
    assert "DELETE" in phone.text
    (story,) = phone.stories.values()
    assert story.draft.text == long


def test_a_story_that_is_taken_back_at_once_leaves_nothing():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "DELETE", "this story", str(CODE))
    assert any(isinstance(effect, DropStory) for effect in phone.effects)
    assert STORY not in phone.state.to_json()


def test_parts_are_joined_in_order_and_the_gap_asks_whether_that_is_all():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", "First the letter came.", "Then nobody rang.")
    assert phone.text == ""
    assert phone.wait(seconds=8) == "We have that. Go on, or send DONE."
    assert "whole story" in phone.wait(minutes=2)
    phone.say("And then it was Christmas.")
    assert "whole story" in phone.wait(minutes=2), "one sign of life is enough"
    phone.say("yes")
    (story,) = phone.stories.values()
    assert story.draft.text == "First the letter came.\nThen nobody rang.\nAnd then it was Christmas."
    assert [ref for ref, _ in story.draft.parts] == ["m3", "m4", "m5"]


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_whoever_forgets_to_say_that_it_was_all_has_told_it_all_the_same(channel):
    phone = Phone(channel=channel)
    phone.say("hello", *(["yes"] if channel == "telegram" else []), "AGREE", STORY)
    phone.wait(minutes=2)
    assert not phone.stories
    assert STORY in phone.wait(minutes=31)
    (story,) = phone.stories.values()
    assert story.draft.text == STORY


def test_an_ambiguous_place_is_asked_and_never_picked():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE")
    assert "0 None of these" in phone.say("Newport")
    phone.say("isle of wight")
    assert phone.state.answers["place"].label == "Newport, Isle of Wight"


def test_an_unknown_place_keeps_the_persons_own_words():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "Brigadoon", "the back of Brigadoon")
    (story,) = phone.stories.values()
    assert (story.draft.place_id, story.draft.place_words) == ("", "the back of Brigadoon")


def test_a_shared_position_arrives_as_a_locality():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", STORY, "done")
    phone.send(Located(place=GLENBOIG))
    assert phone.step == "use"
    (story,) = phone.stories.values()
    assert story.draft.place_label == GLENBOIG.label


def test_a_stale_button_changes_nothing():
    phone = Phone(channel="telegram")
    phone.say("/start")
    old = phone.heard[-1]
    phone.press("Yes, 18 or over")
    before = phone.state
    phone.send(Chose(token=before.token, serial=old.serial or 0, index=1))
    assert phone.heard == []
    assert phone.state.step == "take_part"


def test_an_edit_changes_what_is_told_and_what_is_kept():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", "We waited six weaks.")
    phone.send(Edited(text="We waited six weeks.", ref="m4"))
    phone.say("done", "Glenboig")
    (story,) = phone.stories.values()
    assert story.draft.text == "We waited six weeks."
    phone.send(Edited(text="We waited sixteen weeks.", ref="m4"))
    (story,) = phone.stories.values()
    assert story.draft.text == "We waited sixteen weeks."
    assert "new words are the ones that count" in phone.text


def test_an_edit_narrows_a_decision_at_once_and_widens_none():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", STORY, "done", "Glenboig", "you may quote it", "no")
    phone.send(Edited(text="publish it", ref="m7"))
    assert phone.state.consents["use"] == "quote"
    phone.send(Edited(text="only the team", ref="m7"))
    assert phone.state.consents["use"] == "team"


def test_an_edit_to_a_stop_is_a_stop():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", STORY)
    phone.send(Edited(text="stop", ref="m4"))
    assert phone.state.opted_out


def test_voice_and_photos_are_politely_refused():
    phone = Phone(channel="telegram")
    phone.say("/start")
    phone.send(Sent(kind="voice"))
    assert "only read words" in phone.text
    assert phone.step == "age"


def test_after_a_break_they_may_go_on_or_start_again():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes")
    phone.wait(hours=30)
    assert "start again" in phone.say("well").casefold()
    phone.say("go on")
    assert phone.step == "take_part"
    phone.say("/start")
    phone.say("begin again")
    assert any(isinstance(effect, Begin) for effect in phone.effects)
    assert phone.step == "age"


def test_an_answer_after_a_break_is_an_answer_once_the_story_is_kept():
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE")
    phone.wait(hours=30)
    phone.say("Glenboig", "go on")
    assert phone.step == "use"
    assert phone.state.answers["place"].label == GLENBOIG.label


@pytest.mark.parametrize("greeting", ["Hello again", "hi", "what was I doing"])
def test_a_greeting_after_a_break_is_no_answer_to_the_question_that_waits(greeting):
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig")
    phone.wait(hours=30)
    phone.say(greeting)
    assert phone.step == "use"
    assert "use" not in phone.state.answers


def test_one_nudge_after_48_hours_and_an_answer_to_it_is_an_answer():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE")
    assert "just write back when it suits you" in phone.wait(hours=49)
    phone.say(STORY, "DONE")
    assert phone.step == "place"
    assert phone.wait(days=1) == ""


def test_after_a_reminder_a_yes_is_no_consent():
    phone = Phone()
    phone.say("hello")
    assert "just write back when it suits you" in phone.wait(hours=49)
    phone.say("yes")
    assert phone.decisions == []


def test_after_a_week_without_a_word_it_is_over_and_uninvited_words_are_gone():
    phone = Phone(channel="sms")
    phone.say(STORY)
    phone.wait(days=8)
    assert phone.state.status == "expired"
    assert phone.sealed == []
    assert phone.state.answers == {}


def test_what_was_begun_before_a_stop_and_not_kept_is_gone_after_a_week():
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY, "please stop texting me")
    phone.wait(days=15)
    assert phone.state.status == "expired"
    assert "surgery" not in phone.state.to_json()
    assert not phone.stories


def test_stop_in_the_middle_and_start_again():
    phone = Phone(channel="telegram")
    phone.say("/start", "yes", "agree", STORY)
    assert "We have stopped" in phone.say("please stop texting me")
    assert any(isinstance(effect, OptOut) for effect in phone.effects)
    assert "send START" in phone.say("are you there?")
    assert phone.say("hello?") == "", "once is enough"
    assert phone.wait(days=3) == ""
    phone.say("start")
    phone.say("1")
    assert phone.step == "story"
    phone.say("done")
    assert phone.step == "place"
    (story,) = phone.stories.values()
    assert story.draft.text == STORY


def test_a_carriers_stop_gets_no_second_goodbye():
    phone = Phone(channel="sms")
    phone.say("hello")
    assert phone.say("STOP") == ""
    assert any(isinstance(effect, OptOut) and effect.by_carrier for effect in phone.effects)


def test_delete_takes_one_confirming_step():
    phone = told_by_sms()
    phone.say("please delete everything")
    assert "reply with" in phone.say("everything")
    assert phone.stories
    phone.say(str(CODE))
    assert not phone.stories
    assert "deleted" in phone.text


@pytest.mark.parametrize(("channel", "words"), [("sms", ["hello", "UNDER"]), ("telegram", ["/start", "no"])])
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
    assert phone.conversations == 1


def test_a_late_text_is_asked_about_and_thanks_is_answered_once():
    phone = told_by_sms()
    assert phone.say("Thanks!") == "You are welcome. Take care."
    assert phone.say("ok") == ""
    assert phone.say("thank you so much") == ""
    assert "More for the story I told" in phone.say("Last week the bus to the hospital was taken off as well.")
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


def test_a_ps_after_the_end_is_added_without_being_asked_what_it_is():
    phone = told_by_sms()
    assert "added it to your story" in phone.say("ps i forgot to say the chemist closed too")
    assert type(phone.effects[-2]).__name__ == "AddToStory"


@pytest.mark.parametrize(
    ("said", "purpose", "answer"),
    [("leave my name out", "naming", "none"), ("dont put it on the website after all", "use", "team")],
)
def test_after_the_end_less_is_allowed_in_a_sentence(said, purpose, answer):
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "DONE", "Glenboig", "3", "3", "Mary", said)
    decision = phone.decisions[-1]
    assert (decision.purpose, decision.answer, decision.literal) == (purpose, answer, said)


def test_whoever_has_told_something_is_no_stranger():
    phone = Phone()
    phone.say("hello", "AGREE", STORY, "No one called me.", "I never signed up for this treatment.", "DONE")
    assert not phone.state.opted_out
    (story,) = phone.stories.values()
    assert story.draft.text.endswith("No one called me.\nI never signed up for this treatment.")


def test_a_hello_long_after_the_end_begins_anew():
    phone = told_by_sms()
    phone.wait(days=40)
    phone.say("hello")
    assert (phone.conversations, phone.step) == (2, "take_part")
