"""The state of one contributor going through one release: a frozen record that survives as JSON.

A stored state that cannot be read is an error that stops and tells the team, never a fresh start.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, SerializeAsAny, ValidationError

from flows.model.channel_look import LOOKS, ChannelKind, ChannelLook
from flows.model.earlier_conversations import in_the_shape_of_today
from flows.model.open_interruption import OpenInterruption
from flows.model.partial_answer import PartialAnswer


class Status(StrEnum):
    """Where a conversation stands."""

    IDLE = "idle"
    OPEN = "open"
    ENDED = "ended"
    PARTED = "parted"
    """It was refused."""
    STOPPED = "stopped"
    EXPIRED = "expired"


class DueKind(StrEnum):
    """What a conversation is to be looked at for."""

    QUIET = "quiet"
    """Nothing was written for a while."""
    NUDGE = "nudge"
    EXPIRE = "expire"


class UnreadableConversationError(ValueError):
    """A stored conversation could not be read. Nothing was changed; keep the row and tell the team."""


class Answer(BaseModel):
    """What was understood at one step, and the words around it. A skipped question has the value None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: JsonValue = None
    label: str = ""
    """The value in the contributor's own language, for the read-back."""
    note: str = ""
    """Words that stood around it; they are never kept with a story."""
    ref: str = ""
    """The provider's id of the message that answered, so that an edit of it can be understood."""


class Decided(BaseModel):
    """One decision made anew about a kept story, by the message that made it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ref: str
    step: str
    story: int
    answer: str


class Conversation(BaseModel):
    """Everything the engine needs to go on; JSON in, JSON out. Times are aware, in UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    token: str
    """Ten random characters that name this conversation in a button; says nothing about the person."""
    flow: str
    structure: str
    """Structure digest of the release this conversation stays on."""
    channel: ChannelKind
    """How messages look; the simulator imitates one of these."""
    language: str
    writes_in: str = ""
    """The language they write in, where that is one we do not speak; ISO 639-1."""
    status: Status = Status.IDLE
    step: str | None = None
    """The step that waits for an answer; None when idle or over."""
    serial: int = 0
    """Number of the question last asked; buttons of earlier ones are stale."""
    asked_from: int = 0
    """Number of the message that first asked the waiting question: nobody can answer it who wrote before (design rule
    10)."""
    interruption_from: int = 0
    """The same for the question of our own that is open."""
    shown: str = ""
    """Exact words of the question last asked, options included; a consent decision records them."""
    tries: int = 0
    """How often the answer to this question was not understood."""
    answers: dict[str, Answer] = Field(default_factory=dict)
    trail: tuple[str, ...] = ()
    """Questions answered so far, in order, for BACK."""
    partial: SerializeAsAny[PartialAnswer] | None = None
    """What the waiting question keeps between messages."""
    back_to: str = ""
    """Step to return to after the waiting one, while one thing is being changed; empty otherwise."""
    pending: str = ""
    """Words written when "continue or start again" was asked; used as the answer once the person continues."""
    pending_parts: tuple[tuple[str, str], ...] = ()
    """The same by message, as (ref, text), so that an edit finds them."""
    interruptions: tuple[SerializeAsAny[OpenInterruption], ...] = ()
    """Questions of our own asked in between, each over the one that it suspends: the last is open."""
    unproved: tuple[SerializeAsAny[OpenInterruption], ...] = ()
    """The stack to go on with once the number that was sent comes back, whatever is talked about meanwhile."""
    consents: dict[str, str] = Field(default_factory=dict)
    decided: tuple[Decided, ...] = ()
    """The last decisions that were made anew about a kept story, so that an edit finds them."""
    held: int = 0
    """How many messages are held sealed for this conversation."""
    kept: bool = False
    """True once the story was kept."""
    opted_out: bool = False
    told_stopped: bool = False
    """True once they were told, after the last STOP, that START opens this again."""
    thanked: bool = False
    """True once their thanks after the end were answered."""
    cut_off: bool = False
    """True after a STOP that the carrier took: by SMS nothing of ours can reach them until they send START."""
    signposted_at: AwareDatetime | None = None
    """When this person was last told whom they can talk to, in whichever conversation and channel (rule 78)."""
    warmth_due: bool = False
    """True while one warm sentence is owed in the next reply, after words that a person is to look at."""
    warmed_at: AwareDatetime | None = None
    """When it was last said."""
    ways_named: tuple[str, ...] = ()
    """STOP, DELETE: what they were told how to send, unasked, after words that may have wished for it."""
    closed_by: str = ""
    """The end that closed us to this person for a while; it says nothing about them but its name."""
    closed_until: AwareDatetime | None = None
    receipt: str = Field(default="", exclude=True)
    """Three plain words, made by the caller, who gives them anew each time: no stored state holds them (ADR 9)."""
    receipt_sealed: str = ""
    """The same under the caller's key; nothing here reads it."""
    words_only_at: AwareDatetime | None = None
    """When they were last told that we read words only."""
    nudges: int = 0
    """Reminders of the question that waits."""
    reminded: int = 0
    """Reminders in all; never more than two (rule 100)."""
    started_at: AwareDatetime
    heard_at: AwareDatetime
    due: DueKind | None = None
    due_at: AwareDatetime | None = None

    @property
    def look(self) -> ChannelLook:
        """How messages look to this person, and what follows from it."""
        return LOOKS[self.channel]

    @property
    def interruption(self) -> OpenInterruption | None:
        """The question of our own that is open, or None."""
        return self.interruptions[-1] if self.interruptions else None

    @property
    def interrupted_by(self) -> str:
        """The name of the question of our own that is open; empty if none is."""
        return self.interruptions[-1].kind if self.interruptions else ""

    def changed(self, **changes: Any) -> Conversation:
        """Return the state with some fields changed, as `model_copy` does and at a third of its cost: they are not
        validated. A turn does this many times."""
        made = Conversation.__new__(Conversation)
        object.__setattr__(made, "__dict__", {**self.__dict__, **changes})
        object.__setattr__(made, "__pydantic_fields_set__", self.__pydantic_fields_set__ | changes.keys())
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made

    def to_json(self) -> str:
        """Return the state as compact JSON."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Conversation:
        """Read a stored state; raises UnreadableConversationError without repeating any of its content."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            earlier = in_the_shape_of_today(text)
            if earlier is None:
                raise UnreadableConversationError(_places(error)) from None
        try:
            return cls.model_validate(earlier)
        except ValidationError as error:
            raise UnreadableConversationError(_places(error)) from None


def _places(error: ValidationError) -> str:
    places = ", ".join(".".join(str(part) for part in item["loc"]) or "whole" for item in error.errors())
    return f"stored conversation cannot be read at: {places}"


def idle(
    *,
    id: str,  # noqa: A002 - the record's own field
    token: str,
    flow: str,
    channel: ChannelKind,
    language: str,
    now: datetime,
    receipt: str = "",
    receipt_sealed: str = "",
) -> Conversation:
    """Return a conversation in which nothing has happened yet."""
    return Conversation(
        id=id,
        token=token,
        flow=flow,
        structure="",
        channel=channel,
        language=language,
        started_at=now,
        heard_at=now,
        receipt=receipt,
        receipt_sealed=receipt_sealed,
    )
