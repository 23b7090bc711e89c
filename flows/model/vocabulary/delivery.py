"""What messages go out for, how far each has come, and what can be sent to an address.

The values are what is stored. A row of the database holds plain words, which equal the members: compare with `==`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class MessageKind(StrEnum):
    """Why a message goes out, which says how long it may wait and what holds it."""

    REPLY = "reply"
    NUDGE = "nudge"
    PROMPT = "prompt"
    NOTICE = "notice"
    """We have a question of our own."""
    ALERT = "alert"
    """To somebody on call: it is the team's, and who does not get it is replaced by another."""
    CARE = "care"
    """Written by a person of the team to somebody who may need help."""
    CHAT_DELETION = "unsay"
    """Nothing is said: messages of the chat are taken away. No STOP and no deletion takes that back."""


class MessageState(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    """The provider took it."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nobody knows whether the provider took it."""
    CANCELLED = "cancelled"


class AddressState(StrEnum):
    """What can be sent to an address."""

    REACHABLE = "reachable"
    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    UNUSABLE = "unusable"
    """Nothing will ever reach it."""


OUT_OF_REACH: Final = frozenset({AddressState.BLOCKED, AddressState.UNUSABLE})
"""Where nothing gets to."""
