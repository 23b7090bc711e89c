"""A consent question asked again about an earlier story, in the very words in which the flow asks it. Pure.

What was asked is recorded about that story alone; what stood beside it in the same text only if it was chosen. An
unclear answer is asked once more; then nothing changes, because here the narrower answer is not the one that was there
before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.confirm import DECIDE_AGAIN, call_off, proved
from flows.interruptions.interruption import Interruption
from flows.interruptions.reword import story_in
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.conversation import Decided
from flows.model.effects import RecordConsent
from flows.model.signals import Said
from flows.questions.question import Understood

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.effects import Say
    from flows.model.signals import Signal
    from flows.questions.question import QuestionContext, Step

MOST_REMEMBERED = 10


class DecideAgain(Interruption):
    """One consent question of the flow, about a story that is kept."""

    name: ClassVar[str] = DECIDE_AGAIN
    when_stopped: ClassVar[bool] = True

    @classmethod
    def begin(cls, making: TurnBuilder, story: int, purpose: str) -> None:
        """Ask what the flow asks for this purpose."""
        name = making.release.consent_step(purpose)
        if name is None:
            raise LookupError(f"the flow does not ask for {purpose}")
        cls._ask_step(making, story, purpose, name)

    @classmethod
    def _ask_step(cls, making: TurnBuilder, story: int, purpose: str, step: str, *, proved: bool = False) -> None:
        notes = {"story": story, "purpose": purpose, "step": step, **({"proved": True} if proved else {})}
        making.set(aside=cls.name, aside_notes=notes, tries=0)
        making.ask(cls().ask(making))

    def ask(self, making: TurnBuilder) -> Say:
        """Return the flow's own question."""
        step, scene = self._step(making)
        return step.ask(scene)

    def is_clear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Return whether the flow's question would understand it."""
        step, scene = self._step(making)
        return isinstance(step.hear(scene, signal), Understood)

    def hear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Record the decision about that story. SKIP leaves the question as in the flow, BACK changes nothing."""
        step, scene = self._step(making)
        word = _word(making, signal)
        reading = step.finish(scene) if word is Keyword.SKIP else step.hear(scene, signal)
        if word is Keyword.BACK or (word is Keyword.SKIP and not isinstance(reading, Understood)):
            return self.given_up(making, signal)
        if isinstance(reading, Understood):
            self._decided(making, reading)
            return True
        return self.unclear(making, signal)

    def _decided(self, making: TurnBuilder, reading: Understood) -> None:
        notes = making.conversation.aside_notes
        purpose, story = str(notes.get("purpose", "")), story_in(making)
        decided = [effect for effect in reading.before if isinstance(effect, RecordConsent)]
        wanted = [replace(one, story=story) for one in decided if one.purpose == purpose]
        wanted += [one for one in decided if one.purpose != purpose and one.answer == "yes"]
        if wanted and not notes.get("proved") and not proved(making, decisions=tuple(wanted)):
            return
        self.close(making)
        call_off(making)
        making.effects += wanted
        _remember(making, purpose, story, decided)
        following = making.release.flow.steps.get(reading.next or "")
        if following is not None and following.waits and getattr(following, "purpose", "") == purpose:
            self._ask_step(making, story, purpose, reading.next or "", proved=making.proved)  # such as: which name
            return
        making.tell(f"{purpose}_changed")
        if making.conversation.status == "open":
            making.ask_again()

    def given_up(self, making: TurnBuilder, signal: Signal) -> bool:
        """Change nothing."""
        self.close(making)
        making.tell("left_as_it_is")
        if making.conversation.status == "open":
            making.ask_again()
        return True

    @staticmethod
    def _step(making: TurnBuilder) -> tuple[Step, QuestionContext]:
        name = str(making.conversation.aside_notes.get("step", ""))
        return making.release.flow.steps[name], making.scene(name)


def _remember(making: TurnBuilder, purpose: str, story: int, decided: list[RecordConsent]) -> None:
    """Let an edit find which message decided what."""
    made = [
        Decided(ref=making.ref, step=one.step, story=story, answer=one.answer)
        for one in decided
        if making.ref and one.purpose == purpose
    ]
    making.set(decided=(*making.conversation.decided, *made)[-MOST_REMEMBERED:])


def _word(making: TurnBuilder, signal: Signal) -> Keyword | None:
    if not isinstance(signal, Said):
        return None
    state = making.conversation
    found = recognise(signal.text, language=state.language, channel=state.channel, waiting=True)
    return found.word if found is not None and found.whole else None
