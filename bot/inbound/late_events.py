"""Events that come in late: missed, set aside, or failed and brought in again. Never commits.

Such an event may be older than a STOP, a deletion or a taken-back story that was handled before it. It then wakes
nothing and is not kept (design rule 11): no greeting, no answer, no START. A STOP is never too late; a right that was
used is followed up by a person, and so are words of distress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.turn import blocked_reply, fallback
from flows.language.keywords.recognise import Keyword
from storage.queries.contributors.people import ended
from storage.queries.conversations import failed_events
from storage.queries.conversations.timers import parted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.channels.channel import Inbound
    from bot.turn.turn_services import TurnServices
    from flows.model.signals import Signal
    from storage.queries.conversations.turn_queries import Person


def _is_overtaken(
    connection: Connection, inbound: Inbound, person: Person | None, lookups: Sequence[bytes], now: datetime
) -> bool:
    """Tell whether its writer wanted no more of us after they wrote it."""
    written = inbound.written_by or now
    last = ended(connection, channel=inbound.channel, lookups=lookups, person=person)
    if any(at is not None and written <= at for at in last):
        return True
    parted_at = parted(connection, person.contributor_id) if person is not None else None
    return parted_at is not None and written <= parted_at


def laid_aside(
    connection: Connection,
    services: TurnServices,
    inbound: Inbound,
    signals: Sequence[Signal],
    person: Person | None,
    lookups: Sequence[bytes],
    inbound_id: int,
    now: datetime,
) -> bool:
    """Say nothing and keep nothing of an event that came too late, but what a person has to see to.

    Returns False for one that counts: its writer has not turned away since, or it is a STOP.
    """
    if not _is_overtaken(connection, inbound, person, lookups, now):
        return False
    language = (person.language if person is not None else "") or services.languages[0]
    words = fallback.keywords(signals, language, inbound.look)
    if Keyword.STOP in words:
        return False
    level = ""
    if person is not None:
        for kind in {fallback.RIGHTS[word] for word in words if word in fallback.RIGHTS}:
            blocked_reply.enter(connection, kind, person.contributor_id, now)
        level = fallback.raise_concern(connection, services, person, signals, inbound_id, now)
    if not level:
        failed_events.empty(connection, inbound_id)
    return True
