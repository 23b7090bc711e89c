"""Whether a reply agrees: a clear yes, a loose one, a refusal, or none of these.

A yes counts only if everything that stands beside it agrees: every word of the reply belongs to a known phrase of
agreement, courtesy or age. "Yes who is this", "agree but im fifteen", "i agree with the lady on the estate" hold words
that belong to none, and are no consent. So is whatever is new to us: then the person is asked once more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from flows.language.answers.corrections import meant
from flows.language.answers.phrase_book import LONGEST, aged, answers_in, covered, sentences

if TYPE_CHECKING:
    from flows.language.answers.phrase_book import AnswerTable

Verdict = Literal["yes", "loose", "no", ""]
REFUSED_IN = 14
"""Words of a reply up to which an outright refusal at its beginning is one, whatever follows."""
SHORTEST = 4
"""Letters of a word from which on a slip of the finger is put right."""
MOST_WORDS = 30
"""Words from which on a reply tells something, whatever it begins with."""
SIGNED = 2
"""Words of a name under a reply."""
_SIGNATURE = re.compile(r"(?:\s[-–—]|\n)\s*\w+(?: \w+)?\W*$")
_SMALL_YES = frozenset("👍👌🆗✅✔🙏🫡💯")
_SMALL_NO = frozenset("👎❌🚫✋🙅")
_YES = frozenset({"yes", "bare_yes"})
_LOOSE = frozenset({"loose", "yeah", "mild", "any"})
_BESIDE_YES = frozenset({"yes", "bare_yes", "yeah", "loose", "polite", "thanks", "adult", "reach", "any", "mild"})
_BESIDE_A_CHOICE = frozenset(
    {"yes", "bare_yes", "yeah", "loose", "polite", "thanks", "adult", "unnamed", "not_publish", "not_quote"}
)
_BESIDE_NO = frozenset(
    {"no", "refuse", "will_not", "declines", "polite", "thanks", "any", "no_reach", "adult", "team", "mild"}
)


class Reply(NamedTuple):
    """The kinds of phrase in a reply, in order, and how many of its words belong to none."""

    kinds: tuple[str, ...]
    unknown: int
    asks: bool

    def has(self, *kinds: str) -> bool:
        """Return whether any of these kinds stands in the reply."""
        return any(kind in self.kinds for kind in kinds)


def read_reply(said: str, table: AnswerTable, adult: int) -> Reply:
    """Return what a reply is made of. `adult`: the age from which somebody counts as one."""
    kinds: list[str] = []
    unknown = 0
    for words in sentences(said):
        shaped = aged(words, table, adult)
        shaped = [_put_right(word, table) for word in shaped]
        pieces = covered(shaped, table.phrases)
        kinds += [piece.kind for piece in pieces]
        unknown += sum(not piece.kind for piece in pieces)
    if unknown and _is_signed(kinds, unknown, said):
        unknown = 0
    if not kinds:
        kinds = ["loose"] if _SMALL_YES & set(said) else ["no"] if _SMALL_NO & set(said) else []
    return Reply(tuple(kinds), unknown, "?" in said)


def verdict(said: str, table: AnswerTable, adult: int) -> Verdict:
    """Return whether a reply agrees, loosely or clearly, or refuses; "" where it does neither, or both."""
    if len(said) > LONGEST or said.count(" ") > MOST_WORDS:
        return ""
    put_right = meant(said, table)
    return (_verdict(put_right, table, adult) if put_right else "") or _verdict(said, table, adult)


def only_agrees(said: str, language: str, adult: int = 18) -> bool:
    """Return whether words beside a choice do no more than agree with it; no words do."""
    table = answers_in(language)
    if table is None or not said:
        return not said
    reply = read_reply(said, table, adult)
    return not reply.unknown and not reply.asks and set(reply.kinds) <= _BESIDE_A_CHOICE


def _verdict(said: str, table: AnswerTable, adult: int) -> Verdict:
    reply = read_reply(said, table, adult)
    kinds = set(reply.kinds) - {""}
    if reply.asks:
        return ""
    if not reply.unknown and kinds & (_YES | _LOOSE) and kinds <= _BESIDE_YES:
        clear = "mild" not in kinds and ("yes" in kinds or ("bare_yes" in kinds and "adult" not in kinds))
        return "yes" if clear else "loose"
    if kinds & {"no", "refuse", "will_not"} and not kinds & _YES:
        if not reply.unknown and kinds <= _BESIDE_NO:
            return "no"
        first = next((kind for kind in reply.kinds if kind not in {"polite", "no", "thanks"}), "")
        if first == "refuse" and not kinds & _LOOSE and len(said.split()) <= REFUSED_IN:
            return "no"
    return ""


def _is_signed(kinds: list[str], unknown: int, said: str) -> bool:
    """Tell whether the words that nobody knows are the writer's name, under their thanks."""
    if unknown > SIGNED or any(kinds[-unknown:]) or len(kinds) <= unknown:
        return False
    set_off = kinds[-unknown - 1] == "thanks" or _SIGNATURE.search(said) is not None
    return set_off and all(word[:1].isupper() for word in said.split()[-unknown:])


def _put_right(word: str, table: AnswerTable) -> str:
    """Return the word of agreement that a finger slipped on: "argee", "agre", "conscent"."""
    if len(word) < SHORTEST or word in table.phrases.branches:
        return word
    return next((right for right in table.slipping if _one_slip(word, right)), word)


def _one_slip(word: str, right: str) -> bool:
    """Tell whether one letter more, less, other or swapped makes one word the other; the first letter never slips."""
    if word[0] != right[0] or abs(len(word) - len(right)) > 1:
        return False
    start = next((place for place, pair in enumerate(zip(word, right, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return True
    rests = (word[start:], right[start:])
    return (
        rests[0][1:] == rests[1][1:]
        or rests[0][1:] == rests[1]
        or rests[0] == rests[1][1:]
        or (rests[0][:2] == rests[1][1::-1] and rests[0][2:] == rests[1][2:])
    )
