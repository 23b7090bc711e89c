"""Calls the Bot API: python-telegram-bot's `Bot` over one keep-alive pool of aiohttp, with every timeout set.

With the library's own httpx transport a turn took 2.2 to 3.7 times the processor time, and 0.16 to 0.53 of the turns a
second went through, on a busy machine (`docs/measured.md`). Knows nothing of our messages; what went wrong comes
out as `SendError`.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import BaseRequest, RequestData

from bot.channels.channel import SendError
from flows.model.vocabulary.delivery import AddressState

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
LONGEST_PAUSE = 3600.0
"""Seconds; a longer wait asked of us is looked at again after this."""
REFUSED_PAUSE = 60.0
"""Seconds to hold back when the API will not have us at all; somebody must mend the token."""

TOO_MANY = 429

_JSON = {"Content-Type": "application/json"}


class UnansweredError(NetworkError):
    """The call was on its way when the line broke: it may have been carried out (rule 16)."""


class NoAnswerOfTheirsError(NetworkError):
    """Something on the way answered in Telegram's place, such as a proxy with a page of its own: nothing was sent."""


class TooFastError(TelegramError):
    """The API wants quiet for so many seconds. The library's own RetryAfter warns about its future when it is made."""

    def __init__(self, wait: float) -> None:
        super().__init__("too many requests")
        self.seconds = wait


class BotApiTransport(BaseRequest):
    """The library's transport interface over aiohttp."""

    __slots__ = ("_read_seconds", "_session", "_timeout")

    def __init__(self, read_seconds: float = READ_SECONDS) -> None:
        self._read_seconds = read_seconds
        self._timeout = _timeout(read_seconds)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds an answer may take."""
        return self._read_seconds

    async def initialize(self) -> None:
        """Open the pool, if a call has not done so already."""
        self._open()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=0)  # the senders are counted elsewhere
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout
            )
        return self._session

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer of the API. The library's own version logs what it cannot read; this one keeps silent."""
        try:
            answer = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise NoAnswerOfTheirsError("the answer is not JSON") from None
        if not isinstance(answer, dict) or not ("result" in answer or answer.get("ok") is False):
            raise UnansweredError("the answer has no result")
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one call. Raises NetworkError if it never left, UnansweredError if that is not certain."""
        body = orjson.dumps(request_data.parameters) if request_data is not None else b"{}"
        return await self.post_json(url, body, read_timeout if isinstance(read_timeout, (int, float)) else None)

    async def post_json(self, url: str, body: bytes, read_seconds: float | None = None) -> tuple[int, bytes]:
        """Make one call with parameters that are JSON already. Raises as `do_request` does; returns status and body."""
        timeout = self._timeout if read_seconds in (None, self._read_seconds) else _timeout(read_seconds or 0)
        try:
            async with self._open().post(
                url, data=body, headers=_JSON, timeout=timeout, allow_redirects=False
            ) as answer:
                payload = await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise NetworkError("no connection") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise UnansweredError("no answer") from None
        if answer.status == TOO_MANY:
            raise TooFastError(_asked_wait(payload, answer.headers.get("Retry-After", "")))
        return answer.status, payload


class Answered(BotApiTransport):
    """An answer that came already, for the library to say which error it is."""

    __slots__ = ("_answer",)

    def __init__(self, status: int, payload: bytes) -> None:
        super().__init__()
        self._answer = status, payload

    async def do_request(self, *_args: Any, **_named: Any) -> tuple[int, bytes]:
        """Return the answer."""
        return self._answer


class Client(Bot):
    """The library's bot, with a short way to call a method.

    `Bot.send_message` makes a Message of 80 fields that nobody here reads: 70 of its 155 microseconds. Its `_post`
    looks at each parameter for files and defaults that we never give: another 25.
    """

    def __init__(self, token: str, api_url: str, wire: BotApiTransport) -> None:
        super().__init__(token, base_url=api_url, request=wire, get_updates_request=wire)
        self._wire = wire

    async def call(self, method: str, *, read_seconds: float | None = None, **parameters: Any) -> Any:
        """Call a method of the Bot API and return its result as plain JSON. Raises TelegramError."""
        given = {name: value for name, value in parameters.items() if value is not None}
        status, payload = await self._wire.post_json(f"{self.base_url}/{method}", orjson.dumps(given), read_seconds)
        if status != HTTPStatus.OK:
            self._wire.parse_json_payload(payload)  # a page of a proxy with 403 says nothing of the person
            return await Answered(status, payload).post("")
        answer = self._wire.parse_json_payload(payload)
        if "result" not in answer:  # refused under the status of a success, as a stand-in for the API may do
            raise BadRequest("refused without a status")
        return answer["result"]


def client(token: str, api_url: str, read_seconds: float = READ_SECONDS) -> Client:
    """Return a client for the bot API at `api_url` (everything up to the token)."""
    return Client(token, api_url, BotApiTransport(read_seconds))


def failure(error: TelegramError) -> SendError:
    """Return what an error of the library means for us (rules 36 and 37). BadRequest comes before its base class."""
    if isinstance(error, TooFastError):
        return SendError("paused", "429", retry_after=seconds(error.seconds))
    if isinstance(error, RetryAfter):
        return SendError("paused", "429", retry_after=seconds(error.retry_after))
    if isinstance(error, Forbidden):
        return SendError("permanent", "403", address_state=AddressState.BLOCKED)
    if isinstance(error, InvalidToken):
        return SendError("paused", "401", retry_after=REFUSED_PAUSE, tell_team=True)
    if isinstance(error, BadRequest):
        gone = "chat not found" in error.message.lower() or "user not found" in error.message.lower()
        return SendError("permanent", "400", address_state=AddressState.UNUSABLE if gone else "", tell_team=not gone)
    if isinstance(error, ChatMigrated):
        return SendError("permanent", "migrated")
    if isinstance(error, Conflict):
        return SendError("retry", "409", tell_team=True)
    return _of_the_line(error)


def _of_the_line(error: TelegramError) -> SendError:
    if isinstance(error, UnansweredError):
        return SendError("unknown", "no answer")
    if isinstance(error, NetworkError):
        return SendError("retry", "not telegram" if isinstance(error, NoAnswerOfTheirsError) else "network")
    return SendError("permanent", type(error).__name__, tell_team=True)


def seconds(wait: float | timedelta) -> float:
    """Return a wait the API asked for in seconds, at most an hour: the library says it as a number or a timedelta."""
    asked = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return min(max(asked, 1.0), LONGEST_PAUSE)


def _timeout(read_seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=read_seconds
    )


def _asked_wait(payload: bytes, header: str) -> float:
    try:
        return float(orjson.loads(payload)["parameters"]["retry_after"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return float(header) if header.isdigit() else 1.0
