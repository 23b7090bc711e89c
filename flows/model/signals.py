"""What may happen to a conversation: one frozen record each.

Some signals answer an effect of the same turn (`PlacesFound` answers `FindPlace`, `Unsealed` answers `Unseal`, `Facts`
answers `TellData`, `StoriesListed` answers `ListStories`, `FileReady` answers `GiveFile`, `ReceiptRead` answers
`FindReceipt`), so that the engine can use what lives outside it and still be a pure function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.model.vocabulary.consent_answers import Use
from flows.model.vocabulary.story_states import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A contributor begins a flow. `text` is what they wrote first, if it was more than a greeting or a flow's word."""

    text: str = ""
    ref: str = ""
    """The provider's id of that message, so that a later edit can be matched to it."""
    more: tuple[tuple[str, str], ...] = ()
    """What they wrote after that, by message, as (ref, text)."""
    concerns: frozenset[str] | None = None
    """Kinds of concern that were found in these words already; None: they have not been looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Typed words, whole and unaltered; keywords are looked for before any question reads them (design rule 3)."""

    text: str
    ref: str = ""
    seen: int | None = None
    """Number of the newest question that was handed to the provider long enough before this came for its writer to have
    read it (design rule 10); None where every question is seen at once, as in a terminal."""
    forwarded: bool = False
    """True: somebody else's words, which this person handed on. They are marked so before anything reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose:
    """A pressed button: accepted only if `token` and `serial` are those of the question that is waiting (rule 38)."""

    token: str
    serial: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A message already sent was changed by its author: the newest words are what they say (rule 43)."""

    text: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Something that is not words (voice, photo, sticker…): `kind` names it in one lower-case word (rule 45)."""

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
    ref: str = ""
    answer: str = ""
    """Name of the answered question whose words were changed; empty for the one that waits."""
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
class ListedStory:
    """One story as its own teller finds it again: when, where, the first words, how far it may travel."""

    id: int
    month: str
    """Month and year in which it was told, in words of the contributor's language."""
    words: str
    """The first few words of it, at most forty characters; never kept in a conversation."""
    use: Use = Use.TEAM
    place: str = ""
    here: bool = False
    """True: it was told in the conversation that is going on now."""
    set_aside: bool = False
    """True: it is to be deleted, and is used for nothing until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoriesListed:
    """Answer to `ListStories`: some of the contributor's stories, newest first."""

    about: str
    stories: tuple[ListedStory, ...] = ()
    older: int = 0
    """Number from which on there are older ones; 0 if these are the oldest."""
    page: int = 0
    """How many newer ones were passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Answer to `TellData`: what is held about this contributor, for MY DATA."""

    stories: int
    channels: tuple[str, ...]
    since: str
    """Month and year of the first contact, in words of the contributor's language."""
    told: tuple[ListedStory, ...] = ()
    """Their stories, newest first, at most five."""
    contact: bool = False
    """True: we may write to them about a story, by their latest word."""
    invite: bool = False
    """True: we may invite them again, by their latest word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReady:
    """Answer to `GiveFile`: where the person can open what is held about them, for a day."""

    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRead:
    """Answer to `FindReceipt`. `story` is 0 if the words open nothing, or may not be tried now: both look the same."""

    text: str
    ref: str = ""
    story: int = 0
    month: str = ""
    progress: Progress = Progress.HEARD
    use: Use = Use.TEAM


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAsked:
    """Answer to `AskCode`: the number that is to be sent; empty if too many were asked for today."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChecked:
    """Answer to `CheckCode`, and to `AskCode` where nothing has to be proved."""

    right: bool
    over: bool = False
    """True: the number is good for nothing any more: too late, or tried too often."""
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """Answer to `AmendStory`, if the edited message is part of a story that was kept."""

    takes_back: bool = False
    """True: it was the agreement to an earlier story, and is one no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """Answer to `AmendStory`, if nothing of ours came of the message that was edited."""

    text: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unshown:
    """Answer to `KeepStory` after an edit: what showed the older words is not sent any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Nothing was written for the gap that the waiting question asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudged:
    """The time for a reminder came (rule 100: one after 48 hours, two at most)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The conversation's time is over (7 days without a word)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBack:
    """The team, or time, has a question of its own: say so in words that tell nothing, and wait (rule 83)."""

    id: int
    until: str
    """When it lapses without an answer, in ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBackShown:
    """Answer to `ShowAskBack` and `ProposeEdition`: what the question is, to be shown now and not kept."""

    id: int
    kind: Literal["sign_off", "own_words", "renew_publish", "renew_quote", "renew_keep"]
    text: str = ""
    """The edited version."""
    reason: str = ""
    """Why it was edited; empty if nobody said."""
    month: str = ""
    """Until when consent lasts, in words of the contributor's language."""
    months: int = 0
    """For how many more it would go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBackTaken:
    """Answer to `AnswerAskBack`, and to `ShowAskBack` when there is nothing to be shown any more."""

    outcome: Literal["agreed", "kept", "later", "renewed", "narrowed", "taken_back", "over"]
    here: bool = False
    """True: the story that was taken back is the one of this conversation."""


Signal = (
    Started
    | Said
    | Chose
    | Edited
    | Sent
    | PlacesFound
    | Located
    | Unsealed
    | Facts
    | StoriesListed
    | FileReady
    | ReceiptRead
    | CodeAsked
    | CodeChecked
    | Amended
    | Unplaced
    | Unshown
    | AskedBack
    | AskBackShown
    | AskBackTaken
    | Quiet
    | Nudged
    | Expired
)
