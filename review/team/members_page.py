"""The team page: who may sign in, removing a member, ending the sessions of a lost laptop. For leads only.

The rules are in `review.kit.end_membership`; `earshot team add` invites new people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from review.kit import accounts, end_membership, render
from storage.db.engine import reader
from storage.queries.team import members as team
from storage.queries.team import on_call

if TYPE_CHECKING:
    from starlette.responses import Response

    from review.kit.visit import Visit

LARGEST_ID = 2**31 - 1
DONE = {
    "removed": "They are removed: their sessions, links and tokens have ended.",
    "removed-on-call": "They are removed, and off call. See who is on call now: earshot team oncall",
    "signed-out": "They are signed out everywhere. With their password they can come in again.",
}


def show(visit: Visit) -> Response:
    """Show everybody on the team."""
    return _page(visit)


def act(visit: Visit) -> Response:
    """Remove a member, or end all their sessions."""
    number, wished = visit.request.path_params["number"], visit.request.path_params["act"]
    if number > LARGEST_ID or wished not in {"remove", "sign-out"}:
        return render.problem(visit, "not_found", 404)
    if wished == "remove" and not visit.field("sure"):
        return _page(visit, error="Tick the box to say that you are sure. Nothing was changed.", status=422)
    try:
        if wished == "sign-out":
            end_membership.sign_out_everywhere(visit.services.writer, number, now=visit.now, who=visit.who.email)
            done = "signed-out"
        else:
            left = end_membership.remove_member(visit.services.writer, number, now=visit.now, who=visit.who.email)
            done = "removed-on-call" if left.was_on_call else "removed"
    except end_membership.LastLeadError as error:
        return _page(visit, error=str(error), status=409)
    except end_membership.NotOnTheTeamError:
        return _page(visit, error="They had left already. Nothing was changed.", status=409)
    return RedirectResponse(f"/team?done={done}", 303)


def _page(visit: Visit, *, error: str = "", status: int = 200) -> Response:
    with reader(visit.services.engine) as connection:
        members = team.all_members(connection)
        browsers = team.browsers(connection, visit.now, visit.now - accounts.SESSION_IDLE)
        called = {contact.member_id for contact in on_call.contacts(connection)}
    return render.page(
        visit,
        "team.html",
        status,
        members=[one for one in members if one.active],
        gone=[one for one in members if not one.active],
        browsers=browsers,
        called=called,
        error=error,
        notice="" if error else DONE.get(visit.request.query_params.get("done", ""), ""),
    )
