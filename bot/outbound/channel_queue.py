"""One channel's messages on their way out: its pace, and what its provider has in hand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.channels.channel import Outgoing
from flows.model.messages import Message
from storage.protection.crypto import open_address

if TYPE_CHECKING:
    import asyncio

    from bot.channels.channel import Channel, Piece
    from bot.outbound.rate_limiter import RateLimiter, RecipientSpacing
    from storage.protection.crypto import Keyring
    from storage.queries.delivery.outbox import DueMessage


@dataclass(slots=True, eq=False)
class InFlight:
    """A message that was taken and is not settled yet."""

    due: DueMessage
    task: asyncio.Task[None] | None = None
    queueing: bool = True
    calling: bool = False
    """True while the provider has it in hand: cut off now, nobody knows what became of it."""


@dataclass(slots=True, eq=False)
class ChannelQueue:
    """One channel with its pace and its messages in the air."""

    channel: Channel
    keyring: Keyring = field(repr=False)
    limiter: RateLimiter
    spacing: RecipientSpacing
    in_flight: dict[int, InFlight] = field(default_factory=dict)
    queueing: int = 0
    """Messages that wait for the pace; taking more than go in a second would only hold them up elsewhere."""
    failures: int = 0
    """Tries since the last message that went out. Many: it is no message's fault, the provider is away."""

    def room(self, senders: int, now: float, processes: int) -> int:
        """Return how many messages may be taken now."""
        if self.limiter.paused_until > now:
            return 0
        a_second = math.ceil(self.channel.limits.per_second / processes)
        return max(0, min(senders - len(self.in_flight), a_second - self.queueing))

    def pieces(self, due: DueMessage) -> tuple[Piece, ...]:
        """Return what the provider is to be given. Raises SealBrokenError and UnreadableMessageError."""
        message = Message.from_json(due.payload)
        outgoing = Outgoing(
            address=open_address(self.keyring, due.sealed), say=message.say, token=message.token,
            thread_id=message.thread_id, redraw_of=message.redraw_of, kind=due.kind,
        )  # fmt: skip
        return self.channel.pieces(outgoing)

    def join_queue(self, in_flight: InFlight) -> None:
        """Count a message among those that wait for the pace."""
        self.queueing += not in_flight.queueing
        in_flight.queueing = True

    def leave_queue(self, in_flight: InFlight) -> None:
        """Count it there no more."""
        self.queueing -= in_flight.queueing
        in_flight.queueing = False
