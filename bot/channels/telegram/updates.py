"""Reads Telegram updates into `Inbound`.

Words and presses in private chats, nearly all that ever comes, are read straight from the JSON: building the library's
objects costs 70 microseconds an update, this 7. Everything else goes through `Update.de_json`; a test holds the two
ways equal.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from telegram import ChatMember, Update
from telegram.constants import ChatType

from bot.channels.button_data import read_press
from bot.channels.channel import Inbound, Parsed, Rejected
from bot.channels.telegram.message_content import FORWARDED_MARK, MEDIA, MEDIA_MARK, UNKNOWN, mark, media_of, quotes
from flows.language.normalise import storable
from flows.model.signals import Edited, Said, Sent, Started

if TYPE_CHECKING:
    from telegram import CallbackQuery, ChatMemberUpdated, Message

NAME = "telegram"

LONGEST_BODY = 512 * 1024
"""Bytes of an update; a message of 4,096 characters with all its formatting stays far below."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""Always named to Telegram, which else keeps what was set before (rule 35)."""

_NEVER_KEPT = frozenset({"contact", "first_name", "last_name", "location", "title", "username", "venue"})
_START = re.compile(r"/start(?:@\w+)?(?:\s+(.*))?\Z", re.DOTALL)
_ENTRY = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}\Z")
_PLAIN = frozenset({"message_id", "from", "chat", "date", "text", "entities", "link_preview_options"})
_MESSAGE_FIELDS = frozenset({
    "message_id", "date", "chat", "from", "text", "caption", "location", "venue", "message_thread_id",
    "is_topic_message", MEDIA_MARK, FORWARDED_MARK,
})  # fmt: skip
_QUERY_FIELDS = frozenset({"id", "from", "message", "chat_instance", "data", "inline_message_id", "game_short_name"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY: dict[str, Any] = {"id": 0, "is_bot": False, "first_name": ""}


class _Head(NamedTuple):
    """What every message has; checked for its type, because the library does not."""

    update_id: int
    chat: int
    message_id: int
    at: int
    language: str
    thread_id: int | None = None

    def kept(self) -> dict[str, Any]:
        """Return the message without its content, as the library reads it."""
        sender = _NOBODY | {"id": self.chat}
        if self.language:
            sender["language_code"] = self.language
        chat = {"id": self.chat, "type": "private"}
        kept = {"message_id": self.message_id, "date": self.at, "chat": chat, "from": sender}
        if self.thread_id is not None:
            kept |= {"message_thread_id": self.thread_id, "is_topic_message": True}
        return kept


def read(raw: bytes) -> Parsed:
    """Read the body of a webhook call, or an event that was sealed. Never raises."""
    if len(raw) > LONGEST_BODY:
        return Rejected(413, "too_large")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            data = json.loads(raw)  # unlike orjson it bears half a surrogate pair, which we can mend
        except (ValueError, RecursionError):
            return Rejected(400, "unreadable")
    return read_update(data)


def read_update(data: Any) -> Parsed:
    """Read one update that is already out of its JSON, as polling gives it. Never raises."""
    update_id = data.get("update_id") if isinstance(data, dict) else None
    if type(update_id) is not int:
        return Rejected(400, "unreadable")
    return _short_way(data) or long_way(data)


def _short_way(data: dict[str, Any]) -> Inbound | None:
    if len(data) != 2:
        return None
    try:
        if "message" in data:
            message = data["message"]
            sender, text = message["from"], message["text"]
            plain = message.keys() <= _PLAIN and not quotes(message.get("entities"))
            if plain and message["chat"]["type"] == "private" and not sender.get("is_bot"):
                at, language = message["date"], sender.get("language_code")
                head = _head(data["update_id"], message["chat"]["id"], message["message_id"], at, language)
                return _told(head, _string(text))
        elif "callback_query" in data:
            query = data["callback_query"]
            message, sender = query["message"], query["from"]
            if message["chat"]["type"] == "private":
                at, language = message["date"], sender.get("language_code")
                head = _head(data["update_id"], sender["id"], message["message_id"], at, language)
                return _pressed(head, query["id"], query.get("data"))
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):  # a date beyond all calendars as well
        return None
    return None


def long_way(data: dict[str, Any]) -> Inbound:
    """Read any update through the library."""
    try:
        return _read(Update.de_json(_lean(data)))
    except Exception:  # the library raises whatever it stumbles over; the event waits for a later version of ours
        return Inbound(channel=NAME, provider_id=str(data["update_id"]), kind="unreadable", raw=_bare(data))


def _lean(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out what we never read, so that news in there cannot trip the library. Media leave their name behind."""
    lean = {name: data[name] for name in ("update_id", *ALLOWED_UPDATES) if name in data}
    for name in ("message", "edited_message"):
        if name in data:
            lean[name] = _lean_message(data[name])
    if "callback_query" in data:
        query = {key: value for key, value in data["callback_query"].items() if key in _QUERY_FIELDS}
        if "message" in query:
            query["message"] = _lean_message(query["message"])
        lean["callback_query"] = query
    return lean


def _lean_message(message: dict[str, Any]) -> dict[str, Any]:
    lean = {key: value for key, value in message.items() if key in _MESSAGE_FIELDS}
    if media := media_of(message):
        lean[MEDIA_MARK] = media
    return lean | mark(message)


def _read(update: Update) -> Inbound:
    if update.message is not None:
        return _message(update.update_id, update.message)
    if update.edited_message is not None:
        return _edit(update.update_id, update.edited_message)
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member)
    return _other(update.update_id)


def _message(update_id: int, message: Message) -> Inbound:
    sender = message.from_user
    words = message.text if message.text is not None else message.caption
    media = _media(message)
    private = message.chat.type == ChatType.PRIVATE
    if words is None and (not media or (media == UNKNOWN and not private)):
        return _other(update_id)
    if not private:
        return Inbound(
            channel=NAME, provider_id=str(update_id), kind="group", address=str(_whole(message.chat.id)),
            thread_id=_topic(message),
        )  # fmt: skip
    if sender is None or sender.is_bot:
        return Inbound(channel=NAME, provider_id=str(update_id), kind="stray")
    place = message.venue.location if message.venue is not None else message.location
    point = None if place is None else (float(place.latitude), float(place.longitude))
    forwarded = message.api_kwargs.get(FORWARDED_MARK) is True
    return _told(_head_of(update_id, message), words, media, point, forwarded=forwarded)


def _media(message: Message) -> str:
    kept = message.api_kwargs.get(MEDIA_MARK, "")
    return kept if kept in (*MEDIA, UNKNOWN) else ""


def _edit(update_id: int, message: Message) -> Inbound:
    words = message.text if message.text is not None else message.caption
    if message.chat.type != ChatType.PRIVATE or words is None or message.from_user is None or message.from_user.is_bot:
        return _other(update_id)
    head, text = _head_of(update_id, message), storable(words)
    ref = str(head.message_id)
    return Inbound(
        channel=NAME, provider_id=str(update_id), kind="edit", address=str(head.chat),
        signal=Edited(text=text, ref=ref), ref=ref, language_hint=head.language,
        raw=orjson.dumps({"update_id": update_id, "edited_message": head.kept() | {"text": text}}),
    )  # fmt: skip


def _press(update_id: int, query: CallbackQuery) -> Inbound:
    message = query.message
    if message is None or message.chat.type != ChatType.PRIVATE:
        return Inbound(channel=NAME, provider_id=str(update_id), kind="other", callback_id=_string(query.id))
    at, language = int(message.date.timestamp()), query.from_user.language_code
    return _pressed(_head(update_id, query.from_user.id, message.message_id, at, language), query.id, query.data)


def _membership(update_id: int, change: ChatMemberUpdated) -> Inbound:
    if change.chat.type != ChatType.PRIVATE:
        return _other(update_id)
    blocked = change.new_chat_member.status in {ChatMember.BANNED, ChatMember.LEFT}
    address, user = _whole(change.chat.id), _NOBODY | {"id": change.chat.id}
    kept = {
        "chat": {"id": address, "type": "private"},
        "from": user,
        "date": int(change.date.timestamp()),
        "old_chat_member": {"status": "left", "user": _NOBODY},
        "new_chat_member": {"status": "left" if blocked else "member", "user": _NOBODY},
    }
    return Inbound(
        channel=NAME, provider_id=str(update_id), kind="membership", address=str(address), blocked=blocked,
        raw=orjson.dumps({"update_id": update_id, "my_chat_member": kept}),
    )  # fmt: skip


def _other(update_id: int) -> Inbound:
    return Inbound(channel=NAME, provider_id=str(update_id), kind="other")


def _told(
    head: _Head,
    words: str | None,
    media: str = "",
    point: tuple[float, float] | None = None,
    *,
    forwarded: bool = False,
) -> Inbound:
    ref, entry, kept = str(head.message_id), "", head.kept()
    signal: Said | Started | Sent | None = None
    if words is not None:
        text = kept["text"] = storable(_string(words))
        signal = Said(text=text, ref=ref, forwarded=forwarded)
        if forwarded:
            kept[FORWARDED_MARK] = True
        elif text.startswith("/start") and (start := _START.match(text)):
            rest = start[1] or ""
            entry = rest if _ENTRY.match(rest) else ""
            signal = Started(text="" if entry else rest, ref=ref)
    elif point is None:
        signal = Sent(kind=media)
    if media:
        kept[MEDIA_MARK] = media
    return Inbound(
        channel=NAME, provider_id=str(head.update_id), kind="message", address=str(head.chat), signal=signal,
        media=media if words is not None else "", point=point, entry=entry, language_hint=head.language, ref=ref,
        thread_id=head.thread_id, written_by=_EPOCH + timedelta(seconds=head.at + 1),  # it names whole seconds
        raw=orjson.dumps({"update_id": head.update_id, "message": kept}),
    )  # fmt: skip


def _pressed(head: _Head, callback_id: str, data: str | None) -> Inbound:
    chosen = read_press(data) if data is not None else None
    message = head.kept()
    kept = {
        "id": _string(callback_id),
        "from": message.pop("from"),
        "message": message,
        "chat_instance": "",
        "data": data if chosen else None,
    }
    return Inbound(
        channel=NAME, provider_id=str(head.update_id), kind="press", address=str(head.chat),
        signal=chosen,
        language_hint=head.language, ref=str(head.message_id), callback_id=callback_id,
        raw=orjson.dumps({"update_id": head.update_id, "callback_query": kept}),
    )  # fmt: skip


def _head(update_id: int, chat: int, message_id: int, at: int, language: str | None) -> _Head:
    hint = language if language is not None and _LANGUAGE.match(language) else ""
    return _Head(update_id, _whole(chat), _whole(message_id), _whole(at), hint)


def _head_of(update_id: int, message: Message) -> _Head:
    language = message.from_user.language_code if message.from_user is not None else None
    head = _head(update_id, message.chat.id, message.message_id, int(message.date.timestamp()), language)
    return head._replace(thread_id=_topic(message))


def _topic(message: Message) -> int | None:
    """Return the topic a message stands in. Without `is_topic_message` the number is that of a chain of replies."""
    return message.message_thread_id if message.is_topic_message else None


def _whole(value: int) -> int:
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def _string(value: str) -> str:
    if type(value) is not str:
        raise TypeError("not a string")
    return value


def _bare(data: dict[str, Any]) -> bytes:
    try:
        return json.dumps(_without(data)).encode()
    except RecursionError:
        return b""


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if key not in _NEVER_KEPT}
    if isinstance(value, list):
        return [_without(item) for item in value]
    return value
