"""What is said to us where no phrase fits: the shipped weights, what the model may act on, and what it only offers."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from flows.language.intents import sense_model, train_sense, training_labels
from flows.language.intents.detect_sense import sensed
from flows.language.intents.intents import IntentKind, recognise_intent
from flows.language.intents.sense_words import LONGEST, known, marks, of_message, words
from flows.language.keywords.recognise import Keyword, may_want, recognise
from flows.language.linear.hashed_features import of_words
from flows.model.effects import OptOut, Say
from tests.flows.phone import Phone

FOLDER = Path(__file__).parents[1]
STORY = "They closed the surgery and my mother has no bus."
UNCLEAR = "i wish you would finish with me now"


def test_the_shipped_weights_are_what_training_gives():
    assert train_sense.fresh(FOLDER) == sense_model.FILE.read_text(encoding="utf-8").splitlines(), "run: make danger"


def test_training_is_not_imported_while_earshot_runs():
    code = "import sys, bot.app; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert sense_model.__name__ in loaded
    assert not {train_sense.__name__, training_labels.__name__} & loaded


def test_every_label_has_enough_examples_and_every_example_a_label():
    examples = training_labels.labelled(FOLDER)
    counts = {label: sum(each.label == label for each in examples) for label in training_labels.LABELS}
    assert min(counts.values()) >= 35, counts
    assert {each.label for each in examples} == {
        *training_labels.LABELS,
        training_labels.NOTHING,
        training_labels.UNLIKE,
    }


def test_the_quick_way_to_weigh_adds_up_the_same_features_as_training():
    shipped = sense_model.shipped()
    for text in ("please dont text me any more", "who reads this?", "my mum waited nine weeks"):
        spoken = words(text)
        seen = [*of_words(spoken, known().groups), *marks(text, spoken)]
        assert seen == list(of_message(text))
        found = [weights for each in seen if (weights := shipped.read(shipped.row([each])))[0]]
        slow = [
            bias + sum(row[place + 1] for row in found) / len(found) ** 0.5 for place, bias in enumerate(shipped.bias)
        ]
        assert shipped.weigh(spoken, marks(text, spoken)) == pytest.approx(slow)


# ---- what is done, and what is only offered


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("would you be so good as to send me no further texts", Keyword.STOP),
        ("divvent be messaging wor lass any more", Keyword.STOP),
        ("could yous take what i wrote off your computer and bin it", Keyword.DELETE),
        ("i would like sight of all you have written down about me", Keyword.MY_DATA),
        ("i think that is all i have to tell you", Keyword.DONE),
    ],
)
def test_words_that_no_phrase_knows_are_heard(text, word):
    found = recognise(text, language="en", channel="sms")
    assert found is not None
    assert found.word is word


@pytest.mark.parametrize(
    "text",
    [
        STORY, "they stopped my care and nobody rang", "please do not delete what i wrote", "dont stop now",
        "he told me to stop texting her", "stop closing our wards", "can it be deleted later?",
    ],
)  # fmt: skip
def test_look_alikes_are_not_taken(text):
    found = recognise(text, language="en", channel="sms")
    assert found is None or found.word not in {Keyword.STOP, Keyword.DELETE}


def test_an_age_that_is_only_likely_is_asked_about():
    found = recognise_intent("me and my pals in S3 done this for our modern studies class", language="en", telling=True)
    assert found is None or found.kind is IntentKind.MAYBE_UNDER_AGE


def test_a_long_message_and_another_language_are_let_go():
    assert sensed("please stop texting me " * LONGEST) is None
    assert sensed("proszę już nigdy więcej do mnie nie pisać bardzo") is None
    assert recognise("would you be so good as to send me no further texts", language="pl", channel="sms") is None


def offers(phone: Phone) -> int:
    return sum("send STOP" in effect.text for effect in phone.effects if isinstance(effect, Say))


def test_a_wish_that_is_not_sure_is_offered_the_way_once_and_nothing_is_done():
    assert may_want(UNCLEAR, language="en") is Keyword.STOP
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE", STORY)
    before = offers(phone)
    phone.say(UNCLEAR, UNCLEAR)
    assert offers(phone) == before + 1
    assert not any(isinstance(effect, OptOut) for effect in phone.effects)


# ---- what it finds of people it never read


@pytest.fixture(scope="module")
def strangers() -> list[tuple[str, str]]:
    """Messages of one author, and what a model says of them that was trained on all others."""
    examples = training_labels.labelled(FOLDER)
    held = [each for each in examples if each.source == "fresh"]
    shipped = sense_model.shipped
    fresh = sense_model.SenseModel(
        train_sense.lines(train_sense.trained([each for each in examples if each.source != "fresh"]))
    )
    try:
        sense_model.shipped = lambda: fresh
        return [(each.label, found.label if (found := sensed(each.text)) and found.sure else "") for each in held]
    finally:
        sense_model.shipped = shipped


@pytest.mark.parametrize(
    ("label", "least"), [("stop", 0.7), ("delete", 0.6), ("my_data", 0.4), ("narrow_team", 0.5), ("person_please", 0.6)]
)
def test_most_of_what_a_stranger_asks_is_heard_by_the_model_alone(strangers, label, least):
    found = [said for meant, said in strangers if meant == label]
    assert len(found) >= 15
    assert sum(said == label for said in found) / len(found) >= least


def test_next_to_nothing_else_is_taken(strangers):
    found = [said for meant, said in strangers if meant in {training_labels.NOTHING, training_labels.UNLIKE}]
    assert len(found) >= 200
    assert sum(said in {"stop", "delete"} for said in found) / len(found) <= 0.01


def test_the_table_of_more_messages_has_no_text_twice():
    with (FOLDER / "talk" / "more.tsv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    assert len(texts) > 1000
    assert len(set(texts)) == len(texts)
