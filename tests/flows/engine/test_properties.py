"""Properties of the engine: any words, presses and edits, on any flow and channel, end or wait and never raise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.authoring.release import compile_release
from flows.authoring.texts import sources, texts_for
from flows.engine.commands import LISTENED_TO_WHEN_STOPPED
from flows.interruptions.reword import WordsGathered
from flows.language.keywords.recognise import recognise
from flows.model.effects import KeepStory, OptOut, Say
from flows.model.signals import Chose, Edited, Located, Said, Sent
from flows.questions.story import Telling
from tests.flows.engine_phone import EnginePhone
from tests.flows.phone import GLENBOIG, ORGANISATION, releases

FLOWS = sorted(releases())
CHANNELS = ("sms", "telegram")
LANGUAGES = ("en", "cy", "pl")

assert FLOWS, "no flow was found"


def in_every_language():
    """Compile the flows as if every text had been translated, so that the machinery runs in each language."""
    made = {}
    for release in releases().values():
        other = {
            text.address: text.text if text.kind == "words" else f"«{text.text}»" for text in sources(release.flow)
        }
        texts = texts_for(release.flow, dict.fromkeys(LANGUAGES[1:], other))
        made[release.flow.id] = compile_release(release.flow, texts, ORGANISATION)
    return made


EVERYWHERE = in_every_language()

KEYWORDS = [
    "STOP", "stop please", "START", "HELP", "DELETE", "MY DATA", "LANGUAGE", "LANGUAGE polski", "BACK", "SKIP", "DONE",
    "CHANGE", "MORE", "PRIVACY", "/start", "/stop", "YES", "no", "pomoc", "help llaw",
]  # fmt: skip
WORDS = [
    "1", "2", "3", "1 3", "9", "0", "agree", "maybe", "ok but", "Glenboig", "Newport", "glenbiog", "me", "keep it",
    "I waited nine weeks for an answer and nobody rang me back.", "👍", "", " ", "\x00", "\ud83d", "ا" * 40, "x" * 5000,
]  # fmt: skip

texts = st.one_of(st.sampled_from(KEYWORDS), st.sampled_from(WORDS), st.text(max_size=40))
acts = st.one_of(
    st.builds(lambda text, ref: Said(text=text, ref=ref), texts, st.sampled_from(["m1", "m2", "m3"])),
    st.builds(lambda text, ref: Edited(text=text, ref=ref), texts, st.sampled_from(["m1", "m2", "m3"])),
    st.builds(lambda index: ("press", index), st.integers(-1, 9)),
    st.builds(lambda hours: ("wait", hours), st.sampled_from([0, 1, 30, 49, 200])),
    st.builds(lambda kind: Sent(kind=kind), st.sampled_from(["voice", "photo"])),
    st.just(Located(place=GLENBOIG)),
    st.just(Located(place=None)),
    st.builds(lambda serial: ("stale", serial), st.integers(0, 3)),
)


def act(phone: EnginePhone, what: object) -> None:
    """Do one thing on the phone."""
    match what:
        case ("press", index):
            phone.press(index)
        case ("stale", serial):
            phone.hear(Chose(token="another0000", serial=serial, index=0))
        case ("wait", hours):
            phone.wait(hours=hours)
        case _:
            phone.hear(what)


def phone_for(flow: str, channel: str, language: str) -> EnginePhone:
    """Return a phone that speaks this language; only the flow under test is known to it."""
    return EnginePhone(EVERYWHERE[flow], channel, language)


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acted=st.lists(acts, max_size=25))
def test_anything_ends_or_waits_and_never_raises(flow, channel, language, acted):
    phone = phone_for(flow, channel, language)
    for what in acted:
        act(phone, what)
        state = phone.state
        assert state.status != "open" or state.step is not None
        assert state.status == "open" or state.status == "stopped" or state.step is None
        assert not any(
            "{" in say.text and "}" in say.text and "{" not in str(what) for say in phone.heard if not say.private
        )


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acted=st.lists(acts, max_size=30))
def test_no_story_is_kept_without_a_yes(flow, channel, acted):
    phone = phone_for(flow, channel, "en")
    agreed: set[str] = set()
    for what in acted:
        seen = len(phone.effects)
        act(phone, what)
        for effect in phone.effects[seen:]:
            if getattr(effect, "purpose", None) == "take_part":
                (agreed.add if effect.answer == "yes" else agreed.discard)(phone.state.id)
            assert not isinstance(effect, KeepStory) or phone.state.id in agreed


def asks(text: str, channel: str) -> bool:
    word = recognise(text, language="en", channel=channel, telling=True)
    return word is not None and word.word in LISTENED_TO_WHEN_STOPPED


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=st.lists(acts, max_size=12), after=st.lists(acts, max_size=6))
def test_after_stop_nothing_is_said_unless_they_ask(flow, channel, before, after):
    phone = phone_for(flow, channel, "en")
    for what in before:
        act(phone, what)
    phone.say("please stop texting me")
    assert phone.state.opted_out
    for what in after:
        if isinstance(what, Said) and what.text not in ("STOP", "stop please", "no", "1", "9"):
            continue
        if isinstance(what, Edited) and asks(what.text, channel):
            continue  # a keyword counts in an edit as in a new message
        act(phone, what)
        assert not phone.heard or isinstance(what, Said)


def reach(flow: str, channel: str):
    """Yield a phone for each waiting step of a flow, stopped at that step."""
    release = EVERYWHERE[flow]
    for name, step in release.flow.steps.items():
        if not step.waits or (step.when is not None and step.when != channel):
            continue
        for language in LANGUAGES:
            phone = phone_for(flow, channel, language)
            phone.say("hello")
            consents = {"take_part": "yes"} if step.sensitive or name not in {"age", "take_part"} else {}
            phone.state = phone.state.model_copy(update={"step": name, "consents": consents, "partial": None})
            yield name, phone


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_stop_works_in_every_step_and_language(flow, channel):
    stopped = 0
    for name, phone in reach(flow, channel):
        for text in ("STOP", "stop. thank you", "please stop texting me", "Stop!!!"):
            copy = phone.again()
            copy.say(text)
            assert any(isinstance(effect, OptOut) for effect in copy.effects), (name, copy.state.language, text)
            assert copy.state.due == "expire", "what was begun goes in time, without a word"
            stopped += 1
    assert stopped > 20


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_help_and_delete_work_in_every_step(flow, channel):
    asked = 0
    for name, phone in reach(flow, channel):
        for text, sign in (("HELP", ORGANISATION.contact), ("DELETE", "delete")):
            copy = phone.again()
            assert sign in copy.say(text), (name, text)
            gone = text == "DELETE" and not copy.state.kept and copy.state.status == "parted"
            assert copy.state.step == (None if gone else name), "where nothing is held, DELETE ends it"
            asked += 1
    assert asked > 10


@pytest.mark.parametrize("flow", FLOWS)
def test_state_survives_json_between_all_turns(flow):
    phone = phone_for(flow, "sms", "en")  # it asserts itself that what is read back is what was written
    phone.say("hello", "agree", "2", "It was cold in that room.", "done", "Newport", "2", "3", "1", "1", "1 2")
    assert phone.state.started_at + timedelta(days=1) > phone.now
    assert all(isinstance(say, Say) for say in phone.heard)


TOLD = [
    "They closed the surgery in our village and nobody told us.",
    "My mother waited nine weeks for her tablets and she was in pain.",
    "We wrote to the council and they lost our letter.",
    "The nurse was kind and she sat with my dad all night.",
    "He was sent home in a taxi and I had no key.",
]
"""Sentences that tell something, and ask and answer nothing."""
BESIDE = [
    "1", "2", "3", "1 3", "BACK", "SKIP", "DONE", "MORE", "HELP", "CHANGE", "Glenboig", "Newport", "maybe",
    "who reads it?", "thanks", "hello", "nobody", "publish", "only the team", "Liked “Where was this?”",
    "is this a robot?",
    "banana custard",
]  # fmt: skip

told_and_beside = st.lists(
    st.one_of(
        st.builds(lambda text: ("tell", text), st.sampled_from(TOLD)),
        st.builds(lambda text: ("say", text), st.sampled_from(BESIDE)),
        st.builds(lambda index: ("press", index), st.integers(0, 7)),
        st.builds(lambda seconds: ("seconds", seconds), st.sampled_from([5, 10, 100, 2000, 110000])),
    ),
    max_size=25,
)


def do(phone: EnginePhone, kind: str, what: object) -> None:
    """Do one thing on the phone, for the two properties below."""
    match kind:
        case "tell" | "say":
            phone.say(str(what))
        case "press":
            act(phone, ("press", what))
        case _:
            phone.wait(seconds=float(str(what)))


def words_held(phone: EnginePhone) -> str:
    """Return all words of the person that are somewhere: kept, being told, in an answer, held or waiting."""
    state = phone.state
    gathered = [one.parts for one in (state.partial, state.interruption) if isinstance(one, Telling | WordsGathered)]
    parts = [*(part for parts in gathered for part in parts), *phone.sealed]
    kept = [story.draft.text for story in phone.told]
    answered = [str(answer.value) for answer in state.answers.values()]
    return "\n".join([*kept, *(text for _, text in parts), *answered, state.pending])


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(done=told_and_beside)
def test_no_word_told_after_a_yes_is_lost_unless_its_teller_says_so(flow, channel, done):
    phone = agreed_phone(flow, channel)
    told: set[str] = set()
    for kind, what in done:
        before, decided = phone.state, len(phone.decisions)
        do(phone, kind, what)
        chose_anew = before.interrupted_by in {"retell", "reworded"} or phone.state.interrupted_by == "tell_anew"
        refused = any((one.purpose, one.answer) == ("take_part", "no") for one in phone.decisions[decided:])
        under_age = before.step == "age" and phone.state.status == "parted"
        if chose_anew or refused or under_age or before.interrupted_by == "tell_anew" or phone.state.id != before.id:
            told.clear()  # "tell it anew" was chosen, a no or a young age given, or something new begun
        elif kind == "tell" and before.status == "open" and not before.opted_out and not before.interrupted_by:
            told.add(str(what))
        held = words_held(phone)
        assert [text for text in told if text not in held] == [], (kind, what, before.step, before.interrupted_by)


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(done=told_and_beside)
def test_nothing_is_kept_that_was_not_shown(flow, channel, done):
    phone = agreed_phone(flow, channel)
    shown = ""
    for kind, what in done:
        seen = len(phone.effects)
        do(phone, kind, what)
        new = phone.effects[seen:]
        shown += "\n".join(effect.text for effect in new if isinstance(effect, Say))
        for effect in new:
            if isinstance(effect, KeepStory):
                assert [text for _, text in effect.draft.parts if text not in shown] == []


def agreed_phone(flow: str, channel: str) -> EnginePhone:
    """Return a phone on which the person has agreed to take part and is asked for what they want to tell."""
    phone = EnginePhone(releases()[flow], channel)
    phone.say("hello", *(["yes"] if (flow, channel) == ("share", "telegram") else []), "AGREE")
    assert phone.state.consents == {"take_part": "yes"}
    return phone
