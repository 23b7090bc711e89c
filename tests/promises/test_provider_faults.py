"""Whatever a provider does, what we say arrives, in order, and nobody who writes to us waits for it (ADR 6).

People write by both channels, with the real turns, the real senders and either database; the providers stand on this
machine and spoil the first sends. A text is taken once: Twilio can be asked. A chat message may be seen twice where
Telegram had it and its answer was lost, and never otherwise.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from email.utils import format_datetime
from itertools import count, groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from bot.channels.sms import sms_channel
from bot.channels.sms.sms_channel import SmsChannel
from bot.channels.telegram.telegram_channel import TelegramChannel
from bot.outbound import reconciler, retry_policy, sender
from bot.outbound.sender import Sender
from storage import tables
from tests.bot.channels.provider import Call, provider
from tests.bot.outbound.test_sender_against_providers import until_all_are_out
from tests.bot.service import OURS, TOKEN, Service, releases

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from bot.channels.channel import Channel
    from bot.turn.releases import Releases
    from storage.db.writer import Writer

pytestmark = pytest.mark.slow

PEOPLE = ("5550001001", "5550001002", "+447700900101", "+447700900102")
SPOILT = 6
READ_SECONDS = 0.25
PAGE = "<html><body>Please sign in to the network</body></html>"
BROKEN = {"ok": False, "error_code": 500, "code": 20500, "message": "Internal Server Error", "status": 500}
BUSY = {"ok": False, "error_code": 429, "code": 20429, "description": "Too Many Requests", "status": 429}


class Fault(NamedTuple):
    """What becomes of a send: what is answered, and whether the provider had it all the same."""

    answer: Any
    taken: bool = False

    @property
    def perhaps_twice(self) -> bool:
        """True if the provider had it, and we cannot know that."""
        return self.taken and not isinstance(self.answer, float)


FAULTS = {
    "says 500": Fault((500, BROKEN)),
    "says 500 and had it": Fault((500, BROKEN), taken=True),
    "is behind a broken proxy": Fault((502, PAGE)),
    "is shut down for a while": Fault((503, PAGE)),
    "answers with a page": Fault((200, PAGE)),
    "answers with a page and had it": Fault((200, PAGE), taken=True),
    "hangs up before it reads": Fault("unread"),
    "hangs up after it read": Fault("drop"),
    "hangs up and had it": Fault("drop", taken=True),
    "says half and had it": Fault("half", taken=True),
    "says half": Fault("half"),
    "wants it slower": Fault((429, BUSY)),
    "says how long it wants quiet": Fault((429, BUSY | {"parameters": {"retry_after": 1}}, {"Retry-After": "1"})),
    "never answers": Fault("silence"),
    "never answers and had it": Fault("silence", taken=True),
    "takes its time": Fault(READ_SECONDS / 3, taken=True),
}
WAITS = [
    (sms_channel, "ASK_SECONDS", 0.3), (sms_channel, "GAP_SECONDS", 0.01), (reconciler, "LOOK_SECONDS", 0.1),
    (retry_policy, "FIRST_WAIT", 0.1), (sender, "POLL_SECONDS", 0.1),
]  # fmt: skip


class Provider:
    """Both APIs. The first sends are spoilt; what was taken is remembered, and listed where the API has a list."""

    def __init__(self, fault: Fault) -> None:
        self.fault, self.left = fault, 0 if fault.answer == "unread" else SPOILT
        self.taken: list[tuple[str, str]] = []
        self._listed: list[dict[str, Any]] = []
        self._numbers = count(1)

    def __call__(self, call: Call) -> Any:
        if call.method == "GET":
            mine = [text for text in self._listed if text["to"] == call.query["To"]]
            return 200, {"messages": mine[::-1], "next_page_uri": None, "page": 0, "page_size": 100, "uri": "/x"}
        spoilt, self.left = self.left > 0, self.left - 1
        if spoilt and not self.fault.taken:
            return self.fault.answer
        if "Body" in call.fields:
            answer = self._take_text(call.fields["To"], call.fields["Body"])
        else:
            answer = self._take_chat(str(call.fields["chat_id"]), call.fields["text"])
        return self.fault.answer if spoilt and not isinstance(self.fault.answer, float) else answer

    def _take_text(self, to: str, body: str) -> Any:
        self.taken.append((to, body))
        self._listed.append({
            "sid": f"SM{next(self._numbers):032d}", "body": body, "to": to, "from": OURS, "status": "queued",
            "date_created": format_datetime(datetime.now(UTC)), "direction": "outbound-api",
        })  # fmt: skip
        return 201, self._listed[-1]

    def _take_chat(self, to: str, text: str) -> Any:
        self.taken.append((to, text))
        chat = {"id": int(to), "type": "private"}
        return 200, {"ok": True, "result": {"message_id": next(self._numbers), "date": 1, "chat": chat, "text": text}}

    def got(self, person: str) -> list[str]:
        return [text for to, text in self.taken if to == person]


def channels_to(url: str) -> dict[str, Channel]:
    chat = TelegramChannel(
        token=TOKEN, webhook_secret="s" * 16, api_url=f"{url}/bot", per_second=1000.0, read_seconds=READ_SECONDS
    )
    text = SmsChannel(
        account_sid="AC" + "0" * 32, auth_token="c" * 32, public_url="https://listen.example.org", sender=OURS,
        api_url=url, per_second=1000.0, read_seconds=READ_SECONDS,
    )  # fmt: skip
    return {"telegram": chat, "sms": text}


def built_sender(service: Service, channels: dict[str, Channel]) -> Sender:
    return Sender(
        engine=service.engine, writer=service.writer, keyring=service.keyring, channels=channels,
        quiet_hours=(time(0), time(0)), timezone=ZoneInfo("UTC"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def flows() -> Releases:
    """The flows, compiled once."""
    return releases()


@pytest.fixture
def service(database: Engine, writer: Writer, flows: Releases, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service of today, which waits a tenth as long as usual."""
    for module, name, seconds in WAITS:
        monkeypatch.setattr(module, name, seconds)
    return Service(database, writer, flows, now=datetime.now(UTC))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_everything_arrives_in_order_when_the_provider(fault: Fault, service: Service) -> None:
    spoiler = Provider(fault)
    said = {person: await first_answers(service, person) for person in PEOPLE}
    async with provider(answer=spoiler) as api:
        api.unread = SPOILT if fault.answer == "unread" else 0
        channels = channels_to(api.url)
        running = built_sender(service, channels)
        await running.start()
        await until_all_are_out(service.writer)
        await running.stop()
        await asyncio.gather(*(channel.stop() for channel in channels.values()))
    assert api.unread == 0, "it was spoilt as often as meant"
    assert spoiler.left <= 0, "it was spoilt as often as meant"
    for person, texts in said.items():
        assert len(texts) > 1, "there is an order"
        got = spoiler.got(person)
        if fault.perhaps_twice and not person.startswith("+"):
            got = [text for text, _ in groupby(got)]
        assert got == texts
    assert service.rows(tables.TeamItem) == []
    assert {row.state for row in service.rows(tables.Outbox)} == {"sent"}


async def test_whoever_writes_is_heard_at_once_while_the_provider_hangs(service: Service) -> None:
    async with provider(answer="silence") as api:
        channels = channels_to(api.url)
        running = built_sender(service, channels)
        await running.start()
        for person in PEOPLE:
            before = len(api.calls)
            await first_answers(service, person)
            while len(api.calls) == before:  # noqa: ASYNC110 - a real server answers in its own time
                await asyncio.sleep(0)
        assert {row.state for row in service.rows(tables.Inbound)} == {"handled"}
        assert "sent" not in {row.state for row in service.rows(tables.Outbox)}
        await running.stop(grace=0)
        await asyncio.gather(*(channel.stop() for channel in channels.values()))


async def first_answers(service: Service, person: str) -> list[str]:
    """Return what somebody's first word is answered with."""
    return await (service.text(person, "SHARE") if person.startswith("+") else service.chat(int(person), "/start"))
