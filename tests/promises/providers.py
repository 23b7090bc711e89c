"""Telegram's and Twilio's side of the line, as a real service in another process sees them. For tests on loopback.

Updates are posted with the webhook's secret, text messages with the signature that Twilio's own validator makes. What
the service sends is taken, remembered, and reported as delivered.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from bot.turn.seen_messages import READ_IN
from tests.bot.running import SECRET, TOKEN
from tests.bot.service import OURS, press, sms_form, update
from tests.walk import SIGN_OF_LIFE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ACCOUNT, AUTH = "AC" + "0" * 32, "d" * 32
PATIENCE = 45.0
"""Seconds until something that should happen has not happened."""
READING = READ_IN.total_seconds() + 0.15
"""Seconds from a message until it is answered: sooner nobody can have read it."""


@dataclass
class Taken:
    """A message that a provider took from us."""

    text: str
    buttons: dict[str, str] = field(default_factory=dict)
    """Data by label."""
    number: int = 0


PRESS = "press"
"""Given to `refuse` in place of an address when the service acknowledges a pressed button."""
Refusal = tuple[int, dict[str, Any]]


class Providers:
    """Both providers. `refuse` may answer a send with an error instead of taking it."""

    def __init__(self) -> None:
        self.taken: dict[str, list[Taken]] = defaultdict(list)
        self.url = ""
        self.service = ""
        self.delay = 0.0
        """Seconds until a send is answered; no longer than the test takes."""
        self._over = asyncio.Event()
        self.refuse: Callable[[str, str], Refusal | None] = lambda _to, _text: None
        self.calls: Counter[str] = Counter()
        self._texts: list[dict[str, Any]] = []
        self._numbers = count(1)
        self._session: aiohttp.ClientSession | None = None
        self._behind: set[asyncio.Task[None]] = set()

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings of a service that is to use these providers, as fast as it can."""
        return {
            "EARSHOT_TELEGRAM_TOKEN": TOKEN,
            "EARSHOT_TELEGRAM_MODE": "webhook",
            "EARSHOT_TELEGRAM_WEBHOOK_SECRET": SECRET,
            "EARSHOT_TELEGRAM_API_URL": f"{self.url}/bot",
            "EARSHOT_TELEGRAM_RATE": "10000",
            "EARSHOT_TWILIO_ACCOUNT_SID": ACCOUNT,
            "EARSHOT_TWILIO_AUTH_TOKEN": AUTH,
            "EARSHOT_TWILIO_FROM": OURS,
            "EARSHOT_TWILIO_API_URL": self.url,
            "EARSHOT_TWILIO_RATE": "10000",
        } | more

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session is not None
        return self._session

    # --- from people to the service -----------------------------------------------------------------------------

    async def chat(self, person: int, text: str) -> int:
        return await self.bring(update(person, text, date=int(datetime.now(UTC).timestamp())))

    async def press(self, person: int, label: str) -> int:
        """Press the button of this label under the last message that has any."""
        asked = next(message for message in reversed(self.taken[str(person)]) if message.buttons)
        data = press(person, asked.buttons[label])
        data["callback_query"]["message"]["message_id"] = asked.number
        return await self.bring(data)

    async def bring(self, data: dict[str, Any], secret: str = SECRET) -> int:
        """Bring an update; returns the status, 0 if nobody is there."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        if "date" in data.get("message", ()):  # of now
            data = data | {"message": data["message"] | {"date": int(datetime.now(UTC).timestamp())}}
        return await self._post("/webhooks/telegram", json.dumps(data).encode(), headers)

    async def text(self, sender: str, words: str) -> int:
        return await self.bring_form(sms_form(sender, words))

    async def bring_form(self, form: dict[str, str], path: str = "/webhooks/sms", signature: str = "") -> int:
        """Bring a text message or a status; returns the status, 0 if nobody is there."""
        signature = signature or RequestValidator(AUTH).compute_signature(self.service + path, form)
        kind = "application/x-www-form-urlencoded"
        return await self._post(path, urlencode(form).encode(), {"X-Twilio-Signature": signature, "Content-Type": kind})

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            async with self.session.post(self.service + path, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            return 0

    # --- from the service to people -----------------------------------------------------------------------------

    async def until(self, person: str, number: int) -> Taken:
        """Wait until a person has got so many messages; returns the last."""
        for _ in range(int(PATIENCE / 0.01)):
            if len(self.taken[person]) >= number:
                return self.taken[person][-1]
            await asyncio.sleep(0.01)
        raise AssertionError(f"{len(self.taken[person])} of {number} messages came")

    async def read(self, person: str, number: int) -> None:
        """Wait until a person has got so many messages, each counted once and signs of life left out, and read them."""
        for _ in range(int(PATIENCE / 0.01)):
            texts = {message.text for message in self.taken[person]}
            if sum(SIGN_OF_LIFE not in text for text in texts) >= number:
                await asyncio.sleep(READING)
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{len(self.taken[person])} of {number} messages came")

    async def talk(self, person: str, said: list[tuple[str, int]]) -> None:
        """Say all of it, each once so many messages were read; a number with + is a phone."""
        read = 0
        for text, number in said:
            if number > read:
                await self.read(person, number)
                read = number
            by = self.text(person, text) if person.startswith("+") else self.chat(int(person), text)
            assert await by == 200, text

    async def until_told(self, person: str, words: str) -> None:
        """Wait until a person has got a message with these words."""
        for _ in range(int(PATIENCE / 0.01)):
            if any(words in message.text for message in self.taken[person]):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"none of {len(self.taken[person])} messages says {words!r}")

    async def telegram_api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        assert request.match_info["token"] == TOKEN
        told = await request.json() if request.can_read_body else {}
        self.calls[method] += 1
        result: Any = True
        if method == "getMe":
            result = {"id": 1, "is_bot": True, "first_name": "Easton", "username": "easton_bot"}
        elif method == "sendMessage":
            to, text = str(told["chat_id"]), told["text"]
            if (refusal := self.refuse(to, text)) is not None:
                return web.json_response(refusal[1], status=refusal[0])
            rows = told.get("reply_markup", {}).get("inline_keyboard", [])
            buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
            message = Taken(text, buttons, next(self._numbers))
            self.taken[to].append(message)
            chat = {"id": told["chat_id"], "type": "private"}
            result = {"message_id": message.number, "date": 1, "chat": chat, "text": text}
        elif method == "answerCallbackQuery":
            if (refusal := self.refuse(PRESS, told["callback_query_id"])) is not None:
                return web.json_response(refusal[1], status=refusal[0])
        elif method == "editMessageReplyMarkup":
            rows = told["reply_markup"]["inline_keyboard"]
            (drawn,) = (each for each in self.taken[str(told["chat_id"])] if each.number == told["message_id"])
            drawn.buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
        await self._pause()
        return web.json_response({"ok": True, "result": result})

    async def twilio_api(self, request: web.Request) -> web.Response:
        self.calls[f"{request.method} Messages"] += 1
        if request.method == "GET":
            listed = [
                text for text in reversed(self._texts) if request.query.get("To", text["to"]) == text["to"]
            ]  # fmt: skip
            return web.json_response({"messages": listed, "page_size": 100, "page": 0, "next_page_uri": None})
        told = await request.post()
        to, words = str(told["To"]), str(told["Body"])
        if (refusal := self.refuse(to, words)) is not None:
            return web.json_response(refusal[1], status=refusal[0])
        number = next(self._numbers)
        text = {
            "sid": f"SM{number:032x}", "to": to, "from": str(told["From"]), "body": words, "status": "queued",
            "direction": "outbound-api", "num_media": "0", "account_sid": ACCOUNT,
            "date_created": format_datetime(datetime.now(UTC)),
        }  # fmt: skip
        self._texts.append(text)
        self.taken[to].append(Taken(words, {}, number))
        await self._pause()
        report = asyncio.ensure_future(self._report(str(text["sid"]), to))
        self._behind.add(report)
        report.add_done_callback(self._behind.discard)
        return web.json_response(text, status=201)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), self.delay)

    async def _report(self, sid: str, to: str) -> None:
        form = {"MessageSid": sid, "MessageStatus": "delivered", "To": to, "From": OURS, "AccountSid": ACCOUNT}
        await self.bring_form(form, "/webhooks/sms/status")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Providers]:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self.telegram_api)
        app.router.add_route("*", "/2010-04-01/Accounts/{account}/Messages.json", self.twilio_api)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        connector, timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as self._session:
            try:
                yield self
            finally:
                self._over.set()
                await asyncio.gather(*self._behind)
                await runner.cleanup()
