"""What a Telegram message holds: its words with other people's words marked as theirs, and what came beside.

Reads plain JSON, before the library does. A quote becomes lines that begin with "> ", as in a letter that is answered.
What is known of a message's content here is what Bot API 10 has; what nobody knows yet is told from what Telegram says
by itself (somebody pinned a message) by leaving out all that is known to be either.
"""

from __future__ import annotations

from typing import Any

MEDIA = (
    "animation", "venue", "audio", "checklist", "contact", "dice", "document", "game", "giveaway", "invoice",
    "location", "paid_media", "photo", "poll", "sticker", "story", "video", "video_note", "voice", "web_app_data",
    "users_shared", "chat_shared", "passport_data",
)  # fmt: skip
"""What may be sent beside words, and what we call it. Animations come as documents too, venues as locations: first."""

UNKNOWN = "unknown"
"""What we call something that a later version of Telegram lets people send."""

MEDIA_MARK = "earshot_media"
"""Stands in a kept event for media that were taken out of it; the library hands unknown fields on."""
FORWARDED_MARK = "earshot_forwarded"
"""Stands in a kept event for what says whose words they were."""

_AROUND = frozenset({
    "author_signature", "business_connection_id", "caption_entities", "chat", "date", "direct_messages_topic",
    "edit_date", "effect_id", "entities", "external_reply", "forward_date", "forward_from", "forward_from_chat",
    "forward_from_message_id", "forward_origin", "forward_sender_name", "forward_signature", "from",
    "has_media_spoiler", "has_protected_content", "is_automatic_forward", "is_from_offline", "is_paid_post",
    "is_topic_message", "link_preview_options", "media_group_id", "message_id", "message_thread_id",
    "paid_star_count", "quote", "reply_markup", "reply_to_checklist_task_id", "reply_to_message", "reply_to_story",
    "sender_boost_count", "sender_business_bot", "sender_chat", "show_caption_above_media", "suggested_post_info",
    "via_bot", MEDIA_MARK, FORWARDED_MARK,
})  # fmt: skip
"""Fields that say something of a message and are not what was sent."""

_SERVICE = frozenset({
    "boost_added", "channel_chat_created", "chat_background_set", "checklist_tasks_added", "checklist_tasks_done",
    "connected_website", "delete_chat_photo", "direct_message_price_changed", "forum_topic_closed",
    "forum_topic_created", "forum_topic_edited", "forum_topic_reopened", "general_forum_topic_hidden",
    "general_forum_topic_unhidden", "gift", "gift_upgrade_sent", "giveaway_completed", "giveaway_created",
    "giveaway_winners", "group_chat_created", "left_chat_member", "message_auto_delete_timer_changed",
    "migrate_from_chat_id", "migrate_to_chat_id", "new_chat_member", "new_chat_members", "new_chat_photo",
    "new_chat_title", "paid_message_price_changed", "pinned_message", "proximity_alert_triggered",
    "refunded_payment", "successful_payment", "suggested_post_approval_failed", "suggested_post_approved",
    "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded", "supergroup_chat_created",
    "unique_gift", "video_chat_ended", "video_chat_participants_invited", "video_chat_scheduled",
    "video_chat_started", "write_access_allowed",
})  # fmt: skip
"""What Telegram says by itself; nobody waits for an answer to it."""

_QUOTES = frozenset({"blockquote", "expandable_blockquote"})


def media_of(message: dict[str, Any]) -> str:
    """Return what was sent beside words, or instead of them; empty where it is words alone, or not from a person."""
    known = next((name for name in MEDIA if name in message), "")
    if known or "text" in message or "caption" in message:
        return known
    new = message.keys() - _AROUND
    return UNKNOWN if new and not new & _SERVICE else ""


def quotes(entities: Any) -> bool:
    """Tell whether a part of a text is set as a quote."""
    return isinstance(entities, list) and any(isinstance(one, dict) and one.get("type") in _QUOTES for one in entities)


def mark(message: dict[str, Any]) -> dict[str, Any]:
    """Return the words of a message under their own name, with quotes marked, and the mark of a forwarded message."""
    marked: dict[str, Any] = {}
    for name, about in (("text", "entities"), ("caption", "caption_entities")):
        words = message.get(name)
        if type(words) is str:
            if quotes(message.get(about)):
                words = _with_quotes(words, message[about])
            marked[name] = f"{elsewhere}\n{words}" if (elsewhere := _quoted_from_elsewhere(message)) else words
    if marked and _is_forwarded(message):
        marked[FORWARDED_MARK] = True
    return marked


def _is_forwarded(message: dict[str, Any]) -> bool:
    """Tell whether words are somebody else's: forwarded, and not from the chat of the same person."""
    origin = message.get("forward_origin")
    if not isinstance(origin, dict):
        return bool(message.get(FORWARDED_MARK)) or "forward_date" in message
    wrote, sends = origin.get("sender_user"), message.get("from")
    if not (isinstance(wrote, dict) and isinstance(sends, dict)):
        return True
    return wrote.get("id") is None or wrote.get("id") != sends.get("id")


def _quoted_from_elsewhere(message: dict[str, Any]) -> str:
    """Return a quote out of another chat that is answered here; one out of this chat is known to both."""
    quote = message.get("quote")
    words = quote.get("text") if isinstance(quote, dict) and isinstance(message.get("external_reply"), dict) else None
    return as_quote(words) if type(words) is str and words.strip() else ""


def as_quote(words: str) -> str:
    """Return words as a quote, each line marked."""
    return "\n".join(f"> {line}" for line in words.strip("\n").split("\n"))


def _with_quotes(words: str, entities: list[Any]) -> str:
    """Mark what is set as a quote. Telegram counts in units of UTF-16; what lies outside the text is passed over."""
    units = words.encode("utf-16-le", "surrogatepass")
    spans = sorted(span for span in map(_span, entities) if span is not None and span[1] * 2 <= len(units))
    parts: list[str] = []
    done = 0
    for start, end in spans:
        if start < done:
            continue
        parts += [_text(units, done, start).rstrip("\n"), as_quote(_text(units, start, end))]
        done = end
    rest = _text(units, done, len(units) // 2)
    return "\n".join(part for part in (*parts, rest.removeprefix("\n")) if part)


def _span(entity: Any) -> tuple[int, int] | None:
    if not isinstance(entity, dict) or entity.get("type") not in _QUOTES:
        return None
    start, length = entity.get("offset"), entity.get("length")
    if type(start) is not int or type(length) is not int or start < 0 or length < 1:
        return None
    return start, start + length


def _text(units: bytes, start: int, end: int) -> str:
    return units[start * 2 : end * 2].decode("utf-16-le", "replace")
