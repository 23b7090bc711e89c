"""What the writer of a message can have seen of us: an answer counts only for that (design rule 10).

A question counts as seen once it was handed to the provider long enough before the message was written for somebody
to have read it. Rows that retention or an erasure has taken away are old, and count as seen.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from flows.model.vocabulary.delivery import MessageState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.queries.conversations.turn_queries import AskedQuestion

READ_IN = timedelta(seconds=0.6)
"""Nobody has read a message, and answered it, sooner after it was given to the provider."""
NEVER_SENT = frozenset({MessageState.CANCELLED, MessageState.FAILED})


class Seen(NamedTuple):
    """What a person can have read when they wrote."""

    serial: int | None
    """Number of the newest question; None: all that were asked."""
    lost: bool = False
    """True: the newest question never went out and never will, so that nobody can answer it."""


EVERYTHING = Seen(None)


def judge(asked: Sequence[AskedQuestion], written_at: datetime) -> Seen:
    """Tell from the last questions, the newest first, what was read by a moment."""
    if not asked:
        return EVERYTHING
    before = written_at - READ_IN
    newest = asked[0]
    if newest.handed_at is not None and newest.handed_at <= before:
        return EVERYTHING
    lost = newest.handed_at is None and newest.state in NEVER_SENT
    for question in asked:
        if question.handed_at is not None and question.handed_at <= before:
            return Seen(question.serial, lost)
    return Seen(asked[-1].serial - 1, lost)
