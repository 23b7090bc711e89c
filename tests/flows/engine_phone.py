"""The engine alone for tests that forge states and signals, or try thousands of ways: no store, so it answers nothing.

What is kept, held and decided is what the effects say; whoever asks for what is stored is told that nothing is.
"""

from __future__ import annotations

from copy import copy
from datetime import timedelta

from flows.authoring.release import Release
from flows.model.conversation import Conversation
from flows.model.effects import (
    AskCode,
    CheckCode,
    DropStory,
    Effect,
    Erase,
    FindPlace,
    FindReceipt,
    GiveFile,
    KeepStory,
    ListStories,
    RecordConsent,
    Say,
    TellData,
)
from flows.model.messages import sms_text
from flows.model.signals import (
    Chose,
    CodeAsked,
    CodeChecked,
    Facts,
    FileReady,
    PlacesFound,
    ReceiptRead,
    Signal,
    StoriesListed,
)
from flows.walk.engine_walk import EngineWalk
from tests.flows.phone import GLENBOIG, NOON


class EnginePhone(EngineWalk):
    """One person and one release. `heard` holds what we said since they last did something."""

    def __init__(self, release: Release, channel: str, language: str = "en") -> None:
        super().__init__(release, channel, language)
        self.now = NOON
        self.state = self.state.model_copy(update={"started_at": NOON, "heard_at": NOON})
        self.heard: list[Say] = []
        self.effects: list[Effect] = []
        self.told: list[KeepStory] = []
        """What was kept, also in an earlier wording."""

    def hear(self, signal: Signal) -> tuple[Effect, ...]:
        done = super().hear(signal)
        assert Conversation.from_json(self.state.to_json()).changed(receipt=self.state.receipt) == self.state
        self.heard = [effect for effect in done if isinstance(effect, Say)]
        self.effects += done
        for effect in done:
            if isinstance(effect, KeepStory):
                self.told.append(effect)
            elif isinstance(effect, DropStory | Erase):
                self.told = []
        return done

    def say(self, *texts: str) -> str:
        for text in texts:
            super().say(text)
        return self.text

    def wait(self, **time: float) -> str:
        """Let time pass; what falls due on the way happens."""
        until, heard = self.now + timedelta(**time), []
        for _ in range(10):
            if self.state.due_at is None or self.state.due_at > until:
                break
            super().wait(max(self.state.due_at - self.now, timedelta()))
            heard += self.heard
        self.now, self.heard = until, heard
        return self.text

    def press(self, index: int) -> None:
        """Press the button at this place of the question that waits."""
        self.hear(Chose(token=self.state.token, serial=self.state.serial, index=index))

    def again(self) -> EnginePhone:
        """Return another phone at the same place, on which nothing was said yet."""
        other = copy(self)
        other.heard, other.effects, other.told, other.sealed = [], [], [], []
        return other

    @property
    def text(self) -> str:
        return "\n\n".join(sms_text(say) for say in self.heard)

    @property
    def decisions(self) -> list[RecordConsent]:
        return [effect for effect in self.effects if isinstance(effect, RecordConsent)]

    def _answer(self, effect: Effect) -> Signal | None:
        match effect:
            case FindPlace():
                exact = (GLENBOIG,) if effect.words.strip().casefold() == "glenboig" else ()
                return PlacesFound(words=effect.words, ref=effect.ref, answer=effect.answer, exact=exact)
            case ListStories():
                return StoriesListed(about=effect.about, stories=(), page=effect.page)
            case TellData():
                return Facts(stories=0, channels=(), since="November 2026", told=(), contact=False, invite=False)
            case AskCode():
                return CodeAsked(code="4821") if self.look.forgeable else CodeChecked(right=True)
            case CheckCode():
                return CodeChecked(right=effect.code == "4821", keep=effect.keep)
            case GiveFile():
                return FileReady(link="https://example.org/mydata/only-an-example")
            case FindReceipt():
                return ReceiptRead(text=effect.text, ref=effect.ref)
        return super()._answer(effect)
