"""How danger is noticed on voices that the model was not trained on: `python -m tests.bench.held_out`, a minute or two.

For each voice in turn the model is trained on all the others and judged on that one, phrases and model together as
they run. The phrases were pruned by looking at these messages, so their part is a little flattered. `messages.toml`,
which the phrases were written from, and `e.tsv`, written beside them, are trained on and not judged.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from flows.language.distress import danger_model, train_danger
from flows.language.distress.detect_distress import notice

FOLDER = Path(__file__).parents[1] / "flows" / "distress"
LABELS = ("distress", "ordinary", "lookalike", "reported")
NOT_JUDGED = ("messages", "e beside_the_words")


def judged() -> Counter[tuple[str, str, str]]:
    """Return how many messages of (voice, label) were taken for each level, by a model that had not seen the voice."""
    messages = train_danger.labelled(FOLDER)
    seen = [train_danger.seen(message) for message in messages]
    found: Counter[tuple[str, str, str]] = Counter()
    shipped = danger_model.shipped
    try:
        for voice in sorted({message.voice for message in messages} - set(NOT_JUDGED)):
            others = [place for place, message in enumerate(messages) if message.voice != voice]
            weights = train_danger.trained([messages[place] for place in others], [seen[place] for place in others])
            fresh = danger_model.DangerModel(train_danger.lines(weights))
            danger_model.shipped = lambda fresh=fresh: fresh  # type: ignore[assignment]
            for message in messages:
                if message.voice == voice:
                    found[voice, message.label, notice(message.text).level] += 1
    finally:
        danger_model.shipped = shipped
    return found


def main() -> None:
    """Print the shares by label, then by voice."""
    found = judged()
    voices = sorted({voice for voice, _, _ in found})
    for name, some in (("all", voices), *((voice, [voice]) for voice in voices)):
        told = []
        for label in LABELS:
            counts = Counter()
            for voice in some:
                counts.update({level: found[voice, label, level] for level in ("", "likely", "plain")})
            number = counts.total() or 1
            plain = counts["plain"] / number
            told.append(f"{label} {plain:.3f} {plain + counts['likely'] / number:.3f} of {counts.total()}")
        print(f"{name}: " + " | ".join(told), flush=True)  # noqa: T201 - a report is printed


if __name__ == "__main__":
    main()
