"""The engine alone, walked by somebody who answers: no store, so only what a first story needs is answered."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flows.engine.advance import advance
from flows.model.channel_look import LOOKS
from flows.model.conversation import idle
from flows.model.effects import Begin, FindPlace, HoldSealed, PurgeSealed, Unseal
from flows.model.signals import (
    Chose,
    Expired,
    Nudged,
    PlaceChoice,
    PlacesFound,
    Quiet,
    Said,
    Started,
    Unsealed,
)

if TYPE_CHECKING:
    from datetime import timedelta

    from flows.authoring.release import Release
    from flows.model.channel_look import ChannelKind, ChannelLook
    from flows.model.conversation import Conversation
    from flows.model.effects import Effect
    from flows.model.signals import Signal

BEGINS_AT: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
DUE: Final[dict[str, Signal]] = {"quiet": Quiet(), "nudge": Nudged(), "expire": Expired()}
"""What a due time says to the engine."""

CARRIED: Final = ("opted_out", "signposted_at", "warmth_due", "warmed_at")
"""What a conversation takes over from the one before."""


class EngineWalk:
    """One conversation with one release. Every act returns the effects of the engine, in order."""

    def __init__(self, release: Release, channel: ChannelKind, language: str = "en", place: str = "") -> None:
        """`place` is the label of the one place there is, whatever it is called; empty: there is none."""
        self.release, self.place, self.now = release, place, BEGINS_AT
        self.sealed: list[tuple[str, str]] = []
        """What is held before consent, as (ref, words)."""
        self._said = self._begun = 0
        self.state = self._idle(channel, language)

    def _idle(self, channel: ChannelKind, language: str) -> Conversation:
        self._begun += 1
        return idle(
            id=f"c{self._begun}", token=f"walked{self._begun:04}", flow=self.release.flow.id, channel=channel,
            language=language, now=self.now, receipt="kettle otter lantern",
        )  # fmt: skip

    @property
    def look(self) -> ChannelLook:
        """How messages look."""
        return LOOKS[self.state.channel]

    def say(self, text: str) -> tuple[Effect, ...]:
        """Type a message."""
        self._said += 1
        return self.hear(Said(text=text, ref=f"m{self._said}"))

    def choose(self, index: int) -> tuple[Effect, ...]:
        """Choose an option of the question that waits, by its place."""
        return self.hear(Chose(token=self.state.token, serial=self.state.serial, index=index))

    def wait(self, time: timedelta) -> tuple[Effect, ...]:
        """Let time pass; at most one thing falls due on the way."""
        self.now += time
        due = self.state.due if self.state.due_at is not None and self.state.due_at <= self.now else None
        return self.hear(DUE[due]) if due is not None else ()

    def hear(self, signal: Signal) -> tuple[Effect, ...]:
        """Take a signal through the engine, and what it asks for within the turn."""
        done: list[Effect] = []
        waiting = deque([signal])
        while waiting:
            turn = advance(self.release, self.state, waiting.popleft(), self.now)
            self.state = turn.conversation
            done += turn.effects
            ordered = sorted(turn.effects, key=lambda effect: isinstance(effect, Begin))
            waiting += [answer for effect in ordered if (answer := self._answer(effect)) is not None]
        return tuple(done)

    def _answer(self, effect: Effect) -> Signal | None:
        match effect:
            case HoldSealed():
                self.sealed.append((effect.ref, effect.text))
            case PurgeSealed():
                self.sealed = []
            case Unseal():
                parts, self.sealed = tuple(self.sealed), []
                return Unsealed(parts=parts)
            case FindPlace():
                exact = (PlaceChoice(id="p", label=self.place),) if self.place else ()
                return PlacesFound(words=effect.words, ref=effect.ref, answer=effect.answer, exact=exact)
            case Begin():
                before = self.state
                carried = {name: getattr(before, name) for name in CARRIED}
                self.state = self._idle(before.channel, before.language).model_copy(update=carried)
                return Started(text=effect.text, ref=effect.ref, more=effect.more, concerns=effect.concerns)
            case _:
                pass
        return None
