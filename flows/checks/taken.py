"""Words that are taken: our own keywords in every state, and those the carriers read (rules 25, 26, 31). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.checks.subject import called
from flows.keywords import CARRIER_WORDS, normalise, reserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.checks.subject import Subject
    from flows.findings import Finding
    from flows.questions.base import OptionStep

CODES = {
    "keyword_taken": "An answer is one of our own keywords, so it can never be chosen by that word.",
    "carrier_answer": "An answer by SMS is a word that carriers act on, such as YES or END.",
    "asks_for_carrier_word": "A text asks people to send a word that carriers act on.",
}

WELCOME = frozenset({"STOP", "START", "HELP"})
"""Carrier words that mean to us what they mean to a carrier; a text may name these."""

_VERBS = (
    "answer",
    "press",
    "reply",
    "respond with",
    "send",
    "text",
    "type",
    "write",  # English
    "anfonwch",
    "atebwch",
    "danfonwch",
    "gwasgwch",
    "tecstiwch",
    "teipiwch",
    "ysgrifennwch",  # Welsh
    "napisz",
    "odpisz",
    "odpowiedz",
    "wpisz",
    "wyślij",  # Polish
)
_WORDS = "|".join(sorted(CARRIER_WORDS - WELCOME))
_CAPITALS = re.compile(rf"\b({_WORDS})\b")
_ASKED = re.compile(rf"\b(?:{'|'.join(_VERBS)})\s+[\"'“‘„]?({_WORDS})\b", re.IGNORECASE)
_STOP_AS_ANSWER = re.compile(
    r"\bSTOP[\"'”’]?\s+(?:(?:when|once|if)\b[^.?!]*\b(?:finish|done|ready|end)|to\s+(?:finish|go|skip))"
)


def check(subject: Subject) -> Iterator[Finding]:
    """Look at each answer's words and at each text in each language."""
    said: set[tuple[str, str, str]] = set()
    for finding in (*_answers(subject), *_texts(subject)):
        key = (finding.step, finding.code, finding.what)
        if key not in said:
            said.add(key)
            yield finding


def _answers(subject: Subject) -> Iterator[Finding]:
    for language, _, texts in subject.versions:
        ours = {normalise(word) for word in reserved(language)}
        for name, step in subject.steps.items():
            for option in (*step.choices(), *getattr(step, "change", ())):
                labels, words = _forms(f"{subject.id}/{name}.options.{option.value}", texts)
                for form in (*labels, *words):
                    if normalise(form) in ours and step.type != "read_back":
                        yield subject.finding(
                            "keyword_taken",
                            name,
                            f"“{form}” is a word that always works in every conversation{_in(subject, language)},"
                            " so it can never be heard as this answer.",
                            "Choose other words for the answer.",
                        )
                if step.when != "telegram" and option.when != "telegram":
                    yield from _carried(subject, name, language, option, texts)


def _carried(
    subject: Subject, name: str, language: str, option: OptionStep, texts: Mapping[str, str]
) -> Iterator[Finding]:
    address = f"{subject.id}/{name}.options.{option.value}"
    label = texts.get(f"{address}.sms") or texts.get(address, "")
    first = re.match(r"\w+", label)
    if first is not None and first[0].upper() in CARRIER_WORDS:
        yield subject.finding(
            "carrier_answer",
            name,
            f"People would text “{first[0]}” for “{label}”{_in(subject, language)}. Phone companies read that word"
            " themselves: some stop or start all messages to the person.",
            "Use other words, such as AGREE or NO. A shorter form for SMS goes in label_sms.",
        )


def _forms(address: str, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    labels = [texts[key] for key in (address, f"{address}.sms") if key in texts]
    words = [word.strip() for word in texts.get(f"{address}.words", "").split(",") if word.strip()]
    return labels, words


def _texts(subject: Subject) -> Iterator[Finding]:
    for language, _, texts in subject.versions:
        for source in subject.texts:
            if source.kind != "text" or source.sms is False or source.address not in texts:
                continue
            text = texts[source.address]
            found = _ASKED.search(text) or _CAPITALS.search(text)
            word = found[1].upper() if found is not None else "STOP" if _STOP_AS_ANSWER.search(text) else ""
            if word:
                yield subject.finding(
                    "asks_for_carrier_word",
                    subject.step_of(source.address),
                    f"The text asks for “{word}”{_in(subject, language)}. Phone companies read that word themselves:"
                    " some stop or start all messages to the person.",
                    "Ask for another word: DONE to finish, BACK to go back, AGREE to agree. STOP ends all contact.",
                )


def _in(subject: Subject, language: str) -> str:
    return "" if language == subject.language else f" in {called(language)}"
