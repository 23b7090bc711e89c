"""What may happen to a conversation: one frozen record each. Owned by the engine; imports the standard library.

Two signals answer an effect of the same turn (`PlacesFound` answers `FindPlace`, `Unsealed` answers `Unseal`, `Facts`
answers `TellData`), so that the engine can use what lives outside it and still be a pure function.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A contributor begins a flow. `text` is what they wrote first, if it was more than a greeting or a flow's word."""

    text: str = ""
    ref: str = ""
    """The provider's id of that message, so that a later edit can be matched to it."""
    concerns: frozenset[str] | None = None
    """Kinds of concern that were found in these words already; None: they have not been looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Typed words, whole and unaltered; keywords are looked for before any question reads them (design rule 3)."""

    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose:
    """A pressed button: accepted only if `token` and `serial` are those of the question that is waiting (rule 38)."""

    token: str
    serial: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A message already sent was changed by its author; never a new answer (rule 43)."""

    text: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Something that is not words (voice, photo, sticker…): `kind` names it in one lower-case word."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChoice:
    """One place a contributor may have meant. `label` is "Glenboig, North Lanarkshire"."""

    id: str
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesFound:
    """Answer to `FindPlace`: exact hits (best first, at most five), or suggestions when there were none."""

    words: str
    exact: tuple[PlaceChoice, ...] = ()
    suggestions: tuple[PlaceChoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A shared position, already reduced to a locality by the caller; the point itself never gets here (rule 42)."""

    place: PlaceChoice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """Answer to `Unseal`: the messages that were held sealed, in the order they came, as (ref, text)."""

    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Answer to `TellData`: what is held about this contributor, for MY DATA."""

    stories: int
    channels: tuple[str, ...]
    since: str
    """Month and year of the first contact, in words of the contributor's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Nothing was written for the gap that the waiting question asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudged:
    """The time for a reminder came (rule 100: one after 48 hours, two at most)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The conversation's time is over (7 days without a word)."""


Signal = Started | Said | Chose | Edited | Sent | PlacesFound | Located | Unsealed | Facts | Quiet | Nudged | Expired
