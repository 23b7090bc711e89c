"""The service without web server and senders: events go in as providers write them, answers lie in the outbox."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy import select

from bot.channels.channel import Channel, Inbound
from bot.channels.sms.sms_channel import SmsChannel
from bot.channels.telegram.telegram_channel import TelegramChannel
from bot.inbound.inbound_event import Result
from bot.inbound.intake import Intake
from bot.inbound.recovery import Recovery
from bot.jobs.conversation_timers import ConversationTimers
from bot.settings.environment import read
from bot.settings.organisation import organisation_facts
from bot.settings.privacy_facts import privacy_facts
from bot.turn.alerts import Alerts
from bot.turn.releases import Releases
from bot.turn.turn_services import TurnServices
from flows.model.conversation import Conversation
from flows.model.messages import Message
from storage import tables
from storage.db.engine import reader
from storage.places import ProjectPlace, Resolver
from storage.protection.crypto import Keyring, with_receipt
from storage.queries.contributors import consent_decisions

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

MAYA, TOM = "+447700900123", "+447700900456"
WORKS_IN = ProjectPlace(
    id="gartsherrie",
    name="Gartsherrie",
    parent="Coatbridge",
    scheme="gss",
    code="S12000050",
    latitude=55.87,
    longitude=-4.03,
)
"""The organisation works in North Lanarkshire, so that a village there is taken without asking."""
OURS = "+447700900999"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STORY = "The bus stop on my road was taken away and now I cannot get to the clinic on my own any more."
TOKEN = "123456789:AAbbCCddEEff-0123456789_abcdefghijk"
SETTINGS = {
    "EARSHOT_ORGANISATION": "Easton Listens", "EARSHOT_CONTACT": "ring 0117 496 0000",
    "EARSHOT_ADDRESS": "1 High Street, Bristol", "EARSHOT_STORED_IN": "Leeds, United Kingdom",
}  # fmt: skip
FACTS = privacy_facts(read(SETTINGS))
CODE = re.compile(r"reply with (\d{4})")
numbers = count(1)


def releases() -> Releases:
    return Releases.compile(organisation_facts(read(SETTINGS)), "share")


def sms_form(sender: str, text: str, sid: str | None = None, **more: str) -> dict[str, str]:
    """Return the fields of one of Twilio's webhook calls."""
    return {
        "ToCountry": "GB", "SmsMessageSid": sid or f"SM{next(numbers):032x}", "NumMedia": "0", "FromCity": "",
        "SmsSid": "SM", "SmsStatus": "received", "Body": text, "To": OURS, "NumSegments": "1",
        "MessageSid": sid or f"SM{next(numbers):032x}", "AccountSid": "AC" + "0" * 32, "From": sender,
        "ApiVersion": "2010-04-01",
    } | more  # fmt: skip


def update(chat: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    """Return one of Telegram's updates with a message in a private chat."""
    number = next(numbers)
    sender = {"id": chat, "is_bot": False, "first_name": "Maya", "language_code": "en"}
    message = {
        "message_id": number, "date": int(NOON.timestamp()), "from": sender,
        "chat": {"id": chat, "type": "private", "first_name": "Maya"},
    } | ({"text": text} if text is not None else {}) | more  # fmt: skip
    return {"update_id": 700_000_000 + number, "message": message}


def press(chat: int, data: str) -> dict[str, Any]:
    """Return the update of a pressed button."""
    number = next(numbers)
    sender = {"id": chat, "is_bot": False, "first_name": "Maya"}
    message = {
        "message_id": number,
        "date": int(NOON.timestamp()),
        "chat": {"id": chat, "type": "private"},
        "text": "?",
    }
    query = {"id": str(number), "from": sender, "chat_instance": "1", "message": message, "data": data}
    return {"update_id": 700_000_000 + number, "callback_query": query}


class Telegram(TelegramChannel):
    """The channel without a line to Telegram; `acknowledged` holds the presses it was to take the little clock from."""

    def __init__(self) -> None:
        super().__init__(token=TOKEN, webhook_secret="s" * 32)
        self.acknowledged: list[str] = []

    def acknowledge(self, inbound: Inbound) -> None:
        self.acknowledged.append(inbound.callback_id)


def all_is_read(writer: Writer, now: datetime) -> None:
    """Let everybody have read what was written to them; it stays in the outbox to be looked at."""
    box, read = tables.Outbox.__table__, now - timedelta(seconds=5)
    unread = box.c.handed_at.is_(None), box.c.state == "queued"
    writer.run(lambda c: c.execute(box.update().where(*unread).values(handed_at=read)))


@dataclass
class Service:
    """Everything between a parsed event and the outbox."""

    engine: Engine
    writer: Writer
    releases: Releases = field(default_factory=releases)
    now: datetime = NOON
    advanced_opt_out: bool = False
    read_to: dict[str, int] = field(default_factory=dict)
    proves: bool = False
    """True: whoever is sent a number to be sent back sends it back, as the holder of a phone does."""

    def __post_init__(self) -> None:
        self.keyring = Keyring([b"k" * 32])
        self.sms = SmsChannel(
            account_sid="AC" + "0" * 32, auth_token="quiet", public_url="https://listen.example.org", sender=OURS
        )
        self.telegram = Telegram()
        self.channels: dict[str, Channel] = {"sms": self.sms, "telegram": self.telegram}
        self.resolver = Resolver([ProjectPlace(id="easton", name="Easton", parent="Bristol"), WORKS_IN])
        self.services = TurnServices(
            keyring=self.keyring, releases=self.releases, resolver=self.resolver, notice=FACTS.digest
        )
        self.intake = Intake(
            writer=self.writer, services=self.services, channels=self.channels, clock=self.clock,
            advanced_opt_out=self.advanced_opt_out,
        )  # fmt: skip
        self.timers = ConversationTimers(
            engine=self.engine, writer=self.writer, services=self.services, clock=self.clock
        )
        self.alerts = Alerts(
            engine=self.engine, writer=self.writer, public_url="https://listen.example.org",
            staffed=self.services.staffed, clock=self.clock,
        )  # fmt: skip
        self.recovery = Recovery(
            engine=self.engine, keyring=self.keyring, intake=self.intake, channels=self.channels, clock=self.clock
        )
        self.writer.run(lambda connection: self.releases.publish(connection, self.now))
        self.writer.run(lambda connection: consent_decisions.keep_notice(connection, FACTS.digest, FACTS.body))

    def clock(self) -> datetime:
        return self.now

    # --- in -----------------------------------------------------------------------------------------------------

    def event(self, form: dict[str, str]) -> Inbound:
        parsed = self.sms.parse(urlencode(form).encode())
        assert isinstance(parsed, Inbound), parsed
        return parsed

    def told(self, data: dict[str, Any]) -> Inbound:
        if "date" in data.get("message", ()):  # of now
            data = data | {"message": data["message"] | {"date": int(self.now.timestamp())}}
        parsed = self.telegram.parse(json.dumps(data).encode())
        assert isinstance(parsed, Inbound), parsed
        return parsed

    async def text(self, sender: str, *texts: str) -> list[str]:
        """Send text messages one after the other; returns what the last was answered with."""
        for text in texts:
            self.deliver()
            await self.intake.take(self.event(sms_form(sender, text)))
            if self.proves and (code := self.code(sender)):
                self.answers(sender)
                self.deliver()
                await self.intake.take(self.event(sms_form(sender, code)))
        return self.answers(sender)

    def code(self, sender: str) -> str:
        """Return the number that the last message asks to be sent back; empty if it asks for none."""
        said = self.outbox(sender)
        found = CODE.search(said[-1][2].say.text) if said else None
        return found[1] if found else ""

    async def chat(self, chat: int, *texts: str) -> list[str]:
        for text in texts:
            self.deliver()
            await self.intake.take(self.told(update(chat, text)))
        return self.answers(str(chat))

    async def take(self, form: dict[str, str]) -> Result:
        return await self.intake.take(self.event(form))

    def deliver(self) -> None:
        """Let everybody have read what was written to them."""
        all_is_read(self.writer, self.now)

    # --- out ----------------------------------------------------------------------------------------------------

    def outbox(self, address: str = "") -> list[tuple[int, str, Message]]:
        """Return number, kind and message of what waits to be sent, to this address or to all."""
        box, addresses = tables.Outbox.__table__, tables.Address.__table__
        with reader(self.engine) as connection:
            rows = connection.execute(
                select(box.c.id, box.c.kind, box.c.payload, addresses.c.sealed).join(addresses).order_by(box.c.id)
            ).all()
        return [
            (row.id, row.kind, Message.from_json(row.payload))
            for row in rows
            if row.payload and address in ("", self.keyring.open("address.sealed", row.sealed).decode())
        ]

    def answers(self, address: str) -> list[str]:
        """Return the texts that went to an address since this was last asked."""
        fresh = [row for row in self.outbox(address) if row[0] > self.read_to.get(address, 0)]
        self.read_to[address] = max((row[0] for row in fresh), default=self.read_to.get(address, 0))
        return [message.say.text for _, _, message in fresh]

    def last(self, address: str) -> Message:
        return self.outbox(address)[-1][2]

    def rows(self, table: Any) -> list[Any]:
        """Return all rows of a table, in the order in which they came."""
        kept = table.__table__
        order = [kept.c.started_at] if table is tables.Conversation else list(kept.primary_key.columns)
        with reader(self.engine) as connection:
            return list(connection.execute(select(kept).order_by(*order)).all())

    def receipt(self, state: str = "") -> str:
        """Return the three words of a conversation by its stored state, in which they are sealed; else of the first."""
        state = state or self.rows(tables.Conversation)[0].state
        return with_receipt(self.keyring, Conversation.from_json(state)).receipt

    def everything(self, *without: str) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that is stored, but for what differs by chance: ids, tokens, seals."""
        skipped = {"state", "sealed", "lookup", "pseudonym", "payload", "receipt_lookup", "conversation_id", *without}
        found = {}
        with reader(self.engine) as connection:
            for name, table in sorted(tables.metadata.tables.items()):
                columns = [
                    c
                    for c in table.columns
                    if c.name not in skipped and not (name == "conversation" and c.name == "id")
                ]
                rows = connection.execute(select(*columns)).all() if columns else []
                found[name] = sorted(map(tuple, rows), key=repr)
        return found
