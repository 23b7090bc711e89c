"""What a turn wants done: one frozen record each, carried out by the caller in order.

The engine never does any of these itself. Commands to the world are named in the imperative.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from flows.model.vocabulary.consent_answers import Purpose, Use
from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.request_kinds import RequestKind
from flows.model.vocabulary.story_states import StoryKind


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
    """An answer was understood (or given up or skipped: value None)."""

    step: str
    value: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent:
    """One consent decision, append-only: what was asked, in which words and language, and the reply (rule 51)."""

    purpose: Purpose
    answer: str
    """`yes`, `no`, for `use` one of team, quote, publish, and for `naming` one of none, place, name."""
    step: str
    literal: str
    """What the person typed or the label they pressed; at most 160 characters."""
    text: str
    """The exact words shown, options included; the store keeps them once, under their digest."""
    digest: str
    """SHA-256 of `text`, hexadecimal."""
    language: str
    version: int
    """The question's `version`: a higher one is a material change (rule 53)."""
    valid_days: int | None = None
    """For how many days this answer counts; None for a no, and for what has no end of its own."""
    story: int | None = None
    """Number of the earlier story it is about; None for the conversation's own."""
    credit: str = ""
    """For `naming`: the name its teller gave, once they gave one."""


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
class LeaveNothing:
    """We may not ask this person, such as a child: destroy what came of the conversation, answers and decisions too.

    With `person` also that there was one, and whom it was with unless they are known from before.
    """

    person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindPlace:
    """Look these words up and answer with `PlacesFound`, in this same turn."""

    words: str
    ref: str = ""
    answer: str = ""
    """Name of the answered question whose words were changed; empty for the one that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellData:
    """Answer with `Facts`, in this same turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A story as its teller saw it in the read-back. `parts` are (ref, text) in order; `text` is their join."""

    kind: StoryKind
    text: str
    parts: tuple[tuple[str, str], ...]
    answers: dict[str, JsonValue] = field(default_factory=dict)
    """Every answer by step name, under `value`, for export."""
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
    edited: bool = False
    """True: its teller changed a message; answer with `Unshown` if what showed the older words had not gone out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropStory:
    """The teller dropped it: delete this conversation's story, draft and sealed words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendStory:
    """A message was edited that this conversation does not hold: if it is sealed, or part of an earlier story, its new
    words take the place of the old; answer with `Amended` where it was part of a story."""

    ref: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToStory:
    """Words that came after the story was kept and that the person wants added to it."""

    text: str
    ref: str = ""
    story: int | None = None
    """Number of the story; None for the one of this conversation."""
    by_receipt: bool = False
    """True: the story was found by its receipt, and may be another person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """Stop all contact with this person, on every channel (rule 30). `by_carrier`: the carrier has answered already."""

    by_carrier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAddress:
    """Whoever writes says that they are not the one who wrote from here before: what was told opens to them no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    """Contact is welcome again; no consent is granted anew (rule 30)."""

    by_carrier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """The person asked for deletion and confirmed it: of everything, or of one story."""

    scope: Literal["story", "everything"]
    story: int | None = None
    """Number of the story, for the scope `story`."""
    by_receipt: bool = False
    """True: the story was found by its receipt, and may be another person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """The person asked for deletion and has not confirmed it yet: nothing of it is used any more from now on."""

    story: int | None = None
    """Number of the story; None for all of theirs, or for the one of this conversation with `here`."""
    here: bool = False
    by_receipt: bool = False
    """True: the story was found by its receipt, and may be another person's."""
    ask_back: int | None = None
    """Number of the question of ours that it is about, where the story is known by nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """They want to keep it after all: it may be used again as before."""

    story: int | None = None
    here: bool = False
    ask_back: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCode:
    """Answer with `CodeAsked`: a number to be sent to this address; or with `CodeChecked` where none is needed."""

    deletes: bool = False
    decisions: tuple[RecordConsent, ...] = ()
    """What is to be decided about earlier stories; none is needed where it allows no more than what stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCode:
    """Answer with `CodeChecked`: whether this is the number that was sent."""

    code: str
    keep: bool = False
    """True: they want to keep what they had asked to be deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStories:
    """Answer with `StoriesListed`, in this same turn: this person's stories, newest first, a few at a time."""

    about: str
    """The question they are wanted for; it comes back with the answer."""
    older: int = 0
    """Only those with a lower number; 0 for the newest."""
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveFile:
    """Make a link to everything held about this person, for a day, and answer with `FileReady` in this same turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForPerson:
    """Enter a data-protection request that a person on the team follows up, because we cannot answer it here."""

    kind: RequestKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceStory:
    """The teller said it differently: these words take the place of the old ones, which are deleted."""

    story: int
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HidePlace:
    """The teller wants the place of a story forgotten."""

    story: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindReceipt:
    """Look for the story these three words belong to, and answer with `ReceiptRead` in this same turn."""

    words: str
    text: str
    """What was written, so that it is not lost if it was no receipt."""
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrowStory:
    """Whoever holds the receipt wants the story to travel less far. Never further: that is its teller's alone."""

    story: int
    use: Use
    literal: str
    text: str
    """The exact words shown, options included."""
    digest: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteChat:
    """Take the messages of this chat away, ours and theirs, as far as the channel lets us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLanguage:
    """The person chose a language; remembered for later conversations."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFollowUp:
    """Answer with `AskBackShown`, or with `AskBackTaken` if the question is over, in this same turn."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFollowUp:
    """What the person answered; `AskBackTaken` says what came of it, in this same turn."""

    id: int
    answer: Literal["agree", "keep", "go_on", "team", "back", "later"]
    consent: RecordConsent | None = None
    """What was asked, and the reply as it came; None for `later`, which decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeEdition:
    """The teller wrote their own version of a story: keep it beside the others and answer with `AskBackShown`."""

    id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellTeam:
    """Something a person on the team should look at, e.g. HELP in the middle of a story (rule 29). Holds no content."""

    kind: ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseConcern:
    """Words of distress came: lay the message before a person on the team (rule 79). Holds no words and no grade."""

    kinds: frozenset[str]
    """What was found, one of the kinds of the tables of distress; only that something was found is kept."""
    level: Literal["plain", "likely"] = "plain"
    """likely: worth a look by day; nothing is sent but one warm sentence, and nobody is alerted at night."""
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
    more: tuple[tuple[str, str], ...] = ()
    """What they wrote after that, by message, as (ref, text)."""
    concerns: frozenset[str] | None = None
    """What was found in those words; None if they were not looked at, or held nothing."""


Effect = (
    Say
    | SaveAnswer
    | RecordConsent
    | HoldSealed
    | Unseal
    | PurgeSealed
    | LeaveNothing
    | FindPlace
    | TellData
    | KeepStory
    | DropStory
    | AmendStory
    | AddToStory
    | OptOut
    | CloseAddress
    | OptIn
    | Erase
    | SetAside
    | PutBack
    | AskCode
    | CheckCode
    | ListStories
    | GiveFile
    | AskForPerson
    | ReplaceStory
    | HidePlace
    | FindReceipt
    | NarrowStory
    | DeleteChat
    | SetLanguage
    | ShowFollowUp
    | AnswerFollowUp
    | ProposeEdition
    | TellTeam
    | RaiseConcern
    | Begin
)
