"""A contributor's phone for tests: type, press, wait; every turn goes through JSON and back. No mocks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flows.authoring.loader import load
from flows.authoring.release import Release, compile_release
from flows.authoring.texts import texts_for
from flows.engine.advance import advance
from flows.model.conversation import Conversation, idle
from flows.model.effects import (
    Begin,
    Effect,
    Erase,
    FindPlace,
    HoldSealed,
    KeepStory,
    PurgeSealed,
    RecordConsent,
    Say,
    Unseal,
)
from flows.model.messages import sms_text
from flows.model.organisation_facts import OrganisationFacts
from flows.model.signals import (
    Chose,
    Edited,
    Expired,
    Located,
    Nudged,
    PlaceChoice,
    PlacesFound,
    Quiet,
    Said,
    Sent,
    Signal,
    Started,
    Unsealed,
)
from flows.simulation.in_memory_store import Shelf

ORGANISATION = OrganisationFacts(
    organisation="Glenboig Listening Project", contact="ring 01236 000000", privacy_url="https://example.org/privacy",
    crisis_line="Samaritans, 116 123", youth_line="Childline, 0800 1111",
)  # fmt: skip
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

GLENBOIG = PlaceChoice(id="geonames:2648523", label="Glenboig, North Lanarkshire", kind="village")
BRISTOL = PlaceChoice(id="geonames:2654675", label="Bristol, Bristol", kind="city")
NEWPORTS = (
    PlaceChoice(id="geonames:2641598", label="Newport, Newport", kind="city"),
    PlaceChoice(id="geonames:2641591", label="Newport, Isle of Wight", kind="town"),
    PlaceChoice(id="geonames:2641600", label="Newport, Telford and Wrekin", kind="town"),
)
KNOWN = {"glenboig": (GLENBOIG,), "bristol": (BRISTOL,), "newport": NEWPORTS}


@lru_cache
def releases() -> dict[str, Release]:
    """Compile every shipped flow once, in English."""
    return {flow.id: compile_release(flow, texts_for(flow, {}), ORGANISATION) for flow in load()}


@dataclass
class Phone:
    """One person's phone. `heard` holds what we said since they last did something."""

    flow: str = "share"
    channel: str = "sms"
    now: datetime = NOON
    heard: list[Say] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    sealed: list[tuple[str, str]] = field(default_factory=list)
    stories: dict[str, KeepStory] = field(default_factory=dict)
    decisions: list[RecordConsent] = field(default_factory=list)
    begun: int = 0
    sent: int = 0
    known: dict[str, Release] = field(default_factory=releases)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.channel, "kettle otter lantern")
        self.state = self._idle()

    def _idle(self) -> Conversation:
        self.begun += 1
        return idle(
            id=f"c{self.begun}", token=f"token{self.begun:05d}", flow=self.flow, channel=self.channel, language="en",
            now=self.now, receipt="kettle otter lantern",
        )  # fmt: skip

    def send(self, signal: Signal) -> list[Say]:
        """Take one signal through the engine, answering what it asks for within the turn."""
        self.heard = []
        self._advance(signal)
        return self.heard

    def _advance(self, signal: Signal) -> None:
        before = Conversation.from_json(self.state.to_json()).changed(receipt=self.state.receipt)
        assert before == self.state
        turn = advance(self.known[self.flow], before, signal, self.now)
        self.state = turn.conversation
        for effect in turn.effects:
            self.effects.append(effect)
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Say():
                self.heard.append(effect)
            case RecordConsent():
                self.decisions.append(effect)
            case HoldSealed():
                self.sealed.append((effect.ref, effect.text))
            case PurgeSealed():
                self.sealed = []
            case Unseal():
                parts, self.sealed = tuple(self.sealed), []
                self._advance(Unsealed(parts=parts))
            case FindPlace():
                exact = KNOWN.get(effect.words.strip().casefold(), ())
                near = (GLENBOIG,) if "glenb" in effect.words.casefold() and not exact else ()
                found = PlacesFound(words=effect.words, exact=exact, suggestions=near)
                self._advance(replace(found, ref=effect.ref, answer=effect.answer))
            case KeepStory():
                self.stories[self.state.id] = effect
            case Erase(scope="everything"):
                self.stories, self.sealed = {}, []
            case Begin():
                kept = {name: getattr(self.state, name) for name in ("opted_out", "signposted_at")}
                self.state = self._idle().model_copy(update=kept)
                self._advance(Started(text=effect.text, ref=effect.ref, more=effect.more, concerns=effect.concerns))
        answer = self.shelf.carry_out(effect, self.state, self.now)
        if answer is not None:
            self._advance(answer)

    def say(self, *texts: str) -> str:
        """Type one message after another; returns what came back to the last, as plain text."""
        for text in texts:
            self.sent += 1
            self.send(Said(text=text, ref=f"m{self.sent}"))
        return self.text

    def press(self, label: str) -> str:
        """Press the button with this label on the last question."""
        asked = [say for say in self.heard if say.options and say.serial is not None][-1]
        index = next(i for i, option in enumerate(asked.options) if option.label == label)
        heard = asked
        self.send(Chose(token=self.state.token, serial=heard.serial or 0, index=index))
        return self.text

    def wait(self, **time: float) -> str:
        """Let time pass; what falls due on the way happens."""
        until = self.now + timedelta(**time)
        self.heard = []
        for _ in range(10):
            if self.state.due_at is None or self.state.due_at > until:
                break
            self.now = self.state.due_at
            kind = self.state.due
            self._advance({"quiet": Quiet(), "nudge": Nudged(), "expire": Expired()}[str(kind)])
        self.now = until
        return self.text

    @property
    def text(self) -> str:
        """What was said last, as one text with options in numbered lines."""
        return "\n\n".join(sms_text(say) for say in self.heard)

    @property
    def step(self) -> str | None:
        """The step that waits."""
        return self.state.step


__all__ = ["Edited", "Located", "Phone", "Sent", "releases"]
