"""A consent question asked again about an earlier story, in the very words in which the flow asks it.

What was asked is recorded about that story alone; what stood beside it in the same text only if it was chosen. An
unclear answer is asked once more; then nothing changes, because here the narrower answer is not the one that was there
before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from flows.interruptions.confirm import DECIDE_AGAIN, call_off, proved
from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.conversation import Decided
from flows.model.effects import RecordConsent
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import Said
from flows.model.vocabulary.consent_answers import Purpose
from flows.questions.question import Understood

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.effects import Say
    from flows.model.signals import Signal
    from flows.questions.question import QuestionContext, Step

MOST_REMEMBERED = 10


class DecisionAsked(OpenInterruption, extra="forbid"):
    """What is asked again, and about which story."""

    kind: Literal["decide_again"]
    story: int
    purpose: Purpose
    step: str
    proved: bool = False
    """True once the number was sent back that this decision needs."""


class DecideAgain(Interruption):
    """One consent question of the flow, about a story that is kept."""

    name: ClassVar[str] = DECIDE_AGAIN
    when_stopped: ClassVar[bool] = True

    @classmethod
    def begin(cls, turn: TurnBuilder, story: int, purpose: Purpose) -> None:
        """Ask what the flow asks for this purpose."""
        name = turn.release.consent_step(purpose)
        if name is None:
            raise LookupError(f"the flow does not ask for {purpose}")
        cls._ask_step(turn, story, purpose, name)

    @classmethod
    def _ask_step(cls, turn: TurnBuilder, story: int, purpose: Purpose, step: str, *, proved: bool = False) -> None:
        turn.open(DecisionAsked(kind=DECIDE_AGAIN, story=story, purpose=purpose, step=step, proved=proved))
        turn.set(tries=0)
        turn.ask(cls().ask(turn))

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the flow's own question."""
        step, context = self._step(turn)
        return step.ask(context)

    def is_clear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Return whether the flow's question would understand it."""
        step, context = self._step(turn)
        return isinstance(step.hear(context, signal), Understood)

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Record the decision about that story. SKIP leaves the question as in the flow, BACK changes nothing."""
        step, context = self._step(turn)
        word = _word(turn, signal)
        reading = step.finish(context) if word is Keyword.SKIP else step.hear(context, signal)
        if word is Keyword.BACK or (word is Keyword.SKIP and not isinstance(reading, Understood)):
            return self.given_up(turn, signal)
        if isinstance(reading, Understood):
            self._decided(turn, reading)
            return True
        return self.unclear(turn, signal)

    def _decided(self, turn: TurnBuilder, reading: Understood) -> None:
        asked = turn.opened(DecisionAsked)
        purpose, story = asked.purpose, asked.story
        decided = [effect for effect in reading.before if isinstance(effect, RecordConsent)]
        wanted = [replace(one, story=story) for one in decided if one.purpose == purpose]
        wanted += [one for one in decided if one.purpose != purpose and one.answer == "yes"]
        if wanted and not asked.proved and not proved(turn, decisions=tuple(wanted)):
            return
        self.close(turn)
        call_off(turn)
        turn.effects += wanted
        _remember(turn, purpose, story, decided)
        following = turn.release.flow.steps.get(reading.next or "")
        if following is not None and following.waits and following.about == purpose:
            self._ask_step(turn, story, purpose, reading.next or "", proved=turn.proved)  # such as: which name
            return
        turn.tell(f"{purpose}_changed")
        if turn.conversation.status == "open":
            turn.ask_again()

    def given_up(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Change nothing."""
        self.close(turn)
        turn.tell("left_as_it_is")
        if turn.conversation.status == "open":
            turn.ask_again()
        return True

    @staticmethod
    def _step(turn: TurnBuilder) -> tuple[Step, QuestionContext]:
        name = turn.opened(DecisionAsked).step
        return turn.release.flow.steps[name], turn.context(name)


def _remember(turn: TurnBuilder, purpose: str, story: int, decided: list[RecordConsent]) -> None:
    """Let an edit find which message decided what."""
    made = [
        Decided(ref=turn.ref, step=one.step, story=story, answer=one.answer)
        for one in decided
        if turn.ref and one.purpose == purpose
    ]
    turn.set(decided=(*turn.conversation.decided, *made)[-MOST_REMEMBERED:])


def _word(turn: TurnBuilder, signal: Signal) -> Keyword | None:
    if not isinstance(signal, Said):
        return None
    state = turn.conversation
    found = recognise(signal.text, language=state.language, channel=state.channel, waiting=True)
    return found.word if found is not None and found.whole else None
