"""Members who left, in the list beside the database, so that a restored copy lets none of them in again (ADR 21).

A line identifies a row of the team's table by its number and the time it was made; it names nobody. Part of the
caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from storage import tables
from storage.db.column_types import to_microseconds
from storage.privacy.vacuum import Erased, last_said
from storage.queries.team import members, on_call, safeguarding_work

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection

LINK = tables.SignInLink.__table__
MEMBER = tables.TeamMember.__table__
SESSION = tables.TeamSession.__table__
TOKEN = tables.ApiToken.__table__

LEFT, JOINED = "left", "joined"


def unlisted(connection: Connection, lines: Iterable[Erased], now: datetime) -> list[Erased]:
    """Return the lines missing from a list: who left since, and who came back."""
    listed, out = last_said(lines, LEFT, JOINED), _standing(connection, active=False)
    fresh = [Erased(now, LEFT, token) for token in sorted(out - listed)]
    return fresh + [Erased(now, JOINED, token) for token in sorted(listed & _standing(connection, active=True))]


def known_to(connection: Connection) -> list[Erased]:
    """Return what this database knows, as lines of the list. Their dates are not used by `hold`."""
    rows = connection.execute(select(MEMBER.c.id, MEMBER.c.created_at, MEMBER.c.active)).all()
    return [Erased(row.created_at, JOINED if row.active else LEFT, _token(row.id, row.created_at)) for row in rows]


def hold(connection: Connection, lines: Iterable[Erased], now: datetime) -> int:
    """Remove members again who had left, and end all sessions, links and tokens. Returns how many members that were.

    A session, link or token in the copy may have been ended since, for example after a lost laptop: everybody signs in
    again.
    """
    connection.execute(delete(SESSION))
    connection.execute(update(LINK).where(LINK.c.used_at.is_(None), LINK.c.expires_at > now).values(expires_at=now))
    connection.execute(update(TOKEN).where(TOKEN.c.revoked_at.is_(None)).values(revoked_at=now))
    again = last_said(lines, LEFT, JOINED) & _standing(connection, active=True)
    for token in sorted(again):
        number = int(token.partition(":")[0])
        members.make_inactive(connection, number, at=now)
        on_call.remove(connection, number)
        safeguarding_work.hand_back_all(connection, number, now)
        members.record(
            connection, at=now, who="earshot", act="member.removed", object_kind="team_member", object_id=number,
            detail="had left before a copy was put back",
        )  # fmt: skip
    return len(again)


def _standing(connection: Connection, *, active: bool) -> set[str]:
    rows = connection.execute(select(MEMBER.c.id, MEMBER.c.created_at).where(MEMBER.c.active.is_(active))).all()
    return {_token(row.id, row.created_at) for row in rows}


def _token(number: int, made: datetime) -> str:
    return f"{number}:{to_microseconds(made)}"
