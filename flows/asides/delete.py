"""What to delete: one question, and what is chosen is gone (rule 54). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.asides.base import Aside
from flows.draft import is_empty
from flows.effects import DropStory, Erase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.turn import Making

DELETE = "delete"


class Delete(Aside):
    """An unclear answer deletes nothing."""

    name: ClassVar[str] = DELETE
    values: ClassVar[tuple[str, ...]] = ("story", "everything", "nothing")
    safe: ClassVar[str] = "nothing"

    def offers(self, making: Making) -> Iterable[tuple[str, str]]:
        """Yield what can be deleted; "this story" only where there is one."""
        state = making.conversation
        return (pair for pair in super().offers(making) if pair[0] != "story" or state.kept or state.step)

    def take(self, making: Making, value: str) -> None:
        """Delete at once, and say so."""
        self.close(making)
        if value == "nothing":
            making.tell("nothing_deleted")
            if making.conversation.status == "open":
                making.ask_again()
            return
        making.effects.append(DropStory() if value == "story" and _has_begun(making) else _erasure(value))
        making.set(answers={}, consents={}, kept=False, trail=())
        making.finish("parted")
        making.tell("deleted_story" if value == "story" else "deleted_everything")


def _has_begun(making: Making) -> bool:
    """Whether this conversation holds anything told; while it does not, "this story" is the one told before it."""
    state = making.conversation
    return bool(state.kept or state.held or state.scratch.get("parts")) or not is_empty(making.release.flow, state)


def _erasure(value: str) -> Erase:
    return Erase(scope="story" if value == "story" else "everything")
