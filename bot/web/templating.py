"""Turning templates into pages for contributors and for practice.

Nothing on a page is marked safe by hand: every value is escaped by the template engine.
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
    # A page without a referrer policy of its own would make browsers hide where our own forms come from.
    "Referrer-Policy": "same-origin",
}


def page(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Return a page made from a template."""
    return HTMLResponse(_environment().get_template(template).render(context), status, HEADERS)


def exists(template: str) -> bool:
    """Return whether there is such a template."""
    return (TEMPLATES / template).is_file()


def asset(name: str) -> str:
    """Return the address of a static file; it changes with the content, so that browsers may keep it for long."""
    return f"{STATIC_URL}/{name}?v={_version(name)}"


class Static(HeldFiles):
    """Our static files, which browsers may keep: their addresses change with their content."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a file with leave to keep it."""
        response = super().file_response(*args, **kwargs)
        response.headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
        return response


@cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _shown(value: object) -> object:
    """Leave out of every value what would turn around what stands beside it on the page."""
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
