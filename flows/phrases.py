"""Patterns of phrases, and the tree of words they are looked up in. Owns the little language of the keyword tables.

`(one|of)` one of these, `[perhaps|one|of]` one of these or nothing, `{slot}` one of the list of that name. Imports the
standard library and `flows.letters` only. Patterns are never spelled out: they are compiled into one tree of words, in
which finding a phrase costs one look per word, however many phrases there are; of the tree only those branches are made
that somebody's words have led to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

from flows.letters import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

Meaning = TypeVar("Meaning")
Pattern = list["str | list[Pattern]"]
"""What is to be found in order: words as written, or a choice of patterns; an empty one in a choice is nothing."""

_MARKS = re.compile(r"[\[\]()|]|\{\w+\}|[^\[\](){}|]+|[{}]")


def parsed(
    text: str, slots: Mapping[str, Sequence[str | Pattern]], known: dict[str, list[Pattern]] | None = None
) -> Pattern:
    """Read a pattern; raises ValueError that says what is wrong with it. Slots that were read before are in `known`."""
    choice, closed = _choice(iter(_MARKS.findall(text)), slots, {} if known is None else known)
    if closed:
        raise ValueError(f"“{text}” closes a bracket that it never opened")
    return choice[0] if len(choice) == 1 else [choice]


def _choice(
    marks: Iterator[str], slots: Mapping[str, Sequence[str | Pattern]], known: dict[str, list[Pattern]]
) -> tuple[list[Pattern], str]:
    options: list[Pattern] = [[]]
    for mark in marks:
        if mark in {")", "]"}:
            return options, mark
        if mark == "|":
            options.append([])
        elif mark in {"(", "["}:
            inner, closed = _choice(marks, slots, known)
            if closed != {"(": ")", "[": "]"}[mark]:
                raise ValueError(f"the bracket “{mark}” is never closed by its partner")
            options[-1].append([*inner, []] if mark == "[" else inner)
        elif mark[0] in "{}":
            if mark[1:-1] not in slots:
                raise ValueError(f"“{mark}” is not the name of a list under [slots]")
            if mark not in known:
                entries = slots[mark[1:-1]]
                known[mark] = [parsed(item, slots, known) if isinstance(item, str) else item for item in entries]
            options[-1].append(known[mark])
        else:
            options[-1].append(mark)
    return options, ""


def spelled(pattern: Pattern) -> Iterator[str]:
    """Yield the phrases of a pattern one by one: some have millions."""
    if not pattern:
        yield ""
        return
    first, *others = pattern
    for start in [first] if isinstance(first, str) else (each for option in first for each in spelled(option)):
        for end in spelled(others):
            yield start + end


class State(Generic[Meaning]):
    """A place within a pattern; `meaning` is there where a phrase may end."""

    __slots__ = ("arcs", "meaning")

    def __init__(self, arcs: dict[str, Later[Meaning]], meaning: Meaning | None = None) -> None:
        self.arcs = arcs
        self.meaning = meaning


class Later(Generic[Meaning]):
    """The states from which a pattern goes on, made when somebody first gets there."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], list[State[Meaning]]]) -> None:
        self._make = make
        self._made: list[State[Meaning]] | None = None

    def __call__(self) -> list[State[Meaning]]:
        """Return them."""
        if self._made is None:
            self._made = self._make()
        return self._made


class Tree(Generic[Meaning]):
    """What may come next, by word, and what has been said if nothing does. Grows as it is looked at."""

    __slots__ = ("_grown", "_states", "meaning", "next")

    next: dict[str, Tree[Meaning]]

    def __init__(self, states: Sequence[State[Meaning]], grown: dict[tuple[int, ...], Tree[Meaning]]) -> None:
        self._states = states
        self._grown = grown
        self.meaning = next((state.meaning for state in states if state.meaning is not None), None)

    def __getattr__(self, name: str) -> dict[str, Tree[Meaning]]:
        if name != "next":
            raise AttributeError(name)
        arcs: dict[str, dict[int, State[Meaning]]] = {}
        for state in self._states:
            for word, following in state.arcs.items():
                known = arcs.setdefault(word, {})
                for each in following():
                    known[id(each)] = each
        self.next = {word: self._branch(following) for word, following in arcs.items()}
        return self.next

    def _branch(self, states: dict[int, State[Meaning]]) -> Tree[Meaning]:
        key = tuple(states)
        if (grown := self._grown.get(key)) is None:
            grown = self._grown[key] = Tree(tuple(states.values()), self._grown)
        return grown

    def find(self, words: Sequence[str], start: int = 0, ends: Collection[int] = ()) -> Meaning | None:
        """Return the meaning of the longest phrase from `start` to one of `ends` (the end of the words if empty)."""
        tree = self
        best = None
        last = len(words)
        for place in range(start, last):
            following = tree.next.get(words[place])
            if following is None:
                return best
            tree = following
            if tree.meaning is not None and (place + 1 in ends or place + 1 == last):
                best = tree.meaning
        return best

    def within(self, words: Sequence[str]) -> bool:
        """Tell whether any of these phrases stands anywhere among the words."""
        for start, word in enumerate(words):
            tree = self.next.get(word)
            place = start
            while tree is not None:
                if tree.meaning is not None:
                    return True
                place += 1
                tree = tree.next.get(words[place]) if place < len(words) else None
        return False


def planted(phrases: Iterable[tuple[Pattern, Meaning]], words: Callable[[str], list[str]] = folded) -> Tree[Meaning]:
    """Return the tree of these patterns; where two mean the same words, the first one counts.

    `words` makes the words of what is written in a pattern.
    """
    return joined(state for pattern, meaning in phrases for state in sown(pattern, meaning, words))


def joined(states: Iterable[State[Meaning]]) -> Tree[Meaning]:
    """Return the tree of patterns that were sown before, which may stand in other trees as well."""
    return Tree(tuple(states), {})


def sown(pattern: Pattern, meaning: Meaning, words: Callable[[str], Sequence[str]] = folded) -> list[State[Meaning]]:
    """Return where a pattern may begin."""
    return _entries(pattern, Later(lambda: [State({}, meaning)]), words)()


def _entries(pattern: Pattern, after: Later[Meaning], words: Callable[[str], Sequence[str]]) -> Later[Meaning]:
    for item in reversed(pattern):
        after = _literal(item, after, words) if isinstance(item, str) else _either(item, after, words)
    return after


def _literal(text: str, after: Later[Meaning], words: Callable[[str], Sequence[str]]) -> Later[Meaning]:
    def make() -> list[State[Meaning]]:
        following = after
        for word in reversed(words(text)):
            following = _single(word, following)
        return following()

    return Later(make)


def _single(word: str, after: Later[Meaning]) -> Later[Meaning]:
    return Later(lambda: [State({word: after})])


def _either(options: list[Pattern], after: Later[Meaning], words: Callable[[str], Sequence[str]]) -> Later[Meaning]:
    return Later(lambda: [state for option in options for state in _entries(option, after, words)()])
