"""The menu of a chat: what people can send at any time, in each language we speak (rule 46)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.model.channel_look import LOOKS

if TYPE_CHECKING:
    from bot.turn.releases import Releases
    from flows.model.channel_look import ChannelKind

CHAT: ChannelKind = next(name for name, look in LOOKS.items() if look.commands)
"""Only a chat has a menu."""
COMMANDS = ("help", "my_data", "change", "delete", "language", "privacy", "stop", "start")
"""Each is one of our words with a slash before it, in every language; what it does stands in `everywhere.toml`."""

Menu = tuple[tuple[str, str], ...]
"""Each command with what it does."""


def menus(releases: Releases) -> dict[str, Menu]:
    """Return the menu in every language that the first flow speaks, the first of them first."""
    spoken = releases.current[releases.default_flow].languages
    return {language: tuple((one, _does(releases, one, language)) for one in COMMANDS) for language in spoken}


def _does(releases: Releases, command: str, language: str) -> str:
    return releases.common(f"menu_{command}", language=language, look=CHAT)
