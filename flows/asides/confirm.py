"""A short number that was sent a moment ago: by text message, what widens or deletes waits for it. Pure.

A sender can be forged, and then whoever forges it reads nothing of what we answer. So the answer that would let a story
travel further, put other words in its place or delete it is remembered, and taken once the number comes back. What is
to be deleted is out of use in the meantime. Narrowing and STOP wait for nothing. A chat app's senders are not
forged (design rule 13).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from flows.asides.base import Aside
from flows.effects import AskCode, AskForPerson, CheckCode, PutBack, Say, SetAside
from flows.keywords import normalise
from flows.signals import CodeAsked, CodeChecked, Said

if TYPE_CHECKING:
    from flows.effects import RecordConsent
    from flows.signals import Signal
    from flows.turn import Making

CONFIRM = "confirm"
_NUMBERS = ("story", "ask_back")
FEW_WORDS = 6
"""Words up to which a message with such a number in it is an answer to us and no part of a story."""
_WORD: re.Pattern[str] = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d{4}")


class Confirm(Aside):
    """The number, with a word that says to keep it all, or nothing. Anything else is for the flow to hear."""

    name: ClassVar[str] = CONFIRM
    repeatable: ClassVar[bool] = False
    when_stopped: ClassVar[bool] = True

    def is_clear(self, making: Making, signal: Signal) -> bool:
        """Return whether there is a number in it."""
        return isinstance(signal, Said) and bool(code_in(signal.text))

    def hear(self, making: Making, signal: Signal) -> bool:
        """Have the number looked at; say once what is wanted."""
        if not isinstance(signal, Said):
            return False
        if code := code_in(signal.text):
            making.effects.append(CheckCode(code=code, keep=_keeps(making, signal.text)))
            return True
        if making.conversation.tries or len(_WORD.findall(signal.text)) > FEW_WORDS:
            return False
        making.set(tries=1)
        making.tell("code_wanted")
        return True

    @classmethod
    def asked(cls, making: Making, asked: CodeAsked) -> None:
        """Say what the number is for; it is kept nowhere in the conversation."""
        deletes = bool(making.conversation.aside_notes.get("deletes"))
        if not asked.code:
            cls.close(making)
            making.tell("code_resting")
            return
        making.ask(Say(text=making.common("code_delete" if deletes else "code_change", code=asked.code), private=True))

    @classmethod
    def checked(cls, making: Making, checked: CodeChecked) -> Said | None:
        """Return the answer that was waiting, to be heard now; None if it is not to be done."""
        notes = making.conversation.aside_notes
        if not checked.right:
            if checked.over:
                cls.close(making)
            making.tell("code_over" if checked.over else "code_wrong")
            return None
        if checked.keep:
            cls.close(making)
            if notes.get("deletes"):
                making.effects.append(_put_back(notes))
            making.tell("nothing_deleted" if notes.get("deletes") else "left_as_it_is")
            return None
        before = notes.get("notes")
        making.set(
            aside=str(notes.get("under", "")),
            aside_notes=before if isinstance(before, dict) else {},
            shown=str(notes.get("shown", "")),
            tries=0,
        )
        making.proved = True
        making.said = str(notes.get("answer", ""))
        return Said(text=making.said)


def proved(
    making: Making,
    *,
    deletes: bool = False,
    story: int | None = None,
    here: bool = False,
    decisions: tuple[RecordConsent, ...] = (),
    by_receipt: bool = False,
    ask_back: int | None = None,
) -> bool:
    """Tell whether this may be done now; if not, the number is asked for, and the answer waits for it.

    What is to be deleted is out of use from now on, and a person of the team sees to it if no number comes. `decisions`
    need none where they allow no more than what stands.
    """
    state = making.conversation
    if making.proved or state.channel != "sms":
        return True
    if deletes:
        making.effects.append(SetAside(story=story, here=here, by_receipt=by_receipt, ask_back=ask_back))
        making.effects.append(AskForPerson(kind="erasure"))
    notes: dict[str, Any] = {
        "under": state.aside, "notes": state.aside_notes, "shown": state.shown, "answer": making.said,
        "deletes": deletes, "story": story or 0, "here": here, "ask_back": ask_back or 0,
    }  # fmt: skip
    making.set(aside=CONFIRM, aside_notes=notes, tries=0)
    making.effects.append(AskCode(deletes=deletes, decisions=decisions))
    return False


def code_in(text: str) -> str:
    """Return the four digits of a short message, however they are spaced; empty if there are none."""
    words: list[str] = _WORD.findall(text)
    if len(words) > FEW_WORDS:
        return ""
    found = [word for word in words if _DIGITS.fullmatch(word)]
    if len(found) == 1:
        return found[0]
    joined = "".join(word for word in words if word.isdecimal())
    return joined if not found and _DIGITS.fullmatch(joined) else ""


def _keeps(making: Making, text: str) -> bool:
    wanted = {normalise(word) for word in making.common("code_keep").split(",")}
    return any(word in f" {normalise(text)} " for word in (f" {one} " for one in wanted))


def _put_back(notes: dict[str, Any]) -> PutBack:
    story, ask_back = (found if isinstance(found := notes.get(name), int) and found else None for name in _NUMBERS)
    return PutBack(story=story, here=bool(notes.get("here")), ask_back=ask_back)
