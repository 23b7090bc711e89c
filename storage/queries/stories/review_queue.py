"""Named questions about stories waiting for the team: the filtered list with its counts, and the act of deciding.

Every function runs inside the caller's transaction and commits nothing. The same `Filters` choose what the queue shows
and what an export holds, so that the two can never differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, update

from flows.model.vocabulary.story_states import StoryKind, StoryState
from storage.db.column_types import from_microseconds, to_microseconds
from storage.queries.stories import content_notes
from storage.tables import Answer, Contributor, Story, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from flows.model.vocabulary.consent_answers import Use

story = Story.__table__
tag = Tag.__table__
answer = Answer.__table__
contributor = Contributor.__table__

EXCERPT = 320
"""Characters of a story shown in the list."""
NONE = "none"
"""As a filter's value: stories that have none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which stories are meant; an empty field asks for nothing."""

    state: str = ""
    """new, approved or declined."""
    scale: str = ""
    """A scale, or `none` for stories without one."""
    place: str = ""
    """Part of a place's name, of the area around it, or of the teller's own words for it; or `none`."""
    kind: str = ""
    """story or feedback."""
    channel: str = ""
    use: str = ""
    """Exactly this use: team, quote or publish."""
    actor: str = ""
    since: datetime | None = None
    """Told at this time or later."""
    until: datetime | None = None
    """Told before this time."""

    def asked(self) -> dict[str, str]:
        """Return what is asked for, by name, as plain text."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in named.items() if value
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One story in the list."""

    id: int
    pseudonym: str
    kind: StoryKind
    excerpt: str
    longer: bool
    """True: there is more than the excerpt."""
    language: str
    channel: str
    told_at: datetime
    state: StoryState
    use: Use
    simulated: bool
    place_label: str
    place_kind: str
    place_words: str
    scales: tuple[str, ...]
    actors: tuple[str, ...]
    notes: tuple[str, ...]
    """What a reader is told before they open its words."""
    rating: str
    """The rating given with feedback; empty without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One screen of the list."""

    lines: tuple[QueueLine, ...]
    after: str
    """Where the next screen starts; empty on the last one."""
    total: int
    """All stories that match."""
    by_state: dict[str, int] = field(default_factory=dict)
    """The same without the state filter, by state."""


def said_by_people() -> ColumnElement[bool]:
    """Return the condition for tags that count: said by a person, or suggested and then confirmed (rule 72)."""
    return and_(
        tag.c.removed_at.is_(None), or_(tag.c.origin.in_(("contributor", "reviewer")), tag.c.confirmed_by.is_not(None))
    )


def matching(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on `story` that the filters ask for. Stories that were taken back never match."""
    asked: list[ColumnElement[bool]] = [story.c.withdrawn_at.is_(None)]
    for column in ("state", "kind", "channel", "use"):
        value = getattr(filters, column)
        if value:
            asked.append(story.c[column] == value)
    for dimension in ("scale", "actor"):
        value = getattr(filters, dimension)
        if value:
            tagged = select(tag.c.id).where(
                tag.c.story_id == story.c.id, tag.c.dimension == dimension, said_by_people()
            )
            asked.append(~tagged.exists() if value == NONE else tagged.where(tag.c.value == value).exists())
    if filters.place == NONE:
        asked.append(and_(story.c.place_label == "", story.c.place_words == ""))
    elif filters.place:
        columns = (story.c.place_label, story.c.place_parent, story.c.place_words)
        asked.append(or_(*(column.icontains(filters.place, autoescape=True) for column in columns)))
    if filters.since is not None:
        asked.append(story.c.told_at >= filters.since)
    if filters.until is not None:
        asked.append(story.c.told_at < filters.until)
    return asked


def page(connection: Connection, filters: Filters, *, practice: bool, after: str = "", size: int = 20) -> Queue:
    """Return one screen of stories, newest first. `after` is the `after` of the screen before; nonsense starts anew."""
    asked = matching(filters)
    if not practice:
        asked.append(story.c.simulated.is_(False))
    start = _read_cursor(after)
    here = [story.c.told_at <= start[0], or_(story.c.told_at < start[0], story.c.id < start[1])] if start else []
    rows = connection.execute(
        select(
            *(story.c[name] for name in ("id", "kind", "language", "channel", "told_at", "state", "use", "simulated")),
            *(story.c[name] for name in ("place_label", "place_kind", "place_words")),
            func.substr(story.c.text, 1, EXCERPT).label("excerpt"),
            (func.length(story.c.text) > EXCERPT).label("longer"),
            contributor.c.pseudonym,
        )
        .join(contributor, contributor.c.id == story.c.contributor_id)
        .where(*asked, *here)
        .order_by(story.c.told_at.desc(), story.c.id.desc())
        .limit(size + 1)
    ).all()
    shown = rows[:size]
    tags = tags_of(connection, [row.id for row in shown])
    notes = content_notes.notes_of(connection, [row.id for row in shown])
    ratings = _ratings(connection, [row.id for row in shown if row.kind == StoryKind.FEEDBACK])
    lines = tuple(
        QueueLine(
            **{**row._mapping, "longer": bool(row.longer)},
            scales=tags.get((row.id, "scale"), ()),
            actors=tags.get((row.id, "actor"), ()),
            notes=notes.get(row.id, ()),
            rating=ratings.get(row.id, ""),
        )
        for row in shown
    )
    by_state = _count_by_state(connection, filters, practice=practice)
    total = by_state.get(filters.state, 0) if filters.state else sum(by_state.values())
    more = _cursor(shown[-1].told_at, shown[-1].id) if len(rows) > size else ""
    return Queue(lines=lines, after=more, total=total, by_state=by_state)


def tags_of(connection: Connection, story_ids: Sequence[int]) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return the values that people gave, by (story, dimension), each once, in the order in which they were given."""
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    if not story_ids:
        return found
    rows = connection.execute(
        select(tag.c.story_id, tag.c.dimension, tag.c.value)
        .where(tag.c.story_id.in_(story_ids), said_by_people())
        .order_by(tag.c.id)
    )
    for row in rows:
        known = found.get((row.story_id, row.dimension), ())
        if row.value not in known:
            found[row.story_id, row.dimension] = (*known, row.value)
    return found


def _ratings(connection: Connection, story_ids: Sequence[int]) -> dict[int, str]:
    if not story_ids:
        return {}
    rows = connection.execute(
        select(answer.c.story_id, answer.c.value).where(answer.c.story_id.in_(story_ids), answer.c.step == "rating")
    )
    return {row.story_id: row.value for row in rows if row.value.isdecimal()}


def places(connection: Connection, *, practice: bool, limit: int = 200) -> list[tuple[str, int]]:
    """Return the places most told from, with the number of stories, to be offered while typing."""
    asked: list[ColumnElement[bool]] = [story.c.withdrawn_at.is_(None), story.c.place_label != ""]
    if not practice:
        asked.append(story.c.simulated.is_(False))
    count = func.count()
    rows = connection.execute(
        select(story.c.place_label, count)
        .where(*asked)
        .group_by(story.c.place_label)
        .order_by(count.desc(), story.c.place_label)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def next_new(connection: Connection, *, practice: bool, but: int) -> int | None:
    """Return the oldest story that nobody has decided about, other than `but`; the longest wait comes first."""
    asked: list[ColumnElement[bool]] = [
        story.c.withdrawn_at.is_(None),
        story.c.state == StoryState.NEW,
        story.c.id != but,
    ]
    if not practice:
        asked.append(story.c.simulated.is_(False))
    found = connection.execute(select(story.c.id).where(*asked).order_by(story.c.told_at, story.c.id).limit(1)).scalar()
    return int(found) if found is not None else None


def set_state(
    connection: Connection,
    story_id: int,
    *,
    seen: int,
    state: StoryState,
    reason: str,
    decided_by: int | None,
    decided_at: datetime | None,
) -> bool:
    """Change the state of the version that was seen; False if the story has changed since, and then nothing is."""
    result = connection.execute(
        update(story)
        .where(story.c.id == story_id, story.c.version == seen, story.c.withdrawn_at.is_(None))
        .values(state=state, reason=reason, decided_by=decided_by, decided_at=decided_at, version=seen + 1)
    )
    return result.rowcount == 1


def next_version(connection: Connection, story_id: int, *, seen: int) -> bool:
    """Count a change to something beside the story, such as a tag; False if the story has changed since."""
    result = connection.execute(
        update(story)
        .where(story.c.id == story_id, story.c.version == seen, story.c.withdrawn_at.is_(None))
        .values(version=seen + 1)
    )
    return result.rowcount == 1


def _count_by_state(connection: Connection, filters: Filters, *, practice: bool) -> dict[str, int]:
    any_state = Filters(**{name: getattr(filters, name) for name in filters.__slots__ if name != "state"})
    asked = matching(any_state)
    if not practice:
        asked.append(story.c.simulated.is_(False))
    rows = connection.execute(select(story.c.state, func.count()).where(*asked).group_by(story.c.state))
    return {row[0]: row[1] for row in rows}


def _cursor(told_at: datetime, story_id: int) -> str:
    return f"{to_microseconds(told_at)}-{story_id}"


def _read_cursor(text: str) -> tuple[datetime, int] | None:
    when, dash, story_id = text.partition("-")
    if not dash or not (when.isdecimal() and when.isascii() and story_id.isdecimal() and story_id.isascii()):
        return None
    if len(when) > 17 or len(story_id) > 15:
        return None
    return from_microseconds(int(when)), int(story_id)
