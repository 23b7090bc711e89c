"""Many patterns as one automaton, whose states are made when words first lead there.

Owns the finding of patterns that overlap and of words that may be any. It is for tables of which a message touches
little: making all states at once, as `flows.phrases.planted` does, would take longer than the start of the program.
Imports `flows.phrases` for the shape of a pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from flows.phrases import Pattern

Meaning = TypeVar("Meaning")
ANY = "*"
"""Any one word, in a pattern."""


class _Rest(NamedTuple):
    """What of a pattern is still to come: its items from `place` on, then what follows the pattern around it."""

    pattern: Pattern
    place: int
    after: _Rest | None


class _Words(NamedTuple):
    """What is still to come of an item of several words."""

    words: Sequence[str]
    place: int
    after: _Rest


class Found(NamedTuple, Generic[Meaning]):
    """A pattern that was found: what it means, and where its words begin and end."""

    meaning: Meaning
    start: int
    end: int


class State(Generic[Meaning]):
    """Where the automaton may be: what is still to come of each pattern that fits so far."""

    __slots__ = ("_words", "anything", "arcs", "made", "meaning")

    def __init__(
        self, open_patterns: Iterable[tuple[_Rest | _Words, Meaning]], words: Callable[[str], Sequence[str]]
    ) -> None:
        """`words` makes the words of what is written in a pattern. Of two meanings the first counts."""
        self.arcs: dict[str, list[tuple[_Rest | _Words, Meaning]]] = {}
        self.made: dict[str, State[Meaning]] = {}
        self._words = words
        self.meaning: Meaning | None = None
        for rest, meaning in open_patterns:
            for word, following in _next(rest, words):
                if word:
                    self.arcs.setdefault(word, []).append((following, meaning))
                elif self.meaning is None:
                    self.meaning = meaning
        self.anything = self.after(ANY)

    def after(self, word: str) -> State[Meaning] | None:
        """Return where a word leads; None if nowhere."""
        made = self.made.get(word)
        if made is None and (arcs := self.arcs.pop(word, None)) is not None:
            made = self.made[word] = State(arcs, self._words)
        return made


def automaton(patterns: Iterable[tuple[Pattern, Meaning]], words: Callable[[str], Sequence[str]]) -> State[Meaning]:
    """Return the first state of an automaton of these patterns."""
    return State((((_Rest(pattern, 0, None)), meaning) for pattern, meaning in patterns), words)


def found(root: State[Meaning], words: Sequence[str]) -> list[Found[Meaning]]:
    """Return every pattern that stands anywhere in these words, in the order of where they end."""
    hits: list[Found[Meaning]] = []
    active: list[tuple[int, State[Meaning]]] = []
    made, arcs = root.made, root.arcs
    for place, word in enumerate(words):
        following: list[tuple[int, State[Meaning]]] = []
        for start, state in active:
            named = state.made.get(word)
            if named is not None or (word in state.arcs and (named := state.after(word)) is not None):
                following.append((start, named))
            if state.anything is not None:
                following.append((start, state.anything))
        first = made.get(word)
        if first is not None or (word in arcs and (first := root.after(word)) is not None):
            following.append((place, first))
        if root.anything is not None:
            following.append((place, root.anything))
        active = following
        for start, state in active:
            if state.meaning is not None:
                hits.append(Found(state.meaning, start, place + 1))
    return hits


def _next(rest: _Rest | _Words | None, words: Callable[[str], Sequence[str]]) -> Iterator[tuple[str, _Rest | _Words]]:
    """Yield each word that may come next with what comes after it; an empty word is the end of the pattern."""
    while isinstance(rest, _Rest) and rest.place == len(rest.pattern):
        rest = rest.after
    if rest is None:
        yield "", _END
    elif isinstance(rest, _Words):
        yield rest.words[rest.place], _beyond(rest.words, rest.place + 1, rest.after)
    else:
        item = rest.pattern[rest.place]
        after = _Rest(rest.pattern, rest.place + 1, rest.after)
        if isinstance(item, str):
            spoken = words(item)
            if spoken:
                yield spoken[0], _beyond(spoken, 1, after)
            else:
                yield from _next(after, words)
        else:
            for option in item:
                yield from _next(_Rest(option, 0, after), words)


def _beyond(words: Sequence[str], place: int, after: _Rest) -> _Rest | _Words:
    return _Words(words, place, after) if place < len(words) else after


_END = _Rest([], 0, None)
