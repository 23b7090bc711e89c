"""The flows as they run: compiled once, published in the database, handed to turns.

New conversations begin with the flows that this process was started with. A conversation that began under another
structure stays on it; its texts are the newest that were published for that structure.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.authoring.findings import FlowError
from flows.authoring.loader import CONTENT, EVERYWHERE, load
from flows.authoring.release import Release, compile_release
from flows.authoring.texts import TEXTS, read_translations, texts_for
from flows.checks import check_flows
from flows.language.keywords.recognise import normalise
from flows.model.conversation import idle
from storage.queries.conversations import published

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from flows.model.channel_look import ChannelKind
    from flows.model.organisation_facts import OrganisationFacts

GREETING = re.compile(r"/start(?:@\w+)?", re.IGNORECASE)


DANGEROUS = frozenset(
    {"unknown_target", "no_way_on", "no_end", "loop_without_waiting", "no_consent", "one_sided_consent"}
)
"""Findings with which no conversation may begin: people would be stuck, or asked for a story without a yes."""


class NoSuchFlowError(LookupError):
    """A flow or a structure is not known here. Nothing was changed; start the version that knows it."""


class Releases:
    """Every release this process can go on with. Reading it from several threads at once is safe."""

    def __init__(self, current: Iterable[Release], default_flow: str) -> None:
        """Raises NoSuchFlowError if the first flow is not among them."""
        self.current = {release.flow.id: release for release in current}
        if default_flow not in self.current:
            known = ", ".join(self.current)
            raise NoSuchFlowError(f"there is no flow {default_flow!r} to begin with; choose one of: {known}")
        self.default_flow = default_flow
        self.faults = 0
        self._by_structure = {(release.flow.id, release.structure): release for release in self.current.values()}
        self._by_words = {
            normalise(word): flow for flow, release in self.current.items() for word in (flow, *release.flow.words)
        }

    @classmethod
    def compile(
        cls,
        organisation: OrganisationFacts,
        default_flow: str,
        folders: Iterable[Path] = (CONTENT,),
        texts: Iterable[Path] = (TEXTS,),
    ) -> Releases:
        """Compile every flow of these folders with its checked translations.

        Raises NoSuchFlowError, and FlowError for a flow that is dangerous; `faults` counts what else is wrong.
        """
        flows = load(folders)
        errors = [finding for finding in check_flows(flows, organisation=organisation) if finding.severity == "error"]
        dangerous = tuple(finding for finding in errors if finding.code in DANGEROUS)
        if dangerous:
            raise FlowError(dangerous)
        translations = read_translations(organisation.languages, flows, texts)
        made = cls((compile_release(flow, texts_for(flow, translations), organisation) for flow in flows), default_flow)
        made.faults = len(errors)
        return made

    def publish(self, connection: Connection, now: datetime) -> int:
        """Store what was not published before; returns how many releases that were."""
        return sum(
            published.publish(
                connection,
                flow=release.flow.id,
                title=release.flow.title,
                structure=release.structure,
                whole=release.whole,
                body=release.to_json(),
                now=now,
            )
            for release in self.current.values()
        )

    def begin(self, flow: str, text: str) -> Release:
        """Return the release of a conversation: the flow named, else the one whose words these are, else the first."""
        if flow in self.current:
            return self.current[flow]
        return self.current[self._by_words.get(normalise(GREETING.sub("", text)), self.default_flow)]

    def common(self, key: str, *, language: str, look: ChannelKind, **fills: str) -> str:
        """Return a text that belongs to every flow, for somebody who is in no conversation."""
        release = self.current[self.default_flow]
        now = datetime.now(UTC)
        nobody = idle(id="", token="", flow=release.flow.id, channel=look, language=language, now=now)
        return release.text(f"everywhere/{key}.text", nobody, **fills)

    def going_on(self, connection: Connection, flow: str, structure: str) -> Release:
        """Return the release a stored conversation goes on with; raises NoSuchFlowError."""
        found = self._by_structure.get((flow, structure))
        if found is not None:
            return found
        if not structure:
            return self.begin(flow, "")
        stored = published.newest_with_structure(connection, flow, structure)
        if stored is None:
            raise NoSuchFlowError(f"flow {flow} was never published with the structure that a conversation stays on")
        release = self._with_newer_texts(Release.from_json(stored.body))
        self._by_structure[flow, structure] = release
        return release

    def _with_newer_texts(self, release: Release) -> Release:
        """Lend an older release the texts of every flow that it was frozen without, so that it can say all we ask."""
        newest = self.current[self.default_flow].texts
        ours = {
            language: {address: text for address, text in texts.items() if address.startswith(f"{EVERYWHERE}/")}
            for language, texts in newest.items()
        }
        texts = {language: {**ours.get(language, {}), **known} for language, known in release.texts.items()}
        return release.model_copy(update={"texts": texts})
