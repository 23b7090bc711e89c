"""What the team's web app receives when it is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flows.model.staffed_hours import StaffedHours
from storage.privacy.retained_kinds import Periods

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Engine

    from storage.db.writer import Writer
    from storage.places import Resolver
    from storage.protection.crypto import Keyring


@dataclass(frozen=True, kw_only=True)
class ReviewServices:
    """Everything `review.app.build` needs, from the composition root; nothing here is read from settings."""

    engine: Engine
    """For reading."""
    writer: Writer
    """The only way pages write; `writer.run` is called off the event loop."""
    clock: Callable[[], datetime]
    """The current time, aware, in UTC."""
    organisation: str
    """The organisation's name as people know it."""
    public_url: str = "http://127.0.0.1:8000"
    """How browsers reach us. With https, cookies are marked Secure and bound to the host."""
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    """The zone in which times are shown."""
    keyring: Keyring | None = None
    """Decrypts what people wrote in a request, for a lead who answers it. Without it nothing sealed can be read."""
    places: Resolver | None = None
    """Finds places by name, for a reviewer who corrects one. Without it places cannot be corrected."""
    periods: Periods = field(default_factory=Periods)
    """How long things are kept, to say when quiet contacts are deleted."""
    languages: tuple[str, ...] = ("en",)
    """Codes of the languages that the bot offers; a story in another language is marked for the team."""
    simulator: bool = False
    """True: the simulator at /try is on, so practice stories are shown in the queue, each with its badge."""

    staffed: StaffedHours = field(default_factory=StaffedHours)
    """The hours in which the team works; they set by when somebody looks at a safeguarding item."""
    open_event: Callable[[str, bytes], str] = lambda _channel, _sealed: ""
    """Returns the words of a sealed message of a channel; empty if it cannot be opened. The caller records it first."""
    open_address: Callable[[bytes], str] = lambda _sealed: ""
    """Returns a sealed phone number or chat id; empty if it cannot be decrypted. The caller records it first."""

    @property
    def secure(self) -> bool:
        """True if browsers reach us by https."""
        return self.public_url.startswith("https://")
