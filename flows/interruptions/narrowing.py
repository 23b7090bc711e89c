"""A decision that was made before, made anew: narrower at once, wider only where it is asked for.

What is recorded is the reply as it came, with the words of the question that the flow asks for this purpose.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flows.model.effects import RecordConsent
from flows.model.messages import text_on
from flows.model.signals import Said
from flows.model.vocabulary.consent_answers import WIDTH, Naming, Purpose, Use, allows_more
from flows.questions.consent import LITERAL
from flows.questions.question import Understood

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder

UNNAMED: Final = "unnamed"


def read_again(turn: TurnBuilder, name: str, said: Said) -> Understood | None:
    """Hear an answer to the question `name` as if that had been shown last; None if it is no clear answer."""
    step = turn.release.flow.steps[name]
    asked = step.ask(turn.context(name))
    shown = text_on(turn.conversation.look, asked)
    conversation = turn.conversation.model_copy(update={"shown": shown})
    reading = step.hear(replace(turn.context(name), conversation=conversation), said)
    return reading if isinstance(reading, Understood) else None


def widens(turn: TurnBuilder, decided: list[RecordConsent]) -> bool:
    """Return whether any of these decisions allows more than the one that stands."""
    now = turn.conversation.consents
    return any(allows_more(one.answer, now.get(one.purpose, "no")) for one in decided)


def decide(turn: TurnBuilder, decided: list[RecordConsent]) -> None:
    """Record decisions about this conversation's story."""
    turn.effects += decided
    turn.set(consents={**turn.conversation.consents, **{one.purpose: one.answer for one in decided}})


def narrower_use(turn: TurnBuilder, use: Use) -> list[RecordConsent] | None:
    """Return the decision that lets this conversation's story travel only so far; None if it travels no further now."""
    state, name = turn.conversation, turn.release.consent_step(Purpose.USE)
    if name is None or WIDTH[state.consents.get(Purpose.USE, Use.TEAM)] <= WIDTH[use]:
        return None
    options = turn.release.flow.steps[name].choices()
    option = next((one for one in options if one.stands_for == use), None)
    reading = read_again(turn, name, Said(text=option.value)) if option is not None else None
    return [one for one in reading.before if isinstance(one, RecordConsent)] if reading is not None else None


def narrow(turn: TurnBuilder, said: Said, wanted: str) -> bool:
    """Let the story of this conversation travel less far, in whatever words that was wished.

    `wanted` is "team", "quote" or "unnamed". Returns False where no decision stands that could become narrower: then
    the words are an answer like any other. "You can publish it" sounds much like it and is none: what answers the
    question itself counts as that answer, and allowing more is asked for.
    """
    state = turn.conversation
    purpose, answer = (Purpose.NAMING, Naming.NONE.value) if wanted == UNNAMED else (Purpose.USE, wanted)
    name = turn.release.consent_step(purpose)
    asked_now = state.step == name or (wanted == UNNAMED and turn.step is not None and turn.step.asks_name)
    if name is None or not state.kept or purpose not in state.consents or asked_now:
        return False
    meant = _answered(turn, name, said)
    if WIDTH.get(meant, 0) > WIDTH[answer]:
        answer = meant
    if WIDTH[state.consents[purpose]] <= WIDTH[answer]:
        turn.tell("edit_asks" if WIDTH[state.consents[purpose]] < WIDTH.get(meant, 0) else "already_so")
        turn.repeat()
        return True
    options = turn.release.flow.steps[name].choices()
    option = next((one for one in options if one.stands_for == answer), None)
    reading = read_again(turn, name, Said(text=option.value)) if option is not None else None
    if reading is None:
        return False
    literal = said.text[:LITERAL]
    decide(turn, [replace(one, literal=literal) for one in reading.before if isinstance(one, RecordConsent)])
    turn.tell(f"{purpose}_changed")
    _go_on(turn)
    return True


def _answered(turn: TurnBuilder, name: str, said: Said) -> str:
    """Return the decision that words make where they answer the question `name` clearly; else nothing."""
    reading = read_again(turn, name, said)
    decided = [one for one in reading.before if isinstance(one, RecordConsent)] if reading is not None else []
    return next((one.answer for one in decided if one.step == name), "")


def _go_on(turn: TurnBuilder) -> None:
    """Ask once more what waits; whom to name is no question about a story that is not published."""
    state, step, name = turn.conversation, turn.step, turn.conversation.step
    waits = state.status == "open" and not state.interruptions and state.consents.get(Purpose.USE) != Use.PUBLISH
    named = step is not None and step.about == Purpose.NAMING
    if waits and named and step is not None and name is not None:
        reading = step.finish(turn.context(name))
        turn.take(reading if isinstance(reading, Understood) else Understood(value=None))
    else:
        turn.repeat()
