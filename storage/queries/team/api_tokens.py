"""Named questions about the bearer tokens of the team's API. Never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from storage import tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

TOKEN = tables.ApiToken.__table__


def replace_token(connection: Connection, *, member_id: int, token_hash: str, now: datetime) -> None:
    """Store the hash of a member's new token; those they had before stop working."""
    revoke_tokens(connection, member_id=member_id, now=now)
    connection.execute(insert(TOKEN).values(token_hash=token_hash, member_id=member_id, created_at=now))


def revoke_tokens(connection: Connection, *, member_id: int, now: datetime) -> None:
    """Let every token of a member stop working."""
    connection.execute(
        update(TOKEN).where(TOKEN.c.member_id == member_id, TOKEN.c.revoked_at.is_(None)).values(revoked_at=now)
    )
