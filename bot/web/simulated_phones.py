"""Simulated phones: what their holders do goes through the real intake, and what is said to them is read back.

Time can pass for one of them alone. What is remembered of a phone (buttons pressed, time passed) is in memory only and
limited.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from bot.channels.button_data import read_press
from bot.channels.channel import Inbound
from bot.channels.simulator.simulator_channel import MOST_PHONES, NAME, SimulatorChannel, event, look_of, new_address
from flows.model.channel_look import LOOKS
from storage.db.engine import reader
from storage.protection.crypto import address_lookups
from storage.queries import simulated_people
from storage.upkeep import restore

if TYPE_CHECKING:
    from bot.web.web_services import SimulatorServices
    from flows.model.channel_look import ChannelKind
    from storage.queries.simulated_people import SimulatedPerson

SETTLE_SECONDS = 3.0
"""Seconds that a page waits for replies; what comes later shows when the page is loaded again."""
LOOK_SECONDS = 0.02
MOST_DUE = 10
"""How many due times one wait may pass."""


class NotAnEventError(ValueError):
    """The form holds nothing that a phone could send. Nothing of it was kept."""


class TooLongError(ValueError):
    """A message is longer than its phone could send. Nothing of it was kept."""


@dataclass(slots=True)
class SimulatedPhone:
    """What is remembered of one simulated phone."""

    address: str
    flow: str
    language: str
    pressed: dict[int, str] = field(default_factory=dict)
    """Data of the button that was pressed, by the number of its message."""
    notes: list[tuple[int, str]] = field(default_factory=list)
    """Notes on the screen, each shown after the message with this number."""
    given: set[str] = field(default_factory=set)
    """Ids of the events that were handed over, so that a form sent twice is shown once."""

    @property
    def look(self) -> ChannelKind:
        """Return how messages look on it."""
        return look_of(self.address)


@dataclass(frozen=True, slots=True)
class PhoneItem:
    """One item on the phone's screen."""

    number: int
    kind: Literal["ours", "yours", "note"]
    text: str = field(repr=False)
    buttons: tuple[tuple[str, str, bool], ...] = field(default=(), repr=False)
    """Label, data, and whether it was pressed."""
    active: bool = False
    """True: the buttons belong to the current question."""


class SimulatedPhones:
    """All simulated phones of this process."""

    def __init__(self, services: SimulatorServices, channel: SimulatorChannel) -> None:
        self.services = services
        self.channel = channel
        self._phones: OrderedDict[str, SimulatedPhone] = OrderedDict()

    # --- phones -------------------------------------------------------------------------------------------------

    def new(self, look: ChannelKind, flow: str = "", language: str = "") -> SimulatedPhone:
        """Return a new phone of somebody new. An unknown flow or language becomes the first one."""
        releases, languages = self.services.releases, self.services.settings.languages
        return SimulatedPhone(
            new_address(look),
            flow if flow in releases.current else releases.default_flow,
            language if language in languages else languages[0],
        )

    def remember(self, phone: SimulatedPhone) -> None:
        """Keep a phone among those in use, and forget the least recently used one if there are too many."""
        self._phones[phone.address] = phone
        self._phones.move_to_end(phone.address)
        while len(self._phones) > MOST_PHONES:
            self._phones.popitem(last=False)

    def find(self, address: str) -> SimulatedPhone:
        """Return the phone with this address. After a restart it is empty, while its conversation goes on."""
        phone = self._phones.get(address)
        if phone is None:
            phone = SimulatedPhone(address, self.services.releases.default_flow, self.services.settings.languages[0])
        self.remember(phone)
        return phone

    def screen(self, phone: SimulatedPhone, person: SimulatedPerson | None) -> list[PhoneItem]:
        """Return the items on the phone's screen, oldest first."""
        items = [
            PhoneItem(
                bubble.number,
                "ours" if bubble.ours else "yours",
                bubble.text,
                tuple((label, data, phone.pressed.get(bubble.number) == data) for label, data in bubble.buttons),
                person is not None and any(_asks(data, person.question) for _, data in bubble.buttons),
            )
            for bubble in self.channel.bubbles(phone.address)
        ]
        items += [PhoneItem(number, "note", text) for number, text in phone.notes]
        return sorted(items, key=lambda item: item.number)

    # --- what their holders do ----------------------------------------------------------------------------------

    async def say(self, phone: SimulatedPhone, once: str, text: str) -> None:
        """Send a typed message. Raises TooLongError, NotAnEventError and CannotKeepError."""
        longest = LOOKS[phone.look].longest
        if len(text) > longest:
            raise TooLongError(f"more than {longest} characters")
        await self._give(phone, _number(once, "say", text), text=text)

    async def press(self, phone: SimulatedPhone, once: str, data: str) -> None:
        """Press a button, also of an earlier question. Raises NotAnEventError and CannotKeepError."""
        for bubble in self.channel.bubbles(phone.address):
            if any(data == carried for _, carried in bubble.buttons):
                phone.pressed[bubble.number] = data
        await self._give(phone, _number(once, "press", data), press=data)

    async def send(self, phone: SimulatedPhone, once: str, kind: str, point: tuple[float, float] | None = None) -> None:
        """Send a position or something else that is not text. Raises NotAnEventError and CannotKeepError."""
        await self._give(phone, _number(once, "send", kind), sent="" if point else kind, point=point)

    async def wait(self, phone: SimulatedPhone, length: timedelta, note: str) -> None:
        """Let time pass for this phone. What falls due meanwhile happens, as it would."""
        bubbles = self.channel.bubbles(phone.address)
        phone.notes.append((bubbles[-1].number if bubbles else 0, note))
        left = length
        for _ in range(MOST_DUE):
            person = await self.person(phone)
            if person is None:
                return
            until = max(person.due_at - self.services.clock(), timedelta()) if person.due_at is not None else None
            step = left if until is None or until > left else until
            await self.services.writer.perform(
                partial(simulated_people.let_time_pass, contributor_id=person.contributor_id, time=step),
                person.contributor_id,
            )
            left -= step
            if until is None or step < until:
                break
            await self.services.timers.tick()
        await self._settle(phone)

    async def person(self, phone: SimulatedPhone) -> SimulatedPerson | None:
        """Return what is stored about the phone's holder; None if nothing is."""
        return await asyncio.to_thread(self._person, phone)

    def _person(self, phone: SimulatedPhone) -> SimulatedPerson | None:
        with reader(self.services.engine) as connection:
            return simulated_people.simulated_person(
                connection, self.services.keyring, self._lookups(phone), self.services.clock()
            )

    def held_back(self) -> bool:
        """Return True if nothing is sent because a restored copy waits for somebody to look."""
        with reader(self.services.engine) as connection:
            return restore.fenced(connection)

    def _waiting(self, phone: SimulatedPhone) -> int:
        with reader(self.services.engine) as connection:
            if restore.fenced(connection):
                return 0  # nothing comes, so nothing to wait for
            return simulated_people.waiting_for(connection, self._lookups(phone), self.services.clock())

    def _lookups(self, phone: SimulatedPhone) -> list[bytes]:
        return address_lookups(self.services.keyring, NAME, phone.address)

    async def _give(
        self,
        phone: SimulatedPhone,
        number: str,
        *,
        text: str = "",
        press: str = "",
        sent: str = "",
        point: tuple[float, float] | None = None,
    ) -> None:
        raw = event(phone.address, number, text=text, press=press, sent=sent, point=point, language=phone.language)
        inbound = self.channel.parse(raw)
        if not isinstance(inbound, Inbound):
            raise NotAnEventError(inbound.reason)
        if number in phone.given:
            return
        phone.given.add(number)
        if not press:
            self.channel.heard(inbound)
        try:
            await self.services.intake.take(inbound)
        except BaseException:
            phone.given.discard(number)
            raise
        await self._settle(phone)

    async def _settle(self, phone: SimulatedPhone) -> None:
        """Wait until the replies are on the phone, at most `SETTLE_SECONDS`."""
        until = time.monotonic() + SETTLE_SECONDS
        version = self.channel.version(phone.address)
        while await asyncio.to_thread(self._waiting, phone) and time.monotonic() < until:
            version = await self.channel.changed(phone.address, version, LOOK_SECONDS)


def _number(once: str, act: str, what: str) -> str:
    """Return the id of an event: the same form with the same content gets the same id, so it counts once."""
    return sha256(f"{once}\n{act}\n{what}".encode("utf-8", "replace")).hexdigest()[:32]


def _asks(data: str, question: tuple[str, int] | None) -> bool:
    chosen = read_press(data)
    return chosen is not None and (chosen.token, chosen.serial) == question
