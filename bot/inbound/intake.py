"""One inbound message, one transaction (design rule 1).

`take` returns after the commit. The same event twice has the effect of one: its provider's id is claimed in the turn's
own transaction. If a turn fails, only that turn is undone; its event is kept sealed for `earshot inbox replay`, the
team is told, and the person gets one short apology. Only when not even that can be stored does `take` raise, so that
the provider brings the event again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from bot.channels import declaration
from bot.inbound import failed_turns, late_events
from bot.inbound.inbound_event import InboundEvent, Result
from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from bot.telemetry.readiness import Turns
from bot.turn import address_holder, alerts
from bot.turn.formatting import choice_of
from bot.turn.runner import TurnRunner
from bot.turn.seen_messages import EVERYTHING, Seen, judge
from bot.turn.turn_services import TurnTrigger
from flows.model.conversation import Status
from flows.model.effects import Begin
from flows.model.signals import Located, Said, Sent, Started
from flows.model.vocabulary.delivery import AddressState
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError
from storage.queries.conversations import turn_queries as store
from storage.queries.team import on_call
from storage.tables.inbound import InboundState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sqlalchemy.engine import Connection

    from bot.channels.channel import Channel, Inbound
    from bot.turn.turn_services import TurnServices
    from flows.model.signals import Signal
    from storage.db.writer import Writer
    from storage.queries.conversations.turn_queries import Person

T = TypeVar("T")

TRIES = 3
"""How often a turn is given again whose group commit was lost for no fault of its own."""
WAITS = (0.0, 0.05, 0.2, 0.5, 1.0)
"""Seconds between the tries while the database's trouble may pass by itself: a lost line, a lock."""
PATIENCE_SECONDS = 7.0
"""How long we go on trying; then the provider is told to come again, before it gives us up."""


class CannotKeepError(RuntimeError):
    """An event could not be stored at all. Nothing of it was kept; the provider must bring it again."""


class Intake:
    """Where every event comes in, by whatever channel. One for the whole process."""

    def __init__(
        self,
        *,
        writer: Writer,
        services: TurnServices,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        advanced_opt_out: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.turns = Turns()
        """How the last ones went."""
        self._monotonic, self._sleep = monotonic, sleep
        self.writer = writer
        self.services = services
        self.channels = channels
        self.clock = clock
        self.advanced_opt_out = advanced_opt_out

    async def take(self, inbound: Inbound) -> Result:
        """Handle one event; returns once it is kept. Raises CannotKeepError if it could not be."""
        began = time.perf_counter()
        try:
            result = await self._take(inbound)
        except CannotKeepError as error:
            if not isinstance(error.__cause__, WriterBusyError):  # too much to do is no fault
                self.turns.failed(inbound.address, self._monotonic(), lost=True)
            raise
        if result != "failed":
            if self.turns.failures:
                self.turns.succeeded()
        elif inbound.kind != "unreadable":
            self.turns.failed(inbound.address, self._monotonic())
        metrics.messages.labels(inbound.channel, result).inc()
        metrics.turn_seconds.observe(time.perf_counter() - began)
        if inbound.callback_id and (channel := self.channels.get(inbound.channel)) is not None:
            channel.acknowledge(inbound)
        return result

    async def set_aside(self, inbound: Inbound) -> Result:
        """Store an event and do nothing else with it: `take` it later (rule 13). Raises CannotKeepError."""
        if not inbound.raw:
            return "other"
        event = InboundEvent(inbound, self.services, self.clock())
        return await self._keep(partial(_store, event=event), inbound)

    async def _take(self, inbound: Inbound) -> Result:
        kind = inbound.kind
        if kind in ("stray", "group"):
            await self._keep(partial(store.count_stray, channel=inbound.channel, kind=kind), inbound)
            if kind == "group":
                self._send_away(inbound)
            return "stray"
        event = InboundEvent(inbound, self.services, self.clock(), await self._signals(inbound))
        if kind == "unreadable":
            return await self._keep(partial(failed_turns.fail, event=event, error="UnreadableEvent"), inbound)
        if kind == "membership" and inbound.blocked is not None:
            return await self._keep(partial(_let_in_or_out, event=event), inbound)
        if not event.signals:
            return "other"
        try:
            return await self._keep(partial(self.turn, event=event), inbound)
        except CannotKeepError:
            raise
        except Exception as error:
            log.error("turn failed", channel=inbound.channel, kind=kind, **error_fields(error))
            return await self._keep_failed(event, type(error).__name__)

    async def _keep(self, work: Callable[[Connection], T], inbound: Inbound) -> T:
        until = self._monotonic() + PATIENCE_SECONDS
        for tried in count():
            wait = 0.0
            try:
                return await self.writer.perform(work, (inbound.channel, inbound.address))
            except (WriterBusyError, WriterClosedError) as error:
                raise CannotKeepError("there is no room for this event now") from error
            except LostBatchError as error:
                passes = error.cause is not None and error.cause.passes
                wait = WAITS[min(tried, len(WAITS) - 1)] if passes else 0.0
                if (tried + 1 >= TRIES and not passes) or self._monotonic() + wait > until:
                    raise CannotKeepError("the database gave the event up") from error
            if wait:
                await self._sleep(wait)
        raise AssertionError("unreachable")

    async def _keep_failed(self, event: InboundEvent, error: str) -> Result:
        """Keep what could not be handled, with the person it came from if that much can be done."""
        try:
            return await self._keep(partial(failed_turns.apologise, event=event, error=error), event.inbound)
        except CannotKeepError:
            raise
        except Exception as second:
            log.error("apology failed", channel=event.inbound.channel, **error_fields(second))
        try:
            return await self._keep(partial(failed_turns.fail, event=event, error=error), event.inbound)
        except Exception as third:
            log.critical("event not kept", channel=event.inbound.channel, **error_fields(third))
            raise CannotKeepError("neither the event nor its failure could be stored") from third

    def _send_away(self, inbound: Inbound) -> None:
        """Ask a group to write in private; nothing of what it said is kept (rule 40)."""
        channel = self.channels.get(inbound.channel)
        if channel is None or not channel.reach:
            return
        language = self.services.language_for(inbound.language_hint)
        text = self.services.releases.common("group", language=language, look=inbound.look, reach=channel.reach)
        channel.answer_group(inbound, text)

    # --- what an event says -------------------------------------------------------------------------------------

    async def _signals(self, inbound: Inbound) -> tuple[Signal, ...]:
        """Return what the engine is to hear of an event, in order."""
        if inbound.point is not None:
            place = await asyncio.to_thread(self.services.resolver.nearest, *inbound.point)
            return (Located(place=choice_of(place) if place is not None else None),)
        signal = inbound.signal
        if signal is None:
            return ()
        if inbound.opt_out_type and isinstance(signal, Said):
            signal = Said(text=inbound.opt_out_type, ref=signal.ref)  # the carrier knows more languages than we do
        if inbound.media and not isinstance(signal, Sent):
            return (Sent(kind=inbound.media), signal)
        return (signal,)

    def _answered_by_carrier(self, inbound: Inbound) -> bool:
        """Tell whether HELP was answered already: a second answer would only puzzle (rule 28)."""
        if inbound.opt_out_type == "HELP":
            return True
        if not self.advanced_opt_out or not isinstance(inbound.signal, Said):
            return False
        declared = declaration(inbound.channel)
        asks = inbound.signal.text.strip().upper() in ("HELP", "INFO")
        return asks and declared is not None and declared.answers_help

    # --- in the transaction -------------------------------------------------------------------------------------

    def turn(self, connection: Connection, event: InboundEvent) -> Result:
        """Handle an event within a transaction."""
        inbound = event.inbound
        person = store.find_person(connection, channel=inbound.channel, lookups=event.lookups, lock=True)
        inbound_id = event.claim(connection, person)
        if inbound_id is None:
            return "duplicate"
        if inbound.late and late_events.laid_aside(
            connection, self.services, inbound, event.signals, person, event.lookups, inbound_id, event.now
        ):
            return "handled"
        code = alerts.code_in(inbound)
        if person is None:
            source = inbound.entry if code is None else on_call.SOURCE
            person = event.meet(connection, inbound_id, InboundState.HANDLED, source)
        person = address_holder.of_address(connection, self.services, person, event.signals, inbound_id, event.now)
        store.heard(connection, person, event.now)
        if person.address_state == AddressState.BLOCKED:
            store.set_address_state(
                connection, person.address_id, AddressState.REACHABLE, event.now
            )  # they just wrote from it
        if code is not None:
            _link_phone(connection, event, person, inbound_id, code)
            return "handled"
        trigger = TurnTrigger(
            now=event.now,
            look=inbound.look,
            inbound_id=inbound_id,
            language_hint=inbound.language_hint,
            thread_id=inbound.thread_id,
            redraw_of=inbound.ref if inbound.kind == "press" else "",
            muted=self._answered_by_carrier(inbound),
        )
        latest = store.latest_conversation(connection, person.contributor_id)
        turn = TurnRunner(connection, self.services, person, trigger, latest)
        seen = self._seen(connection, event, person, latest)
        asked = turn.conversation.serial
        for signal in event.signals:
            heard = (
                replace(signal, seen=seen.serial) if isinstance(signal, Said) and seen.serial is not None else signal
            )
            self._say_to(turn, heard, inbound)
        if seen.lost and turn.waits_at(latest, asked):
            turn.hear([Said(text="START")])  # nothing else would bring the question back
        return "handled"

    def _seen(self, connection: Connection, event: InboundEvent, person: Person, latest: store.Stored | None) -> Seen:
        """Return what the writer of typed words can have read; a simulated person sees everything at once."""
        if latest is None or latest.status != Status.OPEN or person.simulated:
            return EVERYTHING
        if not any(isinstance(signal, Said) for signal in event.signals):
            return EVERYTHING
        return judge(store.asked(connection, latest.id), min(event.now, event.inbound.written_by or event.now))

    def _say_to(self, turn: TurnRunner, signal: Signal, inbound: Inbound) -> None:
        if isinstance(signal, Started):
            if turn.conversation.status == Status.OPEN or turn.conversation.opted_out or turn.conversation.closed_by:
                turn.hear([Said(text="START", ref=signal.ref)])  # /start may come again at any time
            else:
                flow = inbound.entry if inbound.entry in self.services.releases.current else ""
                turn.begin(Begin(flow=flow, text=signal.text, ref=signal.ref))
            return
        before = turn.said
        turn.hear([signal])
        if isinstance(signal, Located) and turn.said == before:
            turn.hear([Sent(kind="location")])  # nobody asked for a place


def _link_phone(connection: Connection, event: InboundEvent, person: Person, inbound_id: int, code: str) -> None:
    """Let alerts come to the phone from which a code of ours came; it is no message to any flow."""
    if person.opted_out:
        text = alerts.STOPPED
    elif on_call.link(connection, code_hash=alerts.digest(code), address_id=person.address_id, now=event.now):
        text = alerts.LINKED
    else:
        text = alerts.NOT_LINKED
    event.answer(connection, person, inbound_id, text)


def _let_in_or_out(connection: Connection, event: InboundEvent) -> Result:
    """The person blocked us or let us in again; neither changes what they agreed to (rule 37)."""
    inbound = event.inbound
    person = store.find_person(connection, channel=inbound.channel, lookups=event.lookups, lock=True)
    if person is None:
        return "other"
    if event.claim(connection, person) is None:
        return "duplicate"
    if inbound.blocked:
        store.set_address_state(connection, person.address_id, AddressState.BLOCKED, event.now)
    elif person.address_state == AddressState.BLOCKED:
        store.set_address_state(connection, person.address_id, AddressState.REACHABLE, event.now)
    return "handled"


def _store(connection: Connection, event: InboundEvent) -> Result:
    return "duplicate" if event.keep(connection, InboundState.STORED) is None else "other"
