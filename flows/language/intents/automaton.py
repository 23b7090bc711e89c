"""Patterns that overlap, and words that may be any: every one that stands anywhere in a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.language.phrase_trie import Tree

Meaning = TypeVar("Meaning")
ANY = "*"
"""Any one word, in a pattern."""


class PhraseFound(NamedTuple, Generic[Meaning]):
    """A pattern that was found: what it means, and where its words begin and end."""

    meaning: Meaning
    start: int
    end: int


def found(root: Tree[Meaning], words: Sequence[str]) -> list[PhraseFound[Meaning]]:
    """Return every pattern that stands anywhere in these words, in the order of where they end."""
    hits: list[PhraseFound[Meaning]] = []
    active: list[tuple[int, Tree[Meaning]]] = []
    beginnings, anything = root.branches, root.after(ANY)
    for place, word in enumerate(words):
        following: list[tuple[int, Tree[Meaning]]] = []
        for start, tree in active:
            branches = tree.branches
            if word in branches and (named := tree.after(word)) is not None:
                following.append((start, named))
            if ANY in branches and (any_one := tree.after(ANY)) is not None:
                following.append((start, any_one))
        if word in beginnings and (first := root.after(word)) is not None:
            following.append((place, first))
        if anything is not None:
            following.append((place, anything))
        active = following
        for start, tree in active:
            if tree.meaning is not None:
                hits.append(PhraseFound(tree.meaning, start, place + 1))
    return hits
