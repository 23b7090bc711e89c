"""What a turn wants done: one frozen record each, carried out by the caller in order. Imports pydantic's types only.

The engine never does any of these itself. Commands to the world are named in the imperative.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

Use = Literal["team", "quote", "publish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose, in the contributor's language."""

    value: str
    label: str
    key: str = ""
    """What to type for it by SMS: usually its number, "0" for none of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One message to the contributor. `text` excludes the options; a channel draws those as buttons or lines."""

    text: str
    options: tuple[Option, ...] = ()
    serial: int | None = None
    """Serial number of the question this message asks; None when it asks nothing."""
    toggled: tuple[str, ...] = ()
    """Values switched on so far, for a question with several answers; those options are drawn as toggles."""
    toggles: bool = False
    redraw: bool = False
    """True: only the toggles changed; a channel that can should redraw the last question instead of repeating it."""
    wants_place: bool = False
    """True: a channel that can may offer to share a position (reduced to a locality at once, rule 42)."""
    private: bool = False
    """True: the text repeats the contributor's own words (read-back); stored no longer than needed to send it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAnswer:
    """An answer was understood (or given up or skipped: value None). `note` keeps the words around it."""

    step: str
    value: JsonValue
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent:
    """One consent decision, append-only: what was asked, in which words and language, and the reply (rule 51)."""

    purpose: str
    """`take_part`, `use`, `contact`…"""
    answer: str
    """`yes`, `no`, or for `use` one of team, quote, publish."""
    step: str
    literal: str
    """What the person typed or the label they pressed; at most 160 characters."""
    text: str
    """The exact words shown, options included; the store keeps them once, under their digest."""
    digest: str
    """SHA-256 of `text`, hexadecimal."""
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSealed:
    """Words that came before consent: encrypt them apart while we ask (design rule 2)."""

    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseal:
    """Consent was given: answer with `Unsealed`, in this same turn, and delete the sealed copies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeSealed:
    """Consent was refused or did not come: destroy the sealed messages and the raw events behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindPlace:
    """Look these words up and answer with `PlacesFound`, in this same turn."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellData:
    """Answer with `Facts`, in this same turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A story as its teller saw it in the read-back. `parts` are (ref, text) in order; `text` is their join."""

    kind: str
    """`story` or `feedback`: the flow's `gathers`."""
    text: str
    parts: tuple[tuple[str, str], ...]
    answers: dict[str, JsonValue] = field(default_factory=dict)
    """Every answer by step name (value and note), for export."""
    tags: tuple[tuple[str, str], ...] = ()
    """(dimension, value), e.g. ("scale", "individual"); origin is the contributor."""
    place_id: str = ""
    place_label: str = ""
    place_words: str = ""
    """The person's own words for the place, always kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepStory:
    """Keep (or replace) this conversation's story and queue it for review. Never without a yes to `take_part`."""

    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class DropStory:
    """The teller dropped it: delete this conversation's story, draft and sealed words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendStory:
    """An edit of a message whose story is already kept: stored beside it, the original stays (design rule 5)."""

    ref: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToStory:
    """Words that came after the story was kept and that the person wants added to it."""

    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """Stop all contact with this person, on every channel (rule 30). `by_carrier`: the carrier has answered already."""

    by_carrier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    """Contact is welcome again; no consent is granted anew (rule 30)."""

    by_carrier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """The person asked for deletion and confirmed it: of everything, or of the story told last before this one."""

    scope: Literal["story", "everything"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLanguage:
    """The person chose a language; remembered for later conversations."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellTeam:
    """Something a person on the team should look at, e.g. HELP in the middle of a story (rule 29). Holds no content."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseConcern:
    """Words of distress came: lay the message before a person on the team (rule 79). Holds no words and no grade."""

    kinds: frozenset[str]
    """What was found, by `flows.safeguarding.KINDS`; nothing of it is kept but that something was."""
    signposted: bool
    """True: the signpost goes out in this turn, and not again for 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Start a flow afresh for the same person (first words, start again, another story)."""

    flow: str = ""
    """Empty: the flow whose words these are, else the installation's first flow."""
    text: str = ""
    """What they wrote, to be handed on as `Started.text`."""
    ref: str = ""
    concerns: frozenset[str] | None = None
    """What was found in those words; None if they were not looked at, or held nothing."""


Effect = (
    Say
    | SaveAnswer
    | RecordConsent
    | HoldSealed
    | Unseal
    | PurgeSealed
    | FindPlace
    | TellData
    | KeepStory
    | DropStory
    | AmendStory
    | AddToStory
    | OptOut
    | OptIn
    | Erase
    | SetLanguage
    | TellTeam
    | RaiseConcern
    | Begin
)
