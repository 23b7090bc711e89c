"""How messages look to a person: as text messages, or as a chat with buttons. What follows from it stands here, once.

Several channels may share a look; the simulator imitates each. Whoever needs to know asks for what a look is like,
never for its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ChannelKind = Literal["sms", "telegram"]
"""The name of a look, as it is stored and as a flow writes it behind `when`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLook:
    """What one look is like. Names of it in words are for colleagues; contributors read the texts of the release."""

    name: ChannelKind
    title: str
    """Its name, as a heading has it."""
    way: str
    """Its name within a sentence: "it came by text message"."""
    by: str
    """How something is said or asked there: "by SMS"."""
    people: str
    """Who uses it, behind "people": "who text"."""
    short: bool
    """True: little fits in a message and each is paid for by its segments. The shorter form of a text is sent, and what
    is said together stands in one line."""
    buttons: bool
    """True: options are buttons. Else each is a line of the text behind what to type for it."""
    commands: bool
    """True: words behind a slash are commands, and following a link sends one."""
    carrier: bool
    """True: a carrier reads every message before us and acts on words of its own, such as STOP: then nothing of ours
    gets through until START."""
    forgeable: bool
    """True: a sender can be forged, so what is done for good is done once a number that we send comes back."""
    unsays: bool
    """True: messages of ours can be taken away again."""
    longest: int
    """Characters of one message."""
    questions: int
    """The most questions that one conversation should ask."""
    strict: bool
    """True: a flow that asks more cannot be published; else its author is only told."""

    @property
    def gap(self) -> str:
        """What stands between two things that are said in one message."""
        return " " if self.short else "\n\n"

    @property
    def opening(self) -> str:
        """What a person sends to begin, if nobody told them a word for it."""
        return "/start" if self.commands else "START"


LOOKS: Final[dict[ChannelKind, ChannelLook]] = {
    look.name: look
    for look in (
        ChannelLook(
            name="sms",
            title="Text message",
            way="text message",
            by="by SMS",
            people="who text",
            short=True,
            buttons=False,
            commands=False,
            carrier=True,
            forgeable=True,
            unsays=False,
            longest=1600,
            questions=7,
            strict=True,
        ),
        ChannelLook(
            name="telegram",
            title="Telegram",
            way="Telegram",
            by="on Telegram",
            people="on Telegram",
            short=False,
            buttons=True,
            commands=True,
            carrier=False,
            forgeable=False,
            unsays=True,
            longest=4096,
            questions=10,
            strict=False,
        ),
    )
}
"""Every look by its name."""
