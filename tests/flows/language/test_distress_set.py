"""The labelled messages for distress matching keep their own promises; matching is measured elsewhere."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

LONGEST = 1600
"""Characters a text provider takes in one message (rule 19)."""
FOLDER = Path(__file__).parents[1] / "distress"
FILES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
AT_LEAST = {
    "messages": {"distress": 144, "metaphor": 54, "quoting": 50, "ordinary": 120},
    "held_out": {"distress": 48, "metaphor": 18, "quoting": 18, "ordinary": 36},
}
WHOLE = {"messages": 360, "held_out": 120}
SHARES = {"distress": 0.40, "metaphor": 0.15, "quoting": 0.15, "ordinary": 0.30}
ENTRIES = [
    pytest.param(label, entry, id=f"{name}-{label}-{number}")
    for name, lists in FILES.items()
    for label, entries in lists.items()
    for number, entry in enumerate(entries, start=1)
]
PHONE_LIKE = re.compile(r"\d(?:[\s().+/-]*\d){5,}")
"""Six digits or more, with whatever people put between them. Years, prices and half a postcode are shorter."""


def same(text: str) -> str:
    """Return the message as a matcher may see it: case, punctuation and spacing make no new message."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip() or text


def test_both_files_are_there():
    assert set(FILES) == set(WHOLE)


@pytest.mark.parametrize("name", WHOLE)
def test_there_are_enough_of_each_label(name):
    counts = {label: len(entries) for label, entries in FILES[name].items()}
    assert set(counts) == set(SHARES)
    assert sum(counts.values()) >= WHOLE[name]
    assert {label: counts[label] for label in counts if counts[label] < AT_LEAST[name][label]} == {}


@pytest.mark.parametrize("name", WHOLE)
def test_the_labels_keep_their_shares(name):
    counts = {label: len(entries) for label, entries in FILES[name].items()}
    shares = {label: count / sum(counts.values()) for label, count in counts.items()}
    assert shares == pytest.approx(SHARES, abs=0.03)


@pytest.mark.parametrize(("label", "entry"), ENTRIES)
def test_an_entry_is_whole(label, entry):
    assert set(entry) == {"label", "about", "text"}
    assert entry["label"] == label
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", entry["about"])
    assert entry["text"] == entry["text"].strip() != ""
    assert len(entry["text"]) <= LONGEST
    assert not PHONE_LIKE.search(entry["text"])


def test_no_message_stands_twice():
    counts = Counter(same(entry["text"]) for lists in FILES.values() for entries in lists.values() for entry in entries)
    assert [text for text, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("text", ["ring 07700 900123", "on (0141) 496-0123", "+44 20 7946 0123", "116 123"])
def test_a_number_to_ring_would_be_seen(text):
    assert PHONE_LIKE.search(text)
