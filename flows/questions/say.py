"""`say`: a message that asks nothing; the flow goes straight on."""

from __future__ import annotations

from typing import ClassVar, Literal

from flows.questions.question import Step


class SayStep(Step):
    """Tell the contributor something."""

    type: Literal["say"] = "say"
    next: str

    waits: ClassVar[bool] = False
    does: ClassVar[str] = "tells something and goes on"
