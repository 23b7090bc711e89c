"""Asking Telegram for updates, where it cannot call us. One asks at a time; imports the client and the reader.

An answer that brings nothing new, however fast it comes, is followed by a pause: a server that does not wait with its
answer, or that never forgets what it handed out, costs neither of us more than a call every now and then.
"""

from __future__ import annotations

import asyncio
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from bot.channels.channel import Inbound
from bot.channels.telegram import updates as telegram_updates
from bot.channels.telegram.bot_api import READ_SECONDS, failure
from bot.channels.telegram.updates import ALLOWED_UPDATES, NAME
from bot.telemetry.logs import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.channels.telegram.bot_api import Client

POLL_SECONDS = 25
UPDATES_AT_ONCE = 100
FLOOR_SECONDS = 0.5
"""Between the beginnings of two calls, unless the first brought something new."""
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits after failed attempts, the last one for ever."""


async def poll(
    client: Client, handler: Callable[[Inbound], Awaitable[None]], sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Ask for updates until cancelled. Telegram forgets an update only after its `handler` has returned.

    Chats are handled beside each other, each in its own order. If the handler raises, the same updates are asked
    for again.
    """
    offset: int | None = None
    waits = chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))
    while True:
        began = time.monotonic()
        try:
            before, offset = offset, await _once(client, offset, handler)
            waits = chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))
            if offset == before and (early := began + FLOOR_SECONDS - time.monotonic()) > 0:
                await sleep(early)
        except TelegramError as error:
            failed = failure(error)
            log.warning("polling failed", channel=NAME, code=failed.code)
            await sleep(failed.retry_after or next(waits))
        except Exception as error:
            log.error("updates not kept", channel=NAME, error=type(error).__name__)
            await sleep(next(waits))


async def _once(client: Client, offset: int | None, handler: Callable[[Inbound], Awaitable[None]]) -> int | None:
    updates = await client.call(
        "getUpdates", read_seconds=READ_SECONDS + POLL_SECONDS, offset=offset, timeout=POLL_SECONDS,
        limit=UPDATES_AT_ONCE, allowed_updates=ALLOWED_UPDATES,
    )  # fmt: skip
    chats: dict[str, list[Inbound]] = {}
    for update in updates:
        read = telegram_updates.read_update(update)
        if isinstance(read, Inbound):
            chats.setdefault(read.address, []).append(read)
            offset = max(offset or 0, int(read.provider_id) + 1)

    async def in_order(events: list[Inbound]) -> None:
        for event in events:
            await handler(event)

    results = await asyncio.gather(*(in_order(events) for events in chats.values()), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return offset
