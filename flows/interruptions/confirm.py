"""A short number that was sent a moment ago: by text message, what widens or deletes waits for it.

A sender can be forged, and then whoever forges it reads nothing of what we answer. So the answer that would let a story
travel further, put other words in its place or delete it is remembered, and taken once the number comes back. What is
to be deleted is out of use in the meantime. Narrowing and STOP wait for nothing. A chat app's senders are not forged
(design rule 13).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import normalise
from flows.model.effects import AskCode, AskForPerson, CheckCode, PutBack, Say, SetAside
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import CodeAsked, CodeChecked, Said
from flows.model.vocabulary.request_kinds import RequestKind

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.effects import RecordConsent
    from flows.model.signals import Signal

CONFIRM: Final = "confirm"
DECIDE_AGAIN: Final = "decide_again"
FEW_WORDS = 6
"""Words up to which a message with such a number in it is an answer to us and no part of a story."""
SOME_WORDS = 10
"""Words up to which a message may say that it is to be kept, or that the number is lost."""
MORE_WORDS = 16
"""Words up to which a message that speaks of the number is about it; then we ask for it alone."""
_WORD: re.Pattern[str] = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d{4}")
_NUMERALS = re.compile(r"\d+")
_GLUED = re.compile(r"(?<=[^\W\d_])(?=\d)")
"""Where a number is written on to a word: "keep1234"."""


class AwaitedNumber(OpenInterruption, extra="forbid"):
    """What waits for the number: an answer to the question of ours beneath it or, if there is none, to the flow's."""

    kind: Literal["confirm"]
    shown: str = ""
    """That question as it was shown."""
    answer: str = ""
    """The words of the answer."""
    deletes: bool = False
    """True: the answer deletes something, which is out of use meanwhile."""
    story: int = 0
    here: bool = False
    """True: the story of this conversation."""
    ask_back: int = 0
    keep: bool = False
    """True once they said that it is to be kept: then the number deletes nothing."""


class Confirm(Interruption):
    """The number, with a word that says to keep it all, or nothing. Anything else is for the flow to hear."""

    name: ClassVar[str] = CONFIRM
    repeatable: ClassVar[bool] = False
    when_stopped: ClassVar[bool] = True

    def ask(self, turn: TurnBuilder) -> Say:
        """Return what is wanted: the number stands in a message of its own, and nowhere here."""
        return Say(text=turn.common("code_wanted"))

    def is_clear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Return whether there is a number in it."""
        return isinstance(signal, Said) and bool(code_in(signal.text))

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Have the number looked at; say once what is wanted."""
        if not isinstance(signal, Said):
            return False
        awaited = turn.opened(AwaitedNumber)
        if code := code_in(signal.text):
            keep = awaited.keep or says_keep(turn, signal.text)
            if not keep and not _only_sends_it(turn, signal.text):
                turn.tell("code_wanted")
                return True
            turn.effects.append(CheckCode(code=code, keep=keep))
            return True
        if says_keep(turn, signal.text):
            _keep_from_now(turn)
            return True
        if _has_number_among_words(turn, signal.text):
            turn.tell("code_wanted")
            return True
        if asks_anew(turn, signal.text):
            turn.effects.append(AskCode(deletes=awaited.deletes))
            return True
        if turn.conversation.tries or len(_WORD.findall(signal.text)) > FEW_WORDS:
            return False
        turn.set(tries=1)
        turn.tell("code_wanted")
        return True

    @classmethod
    def asked(cls, turn: TurnBuilder, asked: CodeAsked) -> None:
        """Say what the number is for; it is kept nowhere in the conversation."""
        stack = turn.conversation.interruptions
        waits = stack[:-1] if stack and not isinstance(stack[-1], AwaitedNumber) else stack  # beneath a signpost
        deletes = bool(waits) and _deletes(waits[-1])
        if not asked.code:
            cls.close(turn)
            turn.set(unproved=())
            turn.tell("code_resting")
            return
        if waits == stack and stack:
            turn.note(keep=False)  # a number sent anew asks anew: what they said of an earlier one is over
            waits = turn.conversation.interruptions
        decides = any(one.kind == DECIDE_AGAIN for one in waits[:-1])
        turn.set(unproved=waits if deletes or decides else ())
        turn.ask(Say(text=turn.common("code_delete" if deletes else "code_change", code=asked.code), private=True))

    @classmethod
    def comes_back(cls, turn: TurnBuilder, text: str) -> bool:
        """Tell whether this is the number that something else came between, and wait for it again."""
        state = turn.conversation
        if state.interrupted_by == CONFIRM or not state.unproved or not is_number_alone(turn, text):
            return False
        if state.opted_out and not _deletes(state.unproved[-1]):
            return False
        turn.set(interruptions=state.unproved, tries=0)
        return True

    @classmethod
    def checked(cls, turn: TurnBuilder, checked: CodeChecked) -> Said | None:
        """Return the answer that was waiting, to be heard now; None if it is not to be done."""
        if not checked.right:
            if checked.over:
                cls.close(turn)
                turn.set(unproved=())
            turn.tell("code_over" if checked.over else "code_wrong")
            return None
        awaited = turn.opened(AwaitedNumber)
        turn.set(unproved=())
        if checked.keep:
            cls.close(turn)
            if awaited.deletes:
                story, ask_back = awaited.story or None, awaited.ask_back or None
                turn.effects.append(PutBack(story=story, here=awaited.here, ask_back=ask_back))
            turn.tell("nothing_deleted" if awaited.deletes else "left_as_it_is")
            return None
        turn.pop()
        turn.set(shown=awaited.shown, tries=0)
        turn.proved = True
        turn.said = awaited.answer
        return Said(text=turn.said)


def proved(
    turn: TurnBuilder,
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
    state = turn.conversation
    if turn.proved or not state.look.forgeable:
        return True
    if deletes:
        turn.effects.append(SetAside(story=story, here=here, by_receipt=by_receipt, ask_back=ask_back))
        turn.effects.append(AskForPerson(kind=RequestKind.ERASURE))
    awaited = AwaitedNumber(
        kind=CONFIRM, shown=state.shown, answer=turn.said, deletes=deletes, story=story or 0, here=here,
        ask_back=ask_back or 0,
    )  # fmt: skip
    turn.push(awaited)
    turn.set(tries=0)
    turn.effects.append(AskCode(deletes=deletes, decisions=decisions))
    return False


def code_in(text: str) -> str:
    """Return the four digits of a short message, however they are spaced; empty if there are none."""
    words: list[str] = _WORD.findall(_GLUED.sub(" ", text))
    if len(words) > FEW_WORDS:
        return ""
    found = [word for word in words if _DIGITS.fullmatch(word)]
    if len(found) == 1:
        return found[0]
    joined = "".join(word for word in words if word.isdecimal())
    return joined if not found and _DIGITS.fullmatch(joined) else ""


def beside_code(text: str) -> str:
    """Return the words beside a number, normalised."""
    return normalise(_NUMERALS.sub(" ", _GLUED.sub(" ", text)))


def _only_sends_it(turn: TurnBuilder, text: str) -> bool:
    """Return whether the words beside a number do no more than send it: "stop 1234" and "dont 1234" say otherwise."""
    known = {normalise(word) for word in turn.common("code_with").split(",")}
    return known.issuperset(beside_code(text).split())


def says_keep(turn: TurnBuilder, text: str) -> bool:
    """Return whether a short message says that what was to be deleted is to be kept; a number may stand beside it."""
    alone = beside_code(text) in {normalise(word) for word in turn.common("code_keep_alone").split(",")}
    return alone or _holds(turn, "code_keep", text, shortest=1 if code_in(text) else 2)


def asks_anew(turn: TurnBuilder, text: str) -> bool:
    """Return whether somebody who was sent a number has lost it, never got it, or asks for it again."""
    return not code_in(text) and _holds(turn, "code_again", text)


def is_about_the_number(turn: TurnBuilder, text: str) -> bool:
    """Return whether a message is for the number that is waited for, before it is for anything else."""
    return bool(code_in(text)) or says_keep(turn, text) or asks_anew(turn, text) or _has_number_among_words(turn, text)


def _has_number_among_words(turn: TurnBuilder, text: str) -> bool:
    """Return whether a number stands in a sentence about it: what the rest says of it may be anything."""
    words: list[str] = _WORD.findall(_GLUED.sub(" ", text))
    one = sum(bool(_DIGITS.fullmatch(word)) for word in words) == 1
    about = {normalise(word) for word in turn.common("code_beside").split(",")}
    return one and len(words) <= MORE_WORDS and not about.isdisjoint(normalise(text).split())


def _keep_from_now(turn: TurnBuilder) -> None:
    """From now on the number keeps: whoever said so once must not delete by the same number a moment later."""
    if turn.opened(AwaitedNumber).deletes:
        turn.note(keep=True)
        turn.set(unproved=turn.conversation.interruptions, tries=0)
        turn.tell("code_keeps")
        return
    Confirm.close(turn)
    turn.set(unproved=())
    turn.tell("left_as_it_is")
    if turn.conversation.status == "open":
        turn.ask_again()


def call_off(turn: TurnBuilder) -> None:
    """Let go of what waits for a number and would have allowed more: they want less now. A deletion waits on."""
    state = turn.conversation
    waits = state.interruptions if state.interrupted_by == CONFIRM else state.unproved
    if not waits or _deletes(waits[-1]) or any(one.holds_words for one in waits):
        return
    turn.set(unproved=())
    if state.interrupted_by == CONFIRM:
        Confirm.close(turn)


def _holds(turn: TurnBuilder, key: str, text: str, *, shortest: int = 1) -> bool:
    """Return whether a message of few words holds one of these that are at least `shortest` words long."""
    if len(_WORD.findall(text)) > SOME_WORDS:
        return False
    said = f" {normalise(_GLUED.sub(' ', text))} "
    wanted = (normalise(word) for word in turn.common(key).split(","))
    return any(f" {word} " in said for word in wanted if len(word.split()) >= shortest)


def is_number_alone(turn: TurnBuilder, text: str) -> bool:
    """Return whether a message is a number such as we send, with no more beside it than a word that says to keep."""
    code = code_in(text)
    return bool(code) and (normalise(text) == code or _holds(turn, "code_keep", text))


def _deletes(opened: OpenInterruption) -> bool:
    return isinstance(opened, AwaitedNumber) and opened.deletes
