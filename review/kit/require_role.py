"""The checks before every page: who is asking, whether their role may, and whether the form is ours.

Views check none of this themselves. They are plain functions that run in a worker thread, so that the database does not
block the event loop that receives messages. The two that hash a password are awaited instead, because hashing has
threads of its own.
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from review.kit import accounts, forms, render
from review.kit.browser_session import set_cookie
from review.kit.visit import Visit, session_cookie, visit_cookie

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from flows.model.vocabulary.item_kinds import Role
    from review.kit.services import ReviewServices
    from review.kit.throttle import Throttle

VISIT_LASTS = 24 * 60 * 60
"""Seconds for which a sign-in form stays valid."""


def require_role(
    view: Callable[[Visit], Response], services: ReviewServices, throttle: Throttle, *, roles: frozenset[Role]
) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that admits only these roles to the view; an empty set admits everybody without sign-in."""

    async def endpoint(request: Request) -> Response:
        form = await forms.read(request) if request.method == "POST" else {}
        return await run_in_threadpool(_answer, view, request, services, throttle, form, roles)

    return endpoint


def require_role_awaited(
    view: Callable[[Visit], Awaitable[Response]],
    services: ReviewServices,
    throttle: Throttle,
    *,
    roles: frozenset[Role],
) -> Callable[[Request], Awaitable[Response]]:
    """Return the same for a view that awaits a password hash."""

    async def endpoint(request: Request) -> Response:
        form = await forms.read(request) if request.method == "POST" else {}
        visit, turned_away = await run_in_threadpool(_admit, request, services, throttle, form, roles)
        return _finish(visit, turned_away or await view(visit))

    return endpoint


def _answer(
    view: Callable[[Visit], Response],
    request: Request,
    services: ReviewServices,
    throttle: Throttle,
    form: forms.Form,
    roles: frozenset[Role],
) -> Response:
    visit, turned_away = _admit(request, services, throttle, form, roles)
    return _finish(visit, turned_away or view(visit))


def _admit(
    request: Request, services: ReviewServices, throttle: Throttle, form: forms.Form, roles: frozenset[Role]
) -> tuple[Visit, Response | None]:
    """Return the visit, and the response that rejects it if it is not allowed."""
    now = services.clock()
    session = request.cookies.get(session_cookie(services), "")
    member = accounts.who_is(services.engine, services.writer, session, now=now)
    stranger = request.cookies.get(visit_cookie(services), "") if member is None else ""
    fresh = token_urlsafe(24) if member is None and not stranger else ""
    visit = Visit(
        request=request,
        services=services,
        throttle=throttle,
        member=member,
        form=form,
        cookie=session if member else stranger or fresh,
        fresh=fresh,
        now=now,
    )
    if roles and member is None:
        return visit, _ask_to_sign_in(visit)
    if request.method == "POST" and not forms.is_ours(
        request, form, "" if fresh else visit.cookie, services.public_url
    ):
        return visit, render.problem(visit, "form_not_ours", 403)
    if roles and not visit.may(roles):
        return visit, render.problem(visit, "not_your_role", 403)
    return visit, None


def _finish(visit: Visit, response: Response) -> Response:
    if visit.fresh:
        set_cookie(response, visit.services, visit_cookie(visit.services), visit.fresh, VISIT_LASTS)
    return response


def _ask_to_sign_in(visit: Visit) -> Response:
    if visit.request.method == "POST":
        return render.problem(visit, "signed_out", 401)
    asked = visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else "")
    where = "/sign-in" if asked == "/" else f"/sign-in?next={quote(asked, safe='')}"
    return RedirectResponse(where, 303)
