"""How the words of distress do on the labelled messages in `distress/`: shares by label, for tests and the bench."""

from __future__ import annotations

import tomllib
from pathlib import Path

from flows.safeguarding import concerns

FOLDER = Path(__file__).parent / "distress"
SETS = ("messages", "held_out")


def labelled(name: str) -> dict[str, list[str]]:
    """Return the messages of one file by label."""
    lists = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return {label: [entry["text"] for entry in entries] for label, entries in lists.items()}


def signposted(texts: list[str]) -> float:
    """Return the share of these messages that gets the signpost."""
    return sum(bool(concerns(text, "en")) for text in texts) / len(texts)


def shares(name: str) -> dict[str, float]:
    """Return the share that gets the signpost, by label."""
    return {label: signposted(texts) for label, texts in labelled(name).items()}
