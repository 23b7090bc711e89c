"""How sure the model is of what is said to us: sure enough to act, sure enough to offer, or not at all.

Asked only where no phrase of the tables fits. A message of more than `LONGEST` words tells something and is not looked
at; neither is one with many words that were never learned of: it is in another language, or a name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from flows.language.intents import sense_model
from flows.language.intents.sense_words import LONGEST, known, marks, words

if TYPE_CHECKING:
    from collections.abc import Mapping


class Bounds(NamedTuple):
    """Weights in thousandths from which a label counts. Chosen on authors held out of training: docs/measured.md."""

    alone: int
    telling: int
    """The same where the words may be a story."""


USUAL: Final = Bounds(-100, 200)
BOUNDS: Final[Mapping[str, Bounds]] = {
    "stop": Bounds(0, 150),
    "delete": Bounds(0, 250),
    "my_data": Bounds(0, 250),
    "narrow_team": Bounds(-100, 250),
    "narrow_unnamed": Bounds(0, 250),
    "person_please": Bounds(0, 250),
    "done": Bounds(50, 50),
    "emergency": Bounds(-100, 50),
    "under_age": Bounds(-150, 100),
    "automatic_reply": Bounds(200, 300),
    "spam": Bounds(200, 300),
    "what_if_no": Bounds(0, 200),
    "how_long": Bounds(0, 250),
}
FEW: Final = 2
FEW_WORDS: Final = 500
"""How much more it takes in a message of `FEW` words, which is an answer rather than anything else."""
OTHERS: Final = frozenset({"he_she", "they_word"})
OF_OTHERS: Final = 200
"""How much more those of `OWN` take where the message speaks of somebody else."""
NOT: Final = frozenset({"not", "never"})
UNDONE: Final = frozenset({"cease", "remove"})
"""Groups of words after which `NOT` turns a wish to stop or to delete into its opposite."""
ASKING: Final = 250
"""How much more "delete" takes in a question: whoever asks whether it can be done has not asked for it yet."""
ABOUT: Final = ("what happens", "what will happen", "what would happen", "what if", "do you", "does it", "if i")
"""How a question about us begins: whoever asks what follows a wish has not said it, so the way is only named."""
OFFERED: Final[Mapping[str, int]] = {"stop": -400, "delete": -350}
"""Weights from which the way to a wish is named, though nothing is done."""
LEAST: Final = -400
"""No bound is lower."""
OWN: Final = frozenset(
    {"stop", "delete", "my_data", "narrow_team", "narrow_unnamed", "person_please", "under_age", "wrong_number"}
)
"""Labels that are about the writer alone."""
KNOWN: Final = 0.6
"""Share of its words that must have been learned of."""
LONGEST_LETTERS: Final = 220


class Sensed(NamedTuple):
    """What a message reads like."""

    label: str
    sure: bool
    """False: name the way and do nothing."""


def sensed(text: str, *, telling: bool = False) -> Sensed | None:
    """Return what an English message reads like, or None. `telling` is for words that may be a story. Never raises."""
    if len(text) > LONGEST_LETTERS or text.count(" ") >= LONGEST:
        return None
    weights, of_others = _weighed(text)
    if not weights:
        return None
    more = FEW_WORDS if text.count(" ") < FEW else 0
    counted = []
    for label, weight in weights.items():
        bounds = BOUNDS.get(label, USUAL)
        least = (bounds.telling if telling else bounds.alone) + more
        if of_others and label in OWN:
            least += OF_OTHERS
        if weight >= least + (ASKING if label == "delete" and "?" in text else 0):
            counted.append((weight, label))
    if counted:
        label = max(counted)[1]
        return Sensed(label, sure=label not in OFFERED or not text.casefold().lstrip().startswith(ABOUT))
    if more:
        return None
    offered = [(weights[label], label) for label, least in OFFERED.items() if weights.get(label, least - 1) >= least]
    return Sensed(max(offered)[1], sure=False) if offered else None


def warm() -> None:
    """Read the model now rather than with the first message."""
    sense_model.shipped()


@lru_cache(maxsize=2)
def _weighed(text: str) -> tuple[dict[str, float], bool]:
    """Return the weights by label that may matter, and whether the message speaks of somebody else.

    No weights for what is not looked at. The same message is asked about several times in a turn.
    """
    spoken = words(text)
    shipped = sense_model.shipped()
    if not spoken or len(text.split()) > LONGEST or sum(map(shipped.knows, spoken)) < KNOWN * len(spoken):
        return {}, False
    weighed = zip(shipped.labels, shipped.weigh(spoken, marks(text, spoken)), strict=True)
    weights = {label: weight for label, weight in weighed if weight >= LEAST}
    if not weights:
        return {}, False
    groups = [known().groups.of(word) for word in spoken]
    if any(word in NOT and not UNDONE.isdisjoint(some) for word, some in zip(spoken, groups[1:], strict=False)):
        weights.pop("stop", None)
        weights.pop("delete", None)
    return weights, any(not OTHERS.isdisjoint(some) for some in groups)
