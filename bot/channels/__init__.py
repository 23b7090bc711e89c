"""The ways people reach us. A new one is a module beside these and a word in `CHANNELS`.

A channel is a folder: `<name>/__init__.py` names its `DECLARATION`, and `<name>/<name>_channel.py` names the class
`CHANNEL`, which keeps what `channel.Channel` promises; the tests of that promise run over all of them. The class is
loaded only where the channel is switched on: a library that speaks to a provider takes memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.channels.channel import Channel, Declaration
    from bot.settings.environment import Settings
    from storage.protection.crypto import Keyring

CHANNELS = ("telegram", "sms", "simulator")


def channel_named(name: str) -> type[Channel]:
    """Load a channel."""
    found: type[Channel] = import_module(f"bot.channels.{name}.{name}_channel").CHANNEL
    return found


def declaration(name: str) -> Declaration | None:
    """Return what a channel says of itself, without loading it; None if there is no such channel."""
    if name not in CHANNELS:
        return None
    found: Declaration = import_module(f"bot.channels.{name}").DECLARATION
    return found


def way_in_words(name: str) -> str:
    """Return what a channel is called within a sentence; its bare name if there is no such channel any more."""
    declared = declaration(name)
    return declared.way if declared is not None else name


def is_simulated(name: str) -> bool:
    """Tell whether nobody is at the other end of a channel but who tries it out."""
    declared = declaration(name)
    return declared is not None and declared.simulated


def switched_on(settings: Settings, keyring: Keyring) -> dict[str, Channel]:
    """Load the channels that are switched on, by name."""
    declared = {name: declaration(name) for name in CHANNELS}
    on = [name for name, one in declared.items() if one is not None and one.is_on(settings)]
    built = (channel_named(name).from_settings(settings, keyring) for name in on)
    return {channel.name: channel for channel in built if channel is not None}
