"""A message that its author changed: the newest words are what they say, wherever they stand (rule 43).

Used by the engine only. Pure. In what is being told and in what is kept the new wording takes the place of the old; a
decision becomes narrower at once and never wider; our keywords count as they would have in a new message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.asides.reword import REWORD
from flows.commands import obey
from flows.effects import AmendStory, ListStories, RecordConsent
from flows.hearing import WITHIN_A_QUESTION
from flows.keywords import Word, recognise
from flows.narrowing import decide, read_again, widens
from flows.questions.story import Parts, as_parts, with_edit
from flows.signals import Said
from flows.telling import parts_told, set_parts
from flows.turn import CONSENTED

if TYPE_CHECKING:
    from flows.signals import Edited
    from flows.turn import Making


def edited(making: Making, edit: Edited) -> None:
    """Take a changed message for what it now says."""
    state = making.conversation
    if state.opted_out:
        return
    said = Said(text=edit.text, ref=edit.ref)
    waits = state.status == "open"
    word = recognise(edit.text, language=state.language, channel=state.channel, waiting=waits, telling=True)
    if word is not None and word.sensed and word.word is not Word.STOP:
        word = None  # an edit changes what it was before
    if word is not None and word.word not in WITHIN_A_QUESTION and not word.carrier_only:
        _take_out(making, edit.ref)
        obey(making, word, said)
    elif edit.ref and not any(taken(making, edit) for taken in (_in_what_is_told, _in_what_is_kept, _in_an_answer)):
        making.effects.append(AmendStory(ref=edit.ref, text=edit.text))


def _in_what_is_told(making: Making, edit: Edited) -> bool:
    state = making.conversation
    if state.status == "open" and _holds(as_parts(state.scratch.get("parts")), edit.ref):
        parts = with_edit(as_parts(state.scratch.get("parts")), edit)
        making.set(scratch={**state.scratch, "parts": [list(part) for part in parts]})
        return True
    if state.aside == REWORD and _holds(as_parts(state.aside_notes.get("parts")), edit.ref):
        parts = with_edit(as_parts(state.aside_notes.get("parts")), edit)
        making.set(aside_notes={**state.aside_notes, "parts": [list(part) for part in parts]})
        return True
    return False


def _in_what_is_kept(making: Making, edit: Edited) -> bool:
    parts = parts_told(making)
    if not _holds(parts, edit.ref):
        return False
    set_parts(making, with_edit(parts, edit))
    if making.conversation.kept:
        making.keep()
        making.tell("edit_taken")
    return True


def _take_out(making: Making, ref: str) -> None:
    """A message that has become a keyword is no part of what is being told any more."""
    state = making.conversation
    parts = as_parts(state.scratch.get("parts"))
    if _holds(parts, ref):
        left = [list(part) for part in parts if part[0] != ref]
        making.set(scratch={**state.scratch, "parts": left})


def _holds(parts: Parts, ref: str) -> bool:
    return bool(ref) and any(mine == ref for mine, _ in parts)


def _in_an_answer(making: Making, edit: Edited) -> bool:
    """An answer in other words counts where it allows no more than before; more is asked for by CHANGE."""
    state, said = making.conversation, Said(text=edit.text, ref=edit.ref)
    name = next((name for name, one in state.answers.items() if one.ref == said.ref), None)
    step = making.release.flow.steps.get(name) if name is not None else None
    if name is None or step is None:
        return False
    reading = read_again(making, name, said)
    if reading is None or reading.value == state.answers[name].value:
        return True
    decided = [one for one in reading.before if isinstance(one, RecordConsent)]
    if any(one.purpose == CONSENTED and one.answer != "yes" for one in decided):
        making.effects.append(ListStories(about="delete"))
    elif widens(making, decided):
        making.tell("edit_asks")
    else:
        decide(making, decided)
        again = state.answers[name].model_copy(update={"value": reading.value, "label": reading.label})
        making.set(answers={**state.answers, name: again})
        if state.kept and not step.decides:
            making.keep()
        making.tell("edit_taken")
    return True
