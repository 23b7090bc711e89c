"""How the weights of a linear model are made. Never imported while Earshot runs.

The same rows give the same weights to the last digit, on any machine: a support vector machine with squared hinge loss,
solved by dual coordinate descent (Hsieh and others, 2008) in an order that is fixed, with nothing but additions,
multiplications and divisions. Weight 0 is the bias.
"""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

BIAS: Final = "bias"
SEEN_IN: Final = 2
"""Messages a feature must stand in to be learned from."""
SETTLED: Final = 0.15
"""How far beyond its margin a message with no part in the weights must be to be left out of the rounds that follow."""


class TrainingRow(NamedTuple):
    """A message to learn from, with what does not depend on the label that is learned."""

    features: list[int]
    look: Callable[[list[float]], tuple[float, ...]]
    """Takes the weights of its features out of all weights."""
    scale: float
    """What each of its features counts: the more there are, the less."""
    norm: float
    """The square of its length, the bias included."""


def numbered(messages: Sequence[Iterable[str]]) -> tuple[list[str], list[TrainingRow]]:
    """Return the names of the features that count, the bias first, and each message by the numbers of its features."""
    lists = [list(features) for features in messages]
    counts = Counter(feature for features in lists for feature in set(features))
    names = [BIAS, *sorted(feature for feature, count in counts.items() if count >= SEEN_IN)]
    number = {name: place for place, name in enumerate(names)}
    return names, [_row([number[feature] for feature in features if feature in number]) for features in lists]


def _row(features: list[int]) -> TrainingRow:
    scale = 1.0 / len(features) ** 0.5 if features else 0.0
    norm = 1.0 + scale * scale * sum(count * count for count in Counter(features).values())
    if len(features) > 1:
        return TrainingRow(features, itemgetter(*features), scale, norm)
    return TrainingRow(features, lambda weights: tuple(weights[feature] for feature in features), scale, norm)


def solved(
    rows: Sequence[TrainingRow],
    signs: Sequence[float],
    costs: Sequence[float],
    width: int,
    *,
    rounds: int,
    settles: bool = False,
) -> list[float]:
    """Return `width` weights. The sign of a row is 1.0 for what is looked for, else -1.0.

    `costs` are what an error on each row costs, beside how large the weights may grow. `settles` leaves rows out, once
    they are safely on their side: much quicker where nearly all are.
    """
    weights = [0.0] * width
    slack = [0.5 / cost for cost in costs]
    alphas = [0.0] * len(rows)
    order = list(range(len(rows)))
    for turn in range(rounds):
        still = []
        for place in _shuffled(order, turn):
            features, look, scale, norm = rows[place]
            sign = signs[place]
            margin = sign * (weights[0] + scale * sum(look(weights))) - 1.0 + slack[place] * alphas[place]
            alpha = max(alphas[place] - margin / (norm + slack[place]), 0.0)
            if settles and (alpha or turn < 1 or margin < SETTLED):
                still.append(place)
            step = (alpha - alphas[place]) * sign
            if step:
                alphas[place] = alpha
                weights[0] += step
                step *= scale
                for feature in features:
                    weights[feature] += step
        if settles:
            order = sorted(still)
    return weights


def _shuffled(order: Sequence[int], turn: int) -> list[int]:
    """Return the places in an order that is always the same for a turn (a linear congruential generator)."""
    state = 12345 + turn
    keys = []
    for _ in order:
        state = (state * 1103515245 + 12345) % 2147483648
        keys.append(state)
    return [place for _, place in sorted(zip(keys, order, strict=True))]
