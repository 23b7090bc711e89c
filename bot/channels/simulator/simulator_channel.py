"""The simulator: a channel whose other end is a page of ours.

It sends by remembering. The last messages of each phone are kept in memory, so that a page can show them and be opened
again; after a restart a phone is empty, while its conversation goes on. An address names its look: `sms-…` reads like
text messages, `telegram-…` like a chat with buttons.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import orjson

from bot.channels.button_data import button_data, read_press
from bot.channels.channel import Acknowledgement, Inbound, Limits, Piece, Rejected, SentPiece
from flows.language.normalise import storable
from flows.language.segments import count
from flows.model.channel_look import LOOKS
from flows.model.messages import button, sms_text
from flows.model.signals import Said, Started
from flows.model.signals import Sent as SentSignal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.channels.channel import Outgoing, Parsed, SendError, StatusReport
    from bot.settings.environment import Settings
    from flows.model.channel_look import ChannelKind
    from flows.model.signals import Signal
    from storage.protection.crypto import Keyring

NAME = "simulator"
LONGEST_EVENT = 64 * 1024
MOST_PHONES = 500
MOST_BUBBLES = 200
START = "/start"
LAST = "last"

_ADDRESS = re.compile(r"(sms|telegram)-[A-Za-z0-9_-]{16,64}\Z")
_LINK = re.compile(r"/start(?: ([A-Za-z0-9_-]{1,64}))?\Z")
"""What opening a link with a way in behind it sends (rule 41)."""
_NUMBER = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on the phone."""

    number: int
    ours: bool
    text: str = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Label and data of each button; hand the data back as a press."""
    segments: int = 0
    """SMS segments; 0 on a phone that looks like a chat."""


class _Phone:
    __slots__ = ("bubbles", "changed", "version")

    def __init__(self) -> None:
        self.bubbles: deque[Bubble] = deque(maxlen=MOST_BUBBLES)
        self.version = 0
        self.changed = asyncio.Event()

    def show(self, bubble: Bubble | None) -> None:
        """Put a bubble at the end, or only say that something changed."""
        if bubble is not None:
            self.bubbles.append(bubble)
        self.version += 1
        self.changed.set()
        self.changed = asyncio.Event()


def new_address(look: ChannelKind) -> str:
    """Return the address of a new phone; whoever knows it can read what is on that phone."""
    return f"{look}-{secrets.token_urlsafe(18)}"


def look_of(address: str) -> ChannelKind:
    """Return how messages look on the phone with this address."""
    return "sms" if address.startswith("sms-") else "telegram"


def new_number() -> str:
    """Return the id of an event. A page puts it into its form, so that sending a form twice has the effect of once."""
    return secrets.token_urlsafe(12)


def event(
    address: str,
    number: str,
    *,
    text: str = "",
    press: str = "",
    sent: str = "",
    point: tuple[float, float] | None = None,
    language: str = "",
) -> bytes:
    """Return an event as `SimulatorChannel.parse` reads it.

    One of: words typed, the data of a button pressed, the kind of something that is not words, a position.
    """
    kept = {
        "id": number, "phone": address, "text": storable(text), "press": press, "sent": sent, "point": point,
        "language": language,
    }  # fmt: skip
    return orjson.dumps({name: value for name, value in kept.items() if value})


class SimulatorChannel:
    """All simulated phones of this process."""

    name = NAME
    reach = ""
    paths: tuple[str, ...] = ()
    aside: frozenset[str] = frozenset()
    thanks = Acknowledgement()

    @classmethod
    def from_settings(cls, settings: Settings, keyring: Keyring) -> Self | None:
        """Return the simulator, or None where it is switched off."""
        return cls() if settings.simulator_on else None

    def __init__(self) -> None:
        self.limits = Limits(per_second=100_000.0, per_person=0.0, ask_after=0.0, any_hour=True)
        self._phones: OrderedDict[str, _Phone] = OrderedDict()
        self._last = 0

    def secrets(self) -> tuple[str, ...]:
        """Return nothing: there is no provider."""
        return ()

    def offer(self, menus: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Do nothing: there is no menu."""

    async def start(self) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    # --- in -----------------------------------------------------------------------------------------------------

    def receive(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Parsed:
        """Turn it away: no provider calls us for this channel."""
        return Rejected(403, "secret")

    def parse(self, raw: bytes) -> Parsed:
        """Read an event made by `event`."""
        try:
            data = orjson.loads(raw) if len(raw) <= LONGEST_EVENT else {}
            number, address = data["id"], data["phone"]
            text, press, sent, language = (data.get(name, "") for name in ("text", "press", "sent", "language"))
            if not (_NUMBER.match(number) and _ADDRESS.match(address) and isinstance(text, str)):
                return Rejected(400, "unreadable")
            chosen = read_press(press) if press else None
            point = _point(data["point"]) if "point" in data else None
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            return Rejected(400, "unreadable")
        link = _LINK.match(text.strip())
        said: Signal = Started(ref=number) if link else Said(text=text, ref=number)
        if sent:
            said = SentSignal(kind=str(sent))
        return Inbound(
            channel=NAME,
            provider_id=number,
            kind="press" if press else "message",
            address=address,
            look=look_of(address),
            signal=chosen if press else None if point else said,
            point=point,
            entry=link[1] or "" if link else "",
            language_hint=language if isinstance(language, str) else "",
            ref=number,
            raw=raw,
        )

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        """Return nothing: what the page did not hand over did not happen."""
        return ()

    def acknowledge(self, inbound: Inbound) -> None:
        """Do nothing: the page shows by itself that a button was pressed."""

    def answer_group(self, inbound: Inbound, text: str) -> None:
        """Do nothing: there are no groups."""

    # --- out ----------------------------------------------------------------------------------------------------

    def pieces(self, outgoing: Outgoing) -> tuple[Piece, ...]:
        """Draw the message as the phone's look wants it."""
        say = outgoing.say
        if not LOOKS[look_of(outgoing.address)].buttons:
            return (Piece(address=outgoing.address, text=sms_text(say)),)
        buttons: tuple[tuple[str, str], ...] = ()
        if say.serial is not None:
            buttons = tuple(
                (button(say, option), button_data(outgoing.token, say.serial, index))
                for index, option in enumerate(say.options)
            )
        redraw_of = LAST if say.redraw else ""
        return (Piece(address=outgoing.address, text=say.text, buttons=buttons, redraw_of=redraw_of),)

    async def send(self, piece: Piece) -> SentPiece:
        """Show it on the phone, or clear the phone."""
        phone = self._phone(piece.address)
        if piece.deletes:
            phone.bubbles.clear()
            phone.show(None)
            return SentPiece("")
        if piece.redraw_of and self._redraw(phone, piece):
            return SentPiece(str(self._last))
        self._last += 1
        segments = count(piece.text).parts if LOOKS[look_of(piece.address)].short else 0
        phone.show(Bubble(self._last, True, piece.text, piece.buttons, segments))
        return SentPiece(str(self._last), segments)

    def _redraw(self, phone: _Phone, piece: Piece) -> bool:
        for place, bubble in reversed(list(enumerate(phone.bubbles))):
            if bubble.ours and bubble.buttons:
                phone.bubbles[place] = replace(bubble, buttons=piece.buttons)
                phone.show(None)
                return True
        return False

    async def outcome(self, piece: Piece, since: datetime) -> Sequence[SentPiece]:
        """Return nothing: what a phone does not show was not sent to it."""
        return ()

    def meaning(self, report: StatusReport) -> SendError | None:
        """Return None: a phone reports nothing."""
        return None

    # --- the phone ----------------------------------------------------------------------------------------------

    def heard(self, inbound: Inbound) -> None:
        """Show on the phone what its holder typed or pressed; call it once the event was handled."""
        phone = self._phone(inbound.address)
        if isinstance(inbound.signal, Said):
            text = inbound.signal.text
        elif isinstance(inbound.signal, Started):
            text = START
        elif isinstance(inbound.signal, SentSignal):
            text = f"({inbound.signal.kind})"
        elif inbound.point is not None:
            text = "(location)"
        else:
            text = _label(phone, str(orjson.loads(inbound.raw).get("press", "")))
        if text:
            self._last += 1
            phone.show(Bubble(self._last, False, text))

    def bubbles(self, address: str) -> tuple[Bubble, ...]:
        """Return what the phone shows, oldest first."""
        return tuple(self._phone(address).bubbles)

    def version(self, address: str) -> int:
        """Return a number that grows with every change of the phone."""
        return self._phone(address).version

    async def changed(self, address: str, version: int, seconds: float) -> int:
        """Wait until the phone is newer than `version`, at most so many seconds; returns its version."""
        phone = self._phone(address)
        if phone.version <= version:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await phone.changed.wait()
        return phone.version

    def forget(self, address: str) -> None:
        """Throw a phone's messages away."""
        self._phones.pop(address, None)

    def _phone(self, address: str) -> _Phone:
        phone = self._phones.get(address)
        if phone is None:
            phone = self._phones[address] = _Phone()
            while len(self._phones) > MOST_PHONES:
                self._phones.popitem(last=False)
        self._phones.move_to_end(address)
        return phone


def _point(pair: Sequence[float]) -> tuple[float, float]:
    latitude, longitude = pair
    return (float(latitude), float(longitude))


def _label(phone: _Phone, data: str) -> str:
    for bubble in reversed(phone.bubbles):
        for label, carried in bubble.buttons:
            if carried == data:
                return label
    return ""


CHANNEL = SimulatorChannel
