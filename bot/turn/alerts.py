"""Alerts to the team that somebody may need help: no words, no name, no number.

An alert says that there is something to look at and where to sign in; the rest is behind the sign-in (rule 79). When an
alert is due stands in the items' rows: a tick that comes late, twice, or in two processes does what is due once.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from secrets import choice
from typing import TYPE_CHECKING

from bot.channels import is_simulated
from flows.model.effects import Say
from flows.model.messages import Message
from flows.model.signals import Said, Started
from flows.model.vocabulary.delivery import MessageKind
from storage.db.engine import reader
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError
from storage.queries.conversations.turn_queries import enqueue
from storage.queries.team import on_call, safeguarding_items

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

    from bot.channels.channel import Inbound
    from flows.model.staffed_hours import StaffedHours
    from storage.db.writer import Writer
    from storage.queries.team.on_call import Contact
    from storage.queries.team.safeguarding_items import ToAlert

TEXT = "Earshot: an item needs a person to look. Sign in: {address}"
TEST = "Earshot: this is a test. Alerts reach this phone. There is nothing to do."
LINKED = (
    "Earshot: alerts now come to this phone, at any hour. They never say who or what: sign in to see it."
    " Text STOP to end them."
)
NOT_LINKED = "Earshot: this code is not known, or its 15 minutes are over. Ask your team lead for a new one."
STOPPED = "Earshot: this phone said STOP, so we cannot send alerts to it. Text START, then ask for a new code."

CODE_LASTS = timedelta(minutes=15)
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""No two of them look alike."""
CODE_LETTERS = 12
"""59 bits: with a quarter of an hour to try, guessing is hopeless, however many phones take part."""
_WORDS = re.compile(r"\s*alerts[\s:]+([0-9a-z]{4})[\s-]*([0-9a-z]{4})[\s-]*([0-9a-z]{4})[\s.]*", re.IGNORECASE)
_PAYLOAD = re.compile(rf"alerts_([0-9a-z]{{{CODE_LETTERS}}})", re.IGNORECASE)


def new_code() -> str:
    """Return a code that links a phone, without the dashes it is shown with."""
    return "".join(choice(LETTERS) for _ in range(CODE_LETTERS))


def shown(code: str) -> str:
    """Return a code as people type it: in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def payload(code: str) -> str:
    """Return what stands behind `?start=` in a link to our bot."""
    return f"alerts_{code}"


def digest(code: str) -> str:
    """Return how a code is kept."""
    return sha256(code.lower().encode()).hexdigest()


def code_in(inbound: Inbound) -> str | None:
    """Return the code if a message is nothing but the wish to link a phone; None for every other message."""
    signal = inbound.signal
    if isinstance(signal, Started):
        found = _PAYLOAD.fullmatch(inbound.entry)
    elif isinstance(signal, Said) and signal.text[:12].lstrip()[:6].lower() == "alerts":
        found = _WORDS.fullmatch(signal.text)
    else:
        return None
    return "".join(found.groups()).lower() if found else None


class Alerts:
    """Tells those on call what is due. One for the process."""

    def __init__(
        self,
        *,
        engine: Engine,
        writer: Writer,
        public_url: str,
        staffed: StaffedHours,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.engine = engine
        self.writer = writer
        self.text = TEXT.format(address=f"{public_url}/safeguarding")
        self.staffed = staffed
        self.clock = clock

    async def tick(self) -> int:
        """Write the alerts that are due into the outbox; returns how many."""
        now = self.clock()
        if not await asyncio.to_thread(self._anything, now):
            return 0
        try:
            return await self.writer.perform(partial(self._tell, now=now), "alerts")
        except (WriterBusyError, WriterClosedError, LostBatchError):
            return 0  # the next tick finds it again

    def _anything(self, now: datetime) -> bool:
        with reader(self.engine) as connection:
            return safeguarding_items.anything_to_alert(connection, now) or on_call.anything_stuck(connection, now)

    def _tell(self, connection: Connection, now: datetime) -> int:
        on_call.find_stuck(connection, now)
        items = safeguarding_items.to_alert(connection, now)
        contacts = on_call.contacts(connection) if items else []
        written = 0
        for item in items:
            second = not item.likely and now >= self.staffed.second_at(item.raised_at)
            theirs = [each for each in contacts if not item.simulated or is_simulated(each.channel or "")]
            whom = on_call.whom_to_tell(theirs, second=second, now=now)
            if not whom and not item.simulated:
                on_call.nobody_told(connection, now)
            recently = max(item.raised_at, now - on_call.SAME_ALERT)
            for contact in whom:
                written += self._alert(connection, contact, recently, now)
            next_at = None if item.taken else self._next(item, now)
            safeguarding_items.alerted(connection, item.id, told=len(whom), next_at=next_at)
        return written

    def _next(self, item: ToAlert, now: datetime) -> datetime:
        if item.likely:
            return self.staffed.opens(now)
        return self.staffed.next_alert(item.raised_at, item.look_by, now)

    def _alert(self, connection: Connection, contact: Contact, recently: datetime, now: datetime) -> bool:
        if contact.address_id is None or on_call.told_already(connection, contact.address_id, recently):
            return False
        write(connection, contact, self.text, now)
        return True


def write(connection: Connection, contact: Contact, text: str, now: datetime) -> None:
    """Put an alert to somebody on call in the outbox; they must have a phone linked."""
    if contact.address_id is None or contact.contributor_id is None or contact.channel is None:
        raise ValueError("nobody can be alerted who has no phone linked")
    enqueue(
        connection,
        address_id=contact.address_id,
        contributor_id=contact.contributor_id,
        conversation_id=None,
        inbound_id=None,
        channel=contact.channel,
        kind=MessageKind.ALERT,
        payload=Message(say=Say(text=text)).to_json(),
        due_at=now,
        now=now,
    )
