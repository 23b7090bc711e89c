"""A message that its author changed: the newest words are what they say, wherever they stand (rule 43).

In what is being told and in what is kept the new wording takes the place of the old; a decision becomes narrower at
once and never wider; our keywords count as they would have in a new message. All of it also after STOP: then nothing is
said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from flows.engine.commands import LISTENED_TO_WHEN_STOPPED, run_command
from flows.engine.hear_answer import WITHIN_A_QUESTION, hear
from flows.interruptions.narrowing import decide, narrower_use, read_again, widens
from flows.interruptions.of_age import MINOR, turn_away
from flows.interruptions.reword import REWORD, WordsGathered
from flows.interruptions.telling import parts_told, pending_parts, set_parts
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.effects import AmendStory, AskForPerson, FindPlace, ListStories, NarrowStory, RecordConsent, Say
from flows.model.signals import Said
from flows.model.vocabulary.consent_answers import Purpose, Use, allows_more, use_of
from flows.model.vocabulary.request_kinds import RequestKind
from flows.questions.place import found_for_edit, says_nowhere
from flows.questions.question import Understood
from flows.questions.story import Parts, joined, telling_of, with_edit

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Edited, PlacesFound, Unplaced
    from flows.questions.question import Step

Outcome = Literal["", "edit_taken", "edit_asks", "edit_unclear", "use_changed", "naming_changed"]
"""Key of what is said of it; empty where nothing is."""
WISH = 6
"""Words up to which a changed message that reads like a wish to delete is one, and no story."""
PLACE = 200
"""Characters of an answer that are looked up."""


def edited(turn: TurnBuilder, edit: Edited) -> None:
    """Take a changed message for what it now says."""
    state = turn.conversation
    said = Said(text=edit.text, ref=edit.ref)
    waits = state.status == "open"
    word = recognise(edit.text, language=state.language, channel=state.channel, waiting=waits, telling=True)
    short = len(edit.text.split()) <= WISH
    if (
        word is not None
        and word.sensed
        and word.word is not Keyword.STOP
        and not (short and word.word is Keyword.DELETE)
    ):
        word = None  # an edit changes what it was before
    if word is not None and word.word is Keyword.NARROW and edit.ref and not _holds(parts_told(turn), edit.ref):
        _put_right(turn, edit)  # it says so of the story that this message was about
    elif word is not None and word.word not in WITHIN_A_QUESTION and not word.carrier_only:
        _take_out(turn, edit.ref)
        if not state.opted_out or word.word in LISTENED_TO_WHEN_STOPPED:
            run_command(turn, word, said)
    elif edit.ref:
        _put_right(turn, edit)
    if state.opted_out and (word is None or word.word not in LISTENED_TO_WHEN_STOPPED - {Keyword.NARROW}):
        turn.effects = [effect for effect in turn.effects if not isinstance(effect, Say)]


def unplaced(turn: TurnBuilder, edit: Unplaced) -> None:
    """A changed message that nothing of ours came of: only a wish to let the story travel less far is heard in it."""
    state = turn.conversation
    word = recognise(edit.text, language=state.language, channel=state.channel, telling=True)
    if word is not None and word.word is Keyword.NARROW and not word.sensed:
        run_command(turn, word, Said(text=edit.text, ref=edit.ref))


def placed(turn: TurnBuilder, found: PlacesFound) -> None:
    """Take the place that changed words name, now that it was looked for."""
    state, step = turn.conversation, turn.release.flow.steps.get(found.answer)
    if found.answer not in state.answers or step is None or not step.asks_place:
        return
    _answer_anew(turn, found.answer, found_for_edit(turn.context(found.answer), found))
    if state.kept:
        turn.keep(edited=True)
    if not state.opted_out:
        turn.tell("edit_taken")


def _put_right(turn: TurnBuilder, edit: Edited) -> None:
    told = _in_what_is_told(turn, edit)
    kept = _in_what_is_kept(turn, edit)
    answered = _in_an_answer(turn, edit)
    decided = _in_a_later_decision(turn, edit) if answered is None else None
    if not (told or kept) and answered is None and decided is None:
        turn.effects.append(AmendStory(ref=edit.ref, text=edit.text))
        return
    outcome: Outcome = answered or decided or ""
    if turn.conversation.kept and (kept or answered == "edit_taken"):
        turn.keep(edited=True)
        outcome = outcome or "edit_taken"
    if outcome:
        turn.tell(outcome)


def _in_what_is_told(turn: TurnBuilder, edit: Edited) -> bool:
    state = turn.conversation
    telling, opened, partial = telling_of(state), state.interruption, state.partial
    if state.status in {"open", "stopped"} and _holds(telling.parts, edit.ref):
        turn.set(partial=telling.model_copy(update={"parts": with_edit(telling.parts, edit)}))
        return True
    if isinstance(opened, WordsGathered) and opened.kind == REWORD and _holds(opened.parts, edit.ref):
        turn.note(parts=with_edit(opened.parts, edit))
        return True
    if state.pending and _holds(waits := pending_parts(turn), edit.ref):
        parts = with_edit(waits, edit)
        turn.set(pending=joined(parts), pending_parts=parts)
        return True
    looked_up = turn.step is not None and turn.step.asks_place
    if looked_up and state.status == "open" and partial is not None and partial.ref == edit.ref:
        turn.set(partial=None)
        hear(turn, Said(text=edit.text, ref=edit.ref))
        return True
    return False


def _in_what_is_kept(turn: TurnBuilder, edit: Edited) -> bool:
    parts = parts_told(turn)
    if not _holds(parts, edit.ref):
        return False
    set_parts(turn, with_edit(parts, edit))
    return True


def _take_out(turn: TurnBuilder, ref: str) -> None:
    """A message that has become a keyword is no part of what is being told any more."""
    telling = telling_of(turn.conversation)
    if _holds(telling.parts, ref):
        left = tuple(part for part in telling.parts if part[0] != ref)
        turn.set(partial=telling.model_copy(update={"parts": left}))


def _holds(parts: Parts, ref: str) -> bool:
    return bool(ref) and any(mine == ref for mine, _ in parts)


# --- answers ----------------------------------------------------------------------------------------------------------


def _in_an_answer(turn: TurnBuilder, edit: Edited) -> Outcome | None:
    """An answer in other words counts where it allows no more than before; more is asked for by CHANGE."""
    state, said = turn.conversation, Said(text=edit.text, ref=edit.ref)
    steps = turn.release.flow.steps
    answered = (name for name, one in state.answers.items() if one.ref == edit.ref and name in steps)
    name = next((name for name in answered if not steps[name].tells), None)
    if name is None:
        return None
    step = steps[name]
    if step.asks_place:
        return _look_for_place(turn, name, said)
    reading = _reading(turn, name, said, step)
    if reading is None:
        return "edit_unclear"
    if reading.value == MINOR and turn_away(turn):
        return ""
    if reading.value == state.answers[name].value:
        return ""
    decided = [one for one in reading.before if isinstance(one, RecordConsent)]
    if any(one.purpose == Purpose.TAKE_PART and one.answer != "yes" for one in decided):
        _take_back(turn)
        return ""
    if widens(turn, decided):
        return "edit_asks"
    decide(turn, decided)
    _answer_anew(turn, name, reading)
    return _taken(decided)


def _taken(decided: list[RecordConsent]) -> Outcome:
    purposes = {one.purpose for one in decided}
    return (
        "use_changed" if Purpose.USE in purposes else "naming_changed" if Purpose.NAMING in purposes else "edit_taken"
    )


def _reading(turn: TurnBuilder, name: str, said: Said, step: Step) -> Understood | None:
    """Read an answer anew; words that are no name any more take the name away."""
    reading = read_again(turn, name, said)
    if reading is None and step.asks_name:
        finished = step.finish(turn.context(name))
        return finished if isinstance(finished, Understood) else None
    return reading


def _answer_anew(turn: TurnBuilder, name: str, reading: Understood) -> None:
    answers = turn.conversation.answers
    again = answers[name].model_copy(update={"value": reading.value, "label": reading.label, "note": ""})
    turn.set(answers={**answers, name: again})


def _look_for_place(turn: TurnBuilder, name: str, said: Said) -> Outcome:
    """Let go of the older words at once; what the new ones name is looked up."""
    _answer_anew(turn, name, Understood(value=None))
    if says_nowhere(said.text, turn.common("place_skips"), turn.common("place_fillers")):
        return "edit_taken"
    turn.effects.append(FindPlace(words=said.text[:PLACE], ref=said.ref, answer=name))
    return ""


def _take_back(turn: TurnBuilder) -> None:
    """The agreement became a no: nothing travels any more, and they are asked what shall be deleted."""
    if turn.conversation.kept and (narrowest := narrower_use(turn, Use.TEAM)) is not None:
        decide(turn, narrowest)
    if turn.conversation.opted_out:
        turn.effects.append(AskForPerson(kind=RequestKind.ERASURE))
    else:
        turn.effects.append(ListStories(about="delete"))


def _in_a_later_decision(turn: TurnBuilder, edit: Edited) -> Outcome | None:
    """A decision that was made anew about a kept story, in other words."""
    state = turn.conversation
    one = next((one for one in reversed(state.decided) if one.ref == edit.ref), None)
    if one is None or one.step not in turn.release.flow.steps:
        return None
    reading = read_again(turn, one.step, Said(text=edit.text, ref=edit.ref))
    decided = [each for each in reading.before if isinstance(each, RecordConsent)] if reading is not None else []
    decision = next((each for each in decided if each.step == one.step), None)
    if decision is None:
        return "edit_unclear"
    if decision.answer == one.answer:
        return ""
    if allows_more(decision.answer, one.answer):
        return "edit_asks"
    if decision.purpose == Purpose.USE:
        turn.effects.append(
            NarrowStory(
                story=one.story,
                use=use_of(decision.answer),
                literal=decision.literal,
                text=decision.text,
                digest=decision.digest,
                language=decision.language,
            )
        )
    else:
        turn.effects.append(replace(decision, story=one.story))
    rest = (each for each in state.decided if each != one)
    turn.set(decided=(*rest, one.model_copy(update={"answer": decision.answer})))
    return _taken(decided)
