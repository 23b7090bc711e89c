"""The rules for deciding about a story, and the one function that stores a decision.

A story is new until somebody approves or declines it; both can be undone, and then it is new again. Nobody decides on a
version they have not seen: if the story changed meanwhile (a colleague decided, its teller added words), the act is
refused, and the page says what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flows.model.vocabulary.story_states import StoryState
from review.kit.labels import CONTENT_NOTES, SCALES, LabelWord, known
from storage.queries.stories import content_notes, review_queue, whole_story
from storage.queries.team import members
from storage.stories import own_stories

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from storage.db.writer import Writer
    from storage.queries.stories.whole_story import WholeStory
    from storage.queries.team.members import Member

Act = Literal["approve", "decline", "undo", "scales", "notes"]

REASONS = (
    LabelWord("identifies", "It points to somebody", "A name, a workplace, or details that few people share"),
    LabelWord("unclear", "We cannot make out what is meant"),
    LabelWord("repeated", "We have this story already"),
    LabelWord("no_experience", "It is not about an experience", "A test, a wrong number, an advert"),
    LabelWord("harm", "It could harm somebody", "The person who told it, or someone in it"),
    LabelWord("other", "Another reason", "Write it below"),
)
LONGEST_WORDS = 2_000
"""Most characters of a reason in the member's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """What a member wants done, and which version of the story they saw."""

    act: Act
    seen: int
    reason: str = ""
    """For a decline: one of REASONS."""
    words: str = ""
    """For a decline: the reason in one's own words."""
    scales: tuple[str, ...] = ()
    """For `scales`: the scales that the team gives it."""
    notes: tuple[str, ...] = ()
    """For `notes`: what a reader is warned of before they open the story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a decision changes in the story. `scales` None leaves the tags as they are."""

    state: StoryState
    reason: str
    decided: bool
    """True: the story carries the member's name; False: it is undecided again."""
    act: str
    detail: str = ""
    scales: tuple[str, ...] | None = None
    notes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRefusal:
    """Why nothing was changed, for the member who tried."""

    kind: Literal["changed", "gone", "not_now", "say_why", "too_long"]
    message: str


def decide(story: WholeStory | None, wanted: DecisionRequest) -> Decision | DecisionRefusal:
    """Return what a request changes in the story, or why it may not."""
    if story is None or story.withdrawn_at is not None:
        return DecisionRefusal(
            kind="gone", message="The person who told this story has taken it back. It is no longer ours."
        )
    if story.version != wanted.seen:
        return DecisionRefusal(kind="changed", message=_what_happened(story))
    match wanted.act:
        case "approve":
            return _approve(story)
        case "decline":
            return _decline(story, wanted)
        case "undo":
            return _undo(story)
        case "scales":
            return _tag(story, wanted)
        case "notes":
            return _note(story, wanted)


def carry_out(
    writer: Writer, story_id: int, wanted: DecisionRequest, member: Member, *, now: datetime
) -> Decision | DecisionRefusal:
    """Decide and store it in one transaction, with an entry in the audit log that names the member."""

    def work(connection: Connection) -> Decision | DecisionRefusal:
        story = whole_story.story_by_id(connection, story_id)
        change = decide(story, wanted)
        if isinstance(change, DecisionRefusal):
            return change
        if change.scales is None and change.notes is None:
            stored = review_queue.set_state(
                connection,
                story_id,
                seen=wanted.seen,
                state=change.state,
                reason=change.reason,
                decided_by=member.id if change.decided else None,
                decided_at=now if change.decided else None,
            )
        else:
            stored = review_queue.next_version(connection, story_id, seen=wanted.seen)
            if stored and change.scales is not None:
                whole_story.set_scales(connection, story_id, change.scales, by=member.id, at=now)
            if stored and change.notes is not None:
                content_notes.set_notes(connection, story_id, change.notes, by=member.id, at=now)
        if not stored:
            again = decide(
                whole_story.story_by_id(connection, story_id), wanted
            )  # whether it is gone, or who changed it
            if isinstance(again, DecisionRefusal):
                return again
            return DecisionRefusal(
                kind="changed", message="This story changed at the very same moment. Look at it again."
            )
        if change.decided:
            own_stories.mark_reviewed(connection, story_id, member.id, now)
        members.record(
            connection,
            at=now,
            who=member.email,
            act=change.act,
            object_kind="story",
            object_id=story_id,
            detail=change.detail,
        )
        return change

    return writer.run(work)


def reason_in_words(stored: str) -> tuple[str, str]:
    """Return a stored reason as (label, own words)."""
    value, _, own = stored.partition(": ")
    for reason in REASONS:
        if reason.value == value:
            return reason.label, own
    return "", stored


def _approve(story: WholeStory) -> Decision | DecisionRefusal:
    if story.state != StoryState.NEW:
        return DecisionRefusal(kind="not_now", message=f"This story is {story.state} already. Undo that first.")
    return Decision(state=StoryState.APPROVED, reason="", decided=True, act="story.approved")


def _decline(story: WholeStory, wanted: DecisionRequest) -> Decision | DecisionRefusal:
    if story.state != StoryState.NEW:
        return DecisionRefusal(kind="not_now", message=f"This story is {story.state} already. Undo that first.")
    reason = known(REASONS, wanted.reason)
    if not reason:
        return DecisionRefusal(kind="say_why", message="Choose a reason, so that colleagues can follow the decision.")
    words = wanted.words.strip()
    if reason == "other" and not words:
        return DecisionRefusal(kind="say_why", message="You chose “Another reason”. Write it in the box below.")
    if len(words) > LONGEST_WORDS:
        return DecisionRefusal(
            kind="too_long", message=f"Your own words are {len(words)} characters long. Use at most {LONGEST_WORDS}."
        )
    return Decision(
        state=StoryState.DECLINED,
        reason=f"{reason}: {words}" if words else reason,
        decided=True,
        act="story.declined",
        detail=reason,
    )


def _undo(story: WholeStory) -> Decision | DecisionRefusal:
    if story.state == StoryState.NEW:
        return DecisionRefusal(
            kind="not_now", message="Nobody has decided about this story, so there is nothing to undo."
        )
    return Decision(state=StoryState.NEW, reason="", decided=False, act="story.undone", detail=f"was {story.state}")


def _tag(story: WholeStory, wanted: DecisionRequest) -> Decision:
    scales = tuple(value for value in dict.fromkeys(wanted.scales) if known(SCALES, value))
    return Decision(
        state=story.state,
        reason=story.reason,
        decided=story.decided_at is not None,
        act="story.tagged",
        detail=", ".join(scales) or "none",
        scales=scales,
    )


def _note(story: WholeStory, wanted: DecisionRequest) -> Decision:
    notes = tuple(value for value in dict.fromkeys(wanted.notes) if known(CONTENT_NOTES, value))
    return Decision(
        state=story.state,
        reason=story.reason,
        decided=story.decided_at is not None,
        act="story.noted",
        detail=", ".join(notes) or "none",
        notes=notes,
    )


def _what_happened(story: WholeStory) -> str:
    if story.state != StoryState.NEW and story.decider:
        return f"{story.decider} {story.state} this story while you were reading. Your decision was not saved."
    return "This story changed while you were reading. Your decision was not saved. Look at it again, then decide."
