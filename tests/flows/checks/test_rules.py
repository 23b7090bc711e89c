"""Checks on small flows: what each must find, and what it must leave alone."""

from __future__ import annotations

import pytest

from flows.authoring.catalogue import Catalogue, Entry
from flows.authoring.loader import read
from flows.authoring.release import compile_release
from flows.authoring.texts import texts_for
from flows.checks import check_flow
from flows.checks.placeholders import EVERYWHERE
from flows.model.conversation import idle
from flows.model.organisation_facts import OrganisationFacts
from tests.flows.phone import NOON

HEAD = 'id = "small"\ntitle = "Small"\nstart = "hello"\nsensitive = false\n'
BYE = '\n[steps.bye]\ntype = "end"\ntext = "Thank you, and take care."\n'


def question(
    text: str = "This is {organisation}. Which was it?", again: str = "Please choose one.", **fields: str
) -> str:
    options = fields.pop("options", '{ value = "ward", label = "Ward" }, { value = "clinic", label = "Clinic" }')
    more = "".join(f"{name} = {value}\n" for name, value in fields.items())
    return (
        f'{HEAD}\n[steps.hello]\ntype = "choice"\ntext = """{text}"""\nagain = "{again}"\nnext = "bye"\n{more}'
        f"options = [{options}]\n{BYE}"
    )


def codes(toml: str, **catalogues: Catalogue) -> list[str]:
    return [finding.code for finding in check_flow(read(toml, "small.toml"), "small.toml", catalogues)]


def test_a_small_sound_flow_has_no_finding():
    assert codes(question()) == []


TAKEN = [
    ("Begin", "Not now", []),
    ("Stop", "Go on", ["carrier_answer", "keyword_taken"]),
    ("Yes, please", "Later", ["carrier_answer"]),
    ("End of the month", "Later", ["carrier_answer"]),
    ("Yesterday", "Today", []),
    ("Back", "Front", ["keyword_taken"]),
    ("Skip this", "Later", ["keyword_taken"]),
    ("Delete", "Leave it", ["keyword_taken"]),
    ("Help at home", "Nothing", ["carrier_answer"]),
]


@pytest.mark.parametrize(("first", "second", "expected"), TAKEN)
def test_answers_that_are_taken(first, second, expected):
    options = f'{{ value = "a", label = "{first}" }}, {{ value = "b", label = "{second}" }}'
    assert sorted(codes(question(options=options))) == expected


def test_a_button_on_telegram_may_say_yes():
    options = (
        '{ value = "a", label = "Yes", label_sms = "Agree" }, { value = "b", label = "No" },'
        '{ value = "c", label = "Yes, in part", when = "telegram" }'
    )
    assert "carrier_answer" not in codes(question(options=options))


ASKED = [
    ("Send END when you have finished.", True),
    ("Reply yes or no.", True),
    ("Text “cancel” to leave.", True),
    ("To leave it, answer QUIT.", True),
    ("Send STOP when you have finished.", True),
    ("Send STOP to go back.", True),
    ("Send STOP at any time.", False),
    ("You can send HELP or START.", False),
    ("In the end we were sent home. Yes, in the rain.", False),
    ("Send AGREE or NO.", False),
    ("We send information.", False),
]


@pytest.mark.parametrize(("text", "found"), ASKED)
def test_texts_that_ask_for_a_carrier_word(text, found):
    assert ("asks_for_carrier_word" in codes(question(again=text))) is found


def test_a_text_that_never_goes_by_sms_may_name_any_word():
    toml = question(text="This is {organisation}. Press END.", text_sms='"This is {organisation}. Which?"')
    assert codes(toml) == []


ALIKE = [
    ("I used a service", "I worked there", []),
    ("A ward", "A clinic", []),
    ("Hospital ward", "Hospital clinic", ["alike_answers"]),
    ("Ward", "ward!", ["same_answer"]),
    ("1 time", "2 times", []),
    ("2 times", "1 time", ["number_answer", "number_answer"]),
    ("Two of us", "One of us", ["number_answer", "number_answer"]),
    ("18 or over", "Under 18", []),
]


@pytest.mark.parametrize(("first", "second", "expected"), ALIKE)
def test_answers_that_begin_alike(first, second, expected):
    options = f'{{ value = "a", label = "{first}" }}, {{ value = "b", label = "{second}" }}'
    assert codes(question(options=options)) == expected


BRACES = [
    ("This is {organisation}. {contact}", []),
    ("This is {organisation}. {receipt}", []),
    ("This is {organisation}. {story}", ["unknown_placeholder"]),
    ("This is {organisation}. {Contact}", ["unknown_placeholder"]),
    ("This is {organisation}. { contact }", ["unknown_placeholder"]),
    ("This is {organisation}. {contact", ["unknown_placeholder"]),
    ("This is {organisation}. {}", ["unknown_placeholder"]),
]


@pytest.mark.parametrize(("text", "expected"), BRACES)
def test_what_may_stand_in_braces(text, expected):
    assert codes(question(text=text)) == expected


def test_what_may_stand_in_any_text_is_what_a_release_fills():
    flow = read(question(text=" ".join(f"{{{name}}}" for name in sorted(EVERYWHERE))), "small.toml")
    state = idle(id="1", token="t", flow="small", channel="sms", language="en", now=NOON)
    assert "{" not in compile_release(flow, texts_for(flow, {}), OrganisationFacts()).text("small/hello.text", state)


def test_a_near_miss_in_braces_is_named():
    flow = read(question(text="This is {organisation}. {contakt}"), "small.toml")
    (finding,) = check_flow(flow, "small.toml")
    assert finding.advice == "Did you mean {contact}?"


def translated(fuzzy: bool = False, **changes: str) -> Catalogue:
    texts = {
        "hello.text": ("This is {organisation}. Which was it?", "{organisation} sydd yma. Pa un?"),
        "hello.again": ("Please choose one.", "Dewiswch un."),
        "hello.options.ward": ("Ward", "Ward"),
        "hello.options.clinic": ("Clinic", "Clinig"),
        "bye.text": ("Thank you, and take care.", "Diolch."),
    }
    return Catalogue(
        "cy",
        {
            f"small/{key}": Entry(f"small/{key}", source, changes.get(key.replace(".", "_"), text), fuzzy)
            for key, (source, text) in texts.items()
        },
    )


def test_a_whole_and_checked_translation_has_no_finding():
    assert codes(question(), cy=translated()) == []


def test_a_translation_of_an_older_source_is_unchecked():
    assert codes(question(again="Please choose just one."), cy=translated()) == ["translation_unchecked"]


def test_a_draft_is_measured_too_but_only_warned_of():
    long = "Gair " * 70
    flow = read(question(), "small.toml")
    drafts = check_flow(flow, "small.toml", {"cy": translated(fuzzy=True, bye_text=long)})
    assert {(finding.code, finding.severity) for finding in drafts} == {
        ("translation_unchecked", "warning"),
        ("sms_too_long", "warning"),
    }
    checked = check_flow(flow, "small.toml", {"cy": translated(bye_text=long)})
    assert {(finding.code, finding.severity) for finding in checked} == {("sms_too_long", "error")}


def test_a_language_without_any_text_gives_one_finding_not_one_for_each_text():
    (finding,) = check_flow(read(question(), "small.toml"), "small.toml", {"cy": Catalogue("cy")})
    assert finding.code == "translation_missing"
    assert "Welsh: 5 of 5 texts" in finding.what


def test_messages_are_measured_with_the_real_name_and_the_numbered_answers():
    text = "This is {organisation}. " + "We would like to hear. " * 11
    flow = read(question(text=text), "small.toml")
    assert check_flow(flow, "small.toml") == ()
    longer = check_flow(
        flow, "small.toml", organisation=OrganisationFacts(organisation="The Listening Project of Three Villages")
    )
    assert [finding.code for finding in longer] == ["sms_too_long"]
    assert "3 segments" in longer[0].what


CONSENT = """
[steps.{name}]
type = "consent"
purpose = "take_part"
narrowest = "no"
{when}text = "This is {{organisation}}. May we keep a story?"
again = "If we may, send AGREE. If not, send NO."
next = "{next}"
options = [
  {{ value = "agree", label = "Agree", decision = "yes", next = "story" }},
  {{ value = "no", label = "No", decision = "no", next = "bye" }},
]
"""
STORY = """
[steps.story]
type = "story"
text = "Please tell us what happened. Then send DONE."
again = "Write what you like. Then send DONE."
next = "bye"
"""


def test_consent_that_one_channel_passes_by_does_not_count_there():
    toml = HEAD + CONSENT.format(name="hello", when='when = "telegram"\n', next="story") + STORY + BYE
    findings = check_flow(read(toml, "small.toml"), "small.toml")
    (finding,) = [finding for finding in findings if finding.code == "no_consent"]
    assert finding.step == "story"
    assert "By SMS" in finding.what
    assert "hello → story" in finding.what


def test_consent_on_every_channel_is_sound():
    assert codes(HEAD + CONSENT.format(name="hello", when="", next="bye") + STORY + BYE) == []


def test_errors_come_before_warnings_and_always_in_the_same_order():
    flow = read(question(text="Hello.", again="Hello."), "small.toml")
    first = check_flow(flow, "small.toml", {"cy": Catalogue("cy")})
    assert [(finding.severity, finding.code) for finding in first] == [
        ("error", "translation_missing"),
        ("error", "no_name"),
        ("warning", "no_again"),
    ]
    assert first == check_flow(flow, "small.toml", {"cy": Catalogue("cy")})
