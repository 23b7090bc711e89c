"""Checks for reserved words: our own keywords in every state, and those of the carriers (rules 25, 26, 31)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.authoring.flow_graph import CHANNELS
from flows.checks.checked_flow import called
from flows.language.keywords.recognise import CARRIER_WORDS, Keyword, normalise, recognise
from flows.model.channel_look import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject
    from flows.questions.question import Step

CODES = {
    "keyword_taken": "An answer is one of our own keywords, so it can never be chosen by that word.",
    "carrier_answer": "An answer by SMS is a word that carriers act on, such as YES or END.",
    "asks_for_carrier_word": "A text asks people to send a word that carriers act on.",
}

WELCOME = frozenset({"stop", "start", "help"})
"""Words that mean the same to us as to a carrier; a text may name these."""

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
_CAPITALS = re.compile(rf"\b({_WORDS.upper()})\b")
_ASKED = re.compile(rf"\b(?:{'|'.join(_VERBS)})\s+[\"'“‘„]?({_WORDS})\b", re.IGNORECASE)
_STOP_AS_ANSWER = re.compile(
    r"\bSTOP[\"'”’]?\s+(?:(?:when|once|if)\b[^.?!]*\b(?:finish|done|ready|end)|to\s+(?:finish|go|skip))"
)


def check(subject: Subject) -> Iterator[Finding]:
    """Report options and texts, in each language, that use reserved words."""
    said: set[tuple[str, str, str]] = set()
    for finding in (*_answers(subject), *_texts(subject)):
        key = (finding.step, finding.code, finding.what)
        if key not in said:
            said.add(key)
            yield finding


def _answers(subject: Subject) -> Iterator[Finding]:
    for language, _, texts in subject.versions:
        for channel in CHANNELS:
            for name, addresses in subject.answers(channel):
                for address in addresses:
                    yield from _taken(subject, name, language, _forms(address, texts))
                    if LOOKS[channel].carrier:
                        label = texts.get(f"{address}.sms") or texts.get(address, "")
                        yield from _carried(subject, name, language, label)


def _taken(subject: Subject, name: str, language: str, forms: tuple[str, ...]) -> Iterator[Finding]:
    for form in forms:
        if _is_taken(form, language, subject.steps.get(name)):
            yield subject.finding(
                "keyword_taken",
                name,
                f"“{form}” is a keyword of ours{_in(subject, language)}, so it can never be heard as this answer.",
                "Choose other words for the answer.",
            )


def _carried(subject: Subject, name: str, language: str, label: str) -> Iterator[Finding]:
    first = re.match(r"\w+", label)
    if first is not None and normalise(first[0]) in CARRIER_WORDS:
        yield subject.finding(
            "carrier_answer",
            name,
            f"People would text “{first[0]}” for “{label}”{_in(subject, language)}. Phone companies read that word"
            " themselves: some stop or start all messages to the person.",
            "Use other words, such as AGREE or NO. A shorter form for SMS goes in label_sms.",
        )


def _is_taken(form: str, language: str, step: Step | None) -> bool:
    """Return True if this text would be understood as a keyword before the question sees it."""
    found = recognise(form, language=language)
    if found is None or found.sensed or found.word in {Keyword.CHANGE, Keyword.NARROW}:
        return False  # both are left to the question
    if step is None and found.word is Keyword.DELETE:
        return False  # the question itself offers this answer, word for word
    return found.word is not Keyword.MORE or (step is not None and step.more is not None)


def _forms(address: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    labels = (texts[key] for key in (address, f"{address}.sms") if key in texts)
    words = (word.strip() for word in texts.get(f"{address}.words", "").split(","))
    return tuple(form for form in (*labels, *words) if form)


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
