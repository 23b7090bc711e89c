"""What people say to us beside their story or their answer is answered; then the question that waits is asked again.

Used by the engine only. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.keywords import Recognised
    from flows.signals import Said
    from flows.turn import Making


def answered_beside(making: Making, said: Said, word: Recognised | None, *, crossed: bool) -> bool:
    """Answer what is no story and no answer; returns False for everything else."""
    return False
