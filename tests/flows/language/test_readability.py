"""Reading age and sentence length, on samples of known difficulty (rule 97)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.language.readability import longest_sentence, reading_age, sentences, syllables, words

SIMPLE = (
    "The bus did not come. I sat in the rain with my son. He was cold and we were late. A nurse saw us and let us in. "
    "She gave him a hot drink. We felt safe there. I want more staff like her. She took her time and she was kind. "
    "The next day we went back. She was not there. A man told us to wait. We sat for two hours and then went home. "
    "My son still asks for the nurse. I do not know her name. I hope you can find her and tell her thank you."
)
HARD = (
    "The commissioning organisation has undertaken a comprehensive evaluation of community accommodation services, "
    "incorporating qualitative contributions from individuals experiencing multiple disadvantages alongside "
    "administrative information supplied by participating authorities. Notwithstanding considerable methodological "
    "limitations, the preliminary conclusions demonstrate that inconsistent communication between professional "
    "disciplines significantly undermines confidence in statutory provision, particularly among households "
    "encountering simultaneous financial and psychological difficulties."
)
BOT = (
    "Hello, this is the Riverside team. We would like to hear what happened to you. You can stop at any time: just "
    "text STOP. This is not an emergency service. If you are in danger, call 999. Please tell us in your own words. "
    "Send as many texts as you like, then text DONE. We will not share your name. You can ask us to delete it later."
)


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [
        pytest.param(SIMPLE, 5, 7, id="a child's words"),
        pytest.param(BOT, 6, 9, id="plain words for everyone"),
        pytest.param(HARD, 30, 45, id="an official report"),
    ],
)
def test_reading_age(text: str, lowest: float, highest: float) -> None:
    assert lowest <= reading_age(text) <= highest


def test_the_formula() -> None:
    """Ten words in two sentences, twelve syllables: 0.39 x 5 + 11.8 x 1.2 - 15.59 + 5."""
    text = "The nurse was kind to us. We had water after."
    assert (len(words(text)), len(sentences(text)), sum(map(syllables, words(text)))) == (10, 2, 12)
    assert reading_age(text) == pytest.approx(5.52)


def test_longer_sentences_and_longer_words_are_harder() -> None:
    assert reading_age(SIMPLE.replace(". ", " and ")) > reading_age(SIMPLE) + 3
    assert reading_age(BOT.replace("you", "everybody")) > reading_age(BOT) + 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("...", ()),
        ("One. Two! Three?", ("One", "Two", "Three")),
        ("Is it far? No…", ("Is it far", "No")),
        ("First line\nSecond line\n\nThird", ("First line", "Second line", "Third")),
        ("It costs 3.50 today. Thanks", ("It costs 3.50 today", "Thanks")),
        ("Ask Dr. Smith at 9 a.m. tomorrow.", ("Ask Dr Smith at 9 am tomorrow",)),
        ("Look at https://example.org/a.b?c=d. Then call.", ("Look at link", "Then call")),
        ("“Stop.” She left.", ("“Stop", "She left")),
        ("Diolch! Dych chi'n iawn?", ("Diolch", "Dych chi'n iawn")),
    ],
)
def test_sentences(text: str, expected: tuple[str, ...]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        ("", 0),
        ("🙏", 0),
        ("Thank you.", 2),
        ("One two three. One two. One two three four!", 4),
        ("Don't read-back 18 things", 5),
        ("Dziękuję, że piszesz do nas. To ważne.", 5),
        ("1 Agree\n2 No thank you", 4),
    ],
)
def test_longest_sentence(text: str, longest: int) -> None:
    assert longest_sentence(text) == longest


@pytest.mark.parametrize(
    ("count", "typed"),
    [
        (1, "the nurse team text stop asked makes while called through help rhymes"),
        (2, "story people wanted being reading quiet table statement someone careless useless client"),
        (3, "area idea animal everything example emotion"),
        (4, "society experience material information"),
        (5, "organisation university"),
    ],
)
def test_syllables(count: int, typed: str) -> None:
    assert {word: syllables(word) for word in typed.split()} == dict.fromkeys(typed.split(), count)


@pytest.mark.parametrize(("word", "count"), [("GP", 2), ("SMS", 3), ("999", 1), ("hmm", 1), ("ŵ", 1)])
def test_syllables_of_what_is_no_word(word: str, count: int) -> None:
    assert syllables(word) == count


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_anything_can_be_measured(text: str) -> None:
    age = reading_age(text)
    assert age == 0.0 if not words(text) else age >= 5.0
    assert longest_sentence(text) <= len(words(text))


def test_a_very_long_text_takes_no_time() -> None:
    began = time.perf_counter()
    reading_age("a" * 100_000)
    reading_age(". " * 50_000)
    reading_age("www." * 25_000)
    assert time.perf_counter() - began < 2
