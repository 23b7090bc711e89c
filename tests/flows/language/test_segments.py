"""SMS segments against the carriers' rules, and typography that never costs a letter (rules 18 and 20)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.language.segments import (
    BASIC,
    EXTENDED,
    LIMITS,
    Segments,
    count,
    encoding,
    normalise_typography,
    sms_text,
    unicode_causes,
)

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=400)
LONG_TEXT = st.builds(
    lambda start, middle, end: "a" * start + middle + end,
    st.integers(0, 400),
    st.text(alphabet="€[😀ŵ\n .", max_size=6),
    st.text(alphabet=st.sampled_from("ab €^😀👍🏽łç\n."), max_size=300),
)
FAMILY = "👨‍👩‍👧"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", Segments("gsm7", 0, 1, 160, 160), id="empty"),
        pytest.param("a" * 160, Segments("gsm7", 160, 1, 160, 0), id="one full part"),
        pytest.param("a" * 161, Segments("gsm7", 161, 2, 153, 145), id="one too many"),
        pytest.param("a" * 306, Segments("gsm7", 306, 2, 153, 0), id="two full parts"),
        pytest.param("a" * 307, Segments("gsm7", 307, 3, 153, 152), id="three parts"),
        pytest.param("ŵ" * 70, Segments("ucs2", 70, 1, 70, 0), id="one full part of UCS-2"),
        pytest.param("ŵ" * 71, Segments("ucs2", 71, 2, 67, 63), id="one too many of UCS-2"),
        pytest.param("ŵ" * 134, Segments("ucs2", 134, 2, 67, 0), id="two full parts of UCS-2"),
        pytest.param("ŵ" * 135, Segments("ucs2", 135, 3, 67, 66), id="three parts of UCS-2"),
        pytest.param("Costs €5", Segments("gsm7", 9, 1, 160, 151), id="the euro is two units"),
        pytest.param("€" * 80, Segments("gsm7", 160, 1, 160, 0), id="eighty euros"),
        pytest.param("a" * 152 + "€" + "a" * 10, Segments("gsm7", 164, 2, 153, 141), id="a euro on the edge moves on"),
        pytest.param("a" * 159 + "€", Segments("gsm7", 161, 2, 153, 145), id="a euro over the edge of a single part"),
        pytest.param("😀" * 35, Segments("ucs2", 70, 1, 70, 0), id="35 emoji"),
        pytest.param("😀" * 36, Segments("ucs2", 72, 2, 67, 61), id="36 emoji"),
        pytest.param("ŵ" * 66 + "😀" + "ŵ" * 5, Segments("ucs2", 73, 2, 67, 60), id="an emoji on the edge moves on"),
        pytest.param("It’s", Segments("ucs2", 4, 1, 70, 66), id="a curly apostrophe"),
        pytest.param("a" * 159 + "’", Segments("ucs2", 160, 3, 67, 41), id="one curly apostrophe triples the cost"),
        pytest.param("Diolch, dŵr a thŷ", Segments("ucs2", 17, 1, 70, 53), id="Welsh"),
        pytest.param("Dziękuję, do zobaczenia", Segments("ucs2", 23, 1, 70, 47), id="Polish"),
        pytest.param("Dziekuje, do zobaczenia", Segments("gsm7", 23, 1, 160, 137), id="Polish without its letters"),
        pytest.param("Ça va, à l'été", Segments("gsm7", 14, 1, 160, 146), id="French that fits"),
        pytest.param("ça va", Segments("ucs2", 5, 1, 70, 65), id="a small ç does not fit"),
        pytest.param("[a|b] {c} ~ \\ ^", Segments("gsm7", 23, 1, 160, 137), id="all the extended ones"),
        pytest.param("a\r\nb\fc", Segments("gsm7", 7, 1, 160, 153), id="line ends and a form feed"),
        pytest.param("\ud800", Segments("ucs2", 1, 1, 70, 69), id="half an emoji"),
        pytest.param("\x00", Segments("ucs2", 1, 1, 70, 69), id="NUL"),
        pytest.param("\x1b", Segments("ucs2", 1, 1, 70, 69), id="the escape itself is no character"),
    ],
)
def test_count(text: str, expected: Segments) -> None:
    assert count(text) == expected


def test_the_alphabet_is_complete() -> None:
    assert len(BASIC) == 127  # 128 places, one of which is the escape
    assert len(EXTENDED) == 10  # the form feed too
    assert BASIC.isdisjoint(EXTENDED)


@given(st.one_of(ANY_TEXT, LONG_TEXT))
def test_parts_hold_no_more_than_they_can_and_lose_nothing(text: str) -> None:
    counted = count(text)
    parts = as_carriers_cut(text, counted)
    assert len(parts) == counted.parts
    single, several = LIMITS[counted.encoding]
    assert counted.per_part == (single if counted.parts == 1 else several)
    sizes = [_units(part, counted.encoding) for part in parts]
    assert sum(sizes) == counted.units
    assert all(size <= counted.per_part for size in sizes)
    assert all(size >= several - 1 for size in sizes[:-1])
    assert counted.left == counted.per_part - sizes[-1]


def as_carriers_cut(text: str, counted: Segments) -> list[str]:
    """Return the parts of a text, each as full as whole characters make it."""
    if counted.parts == 1:
        return [text]
    parts = [""]
    for character in text:
        if _units(parts[-1] + character, counted.encoding) > LIMITS[counted.encoding][1]:
            parts.append("")
        parts[-1] += character
    return parts


def _units(text: str, kind: str) -> int:
    if kind == "ucs2":
        return len(text.encode("utf-16-be", "surrogatepass")) // 2
    return sum(2 if character in EXTENDED else 1 for character in text)


@given(st.one_of(ANY_TEXT, LONG_TEXT))
def test_the_alphabet_is_ucs2_exactly_when_there_is_a_cause(text: str) -> None:
    assert (encoding(text) == "ucs2") == bool(unicode_causes(text))


def test_causes_are_named_once_in_order() -> None:
    assert unicode_causes("Tŷ’r dŵr a’r tŷ 😀") == ("ŷ", "’", "ŵ", "😀")
    assert unicode_causes("Plain £5, é à ì [x]") == ()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It’s “here” – wait…", "It's \"here\" - wait..."),
        ("«a» ‹b› `c´", "\"a\" 'b' 'c'"),
        ("5\u00a0pm\u202f– 6\u2009pm", "5 pm - 6 pm"),
        ("• one\n• two", "- one\n- two"),
        ("no\u200bbreak\u00adhere\ufeff", "nobreakhere"),
        ("a\tb\u2028c", "a b\nc"),
        ("Tŷ, dŵr, Łódź, księżyc, ça, À", "Tŷ, dŵr, Łódź, księżyc, ça, À"),
        ("ș, ñ, Ωμέγα, Привет, عربي", "ș, ñ, Ωμέγα, Привет, عربي"),
        ("Hawaiʻi ŉ ʼn ªº", "Hawaiʻi ŉ ʼn ªº"),
        (f"ok 👍🏽 ❤️ {FAMILY}", f"ok 👍🏽 ❤️ {FAMILY}"),
    ],
)  # fmt: skip
def test_typography(text: str, plain: str) -> None:
    assert normalise_typography(text) == plain


@given(ANY_TEXT)
def test_typography_is_idempotent_and_costs_no_letter(text: str) -> None:
    plain = normalise_typography(text)
    assert normalise_typography(plain) == plain
    assert _letters(plain) == _letters(text)


def _letters(text: str) -> list[str]:
    return [character for character in text if unicodedata.category(character)[0] in "LMN"]


@pytest.mark.parametrize("character", ["’", "“", "–", "…", "•", "´", "`", "\u00a0"])
def test_the_usual_suspects_cost_nothing_any_more(character: str) -> None:
    assert encoding(f"a{character}b") == "ucs2"
    assert encoding(normalise_typography(f"a{character}b")) == "gsm7"


def test_sms_text_sends_no_space_that_nobody_sees() -> None:
    assert sms_text("  Thank you…  \r\n\r\n\r\n\r\nReply\u00a01 \n") == "Thank you...\n\nReply 1"


@given(ANY_TEXT)
def test_sms_text_is_idempotent(text: str) -> None:
    once = sms_text(text)
    assert sms_text(once) == once
