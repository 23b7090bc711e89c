"""The form that tells a teller what became of their story: it is acted on, or something has changed.

The teller sees it with their receipt; nothing is sent to them (rule 74). It decides nothing, so it checks no version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from flows.model.vocabulary.story_states import Progress
from review.kit import render
from storage.queries.team import members
from storage.stories import own_stories

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from starlette.responses import Response

    from review.kit.visit import Visit

STEPS: Mapping[str, str] = {
    Progress.ACTED_ON: "Noted. By their receipt the teller sees that it is being acted on.",
    Progress.CHANGED: "Noted. By their receipt the teller sees that something has changed because of it.",
}
"""The steps a member can record, and the notice shown afterwards. Each one is something that the teller waits for."""
LARGEST_ID = 2**31 - 1


def record_progress(visit: Visit) -> Response:
    """Record the progress of the story, with an entry in the audit log."""
    story_id = visit.request.path_params["story_id"]
    step = visit.request.path_params["step"]
    if step not in STEPS or story_id > LARGEST_ID:
        return render.problem(visit, "not_found", 404)

    def work(connection: Connection) -> None:
        if own_stories.set_progress(connection, story_id, Progress(step), visit.now):
            members.record(
                connection, at=visit.now, who=visit.who.email, act=f"story.{step}", object_kind="story",
                object_id=story_id,
            )  # fmt: skip

    visit.services.writer.run(work)
    return RedirectResponse(f"/stories/{story_id}?done={step}", 303)
