"""The ways people reach us. A new one is a module beside these and a word in `CHANNELS`.

A channel keeps what `base.Channel` promises; the tests of that promise run over all of them.
"""

from __future__ import annotations

from bot.channels.simulator import SimulatorChannel
from bot.channels.sms import SmsChannel
from bot.channels.telegram import TelegramChannel

CHANNELS = (TelegramChannel, SmsChannel, SimulatorChannel)
