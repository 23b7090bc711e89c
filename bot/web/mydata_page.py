"""Somebody's own file at /mydata/TOKEN: first a page with a button only, then everything that is held (rule 59).

A chat app that fetches a link to draw a preview gets the first page and finds nothing there; only its button asks for
the file. The file opens once, and can be read and saved in one go. Addresses of this page are never logged, because the
token in them opens the file.
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
        Route("/mydata/{token}", partial(_button_page, services), methods=["GET"]),
        Route("/mydata/{token}", partial(_file, services), methods=["POST"]),
    ]


async def _button_page(services: PublicServices, request: Request) -> Response:
    """Return the page with a button and nothing else, if the link is valid."""
    link = await run_in_threadpool(_link, services, request.path_params["token"])
    return _nothing_here(services) if link is None else _page(services, "button")


async def _file(services: PublicServices, request: Request) -> Response:
    """Return the file to read, with a link that saves it as JSON. Half a request does not use up the link."""
    form = await forms.read(request)
    file = await run_in_threadpool(_read, services, request.path_params["token"])
    if file is None:
        return _nothing_here(services)
    if forms.first(form, "as") == AS_JSON:
        return Response(
            file.to_json(),
            media_type="application/json",
            headers={**HEADERS, "Content-Disposition": 'attachment; filename="my-data.json"'},
        )
    return _page(services, "file", text=file.to_text(), file=_data_address(file))


def _data_address(file: PersonFile) -> str:
    """Return the file as a `data:` address with everything in it, so that it can be saved after the link is used up."""
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


def _nothing_here(services: PublicServices) -> Response:
    """Return the page for a link that opens nothing. Expired, erased and made-up links look the same."""
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
