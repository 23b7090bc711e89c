"""The pages of coming in and going out: sign-in, the one-time link, sign-out. Imports our rules of signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from review import access, auth, pages
from storage.database import reader
from storage.queries import team

if TYPE_CHECKING:
    from starlette.responses import Response

    from review.access import Visit


def sign_in_form(visit: Visit) -> Response:
    """Show the sign-in form, or go on if the browser is signed in already."""
    where = _onward(visit.request.query_params.get("next", ""))
    if visit.member is not None:
        return RedirectResponse(where, 303)
    return _sign_in_page(visit, where)


def sign_in(visit: Visit) -> Response:
    """Check email and password, and go on to the page that was asked for."""
    where = _onward(visit.field("next"))
    outcome = auth.sign_in(
        visit.parts.engine,
        visit.parts.writer,
        visit.slowdown,
        email=visit.field("email"),
        password=visit.secret("password"),
        place=visit.place,
        now=visit.now,
    )
    if isinstance(outcome, auth.Refused):
        response = _sign_in_page(visit, where, error=outcome.reason, status=429 if outcome.wait else 401)
        if outcome.wait:
            response.headers["Retry-After"] = str(outcome.wait)
        return response
    return access.let_in(visit, outcome, where)


def sign_out(visit: Visit) -> Response:
    """End the session and show the sign-in form."""
    auth.sign_out(visit.parts.writer, visit.cookie)
    return access.let_out(visit, "/sign-in?done=signed-out")


def join_form(visit: Visit) -> Response:
    """Show what a one-time link is for. Opening it does not use it up: mail programs open links by themselves."""
    return _join_page(visit)


def join(visit: Visit) -> Response:
    """Use the link up and sign the new member in."""
    if visit.secret("password") != visit.secret("again"):
        return _join_page(visit, error="The two passwords are not the same. Write them again.", status=422)
    outcome = auth.accept(
        visit.parts.writer,
        visit.request.path_params["token"],
        email=visit.field("email"),
        name=visit.field("name"),
        password=visit.secret("password"),
        organisation=visit.parts.organisation,
        now=visit.now,
    )
    if isinstance(outcome, auth.Refused):
        return _join_page(visit, error=outcome.reason, status=422)
    return access.let_in(visit, outcome, "/")


def _sign_in_page(visit: Visit, where: str, *, error: str = "", status: int = 200) -> Response:
    with reader(visit.parts.engine) as connection:
        anybody = team.has_lead(connection)
    return pages.page(
        visit,
        "sign_in.html",
        status,
        next=where,
        error=error,
        email=visit.field("email"),
        anybody=anybody,
        signed_out=visit.request.query_params.get("done") == "signed-out",
    )


def _join_page(visit: Visit, *, error: str = "", status: int = 200) -> Response:
    invitation = auth.invitation(visit.parts.engine, visit.request.path_params["token"], now=visit.now)
    if invitation is None:
        return pages.page(visit, "join_over.html", 410)
    return pages.page(
        visit,
        "join.html",
        status,
        invitation=invitation,
        error=error,
        email=visit.field("email"),
        name=visit.field("name") or invitation.name,
    )


def _onward(asked: str) -> str:
    """Return where to go after signing in: a page of ours, never an address that was slipped in."""
    ours = asked.startswith("/") and not asked.startswith(("//", "/\\", "/sign-", "/join/")) and asked.isprintable()
    return asked if ours and "\\" not in asked and len(asked) <= 500 else "/"
