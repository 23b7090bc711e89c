"""How a `Say` reads on each kind of channel, cut to what it can carry, and as JSON for the outbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.language.segments import normalise_typography
from flows.model.effects import Option, Say

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.model.channel_look import ChannelLook

LONGEST_LABEL = 64
"""Characters of a button; longer labels are cut off by phones anyway."""

ON = "✓ "
"""Stands before the label of an option that is switched on."""

_BREAKS = ("\n\n", "\n", ". ", " ")


def sms_text(say: Say) -> str:
    """Return the body of a text message: the text, then each option on its own line behind what to type for it.

    Typographic signs are made plain, letters of a language never are (rule 20).
    """
    lines = [say.text]
    lines += [
        f"{option.key or number} {option.label}"
        for number, option in enumerate(say.options, start=1)
        if option.label != option.key  # a rating's bare numbers are named by its text
    ]
    return normalise_typography("\n".join(lines))


def telegram_text(say: Say) -> str:
    """Return what a chat shows, in words: the text, then each button in square brackets. Records what was asked."""
    return "\n".join([say.text, *(f"[{button(say, option)}]" for option in say.options)])


def text_on(look: ChannelLook, say: Say) -> str:
    """Return the words of a message with its options, as this look shows them."""
    return telegram_text(say) if look.buttons else sms_text(say)


def button(say: Say, option: Option) -> str:
    """Return the label of an option's button, at most 64 characters, marked if the option is switched on."""
    label = ON + option.label if say.toggles and option.value in say.toggled else option.label
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"


def utf16_units(text: str) -> int:
    """Return the length of a text as Telegram counts it: most characters are one unit, emoji are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int, length: Callable[[str], int] = len) -> tuple[str, ...]:
    """Cut a text into parts of at most `limit`, as `length` counts: between paragraphs, else lines, sentences, words.

    Only the white space at a cut is lost. A text without any is cut anywhere, never inside a character.
    """
    parts = []
    rest = text
    while length(rest) > limit:
        cut = _cut(rest, limit, length)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return tuple(part for part in (*parts, rest) if part) or (text,)


def _cut(text: str, limit: int, length: Callable[[str], int]) -> int:
    fits = min(limit, len(text))
    while length(text[:fits]) > limit:
        fits -= max(1, (length(text[:fits]) - limit) // 2)
    for mark in _BREAKS:
        found = text.rfind(mark, 0, fits + 1)
        if found > fits // 3:
            return found + len(mark.rstrip())
    return max(fits, 1)


_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""`json.dumps` makes an encoder anew for each message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A `Say` on its way to one person, with what a channel needs beside it. The payload of an outbox row."""

    say: Say
    token: str = ""
    """Names the conversation inside a button (`Conversation.token`)."""
    thread_id: int | None = None
    """Telegram's forum topic, handed through (rule 40)."""
    redraw_of: str = ""
    """Provider's id of the message whose buttons to redraw, if `say.redraw`: the one that was pressed."""

    def to_json(self) -> str:
        """Return compact JSON without what is at its default."""
        say = self.say
        kept: dict[str, Any] = {"text": say.text}
        if say.options:
            kept["options"] = [[option.value, option.label, option.key] for option in say.options]
        for name in ("serial", "toggles", "redraw", "wants_place", "private"):
            if (value := getattr(say, name)) is not None and value is not False:
                kept[name] = value
        if say.toggled:
            kept["toggled"] = say.toggled
        if self.token:
            kept["token"] = self.token
        if self.thread_id is not None:
            kept["thread_id"] = self.thread_id
        if self.redraw_of:
            kept["redraw_of"] = self.redraw_of
        return _WRITE(kept)

    @classmethod
    def from_json(cls, text: str) -> Message:
        """Read a payload; raises UnreadableMessageError without repeating any of it."""
        try:
            kept = json.loads(text)
            token, thread_id, redraw_of = (kept.pop(name, None) for name in ("token", "thread_id", "redraw_of"))
            options = tuple(Option(value=value, label=label, key=key) for value, label, key in kept.pop("options", ()))
            say = Say(options=options, toggled=tuple(kept.pop("toggled", ())), **kept)
            return cls(say=say, token=token or "", thread_id=thread_id, redraw_of=redraw_of or "")
        except (ValueError, TypeError, AttributeError):
            raise UnreadableMessageError("a stored message cannot be read; it was not sent") from None


class UnreadableMessageError(ValueError):
    """The payload of an outbox row is no message of ours. Nothing was sent; keep the row and tell the team."""
