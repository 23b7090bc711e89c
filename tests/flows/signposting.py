"""How the words of distress do on the labelled messages in `distress/`: shares by label, for tests and the bench."""

from __future__ import annotations

import tomllib
from pathlib import Path

from flows.language.distress.detect_distress import notice

FOLDER = Path(__file__).parent / "distress"
SETS = ("messages", "held_out")


def labelled(name: str) -> dict[str, list[str]]:
    """Return the messages of one file by label."""
    lists = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return {label: [entry["text"] for entry in entries] for label, entries in lists.items()}


def signposted(texts: list[str]) -> float:
    """Return the share of these messages that gets the signpost."""
    return sum(notice(text, "en").level == "plain" for text in texts) / len(texts)


def noticed(texts: list[str]) -> float:
    """Return the share of these messages that a person is asked to look at, with a signpost or without."""
    return sum(notice(text, "en").level != "" for text in texts) / len(texts)
