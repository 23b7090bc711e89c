"""`place`: where it happened. If several places fit they are offered, never guessed (rule 86)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

from flows.language.keywords.recognise import normalise
from flows.model.effects import FindPlace, Option, Say
from flows.model.partial_answer import PartialAnswer
from flows.model.signals import Chose, Located, PlaceChoice, PlacesFound, Said, Signal
from flows.questions.options import choose
from flows.questions.question import (
    Choice,
    Interpretation,
    OptionStep,
    QuestionContext,
    Step,
    Unclear,
    Understood,
    Waiting,
)

if TYPE_CHECKING:
    from pydantic import JsonValue

    from flows.model.effects import Draft

NONE_OF_THESE = "none"
_LONGEST_SKIP = 24
"""An answer with more words than this is not checked for "it was all on the phone" and the like."""
_BREAKS = re.compile(r"[\s,.;:!?()–—-]+")


class PlacesOffered(PartialAnswer, extra="forbid"):
    """Places that were found for somebody's words, to choose from."""

    kind: Literal["places"]
    words: str = ""
    offered: tuple[tuple[str, str, str], ...] = ()
    """(id, label, kind), in the order they were shown."""

    def asked_again(self) -> PartialAnswer:
        """Return the words alone: what was offered for them is over."""
        return self.model_copy(update={"offered": ()})


class PlaceStep(Step):
    """Ask for a place as small or as large as the person likes; their own words are always kept."""

    type: Literal["place"] = "place"

    sensitive: ClassVar[bool] = True
    asks_place: ClassVar[bool] = True
    does: ClassVar[str] = "asks for a place"

    @property
    def placeholder(self) -> str:
        """The placeholder for the place."""
        return "place"

    def adds_to(self, draft: Draft, name: str, value: JsonValue) -> Draft:
        """Return the draft with the answer, and with the place as that of the whole story."""
        draft = super().adds_to(draft, name, value)
        if not isinstance(value, dict):
            return draft
        found = {key: str(value.get(key, "")) for key in ("id", "label", "words")}
        return replace(draft, place_id=found["id"], place_label=found["label"], place_words=found["words"])

    def ask(self, context: QuestionContext) -> Say:
        """Return the question, with a button to share a position where the channel has one."""
        return Say(text=context.text("text"), wants_place=True)

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Look up words, take a shared locality, or choose among the places offered."""
        if isinstance(signal, Located):
            return Unclear() if signal.place is None else _chosen(signal.place, "")
        if isinstance(signal, PlacesFound):
            return _found(context, signal)
        offered = _offered(context)
        if isinstance(signal, Chose) and offered:
            if signal.index == len(offered):
                return _own_words(context)
            return _chosen(offered[signal.index], _words(context)) if signal.index < len(offered) else Unclear()
        if isinstance(signal, Said) and signal.text.strip():
            return self._said(context, signal, offered)
        return Unclear()

    def _said(self, context: QuestionContext, signal: Said, offered: tuple[PlaceChoice, ...]) -> Interpretation:
        said = signal.text
        if offered:
            match = choose(said, _choices(context, offered))
            if match is not None:
                if match.choice.option.value == NONE_OF_THESE:
                    return _own_words(context)
                return _chosen(offered[int(match.choice.option.value[1:]) - 1], _words(context))
            if len(offered) == 1 and normalise(said) in _listed(context.common("yes_words")):
                return _chosen(offered[0], _words(context))
            if normalise(said).isdigit():
                return Unclear(kept=said)
        if says_nowhere(said, context.common("place_skips"), context.common("place_fillers")):
            return Understood(value=None)
        # The words come back with the result, without street and house; until then nothing of them is kept.
        return Waiting(effects=(FindPlace(words=said[:200], ref=signal.ref),))


def says_nowhere(said: str, skips: str, fillers: str) -> bool:
    """Return True if somebody has no place to name, or would rather not: "no, it was all on the phone".

    `skips` and `fillers` are words and phrases separated by commas; the whole message must consist of them.
    """
    words = _plain(said)
    phrases, longest = _phrases(skips, fillers)
    if not words or len(words) > _LONGEST_SKIP:
        return False
    reached: dict[int, bool] = {0: False}
    for start in range(len(words)):
        if start not in reached:
            continue
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            tells = phrases.get(words[start:end])
            if tells is not None:
                reached[end] = reached.get(end, False) or reached[start] or tells
    return reached.get(len(words), False)


@lru_cache(maxsize=16)
def _phrases(skips: str, fillers: str) -> tuple[dict[tuple[str, ...], bool], int]:
    """Return the phrases as tuples of words, each with whether it is a skip by itself, and the longest one's length."""
    known = {_plain(word): False for word in fillers.split(",")} | {_plain(word): True for word in skips.split(",")}
    return known, max(map(len, known))


def _plain(text: str) -> tuple[str, ...]:
    said = normalise(text).replace("'", "").replace("n/a", "na")
    return tuple(word for word in _BREAKS.split(said) if word)


def _listed(words: str) -> frozenset[str]:
    return frozenset(normalise(word) for word in words.split(","))


def _found(context: QuestionContext, found: PlacesFound) -> Interpretation:
    words = found.words  # without the half of a postcode that names a house, without street and number
    if len(found.exact) == 1:
        return _chosen(found.exact[0], words)
    hits, key = (found.exact, "which_place") if found.exact else (found.suggestions, "did_you_mean")
    if not hits:
        return Unclear(kept=words, counts_as=_told(words) if words else Understood(value=None))
    if not found.exact and len(hits) == 1:
        key = "is_it_this_place"
    offered = tuple((hit.id, hit.label, hit.kind) for hit in hits[:5])
    shown = tuple(Option(value=f"p{n}", label=hit.label, key=str(n)) for n, hit in enumerate(hits[:5], start=1))
    shown += (Option(value=NONE_OF_THESE, label=context.common("none_of_these"), key="0"),)
    kept = PlacesOffered(kind="places", words=words, offered=offered, ref=found.ref)
    return Waiting(partial=kept, effects=(Say(text=context.common(key), options=shown),))


def _choices(context: QuestionContext, offered: tuple[PlaceChoice, ...]) -> tuple[Choice, ...]:
    made = []
    for number, place in enumerate(offered, start=1):
        name, _, parent = normalise(place.label).partition(", ")
        forms = tuple(dict.fromkeys(form for form in (normalise(place.label), parent, name) if form))
        unique = [form for form in forms if sum(form in normalise(other.label) for other in offered) == 1]
        option = OptionStep(value=f"p{number}", label=place.label[:64])
        made.append(Choice(option, Option(value=f"p{number}", label=place.label, key=str(number)), tuple(unique)))
    none = OptionStep(value=NONE_OF_THESE, label=context.common("none_of_these"))
    label = context.common("none_of_these")
    forms = (normalise(label), *(normalise(word) for word in context.common("none_words").split(",")))
    made.append(Choice(none, Option(value=NONE_OF_THESE, label=label, key="0"), forms))
    return tuple(made)


def _offered(context: QuestionContext) -> tuple[PlaceChoice, ...]:
    partial = context.conversation.partial
    offered = partial.offered if isinstance(partial, PlacesOffered) else ()
    return tuple(PlaceChoice(id=id_, label=label, kind=kind) for id_, label, kind in offered)


def _words(context: QuestionContext) -> str:
    partial = context.conversation.partial
    return partial.words if isinstance(partial, PlacesOffered) else ""


def _chosen(place: PlaceChoice, words: str) -> Understood:
    return Understood(
        value={"id": place.id, "label": place.label, "kind": place.kind, "words": words}, label=place.label
    )


def _own_words(context: QuestionContext) -> Understood:
    return _told(_words(context))


def found_for_edit(context: QuestionContext, found: PlacesFound) -> Understood:
    """Return the answer from corrected words: the place if it is clear, else the teller's own words."""
    reading = _found(context, found)
    if isinstance(reading, Understood):
        return reading
    return _told(found.words) if found.words else Understood(value=None)


def _told(words: str) -> Understood:
    return Understood(value={"id": "", "label": "", "kind": "", "words": words}, label=words)
