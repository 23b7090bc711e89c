"""Make the weights of the model from labelled messages: `python -m flows.language.distress.train_danger FOLDER`.

The same messages give the same weights to the last digit, on any machine (`flows.language.linear.training`). It takes
about half a minute. Never imported while Earshot runs.

A message is a line of `FOLDER/*.tsv` with the columns id, label, kind, voice, text, or an entry of `FOLDER/*.toml` as
`README.md` there explains; files whose name begins with `held_out` are left alone.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Final, NamedTuple

from flows.language.distress import danger_features, danger_model, distress_tables
from flows.language.linear.training import numbered, solved

COST: Final = 1.0
"""What an error on a message of each label costs, beside how large the weights may grow."""
COSTS: Final = {"distress": 1.0, "ordinary": 1.0, "lookalike": 1.0, "reported": 0.3}
SAME: Final = {"metaphor": "lookalike", "quoting": "reported"}
ROUNDS: Final = 30
SMALLEST: Final = 15
"""Weights nearer to nothing than this, in thousandths, are left out."""


class LabelledMessage(NamedTuple):
    """A labelled message."""

    label: str
    voice: str
    """Who wrote it: what is held out to measure is always a whole voice."""
    text: str


def labelled(folder: Path) -> list[LabelledMessage]:
    """Return the messages of a folder in a fixed order."""
    messages = []
    for path in sorted(folder.glob("*.toml")):
        if not path.name.startswith("held_out"):
            lists = tomllib.loads(path.read_text(encoding="utf-8"))
            messages += [
                LabelledMessage(SAME.get(name, name), path.stem, each["text"]) for name in lists for each in lists[name]
            ]
    for path in sorted(folder.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            _, label, _, voice, text = line.split("\t")
            messages.append(LabelledMessage(label, f"{path.stem} {voice}", text))
    return messages


def seen(message: LabelledMessage) -> list[str]:
    """Return the features of a message."""
    found = distress_tables.found_in_english(message.text)
    return list(danger_features.of_piece(found.words, danger_features.flags(found)))


def trained(messages: list[LabelledMessage], pieces: list[list[str]]) -> dict[str, float]:
    """Return the weight of each feature, the bias under its own name."""
    names, rows = numbered(pieces)
    signs = [1.0 if message.label == "distress" else -1.0 for message in messages]
    costs = [COST * COSTS[message.label] for message in messages]
    return dict(zip(names, solved(rows, signs, costs, len(names), rounds=ROUNDS), strict=True))


def lines(weights: dict[str, float]) -> list[str]:
    """Return the weights as they are shipped: rounded, sorted, by family."""
    families: dict[str, list[str]] = {}
    for name, weight in sorted(weights.items()):
        rounded = round(weight * 1000)
        family, _, feature = name.partition(" ")
        if name == danger_model.BIAS:
            families.setdefault(danger_model.BIAS, []).append(f"{name} {rounded}")
        elif abs(rounded) >= SMALLEST:
            families.setdefault(family, []).append(f"{feature} {rounded}")
    return [line for family in families for line in (f"[{family}]", *families[family])]


def fresh(folder: Path) -> list[str]:
    """Train on a folder and return the lines of `weights.txt`."""
    messages = labelled(folder)
    return lines(trained(messages, [seen(message) for message in messages]))


def main() -> None:
    """Train, and write the weights."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("tests/flows/distress")
    if not labelled(folder):
        raise SystemExit(f"There are no labelled messages in {folder}. The weights were left as they are.")
    made = fresh(folder)
    danger_model.FILE.write_text("\n".join(made) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(made)} lines in {danger_model.FILE}\n")


if __name__ == "__main__":
    main()
