"""Who speaks: the facts about the organisation and its country that texts name."""

from __future__ import annotations

from flows.model.record import Record


class OrganisationFacts(Record):
    """Who speaks: facts about the organisation that texts name."""

    organisation: str = "Earshot demo team"
    contact: str = ""
    """How to reach a person, e.g. an e-mail address or "ring 01236 000 000"."""
    privacy_url: str = ""
    emergency: str = "999"
    crisis_line: str = ""
    text_line: str = ""
    """A line that is reached by text message; empty where we know none."""
    health_line: str = ""
    """The health service's own line, for the nation we work in; empty if the nation is not known."""
    youth_line: str = ""
    more_line: str = ""
    """Another line, named only to somebody who asks for help after a signpost."""
    gas_line: str = ""
    """Whom to ring when there is a smell of gas."""
    adult_age: int = 18
    """From what age people may be asked."""
    country: str = "GB"
    languages: tuple[str, ...] = ("en",)
