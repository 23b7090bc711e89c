"""The texts of a flow in every language, and which languages are complete enough to be offered.

Source texts are in the flow file. A translation is used only if a person has checked it (its entry is not fuzzy) and it
was made from the current source. A language is offered only if every text of the flow has such a translation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.authoring.catalogue import Catalogue, read_catalogue
from flows.authoring.loader import everywhere
from flows.questions.question import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flows.authoring.definition import Flow

TEXTS = Path(__file__).parents[1] / "texts"
"""Folder of the PO files that ship with Earshot, one per language."""


def sources(flow: Flow) -> Iterator[SourceText]:
    """Yield every source text that a release of this flow needs: the shared ones, then its own."""
    yield from everywhere()
    yield from flow.texts()


def all_sources(flows: Iterable[Flow]) -> tuple[SourceText, ...]:
    """Return every source text of these flows for translators, the shared ones first."""
    return (*everywhere(), *(text for flow in flows for text in flow.texts()))


def read_catalogues(languages: Iterable[str], folders: Iterable[Path] = (TEXTS,)) -> dict[str, Catalogue]:
    """Return each language's catalogue as in its files, drafts included; empty for a language without a file.

    An entry of a later folder replaces one of an earlier folder. Raises UnreadableCatalogueError.
    """
    found = {}
    folders = tuple(folders)
    for language in languages:
        files = (folder / f"{language}.po" for folder in folders)
        read = [read_catalogue(file) for file in files if file.is_file()]
        entries = {address: entry for catalogue in read for address, entry in catalogue.entries.items()}
        found[language] = Catalogue(language, entries)
    return found


def read_translations(
    languages: Iterable[str], flows: Iterable[Flow], folders: Iterable[Path] = (TEXTS,)
) -> dict[str, dict[str, str]]:
    """Return the checked translations by language and address: not fuzzy, and made from the current source.

    Raises UnreadableCatalogueError.
    """
    wanted = {text.address: text.text for text in all_sources(flows)}
    return {
        language: {
            entry.address: entry.text
            for entry in catalogue.entries.values()
            if entry.text and not entry.fuzzy and wanted.get(entry.address) == entry.source
        }
        for language, catalogue in read_catalogues(languages, folders).items()
    }


def texts_for(flow: Flow, translations: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the texts of a release by language and address: the source language, and every language that is complete.

    `translations` contains checked ones only; see `read_translations`. The shared texts are written in English; a flow
    in another source language uses their translation if there is one.
    """
    own = translations.get(flow.source_language, {})
    source = {text.address: text.text for text in everywhere()}
    source |= {address: own[address] for address in source if address in own}
    source |= {text.address: text.text for text in flow.texts()}
    found = {flow.source_language: source}
    for language, known in translations.items():
        if language != flow.source_language and all(address in known for address in source):
            found[language] = {address: known[address] for address in source}
    return found
