"""The web application: webhooks, health, metrics, and the public and team pages.

A webhook is answered after its event's transaction has committed, and never waits for a provider. The answers:

- 200: the event is stored: handled, a known duplicate, or set aside for a replay. An update of a kind that we do not
  know yet is set aside too
- 400: the signature is right, but the body is no event. Telegram never sends such a body, so no retry is wanted
- 403: the signature or secret is missing or wrong; nothing was written
- 413: the body is larger than a provider ever sends
- 503: we cannot store the event now, or too many are in progress; the provider sends it again, or we fetch it later
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

from bot.channels.channel import Inbound, Rejected
from bot.inbound.intake import CannotKeepError
from bot.settings.environment import is_loopback
from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from bot.web import complaint_page, mydata_page, privacy_page, simulator_page
from bot.web.asgi import AsgiApp, TooLargeError, WebhookRequest, WebhookResponse, host_of
from bot.web.overload import HOLD_SECONDS
from bot.web.templating import STATIC_URL, Static
from review import app as review
from storage.db.database_trouble import cause_of
from storage.db.engine import reader
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError
from storage.queries.conversations import failed_events
from storage.queries.delivery import outbox
from storage.queries.team import safeguarding_items, team_items

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from bot.channels.channel import Channel
    from bot.web.web_services import WebServices
    from flows.model.vocabulary.item_kinds import ItemKind
    from storage.queries.team.safeguarding_items import Count

ANSWER_SECONDS = 10.0
"""Seconds until a webhook is answered with 503. Providers give up after fifteen, and should know to retry."""
RETRY_AFTER = 5
TRY_AGAIN = WebhookResponse(503, b"try again\n", retry_after=RETRY_AFTER)

PROXY_HEADERS = frozenset({"forwarded", "via", "x-real-ip"})
"""Headers that show a proxy in between, as do all that begin with `x-forwarded-`."""

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


def build(services: WebServices) -> AsgiApp:
    """Return the ASGI application of the whole service."""
    return AsgiApp(
        _pages(services),
        webhooks(services),
        https=services.public.settings.secure,
        is_ours=services.public.settings.is_our_host,
        too_large=lambda path: metrics.refused.labels(_route(path), "too_large").inc(),
    )


# --- webhooks ---------------------------------------------------------------------------------------------------------


def webhooks(services: WebServices) -> dict[str, Callable[[WebhookRequest], Awaitable[WebhookResponse]]]:
    """Return the webhook handlers of the channels that are switched on, by path."""
    return {
        path: partial(_receive, services, channel, path, WebhookResponse(200, *channel.thanks))
        for channel in services.channels.values()
        for path in channel.paths
    }


async def _receive(
    services: WebServices, channel: Channel, path: str, accepted: WebhookResponse, request: WebhookRequest
) -> WebhookResponse:
    if not services.admission.admits():
        metrics.refused.labels(_route(path), "busy").inc()
        services.recovery.refused()
        await asyncio.sleep(HOLD_SECONDS)
        return TRY_AGAIN
    parsed = channel.receive(path, request.query, request.headers, request.body)
    if isinstance(parsed, Rejected):
        metrics.refused.labels(_route(path), parsed.reason).inc()
        return WebhookResponse(parsed.status, parsed.reason.encode())
    began = time.monotonic()
    services.admission.began(began)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            if isinstance(parsed, Inbound):
                await (services.intake.set_aside(parsed) if path in channel.aside else services.intake.take(parsed))
            else:
                await services.sender.reported(parsed)
    except (CannotKeepError, TimeoutError):
        services.recovery.refused()
        return TRY_AGAIN
    except Exception as error:
        log.critical("webhook failed", route=_route(path), **error_fields(error))
        services.recovery.refused()
        return TRY_AGAIN
    finally:
        now = time.monotonic()
        services.admission.done(now - began, now)
    return accepted


def _route(path: str) -> str:
    return path.removeprefix("/webhooks/") if path.startswith("/webhooks/") else "page"


# --- pages ------------------------------------------------------------------------------------------------------------


def _pages(services: WebServices) -> FastAPI:
    pages = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, title="Earshot")
    pages.router.routes.extend(
        [
            Route("/healthz", partial(_healthy, services), methods=["GET"]),
            Route("/readyz", partial(_ready, services), methods=["GET"]),
            Route("/metrics", partial(_show_metrics, services), methods=["GET"]),
            *privacy_page.routes(services.public.settings),
            *complaint_page.routes(services.public),
            *mydata_page.routes(services.public),
            *simulator_page.routes(services.simulator),
        ]
    )
    pages.mount(STATIC_URL, Static(), name="static")
    pages.add_exception_handler(HTTPException, _http_problem)
    pages.add_exception_handler(TooLargeError, _too_large)
    for cannot in (LostBatchError, WriterBusyError, WriterClosedError):
        pages.add_exception_handler(cannot, _not_now)
    pages.add_exception_handler(Exception, _our_fault)
    pages.mount("/", review.build(services.review))
    return pages


async def _healthy(services: WebServices, _request: Request) -> Response:
    if not services.is_warm():
        return PlainTextResponse("starting\n", 503, {"Retry-After": "1"})
    return PlainTextResponse("ok\n")


async def _ready(services: WebServices, _request: Request) -> Response:
    found = await services.readiness.look()
    return JSONResponse(found, 200) if found["ready"] else JSONResponse(found, 503, {"Retry-After": str(RETRY_AFTER)})


def _may_see_metrics(services: WebServices, request: Request) -> bool:
    """Return True if the caller shows the metrics token, or is a program on this machine without a proxy in between."""
    token = services.public.settings.metrics_token
    if token is not None:
        shown = request.headers.get("authorization", "").encode("utf-8", "replace")
        return compare_digest(shown, b"Bearer " + token.get_secret_value().encode())
    forwarded = any(name.startswith("x-forwarded-") or name in PROXY_HEADERS for name in request.headers)
    here = is_loopback(host_of(request.headers.get("host", "")))
    return not forwarded and here and request.client is not None and is_loopback(request.client.host)


async def _show_metrics(services: WebServices, request: Request) -> Response:
    if not _may_see_metrics(services, request):
        return _problem(request, 403, ("The figures are not shown here.", "See EARSHOT_METRICS_TOKEN."))
    counts, failed, safeguarding, items = await asyncio.to_thread(_count, services)
    for state, count in counts.items():
        metrics.waiting.labels(state).set(count)
    metrics.failed_messages.set(failed)
    metrics.open_safeguarding.set(safeguarding.open)
    metrics.overdue.set(safeguarding.overdue)
    for kind, count in items.items():
        metrics.team_items.labels(kind.value).set(count)
    return Response(metrics.text(), media_type=metrics.CONTENT_TYPE)


def _count(services: WebServices) -> tuple[Mapping[str, int], int, Count, Mapping[ItemKind, int]]:
    with reader(services.public.engine) as connection:
        return (
            outbox.backlog(connection), failed_events.count_unhandled(connection),
            safeguarding_items.count_open(connection, services.public.clock()), team_items.count_items(connection),
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
    """Answer an error of ours with 500. A full disk, a database that is away or no free descriptor gets 503."""
    return await _not_now(request, error) if cause_of(error) is not None else _problem(request, 500)
