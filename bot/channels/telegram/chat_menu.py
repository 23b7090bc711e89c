"""Shows the menu of what people can send at any time, in each language. A menu is a comfort: nothing waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.telegram.bot_api import failure
from bot.telemetry.logs import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from bot.channels.telegram.bot_api import Client

RETRY_SECONDS = (5.0, 30.0, 120.0)
PRIVATE = {"type": "all_private_chats"}


async def show(
    client: Client, menus: Mapping[str, Sequence[tuple[str, str]]], sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Tell Telegram the menu of every language, the first also for everybody whose language is not among them."""
    for code, menu in _by_code(menus):
        commands = [{"command": name, "description": does} for name, does in menu]
        for wait in (*RETRY_SECONDS, None):
            try:
                await client.call("setMyCommands", commands=commands, scope=PRIVATE, language_code=code)
            except TelegramError as error:
                log.warning("menu not shown", channel="telegram", code=failure(error).code)
                if wait is None or isinstance(error, BadRequest | InvalidToken):
                    return  # refused, or a stand-in for the API that knows no menus
                await sleep(wait)
            else:
                break


def _by_code(menus: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield each menu with the two letters that Telegram knows its language by; "" is everybody else."""
    first = next(iter(menus), None)
    if first is not None:
        yield "", menus[first]
    seen = set()
    for language, menu in menus.items():
        code = language.partition("-")[0].lower()
        if len(code) == 2 and code not in seen:
            seen.add(code)
            yield code, menu
