"""Somebody's own file at /mydata/TOKEN: a door that shows nothing, and behind it all that is held (rule 59).

A chat app that looks at a link to draw a preview opens the door and finds nothing there; only the button on it asks for
the file. It opens once: what is behind it can be read and taken away in one go. Knows no channel. Addresses of this
page are never logged: the token in them is the key.
"""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from bot.web import templating
from review.kit import forms
from storage.db.engine import reader
from storage.privacy import file_link
from storage.privacy.subject_file import NobodyError, about

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.web.web_services import PublicServices
    from storage.privacy.subject_file import PersonFile

HEADERS = {
    "Cache-Control": "no-store, private",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive, nosnippet",
}
AS_JSON = "json"


def routes(services: PublicServices) -> list[Route]:
    """Return the routes of the file."""
    return [
        Route("/mydata/{token}", partial(_door, services), methods=["GET"]),
        Route("/mydata/{token}", partial(_file, services), methods=["POST"]),
    ]


async def _door(services: PublicServices, request: Request) -> Response:
    """Show a button and nothing else, if the link opens anything."""
    link = await run_in_threadpool(_link, services, request.path_params["token"])
    return _closed(services) if link is None else _page(services, "door")


async def _file(services: PublicServices, request: Request) -> Response:
    """Give the file: to be read, or as JSON to be taken away. Half a request uses nothing up."""
    form = await forms.read(request)
    file = await run_in_threadpool(_read, services, request.path_params["token"])
    if file is None:
        return _closed(services)
    if forms.first(form, "as") == AS_JSON:
        return Response(
            file.to_json(),
            media_type="application/json",
            headers={**HEADERS, "Content-Disposition": 'attachment; filename="my-data.json"'},
        )
    return _page(services, "file", text=file.to_text(), file=_to_keep(file))


def _to_keep(file: PersonFile) -> str:
    """Return the file as an address that holds it whole, so that it can be saved though the link is used up."""
    return f"data:application/json;base64,{base64.b64encode(file.to_json().encode()).decode('ascii')}"


def _link(services: PublicServices, token: str) -> file_link.FileLink | None:
    link = file_link.read(services.keyring, token)
    if link is None:
        return None
    with reader(services.engine) as connection:
        return link if file_link.opens(connection, link, services.clock(), services.steady) else None


def _read(services: PublicServices, token: str) -> PersonFile | None:
    link = file_link.read(services.keyring, token)
    if link is None:
        return None
    if not services.writer.run(partial(file_link.use, link=link, now=services.clock(), steady=services.steady)):
        return None
    with reader(services.engine) as connection:
        try:
            return about(connection, services.keyring, link.contributor_id, services.clock())
        except NobodyError:
            return None


def _closed(services: PublicServices) -> Response:
    """Say that there is nothing here. Expired, erased and made up look the same."""
    return _page(services, "closed", status=410)


def _page(services: PublicServices, state: str, *, status: int = 200, text: str = "", file: str = "") -> Response:
    response = templating.page(
        "mydata.html",
        status,
        state=state,
        text=text,
        file=file,
        organisation=services.settings.organisation,
        contact=services.settings.contact,
        page_language="en",
    )
    response.headers.update(HEADERS)
    return response
