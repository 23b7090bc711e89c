"""Patterns of phrases, and the tree of words they are looked up in. Owns the little language of the keyword tables.

`(one|of)` one of these, `[perhaps|one|of]` one of these or nothing, `{slot}` one of the list of that name. Patterns are
never spelled out: they are put together in one tree of words, in which finding a phrase costs one look per word,
however many phrases there are. Of the tree only those branches are made that somebody's words have led to, and of a
pattern only what its first words are; that keeps tens of thousands of phrases in a few megabytes and ready at once.
"""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING, Generic, TypeVar, Union, cast

from flows.language.normalise import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

Meaning = TypeVar("Meaning")
Pattern = Union[str, tuple["str | PatternChoice", ...]]  # noqa: UP007 - `|` cannot name what is yet to come
"""What is to be found in order: words as written, or a choice of patterns; an empty one in a choice is nothing. Words
alone are a pattern as they are: most options are one word, and there are tens of thousands of them."""

_MARKS = re.compile(r"[\[\]()|]|\{\w+\}|[^\[\](){}|]+|[{}]")


class PatternChoice(list[Pattern]):
    """Patterns of which one is to be found. Shared by all patterns that name the same slot."""

    __slots__ = ("_firsts", "_leads_on", "_read")

    def firsts(self, words: Callable[[str], Sequence[str]]) -> dict[str, int | list[int]]:
        """Return by first word the number of the option that may begin with it, or of several."""
        if getattr(self, "_read", None) is not words:
            self._look(words)
        return self._firsts

    def leads_on(self, words: Callable[[str], Sequence[str]]) -> Sequence[int]:
        """Return the options that may be nothing."""
        if getattr(self, "_read", None) is not words:
            self._look(words)
        return self._leads_on

    def _look(self, words: Callable[[str], Sequence[str]]) -> None:
        firsts: dict[str, int | list[int]] = {}
        nothing = []
        for number, option in enumerate(self):
            for item in items(option):
                if isinstance(item, str):
                    spoken = words(item)
                    if spoken:
                        _add(firsts, spoken[:1], number)
                        break
                else:
                    _add(firsts, item.firsts(words), number)
                    if not item.leads_on(words):
                        break
            else:
                nothing.append(number)
        self._firsts, self._leads_on, self._read = firsts, tuple(nothing), words


def _add(firsts: dict[str, int | list[int]], more: Iterable[str], number: int) -> None:
    for word in more:
        known = firsts.setdefault(word, number)
        if isinstance(known, list):
            if known[-1] != number:
                known.append(number)
        elif known != number:
            firsts[word] = [known, number]


def parsed(
    text: str, slots: Mapping[str, Sequence[str | Pattern]], known: dict[str, PatternChoice] | None = None
) -> Pattern:
    """Read a pattern; raises ValueError that says what is wrong with it. Slots that were read before are in `known`."""
    choice, closed = _choice(map(intern, _MARKS.findall(text)), slots, {} if known is None else known)
    if closed:
        raise ValueError(f"“{text}” closes a bracket that it never opened")
    return choice[0] if len(choice) == 1 else (choice,)


def items(pattern: Pattern) -> tuple[str | PatternChoice, ...]:
    """Return what is to be found in order."""
    return (pattern,) if isinstance(pattern, str) else pattern


def pattern_of(found: Sequence[str | PatternChoice]) -> Pattern:
    """Return the pattern of what is to be found in order."""
    first = found[0] if len(found) == 1 else None
    return first if isinstance(first, str) else tuple(found)


def _choice(
    marks: Iterator[str], slots: Mapping[str, Sequence[str | Pattern]], known: dict[str, PatternChoice]
) -> tuple[PatternChoice, str]:
    options, option = PatternChoice(), list[str | PatternChoice]()
    for mark in marks:
        if mark in {")", "]"}:
            options.append(pattern_of(option))
            return options, mark
        if mark == "|":
            options.append(pattern_of(option))
            option = []
        elif mark in {"(", "["}:
            inner, closed = _choice(marks, slots, known)
            if closed != {"(": ")", "[": "]"}[mark]:
                raise ValueError(f"the bracket “{mark}” is never closed by its partner")
            if mark == "[":
                inner.append(())
            option.append(inner)
        elif mark[0] in "{}":
            if mark[1:-1] not in slots:
                raise ValueError(f"“{mark}” is not the name of a list under [slots]")
            if mark not in known:
                entries = slots[mark[1:-1]]
                known[mark] = PatternChoice(
                    parsed(one, slots, known) if isinstance(one, str) else one for one in entries
                )
            option.append(known[mark])
        else:
            option.append(mark)
    options.append(pattern_of(option))
    return options, ""


def expanded(pattern: Pattern) -> Iterator[str]:
    """Yield the phrases of a pattern one by one: some have millions."""
    if not pattern:
        yield ""
        return
    first, *others = items(pattern)
    for start in [first] if isinstance(first, str) else (each for option in first for each in expanded(option)):
        for end in expanded(tuple(others)):
            yield start + end


class PatternEnd(Generic[Meaning]):
    """The end of a pattern."""

    __slots__ = ("ends",)

    def __init__(self, meaning: Meaning) -> None:
        self.ends = meaning

    def firsts(self) -> Iterable[str]:
        """Return no word: nothing comes next."""
        return ()

    def step(self, word: str) -> Sequence[Place[Meaning]]:
        """Return nothing."""
        return ()


class Spoken(Generic[Meaning]):
    """Somewhere within words that have to come one after the other."""

    __slots__ = ("_after", "_at", "_next", "_words")
    ends = None

    def __init__(self, words: Sequence[str], at: int, after: Place[Meaning]) -> None:
        self._words, self._at, self._after = words, at, after
        self._next: tuple[Place[Meaning]] | None = None

    def firsts(self) -> Iterable[str]:
        """Return the one word that may come next."""
        return (self._words[self._at],)

    def step(self, word: str) -> Sequence[Place[Meaning]]:
        """Return where a word leads."""
        if word != self._words[self._at]:
            return ()
        if self._next is None:
            self._next = (_beyond(self._words, self._at + 1, self._after),)
        return self._next


class Rest(Generic[Meaning]):
    """A pattern from one of its items on. What comes after it is made when somebody first gets there."""

    __slots__ = ("_after", "_at", "_next", "_options", "_pattern", "_step", "_steps", "_words")

    def __init__(
        self,
        pattern: tuple[str | PatternChoice, ...],
        at: int,
        after: Place[Meaning],
        words: Callable[[str], Sequence[str]],
    ) -> None:
        self._pattern, self._at, self._after, self._words = pattern, at, after, words
        self._next: Place[Meaning] | None = None
        self._options: dict[int, Place[Meaning]] | None = None
        self._step: tuple[str, Sequence[Place[Meaning]]] | None = None
        """The first word that was looked at, and where it leads: most have only one."""
        self._steps: dict[str, Sequence[Place[Meaning]]] | None = None
        """The same for further words."""

    @property
    def ends(self) -> Meaning | None:
        """What the pattern means, if it may be over here."""
        item = self._pattern[self._at]
        leads_on = not self._words(item) if isinstance(item, str) else item.leads_on(self._words)
        return self._following().ends if leads_on else None

    def firsts(self) -> Iterable[str]:
        """Return the words that may come next; one may be named twice."""
        item = self._pattern[self._at]
        if isinstance(item, str):
            spoken = self._words(item)
            return spoken[:1] or self._following().firsts()
        firsts = item.firsts(self._words)
        return (*firsts, *self._following().firsts()) if item.leads_on(self._words) else firsts

    def step(self, word: str) -> Sequence[Place[Meaning]]:
        """Return where a word leads, in the order of what is written."""
        if self._step is None:
            self._step = word, self._stepped(word)
        if self._step[0] == word:
            return self._step[1]
        if self._steps is None:
            self._steps = {}
        made = self._steps.get(word)
        if made is None:
            made = self._steps[word] = self._stepped(word)
        return made

    def _stepped(self, word: str) -> Sequence[Place[Meaning]]:
        item, following = self._pattern[self._at], self._following()
        if isinstance(item, str):
            spoken = self._words(item)
            if not spoken:
                return following.step(word)
            return (_beyond(spoken, 1, following),) if spoken[0] == word else ()
        begun = item.firsts(self._words).get(word, ())
        numbers = [begun] if isinstance(begun, int) else [*begun]
        numbers = sorted({*numbers, *item.leads_on(self._words)})
        return [place for number in numbers for place in self._option(item, number).step(word)]

    def _option(self, item: PatternChoice, number: int) -> Place[Meaning]:
        if self._options is None:
            self._options = {}
        if (made := self._options.get(number)) is None:
            made = self._options[number] = _rest(items(item[number]), 0, self._following(), self._words)
        return made

    def _following(self) -> Place[Meaning]:
        if self._next is None:
            self._next = _rest(self._pattern, self._at + 1, self._after, self._words)
        return self._next


Place = PatternEnd[Meaning] | Spoken[Meaning] | Rest[Meaning]
"""Somewhere within a pattern. Two are the same place only if they are the same object."""


def _rest(
    pattern: tuple[str | PatternChoice, ...], at: int, after: Place[Meaning], words: Callable[[str], Sequence[str]]
) -> Place[Meaning]:
    return Rest(pattern, at, after, words) if at < len(pattern) else after


def _beyond(words: Sequence[str], at: int, after: Place[Meaning]) -> Place[Meaning]:
    return Spoken(words, at, after) if at < len(words) else after


class Tree(Generic[Meaning]):
    """What may come next, by word, and what has been said if nothing does. Grows as it is looked at."""

    __slots__ = ("_grown", "_places", "branches", "meaning")

    branches: dict[str, Branch[Meaning]]
    """By word the tree that follows, or the place or places from which it is still to be made; ask `after`."""

    def __init__(self, places: Iterable[Place[Meaning]], grown: dict[tuple[int, ...], Tree[Meaning]]) -> None:
        self._places = tuple(places)
        self._grown = grown
        self.meaning = next((place.ends for place in self._places if place.ends is not None), None)

    def __getattr__(self, name: str) -> dict[str, Branch[Meaning]]:
        if name != "branches":
            raise AttributeError(name)
        begun: dict[str, Branch[Meaning]] = {}
        for place in self._places:
            for word in place.firsts():
                known = begun.setdefault(word, place)
                if isinstance(known, list):
                    known.append(place)
                elif known is not place:
                    begun[word] = [cast("Place[Meaning]", known), place]
        self.branches = begun
        return self.branches

    def after(self, word: str) -> Tree[Meaning] | None:
        """Return what may come after a word; None if nothing begins with it."""
        found = self.branches.get(word)
        return found if found is None or isinstance(found, Tree) else self._grow(word, found)

    def _grow(self, word: str, begun: Place[Meaning] | list[Place[Meaning]]) -> Tree[Meaning]:
        places = begun if isinstance(begun, list) else (begun,)
        following = dict.fromkeys(further for place in places for further in place.step(word))
        key = tuple(map(id, following))
        if (grown := self._grown.get(key)) is None:
            grown = self._grown[key] = Tree(following, self._grown)
        self.branches[word] = grown
        return grown

    def find(self, words: Sequence[str], start: int = 0, ends: Collection[int] = ()) -> Meaning | None:
        """Return the meaning of the longest phrase from `start` to one of `ends` (the end of the words if empty)."""
        tree = self
        best = None
        last = len(words)
        for place in range(start, last):
            following = tree.branches.get(words[place])
            if following is None:
                return best
            tree = following if isinstance(following, Tree) else tree._grow(words[place], following)
            if tree.meaning is not None and (place + 1 in ends or place + 1 == last):
                best = tree.meaning
        return best

    def within(self, words: Sequence[str]) -> bool:
        """Tell whether any of these phrases stands anywhere among the words."""
        branches = self.branches
        for start, word in enumerate(words):
            if word not in branches:
                continue
            tree = self.after(word)
            place = start
            while tree is not None:
                if tree.meaning is not None:
                    return True
                place += 1
                tree = tree.after(words[place]) if place < len(words) else None
        return False


Branch = Union[Tree[Meaning], Place[Meaning], list[Place[Meaning]]]  # noqa: UP007 - as above


def build_tree(
    phrases: Iterable[tuple[Pattern, Meaning]], words: Callable[[str], Sequence[str]] = folded
) -> Tree[Meaning]:
    """Return the tree of these patterns; where two mean the same words, the first one counts.

    `words` makes the words of what is written in a pattern.
    """
    return joined(sown(pattern, meaning, words) for pattern, meaning in phrases)


def joined(places: Iterable[Place[Meaning]]) -> Tree[Meaning]:
    """Return the tree of patterns that were sown before, which may stand in other trees as well."""
    return Tree(places, {})


def sown(pattern: Pattern, meaning: Meaning, words: Callable[[str], Sequence[str]] = folded) -> Place[Meaning]:
    """Return where a pattern begins."""
    return _rest(items(pattern), 0, PatternEnd(meaning), words)
