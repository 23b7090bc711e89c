"""What every channel has in common: frozen records of what comes in and goes out, and the protocol they share.

A channel is one file (with its parser and its error table beside it) and one word in `CHANNELS`; nothing outside
`bot/channels` knows a provider's names.

No record here shows an address, a token or a person's words when it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self

from flows.model.vocabulary.delivery import AddressState, MessageKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.settings.environment import Settings
    from flows.model.channel_look import ChannelKind
    from flows.model.effects import Say
    from flows.model.signals import Signal
    from storage.protection.crypto import Keyring

Kind = Literal["message", "press", "edit", "membership", "group", "stray", "other", "unreadable"]
"""What an event is:

- `message`: words or something else sent by a person; `signal` is Said, Started or Sent, or `point` is set
- `press`: a button; `signal` is Chose, or None if its data is not ours (answer it all the same)
- `edit`: a message sent earlier was changed; `signal` is Edited
- `membership`: `blocked` tells whether the person shut us out or let us in again
- `group`: somebody spoke to us in a group; reply there with a private link, keep nothing (rule 40)
- `stray`: not from a person; count it, never reply (rule 10)
- `other`: nothing to do; acknowledge it
- `unreadable`: an event of a shape we do not know; keep `raw` sealed for a replay after an update, acknowledge it
"""

Refusal = Literal[400, 403, 413]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One event from a provider, verified and reduced to what we need."""

    channel: str
    """Name of the channel it came by: `telegram`, `sms`, `simulator`."""
    provider_id: str
    """Unique within the channel: Telegram's update id, Twilio's MessageSid (rules 6 and 33)."""
    kind: Kind
    address: str = field(default="", repr=False)
    """Where to answer: a chat id, a phone number, a simulator session. Empty if there is nobody to answer."""
    look: ChannelKind = "telegram"
    """How messages look to this person: as a chat with buttons, or as text messages."""
    signal: Signal | None = field(default=None, repr=False)
    media: str = ""
    """Something that came along with words and is not kept: `photo`, `voice`, `media`… The words are in `signal`."""
    point: tuple[float, float] | None = field(default=None, repr=False)
    """A shared position: latitude, longitude in degrees. Reduce it to a locality at once; never store it (rule 42)."""
    entry: str = field(default="", repr=False)
    """What stood behind `?start=` in the link that was followed; at most 64 of `A-Za-z0-9_-` (rule 41)."""
    language_hint: str = ""
    """Language of the person's app, such as `en` or `pt-br`; good for a first offer of language only."""
    ref: str = ""
    """Provider's id of the message; for a press, of the message that carries the buttons."""
    callback_id: str = field(default="", repr=False)
    """A press waits until this is answered (rule 38): give the event to `Channel.acknowledge`."""
    thread_id: int | None = None
    """Telegram's forum topic in a group; hand it through."""
    blocked: bool | None = None
    written_by: datetime | None = None
    """When it was written at the latest, by the provider's clock or because we had it then; None: as it comes in."""
    late: bool = False
    """True: fetched or brought in again, so that something newer may have been handled before it."""
    opt_out_type: str = ""
    """`STOP`, `START` or `HELP` if the carrier understood the message so and has answered it already (rule 28)."""
    raw: bytes = field(default=b"", repr=False)
    """What may be sealed for a replay: `Channel.parse(raw)` gives this event again. Holds no name, no position, no
    media and nothing else we do not need (rule 4)."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A request that is turned away before anything is written."""

    status: Refusal
    reason: str
    """One word for the metrics: `signature`, `secret`, `too_large`, `unreadable`."""


Parsed = Inbound | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A provider's word on a message sent earlier (rule 17)."""

    channel: str
    provider_id: str
    status: str
    """The provider's word in lower case: `sent`, `delivered`, `undelivered`, `failed`…"""
    error: str = ""
    """The provider's error code."""


Received = Inbound | StatusReport | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One `Say` for one address."""

    address: str = field(repr=False)
    say: Say = field(repr=False)
    token: str = field(default="", repr=False)
    thread_id: int | None = None
    redraw_of: str = ""
    """Provider's id of the message whose buttons should be redrawn, if `say.redraw`."""
    kind: MessageKind = MessageKind.REPLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one message of a provider carries: a whole `Outgoing`, or one part of a long one."""

    address: str = field(repr=False)
    text: str = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Label and opaque data of each button, one below the other."""
    thread_id: int | None = None
    redraw_of: str = ""
    kind: MessageKind = MessageKind.REPLY
    deletes: tuple[str, ...] = ()
    """The provider's ids of messages to take away instead of sending anything."""


@dataclass(frozen=True, slots=True)
class SentPiece:
    """The provider took a message. `segments` are SMS segments as we count them; 0 where there are none."""

    provider_id: str
    segments: int = 0


FailureKind = Literal["retry", "paused", "permanent", "opted_out", "configuration", "unknown"]


class SendError(Exception):
    """A message was not sent, as data that says what to do next. Holds no provider text: that may repeat the message.

    - `retry`: try this message again later
    - `paused`: nothing gets through on this channel now; hold all of it back for `retry_after` seconds, then try again
    - `permanent`: never try this message again; `address_state` says what it means for the address
    - `opted_out`: the provider blocks us at the person's wish; never try again
    - `configuration`: our set-up is at fault for this address or sender; never try again, tell the team
    - `unknown`: it may have arrived; ask `Channel.outcome` before trying again (rule 16)
    """

    def __init__(
        self,
        kind: FailureKind,
        code: str = "",
        *,
        retry_after: float | None = None,
        address_state: AddressState | Literal[""] = "",
        tell_team: bool = False,
        dead: bool = False,
    ) -> None:
        super().__init__(f"{kind} {code}".rstrip())
        self.kind: FailureKind = kind
        self.code = code
        self.retry_after = retry_after
        self.address_state: AddressState | Literal[""] = (
            AddressState.OPTED_OUT if kind == "opted_out" else address_state
        )
        self.tell_team = tell_team or kind == "configuration"
        self.dead = dead or address_state == AddressState.UNUSABLE
        """True if the number may be nobody's, and soon somebody else's."""

    @property
    def retryable(self) -> bool:
        """True if the very same message may be sent again without asking first: it certainly did not arrive."""
        return self.kind in {"retry", "paused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast a channel may go."""

    per_second: float
    """Messages a second over all people."""
    per_person: float
    """Seconds between the end of one sending to an address and the start of the next."""
    until_delivered: bool = False
    """True: `per_person` need not be waited out once the earlier message is reported delivered."""
    ask_after: float | None = None
    """Seconds after which the provider can be asked what became of a message (`Channel.outcome`); None: never."""
    any_hour: bool = False
    """True: nobody is woken by it, so that quiet hours do not matter (rule 99)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What has to be known of a channel before it is loaded, or where it is switched off. Each folder names its own."""

    title: str
    """Its name, as a heading has it."""
    way: str
    """Its name within a sentence: "it came by text message"."""
    is_on: Callable[[Settings], bool] = field(repr=False)
    """Whether it is switched on."""
    answers_help: bool = False
    """True: the provider can be set up to answer HELP itself."""
    simulated: bool = False
    """True: nobody is at the other end but who tries it out."""


class Acknowledgement(NamedTuple):
    """The body of a 200 and its content type."""

    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"


class Channel(Protocol):
    """A way people reach us and we reach them."""

    name: str
    limits: Limits
    paths: tuple[str, ...]
    """Where the provider calls us; empty for a channel that nobody calls."""
    aside: frozenset[str]
    """Those of `paths` whose events are only stored, to be handled later (rule 13)."""
    thanks: Acknowledgement
    """What the provider wants to hear when an event is kept."""

    @classmethod
    def from_settings(cls, settings: Settings, keyring: Keyring) -> Self | None:
        """Return the channel as it is set up, or None while it is switched off."""
        ...

    @property
    def reach(self) -> str:
        """How somebody writes to us here: a link or a number, empty while that is not known."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must never be seen in a log or a page."""
        ...

    def receive(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Received:
        """Check that a webhook call comes from the provider, and read it. Header names are lower-case. Never raises."""
        ...

    def parse(self, raw: bytes) -> Parsed:
        """Read an event that was checked before: one that was sealed and is replayed. Never raises."""
        ...

    def offer(self, menus: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Take what people can send at any time, by language, with what it does; `start` shows it where it can."""
        ...

    async def start(self) -> None:
        """Open connections and tell the provider where we are; go on trying while it is down.

        Raises SendError of the kind `configuration` if it will not have us.
        """
        ...

    async def stop(self) -> None:
        """Close connections; later calls do nothing."""
        ...

    def pieces(self, outgoing: Outgoing) -> tuple[Piece, ...]:
        """Cut a message into what the provider can carry; send each after the one before."""
        ...

    async def send(self, piece: Piece) -> SentPiece:
        """Hand one piece to the provider. Raises SendError, and nothing else."""
        ...

    async def outcome(self, piece: Piece, since: datetime) -> Sequence[SentPiece]:
        """Find out what became of a piece whose sending, at `since` or later, was cut off. Raises SendError.

        Returns the provider's messages that it may have become; none: it was never taken. Only asked if
        `limits.ask_after` is set.
        """
        ...

    def meaning(self, report: StatusReport) -> SendError | None:
        """Return what a report of failure means for the address; None if the report is no such thing."""
        ...

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        """Return what the provider took in for us since then, oldest first, seen or not. Raises SendError."""
        ...

    def acknowledge(self, inbound: Inbound) -> None:
        """Have the provider told that a press was noticed (rule 38). Returns at once; nothing is lost if it fails."""
        ...

    def answer_group(self, inbound: Inbound, text: str) -> None:
        """Have a group told, now and then, to write in private (rule 40). Returns at once; may be left undone."""
        ...
