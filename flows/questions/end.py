"""`end`: the last words of a conversation. Pure."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flows.questions.question import Step


class EndStep(Step):
    """Say goodbye. `outcome` tells a finished conversation from a refused one; both are thanked (design rule 9)."""

    type: Literal["end"] = "end"
    outcome: Literal["ended", "parted"] = "ended"
    next: None = None
    closes_for_days: int = Field(default=0, ge=0, le=30)
    """For so many days this end is said again instead of beginning anew; for those we may not ask, such as children."""

    waits: ClassVar[bool] = False
