"""The web application: webhooks, health, figures, and the pages of others, all behind one front door.

A webhook answers once its event's transaction has committed, and never waits for a provider. What it says:

- 200: the event is kept: handled, known already, or set aside for a replay
- 400: the caller is who they say, and this is no event. Telegram never sends such a thing, so nothing is asked again;
  an update of a kind we do not know yet is no error: it gets 200 and is set aside
- 403: no or a wrong signature or secret; nothing was written
- 413: more than a provider ever sends
- 503: we cannot keep it now, or too much is in hand; the provider comes again, or we fetch it later

Imports FastAPI, the channels, and `review`, which answers everything that no route here does.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from bot import complaint_page, metrics, mydata_page, privacy_page, try_page
from bot.channels.base import Inbound, Rejected
from bot.front import Answer, Front, Post, TooLargeError, host_of
from bot.intake import CannotKeepError
from bot.load import HOLD_SECONDS
from bot.logs import log, told
from bot.pages import STATIC_URL, Static
from bot.settings import is_loopback
from review import app as review
from storage.database import reader
from storage.queries import inbox, outbox, safeguarding, team_items
from storage.trouble import cause_of
from storage.unit import LostBatchError, WriterBusyError, WriterClosedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from bot.app import App
    from bot.channels.base import Channel
    from flows.items import ItemKind
    from storage.queries.safeguarding import Count

ANSWER_SECONDS = 10.0
"""A provider gives up after fifteen seconds; by then it shall know that it is to come again."""
RETRY_AFTER = 5
AGAIN = Answer(503, b"try again\n", retry_after=RETRY_AFTER)

BETWEEN = frozenset({"forwarded", "via", "x-real-ip"})
"""Headers that say, as all that begin with `x-forwarded-` do, that a web server stands between."""

SAYINGS = {
    400: ("We could not read that.", "Go back and try again."),
    403: ("You may not open this.", "If you think you should, ask your team lead."),
    404: ("There is no such page.", "Check the address, or start at the first page."),
    405: ("This page cannot do that.", "Go back and use the buttons on the page."),
    413: ("That was too long.", "Nothing of it was kept. Send less and try again."),
    503: ("We cannot do that just now.", "Nothing of it was kept. Try again in a minute."),
}
OUR_FAULT = ("Something went wrong on our side.", "What was kept before is safe. Try again in a minute.")
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{what}</title></head>
<body><main><h1>{what}</h1><p>{advice}</p><p><a href="/">Go to the first page</a></p></main></body>
</html>
"""


def build(app: App) -> Front:
    """Return the ASGI application of the whole service."""
    return Front(
        _pages(app),
        webhooks(app),
        https=app.settings.secure,
        is_ours=app.settings.is_our_host,
        too_large=lambda path: metrics.refused.labels(_route(path), "too_large").inc(),
    )


# --- webhooks ---------------------------------------------------------------------------------------------------------


def webhooks(app: App) -> dict[str, Callable[[Post], Awaitable[Answer]]]:
    """Return the webhooks of the channels that are switched on, by path."""
    return {
        path: partial(_receive, app, channel, path, Answer(200, *channel.thanks))
        for channel in app.channels.values()
        for path in channel.paths
    }


async def _receive(app: App, channel: Channel, path: str, thanks: Answer, post: Post) -> Answer:
    if not app.load.admits():
        metrics.refused.labels(_route(path), "busy").inc()
        app.recovery.refused()
        await asyncio.sleep(HOLD_SECONDS)
        return AGAIN
    parsed = channel.receive(path, post.query, post.headers, post.body)
    if isinstance(parsed, Rejected):
        metrics.refused.labels(_route(path), parsed.reason).inc()
        return Answer(parsed.status, parsed.reason.encode())
    began = time.monotonic()
    app.load.began(began)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            if isinstance(parsed, Inbound):
                await (app.intake.set_aside(parsed) if path in channel.aside else app.intake.take(parsed))
            else:
                await app.delivery.reported(parsed)
    except (CannotKeepError, TimeoutError):
        app.recovery.refused()
        return AGAIN
    except Exception as error:
        log.critical("webhook failed", route=_route(path), **told(error))
        app.recovery.refused()
        return AGAIN
    finally:
        now = time.monotonic()
        app.load.done(now - began, now)
    return thanks


def _route(path: str) -> str:
    return path.removeprefix("/webhooks/") if path.startswith("/webhooks/") else "page"


# --- pages ------------------------------------------------------------------------------------------------------------


def _pages(app: App) -> FastAPI:
    pages = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, title="Earshot")
    pages.router.routes.extend(
        [
            Route("/healthz", partial(_healthy, app), methods=["GET"]),
            Route("/readyz", partial(_ready, app), methods=["GET"]),
            Route("/metrics", partial(_figures, app), methods=["GET"]),
            *privacy_page.routes(app.settings),
            *complaint_page.routes(app),
            *mydata_page.routes(app),
            *try_page.routes(app),
        ]
    )
    pages.mount(STATIC_URL, Static(), name="static")
    pages.add_exception_handler(HTTPException, _http_problem)
    pages.add_exception_handler(TooLargeError, _too_large)
    for cannot in (LostBatchError, WriterBusyError, WriterClosedError):
        pages.add_exception_handler(cannot, _not_now)
    pages.add_exception_handler(Exception, _our_fault)
    pages.mount("/", review.build(app.review_parts()))
    return pages


async def _healthy(app: App, _request: Request) -> Response:
    if not app.warm:
        return PlainTextResponse("starting\n", 503, {"Retry-After": "1"})
    return PlainTextResponse("ok\n")


async def _ready(app: App, _request: Request) -> Response:
    found = await app.readiness.look()
    return JSONResponse(found, 200) if found["ready"] else JSONResponse(found, 503, {"Retry-After": str(RETRY_AFTER)})


def _may_see_figures(app: App, request: Request) -> bool:
    """Tell whether it is a program on this machine that asks, not somebody behind a web server on it, or our token."""
    token = app.settings.metrics_token
    if token is not None:
        shown = request.headers.get("authorization", "").encode("utf-8", "replace")
        return compare_digest(shown, b"Bearer " + token.get_secret_value().encode())
    forwarded = any(name.startswith("x-forwarded-") or name in BETWEEN for name in request.headers)
    here = is_loopback(host_of(request.headers.get("host", "")))
    return not forwarded and here and request.client is not None and is_loopback(request.client.host)


async def _figures(app: App, request: Request) -> Response:
    if not _may_see_figures(app, request):
        return _problem(request, 403, ("The figures are not shown here.", "See EARSHOT_METRICS_TOKEN."))
    counts, failed, care, items = await asyncio.to_thread(_count, app)
    for state, count in counts.items():
        metrics.waiting.labels(state).set(count)
    metrics.failed_messages.set(failed)
    metrics.in_care.set(care.open)
    metrics.overdue.set(care.overdue)
    for kind, count in items.items():
        metrics.team_items.labels(kind.value).set(count)
    return Response(metrics.text(), media_type=metrics.CONTENT_TYPE)


def _count(app: App) -> tuple[Mapping[str, int], int, Count, Mapping[ItemKind, int]]:
    with reader(app.engine) as connection:
        return (
            outbox.backlog(connection), inbox.count_unhandled(connection),
            safeguarding.count_open(connection, app.clock()), team_items.count_items(connection),
        )  # fmt: skip


def _problem(request: Request, status: int, saying: tuple[str, str] | None = None) -> Response:
    what, advice = saying or SAYINGS.get(status, OUR_FAULT)
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(PAGE.format(what=what, advice=advice), status)
    return JSONResponse({"problem": what, "advice": advice}, status)


async def _http_problem(request: Request, error: Exception) -> Response:
    response = _problem(request, error.status_code if isinstance(error, HTTPException) else 500)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _not_now(request: Request, _error: Exception) -> Response:
    response = _problem(request, 503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


async def _too_large(request: Request, _error: Exception) -> Response:
    metrics.refused.labels("page", "too_large").inc()
    return _problem(request, 413)


async def _our_fault(request: Request, error: Exception) -> Response:
    """Answer for an error. A full disk, a database that is away, no descriptor left: not our fault, and it passes."""
    return await _not_now(request, error) if cause_of(error) is not None else _problem(request, 500)
