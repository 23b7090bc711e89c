"""`kept`: the story is kept from here on, and shown once, whole, as it is kept (design rule 12).

The person agreed before they told it. Whoever stops answering after this step loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from flows.model.effects import Say
from flows.questions.question import Edge, Step
from flows.questions.read_back import told_so_far

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.model.channel_look import ChannelKind
    from flows.questions.question import QuestionContext


class KeptStep(Step):
    """Keep what was told and show it; the text contains `{story}`."""

    type: Literal["kept"] = "kept"
    next: str
    empty: str
    """The step to go to if nothing was told."""

    waits: ClassVar[bool] = False
    sensitive: ClassVar[bool] = True
    keeps: ClassVar[bool] = True
    shows_told: ClassVar[bool] = True
    does: ClassVar[str] = "keeps the story and shows it; asks nothing"

    @property
    def nothing_told(self) -> str:
        """The step to go to if nothing was told."""
        return self.empty

    def further_ways(self, channel: ChannelKind) -> Iterator[Edge]:
        """Yield the edge for when nothing was told."""
        yield Edge("nothing told", self.empty)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Yield the step after keeping, and the step for when nothing was told."""
        yield from Step.targets(self)
        yield "empty", self.empty

    def ask(self, context: QuestionContext) -> Say:
        """Return the message with the whole story as it is kept."""
        return Say(text=context.text("text", **told_so_far(context)), private=True)
