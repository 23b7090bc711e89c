"""Noticing danger by words and model: what is shipped is what was trained, the bars, the cost, and the two levels."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from flows.language.distress import danger_features, danger_model, train_danger
from flows.language.distress.detect_distress import notice
from flows.language.distress.distress_tables import KINDS, concerns, found_in, found_in_english, noted
from flows.language.distress.literal_wish import SUICIDE, wish_in, wishes_to_die
from flows.language.distress.pieces import LONGEST, pieces
from flows.model.effects import OptOut, RaiseConcern, Say
from tests.flows.phone import Phone
from tests.flows.signposting import labelled

FOLDER = Path(__file__).parents[1] / "distress"
STORY = "They closed the surgery and my mother has no bus."
LIKELY = "i feel so small and tired these days"
WARM = "That sounds hard."


# ---- the model


def test_the_shipped_weights_are_what_training_gives():
    assert train_danger.fresh(FOLDER) == danger_model.FILE.read_text(encoding="utf-8").splitlines(), "run: make danger"


def test_the_quick_way_to_weigh_adds_up_the_same_features_as_training():
    shipped = danger_model.shipped()
    families = shipped.families
    for message in train_danger.labelled(FOLDER)[::97]:
        read = found_in_english(message.text)
        seen = danger_features.flags(read)
        weights = [
            families[family][name]
            for family, _, name in (each.partition(" ") for each in danger_features.of_piece(read.words, seen))
            if name in families.get(family, {})
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
    assert phone.state.interrupted_by == ""
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


# ---- a wish in so many words, and idioms


@pytest.mark.parametrize(
    "said",
    [
        "I'm going to kill myself over this debt", "going to kill myself for what I did",
        "gonna kill masel over the rent",
        "thinking of killing myself over the rent", "i want to kill myself for doing that",
        "ready to kill myself over these forms",
        "im going to kill myself working here", "i will kill myself if they sanction me over this",
        "i'll kill myself to get out of this", "thoughts of killing myself to get away from it all",
        "wish I was dead this bus is killing me", "i wish i were dead. my feet are killing me", "wish i was dead",
        "i wish i'd died", "i want to die this job is killing me",
        "I want to die. Could have died of embarrassment in there",
        "i want to die and i could have died of embarrassment", "I am dead tired and I want to die",
        "better off dead",
        "want to die when i wake up", "i want to die with every day", "i want to die from the pain",
        "i want to die at home tonight", "i want to end my life over the debt", "i want to take my own life",
        "no i want to die", "never mind. i want to die", "i dont know if i want to die",
        "i dont want to die i want to die",
        "want to die lol. i want to die", "honestly I'm going to top myself over this council tax", "wanna kms",
        "going to do myself in over this debt", "going to drown myself in the river", "going to kill myself in here",
        "i want to kill myself my mum will kill me if i am late", "i want to hang my self",
    ],
)  # fmt: skip
def test_a_wish_to_die_in_so_many_words_is_taken_for_what_it_is_whatever_it_is_over(said: str) -> None:
    assert notice(said).level == "plain"
    assert SUICIDE in concerns(said)
    assert SUICIDE in noted(said)


@pytest.mark.parametrize(
    "said",
    [
        "killing myself laughing", "we were killing ourselves laughing at that", "i want to die of boredom",
        "I could have died of embarrassment", "i wanted to die of embarrassment", "makes you want to die of boredom",
        "nearly killed myself getting here", "nearly killed myself tripping over the kerb",
        "killed myself to get here on time",
        "i nearly killed myself over that job", "I am not going to kill myself over it", "dont kill yourself over it",
        "i'll kill myself getting off that bus", "going to kill myself on those steps one day",
        "killing myself working here", "killing myself at the gym", "killing myself lol",
        "my mum will kill me if I am late", "my gran will skin me if i miss her birthday",
        "my boss will kill me if this is late",
        "this bus will be the death of me", "i'd kill for a cup of tea", "dying lol",
        "my gran wants to die at home with dignity", "i want to die at home with my family around me",
        "gran wants to die in her own bed", "i want to take my life back", "i have no thoughts of killing myself",
        "no plan to kill myself", "wish i was dead good at maths",
        "i need to top myself up with coffee", "going to drown myself in paperwork", "we will do 10 kms next year",
        "my wife will kill me if I forget our anniversary",
        "mum will kill me if she finds out i broke her ipad", "i want to die in Scotland where i was born",
    ],
)  # fmt: skip
def test_an_idiom_stays_one(said: str) -> None:
    assert notice(said).level == ""


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("I want to die lol", "likely"),
        ("wanna die lmao", "likely"),
        ("i wanna die haha", "likely"),
        ("im going to kill myself lol", "likely"),
        ("i want to die lmao this queue", "likely"),
        ("i want to die lol i have taken all my tablets", "plain"),
    ],
)
def test_who_laughs_behind_a_wish_to_die_may_mean_it(said: str, level: str) -> None:
    assert notice(said).level == level


@pytest.mark.parametrize(
    "said",
    [
        "my husband will kill me if I leave", "my husband will kill me if i tell anyone",
        "my husband will kill me if i go out",
        "my husband will kill me when he finds out", "my husband will kill me for talking to you",
        "my husband is going to kill me for leaving", "my husband will murder me if i say anything",
        "my husband will batter me if i am late", "my partner will kill me if he sees this",
        "my boyfriend will kill me if i go",
        "my dad will kill me if he finds out i have a boyfriend", "my dad will batter me when he gets in",
        "he will kill me if i am late", "he will kill me for talking to you",
        "if he finds out my husband will kill me",
        "my wife will kill me if i leave", "my mum will kill me if i tell anyone",
        "my dad would kill me if he knew i was gay",
    ],
)  # fmt: skip
def test_a_threat_at_home_is_no_figure_of_speech(said: str) -> None:
    assert notice(said).level in ("likely", "plain")


@pytest.mark.parametrize(
    "said",
    [
        "my husband will kill me if I am late for tea", "my husband will kill me if i forget the milk",
        "my husband will kill me when he sees the bill", "my husband will kill me when he sees the car",
        "my dad will kill me if i scratch the car", "my dad will kill me lol",
    ],
)  # fmt: skip
def test_a_husband_who_waits_for_the_milk_is_no_danger(said: str) -> None:
    assert notice(said).level == ""


@pytest.mark.parametrize(
    "said",
    [
        "i do not want to die", "i am not going to kill myself", "i never said i want to die",
        "not that i want to die",
        "i no longer want to die", "i stopped wanting to die", "she asked if i want to die and i said no",
        "i used to want to die", "when it closed i did think about ending my life", "they want to die",
        "kill the lights",
        "it is not because i want to die", "no plans to end my life", "am no going to kill myself",
        "",
    ],
)  # fmt: skip
def test_what_is_taken_back_or_is_of_another_is_no_wish(said: str) -> None:
    assert wish_in(found_in(said).words) == ""


def test_a_wish_does_not_go_over_the_end_of_a_clause():
    assert wishes_to_die(["^", "i", "want", "to", "die", "$"])
    assert not wishes_to_die(["^", "i", "want", "to", "/", "die", "hard", "$"])


def test_the_kind_of_a_wish_is_one_of_the_kinds():
    assert SUICIDE in KINDS
