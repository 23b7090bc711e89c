"""The page on which a reviewer finds the place that a teller's own words mean.

The words are looked up only when somebody asks, and are in no address, so that no log has them. Only a person chooses a
place, and their name stays with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from review.kit import render
from storage.db.engine import reader
from storage.queries.stories import place_choice, whole_story
from storage.queries.stories.kept_stories import StoryPlace
from storage.queries.team import members

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from review.kit.visit import Visit
    from storage.queries.stories.whole_story import Label, WholeStory

LARGEST_ID = 2**31 - 1
LONGEST_NAME = 120
MOST = 20
"""Most places offered at once."""


def may_choose(story: WholeStory, labels: list[Label]) -> bool:
    """Return True if the team may choose the place: it was not found, or a colleague chose it before."""
    return bool(story.place_words) and (not story.place_label or chosen_by(labels) != "")


def chosen_by(labels: list[Label]) -> str:
    """Return the name of the member who chose the place; empty if none did."""
    return next((label.confirmer or "the team" for label in labels if label.dimension == place_choice.DIMENSION), "")


def show(visit: Visit) -> Response:
    """Show the form to look a place up and, once it is sent, the places that the name may mean."""
    return _page(visit, visit.field("name") if visit.request.method == "POST" else "")


def choose(visit: Visit) -> Response:
    """Store the chosen place, or show why it cannot be stored. Nothing that was typed is lost."""
    story_id = visit.request.path_params["story_id"]
    name, seen = visit.field("name"), visit.field("version")
    place = visit.services.places.get(visit.field("place")) if visit.services.places is not None else None
    if story_id > LARGEST_ID:
        return render.problem(visit, "not_found", 404)
    if place is None:
        return _page(visit, name, refusal="Choose one of the places, or look for another name.", status=422)
    version = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0

    def work(connection: Connection) -> bool:
        done = place_choice.choose(
            connection, story_id, StoryPlace.of(place), seen=version, by=visit.who.id, at=visit.now
        )
        if done:
            members.record(
                connection, at=visit.now, who=visit.who.email, act="story.placed", object_kind="story",
                object_id=story_id, detail=place.label,
            )  # fmt: skip
        return done

    if not visit.services.writer.run(work):
        changed = "This story changed while you were looking. Its place was not saved. Look at it again, then choose."
        return _page(visit, name, refusal=changed, status=409)
    return RedirectResponse(f"/stories/{story_id}?done=place", 303)


def _page(visit: Visit, name: str, *, refusal: str = "", status: int = 200) -> Response:
    story_id = visit.request.path_params["story_id"]
    if story_id > LARGEST_ID or visit.services.places is None:
        return render.problem(visit, "not_found", 404)
    with reader(visit.services.engine) as connection:
        story = whole_story.story_by_id(connection, story_id)
        if story is None or story.withdrawn_at is not None:
            gone = story is not None or whole_story.was_taken_back(connection, story_id)
            return render.page(visit, "withdrawn.html", 410) if gone else render.problem(visit, "not_found", 404)
        allowed = may_choose(story, whole_story.labels_of(connection, story_id))
    name = name.strip()[:LONGEST_NAME]
    found = visit.services.places.search(name, MOST) if name and allowed else ()
    return render.page(
        visit, "place.html", status, story=story, name=name, found=found, allowed=allowed, refusal=refusal
    )
