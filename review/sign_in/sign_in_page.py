"""The pages for sign-in, the one-time link, and sign-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from review.kit import accounts, browser_session, render
from storage.db.engine import reader
from storage.queries.team import members

if TYPE_CHECKING:
    from starlette.responses import Response

    from review.kit.visit import Visit


def sign_in_form(visit: Visit) -> Response:
    """Show the sign-in form, or redirect if the browser is signed in already."""
    where = _safe_target(visit.request.query_params.get("next", ""))
    if visit.member is not None:
        return RedirectResponse(where, 303)
    return _sign_in_page(visit, where)


async def sign_in(visit: Visit) -> Response:
    """Check email and password, and redirect to the page that was asked for."""
    where = _safe_target(visit.field("next"))
    outcome = await accounts.sign_in(
        visit.services.engine,
        visit.services.writer,
        visit.throttle,
        email=visit.field("email"),
        password=visit.secret("password"),
        network=visit.network,
        device=visit.known_device,
        now=visit.now,
    )
    if isinstance(outcome, accounts.Refused):
        status = 503 if outcome.busy else 429 if outcome.wait else 401
        response = await run_in_threadpool(_sign_in_page, visit, where, error=outcome.reason, status=status)
        return _retry_after(response, outcome)
    return await run_in_threadpool(browser_session.start_session, visit, outcome, where)


def sign_out(visit: Visit) -> Response:
    """End the session and show the sign-in form."""
    accounts.sign_out(visit.services.writer, visit.cookie)
    return browser_session.end_session(visit, "/sign-in?done=signed-out")


def join_form(visit: Visit) -> Response:
    """Show what a one-time link is for. Opening it does not use it up: mail programs open links by themselves."""
    return _join_page(visit)


async def join(visit: Visit) -> Response:
    """Use up the link and sign the new member in."""
    if visit.secret("password") != visit.secret("again"):
        wrong = "The two passwords are not the same. Write them again."
        return await run_in_threadpool(_join_page, visit, error=wrong, status=422)
    outcome = await accounts.accept(
        visit.services.engine,
        visit.services.writer,
        visit.request.path_params["token"],
        email=visit.field("email"),
        name=visit.field("name"),
        password=visit.secret("password"),
        organisation=visit.services.organisation,
        now=visit.now,
    )
    if isinstance(outcome, accounts.Refused):
        status = 503 if outcome.busy else 422
        return _retry_after(await run_in_threadpool(_join_page, visit, error=outcome.reason, status=status), outcome)
    return await run_in_threadpool(browser_session.start_session, visit, outcome, "/")


def _retry_after(response: Response, refused: accounts.Refused) -> Response:
    if refused.wait:
        response.headers["Retry-After"] = str(refused.wait)
    return response


def _sign_in_page(visit: Visit, where: str, *, error: str = "", status: int = 200) -> Response:
    with reader(visit.services.engine) as connection:
        anybody = members.has_lead(connection)
    return render.page(
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
    invitation = accounts.invitation(visit.services.engine, visit.request.path_params["token"], now=visit.now)
    if invitation is None:
        return render.page(visit, "join_over.html", 410)
    return render.page(
        visit,
        "join.html",
        status,
        invitation=invitation,
        error=error,
        email=visit.field("email"),
        name=visit.field("name") or invitation.name,
    )


def _safe_target(asked: str) -> str:
    """Return where to go after signing in: a page of ours, never an address that somebody slipped in."""
    ours = asked.startswith("/") and not asked.startswith(("//", "/\\", "/sign-", "/join/")) and asked.isprintable()
    return asked if ours and "\\" not in asked and len(asked) <= 500 else "/"
