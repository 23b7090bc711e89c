"""What the web side receives from the composition root: three small records, each with what its pages need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from sqlalchemy.engine import Engine

    from bot.channels.channel import Channel
    from bot.inbound.intake import Intake
    from bot.inbound.recovery import Recovery
    from bot.jobs.conversation_timers import ConversationTimers
    from bot.outbound.sender import Sender
    from bot.settings.environment import Settings
    from bot.telemetry.readiness import Readiness
    from bot.turn.releases import Releases
    from bot.web.overload import Overload
    from review.kit.services import ReviewServices
    from storage.db.writer import Writer
    from storage.protection.crypto import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicServices:
    """What the pages for contributors need."""

    settings: Settings
    engine: Engine
    writer: Writer
    keyring: Keyring
    clock: Callable[[], datetime]
    steady: timedelta
    """The longest silence after which an address still opens the stories told from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorServices:
    """What the simulator's page needs. What it sends goes through the real intake."""

    settings: Settings
    engine: Engine
    writer: Writer
    keyring: Keyring
    clock: Callable[[], datetime]
    channel: Channel | None
    """The simulator's own channel; None if it is switched off."""
    releases: Releases
    intake: Intake
    timers: ConversationTimers


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """What the web application as a whole needs."""

    public: PublicServices
    simulator: SimulatorServices
    review: ReviewServices
    channels: Mapping[str, Channel]
    intake: Intake
    recovery: Recovery
    sender: Sender
    admission: Overload
    readiness: Readiness
    is_warm: Callable[[], bool]
