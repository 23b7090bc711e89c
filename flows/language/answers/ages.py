"""What somebody says of their own age: "im 16", "18 next month", "in year 9", "over", "yes 52".

Nobody becomes an adult by a guess: what could be either is "unclear", and a number that belongs to somebody else, or to
another time, says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flows.language.answers.phrase_book import OLDEST, aged, answers_in, covered, sentences, standing

if TYPE_CHECKING:
    from flows.language.answers.phrase_book import AnswerPiece, AnswerTable
    from flows.language.phrase_trie import Tree

Age = Literal["adult", "young", "unclear"]

_FEW = 8
"""Words up to which a reply to the question about age is only that."""


def age_said(
    said: str, adult: int = 18, *, language: str = "en", asked: bool = False, beside: bool = False, year: int = 0
) -> Age | None:
    """Return what words say of their writer's age, or None if they say nothing of it.

    `adult` is the age from which somebody counts as one. `asked`: the age was the question, so that a bare number, or
    "not yet", is an answer to it. `beside`: whoever agrees was told that they must be of age, so that a bare number
    counts ("agree, 16"). `year`: this year, for those who say when they were born.
    """
    table = answers_in(language)
    if table is None:
        return None
    found: set[str] = set()
    for words in sentences(said):
        shaped = aged(words, table, adult)
        kinds = {_unless_denied(piece, shaped, table) for piece in standing(shaped, table.ages)}
        kinds = kinds or _at_first(shaped, table)
        found |= kinds
        if year and (born := _born(words, table)) is not None:
            found.add(_in_year(born, year, adult))
    found.discard("not_now")
    if (asked or beside) and not found:
        whole = aged([word for words in sentences(said) for word in words], table, adult)
        if len(whole) <= _FEW:
            found = _bare(whole, table.asked_ages if asked else table.beside_ages, table)
    if "young" in found:
        return "unclear" if "adult" in found else "young"
    if "unclear" in found:
        return "unclear"
    return "adult" if found else None


def _unless_denied(piece: AnswerPiece, words: list[str], table: AnswerTable) -> str:
    """Return what a phrase says, but of "not old enough" that it is not clear."""
    denied = piece.start > 0 and words[piece.start - 1] in table.not_words
    return "unclear" if denied and piece.kind == "adult" else piece.kind


def _at_first(words: list[str], table: AnswerTable) -> set[str]:
    """Return what the first words say, where nothing but a yes or a courtesy stands before them."""
    found = standing(words, table.first_ages)
    return {found[0].kind} if found and _known(words[: found[0].start], table) else set()


def _bare(words: list[str], tree: Tree[str], table: AnswerTable) -> set[str]:
    """Return what a few words say that hold an age and nothing else but courtesy."""
    pieces = covered(words, tree)
    around = [word for piece in pieces if not piece.kind for word in words[piece.start : piece.end]]
    return {piece.kind for piece in pieces if piece.kind} if _known(around, table) else set()


def _born(words: list[str], table: AnswerTable) -> int | None:
    for piece in standing(words, table.born):
        years = [int(word) for word in words[piece.end : piece.end + 3] if word.isdecimal() and len(word) == 4]
        if years:
            return years[0]
    return None


def _in_year(born: int, year: int, adult: int) -> Age:
    """Return the age of somebody born in a year; on which side of their birthday we are is not known."""
    if not 0 <= year - born <= OLDEST:
        return "unclear"
    return "adult" if year - born > adult else "young" if year - born < adult else "unclear"


def _known(words: list[str], table: AnswerTable) -> bool:
    rest = [word for word in words if word not in table.fillers]
    return all(piece.kind for piece in covered(rest, table.phrases))
