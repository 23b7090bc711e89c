"""The session cookie of a browser: set at sign-in, removed at sign-out. Owns the flags of all our cookies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from review.kit import accounts, device
from review.kit.throttle import Try, network_of
from review.kit.visit import device_cookie, session_cookie, visit_cookie

if TYPE_CHECKING:
    from starlette.responses import Response

    from review.kit.services import ReviewServices
    from review.kit.visit import Visit


def start_session(visit: Visit, token: str, where: str) -> Response:
    """Return the response that sets the session cookie and redirects to `where`."""
    response = RedirectResponse(where, 303)
    member = accounts.who_is(visit.services.engine, visit.services.writer, token, now=visit.now)
    if member is not None:
        visit.throttle.succeeded(Try(member.email, network_of(visit.network), visit.known_device(member)), visit.now)
    cookie = visit.request.cookies.get(device_cookie(visit.services), "")
    known = device.marked(visit.services.keyring, cookie, member) if member else ""
    if known:
        set_cookie(response, visit.services, device_cookie(visit.services), known, device.LASTS)
    set_cookie(
        response, visit.services, session_cookie(visit.services), token, int(accounts.SESSION_LASTS.total_seconds())
    )
    response.delete_cookie(visit_cookie(visit.services), secure=visit.services.secure, httponly=True, samesite="lax")
    return response


def end_session(visit: Visit, where: str) -> Response:
    """Return the response that removes the session cookie and redirects to `where`."""
    response = RedirectResponse(where, 303)
    response.delete_cookie(session_cookie(visit.services), secure=visit.services.secure, httponly=True, samesite="lax")
    return response


def set_cookie(response: Response, services: ReviewServices, name: str, value: str, seconds: int) -> None:
    """Set a cookie that scripts cannot read, for this many seconds."""
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, secure=services.secure, samesite="lax")
