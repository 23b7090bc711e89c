"""What the team's web app is given when it is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flows.model.staffed_hours import StaffedHours
from storage.privacy.retention import Periods

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Engine

    from storage.db.writer import Writer
    from storage.places import Resolver
    from storage.protection.crypto import Keyring


@dataclass(frozen=True, kw_only=True)
class ReviewServices:
    """Everything `review.app.build` needs, handed in by the composition root; nothing here is read from settings."""

    engine: Engine
    """Where pages read."""
    writer: Writer
    """The only way pages write; `writer.run` is called off the event loop."""
    clock: Callable[[], datetime]
    """The present, aware, in UTC."""
    organisation: str
    """Whose room this is, as people know it."""
    public_url: str = "http://127.0.0.1:8000"
    """How browsers reach us. With https, cookies are marked Secure and bound to the host."""
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    """The zone in which times are shown."""
    keyring: Keyring | None = None
    """Opens what people wrote in a request, for a lead who answers it. Without it nothing sealed can be read."""
    places: Resolver | None = None
    """Finds places by name, for a reviewer who mends one that was not found. Without it none can be mended."""
    periods: Periods = field(default_factory=Periods)
    """How long things are kept, to say when quiet contacts go."""
    languages: tuple[str, ...] = ("en",)
    """What the bot speaks, as codes: a story in another language is marked for the team."""
    simulator: bool = False
    """True: the web phone at /try is on, so practice stories are shown in the queue, each with its badge."""

    staffed: StaffedHours = field(default_factory=StaffedHours)
    """When the team is there: by when somebody is to look at a safeguarding item."""
    open_event: Callable[[str, bytes], str] = lambda _channel, _sealed: ""
    """Returns the words of a sealed message of a channel; empty if it cannot be opened. Recorded reveals only."""
    open_address: Callable[[bytes], str] = lambda _sealed: ""
    """Returns a sealed number or chat; empty if it cannot be opened. Recorded reveals only."""

    @property
    def secure(self) -> bool:
        """True if browsers reach us by https."""
        return self.public_url.startswith("https://")
