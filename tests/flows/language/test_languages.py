"""Languages that we do not speak: which one it is, STOP and HELP in it, danger in it, and whom to reach."""

from __future__ import annotations

import csv
import timeit
from collections import Counter
from pathlib import Path

import pytest

from flows.authoring.loader import everywhere
from flows.language import detect_language, keywords_elsewhere
from flows.language.detect_language import language_of
from flows.language.distress.distress_tables import concerns
from flows.language.keywords.recognise import Keyword, recognise
from flows.language.normalise import folded
from flows.language.spoken_where import reach_sentence, unchecked

MESSAGES = Path(__file__).with_name("messages.tsv")
LINES = [line for line in MESSAGES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
ROWS = [(row["language"], row["label"], row["text"]) for row in csv.DictReader(LINES, delimiter="\t", quoting=3)]
TOLD = [row for row in ROWS if row[1] in {"danger", "alike", "ordinary"}]
ASKED = [row for row in ROWS if row[1] in {"STOP", "HELP", "DELETE"}]
NOTICED = ("pl", "cy", "ro", "ar", "ur", "pa", "so", "uk", "pt", "es")
"""Languages in which plain danger is noticed."""
STORY = (
    "I waited four hours in the hospital and nobody came to see me. My mum was in pain and they said sorry, but "
    "nothing happened after that. I don’t think they’re listening to us, you know how it is."
)
PLAIN = 30
"""Characters from which a message says what language it is in."""


def test_there_are_enough_messages_of_each_kind():
    counts = Counter(language for language, _, _ in ROWS)
    assert {language: counts[language] for language in NOTICED if counts[language] < 12} == {}
    assert {language for language, label, _ in ROWS if label == "danger"} == set(NOTICED)
    assert len({language for language, label, _ in ROWS if label == "HELP"}) >= 20
    assert len({language for language, label, _ in ROWS if label == "STOP"}) >= 20


@pytest.mark.parametrize(("language", "label", "text"), [row for row in TOLD if row[0] != "en" and len(row[2]) > PLAIN])
def test_the_language_of_a_message_is_told(language: str, label: str, text: str):
    assert language_of(text) == language


@pytest.mark.parametrize(("language", "label", "text"), [row for row in TOLD if len(row[2]) <= PLAIN])
def test_a_short_message_is_told_or_left_alone(language: str, label: str, text: str):
    assert language_of(text) in {language, None}


@pytest.mark.parametrize("text", [text for language, _, text in TOLD if language == "en"])
def test_no_english_is_taken_for_another_language(text: str):
    assert language_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "😀😀😀", "ok", "DONE", "dziękuję", "Łódź", "07700 900123", "AB12 3CD", "مرحبا", "\0"),
        "https://example.org/a?b=c",
        "nie wiem but the doctor said I should wait for a letter",
        "я waited in the hospital for four hours and nobody came",
    ],
)
def test_what_is_short_or_mixed_is_left_alone(text: str):
    assert language_of(text) is None


def test_english_is_let_go_at_a_glance():
    """Nothing else is read, and a turn does not feel it."""
    detect_language._tables.cache_clear()
    detect_language._written.cache_clear()
    assert language_of(STORY) is None
    assert detect_language._tables.cache_info().currsize == 0
    assert min(timeit.repeat(lambda: language_of(STORY), number=1000, repeat=5)) / 1000 < 20e-6


def test_a_long_message_is_told_by_its_beginning():
    assert language_of("Czekałam cztery godziny i nikt do mnie nie podszedł. " * 200) == "pl"


@pytest.mark.parametrize(("language", "label", "text"), ASKED)
@pytest.mark.parametrize("spoken", ["en", "cy"])
def test_leaving_and_help_are_heard_in_every_language(language: str, label: str, text: str, spoken: str):
    for channel in ("sms", "telegram"):
        found = recognise(text, language=spoken, channel=channel)
        assert found is not None
        assert found.word is Keyword[label]
        assert found.whole


@pytest.mark.parametrize("text", [text for _, _, text in TOLD])
def test_what_is_told_asks_for_nothing(text: str):
    assert keywords_elsewhere.asked_elsewhere(folded(text)) is None


@pytest.mark.parametrize(
    "text", ["para", "dur", "sair", "sil", "aide", "fine", "fin", "halt", "stad", "dung", "gana", "dost", "pare"]
)
def test_what_may_be_a_word_of_english_or_a_place_is_no_word_of_ours(text: str):
    assert keywords_elsewhere.asked_elsewhere(folded(text)) is None


def test_nobody_checked_the_words_yet():
    assert {"ro", "ar", "zh", "cy"} <= set(keywords_elsewhere.unchecked())


@pytest.mark.parametrize(("language", "label", "text"), [row for row in TOLD if row[0] in (*NOTICED, "en")])
@pytest.mark.parametrize("spoken", ["en", "pl"])
def test_plain_danger_is_noticed_in_every_language(language: str, label: str, text: str, spoken: str):
    assert bool(concerns(text, spoken)) is (label == "danger")


@pytest.mark.parametrize(("language", "label", "text"), [row for row in TOLD if row[0] not in NOTICED])
def test_words_of_danger_of_one_language_are_silent_in_the_others(language: str, label: str, text: str):
    assert concerns(text) == frozenset()


@pytest.mark.parametrize(
    "text", ["I od'd last night", "thinking of an od", "going to od", "oding rn", "took loads, od"]
)
def test_an_overdose_is_still_heard_though_od_is_polish_for_from(text: str):
    assert concerns(text)


@pytest.mark.parametrize(
    "text", ["pracuję tu od 2014", "od początku było źle", "mieszkam od roku w Leeds", "od rana nic"]
)
def test_from_is_no_danger_in_polish(text: str):
    assert concerns(text) == frozenset()


def test_vowel_signs_stay_within_their_words():
    assert folded("ਮੈਂ ਮਰਨਾ ਚਾਹੁੰਦਾ ਹਾਂ") == ["ਮੈਂ", "ਮਰਨਾ", "ਚਾਹੁੰਦਾ", "ਹਾਂ"]
    assert len(folded("আমি অপেক্ষা করেছি")) == 3
    assert len(folded("நான் காத்திருந்தேன்")) == 2


def test_arabic_vowel_points_make_no_difference():
    assert folded("أُرِيدُ أَنْ أَمُوت") == folded("أريد أن أموت") == folded("اريد ان اموت")


@pytest.mark.parametrize("code", [*NOTICED, "zh", "xx", None])
def test_only_a_checked_sentence_is_given_out(code: str | None):
    sentence, own = reach_sentence(code)
    assert own is (code not in {*unchecked(), "xx", None})
    assert "{contact}" in sentence
    if not own:
        assert sentence == reach_sentence("en")[0]


def test_the_english_sentence_is_the_text_of_the_bot():
    (text,) = [source.text for source in everywhere() if source.address == "everywhere/other_language.text"]
    assert reach_sentence("en") == (text, True)
