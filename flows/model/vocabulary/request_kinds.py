"""What the law lets people ask for, by which way it came, and what came of it.

The values are what is stored. A row of the database holds plain words, which equal the members: compare with `==`.
"""

from __future__ import annotations

from enum import StrEnum


class RequestKind(StrEnum):
    """What a person asks for."""

    ACCESS = "access"
    ERASURE = "erasure"
    CORRECTION = "correction"
    OBJECTION = "objection"
    COMPLAINT = "complaint"


class RequestOrigin(StrEnum):
    """Where a request came in."""

    CHAT = "chat"
    WEB = "web"
    TEAM = "team"
    """By letter, by phone or in person, noted by somebody on the team."""


class RequestOutcome(StrEnum):
    """How a request was closed."""

    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By the person themselves."""
