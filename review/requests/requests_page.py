"""The requests page: who asked for their data or complained, by when each must be answered, and the outcome.

For leads only. What a person wrote is sealed; reading it is recorded before it is shown.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse

from flows.model.vocabulary.request_kinds import RequestOutcome
from review.kit import labels, render
from storage.db.engine import reader
from storage.privacy.retained_kinds import leaving
from storage.protection.crypto import SealBrokenError
from storage.queries.stories import exports_made
from storage.queries.team import members, requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from sqlalchemy import Connection
    from starlette.responses import Response

    from review.kit.visit import Visit
    from storage.queries.team.requests import OpenRequest

MOST_RUSHED = 200
"""Complaints of a rush that are listed at once; more appear when some are closed."""
READ_EVERY = timedelta(hours=1)
"""Reading what somebody wrote is recorded once an hour for each reader, not at every reload."""
LARGEST_ID = 2**31 - 1

DONE = {
    "acknowledge": "Noted: they were told that we have it.",
    "close": "Closed. What they wrote is deleted; that they asked, and when it was answered, stays.",
    "late": "Somebody was quicker: this had been done already.",
}


def show(visit: Visit) -> Response:
    """Show the open requests, the next due first, and the closed ones."""
    with reader(visit.services.engine) as connection:
        found: dict[str, Any] = {
            "open": requests.open_requests(connection),
            "rushed": requests.rushed_requests(connection),
            "closed": requests.closed_requests(connection),
            "leaving": leaving(connection, visit.services.periods),
            "recalls": len(exports_made.recalls(connection)),
        }
    return render.page(
        visit,
        "requests.html",
        due=partial(due_in_words, now=visit.now, zone_day=_zone_day(visit)),
        notice=DONE.get(visit.request.query_params.get("done", ""), ""),
        most_rushed=MOST_RUSHED,
        **found,
    )


def one(visit: Visit) -> Response:
    """Show one request with what the person wrote, and record that it was read (rule 65)."""
    return _page(visit)


def act(visit: Visit) -> Response:
    """Record that the person was told we have their request, or close it."""
    number, wished = visit.request.path_params["number"], visit.request.path_params["act"]
    if number > LARGEST_ID or wished not in {"acknowledge", "close"}:
        return render.problem(visit, "not_found", 404)
    outcome = visit.field("outcome")
    if wished == "close" and not labels.known(labels.OUTCOMES, outcome):
        return _page(visit, error="Say what came of it, then close it. Nothing was changed.", status=422)

    def work(connection: Connection) -> bool:
        if wished == "acknowledge":
            done = requests.acknowledge(connection, number, visit.now)
        else:
            done = requests.close(connection, number, outcome=RequestOutcome(outcome), by=visit.who.id, now=visit.now)
        if done:
            _record(connection, visit, number, f"request.{wished}d", outcome if wished == "close" else "")
        return done

    done = visit.services.writer.run(work)
    return RedirectResponse(f"/requests?done={wished if done else 'late'}", 303)


def _page(visit: Visit, *, error: str = "", status: int = 200) -> Response:
    number = visit.request.path_params["number"]
    keyring = visit.services.keyring
    if number > LARGEST_ID:
        return render.problem(visit, "not_found", 404)
    with reader(visit.services.engine) as connection:
        standing = requests.one(connection, number)
        if standing is None:
            return render.problem(visit, "not_found", 404)
        acts = members.acts_on(connection, "request", number)
        known = members.acted_since(
            connection,
            who=visit.who.email,
            act="request.read",
            object_kind="request",
            object_id=number,
            since=visit.now - READ_EVERY,
        )
    if standing.has_words and not known:
        visit.services.writer.run(partial(_record, visit=visit, number=number, act="request.read", detail=""))
    written, locked = None, False
    if keyring is not None and standing.has_words:
        with reader(visit.services.engine) as connection:
            try:
                written = requests.words_of(connection, keyring, number)
            except SealBrokenError:
                locked = True
    return render.page(
        visit,
        "request.html",
        status,
        standing=standing,
        written=written,
        locked=locked,
        acts=acts,
        error=error,
        due=partial(due_in_words, now=visit.now, zone_day=_zone_day(visit)),
    )


def _record(connection: Connection, visit: Visit, number: int, act: str, detail: str) -> None:
    members.record(
        connection, at=visit.now, who=visit.who.email, act=act, object_kind="request", object_id=number, detail=detail
    )


def _zone_day(visit: Visit) -> Callable[[datetime], date]:
    return lambda at: at.astimezone(visit.services.timezone).date()


def due_in_words(standing: OpenRequest, *, now: datetime, zone_day: Callable[[datetime], date]) -> str:
    """Return what is to be done and by when, and whether it is late, in words."""
    if not standing.waits_for:
        return "They were told that we have it. Answer without delay, and say what you found."
    what = "Say that we have it" if standing.waits_for == "acknowledge" else "Answer"
    days = (zone_day(standing.due_at) - zone_day(now)).days
    if standing.overdue(now):
        late = "since today" if days == 0 else f"by {_days(-days)}"
        return f"Overdue {late}. {what} now."
    if days == 0:
        return f"{what} today: it is due."
    aim = "" if standing.late(now) or standing.waits_for == "acknowledge" else _aim(standing, now, zone_day)
    return f"{what} within {_days(days)}.{aim}"


def _aim(standing: OpenRequest, now: datetime, zone_day: Callable[[datetime], date]) -> str:
    days = (zone_day(standing.target_at) - zone_day(now)).days
    return f" Our own aim: {_days(days)}." if days > 0 else " Our own aim is today."


def _days(days: int) -> str:
    return f"{days} day" if days == 1 else f"{days} days"
