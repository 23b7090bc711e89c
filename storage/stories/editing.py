"""The rules for editing a story, and the functions that store an edit.

An edition is a layer: what its teller wrote never changes. A story leaves the team only in the words of its newest
edition, and only once its teller has agreed to them; so an edit holds a story back until they have answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING, Literal

from flows.language.normalise import storable
from flows.model.vocabulary.consent_answers import Use
from storage.queries import story_changes
from storage.queries.stories import editions, follow_ups_asked
from storage.queries.stories.editions import TELLER
from storage.queries.team import members
from storage.tables.ask_back import FollowUpKind
from storage.tables.edition import EditionState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.queries.stories.editions import EditedStory, Edition

LONGEST = 20_000
"""Most characters of an edition."""
LONGEST_REASON = 300
"""Most characters of the reason: its teller reads it by text message too."""
GONE = "Its teller has taken this story back, or it was never there. There is nothing to edit."
STAYS = "An edited version stays with the team."
WHY_NOT = {
    "no_consent": f"Its teller did not agree to be contacted, so nobody can ask them. {STAYS}",
    "opted_out": f"Its teller asked us not to write to them, so nobody can ask them. {STAYS}",
    "forgotten": f"There is no way left to reach its teller, so nobody can ask them. {STAYS}",
    "team_only": f"Its teller lets only the team read it, so there is nothing to ask them. {STAYS}",
}


@dataclass(frozen=True, slots=True)
class EditRefusal:
    """Why nothing was changed, for the member who tried."""

    kind: Literal["gone", "empty", "too_long", "say_why", "same", "nothing", "theirs"]
    message: str


@dataclass(frozen=True, slots=True)
class EditionMade:
    """An edition that was made."""

    edition: Edition
    why_not: str
    """Why its teller cannot be asked, a key of WHY_NOT; empty if they will be asked."""


def may_edit(story: EditedStory | None, now_read: str, text: str, reason: str) -> EditRefusal | None:
    """Return why an edit may not be made, None if it may; `now_read` is the text that the edit replaces."""
    if story is None or story.withdrawn_at is not None:
        return EditRefusal("gone", GONE)
    if not text.strip():
        return EditRefusal("empty", "The edited version is empty. Nothing was saved; to hold a story back, decline it.")
    if len(text) > LONGEST:
        return EditRefusal("too_long", f"The edited version has {len(text)} characters. Use at most {LONGEST}.")
    if not reason.strip():
        return EditRefusal("say_why", "Say why, in a sentence: its teller reads it.")
    if len(reason) > LONGEST_REASON:
        return EditRefusal("too_long", f"The reason has {len(reason)} characters. Use at most {LONGEST_REASON}.")
    if text.strip() == now_read.strip():
        return EditRefusal("same", "Nothing is different. Nothing was saved.")
    return None


def may_undo(story: EditedStory | None, last: Edition | None) -> EditRefusal | None:
    """Return why the newest edition may not be undone, None if it may."""
    if story is None or story.withdrawn_at is not None:
        return EditRefusal("gone", GONE)
    if last is None:
        return EditRefusal("nothing", "This story has no edited version. Nothing was changed.")
    if last.author == TELLER:
        return EditRefusal(
            "theirs", "Its teller wrote this version. Make another one, and they will be asked about it."
        )
    return None


def difference(before: str, after: str) -> tuple[str, ...]:
    """Return what an edit changes, line by line: removed lines with `-`, added ones with `+`."""
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


def edit(
    connection: Connection, story_id: int, *, text: str, reason: str, author: str, now: datetime
) -> EditionMade | EditRefusal:
    """Make an edition and prepare the question to its teller if they may be asked. Part of the caller's transaction."""
    story = editions.story_to_edit(connection, story_id)
    last = editions.newest(connection, story_id) if story is not None else None
    words, why = storable(text).strip(), " ".join(storable(reason).split())
    standing = last.text if last is not None else (story.text if story is not None else "")
    refusal = may_edit(story, standing, words, why)
    if story is None or refusal is not None:
        return refusal or EditRefusal("gone", GONE)
    if last is not None:
        _overtake(connection, last)
    why_not = (
        "team_only" if story.use == Use.TEAM else follow_ups_asked.reach(connection, story.contributor_id, now).why_not
    )
    made = editions.add(
        connection, story_id=story_id, of_version=story_changes.change(connection, story_id), text=words, reason=why,
        author=author, state=EditionState.DRAFT if why_not else EditionState.ASKING, now=now,
    )  # fmt: skip
    if not why_not:
        follow_ups_asked.want(
            connection, kind=FollowUpKind.SIGN_OFF, contributor_id=story.contributor_id, story_id=story_id,
            edition_id=made.id, now=now,
        )  # fmt: skip
    _note(connection, "story.edited", story_id, author, now, f"version {made.position}")
    return EditionMade(made, why_not)


def undo(connection: Connection, story_id: int, *, author: str, now: datetime) -> Edition | EditRefusal:
    """Undo the newest edition and withdraw the question about it. Part of the caller's transaction."""
    story = editions.story_to_edit(connection, story_id)
    last = editions.newest(connection, story_id) if story is not None else None
    refusal = may_undo(story, last)
    if last is None or refusal is not None:
        return refusal or EditRefusal("gone", GONE)
    follow_ups_asked.cancel(connection, edition_id=last.id)
    editions.set_state(connection, last.id, EditionState.DROPPED)
    story_changes.change(connection, story_id)
    _note(connection, "story.edit_undone", story_id, author, now, f"version {last.position}")
    return last


def _overtake(connection: Connection, last: Edition) -> None:
    """Withdraw the question about an edition that another one replaces."""
    follow_ups_asked.cancel(connection, edition_id=last.id)
    if last.state in {EditionState.ASKING, EditionState.DRAFT}:
        editions.set_state(connection, last.id, EditionState.LAPSED)


def _note(connection: Connection, act: str, story_id: int, who: str, now: datetime, detail: str) -> None:
    members.record(connection, at=now, who=who, act=act, object_kind="story", object_id=story_id, detail=detail)
