"""One turn in the making: the state as it changes, the effects as they gather."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from flows.interruptions.draft import draft_of, is_empty
from flows.model.conversation import Answer, DueKind, Status
from flows.model.effects import (
    Begin,
    DropStory,
    KeepStory,
    LeaveNothing,
    PurgeSealed,
    RecordConsent,
    SaveAnswer,
    Say,
    Unseal,
)
from flows.model.messages import text_on
from flows.model.open_interruption import OpenInterruption
from flows.model.vocabulary.consent_answers import Purpose
from flows.questions.question import QuestionContext, Step, Understood
from flows.questions.story import Telling, as_parts, telling_of

if TYPE_CHECKING:
    from flows.authoring.release import Release
    from flows.model.conversation import Conversation
    from flows.model.effects import Effect

LANGUAGES = {"en": "English", "cy": "Cymraeg", "pl": "Polski", "ga": "Gaeilge", "gd": "Gàidhlig", "uk": "Українська"}
"""Each language by its own name; others are shown by their code."""
MOST_STEPS = 50
"""Steps one turn may pass through; more is a loop that the flow check should have found."""
NUDGE_AFTER = timedelta(hours=48)
SUPPORT_FOR = timedelta(hours=24)
MOST_REMINDERS = 2
"""Of one conversation, however many questions it has (rule 100)."""
LATE_ANSWERS = timedelta(days=30)
"""How long after a question of ours is over an answer to it is still told so, and not taken for something new."""
Opened = TypeVar("Opened", bound=OpenInterruption)


class EngineError(RuntimeError):
    """A conversation cannot go on with this release. Nothing was changed; keep the event and tell the team."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What `advance` returns: the new state, and what to do, in order."""

    conversation: Conversation
    effects: tuple[Effect, ...]


class TurnBuilder:
    """The mutable middle of `advance`; lives for one call and is never stored."""

    def __init__(self, release: Release, conversation: Conversation, now: datetime) -> None:
        self.release = release
        self.conversation = conversation
        self.now = now
        self.effects: list[Effect] = []
        self.quiet: int | None = None
        self.asks_later = False
        self.answered_emergency = False
        """True once somebody was told whom to ring: then no signpost follows it."""
        self.worried = False
        """True while words of distress are handled: then a person may look at what is held."""
        """True: questions of this turn wait until the person has seen the signpost and goes on."""
        self.unasked = False
        """True once a question was held back like this."""
        self._interrupted_by = conversation.interrupted_by
        self.first_asked = False
        """True: what is asked next is a new question, and no repetition of one that waits."""
        self.ref = ""
        """The provider's id of the message this turn is about."""
        self.said = ""
        """The words of that message."""
        self.proved = False
        """True once the holder of the number has sent back what was sent to it a moment ago."""

    def set(self, **changes: Any) -> None:
        """Change fields of the conversation."""
        self.conversation = self.conversation.changed(**changes)

    # --- questions of our own -----------------------------------------------------------------------------------

    def open(self, opened: OpenInterruption) -> None:
        """Open a question of ours in place of all that are open; whatever it keeps is asked with it."""
        self.set(interruptions=(opened,))

    def push(self, opened: OpenInterruption) -> None:
        """Open a question of ours over the one that is open, which is suspended until this one is taken away."""
        self.set(interruptions=(*self.conversation.interruptions, opened))

    def pop(self) -> None:
        """Take the open question of ours away; the one beneath it, if any, is open again."""
        self.set(interruptions=self.conversation.interruptions[:-1])

    def note(self, **changes: Any) -> None:
        """Change what the open question of ours keeps."""
        *beneath, opened = self.conversation.interruptions
        self.set(interruptions=(*beneath, opened.model_copy(update=changes)))

    def close(self) -> None:
        """Close every question of ours; the flow's question is the one that waits again."""
        self.set(interruptions=())

    def opened(self, kind: type[Opened]) -> Opened:
        """Return what the open question of ours keeps. Raises EngineError if it is none of this kind."""
        opened = self.conversation.interruption
        if not isinstance(opened, kind):
            raise EngineError(f"{self.conversation.interrupted_by or 'no question'} is open, and no {kind.__name__}")
        return opened

    # --- the flow's question ------------------------------------------------------------------------------------

    def context(self, name: str) -> QuestionContext:
        """Return what the question `name` may see now."""
        return QuestionContext(name=name, release=self.release, conversation=self.conversation, now=self.now)

    @property
    def step(self) -> Step | None:
        """The step that waits, or None."""
        return self._known(self.conversation.step) if self.conversation.step else None

    def _known(self, name: str) -> Step:
        step: Step | None = self.release.flow.steps.get(name)
        if step is None:
            raise EngineError(f"flow {self.release.flow.id} has no step {name}")
        return step

    @property
    def consented(self) -> bool:
        """True once the person said yes to taking part."""
        return self.conversation.consents.get(Purpose.TAKE_PART) == "yes"

    @property
    def signposted(self) -> bool:
        """True for a day after a signpost."""
        at = self.conversation.signposted_at
        return at is not None and self.now - at < SUPPORT_FOR

    # --- saying -------------------------------------------------------------------------------------------------

    def common(self, key: str, **fills: str) -> str:
        """Return a text that belongs to every flow."""
        return self.release.text(f"everywhere/{key}.text", self.conversation, **fills)

    def knows(self, key: str) -> bool:
        """Return whether there is such a text."""
        return self.release.has(f"everywhere/{key}.text")

    def languages(self) -> tuple[str, ...]:
        """Return the languages this release can speak, each by its own name where we know it."""
        return tuple(LANGUAGES.get(code, code) for code in self.release.languages)

    def tell(self, key: str, **fills: str) -> None:
        """Say a text that belongs to every flow and asks nothing."""
        self.effects.append(Say(text=self.common(key, **fills)))

    def ask(self, say: Say) -> None:
        """Say a question: it gets the next serial number, and buttons of earlier ones become stale."""
        if self.asks_later:
            self.unasked = True
            return
        serial = self.conversation.serial + (0 if say.redraw else 1)
        numbered = Say(
            text=say.text, options=say.options, serial=serial, toggled=say.toggled, toggles=say.toggles,
            redraw=say.redraw, wants_place=say.wants_place, private=say.private,
        )  # fmt: skip
        shown = text_on(self.conversation.look, numbered)
        self.set(serial=serial, shown="" if say.private else shown)
        if self.conversation.interrupted_by != self._interrupted_by:
            self._interrupted_by = self.conversation.interrupted_by
            self.set(interruption_from=serial)
        elif self.first_asked:
            self.set(asked_from=serial)
        self.first_asked = False
        self.effects.append(numbered)

    def ask_again(self, *, other_words: bool = False, before: str = "") -> None:
        """Repeat the waiting question, in its other words if it has some and they are wanted, behind other words."""
        step, name = self.step, self.conversation.step
        if step is None or name is None:
            return
        context = self.context(name)
        say = step.ask(context)
        text = context.text("again") if other_words and context.has("again") else say.text
        seen = self.conversation.shown if other_words and step.decides else ""
        self.ask(replace(say, text=self._joined(before, text)))
        if seen:  # whoever decides now has read both
            self.set(shown=f"{seen}\n\n{self.conversation.shown}")

    def repeat(self, before: str = "") -> None:
        """Ask once more, in few words, what waits after something else was answered.

        `before` is that answer: it goes out in the same message, so that one buzz of the phone says it all. It goes
        out alone if nothing waits.
        """
        state, step = self.conversation, self.step
        waits = state.status == "open" and not state.interruptions and not state.opted_out and step is not None
        if waits and step is not None and step.tells and telling_of(state).parts:
            self.effects.append(Say(text=self._joined(before, self.common("go_on_or_done"))))
        elif waits:
            self.ask_again(other_words=True, before=before)
        elif before:
            self.effects.append(Say(text=before))

    def _joined(self, before: str, text: str) -> str:
        return f"{before}{self.conversation.look.gap}{text}" if before else text

    # --- going --------------------------------------------------------------------------------------------------

    def go(self, name: str | None) -> None:
        """Enter a step and go on until one waits for an answer or the conversation ends."""
        for _ in range(MOST_STEPS):
            if name is None:
                raise EngineError(f"flow {self.release.flow.id} leads nowhere after {self.conversation.step}")
            step = self._known(name)
            if step.when is not None and step.when != self.conversation.channel:
                name = step.next
                continue
            if step.shows_told and is_empty(self.release.flow, self.conversation):
                name = step.nothing_told
                continue
            if step.bonus and self._asked_enough():
                name = step.next
                continue
            if self.conversation.held and self.consented and step.tells:
                self.set(step=name, tries=0, partial=None, nudges=0)
                self.first_asked = True
                self.effects.append(Unseal())
                return
            context = self.context(name)
            if step.tells and (told := self.conversation.answers.get(name)) is not None and told.label:
                self.set(step=name, tries=0, partial=Telling(kind="telling", parts=as_parts(told.value)), nudges=0)
                self.first_asked = True
                question = self.common("go_on_telling", story=told.label)
                self.ask(Say(text=question, options=step.ask(context).options, private=True))
                return
            if step.waits:
                self.set(step=name, tries=0, partial=None, nudges=0)
                self.first_asked = True
                self.ask(step.ask(context))
                return
            if step.keeps:
                self.keep()
            self.effects.append(step.ask(context))
            if (ending := step.ending) is not None:
                self.end_on_support()
                self.finish(ending.outcome)
                if ending.closed_for_days:
                    self.set(closed_by=name, closed_until=self.now + timedelta(days=ending.closed_for_days))
                    self.set(consents={}, shown="")
                    self.effects.append(LeaveNothing())
                return
            name = step.next
        raise EngineError(f"flow {self.release.flow.id} goes round without waiting")

    def _asked_enough(self) -> bool:
        """Whether the person has answered as many questions after their story as the flow asks at most."""
        trail, steps = self.conversation.trail, self.release.flow.steps
        told = max((place for place, name in enumerate(trail) if name in steps and steps[name].tells), default=-1)
        return told >= 0 and len(trail) - told - 1 >= self.release.flow.questions_after

    def keep(self, *, edited: bool = False) -> None:
        """Keep the story as it stands now. Raises EngineError before a yes to taking part."""
        if not self.consented:
            raise EngineError(f"flow {self.release.flow.id} keeps a story without a yes to taking part")
        self.set(kept=True)
        self.effects.append(KeepStory(draft=draft_of(self.release.flow, self.conversation), edited=edited))

    def show_kept(self) -> None:
        """Keep the story anew and show it, because its teller added to it or put it right."""
        self.keep()
        self.show_again()

    def show_again(self) -> None:
        """Show what is kept."""
        shows = next((name for name, step in self.release.flow.steps.items() if step.keeps), None)
        if shows is not None:
            self.effects.append(self._known(shows).ask(self.context(shows)))

    def end_on_support(self) -> None:
        """After a signpost of this day, let the last words name somebody to talk to, whatever end it is."""
        line, said = self.release.organisation.crisis_line, self.effects[-1]
        if self.signposted and line and isinstance(said, Say) and line not in said.text:
            self.tell("care_end")

    def finish(self, status: Status) -> None:
        """Close the conversation; sealed words that never got a yes are purged."""
        if self.conversation.held:
            self.effects.append(PurgeSealed())
        self.set(
            status=status, step=None, partial=None, thanked=False, tries=0, interruptions=(), pending="", held=0,
            back_to="",
        )  # fmt: skip
        if status == Status.PARTED:
            self.set(answers={}, trail=())

    def stop(self) -> None:
        """Stop all contact: what was begun stays as it is until its time is over, and no question of ours is open."""
        if self.conversation.held:
            self.effects.append(PurgeSealed())
        partial = self.conversation.partial
        kept = partial.stopped() if partial is not None else None
        self.set(opted_out=True, told_stopped=False, interruptions=(), pending="", held=0, tries=0, partial=kept)
        if self.conversation.status == "open":
            self.set(status=Status.STOPPED)

    def begin(self, text: str = "", ref: str = "") -> None:
        """Begin anew, or say again why we may not. After STOP nothing begins but by START."""
        if self.conversation.opted_out:
            return
        until, name = self.conversation.closed_until, self.conversation.closed_by
        if until is not None and self.now < until and name in self.release.flow.steps:
            self.effects.append(Say(text=self.context(name).text("text")))
        else:
            self.effects.append(Begin(text=text, ref=ref))

    def take(self, understood: Understood) -> None:
        """Keep an understood answer and go on."""
        name = self.conversation.step
        if name is None:
            raise EngineError("an answer without a question")
        step = self._known(name)
        consents, partial = dict(self.conversation.consents), self.conversation.partial
        for effect in understood.before:
            self.effects.append(effect)
            if isinstance(effect, RecordConsent):
                consents[effect.purpose] = effect.answer
        answers = {key: value for key, value in self.conversation.answers.items() if key != name}
        if step.saved:
            answers[name] = Answer(
                value=understood.value,
                label=understood.label,
                ref=(partial.ref if partial is not None else "") or self.ref,
            )
            self.effects.append(SaveAnswer(step=name, value=understood.value))
            for key, value in understood.sets.items():
                answers[key] = Answer(value=value)
        trail = tuple(item for item in self.conversation.trail if item != name)
        self.set(answers=answers, consents=consents, trail=(*trail, name), partial=None, tries=0)
        self._keep(understood, step)
        self.go(self._after(understood, step))

    def _keep(self, understood: Understood, step: Step) -> None:
        if any(isinstance(effect, DropStory) for effect in understood.before):
            self.set(kept=False, answers={}, trail=())
        again = self.conversation.kept and not step.decides
        if understood.keep or again:
            self.keep()

    def _after(self, understood: Understood, step: Step) -> str | None:
        returning = self.conversation.back_to
        if understood.back_to:
            self.set(back_to=understood.back_to)
            return understood.next
        if returning:
            self.set(back_to="")
            return returning
        return understood.next or step.next

    # --- time ---------------------------------------------------------------------------------------------------

    def schedule(self) -> None:
        """Set when this conversation should be looked at next: quiet gap, nudge, or expiry."""
        state = self.conversation
        flow = self.release.flow
        over = state.heard_at + timedelta(days=flow.expires_after_days)
        until = state.interruption.until if state.interruption is not None else ""
        if state.status == "open" and self.quiet is not None:
            self.set(due=DueKind.QUIET, due_at=self.now + timedelta(seconds=self.quiet))
        elif (
            state.status == "open" and not state.kept and state.nudges < flow.nudges and state.reminded < MOST_REMINDERS
        ):
            self.set(due=DueKind.NUDGE, due_at=state.heard_at + NUDGE_AFTER * (state.nudges + 1))
        elif state.closed_until is not None and state.status != "open":
            self.set(due=DueKind.EXPIRE, due_at=state.closed_until)
        elif until and state.status not in {Status.OPEN, Status.STOPPED} and not state.held:
            self.set(due=DueKind.EXPIRE, due_at=datetime.fromisoformat(until) + LATE_ANSWERS)
        elif state.status in {Status.OPEN, Status.STOPPED} or state.held or state.interruptions:
            self.set(due=DueKind.EXPIRE, due_at=over)
        else:
            self.set(due=None, due_at=None)

    def done(self) -> TurnResult:
        """Return the finished turn."""
        self.schedule()
        return TurnResult(self.conversation, tuple(self.effects))
