"""Calls Twilio's REST API: its own client over one keep-alive pool of aiohttp, with every timeout set (rule 24).

Knows nothing of our messages; what went wrong comes out as `SendError`.
"""

from __future__ import annotations

import base64
import json
import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bot.channels.channel import SendError
from bot.channels.sms import twilio_errors

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
LONGEST_PAUSE = 3600.0
"""Seconds; a longer wait asked of us is looked at again after this."""
NO_ENVIRONMENT = {"EARSHOT": "sets everything itself"}
"""Given to the client, which would else take a region out of TWILIO_… variables."""


class TwilioTransport(AsyncHttpClient):  # type: ignore[misc]  # twilio has no types
    """The library's transport with another host, explicit timeouts, and no log of what it carries."""

    def __init__(self, api_url: str, read_seconds: float) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True)
        self._api_url = api_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=read_seconds
        )
        self._pool: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._pool is None or self._pool.closed:
            connector = aiohttp.TCPConnector(limit=0)  # the senders are counted elsewhere
            self._pool = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout
            )
        return self._pool

    async def close(self) -> None:
        """Close the pool."""
        if self._pool is not None:
            await self._pool.close()

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_ours: object,
    ) -> Response:
        """Make one call. Raises SendError: `retry` if it never left, `unknown` if that is not certain."""
        parts = urlsplit(url)
        target = f"{self._api_url}{parts.path}?{parts.query}" if parts.query else self._api_url + parts.path
        try:
            async with self._open().request(
                method,
                target,
                params={name: str(value) for name, value in (params or {}).items()},
                data=urlencode(data or {}, doseq=True).encode() if method == "POST" else None,
                headers={**(headers or {}), **(_basic(*auth) if auth else {})},
                allow_redirects=False,
            ) as answer:
                if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    raise _too_fast(answer.headers.get("Retry-After", ""))
                return Response(answer.status, await answer.text(errors="replace"), answer.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise SendError("retry", "network") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise SendError("unknown", "no answer") from None


def _too_fast(asked_wait: str) -> SendError:
    wait = min(max(float(asked_wait), 1.0), LONGEST_PAUSE) if asked_wait.isdecimal() else None
    return twilio_errors.failure(HTTPStatus.TOO_MANY_REQUESTS, "", wait)


def _basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def client(account_sid: str, auth_token: str, api_url: str, read_seconds: float = READ_SECONDS) -> Client:
    """Return a client for the API at `api_url`, such as https://api.twilio.com."""
    return Client(
        account_sid, auth_token, http_client=TwilioTransport(api_url, read_seconds), environment=NO_ENVIRONMENT
    )


def failure(error: Exception) -> SendError:
    """Return what an error of the library means for us."""
    if isinstance(error, SendError):
        return error
    if isinstance(error, (TwilioRestException, TwilioServiceException)):
        code = str(error.code) if error.code else ""
        return twilio_errors.failure(error.status, "" if code == str(error.status) else code)
    if isinstance(error, TwilioException):
        return _page_failure(error)
    return SendError("unknown", type(error).__name__)  # an answer that the library could not read


def _page_failure(error: TwilioException) -> SendError:
    response: Any = error.args[1] if len(error.args) > 1 else None
    if not isinstance(response, Response):
        return SendError("permanent", type(error).__name__, tell_team=True)
    try:
        code = str(json.loads(response.text).get("code", ""))
    except (ValueError, AttributeError):
        code = ""
    return twilio_errors.failure(response.status_code, code)
