"""The simulator as a channel of its own."""

from __future__ import annotations

from bot.channels.channel import Declaration

DECLARATION = Declaration(
    title="The practice phone",
    way="the practice phone",
    is_on=lambda settings: settings.simulator_on,
    simulated=True,
)
