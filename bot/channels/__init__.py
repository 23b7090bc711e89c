"""The ways people reach us. A new one is a module beside these and a word in `CHANNELS`.

A channel keeps what `base.Channel` promises; the tests of that promise run over all of them. Its module names the class
`CHANNEL`, and is loaded only where the channel is switched on: a library that speaks to a provider takes memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.channels.channel import Channel

CHANNELS = ("telegram", "sms", "simulator")


def channel_named(name: str) -> type[Channel]:
    """Load a channel."""
    found: type[Channel] = import_module(f"bot.channels.{name}.{name}_channel").CHANNEL
    return found
