"""Questions of our own, asked in between: continue or start again, what to delete, which language, what a late text is.

Used by the engine only. Pure. To add one: one file in this folder and one word in `ASIDES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.asides.after import AFTER, After
from flows.asides.base import Aside
from flows.asides.care import CARE, Care
from flows.asides.delete import DELETE, Delete
from flows.asides.language import LANGUAGE, LANGUAGES, Language
from flows.asides.resume import RESUME, Resume

if TYPE_CHECKING:
    from flows.signals import Signal
    from flows.turn import Making

__all__ = [
    "AFTER", "ASIDES", "CARE", "DELETE", "LANGUAGE", "LANGUAGES", "RESUME", "answers", "hear_aside", "open_aside",
]  # fmt: skip

ASIDES: tuple[type[Aside], ...] = (Resume, Delete, Language, After, Care)
_BY_NAME = {aside.name: aside() for aside in ASIDES}


def open_aside(making: Making, aside: str, **notes: Any) -> None:
    """Ask one of our own questions; the flow's question waits underneath. `notes` are kept until it is answered."""
    making.set(aside=aside, aside_notes=notes)
    making.ask(_BY_NAME[aside].ask(making))


def hear_aside(making: Making, signal: Signal) -> bool:
    """Take a signal as the answer to the open aside. Returns False when it was something else, for the flow to hear."""
    name = making.conversation.aside
    heard = _BY_NAME[name].hear(making, signal)
    under = making.conversation.aside
    if name == CARE and under not in {"", CARE}:  # what waited under the signpost waits again
        if not heard:
            return hear_aside(making, signal)
        making.ask(_BY_NAME[under].ask(making))
    return heard


def answers(making: Making, signal: Signal) -> bool:
    """Return whether a signal is a clear answer to the open aside."""
    return _BY_NAME[making.conversation.aside].chosen(making, signal) is not None
