"""Consent decisions about a story that stands, outside the conversation it was told in. Never commits.

Imports the tables and the engine's records. Decisions are only ever added (rule 51).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam as b
from sqlalchemy import insert, select

from flows.letters import storable
from storage import tables
from storage.statement import Statement

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.conversation import Conversation
    from flows.effects import RecordConsent

DECISION = tables.Decision.__table__
TEXT = tables.ConsentText.__table__

LAPSED = "lapse"
"""Step of a decision that nobody took: time did, because an answer ran out."""
AS_BEFORE = (
    "contributor_id", "conversation_id", "story_id", "purpose", "text_digest", "text_version", "flow", "structure",
    "whole", "language", "channel", "notice_digest",
)  # fmt: skip
_TEXT = Statement(
    lambda add: (
        add(TEXT)
        .values(digest=b("digest"), text=b("text"), language=b("language"))
        .on_conflict_do_nothing(index_elements=["digest"])
    )
)


def add(  # noqa: PLR0913 - what was decided, about what, by whom and where
    connection: Connection,
    asked: RecordConsent,
    *,
    story_id: int,
    contributor_id: int,
    conversation: Conversation,
    whole: str,
    now: datetime,
    purpose: str = "",
    answer: str = "",
    valid_until: datetime | None = None,
) -> int:
    """Add what somebody decided about a story of theirs, with the words they were shown; returns its number.

    `purpose` and `answer` are for what the same words decide beside what was asked.
    """
    _TEXT.run(connection, digest=asked.digest, text=storable(asked.text), language=asked.language)
    return _insert(
        connection, contributor_id=contributor_id, conversation_id=conversation.id, story_id=story_id,
        purpose=purpose or asked.purpose, answer=answer or asked.answer, literal=storable(asked.literal),
        text_digest=asked.digest, step=asked.step, flow=conversation.flow, structure=conversation.structure,
        whole=whole, language=asked.language, channel=conversation.channel, decided_at=now, valid_until=valid_until,
    )  # fmt: skip


def lapse(connection: Connection, *, story_id: int, purpose: str, answer: str, now: datetime) -> int | None:
    """Add that time has taken an answer to the narrower one, in the words it was given under; None without one."""
    last = latest(connection, story_id=story_id, purpose=purpose)
    if last is None:
        return None
    kept = {name: last[name] for name in AS_BEFORE}
    return _insert(connection, **kept, answer=answer, literal="", step=LAPSED, decided_at=now, valid_until=None)


def latest(connection: Connection, *, story_id: int, purpose: str) -> dict[str, Any] | None:
    """Return the newest decision of this purpose about a story."""
    row = connection.execute(
        select(DECISION)
        .where(DECISION.c.story_id == story_id, DECISION.c.purpose == purpose)
        .order_by(DECISION.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else dict(row._mapping)


def _insert(connection: Connection, **values: Any) -> int:
    rest = {"text_version": 1, "notice_digest": None, "assisted_by": None, "assisted_where": "", "read_aloud": False}
    return int(connection.execute(insert(DECISION).values(rest | values).returning(DECISION.c.id)).scalar_one())
