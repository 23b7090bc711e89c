"""Texts in every language: source texts beside their steps, translations from PO files. Owns catalogues; babel only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.loader import everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.definition import Flow
    from flows.questions.base import SourceText


def sources(flow: Flow) -> Iterator[SourceText]:
    """Yield every source text a release of this flow needs: its own and those of every flow."""
    yield from everywhere()
    yield from flow.texts()


def texts_for(flow: Flow, translations: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the texts of a release by language and address; `translations` holds checked ones only."""
    source = {text.address: text.text for text in sources(flow)}
    found = {flow.source_language: source}
    for language, known in translations.items():
        if language != flow.source_language:
            found[language] = {address: known[address] for address in source if address in known}
    return found
