"""`consent`: a decision about one purpose, clearly stated; an unclear answer agrees to nothing (rules 26, 49, 55).

Before a story is told, only a refusal counts as one: what is neither yes nor no leaves the question open. The question
how far a story travels, and all questions after it, take the narrowest answer if the reply stays unclear.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from flows.language.answers.ages import age_said
from flows.language.answers.agreement import only_agrees, read_reply, verdict
from flows.language.answers.corrections import meant
from flows.language.answers.phrase_book import answers_in
from flows.language.keywords.recognise import normalise
from flows.language.normalise import is_told
from flows.model.effects import Option, RecordConsent, Say
from flows.model.record import Record
from flows.model.signals import Chose, Said, Signal
from flows.model.vocabulary.consent_answers import WIDTH, ConsentAnswer, Purpose
from flows.questions.options import Match, numbers, offered, pressed, spaced, strictly
from flows.questions.question import (
    Choice,
    Edge,
    Interpretation,
    OptionStep,
    PurposeVersion,
    QuestionContext,
    Step,
    Unclear,
    Understood,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.language.answers.agreement import Reply, Verdict
    from flows.language.answers.phrase_book import AnswerTable
MINOR = "minor"
"""The value of the option for people who are too young to be asked."""
AGE = "age"
_OWN_SENTENCE = re.compile(r"([^.!\n]{1,60})[.!\n]+\s*(\S.*)$", re.DOTALL)
_FURTHER = frozenset(
    {"yes", "bare_yes", "yeah", "loose", "polite", "thanks", "adult", "unnamed", "not_publish", "not_quote"}
)
"""Kinds of words allowed beside the name of an option that lets a story travel further."""
_LEAST = frozenset(
    {"any", "mild", "no", "refuse", "will_not", "declines", "polite", "thanks", "not_publish", "not_quote", "unnamed"}
)
TOLD = 4
"""If a reply that keeps the story close has this many other words, they may tell something, and we ask about them."""
LITERAL = 160
"""Most characters of the reply that a decision stores."""
TWO_YEARS, ONE_YEAR = 730, 365
DAYS = {
    ConsentAnswer.QUOTE: TWO_YEARS,
    ConsentAnswer.PUBLISH: ONE_YEAR,
    ConsentAnswer.PLACE: ONE_YEAR,
    ConsentAnswer.NAME: ONE_YEAR,
    ConsentAnswer.YES: TWO_YEARS,
}
"""Days for which an answer counts unless the flow says otherwise (rule 53). The narrowest answer does not expire."""


class ConsentOption(OptionStep):
    """An answer to a consent question, and the decision it makes."""

    decision: ConsentAnswer
    valid_days: int | None = Field(default=None, ge=1, le=3650)
    """Days for which this answer counts before it is renewed or lapses; if left out, those of `DAYS`."""

    @property
    def stands_for(self) -> str:
        """The decision that this option makes."""
        return self.decision

    @property
    def days(self) -> int | None:
        """The days for which the answer counts; None if it does not expire."""
        return self.valid_days or DAYS.get(self.decision)


class AlsoAsked(Record):
    """A further decision asked in the same SMS under its own number; not choosing it means no."""

    purpose: Purpose
    label: str = Field(min_length=1, max_length=64)
    version: int = Field(default=1, ge=1, le=9999)
    valid_days: int = Field(default=TWO_YEARS, ge=1, le=3650)


class ConsentStep(Step):
    """Ask for one decision. An unclear or skipped answer counts as the narrowest option."""

    type: Literal["consent"] = "consent"
    purpose: Purpose
    options: tuple[ConsentOption, ...] = Field(min_length=2, max_length=6)
    narrowest: str
    """Value of the option that an unclear answer counts as."""
    version: int = Field(default=1, ge=1, le=9999)
    """Raise it when what people agree to changes in substance: older answers then no longer count (rule 53)."""
    also: tuple[AlsoAsked, ...] = ()
    """Only by SMS, where each further message costs the person; on other channels each purpose has its own question."""

    listed_sms: bool = True
    """False: by SMS the text itself says what to send and lists no numbers, so a bare number is no answer."""

    skippable: ClassVar[bool] = False
    decides: ClassVar[bool] = True
    asks_consent: ClassVar[bool] = True
    asked_first: ClassVar[bool] = True

    @property
    def about(self) -> Purpose:
        """The purpose that is decided."""
        return self.purpose

    @property
    def least(self) -> str:
        """The narrowest option."""
        return self.narrowest

    def purposes(self) -> tuple[PurposeVersion, ...]:
        """Return the step's own purpose and those asked beside it."""
        return PurposeVersion(self.purpose, self.version), *(
            PurposeVersion(item.purpose, item.version) for item in self.also
        )

    def beside(self) -> tuple[Purpose, ...]:
        """Return the purposes asked beside its own."""
        return tuple(item.purpose for item in self.also)

    def describe(self) -> str:
        """Return in a few words which decision is asked for."""
        if self.purpose == Purpose.TAKE_PART:
            return "asks whether people want to take part"
        return f"asks for a decision: {self.purpose}"

    def way(self, option: OptionStep) -> Edge:
        """Return the edge of an option, with what it allows."""
        first = self.purpose == Purpose.TAKE_PART
        return Edge(
            by=f"option {option.value}",
            target=option.next or self.next,
            consents=first and option.stands_for == "yes",
            widens=not first and option.value != self.narrowest,
        )

    def choices(self) -> tuple[OptionStep, ...]:
        """Return the options in the order of the file."""
        return self.options

    def texts(self) -> Iterator[tuple[str, str, Literal["text", "label", "words"], bool | None]]:
        """Yield the step's texts and the labels of what else is asked."""
        yield from Step.texts(self)
        for item in self.also:
            yield f"also.{item.purpose}", item.label, "label", True

    def ask(self, context: QuestionContext) -> Say:
        """Return the question; its exact words are stored with the decision."""
        if context.look.short and not self.listed_sms:
            return Say(text=context.text("text"))
        return Say(text=context.text("text"), options=tuple(choice.shown for choice in self._offered(context)))

    def _offered(self, context: QuestionContext) -> tuple[Choice, ...]:
        choices = offered(context, self.options)
        if not context.look.short or not self.also:
            return choices
        extra = [OptionStep(value=item.purpose, label=item.label) for item in self.also]
        shown = tuple(
            Choice(option, _also_shown(context, option.value, len(choices) + number), ())
            for number, option in enumerate(extra, start=1)
        )
        return choices + shown

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Interpret a clear statement; a yes with something else beside it does not count as one."""
        choices = offered(context, self.options)
        if isinstance(signal, Chose):
            choice = pressed(choices, signal.index)
            return Unclear() if choice is None else self._decided(context, choice, choice.shown.label, "", ())
        if not isinstance(signal, Said):
            return self._unclear(context, "")
        said = signal.text
        if context.look.short and self.also and "?" not in said:
            read = self._several(context, said, choices)
            if read is not None:
                return read
        if (young := self._young(context, said)) is not None:
            return self._decided(context, young, said, "", ())
        if context.look.short and not self.listed_sms and numbers(said) is not None:
            return Unclear(loose=True)  # no number was offered, so a number is no answer
        match, loose = self._meant(context, said, choices)
        if match is None and (match := self._set_off(context, said, choices)) is not None and is_told(match.note):
            return Unclear(kept=match.note, loose=True)  # the words beside it are held while we ask once more
        if match is None:
            return self._unclear(context, said, loose=loose)
        return self._decided(context, match.choice, said, match.note, ())

    def _young(self, context: QuestionContext, said: str) -> Choice | None:
        """Return the option for minors if the reply gives an age that is, or may be, under the limit; else None."""
        option = next((option for option in self.options if option.value == MINOR), None)
        if option is None:
            return None
        language, limit = context.conversation.language, context.release.organisation.adult_age
        age = age_said(said, limit, language=language, beside=True, year=context.now.year)
        if age in {None, "adult"}:
            return None
        (choice,) = offered(context, [option.model_copy(update={"when": None})])
        return choice

    def _meant(self, context: QuestionContext, said: str, choices: tuple[Choice, ...]) -> tuple[Match | None, bool]:
        """Return the option that was meant and nothing else, and whether the reply at least sounds like a yes."""
        narrowest = self._narrowest(choices)
        adult = context.release.organisation.adult_age
        language = context.conversation.language
        table = answers_in(language)
        put_right = meant(said, table) or said
        match = strictly(put_right, choices) if put_right != said else None
        match = match or strictly(said, choices)
        if match is not None:
            sure = (match.choice is narrowest and self.purpose != Purpose.TAKE_PART) or (
                "?" not in said and only_agrees(match.note, language, adult)
            )
            if sure:
                return match, False
            return None, False
        if table is None:
            return self._by_lists(context, said, choices), normalise(said) in listed(context, "loose_words")
        agreeing = [choice for choice in choices if decision_of(choice) == "yes"]
        if len(agreeing) != 1:
            found = self._travels(said, put_right, choices, table, adult)
            return found or self._travels(said, said, choices, table, adult), False
        optional = self.purpose != Purpose.TAKE_PART
        heard = _to_little(read_reply(put_right, table, adult)) if optional else ""
        heard = heard or verdict(said, table, adult)
        if heard == "yes" or (heard == "loose" and optional):
            return Match(agreeing[0], ""), False
        if heard == "no":
            return Match(narrowest, ""), False
        return None, heard == "loose"

    def _set_off(self, context: QuestionContext, said: str, choices: tuple[Choice, ...]) -> Match | None:
        """Return the option whose exact words, or a no, are a sentence of their own that nothing contradicts."""
        found = _OWN_SENTENCE.match(said.strip())
        if found is None or "?" in said or hedged(context, said):
            return None
        word, rest = normalise(found[1]), found[2].strip()
        narrowest = self._narrowest(choices)
        if word in listed(context, "no_words") and decision_of(narrowest) == "no":
            return None if is_told(rest) or _opens_with_yes(context, rest) else Match(narrowest, rest)
        agreeing = [choice for choice in choices if decision_of(choice) == "yes"]
        chosen = [choice for choice in agreeing if word in choice.forms or _is_plain(context, word)]
        return Match(chosen[0], rest) if len(chosen) == 1 else None

    def _by_lists(self, context: QuestionContext, said: str, choices: tuple[Choice, ...]) -> Match | None:
        """Return the option of a reply in a language without a table of answers: only listed words count."""
        text = normalise(said)
        if text in listed(context, "no_words"):
            return Match(self._narrowest(choices), "")
        agreeing = [choice for choice in choices if decision_of(choice) == "yes"]
        if len(agreeing) != 1 or text not in listed(context, "yes_words") - listed(context, "loose_words"):
            return None
        return Match(agreeing[0], "")

    def _travels(
        self, said: str, put_right: str, choices: tuple[Choice, ...], table: AnswerTable, adult: int
    ) -> Match | None:
        """Return how far a story may travel from a person's own words: never further than they clearly say."""
        narrowest = self._narrowest(choices)
        reply = read_reply(put_right, table, adult)
        kinds = [kind for kind in reply.kinds if kind]
        if self.purpose == Purpose.NAMING:
            kinds = ["none" if kind == "unnamed" else kind for kind in kinds]
        by_decision = {decision_of(choice): choice for choice in choices}
        meant_ones = [by_decision[kind] for kind in dict.fromkeys(kinds) if kind in by_decision]
        first = next((kind for kind in reply.kinds if kind != "polite"), "")
        told = reply.unknown > TOLD and is_told(said) and first not in by_decision
        if narrowest in meant_ones and len(meant_ones) == 1 and "?" not in said and not told:
            return Match(narrowest, "" if not reply.unknown else said.strip())
        plain = not reply.unknown and not reply.asks
        if len(meant_ones) == 1 and plain and set(kinds) <= _beside_naming(meant_ones[0]):
            return Match(meant_ones[0], "")
        if len(meant_ones) > 1 and plain and reply.has("no"):  # one of them was taken back: the narrower one counts
            return Match(min(meant_ones, key=lambda choice: WIDTH[decision_of(choice)]), "")
        if not meant_ones and plain and kinds and reply.has("any", "mild", "no", "refuse", "will_not"):
            return Match(narrowest, "") if set(kinds) <= _LEAST else None
        return None

    def _several(self, context: QuestionContext, said: str, choices: tuple[Choice, ...]) -> Interpretation | None:
        asked = numbers(said)
        if asked is None:
            return None
        mine = [number for number in asked if number <= len(choices)]
        also = tuple(
            item.purpose for position, item in enumerate(self.also, start=len(choices) + 1) if position in asked
        )
        if len(mine) > 1 or any(number < 1 or number > len(choices) + len(self.also) for number in asked):
            return self._unclear(context, said)
        chosen = choices[mine[0] - 1] if mine else self._narrowest(choices)
        return self._decided(context, chosen, said, "", also)

    def _narrowest(self, choices: tuple[Choice, ...]) -> Choice:
        return next(choice for choice in choices if choice.option.value == self.narrowest)

    def _unclear(self, context: QuestionContext, said: str, *, loose: bool = False) -> Unclear:
        """Leave the question open; but a question after the story counts as answered with the narrowest option."""
        if self.purpose == Purpose.TAKE_PART:
            return Unclear(kept="" if loose or _opens_with_yes(context, said) else said, loose=loose)
        choices = offered(context, self.options)
        told = "" if _about_the_question(context, said) else said
        return Unclear(kept=told, counts_as=self._decided(context, self._narrowest(choices), said, "", ()))

    def _decided(
        self, context: QuestionContext, choice: Choice, literal: str, note: str, also: tuple[Purpose, ...]
    ) -> Understood:
        option = choice.option
        if not isinstance(option, ConsentOption):  # pragma: no cover - offered() returns this step's own options
            raise TypeError(option)
        decisions = [(self.purpose, option.decision, self.version, option.days)]
        for item in self.also if context.look.short else ():
            agreed = item.purpose in also
            decisions.append(
                (
                    item.purpose,
                    ConsentAnswer.YES if agreed else ConsentAnswer.NO,
                    item.version,
                    item.valid_days if agreed else None,
                )
            )
        shown = context.conversation.shown
        records = tuple(
            RecordConsent(
                purpose=purpose,
                answer=answer,
                step=context.name,
                literal=literal[:LITERAL],
                text=shown,
                digest=sha256(shown.encode("utf-8", "replace")).hexdigest(),
                language=context.conversation.language,
                version=version,
                valid_days=days,
            )
            for purpose, answer, version, days in decisions
        )
        return Understood(
            value=option.value, label=choice.shown.label, note=note, next=option.next, before=records,
            sets=_said_so(context, choice, literal),
        )  # fmt: skip


def _also_shown(context: QuestionContext, purpose: str, number: int) -> Option:
    return Option(value=purpose, label=context.text(f"also.{purpose}"), key=str(number))


def decision_of(choice: Choice) -> str:
    """Return the decision that an option makes; empty if it belongs to no consent question."""
    return choice.option.stands_for


def _about_the_question(context: QuestionContext, said: str) -> bool:
    """Return True if an unclear reply is about the question and hardly anything else, so it is no part of a story."""
    table = answers_in(context.conversation.language)
    reply = read_reply(said, table, context.release.organisation.adult_age) if table is not None else None
    return reply is not None and reply.unknown <= 1 and any(reply.kinds)


def _opens_with_yes(context: QuestionContext, said: str) -> bool:
    """Return True if a reply begins like a yes: then it answers our question and is no part of a story."""
    table = answers_in(context.conversation.language)
    kinds = read_reply(said, table, context.release.organisation.adult_age).kinds if table is not None else ()
    return next((kind for kind in kinds if kind not in {"polite", "thanks"}), "") in {
        "yes",
        "bare_yes",
        "yeah",
        "loose",
    }


def _is_plain(context: QuestionContext, sentence: str) -> bool:
    """Return True if a sentence agrees explicitly ("i agree to that"); a bare yes could answer anything."""
    table, adult = answers_in(context.conversation.language), context.release.organisation.adult_age
    if table is None:
        return False
    return read_reply(sentence, table, adult).has("yes") and verdict(sentence, table, adult) == "yes"


def _said_so(context: QuestionContext, choice: Choice, literal: str) -> Mapping[str, str]:
    """Return other answers that this one settles: an age only if the reply or the chosen words name it."""
    settled = choice.option.sets
    if AGE not in settled:
        return settled
    limit = context.release.organisation.adult_age
    if str(limit) in choice.shown.label or age_said(
        literal, limit, language=context.conversation.language, beside=True
    ):
        return settled
    return {name: value for name, value in settled.items() if name != AGE}


def _beside_naming(choice: Choice) -> frozenset[str]:
    """Return the kinds of words allowed beside the option's name: the writer's name only beside a wish to publish."""
    decision = decision_of(choice)
    with_name = {"name"} if decision == "publish" else set()
    return (_FURTHER | {decision} | with_name) - {f"not_{decision}"}


def _to_little(reply: Reply) -> Verdict:
    """Interpret a reply to "may we write again": a wider range of words counts as yes, and everything else as no."""
    kinds = set(reply.kinds)
    if reply.unknown or reply.asks:
        return ""
    if "no_reach" in kinds or ("any" in kinds and kinds <= _LEAST):
        return "no"
    return "yes" if "reach" in kinds and not kinds & {"no", "refuse", "will_not"} else ""


def hedged(context: QuestionContext, said: str) -> bool:
    """Return True if the answer contains words that make it unclear, such as "maybe" or "but"."""
    text = spaced(normalise(said[:300]))
    return any(word in text for word in _spaced_words_of(context.common("hedges")))


@lru_cache(maxsize=256)
def _spaced_words_of(text: str) -> tuple[str, ...]:
    return tuple(spaced(word) for word in _words_of(text))


def listed(context: QuestionContext, key: str) -> frozenset[str]:
    """Return one of the word lists shared by all flows, normalised."""
    return _words_of(context.common(key))


@lru_cache(maxsize=256)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(normalise(word) for word in text.split(","))
