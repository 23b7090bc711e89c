"""What somebody says of their own age: "im 16", "18 next month", "in year 9", "over", "yes 52". Pure.

Nobody becomes an adult by a guess: what could be either is "unclear", and a number that belongs to somebody else, or to
another time, says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flows.language.answering import aged, answers_in, covered, sentences, standing

if TYPE_CHECKING:
    from flows.language.answering import AnswerTable

Age = Literal["adult", "young", "unclear"]

_FEW = 8
"""Words up to which a reply to the question about age is only that."""


def age_said(said: str, adult: int = 18, *, language: str = "en", asked: bool = False) -> Age | None:
    """Return what words say of their writer's age, or None if they say nothing of it.

    `adult` is the age from which somebody counts as one. `asked`: the age was the question, so that a bare number, or
    "under", is an answer to it.
    """
    table = answers_in(language)
    if table is None:
        return None
    found: set[str] = set()
    for words in sentences(said):
        shaped = aged(words, table, adult)
        kinds = {piece.kind for piece in standing(shaped, table.ages)} or _at_first(shaped, table)
        found |= kinds
        if asked and not kinds and len(shaped) <= _FEW:
            bare = covered(shaped, table.bare_ages)
            around = [word for piece in bare if not piece.kind for word in shaped[piece.start : piece.end]]
            if _known(around, table):
                found |= {piece.kind for piece in bare if piece.kind}
    if "young" in found:
        return "unclear" if "adult" in found else "young"
    if "unclear" in found:
        return "unclear"
    return "adult" if found else None


def _at_first(words: list[str], table: AnswerTable) -> set[str]:
    """Return what the first words say, where nothing but a yes or a courtesy stands before them."""
    found = standing(words, table.first_ages)
    return {found[0].kind} if found and _known(words[: found[0].start], table) else set()


def _known(words: list[str], table: AnswerTable) -> bool:
    rest = [word for word in words if word not in table.fillers]
    return all(piece.kind for piece in covered(rest, table.phrases))
