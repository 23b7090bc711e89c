"""`end`: the last words of a conversation. Pure."""

from __future__ import annotations

from typing import ClassVar, Literal

from flows.questions.base import Step


class EndStep(Step):
    """Say goodbye. `outcome` tells a finished conversation from one that was refused; both are thanked."""

    type: Literal["end"] = "end"
    outcome: Literal["ended", "parted"] = "ended"
    next: None = None

    waits: ClassVar[bool] = False
