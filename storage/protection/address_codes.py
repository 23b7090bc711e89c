"""Short numbers by which the holder of an address shows that they read what was sent there (design rule 13).

A sender can be forged; who forges it does not get our answer. A number is good once, for half an hour and three tries,
and a few are made in a day: 15 tries among ten thousand. Only a keyed hash is kept, bound to its person and moment.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, insert, select, update

from storage import tables

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from sqlalchemy.engine import Connection

    from storage.protection.crypto import Keyring

CODE = tables.HolderCode.__table__

LASTS = timedelta(minutes=30)
MOST_TRIES = 3
MOST_IN_A_DAY, DAY = 5, timedelta(hours=24)
DIGITS = 4
DOMAIN = "holder_code.lookup"


class Checked(NamedTuple):
    """What became of a try."""

    right: bool
    over: bool = False
    """True: there is no number that could be right any more."""


def draw(connection: Connection, keyring: Keyring, rng: Random, contributor_id: int, now: datetime) -> str:
    """Return a new number, which takes the place of an earlier one; empty if too many were asked for today."""
    mine = CODE.c.contributor_id == contributor_id
    today = select(func.count()).where(mine, CODE.c.made_at > now - DAY)
    if connection.execute(today).scalar_one() >= MOST_IN_A_DAY:
        return ""
    connection.execute(update(CODE).where(mine, CODE.c.used_at.is_(None)).values(used_at=now))
    code = f"{rng.randrange(10**DIGITS):0{DIGITS}}"
    lookup = keyring.lookup(DOMAIN, _bound(contributor_id, now, code))
    connection.execute(insert(CODE).values(contributor_id=contributor_id, lookup=lookup, made_at=now, tries=0))
    return code


def check(connection: Connection, keyring: Keyring, contributor_id: int, code: str, now: datetime) -> Checked:
    """Use a number up if it is the one that was sent; count the try if not."""
    row = connection.execute(
        select(CODE)
        .where(CODE.c.contributor_id == contributor_id, CODE.c.used_at.is_(None))
        .order_by(CODE.c.id.desc())
        .limit(1)
        .with_for_update()
    ).first()
    if row is None or now - row.made_at >= LASTS:
        return Checked(right=False, over=True)
    tried = keyring.lookups(DOMAIN, _bound(contributor_id, row.made_at, code))
    right = sum(hmac.compare_digest(bytes(row.lookup), one) for one in tried) > 0  # all are looked at, in the same time
    last = row.tries + 1 >= MOST_TRIES
    used_at = now if right or last else None
    connection.execute(update(CODE).where(CODE.c.id == row.id).values(tries=row.tries + 1, used_at=used_at))
    return Checked(right, over=last and not right)


def _bound(contributor_id: int, made_at: datetime, code: str) -> str:
    return f"{contributor_id}\0{made_at.isoformat()}\0{code}"
