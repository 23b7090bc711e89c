"""The door of every page: who is asking, may they, and is this form ours. No view checks any of it by itself.

Views are plain functions that run in a worker thread, so that the database does not hold up the event loop that
receives messages. The two that hash a password are awaited instead: that has threads of its own. Imports Starlette,
storage and our own rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from review.kit import accounts, device, forms, render
from review.kit.throttle import Try, network_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from review.kit.services import ReviewParts
    from review.kit.throttle import Slowdown
    from storage.queries.team.members import Member

READERS = frozenset({"lead", "reviewer", "safeguarding"})
"""Who may read stories."""
DECIDERS = frozenset({"lead", "reviewer"})
"""Who may approve, decline, tag and export."""
LEADS = frozenset({"lead"})
"""Who may answer requests about a person's data."""
ANYONE = frozenset(accounts.ROLES)
"""Everybody who has signed in."""
STRANGERS: frozenset[str] = frozenset()
"""No sign-in needed."""

VISIT_LASTS = 24 * 60 * 60
"""Seconds that a sign-in form shown to a stranger stays good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, with all that a view needs to answer it."""

    request: Request
    parts: ReviewParts
    slowdown: Slowdown
    member: Member | None
    form: forms.Form
    cookie: str
    """What the form token is made from: the session, or the stranger's visit."""
    now: datetime
    fresh: str = ""
    """A cookie that this stranger's browser has not got yet."""

    def field(self, name: str) -> str:
        """Return one posted field, without the space around it."""
        return forms.first(self.form, name).strip()

    def secret(self, name: str) -> str:
        """Return a posted password exactly as it was typed."""
        return forms.first(self.form, name)

    def fields(self, name: str) -> tuple[str, ...]:
        """Return all values of a posted field."""
        return tuple(self.form.get(name, ()))

    @property
    def who(self) -> Member:
        """The member who is asking; only for views that need a sign-in."""
        if self.member is None:
            raise LookupError("this view was opened to strangers by mistake")
        return self.member

    @property
    def place(self) -> str:
        """Network address of the browser or of the proxy before us; used for slowing down guesses, never stored."""
        return self.request.client.host if self.request.client else ""

    def known_device(self, member: Member | None) -> str:
        """Return the name of this browser if that member has signed in with it before; else empty."""
        return device.known(self.parts.keyring, self.request.cookies.get(device_cookie(self.parts), ""), member)

    def may(self, roles: frozenset[str]) -> bool:
        """Tell whether the person asking has one of these roles."""
        return self.member is not None and self.member.role in roles


def session_cookie(parts: ReviewParts) -> str:
    """Name of the session cookie; over https the prefix keeps other hosts of the same domain from setting it."""
    return "__Host-earshot" if parts.secure else "earshot"


def visit_cookie(parts: ReviewParts) -> str:
    """Name of the cookie that a stranger's sign-in form is tied to."""
    return "__Host-earshot-visit" if parts.secure else "earshot-visit"


def device_cookie(parts: ReviewParts) -> str:
    """Name of the cookie by which a browser is known that signed in before."""
    return "__Host-earshot-device" if parts.secure else "earshot-device"


def door(
    view: Callable[[Visit], Response], parts: ReviewParts, slowdown: Slowdown, *, roles: frozenset[str]
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that lets only these roles through to the view; an empty set lets strangers in."""

    async def endpoint(request: Request) -> Response:
        form = await forms.read(request) if request.method == "POST" else {}
        return await run_in_threadpool(_answer, view, request, parts, slowdown, form, roles)

    return endpoint


def slow_door(
    view: Callable[[Visit], Awaitable[Response]], parts: ReviewParts, slowdown: Slowdown, *, roles: frozenset[str]
) -> Callable[[Request], Awaitable[Response]]:
    """Return the same for a view that waits for a password to be hashed."""

    async def endpoint(request: Request) -> Response:
        form = await forms.read(request) if request.method == "POST" else {}
        visit, turned_away = await run_in_threadpool(_admit, request, parts, slowdown, form, roles)
        return _finish(visit, turned_away or await view(visit))

    return endpoint


def let_in(visit: Visit, token: str, where: str) -> Response:
    """Return the answer that gives the browser its session and goes on to a page."""
    response = RedirectResponse(where, 303)
    member = accounts.who_is(visit.parts.engine, visit.parts.writer, token, now=visit.now)
    if member is not None:
        visit.slowdown.succeeded(Try(member.email, network_of(visit.place), visit.known_device(member)), visit.now)
    cookie = visit.request.cookies.get(device_cookie(visit.parts), "")
    known = device.marked(visit.parts.keyring, cookie, member) if member else ""
    if known:
        _set_cookie(response, visit.parts, device_cookie(visit.parts), known, device.LASTS)
    _set_cookie(response, visit.parts, session_cookie(visit.parts), token, int(accounts.SESSION_LASTS.total_seconds()))
    response.delete_cookie(visit_cookie(visit.parts), secure=visit.parts.secure, httponly=True, samesite="lax")
    return response


def let_out(visit: Visit, where: str) -> Response:
    """Return the answer that takes the session from the browser."""
    response = RedirectResponse(where, 303)
    response.delete_cookie(session_cookie(visit.parts), secure=visit.parts.secure, httponly=True, samesite="lax")
    return response


def _answer(
    view: Callable[[Visit], Response],
    request: Request,
    parts: ReviewParts,
    slowdown: Slowdown,
    form: forms.Form,
    roles: frozenset[str],
) -> Response:
    visit, turned_away = _admit(request, parts, slowdown, form, roles)
    return _finish(visit, turned_away or view(visit))


def _admit(
    request: Request, parts: ReviewParts, slowdown: Slowdown, form: forms.Form, roles: frozenset[str]
) -> tuple[Visit, Response | None]:
    """Return who is asking, and the answer that turns them away if they may not."""
    now = parts.clock()
    session = request.cookies.get(session_cookie(parts), "")
    member = accounts.who_is(parts.engine, parts.writer, session, now=now)
    stranger = request.cookies.get(visit_cookie(parts), "") if member is None else ""
    fresh = token_urlsafe(24) if member is None and not stranger else ""
    visit = Visit(
        request=request,
        parts=parts,
        slowdown=slowdown,
        member=member,
        form=form,
        cookie=session if member else stranger or fresh,
        fresh=fresh,
        now=now,
    )
    if roles and member is None:
        return visit, _ask_to_sign_in(visit)
    if request.method == "POST" and not forms.is_ours(request, form, "" if fresh else visit.cookie, parts.public_url):
        return visit, render.problem(visit, "form_not_ours", 403)
    if roles and not visit.may(roles):
        return visit, render.problem(visit, "not_your_role", 403)
    return visit, None


def _finish(visit: Visit, response: Response) -> Response:
    if visit.fresh:
        _set_cookie(response, visit.parts, visit_cookie(visit.parts), visit.fresh, VISIT_LASTS)
    return response


def _ask_to_sign_in(visit: Visit) -> Response:
    if visit.request.method == "POST":
        return render.problem(visit, "signed_out", 401)
    asked = visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else "")
    where = "/sign-in" if asked == "/" else f"/sign-in?next={quote(asked, safe='')}"
    return RedirectResponse(where, 303)


def _set_cookie(response: Response, parts: ReviewParts, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, secure=parts.secure, samesite="lax")
