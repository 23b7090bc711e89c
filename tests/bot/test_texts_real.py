"""Texts with the real writers, on either database, and a provider on this machine that takes some and loses some.

Whatever it does, each text is taken once, and each person's in order (ADR 6).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from email.utils import format_datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from bot.channels import sms
from bot.channels.sms import SmsChannel
from bot.delivery import Delivery
from tests.bot.channels.provider import Call, provider
from tests.bot.sending import KEYRING, Outbox
from tests.bot.test_delivery_real import until_all_are_out

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.unit import Writer

PEOPLE, EACH = ("+447700900101", "+447700900102"), 3
OURS = "+447700900000"
PAGE = "<html><body>Please sign in to the network</body></html>"
BROKEN = (500, {"code": 20500, "message": "Internal Server Error", "status": 500})
NOT_TAKEN = {
    "closes before it reads": "drop", "answers with a page": (200, PAGE), "is broken": BROKEN,
    "is behind a broken proxy": (502, PAGE), "is out of service": (503, PAGE), "hangs": "silence",
}  # fmt: skip
TAKEN = {"closes after it took it": "drop", "is broken after it took it": BROKEN, "says half": (201, '{"sid": "SM')}
FAULTS = [(name, fault, False) for name, fault in NOT_TAKEN.items()] + [
    (name, fault, True) for name, fault in TAKEN.items()
]


class Phones:
    """What the provider took, and its list of that. The first calls are spoilt."""

    def __init__(self, fault: Any, *, taken: bool, times: int) -> None:
        self.fault, self.taken, self.left = fault, taken, times
        self.messages: list[dict[str, Any]] = []
        self._numbers = count(1)

    def __call__(self, call: Call) -> Any:
        if call.method == "GET":
            mine = [message for message in self.messages if message["to"] == call.query["To"]]
            return 200, {"messages": mine[::-1], "next_page_uri": None, "page": 0, "page_size": 100, "uri": "/x"}
        spoilt, self.left = self.left > 0, self.left - 1
        if spoilt and not self.taken:
            return self.fault
        self.messages.append({
            "sid": f"SM{next(self._numbers):032d}", "body": call.fields["Body"], "to": call.fields["To"], "from": OURS,
            "date_created": format_datetime(datetime.now(UTC)), "direction": "outbound-api", "status": "queued",
        })  # fmt: skip
        return self.fault if spoilt else (201, self.messages[-1])


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "taken"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
async def test_every_text_is_taken_once_and_in_order_when_the_provider(
    fault: Any, taken: bool, database: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "ASK_SECONDS", 0.3)
    monkeypatch.setattr(sms, "GAP_SECONDS", 0.01)
    outbox, phones = Outbox(writer, lambda: datetime.now(UTC)), Phones(fault, taken=taken, times=4)
    for person in PEOPLE:
        texts = (f"{person[-1]}:{number}" for number in range(EACH))
        await asyncio.to_thread(lambda person=person, texts=texts: outbox.put(person, *texts, channel="sms"))
    async with provider(answer=phones) as api:
        channel = SmsChannel(
            account_sid="AC" + "0" * 32, auth_token="c" * 32, public_url="https://listen.example.org", sender=OURS,
            api_url=api.url, per_second=1000.0, read_seconds=0.2,
        )  # fmt: skip
        running = Delivery(
            engine=database, writer=writer, keyring=KEYRING, channels={"sms": channel},
            quiet_hours=(time(0), time(0)), timezone=ZoneInfo("UTC"),
        )  # fmt: skip
        await running.start()
        await until_all_are_out(writer)
        await running.stop()
        await channel.stop()
    for person in PEOPLE:
        bodies = [message["body"] for message in phones.messages if message["to"] == person]
        assert bodies == [f"{person[-1]}:{number}" for number in range(EACH)]
    assert phones.left <= 0, "it was spoilt as often as meant"
    assert await asyncio.to_thread(outbox.states) == ["sent"] * len(PEOPLE) * EACH
