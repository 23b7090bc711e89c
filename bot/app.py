"""The composition root: builds every part of the service from the settings, starts and stops it.

Nothing is built at import time. Apart from this module, only the command line sees all the settings.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot.channels import switched_on
from bot.channels.channel import SendError
from bot.channels.simulator.simulator_channel import NAME as SIMULATOR
from bot.inbound.intake import Intake
from bot.inbound.recovery import Recovery
from bot.jobs.conversation_timers import ConversationTimers
from bot.jobs.follow_ups import FollowUps
from bot.jobs.scheduler import DAY, HOUR, MINUTE, Job, Schedule
from bot.outbound.sender import Sender
from bot.settings.open_database import open_database, periods, store_privacy_facts
from bot.settings.organisation import organisation_facts
from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from bot.telemetry.readiness import Readiness
from bot.turn.alerts import Alerts
from bot.turn.menu_texts import menus
from bot.turn.releases import Releases
from bot.turn.turn_services import TurnServices
from bot.web import routes
from bot.web.overload import Overload
from bot.web.sealed_reader import SealedReader
from bot.web.web_services import PublicServices, SimulatorServices, WebServices
from flows.language import kept_books
from flows.language.answers.phrase_book import answers_in
from flows.language.distress import distress_tables
from flows.language.distress.detect_distress import warm as warm_danger
from flows.language.intents.detect_sense import warm as warm_sense
from flows.language.intents.intent_tables import book as intents_in
from review.kit.services import ReviewServices
from storage.db.engine import reader
from storage.places import Resolver
from storage.privacy import retention
from storage.privacy.vacuum import vacuum
from storage.protection.erasure import finish_erasures
from storage.queries.project_places import project_places
from storage.upkeep import backup, refusals_list
from storage.upkeep.timekeeping import present

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from bot.channels.channel import Channel, Inbound
    from bot.channels.telegram.telegram_channel import TelegramChannel
    from bot.settings.environment import Settings
    from bot.settings.open_database import OpenDatabase
    from bot.web.asgi import AsgiApp
    from storage.db.database_trouble import Cause
    from storage.places import ProjectPlace

OPEN_SECONDS = 2.0
"""Seconds that a start waits for providers to answer. A provider that takes longer is connected when it answers."""
TICK_SECONDS = 10


class App:
    """The whole service, built and not yet started."""

    def __init__(
        self, base: OpenDatabase, releases: Releases, channels: Mapping[str, Channel], notice_digest: str
    ) -> None:
        self.settings = base.settings
        self.engine = base.engine
        self.writer = base.writer
        self.keyring = base.keyring
        self.time = base.time
        self.clock = base.clock
        self.releases = releases
        self.channels = channels
        self.resolver = Resolver(self._own_places(), (base.settings.country,))
        self.services = TurnServices(
            keyring=base.keyring,
            releases=releases,
            resolver=self.resolver,
            languages=base.settings.languages,
            notice=notice_digest,
            public_url=base.settings.public_url,
            staffed=base.settings.staffed_hours,
            steady=timedelta(days=base.settings.steady_days),
        )
        self.intake = Intake(
            writer=base.writer,
            services=self.services,
            channels=channels,
            clock=base.clock,
            advanced_opt_out=base.settings.advanced_opt_out,
        )
        self.timers = ConversationTimers(
            engine=base.engine, writer=base.writer, services=self.services, clock=base.clock, surely=base.time.surely
        )
        self.sealed_reader = SealedReader(base.keyring, channels)
        self.alerts = Alerts(
            engine=base.engine,
            writer=base.writer,
            public_url=base.settings.public_url,
            staffed=base.settings.staffed_hours,
            clock=base.clock,
        )
        self.follow_ups = FollowUps(
            engine=base.engine,
            writer=base.writer,
            services=self.services,
            quiet_hours=base.settings.quiet_hours,
            timezone=base.settings.timezone,
            clock=base.clock,
        )
        self.recovery = Recovery(
            engine=base.engine, keyring=base.keyring, intake=self.intake, channels=channels, clock=base.clock
        )
        self.sender = Sender(
            engine=base.engine,
            writer=base.writer,
            keyring=base.keyring,
            channels=channels,
            clock=base.clock,
            surely=base.time.surely,
            senders=base.settings.senders,
            quiet_hours=base.settings.quiet_hours,
            timezone=base.settings.timezone,
        )
        self.schedule = Schedule(self._jobs())
        self.admission = Overload()
        self.warming: asyncio.Task[None] | None = None
        """The task that reads all places and keyword tables; until it is done, the first messages would wait for it."""
        self.readiness = Readiness(
            probe=self.sender.presence.beat,
            health=base.writer.health,
            turns=self.intake.turns,
            delivering=lambda: self.sender.fit,
            warm=lambda: self.warm,
            monotonic=time.monotonic,
        )
        base.writer.health.on_change(_log_trouble)
        self._clock_seen = False
        self._running: list[asyncio.Task[None]] = []
        self._base = base

    @cached_property
    def asgi(self) -> AsgiApp:
        """The ASGI application, built at first use."""
        public = PublicServices(
            settings=self.settings, engine=self.engine, writer=self.writer, keyring=self.keyring, clock=self.clock,
            steady=self.services.steady,
        )  # fmt: skip
        simulator = SimulatorServices(
            settings=self.settings, engine=self.engine, writer=self.writer, keyring=self.keyring, clock=self.clock,
            channel=self.channels.get(SIMULATOR), releases=self.releases, intake=self.intake, timers=self.timers,
        )  # fmt: skip
        services = WebServices(
            public=public, simulator=simulator, review=self.review_services(), channels=self.channels,
            intake=self.intake, recovery=self.recovery, sender=self.sender, admission=self.admission,
            readiness=self.readiness, is_warm=lambda: self.warm,
        )  # fmt: skip
        return routes.build(services)

    def review_services(self) -> ReviewServices:
        """Return the services that the team's pages need."""
        return ReviewServices(
            engine=self.engine,
            writer=self.writer,
            keyring=self.keyring,
            periods=periods(self.settings),
            clock=self.clock,
            places=self.resolver,
            organisation=self.settings.organisation,
            public_url=self.settings.public_url,
            timezone=self.settings.timezone,
            languages=self.settings.languages,
            simulator=self.settings.simulator_on,
            staffed=self.settings.staffed_hours,
            open_event=self.sealed_reader.event,
            open_address=self.sealed_reader.address,
        )

    async def start(self) -> None:
        """Start the senders, the scheduler and the channels. Waits at most `OPEN_SECONDS` for the channels.

        A channel that fails is logged and leaves the others running; one that takes long to open delays nothing else.
        """
        self.warming = asyncio.create_task(asyncio.to_thread(self._warm))
        self._running.append(self.warming)
        await self.sender.start()
        opening = {name: asyncio.create_task(self._open(channel)) for name, channel in self.channels.items()}
        telegram = self.channels.get("telegram")
        if telegram is not None and self.settings.telegram_by == "polling":
            polls = self._poll(cast("TelegramChannel", telegram), opening["telegram"])
            self._running.append(asyncio.create_task(polls))
        self._running.extend(opening.values())
        if opening:
            await asyncio.wait(opening.values(), timeout=OPEN_SECONDS)
        self.schedule.start()

    @property
    def warm(self) -> bool:
        """True once places and keyword tables are in memory, so that no message waits for them."""
        return self.warming is not None and self.warming.done()

    def _warm(self) -> None:
        """Load what the first messages would otherwise wait for."""
        distress_tables.warm(self.settings.languages)
        for language in self.settings.languages:
            intents_in(language)
            answers_in(language)
        warm_danger()
        warm_sense()
        self.resolver.warm()
        kept_books.all_are_ready()

    async def stop(self) -> None:
        """Stop receiving, then sending, then writing. What is not sent yet stays in the outbox."""
        self.schedule.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.sender.stop()
        await asyncio.gather(*(channel.stop() for channel in self.channels.values()), return_exceptions=True)
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Close the database. An app that was never started needs nothing else."""
        self._base.close()

    async def _open(self, channel: Channel) -> None:
        channel.offer(menus(self.releases))
        try:
            await channel.start()
        except SendError as error:
            log.error("channel refused", channel=channel.name, code=error.code)
        except Exception as error:
            log.error("channel not started", channel=channel.name, **error_fields(error))
        else:
            metrics.up.labels(channel.name).set(1)

    async def _poll(self, channel: TelegramChannel, opening: asyncio.Task[None]) -> None:
        await asyncio.wait([opening])
        await channel.poll(self._polled)

    async def _polled(self, inbound: Inbound) -> None:
        await self.intake.take(inbound)

    def _jobs(self) -> tuple[Job, ...]:
        return (
            Job(name="clock", every=MINUTE, run=self._check_clock),
            Job(name="due", every=TICK_SECONDS, run=self.timers.tick),
            Job(name="alerts", every=TICK_SECONDS, run=self.alerts.tick),
            Job(name="follow ups", every=MINUTE, run=self._while_clock_is_sure(self.follow_ups.tick)),
            Job(name="renewal", every=HOUR, run=self._while_clock_is_sure(self.follow_ups.renew)),
            Job(name="stored", every=MINUTE, run=self.recovery.stored),
            Job(name="missed", every=DAY, run=self.recovery.missed),
            Job(name="refused", every=TICK_SECONDS, run=self.recovery.after_refusal, at_start=False),
            Job(name="retention", every=HOUR, run=self._run_retention),
            Job(name="erasures", every=MINUTE, run=self._finish_erasures),
            Job(name="vacuum", every=MINUTE, run=self._vacuum),
            Job(name="places", every=MINUTE, run=self._read_places, at_start=False),
        )

    async def _check_clock(self) -> int:
        afresh, self._clock_seen = not self._clock_seen, True
        leap = await self.writer.perform(partial(self.time.settle, afresh=afresh))
        if leap is not None:
            log.error("clock in doubt", reads=leap.reads.isoformat(), known=leap.known.isoformat())
        return 0

    def _while_clock_is_sure(self, run: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
        """Return a job that does nothing while the clock is in doubt, for work that asks people or ends by date."""

        async def sure() -> int:
            return await run() if self.time.leap is None else 0

        return sure

    async def _finish_erasures(self) -> int:
        return await self.writer.perform(partial(finish_erasures, now=self.time.surely()))

    async def _vacuum(self) -> int:
        """Write the list of refusals beside the database, then clean deleted content out of free pages and logs."""
        await asyncio.to_thread(refusals_list.keep, self.engine, self.writer, self.settings.data_dir, self.clock())
        done = await asyncio.to_thread(vacuum, self.engine, self.writer, self.settings.data_dir, self.clock())
        return done.fresh if done.clean else 0

    async def _run_retention(self) -> int:
        """Delete what has been kept for its full period. Runs hourly, because /privacy says "at most"."""
        kept = periods(self.settings)
        return len(await asyncio.to_thread(retention.run, self.engine, self.writer, kept, self.time.surely()))

    async def _read_places(self) -> int:
        places = await asyncio.to_thread(self._own_places)
        self.resolver.replace_project(places)
        return 0

    def _own_places(self) -> list[ProjectPlace]:
        with reader(self.engine) as connection:
            return project_places(connection)


def _log_trouble(cause: Cause | None) -> None:
    if cause is None:
        log.warning("database works again")
    else:
        log.critical("database trouble", reason=cause.value)


def build(settings: Settings, clock: Callable[[], datetime] = present) -> App:
    """Build the service: database, keys, flows (published if they are new), channels. Starts nothing.

    Raises FlowError, NoSuchFlowError and what `open_database` raises.
    """
    releases = Releases.compile(
        organisation_facts(settings), settings.default_flow, settings.flow_folders, settings.text_folders
    )
    base = open_database(settings, clock)
    if base.engine.dialect.name == "sqlite":
        backup.clear_up(Path(str(base.engine.url.database)), clock().timestamp() - HOUR)
    try:
        base.writer.run(partial(releases.publish, now=clock()))
        return App(base, releases, switched_on(settings, base.keyring), store_privacy_facts(base))
    except BaseException:
        base.close()
        raise
