"""Make the weights of the model of what is said to us: `python -m flows.language.intents.train_sense FOLDER`.

One model for each label, against all other messages. The same messages give the same weights to the last digit, on any
machine (`flows.language.linear.training`). Never imported while Earshot runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flows.language.intents import sense_model
from flows.language.intents.sense_words import of_message
from flows.language.intents.training_labels import COMMANDS, LABELS, NOTHING, UNLIKE, Example, labelled
from flows.language.linear.training import BIAS, numbered, solved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HIT, MISS, ALIKE = 3.0, 1.0, 4.0
"""What an error costs on a message of the label, on any other, and on one that was written to look alike."""
ROUNDS: Final = 15
SMALLEST: Final = 50
"""Weights nearer to nothing than this, in thousandths, are left out."""
STRICT: Final = frozenset({*COMMANDS, "person_please", "under_age", "wrong_number"})
"""Labels that look-alikes were written against."""


def trained(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """Return the weight of each feature for each label, the bias under its own name."""
    names, rows = numbered([of_message(each.text) for each in examples])
    made: dict[str, dict[str, float]] = {}
    for label in LABELS:
        used = [place for place, each in enumerate(examples) if each.label != UNLIKE or label in STRICT]
        signs = [1.0 if examples[place].label == label else -1.0 for place in used]
        costs = [
            HIT if sign > 0 else ALIKE if _is_alike(examples[place]) else MISS
            for place, sign in zip(used, signs, strict=True)
        ]
        weights = solved([rows[place] for place in used], signs, costs, len(names), rounds=ROUNDS, settles=True)
        made[label] = dict(zip(names, weights, strict=True))
    return made


def _is_alike(example: Example) -> bool:
    """Return whether a message was written to be mistaken: a sentence of a story was not."""
    return example.label == UNLIKE or (example.label == NOTHING and example.source in {"more", "fresh"})


def lines(weights: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the weights as they are shipped: the labels, then by family each feature with its weights by label."""
    labels = list(weights)
    families: dict[str, list[str]] = {}
    for name in sorted(weights[labels[0]]):
        rounded = [round(weights[label][name] * 1000) for label in labels]
        if name == BIAS:
            families[BIAS] = [f"{BIAS}\t" + " ".join(map(str, rounded))]
            continue
        kept = [f"{place}:{weight}" for place, weight in enumerate(rounded) if abs(weight) >= SMALLEST]
        if kept:
            family, _, feature = name.partition(" ")
            families.setdefault(family, []).append(f"{feature}\t" + " ".join(kept))
    made = [f"[{sense_model.LABELS}]", *labels]
    return made + [line for family in families for line in (f"[{family}]", *families[family])]


def fresh(folder: Path) -> list[str]:
    """Train on a folder and return the lines of `weights.txt`."""
    return lines(trained(labelled(folder)))


def main() -> None:
    """Train, and write the weights."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("tests/flows")
    made = fresh(folder)
    sense_model.FILE.write_text("\n".join(made) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(made)} lines in {sense_model.FILE}\n")


if __name__ == "__main__":
    main()
