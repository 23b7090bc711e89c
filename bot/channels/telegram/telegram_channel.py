"""The Telegram channel: takes updates by webhook or by asking for them, sends messages with buttons.

Calls go through `telegram_client`, asking is in `telegram_polling`, reading in `telegram_updates`. A shared position is
not asked for with a button of its own: the question's text says that one may be sent, and any that comes is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from dataclasses import replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Self

from telegram.error import BadRequest, ChatMigrated, InvalidToken, TelegramError

from bot.channels.button_data import button_data
from bot.channels.channel import Acknowledgement, Inbound, Limits, Piece, Rejected, SendError, SentPiece
from bot.channels.telegram import chat_menu, polling, updates
from bot.channels.telegram.bot_api import READ_SECONDS, UnansweredError, client, failure
from bot.channels.telegram.polling import RETRY_SECONDS
from bot.channels.telegram.updates import ALLOWED_UPDATES, NAME
from bot.telemetry.logs import log
from flows.model.messages import button, split, utf16_units

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.channels.channel import Outgoing, Parsed, StatusReport
    from bot.settings.environment import Settings
    from storage.protection.crypto import Keyring

PATH = "/webhooks/telegram"
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
LONGEST_TEXT = 4096
"""UTF-16 units of one message (rule 39)."""
MOST_BUTTONS = 100
PEOPLE_AT_ONCE = 30
"""Telegram takes 30 messages a second in all and one a second to one chat; we keep that proportion (rule 36)."""
WEBHOOK_CONNECTIONS = 100
"""Calls Telegram may make to us at the same time; it keeps the order within a chat by itself."""
BEHIND_AT_ONCE = 500
"""Presses that wait to be acknowledged; beyond that the little clock on a button runs out by itself."""
MOST_UNSAID = 100
"""Messages that one call may take away (Bot API, deleteMessages)."""
UNSAY_SECONDS = 0.05
"""Between calls that take away one message each."""
NO_THREAD = ("message thread not found", "topic_closed", "topic_deleted", "topic closed", "topic deleted")
"""What Telegram says of a topic that nothing can be sent to; the chat itself is there."""
MOST_THREADS = 10_000
"""Topics that Telegram refused and that are remembered."""
GROUP_SECONDS = 600.0
"""A group is told where to write at most this often, however much is said there."""


def webhook_secret(settings: Settings, keyring: Keyring) -> str:
    """Return what proves that a call comes from Telegram: what was set, else what follows from the secret key."""
    if settings.telegram_webhook_secret is not None:
        return settings.telegram_webhook_secret.get_secret_value()
    return keyring.lookup("telegram.webhook_secret", "").hex()


class TelegramChannel:
    """One bot. With an empty `webhook_url` we ask Telegram for updates (`poll`), else Telegram calls us there."""

    name = NAME
    paths: tuple[str, ...] = (PATH,)
    aside: frozenset[str] = frozenset()
    thanks = Acknowledgement()

    @classmethod
    def from_settings(cls, settings: Settings, keyring: Keyring) -> Self | None:
        """Return the bot of the token that is set, or None without one."""
        if settings.telegram_token is None:
            return None
        return cls(
            token=settings.telegram_token.get_secret_value(),
            webhook_secret=webhook_secret(settings, keyring),
            api_url=settings.telegram_api_url,
            webhook_url=settings.public_url + PATH if settings.telegram_by == "webhook" else "",
            per_second=settings.telegram_rate,
        )

    def __init__(
        self,
        *,
        token: str,
        webhook_secret: str,
        api_url: str = "https://api.telegram.org/bot",
        webhook_url: str = "",
        per_second: float = 30.0,
        read_seconds: float = READ_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limits = Limits(per_second=per_second, per_person=PEOPLE_AT_ONCE / per_second)
        self._username = ""
        self._token, self._secret, self._webhook_url = token, webhook_secret, webhook_url
        self._client = client(token, api_url, read_seconds)
        self._sleep = sleep
        self._behind: set[asyncio.Task[None]] = set()
        self._menus: dict[str, Sequence[tuple[str, str]]] = {}
        self._groups: dict[str, float] = {}
        self._no_threads: dict[tuple[str, int], None] = {}
        """Topics that Telegram gave us and does not know any more, oldest first."""

    @property
    def reach(self) -> str:
        """Link to the private chat; with `?start=TOKEN` behind it, a way in for a campaign. Empty until we know it."""
        return f"https://t.me/{self._username}" if self._username else ""

    def secrets(self) -> tuple[str, ...]:
        """Return the bot's token and the webhook's secret."""
        return (self._token, self._secret)

    def offer(self, menus: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Keep the menus for the start; the first language is for everybody whose own is not among them."""
        self._menus = dict(menus)

    async def start(self) -> None:
        """Open the pool, learn the bot's name, say how to reach us; while Telegram is down, go on trying behind.

        Raises SendError of the kind `configuration` if Telegram does not know the token.
        """
        await self._client.request.initialize()
        try:
            await self._introduce()
        except InvalidToken:
            raise SendError("configuration", "401") from None
        except TelegramError as error:
            log.warning("channel not reached", channel=self.name, code=failure(error).code)
            self._do_behind(self._keep_introducing())

    async def _introduce(self) -> None:
        me = await self._client.call("getMe")
        self._username = str(me.get("username", "")) if isinstance(me, dict) else ""
        if self._webhook_url:
            await self._client.set_webhook(
                self._webhook_url, allowed_updates=ALLOWED_UPDATES, secret_token=self._secret,
                max_connections=WEBHOOK_CONNECTIONS,
            )  # fmt: skip
        else:
            await self._client.delete_webhook()
        if self._menus:
            self._do_behind(chat_menu.show(self._client, self._menus, self._sleep))

    async def _keep_introducing(self) -> None:
        for wait in chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1])):
            await self._sleep(wait)
            try:
                await self._introduce()
            except TelegramError as error:
                log.warning("channel not reached", channel=self.name, code=failure(error).code)
            else:
                break

    async def stop(self) -> None:
        """Drop what runs behind and close the pool."""
        for task in self._behind:
            task.cancel()
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self._client.request.shutdown()

    def _do_behind(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    # --- in -----------------------------------------------------------------------------------------------------

    def receive(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Parsed:
        """Check the secret in constant time and read the update (rule 32)."""
        given = headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._secret.encode()):
            return Rejected(403, "secret")
        return updates.read(body)

    def parse(self, raw: bytes) -> Parsed:
        """Read an update that was checked before."""
        return updates.read(raw)

    async def poll(self, handler: Callable[[Inbound], Awaitable[None]]) -> None:
        """Ask for updates until cancelled, and give each to `handler`."""
        await polling.poll(self._client, handler, self._sleep)

    def acknowledge(self, inbound: Inbound) -> None:
        """Have the little clock on a pressed button taken away."""
        if inbound.callback_id and len(self._behind) < BEHIND_AT_ONCE:
            self._do_behind(self._acknowledge(inbound.callback_id))

    async def _acknowledge(self, callback_id: str) -> None:
        try:
            await self._client.call("answerCallbackQuery", callback_query_id=callback_id)
        except TelegramError as error:
            log.debug("press not acknowledged", channel=self.name, code=failure(error).code)

    def answer_group(self, inbound: Inbound, text: str) -> None:
        """Tell a group to write in private, at most once in ten minutes."""
        now = time.monotonic()
        self._groups = {chat: until for chat, until in self._groups.items() if until > now}
        if inbound.address not in self._groups and len(self._behind) < BEHIND_AT_ONCE:
            self._groups[inbound.address] = now + GROUP_SECONDS
            self._do_behind(self._answer_group(Piece(address=inbound.address, text=text, thread_id=inbound.thread_id)))

    async def _answer_group(self, piece: Piece) -> None:
        try:
            await self.send(piece)
        except SendError as error:
            log.debug("group not answered", channel=self.name, code=error.code)

    # --- out ----------------------------------------------------------------------------------------------------

    def pieces(self, outgoing: Outgoing) -> tuple[Piece, ...]:
        """Cut at 4,096 units between paragraphs; the buttons belong to the last piece."""
        say = outgoing.say
        buttons: tuple[tuple[str, str], ...] = ()
        if say.serial is not None:
            buttons = tuple(
                (button(say, option), button_data(outgoing.token, say.serial, index))
                for index, option in enumerate(say.options[:MOST_BUTTONS])
            )
        if say.redraw and outgoing.redraw_of:
            return (Piece(address=outgoing.address, text=say.text, buttons=buttons, redraw_of=outgoing.redraw_of),)
        *before, last = split(say.text, LONGEST_TEXT, utf16_units)
        whole = Piece(
            address=outgoing.address, text=last, buttons=buttons, thread_id=outgoing.thread_id, kind=outgoing.kind
        )
        return (*(replace(whole, text=part, buttons=()) for part in before), whole)

    async def send(self, piece: Piece) -> SentPiece:
        """Send one message, redraw the buttons of one that was sent before, or take some away."""
        try:
            if piece.deletes:
                return await self._unsay(piece)
            if piece.redraw_of and (drawn := await self._redraw(piece)) is not None:
                return drawn
            return await self._send(int(piece.address), piece)
        except ChatMigrated as moved:
            try:
                return await self._send(moved.new_chat_id, piece)
            except TelegramError as error:
                raise failure(error) from None
        except UnansweredError as error:
            raise SendError("retry", "no answer") if piece.deletes else failure(error) from None
        except TelegramError as error:
            raise failure(error) from None

    async def _unsay(self, piece: Piece) -> SentPiece:
        """Take messages of a private chat away; what is gone or too old already is passed over."""
        chat = int(piece.address)
        numbers = [int(number) for number in piece.deletes if number.isascii() and number.isdigit()]
        for start in range(0, len(numbers), MOST_UNSAID):
            some = numbers[start : start + MOST_UNSAID]
            try:
                await self._client.call("deleteMessages", chat_id=chat, message_ids=some)
            except BadRequest:
                for number in some:
                    with contextlib.suppress(BadRequest):
                        await self._client.call("deleteMessage", chat_id=chat, message_id=number)
                        await self._sleep(UNSAY_SECONDS)
        return SentPiece("")

    async def _send(self, chat: int, piece: Piece) -> SentPiece:
        """Send one message; without its topic if Telegram does not know that one (any more)."""
        if piece.thread_id is None or (piece.address, piece.thread_id) in self._no_threads:
            return await self._send_to(chat, piece, None)
        try:
            return await self._send_to(chat, piece, piece.thread_id)
        except BadRequest as error:
            if not any(words in error.message.lower() for words in NO_THREAD):
                raise
        sent = await self._send_to(chat, piece, None)
        if len(self._no_threads) >= MOST_THREADS:
            del self._no_threads[next(iter(self._no_threads))]
        self._no_threads[piece.address, piece.thread_id] = None
        return sent

    async def _send_to(self, chat: int, piece: Piece, thread_id: int | None) -> SentPiece:
        result = await self._client.call(
            "sendMessage", chat_id=chat, text=piece.text, message_thread_id=thread_id,
            reply_markup=_keyboard(piece.buttons) if piece.buttons else None,
            link_preview_options={"is_disabled": True},
        )  # fmt: skip
        return SentPiece(str(result["message_id"]) if isinstance(result, dict) and "message_id" in result else "")

    async def _redraw(self, piece: Piece) -> SentPiece | None:
        try:
            await self._client.call(
                "editMessageReplyMarkup", chat_id=int(piece.address), message_id=int(piece.redraw_of),
                reply_markup=_keyboard(piece.buttons),
            )  # fmt: skip
        except BadRequest as error:
            if "not modified" not in error.message.lower():
                return None  # too old or gone: ask the question anew
        return SentPiece(piece.redraw_of)

    async def outcome(self, piece: Piece, since: datetime) -> Sequence[SentPiece]:
        """Return nothing: Telegram cannot be asked what it sent."""
        return ()

    def meaning(self, report: StatusReport) -> SendError | None:
        """Return None: Telegram reports nothing later."""
        return None

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        """Return nothing: Telegram keeps what we missed for a day and delivers it by itself."""
        return ()


def _keyboard(buttons: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": label, "callback_data": data}] for label, data in buttons]}


CHANNEL = TelegramChannel
