"""Patterns of phrases, and the tree of words they are looked up in. Owns the little language of the keyword tables.

`(one|of)` one of these, `[perhaps|one|of]` one of these or nothing, `{slot}` one of the list of that name. Imports the
standard library and `flows.letters` only. Patterns are never spelled out: they are compiled into one tree of words, in
which finding a phrase costs one look per word, however many phrases there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from flows.letters import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

Meaning = TypeVar("Meaning")
Pattern = list["str | list[Pattern]"]
"""What is to be found in order: words as written, or a choice of patterns; an empty one in a choice is nothing."""

_MARKS = re.compile(r"[\[\]()|]|\{\w+\}|[^\[\](){}|]+|[{}]")


def parsed(text: str, slots: Mapping[str, Sequence[str | Pattern]]) -> Pattern:
    """Read a pattern; raises ValueError that says what is wrong with it. Slots may hold patterns read before."""
    choice, closed = _choice(iter(_MARKS.findall(text)), slots)
    if closed:
        raise ValueError(f"“{text}” closes a bracket that it never opened")
    return choice[0] if len(choice) == 1 else [choice]


def _choice(marks: Iterator[str], slots: Mapping[str, Sequence[str | Pattern]]) -> tuple[list[Pattern], str]:
    options: list[Pattern] = [[]]
    for mark in marks:
        if mark in {")", "]"}:
            return options, mark
        if mark == "|":
            options.append([])
        elif mark in {"(", "["}:
            inner, closed = _choice(marks, slots)
            if closed != {"(": ")", "[": "]"}[mark]:
                raise ValueError(f"the bracket “{mark}” is never closed by its partner")
            options[-1].append([*inner, []] if mark == "[" else inner)
        elif mark[0] in "{}":
            if mark[1:-1] not in slots:
                raise ValueError(f"“{mark}” is not the name of a list under [slots]")
            entries = slots[mark[1:-1]]
            options[-1].append([parsed(item, slots) if isinstance(item, str) else item for item in entries])
        else:
            options[-1].append(mark)
    return options, ""


def spelled(pattern: Pattern) -> list[str]:
    """Return every phrase of a pattern that has few of them."""
    made = [""]
    for item in pattern:
        endings = [item] if isinstance(item, str) else [phrase for option in item for phrase in spelled(option)]
        made = [start + end for start in made for end in endings]
    return made


@dataclass(slots=True, eq=False)
class _State(Generic[Meaning]):
    """A place within a pattern, while the tree is made; `meaning` is there where a phrase may end."""

    arcs: dict[str, list[_State[Meaning]]] = field(default_factory=dict)
    meaning: Meaning | None = None


@dataclass(slots=True, eq=False)
class Tree(Generic[Meaning]):
    """What may come next, by word, and what has been said if nothing does."""

    next: dict[str, Tree[Meaning]] = field(default_factory=dict)
    meaning: Meaning | None = None

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
    roots = [state for pattern, meaning in phrases for state in _entries(pattern, [_State(meaning=meaning)], words)]
    return _tree(roots, {})


def _entries(
    pattern: Pattern, after: list[_State[Meaning]], words: Callable[[str], list[str]]
) -> list[_State[Meaning]]:
    for item in reversed(pattern):
        if isinstance(item, str):
            for word in reversed(words(item)):
                after = [_State({word: after})]
        else:
            after = [state for option in item for state in _entries(option, after, words)]
    return after


def _tree(states: list[_State[Meaning]], made: dict[tuple[int, ...], Tree[Meaning]]) -> Tree[Meaning]:
    key = tuple(map(id, states))
    if key not in made:
        arcs: dict[str, dict[int, _State[Meaning]]] = {}
        for state in states:
            for word, following in state.arcs.items():
                arcs.setdefault(word, {}).update((id(each), each) for each in following)
        meaning = next((state.meaning for state in states if state.meaning is not None), None)
        made[key] = Tree({word: _tree(list(following.values()), made) for word, following in arcs.items()}, meaning)
    return made[key]
