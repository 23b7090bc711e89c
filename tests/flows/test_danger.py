"""Noticing danger by words and model: what is shipped is what was trained, the bars, the cost, and the two levels."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from flows.language.distress import danger_features, danger_model, train_danger
from flows.language.distress.detect_distress import notice
from flows.language.distress.distress_tables import found_in, found_in_english
from flows.language.distress.pieces import LONGEST, pieces
from flows.model.effects import OptOut, RaiseConcern, Say
from tests.flows.phone import Phone
from tests.flows.signposting import labelled

FOLDER = Path(__file__).parent / "distress"
STORY = "They closed the surgery and my mother has no bus."
LIKELY = "i feel so small and tired these days"
WARM = "That sounds hard."


# ---- the model


def test_the_shipped_weights_are_what_training_gives():
    assert train_danger.fresh(FOLDER) == danger_model.FILE.read_text(encoding="utf-8").splitlines(), "run: make danger"


def test_the_quick_way_to_weigh_adds_up_the_same_features_as_training():
    shipped = danger_model.shipped()
    for message in train_danger.labelled(FOLDER)[::97]:
        read = found_in_english(message.text)
        seen = danger_features.flags(read)
        weights = [
            shipped.families[family][name]
            for family, _, name in (each.partition(" ") for each in danger_features.of_piece(read.words, seen))
            if name in shipped.families.get(family, {})
        ]
        slow = shipped.bias + (sum(weights) / len(weights) ** 0.5 if weights else 0.0)
        assert shipped.weigh(read.words, seen) == pytest.approx(slow)


def test_training_is_not_imported_while_earshot_runs():
    code = "import sys, bot.app; print('flows.language.distress.train_danger' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_every_labelled_message_has_a_label_and_a_voice_of_its_own_file():
    messages = train_danger.labelled(FOLDER)
    assert len(messages) > 3000
    assert {message.label for message in messages} == set(train_danger.COSTS)
    assert len({message.voice for message in messages}) > 15
    assert all(message.text.strip() for message in messages)


def test_held_out_messages_are_not_trained_on():
    texts = {message.text for message in train_danger.labelled(FOLDER) if message.label == "distress"}
    assert not texts & set(labelled("held_out")["distress"])


@pytest.mark.parametrize(
    ("label", "level", "least", "most"),
    [
        ("distress", "plain", 0.75, 1.0), ("ordinary", "plain", 0.0, 0.04), ("metaphor", "plain", 0.0, 0.06),
        ("distress", "together", 0.93, 1.0), ("ordinary", "together", 0.0, 0.20),
    ],
)  # fmt: skip
def test_the_bars_are_met_on_the_messages_kept_aside(label, level, least, most):
    levels = [notice(text).level for text in labelled("held_out")[label]]
    assert len(levels) >= 20
    share = sum(each == "plain" or (each == "likely" and level == "together") for each in levels) / len(levels)
    assert least <= share <= most


# ---- what is taken for what


@pytest.mark.parametrize(
    "text", ["i said no thank you", "what happens if i say no", "no thanks", "AGREE", "1 3", "od marca", STORY]
)
def test_what_is_ordinary_is_not_noticed(text):
    assert notice(text).level == ""


def test_one_sentence_is_heard_in_a_long_calm_story():
    calm = f"{STORY} The chemist went in May, and the post office after it. "
    assert notice(calm * 5).level == ""
    assert notice(calm * 5 + "I want to die. " + calm * 5).level == "plain"
    assert all(len(piece.split()) <= LONGEST for piece in pieces(calm * 10))


def test_a_phrase_does_not_go_over_the_end_of_a_clause():
    assert found_in("I want to. Die Hard was on the telly").now == frozenset()
    assert found_in("no. I want to die").now == {"suicide"}
    assert found_in("i want to... die").now == {"suicide"}


def test_from_in_polish_is_no_overdose():
    assert notice("dostałem to od sąsiada w maju").level == ""
    assert notice("nie chcę już żyć", "pl").level == "plain"


# ---- what comes of it


def warmth(phone: Phone) -> int:
    return sum(WARM in effect.text for effect in phone.effects if isinstance(effect, Say))


def raised(phone: Phone) -> list[str]:
    return [effect.level for effect in phone.effects if isinstance(effect, RaiseConcern)]


def test_likely_stops_nothing_and_says_one_warm_sentence():
    assert notice(LIKELY).level == "likely"
    phone = Phone(channel="sms")
    phone.say("hello", "AGREE")
    answer = phone.say(LIKELY, "DONE")
    assert raised(phone) == ["likely"]
    assert warmth(phone) == 1
    assert not any("116 123" in effect.text for effect in phone.effects if isinstance(effect, Say))
    assert phone.state.aside == ""
    assert answer


def test_the_warm_sentence_comes_once_a_day():
    phone = Phone(channel="telegram")
    phone.say("hello", "AGREE", LIKELY, LIKELY, "DONE", "SKIP")
    assert warmth(phone) == 1
    assert raised(phone) == ["likely", "likely"]
    phone.now += timedelta(hours=25)
    phone.say(LIKELY, "SKIP")
    assert warmth(phone) == 2


def test_nobody_who_said_stop_is_told_anything():
    phone = Phone(channel="telegram")
    phone.say("hello", "STOP")
    assert any(isinstance(effect, OptOut) for effect in phone.effects)
    phone.say(LIKELY)
    assert raised(phone) == ["likely"]
    assert warmth(phone) == 0


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("leave me alone i want to die", "plain"),
        ("stop texting me i want to die", "plain"),
        ("no. i really want to end my life", "plain"),
        ("i want to die of embarrassment", ""),
        ("i want to die laughing at that bus timetable", ""),
    ],
)
def test_a_wish_in_so_many_words_is_plain_whatever_stands_around_it(said: str, level: str) -> None:
    assert notice(said).level == level
