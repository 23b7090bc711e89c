"""The export page. `storage.export.select` decides which stories may leave; this page only requests them."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from flows.model.vocabulary.consent_answers import Use
from review.kit import labels, render
from review.queue.queue_page import ANY_STATE, filters_from
from storage.db.engine import reader
from storage.export import select
from storage.export.export_request import UnknownFormatError, UnknownUseError, format_named
from storage.export.formats import FORMATS
from storage.export.formats.columns import COLUMNS
from storage.places import CREDITS
from storage.queries.stories import exports_made, review_queue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from review.kit.visit import Visit
    from storage.queries.stories.review_queue import Filters

STATES = labels.STATES[:2]
"""States of stories that may leave."""
PIECE = 64 * 1024
"""Bytes passed to the server at a time."""


def show(visit: Visit) -> Response:
    """Show the form, how many stories each use would contain, and the latest exports."""
    asked = visit.request.query_params
    return _form(visit, asked)


def columns(visit: Visit) -> Response:
    """Show what each column means, and whom to credit."""
    return render.page(visit, "columns.html", columns=COLUMNS, credits=CREDITS)


def recalls(visit: Visit) -> Response:
    """Show the exports with stories that were taken back or narrowed since (rule 60)."""
    with reader(visit.services.engine) as connection:
        found = exports_made.recalls(connection)
    return render.page(visit, "recalls.html", recalls=found)


def download(visit: Visit) -> Response:
    """Make the export and send it. It is in the audit log before its first byte leaves."""
    asked = {name: visit.field(name) for name in visit.form}
    file = cast("BinaryIO", SpooledTemporaryFile(max_size=select.IN_MEMORY))  # noqa: SIM115 - closed after the last byte
    try:
        summary = select.run(
            visit.services.engine,
            visit.services.writer,
            format=asked.get("format", ""),
            use=asked.get("use", ""),
            out=file,
            who=visit.who.email,
            now=visit.now,
            filters=export_filters(asked),
            practice=True if asked.get("practice") == "yes" else None,
        )
    except (UnknownFormatError, UnknownUseError, select.RestlessStoriesError) as error:
        file.close()
        return _form(visit, asked, error=str(error), status=422)
    size = file.tell()
    file.seek(0)
    name = f"earshot-{summary.use}-{visit.now.astimezone(visit.services.timezone):%Y-%m-%d}.{summary.format}"
    return StreamingResponse(
        _pieces(file),
        media_type=format_named(summary.format).CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)},
        background=BackgroundTask(file.close),
    )


def export_filters(asked: Mapping[str, str]) -> Filters:
    """Return the filters of a request; the page and the command line share this one reading.

    The use is no filter here: it says what the stories may be used for. Declined stories never leave, so no filter asks
    for them.
    """
    state = asked.get("state", "")
    return filters_from({**asked, "state": state if labels.known(STATES, state) else ANY_STATE, "use": ""})


def _form(visit: Visit, asked: Mapping[str, str], *, error: str = "", status: int = 200) -> Response:
    filters = export_filters(asked)
    practice = True if asked.get("practice") == "yes" else None
    counts = {
        use.value: select.count(visit.services.engine, use=use, filters=filters, now=visit.now, practice=practice)
        for use in Use
    }
    with reader(visit.services.engine) as connection:
        made = exports_made.recent(connection)
        to_recall = len(exports_made.recalls(connection))
        only_practice = select.only_practice(connection)
        known_places = review_queue.places(connection, practice=True)
    return render.page(
        visit,
        "export.html",
        status,
        filters=filters,
        practice=bool(practice),
        states=STATES,
        only_practice=only_practice,
        counts=counts,
        formats=FORMATS,
        chosen_format=asked.get("format", "csv"),
        chosen_use=asked.get("use", Use.TEAM),
        made=made,
        to_recall=to_recall,
        places=known_places,
        none=review_queue.NONE,
        error=error,
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
