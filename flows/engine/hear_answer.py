"""How words reach the question that waits: as an answer, as part of the story, held, or not at all.

A message answers only what its writer can have seen (design rule 10), and an unclear answer before consent is held,
never taken for a refusal (design rule 2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flows.engine.greetings import is_courtesy, is_greeting
from flows.interruptions.confirm import CONFIRM, proved
from flows.interruptions.delete import DELETE, DELETE_CHAT_TOO
from flows.interruptions.narrowing import widens
from flows.interruptions.telling import add_words, is_telling, story_step, tells_of_the_past
from flows.language.keywords.recognise import Keyword, Recognised, normalise
from flows.language.normalise import is_told
from flows.model.effects import DropStory, HoldSealed, RecordConsent, Say
from flows.model.signals import PlacesFound, Said
from flows.questions.options import spaced
from flows.questions.question import Interpretation, Unclear, Understood, Waiting
from flows.questions.story import telling_of

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal
    from flows.questions.question import Step

WITHIN_A_QUESTION: Final = frozenset({Keyword.BACK, Keyword.SKIP, Keyword.DONE, Keyword.MORE, Keyword.CHANGE})
"""Words about the question that waits; sent before it was seen they were about the one before."""
TRIES = 3
"""Answers that nobody could understand, after which a question that can be left is left."""
REMINDERS = 2
"""How often somebody who has not agreed yet is told what we need; after that we wait."""
ANSWER_WORDS = 8
"""Words up to which a reply that was understood as a whole is that answer and nothing else."""
LOOSE_WORDS = 5
"""Words of a loose yes ("ok then") that are no part of a story."""
SHORT = 60
"""Characters up to which a text may repeat the answer before."""
TOLD_BESIDE = 8
"""Words with a place among them that are a part of the story as well; fewer are only an answer."""
FEW_WORDS = 3
"""Words from which an answer that is not understood is a piece of the story, where there is nothing to choose."""

_TAKES_BACK: Final = frozenset({DELETE, DELETE_CHAT_TOO, CONFIRM})
"""Questions of ours about deleting what was told."""
_LONE_NUMBER = re.compile(r"\W*\d{1,2}\W*")


def is_short_answer(text: str) -> bool:
    """Return whether a text is a bare number, and so an answer to something."""
    return bool(_LONE_NUMBER.fullmatch(text))


def hold(turn: TurnBuilder, text: str, ref: str, *, quietly: bool = False) -> None:
    """Put words that came before consent aside, sealed; the first time say so, unless something else is said."""
    turn.effects.append(HoldSealed(text=text, ref=ref))
    if not turn.conversation.held and is_told(text) and not quietly:
        turn.tell("held_looked_at" if turn.worried else "held")
    turn.set(held=turn.conversation.held + 1)


def answer(turn: TurnBuilder, said: Said, word: Recognised | None) -> None:
    """Hand words to the waiting question; DONE also finishes it, with what stood before the word as its last part."""
    step, name = turn.step, turn.conversation.step
    if step is None or name is None:
        return
    if word is not None and word.whole and word.word in WITHIN_A_QUESTION and not step.tells and not step.sensitive:
        turn.ask_again(other_words=True)  # it means nothing here, and is nobody's words
        return
    if word is not None and word.whole and step.tells and word.word in WITHIN_A_QUESTION - {Keyword.DONE}:
        turn.repeat()  # a word for us is no part of a story
        return
    if word is None or word.word is not Keyword.DONE:
        if not _repeats_consent(turn, step, said):
            hear(turn, said)
        return
    if word.rest.strip():
        hear(turn, Said(text=word.rest, ref=said.ref))
        if turn.conversation.step != name:
            return
    reading = step.finish(turn.context(name))
    if isinstance(reading, Understood):
        turn.quiet = None
        turn.take(reading)
    elif step.sensitive:
        read(turn, reading)
    else:
        hear(turn, said)


def hear(turn: TurnBuilder, signal: Signal) -> None:
    """Let the waiting question hear a signal."""
    step, name = turn.step, turn.conversation.step
    if step is not None and name is not None:
        reading = step.hear(turn.context(name), signal)
        named = signal if isinstance(signal, PlacesFound) and not isinstance(reading, Unclear) else None
        if named is not None and _tells_beside_a_place(turn, named):
            add_words(turn, named.words, named.ref)
        read(turn, reading, signal.text if isinstance(signal, Said) else "")


def _tells_beside_a_place(turn: TurnBuilder, found: PlacesFound) -> bool:
    """Return whether words that name a place tell something as well: they are an answer and a part of the story."""
    return is_telling(turn, found.words) and tells_of_the_past(turn, found.words, TOLD_BESIDE)


def read(turn: TurnBuilder, reading: Interpretation, said: str = "") -> None:
    """Do what a question understood; `said` are the whole words, which are no note beside themselves."""
    if isinstance(reading, Understood):
        take(turn, reading, said)
    elif isinstance(reading, Waiting):
        turn.set(partial=reading.partial)
        turn.quiet = reading.quiet
        turn.effects += reading.says
        for effect in reading.effects:
            if isinstance(effect, Say):
                turn.first_asked = not effect.redraw
                turn.ask(effect)
            else:
                turn.effects.append(effect)
    else:
        _unclear(turn, reading, said)


def take(turn: TurnBuilder, reading: Understood, said: str = "") -> None:
    """Take an answer; words beside it that tell something belong to the story."""
    step = turn.step
    if _waits_for_proof(turn, reading):
        return
    alone = normalise(reading.note) == normalise(said) and len(said.split()) <= ANSWER_WORDS
    beside = "" if alone else reading.note
    if step is not None and step.decides:
        if turn.consented and _tells_instead(turn, step, said) and add_words(turn, said, turn.ref):
            turn.ask_again(other_words=True)
            return
    elif is_telling(turn, beside):
        add_words(turn, beside, turn.ref)
    turn.take(reading)


def _waits_for_proof(turn: TurnBuilder, reading: Understood) -> bool:
    """Return whether an answer deletes what is kept, or allows more than was decided before: the number comes first."""
    state = turn.conversation
    if not state.kept:
        return False
    if any(isinstance(effect, DropStory) for effect in reading.before):
        return not proved(turn, deletes=True, here=True)
    anew = [one for one in reading.before if isinstance(one, RecordConsent) and one.purpose in state.consents]
    return bool(anew) and widens(turn, anew) and not proved(turn)


def _tells_instead(turn: TurnBuilder, step: Step, said: str) -> bool:
    """Return whether words tell what happened and name none of the answers: "and nobody said sorry" decides nothing."""
    padded = spaced(normalise(said))
    named = any(spaced(option.value) in padded for option in step.choices())
    return not named and tells_of_the_past(turn, said)


def _unclear(turn: TurnBuilder, reading: Unclear, said: str) -> None:
    """Ask again in other words; what was written is held, belongs to the story, or is nowhere."""
    state, step = turn.conversation, turn.step
    if step is None:
        return
    if not turn.consented:
        _unclear_before_consent(turn, reading, said)
        return
    turn.set(partial=state.partial.asked_again() if state.partial is not None else None)
    told = is_telling(turn, reading.kept) or (not step.choices() and tells_of_the_past(turn, reading.kept, FEW_WORDS))
    if told and add_words(turn, reading.kept, turn.ref):
        turn.ask_again(other_words=True)
        return
    if is_telling(turn, reading.kept) and story_step(turn) is None:
        turn.effects.append(HoldSealed(text=reading.kept, ref=turn.ref))  # it is the story once that is asked for
        turn.set(held=state.held + 1)
        turn.ask_again(other_words=True)
        return
    tries = state.tries + 1
    turn.set(tries=tries)
    if reading.counts_as is not None and tries >= TRIES - 1:
        turn.take(reading.counts_as)
    elif tries < TRIES:
        turn.ask_again(other_words=True)
    elif step.can_skip:
        turn.tell("moved_on")
        turn.take(Understood(value=None))
    else:
        turn.tell("way_out_needed")


def _unclear_before_consent(turn: TurnBuilder, reading: Unclear, said: str) -> None:
    """Say twice what is needed, then wait: a question, a greeting or a piece of a story is never a no."""
    tries = turn.conversation.tries + 1
    turn.set(tries=tries)
    told = reading.kept or said
    if told.strip() and not (reading.loose and len(told.split()) <= LOOSE_WORDS):
        hold(turn, told, turn.ref)
    if tries <= REMINDERS:
        turn.ask_again(other_words=True)


def has_crossed(turn: TurnBuilder, said: Said) -> bool:
    """Return whether words were written before their writer can have seen the question that waits."""
    state = turn.conversation
    if said.seen is None or state.status != "open":
        return False
    return said.seen < (state.interruption_from if state.interruptions else state.asked_from)


def hear_crossed(turn: TurnBuilder, said: Said, word: Recognised | None) -> None:
    """Take words that crossed with our question: part of the story, held, or the answer before, said twice."""
    state, step = turn.conversation, turn.step
    if step is None or _repeats_last_answer(turn, said):
        return
    if word is not None:
        if word.word is Keyword.DONE and step.tells and telling_of(state).parts:
            answer(turn, said, word)
        return
    if not turn.consented:
        if not is_greeting(turn, said.text) and not _is_short_answer(turn, step, said):
            hold(turn, said.text, said.ref)
    elif state.interrupted_by in _TAKES_BACK:
        return  # whoever has just asked for it to be deleted adds nothing to it
    elif step.tells and not state.interruptions:
        hear(turn, said)
    elif is_telling(turn, said.text) or (_just_told(turn) and not is_courtesy(turn, said.text)):
        add_words(turn, said.text, said.ref)


def _just_told(turn: TurnBuilder) -> bool:
    """Return whether the story was finished last: what crosses then cannot answer anything, so it goes on with it."""
    trail, steps = turn.conversation.trail, turn.release.flow.steps
    return bool(trail) and trail[-1] in steps and steps[trail[-1]].tells


def _repeats_consent(turn: TurnBuilder, step: Step, said: Said) -> bool:
    """Return whether this is the agreement once more, or a bare number, where the story is about to begin."""
    if not step.tells or not turn.consented or telling_of(turn.conversation).asked_all:
        return False
    if _LONE_NUMBER.fullmatch(said.text):
        return True
    begun = bool(telling_of(turn.conversation).parts)
    return (not begun or len(said.text.split()) <= FEW_WORDS) and _repeats_last_answer(turn, said)


def _repeats_last_answer(turn: TurnBuilder, said: Said) -> bool:
    """Return whether this answers the question before the one that waits."""
    trail, steps = turn.conversation.trail, turn.release.flow.steps
    if not trail or trail[-1] not in steps or len(said.text) > SHORT:
        return False
    last = steps[trail[-1]]
    if last.tells:
        return False
    if _LONE_NUMBER.fullmatch(said.text):
        return True
    before = last.hear(turn.context(trail[-1]), said)
    return isinstance(before, Understood) and not is_telling(turn, before.note)


def _is_short_answer(turn: TurnBuilder, step: Step, said: Said) -> bool:
    """Return whether this looks like an answer to the question that comes, which cannot have been read yet."""
    if _LONE_NUMBER.fullmatch(said.text) or normalise(said.text) in turn.release.flow.words:
        return True
    name = turn.conversation.step
    return name is not None and isinstance(step.hear(turn.context(name), said), Understood)
