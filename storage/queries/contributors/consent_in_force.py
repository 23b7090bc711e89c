"""Named questions about decisions that stand: the newest answer counts, and only while it is valid (rule 53).

Never commits. What a story may be used for is a copy on the story; this is about the person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import select

from storage import tables
from storage.db.prepared_statement import Statement

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.consent_answers import Purpose

DECISION = tables.Decision.__table__
NOTICE = tables.Notice.__table__


class ConsentStanding(NamedTuple):
    """The newest decision of a person for one purpose."""

    id: int
    answer: str
    """yes or no; for `use` and `naming` what was chosen."""
    decided_at: datetime
    valid_until: datetime | None
    text_version: int
    story_id: int | None


_LATEST = Statement(
    select(*(DECISION.c[name] for name in ConsentStanding._fields))
    .where(DECISION.c.contributor_id == b("contributor_id"), DECISION.c.purpose == b("purpose"))
    .order_by(DECISION.c.id.desc())
    .limit(1)
)
_KEEP_NOTICE = Statement(
    lambda insert: (
        insert(NOTICE)
        .values(digest=b("digest"), body=b("body"))
        .on_conflict_do_nothing(index_elements=["digest"])
    )
)  # fmt: skip


def latest(
    connection: Connection, contributor_id: int, purpose: Purpose, now: datetime, *, version: int = 1
) -> ConsentStanding | None:
    """Return what a person decided last, for whichever story; None if they were never asked or it counts no more.

    It counts no more once its time is over, or when what people agree to has changed since: its text is older than
    `version`, the number that the flow asks with now. A no has no end.
    """
    row = _LATEST.one(connection, contributor_id=contributor_id, purpose=purpose)
    if row is None:
        return None
    standing = ConsentStanding(*row)
    over = standing.valid_until is not None and standing.valid_until <= now
    outdated = standing.answer != "no" and standing.text_version < version
    return None if over or outdated else standing


def agrees(connection: Connection, contributor_id: int, purpose: Purpose, now: datetime, *, version: int = 1) -> bool:
    """Return whether a person said yes to this and it still counts; never having been asked is a no (rule 49)."""
    standing = latest(connection, contributor_id, purpose, now, version=version)
    return standing is not None and standing.answer == "yes"


def keep_notice(connection: Connection, digest: str, body: str) -> None:
    """Keep who asks and what for, once under its digest."""
    _KEEP_NOTICE.run(connection, digest=digest, body=body)
