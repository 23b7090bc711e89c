"""Renders templates into pages for contributors and the simulator.

Nothing on a page is marked safe by hand: the template engine escapes every value.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from flows.language.normalise import displayable
from review.kit.static_files import HeldFiles

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"
STATIC_URL = "/static"

HEADERS = {
    "Cache-Control": "no-store",
    # Without a referrer policy of the page, browsers would hide which of our pages a form comes from.
    "Referrer-Policy": "same-origin",
}


def page(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Return the rendered template as a response."""
    return HTMLResponse(_environment().get_template(template).render(context), status, HEADERS)


def exists(template: str) -> bool:
    """Return True if there is such a template."""
    return (TEMPLATES / template).is_file()


def asset(name: str) -> str:
    """Return the address of a static file. It changes with the content, so that browsers may cache it for long."""
    return f"{STATIC_URL}/{name}?v={_version(name)}"


class Static(HeldFiles):
    """Our static files, which browsers may cache for long: their addresses change with their content."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        """Return the response for a file, with its caching header."""
        response = super().file_response(*args, **kwargs)
        response.headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
        return response


@cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _shown(value: object) -> object:
    """Return a value without the characters that would change the direction of the text beside it."""
    return displayable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(asset=asset)
    return environment
