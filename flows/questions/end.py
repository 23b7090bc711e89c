"""`end`: the last message of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from flows.model.conversation import Status
from flows.questions.question import Ending, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.model.channel_look import ChannelKind
    from flows.questions.question import Edge


class EndStep(Step):
    """Say goodbye. `outcome` tells a finished conversation from a refused one; both are thanked (design rule 9)."""

    type: Literal["end"] = "end"
    outcome: Literal["ended", "parted"] = "ended"
    next: None = None
    closes_for_days: int = Field(default=0, ge=0, le=30)
    """For this many days a new message gets this end again instead of a new conversation; for children, for example."""

    waits: ClassVar[bool] = False
    does: ClassVar[str] = "says goodbye"

    @property
    def ending(self) -> Ending:
        """How the conversation ends."""
        return Ending(Status(self.outcome), self.closes_for_days)

    def ways(self, channel: ChannelKind) -> Iterator[Edge]:
        """Yield nothing: it is the last step."""
        yield from ()
