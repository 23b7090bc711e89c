"""One turn inside its transaction: the engine's effects carried out in order, until nothing more is asked.

It runs in a writing thread and never touches a channel: what is to be said goes into the outbox.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING

from bot.turn.handler_context import HandlerContext
from bot.turn.handlers import HANDLERS
from flows.engine.advance import advance
from flows.model.conversation import Conversation, Status, idle
from flows.model.effects import Begin, RaiseConcern, SaveAnswer, Say
from flows.model.messages import Message
from flows.model.signals import Signal, Started
from flows.model.vocabulary.delivery import AddressState, MessageKind
from storage.protection.crypto import seal_receipt, with_receipt
from storage.protection.receipt_lookup import draw
from storage.queries.contributors.consent_decisions import ASSISTED
from storage.queries.conversations import turn_queries as store
from storage.queries.delivery import outbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.turn.turn_services import TurnServices, TurnTrigger
    from flows.authoring.release import Release
    from flows.model.effects import Effect
    from storage.queries.conversations.turn_queries import Person

MOST_REENTRIES = 20
"""Signals one turn may take through the engine; more is a loop."""
TOKEN_CHARACTERS = 10
MOST_BESIDE = 20
"""Answers an hour to one address that move no flow on: two machines that answer each other fall silent."""
HOUR = timedelta(hours=1)


class EndlessTurnError(RuntimeError):
    """A turn went on asking without end. Nothing of it was kept; the event can be replayed after the flow is mended."""


class TurnRunner(HandlerContext):
    """One turn of one person, between their lock and the commit."""

    def __init__(
        self,
        connection: Connection,
        services: TurnServices,
        person: Person,
        trigger: TurnTrigger,
        stored: store.Stored | None = None,
    ) -> None:
        """Go on with a stored conversation, or begin with an idle one.

        Raises UnreadableConversationError and NoSuchFlowError.
        """
        super().__init__(connection, services, person, trigger)
        self.said = 0
        """How many messages the turn has put in the outbox so far."""
        self.shown: list[Say] = []
        """What was said to a person beside whom a worker sits; to anybody else it goes through the outbox."""
        self._from: tuple[object, ...] = ()
        self._names_help = False
        """True once something was heard for which somebody to talk to, or to ring, is named."""
        self.stored = stored is not None
        if stored is None:
            self.release: Release = services.releases.begin("", "")
            self.conversation = self._new(self.release)
        else:
            self.conversation = self._as_it_is_now(with_receipt(services.keyring, Conversation.from_json(stored.state)))
            self.release = services.releases.going_on(connection, stored.flow, stored.structure)

    def _as_it_is_now(self, conversation: Conversation) -> Conversation:
        """Bring a stored state in line with what may have changed elsewhere: STOP or a signpost by another channel."""
        opted_out = self.person.opted_out or self.person.address_state == AddressState.OPTED_OUT
        now = {"opted_out": opted_out, "channel": self.trigger.look, "signposted_at": self.person.signposted_at}
        if all(getattr(conversation, name) == value for name, value in now.items()):
            return conversation
        return conversation.model_copy(update=now)

    def begin(self, begin: Begin) -> None:
        """Start a flow afresh, as if the person had written `begin.text` first."""
        self.hear([self._switch(begin)])

    def hear(self, signals: Iterable[Signal]) -> None:
        """Take signals through the engine and carry out what comes of them, then store the state."""
        self._from = self._place()
        waiting = deque(signals)
        for _ in range(MOST_REENTRIES):
            if not waiting:
                break
            waiting.extend(self._advance(waiting.popleft()))
        if waiting:
            raise EndlessTurnError(f"flow {self.release.flow.id} goes on asking at {self.conversation.step}")
        if self.stored and not self.erased:
            self._save()

    def elsewhere(self, stored: store.Stored) -> TurnRunner:
        """Return a turn of another conversation of this person, in the same transaction."""
        other = TurnRunner(self.connection, self.services, self.person, self.trigger, stored)
        other.aloof = True
        return other

    def waits_at(self, stored: store.Stored | None, serial: int) -> bool:
        """Tell whether the stored conversation still waits for an answer to its question of this number."""
        state = self.conversation
        same = stored is not None and stored.id == state.id and state.serial == serial
        return same and self.stored and not self.erased and state.status == Status.OPEN and not state.opted_out

    def leave_alone_until(self, when: datetime) -> None:
        """Make sure that time does not begin a turn again and again in which nothing changes."""
        due_at = self.conversation.due_at
        if self.stored and not self.erased and due_at is not None and due_at <= self.now:
            self.conversation = self.conversation.model_copy(update={"due_at": when})
            self._save()

    def _switch(self, begin: Begin) -> Signal:
        """Leave this conversation as it is and go over to a new one."""
        release = self.services.releases.begin(begin.flow, begin.text)
        if self.stored or self.erased:
            if not self.erased:
                self._save()
            self.conversation = self._new(release, after=self.conversation)
            self.stored = self.erased = False
        else:
            self.conversation = self.conversation.model_copy(update={"flow": release.flow.id})
        self.release = release
        self._observed(begin)
        return Started(text=begin.text, ref=begin.ref, more=begin.more, concerns=begin.concerns)

    def _new(self, release: Release, after: Conversation | None = None) -> Conversation:
        earliest = after.started_at + timedelta(microseconds=1) if after is not None else self.now
        milliseconds = int(self.now.timestamp() * 1000)
        receipt = draw(self.connection, self.services.keyring, self.services.rng)
        fresh = idle(
            id=f"{milliseconds:012x}{token_hex(10)}",
            token=token_urlsafe(TOKEN_CHARACTERS)[:TOKEN_CHARACTERS],
            flow=release.flow.id,
            channel=self.trigger.look,
            language=self._language(release, after),
            now=max(self.now, earliest),
            receipt=receipt,
            receipt_sealed=seal_receipt(self.services.keyring, receipt),
        )
        stopped = self.person.opted_out or self.person.address_state == AddressState.OPTED_OUT
        opted_out = after.opted_out if after is not None else stopped
        carried = {
            "opted_out": opted_out,
            "cut_off": opted_out and after is not None and after.cut_off,
            "signposted_at": self.person.signposted_at,
            "warmth_due": after is not None and after.warmth_due,
            "warmed_at": after.warmed_at if after is not None else None,
        }
        return fresh.model_copy(update=carried) if any(carried.values()) else fresh

    def _language(self, release: Release, after: Conversation | None) -> str:
        wanted = self.person.language or (after.language if after else "")
        wanted = wanted or self.services.language_for(self.trigger.language_hint)
        return wanted if wanted in release.languages else release.languages[0]

    def _advance(self, signal: Signal) -> list[Signal]:
        outcome = advance(self.release, self.conversation, signal, self.now)
        self.answering = []
        self.conversation = outcome.conversation
        if not self.stored and not self.erased and _worth_storing(self.conversation):
            self._save()  # what follows refers to it
            self.stored = True
        answers: list[Signal] = []
        begin: Begin | None = None
        self._names_help |= any(isinstance(one, RaiseConcern) and one.level == "plain" for one in outcome.effects)
        for effect in outcome.effects:
            if isinstance(effect, Begin):
                begin = effect
                continue
            answer = self._carry_out(effect)
            if answer is not None:
                answers.append(answer)
            self._observed(effect)
        if begin is not None:
            answers.append(self._switch(begin))
        return answers

    def _save(self) -> None:
        store.save_conversation(
            self.connection,
            self.conversation,
            contributor_id=self.person.contributor_id,
            address_id=self.person.address_id,
            now=self.now,
        )

    # --- effects ------------------------------------------------------------------------------------------------

    def _carry_out(self, effect: Effect) -> Signal | None:
        if isinstance(effect, Say):
            self._say(effect)
            return None
        if isinstance(effect, SaveAnswer):
            return None  # answers are part of the state
        return HANDLERS[type(effect)](self, effect)

    def _observed(self, effect: Effect) -> None:
        if self.services.observe is not None:
            self.services.observe(effect)

    def _say(self, say: Say) -> None:
        if self.trigger.muted and say.serial is None:
            return
        self.said += 1
        if self.trigger.assisted is not None:
            self.shown.append(say)
        if self.trigger.assisted is not None or self.person.channel == ASSISTED:
            return  # nothing is ever sent there
        message = Message(
            say=say,
            token=self.conversation.token,
            thread_id=self.trigger.thread_id,
            redraw_of=self.trigger.redraw_of if say.redraw else "",
        )
        beside = self._is_beside(say)
        number = store.enqueue(
            self.connection,
            address_id=self.person.address_id,
            contributor_id=self.person.contributor_id,
            conversation_id=self.conversation.id if self.stored else None,
            inbound_id=self.trigger.inbound_id,
            channel=self.person.channel,
            kind=self.trigger.kind,
            payload=message.to_json(),
            due_at=self.now,
            now=self.now,
            serial=None if say.redraw else say.serial,
            private=say.private,
            beside=beside,
        )
        if beside and store.answered_beside(self.connection, self.person.address_id, self.now - HOUR) > MOST_BESIDE:
            self._leave_unasked(number, say)
            return
        self.answering.append(number)

    def _leave_unasked(self, number: int, say: Say) -> None:
        """Do not send an answer that is one too many; a question of ours that nobody reads does not wait either."""
        outbox.cancel(self.connection, number, store.TOO_MANY)
        state = self.conversation
        if state.interruptions and say.serial is not None and state.interruption_from == say.serial:
            self.conversation = state.model_copy(update={"interruptions": ()})

    def _place(self) -> tuple[object, ...]:
        """Return where the flow stands: what stays the same moved nothing on."""
        state = self.conversation
        told = (state.thanked, state.told_stopped)
        return (state.id, state.status, state.step, state.trail, state.partial, state.kept, told)

    def _is_beside(self, say: Say) -> bool:
        """Tell whether an answer moves no flow on. What names somebody to talk to is never counted."""
        if say.redraw or self._names_help or self.person.simulated or self.trigger.kind != MessageKind.REPLY:
            return False
        return self._place() == self._from


def _worth_storing(conversation: Conversation) -> bool:
    """An idle conversation in which nothing was asked and nothing is held leaves no trace."""
    state = conversation
    return state.status != Status.IDLE or bool(state.serial or state.held or state.interruptions)
