"""How long a message is tried again, and how long each wait between two tries is (rule 16)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.model.vocabulary.delivery import MessageKind

if TYPE_CHECKING:
    from storage.queries.delivery.outbox import DueMessage

FIRST_WAIT = 1.0
GROWTH = 1.5
"""A wait is about a third of the time since the first try, so that nobody waits long for a fault that is over."""
LONGEST_WAIT = 30.0
PATIENCE = {
    MessageKind.REPLY: timedelta(hours=24),
    MessageKind.CHAT_DELETION: timedelta(hours=24),
    MessageKind.ALERT: timedelta(hours=1),
}
"""How long a message is tried again. A reply is of use for a day; what nobody waits for may lie a night in between. An
alert that does not go out goes to somebody else, and the clock writes the next one."""
PATIENCE_UNASKED = timedelta(hours=36)


def patient(due: DueMessage, now: datetime) -> bool:
    """True while it makes sense to try a message again."""
    return now - due.created_at < PATIENCE.get(due.kind, PATIENCE_UNASKED)


def backoff(attempts: int, chance: float) -> float:
    """Return seconds to wait after `attempts` failures: exponential, from half to the whole (`chance`: 0 to 1)."""
    return (0.5 + 0.5 * chance) * min(LONGEST_WAIT, FIRST_WAIT * GROWTH ** min(attempts, 20))
