"""The inbox page: items that nobody has closed yet, each kind shown to those whose work it is.

An item shows when it came and what it is about; never anybody's words, phone number or chat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import RedirectResponse

from flows.model.vocabulary.item_kinds import About, kinds_for
from review.kit import render
from storage.db.engine import reader
from storage.queries.team import members, team_items
from storage.queries.team.team_items import LONGEST_NOTE

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from flows.model.vocabulary.item_kinds import ItemKind
    from review.kit.visit import Visit
    from storage.queries.team.team_items import ItemLine

LARGEST_ID = 2**31 - 1
"""Above this, databases raise errors instead of finding nothing."""

DONE = {
    "close": "Closed, with your name. You can open it again below.",
    "reopen": "Open again.",
    "late": "Somebody was quicker: nothing was changed.",
}


class Group(NamedTuple):
    """The open items of one kind, oldest first."""

    kind: ItemKind
    open_now: int
    """How many are open in all; the page shows the oldest."""
    items: list[ItemLine]


def show(visit: Visit) -> Response:
    """Show the open items, oldest first, and the items closed last."""
    return _page(visit)


def act(visit: Visit) -> Response:
    """Close an item with the member's name and note, or reopen it."""
    number, wished = visit.request.path_params["number"], visit.request.path_params["act"]
    kinds = kinds_for(visit.who.role)
    if number > LARGEST_ID or wished not in {"close", "reopen"}:
        return render.problem(visit, "not_found", 404)
    with reader(visit.services.engine) as connection:
        item = team_items.one_item(connection, number, kinds)
    if item is None:
        return render.problem(visit, "not_found", 404)
    note = " ".join(visit.field("words").split())
    if len(note) > LONGEST_NOTE:
        error = f"That note is too long: at most {LONGEST_NOTE} letters. Nothing was changed."
        return _page(visit, error=error, wrote={number: note}, status=422)

    def work(connection: Connection) -> bool:
        if wished == "close":
            done = team_items.close_item(connection, number, by=visit.who.id, note=note, now=visit.now)
        else:
            done = team_items.reopen_item(connection, number)
        if done:
            members.record(
                connection,
                at=visit.now,
                who=visit.who.email,
                act="item.closed" if wished == "close" else "item.reopened",
                object_kind="team_item",
                object_id=number,
                detail=item.kind.value,
            )
        return done

    done = visit.services.writer.run(work)
    return RedirectResponse(f"/inbox?done={wished if done else 'late'}", 303)


def link_of(item: ItemLine) -> tuple[str, str]:
    """Return the address that an item links to, and the link's text; both empty if no story of its person is kept."""
    if item.kind.about == About.REQUEST:
        number = item.request_id
        return (f"/requests/{number}", "Open the request") if number else ("/requests", "Open the requests")
    if item.kind.about == About.SAFEGUARDING:
        return "/safeguarding", "Open Safeguarding"
    if item.kind.about == About.CONTACTS:
        return "/requests", "See who goes when"
    if item.kind.about == About.RUNNING:
        return "/readyz", "See what works"
    return (f"/stories/{item.story_id}", "Open the story") if item.story_id else ("", "")


def _page(visit: Visit, *, error: str = "", wrote: dict[int, str] | None = None, status: int = 200) -> Response:
    kinds = kinds_for(visit.who.role)
    with reader(visit.services.engine) as connection:
        lines = team_items.open_items(connection, kinds)
        counts = team_items.count_items(connection)
        closed = team_items.closed_items(connection, kinds)
    by_kind: dict[ItemKind, list[ItemLine]] = {}
    for line in lines:
        by_kind.setdefault(line.kind, []).append(line)
    return render.page(
        visit,
        "inbox.html",
        status,
        groups=[Group(kind, counts[kind], found) for kind, found in by_kind.items()],
        closed=closed,
        link_of=link_of,
        longest=LONGEST_NOTE,
        wrote=wrote or {},
        error=error,
        notice="" if error else DONE.get(visit.request.query_params.get("done", ""), ""),
    )
