"""`credit`: the name under which a story is published, if its teller chose to give one (rule 49)."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import ClassVar, Literal

from pydantic import Field

from flows.language.answers.agreement import read_reply
from flows.language.answers.phrase_book import answers_in
from flows.language.keywords.recognise import normalise
from flows.model.effects import RecordConsent
from flows.model.signals import Said, Signal
from flows.model.vocabulary.consent_answers import Naming, Purpose
from flows.questions.consent import LITERAL, ONE_YEAR, hedged, listed
from flows.questions.question import Interpretation, PurposeVersion, QuestionContext, Step, Unclear, Understood

LONGEST = 60
"""Most characters of a name."""
MOST_WORDS = 6
TOLD_WORDS = 9
"""A sentence with more words than this may be part of the story."""
_UNNAMED = frozenset({"unnamed", "no", "refuse", "will_not"})
_AGREES = frozenset({"yes", "bare_yes", "yeah", "loose", "any", "mild"})
_POLITE = frozenset({"polite", "thanks", "declines"})
_CONTACT = re.compile(r"\d{4}|@|://|www\.", re.IGNORECASE)
"""Signs of a phone number or an address, which are no name."""


class CreditStep(Step):
    """Ask for the name to publish under. A sentence, number or address is no name; without a name nobody is named."""

    type: Literal["credit"] = "credit"
    version: int = Field(default=1, ge=1, le=9999)
    valid_days: int = Field(default=ONE_YEAR, ge=1, le=3650)

    sensitive: ClassVar[bool] = True
    decides: ClassVar[bool] = True
    asks_name: ClassVar[bool] = True
    does: ClassVar[str] = "asks for the name to publish under"

    @property
    def about(self) -> Purpose:
        """The purpose: how the teller of a published story is named."""
        return Purpose.NAMING

    def purposes(self) -> tuple[PurposeVersion, ...]:
        """Return that purpose with the version of this question."""
        return (PurposeVersion(self.about, self.version),)

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Take a name as it is written; after two replies without one, nobody is named."""
        said = " ".join(signal.text.split()) if isinstance(signal, Said) else ""
        if normalise(said) in listed(context, "no_words") | listed(context, "nobody_words"):
            return self._named(context, Naming.NONE, said)
        table = answers_in(context.conversation.language)
        kinds = (
            set(read_reply(said, table, context.release.organisation.adult_age).kinds) if table is not None else set()
        )
        if kinds & _UNNAMED and kinds <= _UNNAMED | _POLITE:
            return self._named(context, Naming.NONE, said)
        if kinds and kinds <= _AGREES | _POLITE:
            return Unclear(counts_as=self._named(context, Naming.NONE, said))
        words = len(said.split())
        sentence = words > MOST_WORDS or said.endswith("?") or (words > 1 and hedged(context, said))
        if not said or len(said) > LONGEST or sentence or _CONTACT.search(said):
            told = said if words > TOLD_WORDS and not _CONTACT.search(said) else ""
            return Unclear(kept=told, counts_as=self._named(context, Naming.NONE, said))
        return self._named(context, Naming.NAME, said)

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return the answer for SKIP and DONE: nobody is named."""
        return self._named(context, Naming.NONE, "SKIP")

    def _named(self, context: QuestionContext, answer: Naming, said: str) -> Understood:
        shown = context.conversation.shown
        decision = RecordConsent(
            purpose=self.about,
            answer=answer,
            step=context.name,
            literal=said[:LITERAL],
            text=shown,
            digest=sha256(shown.encode("utf-8", "replace")).hexdigest(),
            language=context.conversation.language,
            version=self.version,
            valid_days=self.valid_days if answer == Naming.NAME else None,
            credit=said if answer == Naming.NAME else "",
        )
        return Understood(value=answer, before=(decision,))
