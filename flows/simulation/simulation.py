"""A practice phone in memory: a person's side of the real engine, for the terminal, for tests and for trying a flow.

Pure: the clock stands still until it is told to wait, and places are looked up by whoever holds the phone. Nothing is
kept beyond this object. The state passes through JSON between all turns, as it does in the database.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from flows.engine.advance import advance
from flows.language.keywords.recognise import normalise
from flows.model.channel_look import LOOKS, ChannelKind, ChannelLook
from flows.model.conversation import Conversation, idle
from flows.model.effects import (
    Begin,
    DropStory,
    Effect,
    Erase,
    FindPlace,
    HoldSealed,
    KeepStory,
    PurgeSealed,
    Say,
    SetLanguage,
    Unseal,
)
from flows.model.messages import button, sms_text
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
from flows.simulation.answers_from_memory import Asker
from flows.simulation.in_memory_store import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flows.authoring.release import Release

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday at noon: when a practice conversation begins, unless its holder says otherwise."""
RECEIPT = "kettle otter lantern"
SIMULATED_ORGANISATION = OrganisationFacts(
    organisation="Earshot demo team",
    contact="hello@example.org",
    privacy_url="http://127.0.0.1:8000/privacy",
    emergency="999",
    crisis_line="Samaritans on 116 123",
    text_line="SHOUT to 85258",
    youth_line="Childline on 0800 1111",
)
"""Who speaks in transcripts, so that they read the same everywhere."""

GREETING = re.compile(r"/start(?:@\w+)?", re.IGNORECASE)
_DUE: dict[str, Signal] = {"quiet": Quiet(), "nudge": Nudged(), "expire": Expired()}
_MOST_DUE = 10
"""Due times one wait may pass; more would mean that they never end."""


class NoSuchButtonError(LookupError):
    """Nothing that was said has a button with this label; nothing was pressed."""


@dataclass(kw_only=True)
class Simulation:
    """One person with one phone. Every act returns what it caused, in order."""

    releases: Mapping[str, Release]
    """By flow id; the first is begun when no other is asked for."""
    flow: str
    channel: ChannelKind
    find_places: Callable[[str], PlacesFound]
    language: str = "en"
    now: datetime = NOON
    stories: dict[str, KeepStory] = field(default_factory=dict)
    """What is kept, by conversation."""
    history: list[Effect] = field(default_factory=list)
    """All that was caused so far, in order."""

    def __post_init__(self) -> None:
        self._sealed: list[tuple[str, str]] = []
        self._sent: list[tuple[str, str]] = []
        self._asked: list[tuple[str, Say]] = []
        self._begun = 0
        self._done: list[Effect] = []
        self._shelf = Shelf(self.look.way, RECEIPT)
        self._asker = Asker()
        self.state = self._idle(self.flow, opted_out=False)

    @property
    def look(self) -> ChannelLook:
        """How messages look on this phone."""
        return LOOKS[self.channel]

    # --- what a person can do -----------------------------------------------------------------------------------

    def say(self, text: str) -> tuple[Effect, ...]:
        """Type a message. On Telegram `/start` in the middle of something asks whether to go on, as a link does."""
        if self.look.commands and GREETING.match(text) and (self.state.status == "open" or self.state.opted_out):
            text = "START"
        self._sent.append((f"m{len(self._sent) + 1}", text))
        return self._turn(Said(text=text, ref=self._sent[-1][0]))

    def press(self, label: str) -> tuple[Effect, ...]:
        """Press the newest button with this label, though its question may be long over.

        Raises NoSuchButtonError.
        """
        for token, say in reversed(self._asked):
            for index, option in enumerate(say.options):
                if label in {option.label, button(say, option)}:
                    return self._turn(Chose(token=token, serial=say.serial or 0, index=index))
        raise NoSuchButtonError(f"there is no button “{label}”; the last ones were {', '.join(self.buttons) or 'none'}")

    def choose(self, index: int) -> tuple[Effect, ...]:
        """Choose an option of the question that waits by its place, whether or not this phone shows a button for it."""
        return self._turn(Chose(token=self.state.token, serial=self.state.serial, index=index))

    def edit(self, old: str, new: str) -> tuple[Effect, ...]:
        """Change a message that was sent before; one that was never sent changes nothing."""
        for place, (ref, text) in enumerate(self._sent):
            if text == old:
                self._sent[place] = (ref, new)
                return self._turn(Edited(text=new, ref=ref))
        return ()

    def send(self, kind: str) -> tuple[Effect, ...]:
        """Send something that is not words: `voice`, `photo`…"""
        return self._turn(Sent(kind=kind))

    def share_position(self, place: PlaceChoice | None) -> tuple[Effect, ...]:
        """Share a position that lies in this place, or nowhere we know."""
        return self._turn(Located(place=place))

    def is_asked_about(self, text: str, reason: str) -> tuple[Effect, ...]:
        """The team asks whether a story may be shared in this edited version."""
        return self._turn(self._asker.about_version(text, reason, self.now))

    def is_asked_to_go_on(
        self, kind: Literal["renew_publish", "renew_quote", "renew_keep"], month: str
    ) -> tuple[Effect, ...]:
        """Time asks whether consent goes on after this month."""
        return self._turn(self._asker.about_going_on(kind, month, self.now))

    def wait(self, time: timedelta) -> tuple[Effect, ...]:
        """Let time pass; what falls due on the way happens."""
        until = self.now + time
        self._done = []
        for _ in range(_MOST_DUE):
            if self.state.due is None or self.state.due_at is None or self.state.due_at > until:
                break
            self.now = self.state.due_at
            self._advance(_DUE[self.state.due])
        self.now = until
        return tuple(self._done)

    # --- what they see ------------------------------------------------------------------------------------------

    @property
    def buttons(self) -> tuple[str, ...]:
        """Return the labels on the newest message that has any."""
        return self.labels(self._asked[-1][1]) if self._asked else ()

    def labels(self, say: Say) -> tuple[str, ...]:
        """Return the labels of a message's buttons."""
        return tuple(button(say, option) for option in say.options)

    def shown(self, say: Say) -> str:
        """Return the words of a message as this phone shows them, without buttons."""
        return say.text if self.look.buttons else sms_text(say)

    # --- the world around the engine ----------------------------------------------------------------------------

    def _turn(self, signal: Signal) -> tuple[Effect, ...]:
        self._done = []
        self._advance(signal)
        return tuple(self._done)

    def _advance(self, signal: Signal) -> None:
        waiting = deque([signal])
        while waiting:
            turn = advance(self.releases[self.state.flow], self.state, waiting.popleft(), self.now)
            again = Conversation.from_json(turn.conversation.to_json())
            self.state = again.changed(receipt=turn.conversation.receipt)
            begins = [effect for effect in turn.effects if isinstance(effect, Begin)]
            for effect in (*(one for one in turn.effects if not isinstance(one, Begin)), *begins):
                self._done.append(effect)
                self.history.append(effect)
                answer = self._carry_out(effect)
                if answer is not None:
                    waiting.append(answer)

    def _carry_out(self, effect: Effect) -> Signal | None:
        match effect:
            case Say():
                if effect.options:
                    self._asked.append((self.state.token, effect))
            case SetLanguage():
                self.language = effect.language
            case HoldSealed():
                self._sealed.append((effect.ref, effect.text))
            case PurgeSealed():
                self._sealed = []
            case Unseal():
                parts, self._sealed = tuple(self._sealed), []
                return Unsealed(parts=parts)
            case FindPlace():
                return replace(self.find_places(effect.words), ref=effect.ref, answer=effect.answer)
            case KeepStory():
                self.stories[self.state.id] = effect
            case DropStory():
                self.stories.pop(self.state.id, None)
            case Erase(scope="everything"):
                self.stories, self._sealed = {}, []
            case Begin():
                return self._begin(effect)
            case _:
                pass
        answer = self._asker.carry_out(effect, self.now)
        return answer if answer is not None else self._shelf.carry_out(effect, self.state, self.now)

    def _begin(self, begin: Begin) -> Signal:
        word = normalise(GREETING.sub("", begin.text))
        named = [name for name, release in self.releases.items() if word in (name, *map(normalise, release.flow.words))]
        told = {name: getattr(self.state, name) for name in ("signposted_at", "warmth_due", "warmed_at")}
        self.state = self._idle(begin.flow or next(iter(named), self.flow), opted_out=self.state.opted_out)
        self.state = self.state.model_copy(update=told)
        return Started(text=begin.text, ref=begin.ref, more=begin.more, concerns=begin.concerns)

    def _idle(self, flow: str, *, opted_out: bool) -> Conversation:
        self._begun += 1
        fresh = idle(
            id=f"c{self._begun}", token=f"practice{self._begun:02}", flow=flow, channel=self.channel,
            language=self.language, now=self.now, receipt=RECEIPT,
        )  # fmt: skip
        return fresh.model_copy(update={"opted_out": opted_out})
