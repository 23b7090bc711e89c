"""Checks translations: every text is there and checked by a person, and none is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import called

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {
    "translation_missing": "A language you offer lacks a text, so it is not offered.",
    "translation_unchecked": "A translation is a draft, or its source changed since; the language is not offered.",
    "translation_extra": "A translation is left over from a text that is gone.",
}

_NAMED = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Report differences between each catalogue and the source texts: one finding per kind, not per text."""
    wanted = {text.address: text.text for text in subject.texts}
    for language, catalogue in subject.catalogues.items():
        if language == subject.language:
            continue
        name = called(language)
        entries = catalogue.entries
        missing = [address for address in wanted if address not in entries or not entries[address].text]
        drafts = [
            address
            for address, text in wanted.items()
            if address not in missing and (entries[address].fuzzy or entries[address].source != text)
        ]
        extra = [address for address in entries if address.startswith(f"{subject.id}/") and address not in wanted]
        if missing:
            yield subject.finding(
                "translation_missing",
                _step(subject, missing),
                f"{name}: {len(missing)} of {len(wanted)} texts have no translation ({_some(subject, missing)})."
                f" {name} is not offered until they have.",
                f"Run “earshot texts update {language}”, then translate them in texts/{language}.po.",
            )
        if drafts:
            yield subject.finding(
                "translation_unchecked",
                _step(subject, drafts),
                f"{name}: {len(drafts)} of {len(wanted)} translations are drafts that nobody has checked"
                f" ({_some(subject, drafts)}). {name} is not offered until they are.",
                "Ask somebody who speaks the language to read each one and take away its “fuzzy” mark.",
                "warning",
            )
        if extra:
            yield subject.finding(
                "translation_extra",
                "",
                f"{name}: {len(extra)} translations belong to texts that are gone ({_some(subject, extra)}).",
                f"Run “earshot texts update {language}”: it moves them to the end of the file.",
                "warning",
            )


def _step(subject: Subject, addresses: Sequence[str]) -> str:
    return subject.step_of(addresses[0]) if len(addresses) == 1 else ""


def _some(subject: Subject, addresses: Sequence[str]) -> str:
    named = ", ".join(subject.step_of(address) for address in addresses[:_NAMED])
    return f"{named} and others" if len(addresses) > _NAMED else named
