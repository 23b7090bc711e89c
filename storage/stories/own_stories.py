"""A person's own stories: listing them, changing them, taking one back. Part of the caller's transaction.

The caller says whose stories are meant: nothing here finds or changes somebody else's story, except one opened by its
receipt. A change after a decision of the team sends a story back to the queue, with an item that tells the reviewer; an
edited version of it is no longer valid.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select, update

from flows.language.normalise import cut, storable
from flows.model.vocabulary import consent_answers
from flows.model.vocabulary.consent_answers import Naming, Purpose, Use
from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.story_states import Progress, StoryState
from storage import tables
from storage.protection.erasure import erase_story, erase_words
from storage.queries import story_changes
from storage.queries.contributors.consent_in_force import answer_of
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.stories import place_choice
from storage.queries.team.team_items import settle_items
from storage.tables.ask_back import FollowUpKind, FollowUpState
from storage.tables.edition import EditionState
from storage.tables.story_part import PartKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from flows.model.effects import RecordConsent

ANSWER = tables.Answer.__table__
ASK_BACK = tables.AskBack.__table__
CONTRIBUTOR = tables.Contributor.__table__
EDITION = tables.Edition.__table__
ITEM = tables.TeamItem.__table__
PART = tables.StoryPart.__table__
STORY = tables.Story.__table__

FIRST_WORDS = 40
"""First characters of a story, by which its teller recognises it."""
CHANGED = ItemKind.STORY_CHANGED
"""Kind of the item that tells the team of a change after their decision."""
_OPEN = (EditionState.DRAFT, EditionState.ASKING, EditionState.AGREED)
_PLACE = ("id", "label", "words")


class OwnStory(NamedTuple):
    """One story as shown to its teller."""

    id: int
    told_at: datetime
    first_words: str
    use: Use
    progress: Progress
    naming: Naming
    place_label: str
    """The place as it is stored: its name, or the teller's own words for it."""
    conversation_id: str
    set_aside: bool = False
    """True: it is to be deleted and no longer used, and only waits until its teller proves who they are."""


def stories_of(connection: Connection, contributor_id: int, *, older: int = 0, limit: int = 500) -> list[OwnStory]:
    """Return a person's stories, newest first; `older` leaves out those with this number and newer ones."""
    statement = select(STORY).where(STORY.c.contributor_id == contributor_id)
    if older:
        statement = statement.where(STORY.c.id < older)
    rows = connection.execute(statement.order_by(STORY.c.id.desc()).limit(limit)).all()
    return [
        OwnStory(
            row.id, row.told_at, cut(" ".join(row.text.split()), FIRST_WORDS), row.use, row.progress, row.naming,
            row.place_label or row.place_words, row.conversation_id, row.withdrawn_at is not None,
        )
        for row in rows
    ]  # fmt: skip


def belongs_to(connection: Connection, story_id: int, contributor_id: int) -> str | None:
    """Return the conversation of a story if it is this person's, else None. Locks the story until the commit."""
    found: str | None = connection.execute(
        select(STORY.c.conversation_id)
        .where(STORY.c.id == story_id, STORY.c.contributor_id == contributor_id)
        .with_for_update()
    ).scalar()
    return found


def lock_teller(connection: Connection, story_id: int) -> int | None:
    """Lock the teller of a story until the commit, so that none of their turns runs meanwhile; returns their id."""
    teller: int | None = connection.execute(
        select(CONTRIBUTOR.c.id)
        .join(STORY, STORY.c.contributor_id == CONTRIBUTOR.c.id)
        .where(STORY.c.id == story_id)
        .with_for_update(of=CONTRIBUTOR)
    ).scalar()
    return teller


def take_back(connection: Connection, story_id: int, contributor_id: int, now: datetime) -> bool:
    """Delete one story of this person. Returns False if they have no such story."""
    if belongs_to(connection, story_id, contributor_id) is None:
        return False
    return erase_story(connection, story_id, now)


def set_aside(
    connection: Connection, contributor_id: int, now: datetime, *, story_id: int | None = None, told_in: str = ""
) -> int:
    """Stop all use of a person's stories, one or all, because they asked to delete them. Returns how many."""
    which = _which(contributor_id, story_id, told_in)
    withdrawn = story_changes.changed(*which, STORY.c.withdrawn_at.is_(None), withdrawn_at=now)
    return connection.execute(withdrawn).rowcount


def put_back(connection: Connection, contributor_id: int, *, story_id: int | None = None, told_in: str = "") -> int:
    """Allow their use again as before, because their teller wants to keep them. Returns how many."""
    which = _which(contributor_id, story_id, told_in)
    back = story_changes.changed(*which, STORY.c.withdrawn_at.is_not(None), withdrawn_at=None)
    return connection.execute(back).rowcount


def _which(contributor_id: int, story_id: int | None, told_in: str) -> list[ColumnElement[bool]]:
    which = [STORY.c.contributor_id == contributor_id]
    which += [STORY.c.id == story_id] if story_id is not None else []
    return which + ([STORY.c.conversation_id == told_in] if told_in else [])


def allows_more(connection: Connection, contributor_id: int, wanted: RecordConsent, now: datetime) -> bool:
    """Return True if a decision allows more than the one in force, about a story or about the person."""
    if wanted.story is None:
        return wanted.answer == "yes" and answer_of(connection, contributor_id, wanted.purpose, now) != "yes"
    row = connection.execute(
        select(STORY.c.use, STORY.c.naming, STORY.c.credit).where(
            STORY.c.id == wanted.story, STORY.c.contributor_id == contributor_id
        )
    ).first()
    if row is None:
        return False
    if wanted.purpose == Purpose.NAMING:
        other_name = wanted.answer == Naming.NAME and (row.naming != Naming.NAME or wanted.credit != row.credit)
        return other_name or consent_answers.allows_more(wanted.answer, row.naming)
    return consent_answers.allows_more(wanted.answer, row.use)


def replace_words(
    connection: Connection,
    story_id: int,
    contributor_id: int,
    parts: Sequence[tuple[str, str]],
    *,
    now: datetime,
    in_hand: str = "",
) -> bool:
    """Replace a story's words by new ones and delete the old. Returns False if this person has no such story.

    `in_hand` is the conversation whose state the current turn saves itself.
    """
    if belongs_to(connection, story_id, contributor_id) is None:
        return False
    erase_words(connection, story_id, but_of=in_hand)
    text = "\n".join(storable(words) for _, words in parts)
    connection.execute(update(STORY).where(STORY.c.id == story_id).values(text=text))
    for position, (ref, words) in enumerate(parts):
        connection.execute(
            PART.insert().values(
                story_id=story_id, position=position, ref=ref, text=storable(words), kind=PartKind.TOLD, received_at=now
            )
        )
    reopen(connection, story_id, now, editions=True)
    return True


def hide_place(connection: Connection, story_id: int, contributor_id: int, *, now: datetime, in_hand: str = "") -> bool:
    """Delete the place of a story. Returns False if this person has no such story."""
    if belongs_to(connection, story_id, contributor_id) is None:
        return False
    erase_words(connection, story_id, of_place=True, but_of=in_hand)
    emptied: dict[str, Any] = {column.name: "" for column in STORY.c if column.name.startswith("place_")}
    connection.execute(update(STORY).where(STORY.c.id == story_id).values(emptied | {"place_id": None}))
    place_choice.forget(connection, story_id)
    for row in connection.execute(select(ANSWER).where(ANSWER.c.story_id == story_id)).all():
        if _is_place(row.value):
            connection.execute(
                update(ANSWER)
                .where(ANSWER.c.story_id == story_id, ANSWER.c.step == row.step)
                .values(value="null", note="")
            )
    reopen(connection, story_id, now, editions=True)
    return True


def _is_place(value: str) -> bool:
    try:
        found = json.loads(value)
    except ValueError:
        return False
    return isinstance(found, dict) and set(found) >= set(_PLACE)


def add_words(connection: Connection, story_id: int, *, ref: str, text: str, now: datetime) -> bool:
    """Add words to a story, whoever its teller is; used for its teller and for whoever has its receipt."""
    story = connection.execute(select(STORY.c.text).where(STORY.c.id == story_id).with_for_update()).first()
    if story is None:
        return False
    words = storable(text)
    whole = f"{story.text}\n\n{words}" if story.text else words
    last = connection.execute(select(func.max(PART.c.position)).where(PART.c.story_id == story_id)).scalar()
    connection.execute(update(STORY).where(STORY.c.id == story_id).values(text=whole))
    connection.execute(
        PART.insert().values(
            story_id=story_id, position=0 if last is None else last + 1, ref=ref, text=words, kind=PartKind.ADDED,
            received_at=now,
        )
    )  # fmt: skip
    reopen(connection, story_id, now, editions=True)
    return True


def narrower(connection: Connection, story_id: int, use: Use) -> bool:
    """Return True if this use is narrower than what the story may be used for now."""
    now_used = connection.execute(select(STORY.c.use).where(STORY.c.id == story_id)).scalar()
    return use in consent_answers.use_of(now_used).narrower()


def widened(connection: Connection, conversation_id: str, answer: str) -> int | None:
    """Return the story of a conversation that the team has decided about and this answer takes further; else None."""
    row = connection.execute(
        select(STORY.c.id, STORY.c.use, STORY.c.state).where(STORY.c.conversation_id == conversation_id)
    ).first()
    if row is None or row.state == StoryState.NEW:
        return None
    return int(row.id) if row.use in consent_answers.use_of(answer).narrower() else None


def days_left(connection: Connection, story_id: int, now: datetime) -> int | None:
    """Return how many days its use still counts, so that a narrower one ends no later; None if it has no end."""
    until = connection.execute(select(STORY.c.use_until).where(STORY.c.id == story_id)).scalar()
    return None if until is None else max(1, (until - now).days)


def reopen(
    connection: Connection, story_id: int, now: datetime, *, editions: bool = False, counted: bool = False
) -> None:
    """Send a story that its teller changed back to the queue, and tell the reviewer if somebody had decided about it.

    With `editions` the team's edited version is no longer valid, and the question about it is withdrawn. `counted`: the
    story's version has been raised for this change already.
    """
    story = connection.execute(
        select(STORY.c.state, STORY.c.contributor_id).where(STORY.c.id == story_id).with_for_update()
    ).one()
    story_changes.change(connection, story_id, at=now, reopened=True, counted=counted)
    if editions:
        connection.execute(
            update(EDITION)
            .where(EDITION.c.story_id == story_id, EDITION.c.state.in_(_OPEN))
            .values(state=EditionState.CHANGED)
        )
        connection.execute(
            update(ASK_BACK)
            .where(
                ASK_BACK.c.story_id == story_id,
                ASK_BACK.c.kind == FollowUpKind.SIGN_OFF,
                ASK_BACK.c.state.in_((FollowUpState.WAITING, FollowUpState.ASKED)),
            )
            .values(state=FollowUpState.CANCELLED, due_at=None)
        )
    if story.state != StoryState.NEW:
        raise_item(connection, kind=CHANGED, now=now, contributor_id=story.contributor_id, story_id=story_id)


def reopen_of_conversation(connection: Connection, conversation_id: str, now: datetime) -> None:
    """Call `reopen` for the story of a conversation, if it has one. The change that follows raises its version."""
    found = connection.execute(select(STORY.c.id).where(STORY.c.conversation_id == conversation_id)).scalar()
    if found is not None:
        reopen(connection, found, now, editions=True, counted=True)


def changed_since(connection: Connection, story_id: int) -> datetime | None:
    """Return when the teller changed a story after the team's decision; None if somebody has decided since."""
    when: datetime | None = connection.execute(
        select(func.max(ITEM.c.raised_at)).where(
            ITEM.c.kind == CHANGED.value, ITEM.c.story_id == story_id, ITEM.c.closed_at.is_(None)
        )
    ).scalar()
    return when


def mark_reviewed(connection: Connection, story_id: int, member_id: int | None, now: datetime) -> None:
    """Close the items about a change: somebody has decided about the story as it is now."""
    settle_items(connection, (CHANGED, ItemKind.TELLER_REWORDED), now=now, by=member_id, story_id=story_id)


def first_opened(connection: Connection, story_id: int, now: datetime) -> None:
    """Record that somebody on the team has read the story, for its teller to see; later progress stays."""
    connection.execute(
        update(STORY)
        .where(STORY.c.id == story_id, STORY.c.progress == Progress.HEARD)
        .values(progress=Progress.READ, progress_at=now)
    )


def set_progress(connection: Connection, story_id: int, progress: Progress, now: datetime) -> bool:
    """Set the progress of a story: `acted_on`, `changed`, or back to `read`. Returns False if it was set already."""
    return (
        connection.execute(
            update(STORY)
            .where(STORY.c.id == story_id, STORY.c.progress != progress, STORY.c.withdrawn_at.is_(None))
            .values(progress=progress, progress_at=now)
        ).rowcount
        == 1
    )
