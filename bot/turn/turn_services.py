"""What a turn has at hand, and why it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from flows.model.staffed_hours import StaffedHours
from flows.model.vocabulary.delivery import MessageKind
from storage.privacy import file_link
from storage.queries.conversations import address_holders

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from bot.turn.releases import Releases
    from flows.model.channel_look import ChannelKind
    from flows.model.effects import Effect
    from storage.places import Resolver
    from storage.protection.crypto import Keyring
    from storage.queries.contributors.consent_decisions import Assisted


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnServices:
    """What every turn has at hand. One for the whole process."""

    keyring: Keyring
    releases: Releases
    resolver: Resolver
    notice: str
    """Digest of who asks and what for, as it stands now; decisions name it."""
    languages: tuple[str, ...] = ("en",)
    public_url: str = "http://127.0.0.1:8000"
    """Where links of ours begin, without a slash at the end."""
    steady: timedelta = address_holders.STEADY
    """The longest silence after which an address still opens what was told from it."""
    rng: Random = SystemRandom()  # noqa: RUF009 - it has no state
    staffed: StaffedHours = field(default_factory=StaffedHours)
    """When the team is there: by when somebody is to look at a safeguarding item."""
    file_token: Callable[[Keyring, int, int, datetime], str] = file_link.make
    """Makes what stands at the end of the link to somebody's own file."""
    observe: Callable[[Effect], object] | None = None
    """Is shown each effect once it was carried out; the transaction may still be undone. For simulations."""

    def language_for(self, hint: str) -> str:
        """Return the language to offer first to somebody whose app speaks `hint`."""
        plain = hint.lower().replace("_", "-").split("-")[0]
        return plain if plain in self.languages else self.languages[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTrigger:
    """Why a turn happens."""

    now: datetime
    look: ChannelKind
    kind: MessageKind = MessageKind.REPLY
    """Kind of the outbox rows it makes: reply or nudge."""
    inbound_id: int | None = None
    language_hint: str = ""
    thread_id: int | None = None
    redraw_of: str = ""
    """Provider's id of the message whose button was pressed."""
    assisted: Assisted | None = None
    """A worker who sits beside the person writes for them; what is said is shown there and sent nowhere (rule 56)."""
    muted: bool = False
    """True: the carrier has answered already; say nothing that asks nothing (rule 28)."""
