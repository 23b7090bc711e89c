"""A simulated phone: one person on the real service, over a database in memory.

What they do goes through the intake's own transaction and the turn runner, what falls due through the jobs that see to
it, and what comes back is read from the outbox. The clock stands still until it is told to wait. Nothing is kept beyond
this object, and nothing is drawn by chance, so that a conversation reads the same every time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam as b
from sqlalchemy import select, update

from bot.channels.channel import Inbound
from bot.inbound.inbound_event import InboundEvent
from bot.inbound.intake import Intake
from bot.jobs.conversation_timers import ConversationTimers
from bot.jobs.follow_ups import FollowUps
from bot.settings.setting_values import QuietHours
from bot.simulation.fixed_facts import FILE_LINK_END, SIMULATED_PLACE, SameDraws
from bot.turn.formatting import choice_of
from bot.turn.releases import GREETING, Releases
from bot.turn.turn_services import TurnServices
from flows.model.channel_look import LOOKS
from flows.model.conversation import Conversation, idle
from flows.model.effects import Say
from flows.model.messages import Message, button, sms_text
from flows.model.signals import Chose, Edited, Located, Said, Sent, Started
from flows.model.vocabulary.consent_answers import Use
from flows.model.vocabulary.delivery import MessageKind, MessageState
from flows.walk.story_walk import StoryWalk
from storage import tables
from storage.db.in_memory import InMemoryWriter, in_memory
from storage.db.prepared_statement import Statement
from storage.places import Resolver
from storage.protection.crypto import Keyring, address_lookups, with_receipt
from storage.queries.conversations import timers
from storage.queries.conversations import turn_queries as store
from storage.queries.stories import follow_ups_asked
from storage.stories import own_stories, renewal
from storage.stories.editing import EditRefusal, edit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Connection, Engine

    from bot.channels.channel import Kind
    from flows.authoring.release import Release
    from flows.model.channel_look import ChannelKind, ChannelLook
    from flows.model.effects import Effect
    from flows.model.signals import PlaceChoice, Signal

T = TypeVar("T")
OUTBOX = tables.Outbox.__table__
_QUEUED = OUTBOX.c.state == MessageState.QUEUED, OUTBOX.c.kind != MessageKind.CHAT_DELETION
_WAITING = Statement(select(OUTBOX.c.payload).where(*_QUEUED).order_by(OUTBOX.c.id))
_HAND_OVER = Statement(
    update(OUTBOX).where(*_QUEUED).values(state=MessageState.SENT, handed_at=b("handed_at"), sent_at=b("sent_at"))
)

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday at noon: when a simulated conversation begins, unless its holder says otherwise."""
COLLEAGUE: Final = "team@example.org"
"""Who edits what they told."""
ADDRESS: Final = "+447700900123"
"""Where the phone is written to, whatever it looks like: a number that nobody has."""
IN_TOUCH: Final = timedelta(days=60)
"""How often somebody writes whose number stays theirs meanwhile."""
READ_IN: Final = timedelta(seconds=5)
"""How long before the next act every message was given to the phone: all of it was read."""
MOST_DUE: Final = 2000
"""Due times one wait may pass; more would mean that they never end."""


class NoSuchButtonError(LookupError):
    """Nothing that was said has a button with this label; nothing was pressed."""


class RefusedEditError(ValueError):
    """The team may not make this edition; the message says why."""


@cache
def _engine() -> Engine:
    return in_memory(tables.metadata)


@cache
def _keyring() -> Keyring:
    return Keyring([b"simulated".ljust(32, b".")])


@cache
def simulated_resolver() -> Resolver:
    """Return the places of the simulated organisation."""
    return Resolver([SIMULATED_PLACE])


class Simulation:
    """One person with one phone. Every act returns what it caused, in order."""

    def __init__(
        self,
        *,
        releases: Mapping[str, Release],
        flow: str,
        channel: ChannelKind,
        language: str = "en",
        resolver: Resolver | None = None,
        now: datetime = NOON,
    ) -> None:
        """`releases` by flow id, of which `flow` is begun when no other is asked for."""
        self.channel, self.language, self.now = channel, language, now
        self.history: list[Effect] = []
        """All that was caused so far, in order."""
        self._draws = SameDraws()
        self._writer = InMemoryWriter(_engine())
        self._done: list[Effect] = []
        self._sent: list[tuple[str, str]] = []
        self._acts = 0
        self._asked: list[tuple[str, Say]] = []
        spoken = dict.fromkeys([language, *(code for one in releases.values() for code in one.languages)])
        self.services = TurnServices(
            keyring=_keyring(),
            releases=Releases(releases.values(), flow),
            resolver=resolver or simulated_resolver(),
            notice="simulated",
            languages=tuple(spoken),
            public_url="https://example.org",
            rng=self._draws,
            file_token=lambda *_: FILE_LINK_END,
            observe=self._done.append,
        )
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731
        self._intake = Intake(writer=self._writer, services=self.services, channels={}, clock=clock)
        self._timers = ConversationTimers(engine=_engine(), writer=self._writer, services=self.services, clock=clock)
        self._follow_ups = FollowUps(
            engine=_engine(), writer=self._writer, services=self.services, clock=clock,
            quiet_hours=QuietHours(time(0), time(0)), timezone=ZoneInfo("UTC"),
        )  # fmt: skip

    @property
    def look(self) -> ChannelLook:
        """How messages look on this phone."""
        return LOOKS[self.channel]

    # --- what a person can do -----------------------------------------------------------------------------------

    def say(self, text: str) -> tuple[Effect, ...]:
        """Type a message. Where words behind a slash are commands, `/start` is what following a link sends."""
        ref = f"m{len(self._sent) + 1}"
        self._sent.append((ref, text))
        if self.look.commands and (link := GREETING.match(text)):
            entry = text[link.end() :].strip()
            return self._event(Started(ref=ref), ref, entry=entry)
        return self._event(Said(text=text, ref=ref), ref)

    def press(self, label: str) -> tuple[Effect, ...]:
        """Press the newest button with this label, though its question may be long over.

        Raises NoSuchButtonError.
        """
        for token, say in reversed(self._asked):
            for index, option in enumerate(say.options):
                if label in {option.label, button(say, option)}:
                    return self._press(Chose(token=token, serial=say.serial or 0, index=index))
        raise NoSuchButtonError(f"there is no button “{label}”; the last ones were {', '.join(self.buttons) or 'none'}")

    def choose(self, index: int) -> tuple[Effect, ...]:
        """Choose an option of the question that waits by its place, whether or not this phone shows a button for it."""
        state = self.state
        return self._press(Chose(token=state.token, serial=state.serial, index=index))

    def edit(self, old: str, new: str) -> tuple[Effect, ...]:
        """Change a message that was sent before; one that was never sent changes nothing."""
        for place, (ref, text) in enumerate(self._sent):
            if text == old:
                self._sent[place] = (ref, new)
                return self._event(Edited(text=new, ref=ref), ref, "edit")
        return ()

    def send(self, kind: str) -> tuple[Effect, ...]:
        """Send something that is not words: `voice`, `photo`…"""
        return self._event(Sent(kind=kind))

    def share_position(self, place: PlaceChoice | None) -> tuple[Effect, ...]:
        """Share a position that lies in this place, or nowhere we know."""
        return self._event(Located(place=place))

    def take(self, signal: Signal, kind: Kind = "message") -> tuple[Effect, ...]:
        """Do whatever else a channel can tell of: something forwarded, a press on another message."""
        return self._event(signal, kind=kind)

    # --- what the team and time ask of them ---------------------------------------------------------------------

    def is_asked_about(self, text: str, reason: str) -> tuple[Effect, ...]:
        """The team asks whether their newest story may be shared in this edited version.

        Who told none has told one before, to be published. Raises RefusedEditError for what the team may not do.
        """
        story = self._story_to_ask_about(Use.PUBLISH)
        done = self._writer.run(partial(edit, story_id=story, text=text, reason=reason, author=COLLEAGUE, now=self.now))
        if isinstance(done, EditRefusal):
            raise RefusedEditError(done.message)
        return self.wait(timedelta())

    def is_asked_to_go_on(self, use: Use, month: str) -> tuple[Effect, ...]:
        """Time asks whether consent goes on after this month, as "March 2027"; the clock goes on to when it is asked.

        Who told no story has told one before, to be used so far, and wrote now and then since.
        """
        end = datetime.strptime(month, "%B %Y").replace(day=self.now.day, hour=self.now.hour, tzinfo=UTC)
        before = len(self.history)
        if not self._writer.run(self._newest_story):
            self.now = end - renewal.PERIODS[use]
            self._story_to_ask_about(use)
        asked_at = end - renewal.IN_GOOD_TIME + timedelta(days=1)  # a job looks once a day
        while asked_at - self.now > IN_TOUCH:
            self.wait(IN_TOUCH)
            self.say("Thank you")
        self.now = max(self.now, asked_at)
        del self.history[before:]
        self._writer.run(partial(renewal.ask_in_good_time, now=self.now))
        return self.wait(timedelta())

    def wait(self, length: timedelta) -> tuple[Effect, ...]:
        """Let time pass; what falls due on the way happens."""
        until = self.now + length
        done: list[Effect] = []
        for _ in range(MOST_DUE):
            due = self._writer.run(partial(self._next_due, until=until))
            if due is None:
                break
            at, turn = due
            self.now = max(self.now, at)
            done += self._turn(partial(turn, now=self.now))
        self.now = until
        return tuple(done)

    def place_named(self, words: str) -> PlaceChoice | None:
        """Return the one place of this name; None for none, and for several."""
        found = self.services.resolver.find(words).exact
        return choice_of(found[0]) if len(found) == 1 else None

    # --- what they see ------------------------------------------------------------------------------------------

    @property
    def state(self) -> Conversation:
        """The conversation that began last, as it is stored; an idle one where none is."""
        stored = self._writer.run(self._latest)
        if stored is None:
            flow = self.services.releases.default_flow
            return idle(id="", token="", flow=flow, channel=self.channel, language=self.language, now=self.now)
        return with_receipt(self.services.keyring, Conversation.from_json(stored.state))

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

    def look_up(self, question: Callable[[Connection], T]) -> T:
        """Return what a question to the database finds."""
        return self._writer.run(question)

    def person(self, connection: Connection) -> store.Person | None:
        """Return whose phone it is, as the service knows them; None before they wrote and after they are forgotten."""
        lookups = address_lookups(self.services.keyring, self.channel, ADDRESS)
        return store.find_person(connection, channel=self.channel, lookups=lookups)

    # --- through the service ------------------------------------------------------------------------------------

    def _press(self, chosen: Chose) -> tuple[Effect, ...]:
        return self._event(chosen, kind="press")

    def _event(self, signal: Signal, ref: str = "", kind: Kind = "message", entry: str = "") -> tuple[Effect, ...]:
        self._acts += 1
        inbound = Inbound(
            channel=self.channel, provider_id=f"e{self._acts}", kind=kind, address=ADDRESS,
            look=self.channel, signal=signal, entry=entry, language_hint=self.language, ref=ref, raw=b"{}",
        )  # fmt: skip
        event = InboundEvent(inbound, self.services, self.now, (signal,))
        return tuple(self._turn(partial(self._intake.turn, event=event)))

    def _turn(self, work: Callable[[Connection], object]) -> list[Effect]:
        """Do one piece of the service's work and return what came of it, in order."""
        self._done.clear()
        self._draws.again()

        def all_of_it(connection: Connection) -> list[Message]:
            work(connection)
            return _delivered(connection, self.now)

        came = self._writer.run(all_of_it)
        done: list[Effect] = []
        for effect in self._done:
            if not isinstance(effect, Say):
                done.append(effect)
            elif (message := next((one for one in came if one.say == effect), None)) is not None:
                came.remove(message)
                done.append(self._heard(message))
        done += map(self._heard, came)
        self.history += done
        return done

    def _heard(self, message: Message) -> Say:
        if message.say.options:
            self._asked.append((message.token, message.say))
        return message.say

    def _latest(self, connection: Connection) -> store.Stored | None:
        person = self.person(connection)
        return None if person is None else store.latest_conversation(connection, person.contributor_id)

    def _newest_story(self, connection: Connection) -> int:
        """Return the number of the story that they told last; 0 if they told none."""
        person = self.person(connection)
        found = own_stories.stories_of(connection, person.contributor_id, limit=1) if person is not None else []
        return found[0].id if found else 0

    def _story_to_ask_about(self, use: Use) -> int:
        """Return their newest story. Who told none has told one before, for this use, and may be asked about it."""
        if not self._writer.run(self._newest_story):
            before = len(self.history)
            release = self.services.releases.begin("", "")
            for _ in StoryWalk(self, release.flow, decisions={"use": use, "contact": "yes"}).go():
                pass
            del self.history[before:]
        return self._writer.run(self._newest_story)

    def _next_due(self, connection: Connection, until: datetime) -> tuple[datetime, Callable[..., object]] | None:
        """Return what falls due first, and what sees to it."""
        found: list[tuple[datetime, Callable[..., object]]] = [
            (one.due_at, partial(self._timers.turn, due=one)) for one in timers.due(connection, until, limit=1)
        ]
        found += [
            (one.due_at, partial(self._follow_ups.turn, due=one))
            for one in follow_ups_asked.due(connection, until, limit=1)
            if one.due_at is not None
        ]
        return min(found, key=lambda one: one[0], default=None)


def _delivered(connection: Connection, now: datetime) -> list[Message]:
    """Hand over what waits in the outbox, as a sender does, and return it; it was read before the next act."""
    waiting = [payload for (payload,) in _WAITING.all(connection)]
    if waiting:
        _HAND_OVER.run(connection, handed_at=now - READ_IN, sent_at=now)
    return [Message.from_json(payload) for payload in waiting if payload]
