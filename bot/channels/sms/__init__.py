"""Text messages by Twilio: webhooks in, REST calls out."""

from __future__ import annotations

from bot.channels.channel import Declaration

DECLARATION = Declaration(
    title="Text message",
    way="text message",
    is_on=lambda settings: settings.sms_on,
    answers_help=True,
)
