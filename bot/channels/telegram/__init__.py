"""Telegram: updates in, Bot API calls out."""

from __future__ import annotations

from bot.channels.channel import Declaration

DECLARATION = Declaration(
    title="Telegram",
    way="Telegram",
    is_on=lambda settings: settings.telegram_on,
)
