"""Named questions about one story as the team reads it: its words, answers, tags, consent. Never an address (rule 63).

Every function runs inside the caller's transaction and commits nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from storage.queries.contributors.consent_in_force import about_story
from storage.tables import (
    Answer,
    ConsentText,
    Contributor,
    Decision,
    Release,
    Story,
    StoryPart,
    Tag,
    TeamMember,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from flows.model.vocabulary.consent_answers import Purpose, Use
    from flows.model.vocabulary.story_states import Progress, StoryKind, StoryState
    from storage.tables.story_part import PartKind

story = Story.__table__
part = StoryPart.__table__
answer = Answer.__table__
tag = Tag.__table__
decision = Decision.__table__
consent_text = ConsentText.__table__
contributor = Contributor.__table__
member = TeamMember.__table__
release = Release.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeStory:
    """One story as it stands."""

    id: int
    contributor_id: int
    conversation_id: str
    pseudonym: str
    kind: StoryKind
    flow: str
    structure: str
    text: str
    language: str
    channel: str
    told_at: datetime
    changed_at: datetime
    state: StoryState
    decider: str
    """Name of whoever decided, empty if nobody did."""
    decided_at: datetime | None
    reason: str
    use: Use
    progress: Progress
    simulated: bool
    place_label: str
    place_words: str
    place_kind: str
    place_scheme: str
    place_code: str
    place_year: str
    place_nation: str
    place_parent: str
    version: int
    withdrawn_at: datetime | None
    use_until: datetime | None = None
    kept_until: datetime | None = None
    naming: str = "none"
    credit: str = ""
    words_version: int = 1


STORY_COLUMNS = tuple(story.c[field.name] for field in fields(WholeStory) if field.name in story.c)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of a story."""

    position: int
    ref: str
    text: str
    kind: PartKind
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One tag, with who said so."""

    id: int
    dimension: str
    value: str
    origin: str
    confidence: float | None
    confirmer: str
    """Name of whoever confirmed it, empty if nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One decision of the teller, with the exact words they were shown."""

    purpose: Purpose
    answer: str
    literal: str
    text: str
    language: str
    channel: str
    decided_at: datetime
    valid_until: datetime | None
    assisted_by: str
    """Name of the worker who wrote for the teller, empty if they answered alone."""
    assisted_where: str
    read_aloud: bool


def story_by_id(connection: Connection, story_id: int) -> WholeStory | None:
    """Return one story, also if it was taken back; None if there is no such story any more."""
    row = connection.execute(
        select(*STORY_COLUMNS, contributor.c.pseudonym, member.c.name, member.c.email)
        .join(contributor, contributor.c.id == story.c.contributor_id)
        .outerjoin(member, member.c.id == story.c.decided_by)
        .where(story.c.id == story_id)
    ).one_or_none()
    if row is None:
        return None
    found = dict(row._mapping)
    name, email = found.pop("name"), found.pop("email")
    return WholeStory(**found, decider=name or email or "")


def was_taken_back(connection: Connection, story_id: int) -> bool:
    """Return whether there was such a story once: its decisions stay when everything else of it is deleted."""
    return connection.execute(select(decision.c.id).where(decision.c.story_id == story_id).limit(1)).first() is not None


def parts_of(connection: Connection, story_id: int) -> list[Part]:
    """Return the messages the story is made of, in the order in which they came."""
    rows = connection.execute(
        select(part.c.position, part.c.ref, part.c.text, part.c.kind, part.c.received_at)
        .where(part.c.story_id == story_id)
        .order_by(part.c.position)
    )
    return [Part(**row._mapping) for row in rows]


def answers_of(connection: Connection, story_id: int) -> list[tuple[str, str, str]]:
    """Return (step, value as JSON, note) of every answer."""
    rows = connection.execute(select(answer.c.step, answer.c.value, answer.c.note).where(answer.c.story_id == story_id))
    return [(row.step, row.value, row.note) for row in rows]


def labels_of(connection: Connection, story_id: int) -> list[Label]:
    """Return the tags that stand, oldest first."""
    rows = connection.execute(
        select(tag.c.id, tag.c.dimension, tag.c.value, tag.c.origin, tag.c.confidence, member.c.name, member.c.email)
        .outerjoin(member, member.c.id == tag.c.confirmed_by)
        .where(tag.c.story_id == story_id, tag.c.removed_at.is_(None))
        .order_by(tag.c.id)
    )
    return [
        Label(
            id=row.id,
            dimension=row.dimension,
            value=row.value,
            origin=row.origin,
            confidence=row.confidence,
            confirmer=row.name or row.email or "",
        )
        for row in rows
    ]


def consents_of(connection: Connection, whole: WholeStory) -> list[Consent]:
    """Return the teller's decisions that bear on this story, oldest first."""
    rows = connection.execute(
        select(
            decision.c.purpose,
            decision.c.answer,
            decision.c.literal,
            consent_text.c.text,
            decision.c.language,
            decision.c.channel,
            decision.c.decided_at,
            decision.c.valid_until,
            func.coalesce(func.nullif(member.c.name, ""), member.c.email, "").label("assisted_by"),
            decision.c.assisted_where,
            decision.c.read_aloud,
        )
        .join(consent_text, consent_text.c.digest == decision.c.text_digest)
        .outerjoin(member, member.c.id == decision.c.assisted_by)
        .where(about_story(whole.id))
        .order_by(decision.c.id)
    )
    return [Consent(**row._mapping) for row in rows]


def release_of(connection: Connection, flow: str, structure: str) -> str | None:
    """Return the newest release with this structure as JSON, to show what was asked."""
    found = connection.execute(
        select(release.c.body)
        .where(release.c.flow == flow, release.c.structure == structure)
        .order_by(release.c.id.desc())
        .limit(1)
    ).scalar()
    return str(found) if found is not None else None


def set_scales(connection: Connection, story_id: int, scales: Collection[str], *, by: int, at: datetime) -> None:
    """Store how the team reads the scales. What the teller said stays; it is confirmed or not (rule 72)."""
    standing = [label for label in labels_of(connection, story_id) if label.dimension == "scale"]
    for label in standing:
        mine = tag.c.id == label.id
        if label.origin == "reviewer":
            if label.value not in scales:
                connection.execute(update(tag).where(mine).values(removed_at=at))
        elif label.value in scales and not label.confirmer:
            connection.execute(update(tag).where(mine).values(confirmed_by=by, confirmed_at=at))
        elif label.value not in scales and label.confirmer:
            connection.execute(update(tag).where(mine).values(confirmed_by=None, confirmed_at=None))
    for value in sorted(set(scales) - {label.value for label in standing}):
        connection.execute(
            insert(tag).values(
                story_id=story_id,
                dimension="scale",
                value=value,
                origin="reviewer",
                confirmed_by=by,
                confirmed_at=at,
                created_at=at,
            )
        )
