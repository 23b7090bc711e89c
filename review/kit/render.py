"""Renders templates into pages, and the error pages.

Nothing on a page is marked safe by hand: the template engine escapes every value.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from flows.language.detect_language import language_of
from flows.language.normalise import displayable
from flows.model.vocabulary.item_kinds import kinds_for
from review.kit import forms, labels
from review.kit.safeguarding_rules import SAFEGUARDING_ROLES
from storage.db.engine import reader
from storage.queries.stories.review_queue import EXCERPT
from storage.queries.team.safeguarding_items import count_open
from storage.queries.team.team_items import count_items

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

    from review.kit.visit import Visit
    from storage.queries.team.safeguarding_items import Count

HERE = Path(__file__).parent
STATIC = HERE / "static"
STATIC_URL = "/review/static"

PROBLEMS: dict[str, tuple[str, str]] = {
    "form_not_ours": (
        "This form was too old",
        "Nothing was changed. Go back, load the page again, and send the form once more.",
    ),
    "signed_out": (
        "You were signed out",
        "Nothing was changed. Sign in again, then do it once more.",
    ),
    "not_your_role": (
        "This page is not part of your role",
        "Nothing was changed. If you need it, ask your team lead.",
    ),
    "not_found": (
        "There is no such page",
        "It may have been taken back by the person who told it, or the address has a slip in it.",
    ),
    "bad_request": ("This could not be read", "Nothing was changed. Go back and try again."),
    "too_large": ("That was too long", "Nothing was changed. Write less than 60,000 characters."),
    "busy": ("Earshot is very busy just now", "Nothing was changed. Wait a few seconds, then try again."),
    "our_fault": (
        "Something went wrong on our side",
        "What you were doing was not saved. Go back and try again. If it happens twice, tell whoever runs Earshot.",
    ),
}


def page(visit: Visit, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Return the rendered template with what every page shows."""
    return HTMLResponse(
        _environment()
        .get_template(template)
        .render(
            organisation=visit.services.organisation,
            member=visit.member,
            path=visit.request.url.path,
            form_field=forms.FIELD,
            form_token=forms.token_for(visit.cookie),
            simulator=visit.services.simulator,
            zone=visit.services.timezone,
            now=visit.now,
            open_safeguarding=_open_safeguarding(visit),
            open_items=_open_items(visit),
            written_in=partial(written_in, spoken=visit.services.languages),
            **context,
        ),
        status,
    )


def _open_safeguarding(visit: Visit) -> Count | None:
    """Return how many people wait for somebody to look; None for members who do no safeguarding."""
    if not visit.may(SAFEGUARDING_ROLES):
        return None
    with reader(visit.services.engine) as connection:
        return count_open(connection, visit.now)


def _open_items(visit: Visit) -> int | None:
    """Return how many open items are this member's work; None for members without an inbox."""
    kinds = kinds_for(visit.member.role) if visit.member else ()
    if not kinds:
        return None
    with reader(visit.services.engine) as connection:
        open_now = count_items(connection)
    return sum(open_now[kind] for kind in kinds)


def problem(visit: Visit, kind: str, status: int) -> HTMLResponse:
    """Return a page that says what happened, what was kept and what to do. It shows what was typed, to be copied."""
    title, advice = PROBLEMS[kind]
    written = "\n\n".join(
        text for name in ("words", "place", "message") for text in visit.form.get(name, []) if text.strip()
    )
    return page(visit, "problem.html", status, title=title, advice=advice, kind=kind, written=written)


def bare_problem(kind: str, status: int) -> HTMLResponse:
    """Return the same page if nothing is known about the visit."""
    title, advice = PROBLEMS[kind]
    return HTMLResponse(_environment().get_template("bare_problem.html").render(title=title, advice=advice), status)


def asset(name: str) -> str:
    """Return the address of a static file. It changes with the content, so that browsers may cache it for long."""
    return f"{STATIC_URL}/{name}?v={_version(name)}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a date and time as text: 23 Nov 2026, 14:05."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """Return a date as text: 23 November 2026."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def ago(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return how long ago something was in words if it is recent, else its date."""
    seconds = (now - at).total_seconds()
    if seconds < 90:
        return "just now"
    if seconds < 3600:
        return f"{round(seconds / 60)} minutes ago"
    days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days
    if days == 0:
        return f"today, {at.astimezone(zone):%H:%M}"
    if days == 1:
        return f"yesterday, {at.astimezone(zone):%H:%M}"
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y}"


def language_name(code: str) -> str:
    """Return the English name of a language; an unknown code stays as it is."""
    try:
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except (UnknownLocaleError, ValueError):
        return code


def written_in(text: str, spoken: Collection[str]) -> str:
    """Return the code of the language that a text is clearly written in, if the bot does not offer it; else empty.

    Only the start of the text is looked at, as much as a list shows, so that every page says the same.
    """
    code = language_of(text[:EXCERPT])
    return code if code is not None and code not in spoken else ""


def machine_time(at: datetime) -> str:
    """Return the time for the `datetime` attribute."""
    return at.isoformat(timespec="seconds")


@cache
def _version(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _shown(value: object) -> object:
    """Return a value without the characters that would change the direction of the text beside it."""
    return displayable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(asset=asset, labels=labels, label=labels.label)
    environment.filters.update(moment=moment, day=day, ago=ago, language=language_name, machine_time=machine_time)
    return environment
