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
from typing import TYPE_CHECKING, Literal, TypeVar

from bot.channels import declaration, is_simulated
from bot.inbound import late_events
from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from bot.telemetry.readiness import Turns
from bot.turn import address_holder, alerts, fallback
from bot.turn.formatting import choice_of
from bot.turn.runner import HOUR, MOST_BESIDE, TurnRunner
from bot.turn.seen_messages import EVERYTHING, Seen, seen_by
from bot.turn.turn_services import TurnTrigger
from flows.engine.signpost_first import ONCE_IN
from flows.language.keywords.recognise import Keyword
from flows.model.effects import Begin, Say
from flows.model.item_kinds import ItemKind
from flows.model.messages import Message
from flows.model.signals import Located, Said, Sent, Started
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError
from storage.protection import cancel_waiting
from storage.protection.crypto import address_lookups, seal_address
from storage.queries.conversations import failed_events
from storage.queries.conversations import turn_queries as store
from storage.queries.team import on_call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from bot.channels.channel import Channel, Inbound
    from bot.turn.turn_services import TurnServices
    from flows.model.signals import Signal
    from storage.db.writer import Writer
    from storage.queries.conversations.turn_queries import Person

T = TypeVar("T")
Result = Literal["handled", "duplicate", "stray", "other", "failed"]

TRIES = 3
"""How often a turn is given again whose group commit was lost for no fault of its own."""
WAITS = (0.0, 0.05, 0.2, 0.5, 1.0)
"""Seconds between the tries while the database's trouble may pass by itself: a lost line, a lock."""
PATIENCE_SECONDS = 7.0
"""How long we go on trying; then the provider is told to come again, before it gives us up."""


class CannotKeepError(RuntimeError):
    """An event could not be stored at all. Nothing of it was kept; the provider must bring it again."""


class InboundEvent:
    """An inbound event with what is prepared for it before its transaction begins."""

    __slots__ = ("inbound", "lookups", "now", "sealed", "signals")

    def __init__(self, inbound: Inbound, services: TurnServices, now: datetime, signals: Sequence[Signal] = ()) -> None:
        self.inbound = inbound
        self.now = now
        self.signals = signals
        self.lookups = address_lookups(services.keyring, inbound.channel, inbound.address)
        self.sealed = services.keyring.seal("inbound.sealed", inbound.raw)


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
        return await self._keep(partial(self._store, event=event), inbound)

    async def _take(self, inbound: Inbound) -> Result:
        kind = inbound.kind
        if kind in ("stray", "group"):
            await self._keep(partial(store.count_stray, channel=inbound.channel, kind=kind), inbound)
            if kind == "group":
                self._send_away(inbound)
            return "stray"
        event = InboundEvent(inbound, self.services, self.clock(), await self._signals(inbound))
        if kind == "unreadable":
            return await self._keep(partial(self._fail, event=event, error="UnreadableEvent"), inbound)
        if kind == "membership" and inbound.blocked is not None:
            return await self._keep(partial(self._let_in_or_out, event=event), inbound)
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
            return await self._keep(partial(self._apologise, event=event, error=error), event.inbound)
        except CannotKeepError:
            raise
        except Exception as second:
            log.error("apology failed", channel=event.inbound.channel, **error_fields(second))
        try:
            return await self._keep(partial(self._fail, event=event, error=error), event.inbound)
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
        words = inbound.signal.text.strip().upper() if isinstance(inbound.signal, Said) else ""
        declared = declaration(inbound.channel)
        return self.advanced_opt_out and declared is not None and declared.answers_help and words in ("HELP", "INFO")

    # --- in the transaction -------------------------------------------------------------------------------------

    def turn(self, connection: Connection, event: InboundEvent) -> Result:
        """Handle an event within a transaction."""
        inbound = event.inbound
        person = store.find_person(connection, channel=inbound.channel, lookups=event.lookups, lock=True)
        inbound_id = self._claim(connection, event, person)
        if inbound_id is None:
            return "duplicate"
        if late_events.is_overtaken(connection, inbound, person, event.lookups, event.now) and late_events.laid_aside(
            connection, self.services, inbound, event.signals, person, inbound_id, event.now
        ):
            return "handled"
        code = alerts.code_in(inbound)
        if person is None:
            source = inbound.entry if code is None else on_call.SOURCE
            person = self._meet(connection, event, inbound_id, "handled", source)
        person = address_holder.of_address(connection, self.services, person, event.signals, inbound_id, event.now)
        store.heard(connection, person, event.now)
        if person.address_state == "blocked":
            store.set_address_state(connection, person.address_id, "reachable", event.now)  # they just wrote from it
        if code is not None:
            self._link_phone(connection, event, person, inbound_id, code)
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
        seen = self._seen(connection, event, latest)
        asked = turn.conversation.serial
        for signal in event.signals:
            heard = (
                replace(signal, seen=seen.serial) if isinstance(signal, Said) and seen.serial is not None else signal
            )
            self._say_to(turn, heard, inbound)
        if seen.lost and turn.waits_at(latest, asked):
            turn.hear([Said(text="START")])  # nothing else would bring the question back
        return "handled"

    def _seen(self, connection: Connection, event: InboundEvent, latest: store.Stored | None) -> Seen:
        """Return what the writer of typed words can have read; a simulated person sees everything at once."""
        inbound = event.inbound
        if latest is None or latest.status != "open" or is_simulated(inbound.channel):
            return EVERYTHING
        if not any(isinstance(signal, Said) for signal in event.signals):
            return EVERYTHING
        return seen_by(connection, latest.id, min(event.now, inbound.written_by or event.now))

    def _link_phone(
        self, connection: Connection, event: InboundEvent, person: Person, inbound_id: int, code: str
    ) -> None:
        """Let alerts come to the phone from which a code of ours came; it is no message to any flow."""
        if person.opted_out:
            text = alerts.STOPPED
        elif on_call.link(connection, code_hash=alerts.digest(code), address_id=person.address_id, now=event.now):
            text = alerts.LINKED
        else:
            text = alerts.NOT_LINKED
        self._answer(connection, event, person, inbound_id, text)

    def _say_to(self, turn: TurnRunner, signal: Signal, inbound: Inbound) -> None:
        if isinstance(signal, Started):
            if turn.conversation.status == "open" or turn.conversation.opted_out or turn.conversation.closed_by:
                turn.hear([Said(text="START", ref=signal.ref)])  # /start may come again at any time
            else:
                flow = inbound.entry if inbound.entry in self.services.releases.current else ""
                turn.begin(Begin(flow=flow, text=signal.text, ref=signal.ref))
            return
        before = turn.said
        turn.hear([signal])
        if isinstance(signal, Located) and turn.said == before:
            turn.hear([Sent(kind="location")])  # nobody asked for a place

    def _claim(self, connection: Connection, event: InboundEvent, person: Person | None) -> int | None:
        """Take the event for a person who is held until the commit; None if it was handled before."""
        return store.claim(
            connection,
            channel=event.inbound.channel,
            provider_id=event.inbound.provider_id,
            received_at=event.now,
            sealed=event.sealed,
            contributor_id=person.contributor_id if person is not None else None,
        )

    def _meet(
        self, connection: Connection, event: InboundEvent, inbound_id: int, state: str, source: str | None = None
    ) -> Person:
        inbound = event.inbound
        person = store.make_person(
            connection,
            channel=inbound.channel,
            lookups=event.lookups,
            sealed=seal_address(self.services.keyring, inbound.address),
            now=event.now,
            source=inbound.entry if source is None else source,
            simulated=is_simulated(inbound.channel),
        )
        store.mark_inbound(connection, inbound_id, state=state, contributor_id=person.contributor_id)
        return person

    def _let_in_or_out(self, connection: Connection, event: InboundEvent) -> Result:
        """The person blocked us or let us in again; neither changes what they agreed to (rule 37)."""
        inbound = event.inbound
        person = store.find_person(connection, channel=inbound.channel, lookups=event.lookups, lock=True)
        if person is None:
            return "other"
        if self._claim(connection, event, person) is None:
            return "duplicate"
        if inbound.blocked:
            store.set_address_state(connection, person.address_id, "blocked", event.now)
        elif person.address_state == "blocked":
            store.set_address_state(connection, person.address_id, "reachable", event.now)
        return "handled"

    def _store(
        self, connection: Connection, event: InboundEvent, state: str = "stored", error: str | None = None
    ) -> Result:
        return "duplicate" if self._keep_event(connection, event, state, error) is None else "other"

    def _keep_event(self, connection: Connection, event: InboundEvent, state: str, error: str | None) -> int | None:
        return failed_events.keep_event(
            connection,
            channel=event.inbound.channel,
            provider_id=event.inbound.provider_id,
            received_at=event.now,
            sealed=event.sealed,
            state=state,
            error=error,
        )

    def _fail(self, connection: Connection, event: InboundEvent, error: str) -> Result:
        """Keep an event for a replay, and tell the team."""
        inbound_id = self._keep_event(connection, event, "failed", error)
        if inbound_id is None:
            return "duplicate"
        store.raise_item(connection, kind=ItemKind.FAILED_TURN, now=event.now, inbound_id=inbound_id)
        return "failed"

    def _apologise(self, connection: Connection, event: InboundEvent, error: str) -> Result:
        """Keep a failed event with its person. STOP works even now; else they get one apology until it is mended."""
        inbound = event.inbound
        inbound_id = self._keep_event(connection, event, "failed", error)
        if inbound_id is None:
            return "duplicate"
        person = store.find_person(connection, channel=inbound.channel, lookups=event.lookups, lock=True)
        if person is None:
            person = self._meet(connection, event, inbound_id, "failed")
        person = address_holder.of_address(connection, self.services, person, event.signals, inbound_id, event.now)
        store.mark_inbound(connection, inbound_id, state="failed", error=error, contributor_id=person.contributor_id)
        language = person.language or self.services.languages[0]
        words = fallback.keywords(event.signals, language, inbound.look)
        if stops := Keyword.STOP in words:
            store.opt_out(connection, person.contributor_id, event.now)
        elif Keyword.DELETE in words:
            cancel_waiting.from_person(connection, person.contributor_id, "deleted", private=True)
        signpost = self._look_after(connection, event, person, inbound_id)
        first = store.raise_item(
            connection,
            kind=ItemKind.FAILED_TURN,
            now=event.now,
            contributor_id=person.contributor_id,
            inbound_id=inbound_id,
        )
        if stops:
            if not inbound.opt_out_type:
                self._say(connection, event, person, inbound_id, "care_stopped" if signpost else "stopped")
            return "failed"
        if signpost:
            self._say(connection, event, person, inbound_id, "care", "care_crisis_line")
        if first and not person.opted_out:
            self._say(connection, event, person, inbound_id, "trouble")
        return "failed"

    def _look_after(self, connection: Connection, event: InboundEvent, person: Person, inbound_id: int) -> bool:
        """Lay words of distress before the team; returns whether somebody to talk to is to be named (rule 77)."""
        level = fallback.raise_concern(connection, self.services, person, event.signals, inbound_id, event.now)
        last = person.signposted_at
        due = level == "plain" and not event.inbound.opt_out_type and (last is None or event.now - last >= ONCE_IN)
        if due:
            store.signposted(connection, person.contributor_id, event.now)
        return due

    def _say(self, connection: Connection, event: InboundEvent, person: Person, inbound_id: int, *keys: str) -> None:
        """Say texts that belong to every flow as one message, without a conversation."""
        language = person.language or self.services.language_for(event.inbound.language_hint)
        look = event.inbound.look
        text = " ".join(self.services.releases.common(key, language=language, look=look) for key in keys)
        self._answer(connection, event, person, inbound_id, text)

    def _answer(self, connection: Connection, event: InboundEvent, person: Person, inbound_id: int, text: str) -> None:
        if store.answered_beside(connection, person.address_id, event.now - HOUR) >= MOST_BESIDE:
            return
        store.enqueue(
            connection,
            beside=True,
            address_id=person.address_id,
            contributor_id=person.contributor_id,
            conversation_id=None,
            inbound_id=inbound_id,
            channel=person.channel,
            kind="reply",
            payload=Message(say=Say(text=text), thread_id=event.inbound.thread_id).to_json(),
            due_at=event.now,
            now=event.now,
        )
