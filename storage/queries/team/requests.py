"""Named questions about data-protection requests and complaints, and the days they are due (rules 59 and 66).

Every function runs inside the caller's transaction and commits nothing. What was written is sealed; it is opened by
whoever answers it, who writes that down first, and goes when the request is closed.
"""

from __future__ import annotations

import json
from calendar import monthrange
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import func, insert, select, update

from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin, RequestOutcome
from storage.queries.team.team_items import settle_items
from storage.tables import Contributor, Request

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from storage.protection.crypto import Keyring

request = Request.__table__
contributor = Contributor.__table__

TARGET_DAYS = 28
"""Our own aim, so that a weekend does not break the law's month."""
ACKNOWLEDGE_DAYS = 30
"""By when somebody who complained is told that we have it."""
SEALED = "request.sealed"
RUSH, RUSH_LASTS = 60, timedelta(hours=1)
"""More complaints by the web form than this within that time are a rush."""
MOST_LISTED = 500


class Filed(NamedTuple):
    """A request that was just entered."""

    id: int
    reference: str
    """What the person is given to ask after it."""
    target_at: datetime
    due_at: datetime


class RequestWords(NamedTuple):
    """What a person wrote, opened."""

    said: str
    reach: str
    """How to answer them; empty if they did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """One request as the team sees it in the list: without its words."""

    id: int
    kind: RequestKind
    origin: RequestOrigin
    pseudonym: str
    """Whose it is, where that is known."""
    opened_at: datetime
    target_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    closed_at: datetime | None
    outcome: RequestOutcome | Literal[""]
    has_words: bool

    @property
    def reference(self) -> str:
        """Return what the person was given."""
        return reference(self.id)

    @property
    def waits_for(self) -> str:
        """Return what is to be done by `due_at`: `acknowledge`, `answer`, or nothing."""
        if self.closed_at is not None:
            return ""
        if self.kind == RequestKind.COMPLAINT:
            return "" if self.acknowledged_at is not None else "acknowledge"
        return "answer"

    def overdue(self, now: datetime) -> bool:
        """Tell whether the law's day has passed and nothing was done."""
        return bool(self.waits_for) and now > self.due_at

    def late(self, now: datetime) -> bool:
        """Tell whether our own day has passed and the law's has not."""
        return bool(self.waits_for) and self.target_at < now <= self.due_at


class Deadline(NamedTuple):
    """How many open requests there are, and how many of them are late."""

    open: int
    soon: int
    """Due within `SOON_DAYS`."""
    overdue: int


SOON_DAYS = 7


def reference(request_id: int) -> str:
    """Return what a person is given to ask after their request."""
    return f"R{request_id}"


def month_after(day: datetime) -> datetime:
    """Return the same day of the next month, or its last day where there is no such day (UK GDPR, Art. 12(3))."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


def open_request(
    connection: Connection,
    keyring: Keyring | None,
    *,
    kind: RequestKind,
    origin: RequestOrigin,
    now: datetime,
    contributor_id: int | None = None,
    said: str = "",
    reach: str = "",
) -> Filed:
    """Enter a request; the clock starts at `now`, which may be the earlier day on which a letter came.

    Without a keyring nothing that was written can be kept, only that something was asked.
    """
    due_at = now + timedelta(days=ACKNOWLEDGE_DAYS) if kind == RequestKind.COMPLAINT else month_after(now)
    target_at = now + timedelta(days=TARGET_DAYS)
    sealed = None
    if keyring is not None and (said or reach):
        sealed = keyring.seal(SEALED, json.dumps({"said": said, "reach": reach}, ensure_ascii=False).encode())
    number = connection.execute(
        insert(request)
        .values(
            kind=kind,
            origin=origin,
            contributor_id=contributor_id,
            sealed=sealed,
            opened_at=now,
            target_at=target_at,
            due_at=due_at,
            outcome="",
        )
        .returning(request.c.id)
    ).scalar_one()
    return Filed(int(number), reference(number), target_at, due_at)


_LISTED = (
    request.c.id,
    request.c.kind,
    request.c.origin,
    request.c.opened_at,
    request.c.target_at,
    request.c.due_at,
    request.c.acknowledged_at,
    request.c.closed_at,
    request.c.outcome,
)


def open_requests(connection: Connection) -> list[OpenRequest]:
    """Return what is open, what is due first first, without what came in a rush."""
    return _open(connection)[0][:MOST_LISTED]


def rushed_requests(connection: Connection) -> list[OpenRequest]:
    """Return open complaints that came by the web form when very many did: taken, and laid aside to be looked through.

    A flood must not bury the person who asked for their data in the same hour.
    """
    return _open(connection)[1]


def _open(connection: Connection) -> tuple[list[OpenRequest], list[OpenRequest]]:
    rows = connection.execute(_select().where(request.c.closed_at.is_(None)).order_by(request.c.due_at, request.c.id))
    standing = [OpenRequest(**row._mapping) for row in rows]
    by_form = sorted(
        (one for one in standing if one.origin == RequestOrigin.WEB and one.kind == RequestKind.COMPLAINT),
        key=lambda one: one.opened_at,
    )
    rushed = {
        one.id
        for earlier, one in zip(by_form, by_form[RUSH:], strict=False)
        if one.opened_at - earlier.opened_at < RUSH_LASTS
    }
    return [one for one in standing if one.id not in rushed], [one for one in standing if one.id in rushed]


def is_open(connection: Connection, kind: RequestKind, contributor_id: int) -> bool:
    """Tell whether this person has an open request of this kind."""
    found = select(request.c.id).where(
        request.c.kind == kind, request.c.contributor_id == contributor_id, request.c.closed_at.is_(None)
    )
    return connection.execute(found.limit(1)).first() is not None


def settle(
    connection: Connection,
    kind: RequestKind,
    contributor_id: int,
    now: datetime,
    *,
    outcome: RequestOutcome = RequestOutcome.DONE,
    origin: RequestOrigin | None = None,
) -> int:
    """Close what this person asked for before and has now got, or taken back, in the chat; returns how many that were.

    With `origin` only what came that way: a letter is not answered by what somebody does in a chat.
    """
    came = [request.c.origin == origin] if origin is not None else []
    settled = connection.execute(
        update(request)
        .where(request.c.kind == kind, request.c.contributor_id == contributor_id, request.c.closed_at.is_(None), *came)
        .values(closed_at=now, outcome=outcome, sealed=None)
    ).rowcount
    if settled:
        _tell_no_more(connection, contributor_id, None, now)
    return settled


def closed_requests(connection: Connection, *, limit: int = 50) -> list[OpenRequest]:
    """Return what is closed, the latest first."""
    order = (request.c.closed_at.desc(), request.c.id.desc())
    rows = connection.execute(_select().where(request.c.closed_at.is_not(None)).order_by(*order).limit(limit))
    return [OpenRequest(**row._mapping) for row in rows]


def one(connection: Connection, request_id: int) -> OpenRequest | None:
    """Return one request; None if there is none."""
    row = connection.execute(_select().where(request.c.id == request_id)).one_or_none()
    return None if row is None else OpenRequest(**row._mapping)


def _select() -> Select[Any]:
    return select(
        *_LISTED,
        func.coalesce(contributor.c.pseudonym, "").label("pseudonym"),
        request.c.sealed.is_not(None).label("has_words"),
    ).select_from(request.outerjoin(contributor, contributor.c.id == request.c.contributor_id))


def words_of(connection: Connection, keyring: Keyring, request_id: int) -> RequestWords | None:
    """Open what was written; None if nothing was or it has gone. Raises SealBrokenError. Write it down first."""
    sealed = connection.execute(select(request.c.sealed).where(request.c.id == request_id)).scalar()
    if sealed is None:
        return None
    content = keyring.open(SEALED, sealed).decode()
    try:
        found = json.loads(content)
    except ValueError:
        return RequestWords(content, "")
    return (
        RequestWords(str(found.get("said", "")), str(found.get("reach", "")))
        if isinstance(found, dict)
        else RequestWords(content, "")
    )


def acknowledge(connection: Connection, request_id: int, now: datetime) -> bool:
    """Note that the person was told that we have it; False if that was noted before, or it is closed."""
    changed = connection.execute(
        update(request)
        .where(request.c.id == request_id, request.c.acknowledged_at.is_(None), request.c.closed_at.is_(None))
        .values(acknowledged_at=now)
    )
    return changed.rowcount == 1


def close(connection: Connection, request_id: int, *, outcome: RequestOutcome, by: int | None, now: datetime) -> bool:
    """Close a request and let go of its words; False if it is closed already."""
    changed = connection.execute(
        update(request)
        .where(request.c.id == request_id, request.c.closed_at.is_(None))
        .values(closed_at=now, closed_by=by, outcome=outcome, sealed=None)
        .returning(request.c.contributor_id)
    ).one_or_none()
    if changed is not None:
        _tell_no_more(connection, changed.contributor_id, by, now)
    return changed is not None


def _tell_no_more(connection: Connection, contributor_id: int | None, by: int | None, now: datetime) -> None:
    """Close the item about this person's requests, or about those of nobody we know, once none of them is open."""
    theirs = request.c.contributor_id.is_not_distinct_from(contributor_id)
    left = select(request.c.id).where(theirs, request.c.closed_at.is_(None))
    if connection.execute(left.limit(1)).first() is None:
        settle_items(connection, (ItemKind.REQUEST,), now=now, by=by, contributor_id=contributor_id)


def due(connection: Connection, now: datetime) -> Deadline:
    """Return how many requests are open, soon due and overdue."""
    found = [standing for standing in open_requests(connection) if standing.waits_for]
    overdue = sum(standing.overdue(now) for standing in found)
    soon = sum(not standing.overdue(now) and standing.due_at - now < timedelta(days=SOON_DAYS) for standing in found)
    everything = connection.execute(
        select(func.count()).select_from(request).where(request.c.closed_at.is_(None))
    ).scalar_one()
    return Deadline(int(everything), soon, overdue)
