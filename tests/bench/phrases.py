"""What each phrase of `flows/language/distress/concerns/en.toml` is worth: `python -m tests.bench.phrases`, worst
first.

Prints how often a phrase is found in the labelled messages that training uses, by label, and what it fires on wrongly.
A phrase that fires on ordinary messages must earn its place.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from flows.language.distress import distress_tables
from flows.language.distress.train_danger import labelled
from flows.language.phrase_trie import build_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parents[1] / "flows" / "distress"
LABELS = ("distress", "reported", "lookalike", "ordinary")


def hits() -> dict[tuple[str, str], dict[str, list[str]]]:
    """Return (kind, phrase) -> label -> the messages in which the phrase counts."""
    book = distress_tables._english()
    (table,) = [table for table in distress_tables._tables() if table.language == "en"]
    tree = build_tree(
        (
            (distress_tables._respelled(pattern, book.spellings, distress_tables._as_written, {}), (kind, text))
            for kind in distress_tables.KINDS
            for text, pattern in zip(table.raw.get(kind, {}).get("now", ()), table.patterns(kind, "now"), strict=True)
        ),
        words=str.split,
    )
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for message in labelled(FOLDER):
        words = book.words(message.text)
        alike = distress_tables._matches(words, book.alike)
        for phrase in distress_tables._meant(words, distress_tables._matches(words, tree), alike, book):
            found[phrase][message.label].append(message.text)
    return found


def wrong(by_label: Mapping[str, list[str]]) -> int:
    """Return how many messages a phrase fires on that are nobody's distress."""
    return len(by_label.get("ordinary", ())) + len(by_label.get("lookalike", ()))


def main() -> None:
    """Print the phrases that fire wrongly, those first whose share of right ones is lowest."""
    found = hits()
    worst = sorted(
        found, key=lambda phrase: (len(found[phrase].get("distress", ())) / (wrong(found[phrase]) or 0.1), phrase)
    )
    for kind, text in worst:
        by_label = found[kind, text]
        if not wrong(by_label):
            continue
        counts = ", ".join(f"{label} {len(by_label.get(label, ()))}" for label in LABELS)
        print(f"[{kind}] {text[:110]}\n    {counts}")  # noqa: T201 - a report is printed
        for label in ("ordinary", "lookalike"):
            for message in by_label.get(label, ())[:3]:
                print(f"    {label}: {message[:150]}")  # noqa: T201


if __name__ == "__main__":
    main()
