"""Builds the team's web app: its routes, the headers of every response, and the error pages.

The app answers under `/`; whoever mounts it puts its own routes before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from review.export import export_page
from review.inbox import inbox_page
from review.kit import render, require_role, visit
from review.kit.safeguarding_rules import SAFEGUARDING_ROLES
from review.kit.static_files import HeldFiles
from review.kit.throttle import Throttle
from review.kit.visit import ANYONE, DECIDERS, LEADS, READERS, STRANGERS
from review.queue import queue_page
from review.requests import requests_page
from review.safeguarding import safeguarding_page
from review.sign_in import account_page, sign_in_page
from review.story import place_page, progress_page, story_page
from review.team import members_page
from storage.db.database_trouble import cause_of
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from flows.model.vocabulary.item_kinds import Role
    from review.kit.services import ReviewServices

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Other sites get no referrer; our own forms still say which page they come from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}
PROBLEMS = {400: "bad_request", 404: "not_found", 405: "not_found", 413: "too_large", 415: "bad_request"}


def build(services: ReviewServices) -> Starlette:
    """Return the team's web app, to be mounted at `/` after all other routes."""
    throttle = Throttle()

    def page(view: Callable[[visit.Visit], Response], roles: frozenset[Role]) -> Callable[..., Awaitable[Response]]:
        return require_role.require_role(view, services, throttle, roles=roles)

    def slow_page(
        view: Callable[[visit.Visit], Awaitable[Response]], roles: frozenset[Role]
    ) -> Callable[..., Awaitable[Response]]:
        return require_role.require_role_awaited(view, services, throttle, roles=roles)

    routes = [
        Route("/", page(queue_page.show, ANYONE), methods=["GET"]),
        Route("/stories/{story_id:int}", page(story_page.show, READERS), methods=["GET"]),
        Route(
            "/stories/{story_id:int}/safeguarding", page(safeguarding_page.raise_from_story, READERS), methods=["POST"]
        ),
        Route("/stories/{story_id:int}/place", page(place_page.show, DECIDERS), methods=["GET"]),
        Route("/stories/{story_id:int}/place", page(place_page.show, DECIDERS), methods=["POST"]),
        Route("/stories/{story_id:int}/place/choose", page(place_page.choose, DECIDERS), methods=["POST"]),
        Route(
            "/stories/{story_id:int}/progress/{step}", page(progress_page.record_progress, DECIDERS), methods=["POST"]
        ),
        Route("/stories/{story_id:int}/{act}", page(story_page.act, DECIDERS), methods=["POST"]),
        Route("/safeguarding", page(safeguarding_page.show, SAFEGUARDING_ROLES), methods=["GET"]),
        Route("/safeguarding/{item_id:int}", page(safeguarding_page.show_one, SAFEGUARDING_ROLES), methods=["GET"]),
        Route("/safeguarding/{item_id:int}/words", page(safeguarding_page.words, SAFEGUARDING_ROLES), methods=["POST"]),
        Route("/safeguarding/{item_id:int}/reach", page(safeguarding_page.reach, SAFEGUARDING_ROLES), methods=["POST"]),
        Route("/safeguarding/{item_id:int}/write", page(safeguarding_page.write, SAFEGUARDING_ROLES), methods=["POST"]),
        Route("/safeguarding/{item_id:int}/{act}", page(safeguarding_page.act, SAFEGUARDING_ROLES), methods=["POST"]),
        Route("/export", page(export_page.show, DECIDERS), methods=["GET"]),
        Route("/export", page(export_page.download, DECIDERS), methods=["POST"]),
        Route("/export/columns", page(export_page.columns, DECIDERS), methods=["GET"]),
        Route("/export/recalls", page(export_page.recalls, DECIDERS), methods=["GET"]),
        Route("/inbox", page(inbox_page.show, READERS), methods=["GET"]),
        Route("/inbox/{number:int}/{act}", page(inbox_page.act, READERS), methods=["POST"]),
        Route("/requests", page(requests_page.show, LEADS), methods=["GET"]),
        Route("/requests/{number:int}", page(requests_page.one, LEADS), methods=["GET"]),
        Route("/requests/{number:int}/{act}", page(requests_page.act, LEADS), methods=["POST"]),
        Route("/account", page(account_page.show, ANYONE), methods=["GET"]),
        Route("/account/{act}", slow_page(account_page.change, ANYONE), methods=["POST"]),
        Route("/team", page(members_page.show, LEADS), methods=["GET"]),
        Route("/team/{number:int}/{act}", page(members_page.act, LEADS), methods=["POST"]),
        Route("/sign-in", page(sign_in_page.sign_in_form, STRANGERS), methods=["GET"]),
        Route("/sign-in", slow_page(sign_in_page.sign_in, STRANGERS), methods=["POST"]),
        Route("/sign-out", page(sign_in_page.sign_out, ANYONE), methods=["POST"]),
        Route("/join/{token}", page(sign_in_page.join_form, STRANGERS), methods=["GET"]),
        Route("/join/{token}", slow_page(sign_in_page.join, STRANGERS), methods=["POST"]),
        Mount(render.STATIC_URL, HeldFiles(directory=render.STATIC), name="static"),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(_Headers)],
        exception_handlers={
            HTTPException: _http_problem,
            LostBatchError: _busy,
            WriterBusyError: _busy,
            WriterClosedError: _busy,
            Exception: _our_fault,
        },
    )
    app.router.redirect_slashes = False  # such a redirect would repeat whatever host name was asked for
    return app


class _Headers:
    """Adds the headers to every response, also to errors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        static = scope["path"].startswith(f"{render.STATIC_URL}/")

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                kept = "public, max-age=31536000, immutable" if static and message["status"] == 200 else "no-store"
                headers.setdefault("Cache-Control", kept)
            await send(message)

        await self.app(scope, receive, dressed)


async def _http_problem(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = await run_in_threadpool(render.bare_problem, PROBLEMS.get(status, "our_fault"), status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _busy(_request: Request, _error: Exception) -> Response:
    response = await run_in_threadpool(render.bare_problem, "busy", 503)
    response.headers["Retry-After"] = "5"
    return response


async def _our_fault(request: Request, error: Exception) -> Response:
    """Return the page for an error. The error is raised again afterwards, to reach the log, so the headers are added
    here.

    A full disk, a database that is away or no free descriptor gets the page for trouble that passes.
    """
    if cause_of(error) is not None:
        response = await _busy(request, error)
    else:
        response = await run_in_threadpool(render.bare_problem, "our_fault", 500)
    response.headers.update({**HEADERS, "Cache-Control": "no-store"})
    return response
