"""Questions of our own, asked in between: continue or start again, what to delete, which language, what a late text is.

Used by the engine only. Pure. While one is open the flow's own question waits underneath, its scratch untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.draft import is_empty
from flows.effects import AddToStory, Begin, DropStory, Erase, Option, PurgeSealed, Say, SetLanguage, Unseal
from flows.keywords import normalise
from flows.questions.base import OptionStep
from flows.questions.options import Choice, choose, pressed
from flows.signals import Chose, Said, Signal, Unsealed

if TYPE_CHECKING:
    from flows.turn import Making

RESUME, DELETE, LANGUAGE, AFTER = "resume", "delete", "language", "after"
_VALUES = {
    RESUME: ("continue", "again"),
    DELETE: ("story", "everything", "nothing"),
    AFTER: ("add", "another", "neither"),
}
LANGUAGES = {"en": "English", "cy": "Cymraeg", "pl": "Polski", "ga": "Gaeilge", "gd": "Gàidhlig", "uk": "Українська"}
"""Each language by its own name; others are shown by their code."""


def open_aside(making: Making, aside: str) -> None:
    """Ask one of our own questions; the flow's question waits underneath."""
    making.set(aside=aside)
    choices = _choices(making, aside)
    making.ask(Say(text=making.common(aside), options=tuple(choice.shown for choice in choices)))


def hear_aside(making: Making, signal: Signal) -> bool:
    """Take a signal as the answer to the open aside. Returns False when it was something else, for the flow to hear."""
    aside = making.conversation.aside
    if isinstance(signal, Unsealed):
        _unsealed(making, signal)
        return True
    choice = _chosen(making, signal)
    if choice is None:
        return _not_understood(making, signal)
    _ANSWERS[aside](making, choice.option.value)
    return True


def answers(making: Making, signal: Signal) -> bool:
    """Return whether a signal is a clear answer to the open aside."""
    return _chosen(making, signal) is not None


def _chosen(making: Making, signal: Signal) -> Choice | None:
    choices = _choices(making, making.conversation.aside)
    if isinstance(signal, Chose):
        return pressed(choices, signal.index)
    match = choose(signal.text, choices) if isinstance(signal, Said) else None
    return match.choice if match is not None else None


def _not_understood(making: Making, signal: Signal) -> bool:
    """Ask once more, then take it for the safe answer: keep everything and go on."""
    if not isinstance(signal, Said | Chose):
        return False
    if making.conversation.tries == 0:
        making.set(tries=1)
        open_aside(making, making.conversation.aside)
        return True
    aside = making.conversation.aside
    if aside == RESUME and isinstance(signal, Said):
        making.set(aside="", tries=0)
        return False
    _ANSWERS[aside](making, {RESUME: "continue", DELETE: "nothing", AFTER: "neither"}.get(aside, ""))
    return True


def _choices(making: Making, aside: str) -> tuple[Choice, ...]:
    if aside == LANGUAGE:
        pairs = [(code, LANGUAGES.get(code, code)) for code in making.release.languages]
    else:
        values = _VALUES[aside]
        if aside == DELETE and not (making.conversation.kept or making.conversation.step):
            values = ("everything", "nothing")
        pairs = [
            (value, making.release.text(f"everywhere/{aside}.options.{value}", making.conversation)) for value in values
        ]
    return tuple(
        Choice(
            OptionStep(value=value, label=label[:64]),
            Option(value=value, label=label, key=str(number)),
            tuple(dict.fromkeys((normalise(label), value))),
        )
        for number, (value, label) in enumerate(pairs, start=1)
    )


def _close(making: Making) -> None:
    making.set(aside="", tries=0)


def _resume(making: Making, value: str) -> None:
    pending = making.conversation.pending
    _close(making)
    making.set(pending="")
    if value == "again":
        making.effects += [DropStory(), *([PurgeSealed()] if making.conversation.held else [])]
        making.finish("parted")
        making.effects.append(Begin(flow=making.release.flow.id))
    elif pending:
        making.set(pending=pending)  # the engine hands these words to the waiting question
    else:
        making.ask_again()


def _has_begun(making: Making) -> bool:
    """Whether this conversation holds anything told; while it does not, "this story" is the one told before it."""
    state = making.conversation
    return bool(state.kept or state.held or state.scratch.get("parts")) or not is_empty(making.release.flow, state)


def _erasure(value: str) -> Erase:
    return Erase(scope="story" if value == "story" else "everything")


def _delete(making: Making, value: str) -> None:
    _close(making)
    if value == "nothing":
        making.tell("nothing_deleted")
        if making.conversation.status == "open":
            making.ask_again()
        return
    making.effects.append(DropStory() if value == "story" and _has_begun(making) else _erasure(value))
    making.set(answers={}, consents={}, kept=False, trail=())
    making.finish("parted")
    making.tell("deleted_story" if value == "story" else "deleted_everything")


def _language(making: Making, value: str) -> None:
    _close(making)
    if value in making.release.languages:
        making.set(language=value)
        making.effects.append(SetLanguage(language=value))
    making.tell("language_set")
    making.ask_again()


def _after(making: Making, value: str) -> None:
    if value == "neither":
        _close(making)
        if making.conversation.held:
            making.effects.append(PurgeSealed())
        making.set(held=0)
        making.tell("not_kept")
        return
    making.set(pending=value, tries=0)
    making.effects.append(Unseal())


def _unsealed(making: Making, unsealed: Unsealed) -> None:
    value = making.conversation.pending
    _close(making)
    making.set(pending="", held=0)
    if value == "add":
        making.effects += [AddToStory(text=text, ref=ref) for ref, text in unsealed.parts]
        making.tell("added")
    else:
        making.effects.append(Begin(flow=making.release.flow.id, text="\n".join(text for _, text in unsealed.parts)))


_ANSWERS = {RESUME: _resume, DELETE: _delete, LANGUAGE: _language, AFTER: _after}
