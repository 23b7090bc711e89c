"""The queue page: the stories that match a filter, newest first.

The filter is an ordinary GET form, so that a view can be bookmarked and sent to a colleague.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flows.model.vocabulary.story_states import StoryState
from review.kit import labels, render
from review.kit.visit import READERS
from storage.db.engine import reader
from storage.queries.stories import review_queue
from storage.queries.stories.review_queue import NONE, Filters
from storage.queries.team import members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from review.kit.visit import Visit

LISTED_EVERY = timedelta(days=1)
"""Seeing the same story in the list is recorded once in this time for each reader."""
SIZE = 20
"""Stories on one page."""
ANY_STATE = "all"
FILTERED = ("scale", "place", "kind", "channel", "use", "actor")


def show(visit: Visit) -> Response:
    """Show one page of the queue; by default the stories that nobody has decided about."""
    if not visit.may(READERS):
        return render.page(visit, "no_stories.html")
    asked = visit.request.query_params
    filters = filters_from(asked)
    practice = with_practice(visit, asked)
    with reader(visit.services.engine) as connection:
        found = review_queue.page(connection, filters, practice=practice, after=asked.get("after", ""), size=SIZE)
        known_places = review_queue.places(connection, practice=practice)
        unread = [line.id for line in found.lines if line.excerpt]
        unread = members.listed(connection, unread, who=visit.who.email, since=visit.now - LISTED_EVERY)
        hidden = 0 if practice else review_queue.page(connection, filters, practice=True, size=1).total - found.total
    if unread:  # an excerpt is reading too, and a short story is in it whole
        visit.services.writer.run(partial(members.record_listing, story_ids=unread, who=visit.who.email, at=visit.now))
    return render.page(
        visit,
        "queue.html",
        queue=found,
        filters=filters,
        practice=practice,
        hidden=hidden,
        places=known_places,
        tabs=_tabs(filters, found, asked),
        chips=_chips(filters, asked),
        older=address(asked, after=found.after) if found.after else "",
        first_screen=not asked.get("after"),
        newest=address(asked, after=""),
        with_practice=address(asked, practice="yes", after=""),
        without_practice=address(asked, practice="no", after=""),
        none=NONE,
        notice=_notice(asked),
    )


def filters_from(asked: Mapping[str, str]) -> Filters:
    """Return the filters of a query string; an unknown value filters nothing."""
    state = asked.get("state", StoryState.NEW)
    place = asked.get("place", "").strip()[:120].replace("\0", "")
    return Filters(
        state=labels.known(labels.STATES, state) if state != ANY_STATE else "",
        scale=_known_or_none(labels.SCALES, asked.get("scale", "")),
        actor=_known_or_none(labels.ACTORS, asked.get("actor", "")),
        place=place,
        kind=labels.known(labels.KINDS, asked.get("kind", "")),
        channel=labels.known(labels.CHANNELS, asked.get("channel", "")),
        use=labels.known(labels.USES, asked.get("use", "")),
    )


def with_practice(visit: Visit, asked: Mapping[str, str]) -> bool:
    """Return True if practice stories are shown: as asked for, else while the simulator is on."""
    wanted = asked.get("practice", "")
    return wanted == "yes" or (wanted != "no" and visit.services.simulator)


def address(asked: Mapping[str, str], **changed: str) -> str:
    """Return the address of the queue with parts of the query changed; an empty value removes one."""
    query = {**{name: asked[name] for name in (*FILTERED, "state", "practice") if asked.get(name)}, **changed}
    kept = {name: value for name, value in query.items() if value}
    return f"/?{urlencode(kept)}" if kept else "/"


def _known_or_none(known: tuple[labels.LabelWord, ...], value: str) -> str:
    return NONE if value == NONE else labels.known(known, value)


def _tabs(filters: Filters, found: review_queue.Queue, asked: Mapping[str, str]) -> list[dict[str, object]]:
    tabs: list[dict[str, object]] = [
        {
            "label": state.label,
            "count": found.by_state.get(state.value, 0),
            "address": address(asked, state="" if state.value == StoryState.NEW else state.value, after=""),
            "here": filters.state == state.value,
        }
        for state in labels.STATES
    ]
    tabs.append(
        {
            "label": "All",
            "count": sum(found.by_state.values()),
            "address": address(asked, state=ANY_STATE, after=""),
            "here": filters.state == "",
        }
    )
    return tabs


def _chips(filters: Filters, asked: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the active filters, each with the address that removes it."""
    named = {
        "scale": labels.SCALES,
        "actor": labels.ACTORS,
        "kind": labels.KINDS,
        "channel": labels.CHANNELS,
        "use": labels.USES,
    }
    chips = []
    for name, known in named.items():
        value = getattr(filters, name)
        if value:
            text = f"No {name}" if value == NONE else labels.label(known, value)
            chips.append({"text": text, "without": address(asked, **{name: "", "after": ""})})
    if filters.place:
        text = "No place" if filters.place == NONE else f"Place: {filters.place}"
        chips.append({"text": text, "without": address(asked, place="", after="")})
    return chips


def _notice(asked: Mapping[str, str]) -> str:
    return {"gone": "That story was taken back by the person who told it."}.get(asked.get("done", ""), "")
