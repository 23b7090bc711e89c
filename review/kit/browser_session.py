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
    member = accounts.who_is(visit.parts.engine, visit.parts.writer, token, now=visit.now)
    if member is not None:
        visit.slowdown.succeeded(Try(member.email, network_of(visit.place), visit.known_device(member)), visit.now)
    cookie = visit.request.cookies.get(device_cookie(visit.parts), "")
    known = device.marked(visit.parts.keyring, cookie, member) if member else ""
    if known:
        set_cookie(response, visit.parts, device_cookie(visit.parts), known, device.LASTS)
    set_cookie(response, visit.parts, session_cookie(visit.parts), token, int(accounts.SESSION_LASTS.total_seconds()))
    response.delete_cookie(visit_cookie(visit.parts), secure=visit.parts.secure, httponly=True, samesite="lax")
    return response


def end_session(visit: Visit, where: str) -> Response:
    """Return the response that removes the session cookie and redirects to `where`."""
    response = RedirectResponse(where, 303)
    response.delete_cookie(session_cookie(visit.parts), secure=visit.parts.secure, httponly=True, samesite="lax")
    return response


def set_cookie(response: Response, parts: ReviewServices, name: str, value: str, seconds: int) -> None:
    """Set a cookie that scripts cannot read, for this many seconds."""
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, secure=parts.secure, samesite="lax")
