"""Opt-outs, deletions, requests and their look-alikes in people's own words: the labelled table own_words.tsv.

"heard" is the word a message must be heard as, NARROW with how far; "-" must be heard as none of those that leave, take
back, ask for what is held, for a person, or for less. "\\n" in a text is a new line.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from flows.language.keywords.recognise import Keyword, recognise

WEIGHTY = frozenset(
    {Keyword.STOP, Keyword.DELETE, Keyword.DELETE_CHAT, Keyword.MY_DATA, Keyword.PERSON, Keyword.NARROW}
)
with (Path(__file__).parents[1] / "own_words.tsv").open(encoding="utf-8", newline="") as file:
    ROWS = [
        (row["heard"], row["text"].replace("\\n", "\n"))
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    ]
MEANT = [(heard, text) for heard, text in ROWS if heard != "-"]
ALIKE = [text for heard, text in ROWS if heard == "-"]


def test_the_table_is_large_enough() -> None:
    counts = Counter(heard.split()[0] for heard, _ in ROWS)
    assert counts["-"] >= 150
    assert counts["STOP"] + counts["DELETE"] + counts["MY_DATA"] >= 150
    assert len({text for _, text in ROWS}) == len(ROWS)


@pytest.mark.parametrize("language", ["en"])
@pytest.mark.parametrize(("heard", "text"), MEANT)
def test_it_is_heard(heard: str, text: str, language: str) -> None:
    found = recognise(text, language=language, channel="telegram")
    assert found is not None
    word, _, use = heard.partition(" ")
    assert found.word.name == word
    if use:
        assert (found.rest, found.whole) == (use, True)


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("text", ALIKE)
def test_a_look_alike_is_not_taken(text: str, language: str) -> None:
    found = recognise(text, language=language, channel="telegram")
    assert found is None or found.word not in WEIGHTY


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        ("stop and delete everything", Keyword.STOP, Keyword.DELETE),
        ("delete my story and stop texting me", Keyword.STOP, Keyword.DELETE),
        ("Please stop. Send me a copy of everything you hold about me.", Keyword.STOP, Keyword.MY_DATA),
        ("send me my data then delete everything", Keyword.DELETE, Keyword.MY_DATA),
    ],
)
def test_two_wishes_in_one_message(text: str, first: Keyword, then: Keyword) -> None:
    """The weightier comes first and the other is left, whichever was written first."""
    found = recognise(text, language="en", channel="sms")
    assert found is not None
    assert (found.word, found.whole) == (first, False)
    other = recognise(found.rest, language="en", channel="sms")
    assert other is not None
    assert other.word is then


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Stop\nSent from my iPhone", ""),
        ("STOP. Regards, Brian Tetlow", ""),
        ("no thanks stop", "no thanks"),
        ("STOP - wrong person", "wrong person"),
        ("stop texting me hes seen it", "hes seen it"),
    ],
)
def test_a_signature_is_no_rest_and_a_reason_is(text: str, rest: str) -> None:
    found = recognise(text, language="en", channel="sms")
    assert found is not None
    assert (found.word, found.rest, found.whole) == (Keyword.STOP, rest, not rest)
