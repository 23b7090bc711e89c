"""How hard a text is to read: sentence length in any language, and a reading age for English (rule 97).

Owns the sentence and syllable rules; imports the standard library only.

The reading age is the Flesch-Kincaid grade, 0.39 x words per sentence + 11.8 x syllables per word - 15.59, plus
five years. Like all such formulas it was fitted to passages of a hundred words and more: of one message it says
nothing, so join the texts of a whole flow before measuring, and use `longest_sentence` on each message. It knows
neither hard ideas nor rare short words; a person still has to read the texts.
"""

from __future__ import annotations

import re

_CHUNK = re.compile(r"\S+")
_SHORTENED = re.compile(
    r"\b(?:mrs?|ms|mx|dr|prof|st|no|nos|tel|vs|etc|approx|e\.g|i\.e|a\.m|p\.m)\.(?=\s+\S)", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|\Z)|\n+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

_GROUP = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?:(?<=[^aeiouyl])|(?<=[aeiouy]l))e(?=(?:ly|less|ful|ness|ments?)?\Z)"  # make, while, careless, movement
    r"|(?<=[^aeiouytd])(?<![^aeiouy]l)e(?=d\Z)"  # asked, but not wanted or handled
    r"|(?<=[^aeiouysxzcgl])(?<!ch)(?<!sh)e(?=s\Z)|(?<=[aeiouy]l)e(?=s\Z)"  # makes, rules, but not uses or tables
    r"|(?<=ll)e(?=d\Z)|(?<=som)e(?=.)|(?<=ev)e(?=r[yi])|(?<=wher)e(?=.)|(?<=tim)e(?=[^sr])|(?<=lin)e(?=[^adrs])|(?<=hom)e(?=.)"
    r"|(?<=saf)e(?=[gt])|(?<=car)e(?=[grt])|(?<=lik)e(?=l)|(?<=bus)i(?=ness)"
)
_APART = re.compile(
    r"(?<![ctgs])ia[ln]|ia(?![ln]|bl|g)|iu|io(?!n|us)|iet|\bclient|rier|(?<![gq])ua|uou|(?<!m)eo(?!u|p)|yon|(?<!t)ienc|[rd]eas?\Z"
    r"|ying|[aeiou]ing|creat|being|sm\Z"
)


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, without their end marks; a line of its own is a sentence."""
    calm = _SHORTENED.sub(lambda found: found[0].replace(".", ""), _CHUNK.sub(_spoken, text))
    return tuple(part for part in map(str.strip, _SENTENCE_END.split(calm)) if _WORD.search(part))


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, numbers included; "don't" is one word, "read-back" two."""
    return tuple(_WORD.findall(_CHUNK.sub(_spoken, text)))


def longest_sentence(text: str) -> int:
    """Return how many words the longest sentence of a text has, in any language; 0 if there is none."""
    return max((len(words(sentence)) for sentence in sentences(text)), default=0)


def syllables(word: str) -> int:
    """Estimate the syllables of an English word; of letters that spell nothing ("GP"), and of a number, its sound."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    if not plain:
        return 1
    if not _GROUP.search(plain):
        return len(plain) if word.isupper() else 1
    heard = _SILENT.sub("", plain)
    return max(1, len(_GROUP.findall(heard)) + len(_APART.findall(plain)))


def reading_age(text: str) -> float:
    """Return the age in years at which an English text can be read with ease, never below 5; 0 without any word.

    Give it a hundred words at the least, better a whole flow.
    """
    said = words(text)
    if not said:
        return 0.0
    grade = 0.39 * len(said) / len(sentences(text)) + 11.8 * sum(map(syllables, said)) / len(said) - 15.59
    return max(5.0, grade + 5)


def _spoken(found: re.Match[str]) -> str:
    """Read a web or mail address as one short word; what ends the sentence after it stays."""
    chunk = found[0]
    if "://" not in chunk and "@" not in chunk and not chunk.startswith("www."):
        return chunk
    return "link" + chunk[len(chunk.rstrip(".,;:!?)\"'”’")) :]
