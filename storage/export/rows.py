"""The rows of an export: what is shown of each story that passed the gate.

`select` decides which stories leave; this module decides what their rows contain.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import select

from flows.model.vocabulary.consent_answers import Naming, Use
from storage.insight.disclosure_control import NamedPlace, Precision
from storage.queries.stories import editions, review_queue
from storage.tables import Answer, Story, StoryPart, Tag
from storage.tables.story_part import PartKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import JsonValue
    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.engine import Row as DatabaseRow

    from storage.export.formats.columns import Row

    Record = DatabaseRow[tuple[object, ...]]

story = Story.__table__
part = StoryPart.__table__
answer = Answer.__table__
tag = Tag.__table__

AT_ONCE = 500
"""Stories held in memory at a time."""
PLACE_COLUMNS = tuple(f"place_{name}" for name in NamedPlace.__slots__)


class StoryWords(NamedTuple):
    """One tag of a story that is not rejected."""

    dimension: str
    value: str
    by_teller: bool
    by_team: bool


def precision(connection: Connection, conditions: Sequence[ColumnElement[bool]], *, needed: int) -> Precision:
    """Return how exactly places are named, from everybody with a story under these conditions."""
    if needed <= 1:
        return Precision(needed)
    columns = [story.c.contributor_id, *(story.c[name] for name in PLACE_COLUMNS)]
    found = connection.execute(select(*columns).distinct().where(*conditions, story.c.place_label != ""))
    return Precision.of(((record.contributor_id, _named(record)) for record in found), needed=needed)


def of(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], exactness: Precision, *, use: Use
) -> Iterator[tuple[Record, Row]]:
    """Yield the stories under these conditions, newest first, each with its row except for the id.

    The use `team` adds what only the team may see: the teller's own words for the place, and all answers. For other
    uses the edition that its teller agreed to replaces their own words, and `publish` has the credit they chose.
    """
    whole, published = use == Use.TEAM, use == Use.PUBLISH
    found = connection.execution_options(yield_per=AT_ONCE).execute(
        select(story).where(*conditions).order_by(story.c.told_at.desc(), story.c.id.desc())
    )
    for records in found.partitions(AT_ONCE):
        ids = [record.id for record in records]
        tags, amended, answers = _tags(connection, ids), _amended(connection, ids), _answers(connection, ids)
        edited = {} if whole else editions.agreed_texts(connection, ids)
        for record in records:
            place, exact = exactness.name(_named(record))
            said = answers.get(record.id, {})
            yield (
                record,
                {
                    "kind": record.kind,
                    "text": edited.get(record.id, record.text),
                    "edited": record.id in edited,
                    "amended": cast("list[JsonValue]", [] if record.id in edited else amended.get(record.id, [])),
                    **_tag_columns(tags.get(record.id, [])),
                    "place": place.label,
                    "place_kind": place.kind,
                    "place_parent": place.parent,
                    "place_scheme": place.scheme,
                    "place_code": place.code,
                    "place_year": int(place.year) if place.year.isdecimal() else None,
                    "place_nation": place.nation,
                    "place_exactness": exact,
                    "place_words": record.place_words if whole else "",
                    "language": record.language,
                    "channel": record.channel,
                    "told_month": f"{record.told_at:%Y-%m}",
                    "rating": _rating(said),
                    "answers": said if whole else {},
                    "use": record.use,
                    "naming": record.naming if published else "",
                    "credit": record.credit if published and record.naming == Naming.NAME else "",
                    "state": record.state,
                    "practice": bool(record.simulated),
                },
            )


def _named(record: Record) -> NamedPlace:
    return NamedPlace(**{name.removeprefix("place_"): getattr(record, name) for name in PLACE_COLUMNS})


def _tags(connection: Connection, ids: list[int]) -> dict[int, list[StoryWords]]:
    found: dict[int, list[StoryWords]] = {}
    for row in connection.execute(
        select(tag.c.story_id, tag.c.dimension, tag.c.value, tag.c.origin, tag.c.confirmed_by)
        .where(tag.c.story_id.in_(ids), review_queue.said_by_people())
        .order_by(tag.c.id)
    ):
        by_team = row.origin == "reviewer" or row.confirmed_by is not None
        found.setdefault(row.story_id, []).append(
            StoryWords(row.dimension, row.value, by_teller=row.origin == "contributor", by_team=by_team)
        )
    return found


def _tag_columns(tags: list[StoryWords]) -> Row:
    scales = [said for said in tags if said.dimension == "scale"]
    return {
        "scales": _once(scales),
        "scales_by_teller": _once([said for said in scales if said.by_teller]),
        "scales_by_team": _once([said for said in scales if said.by_team]),
        "actors": _once([said for said in tags if said.dimension == "actor"]),
    }


def _once(tags: list[StoryWords]) -> JsonValue:
    return list(dict.fromkeys(said.value for said in tags))


def _amended(connection: Connection, ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in connection.execute(
        select(part.c.story_id, part.c.text)
        .where(part.c.story_id.in_(ids), part.c.kind == PartKind.AMENDED)
        .order_by(part.c.story_id, part.c.position)
    ):
        found.setdefault(row.story_id, []).append(row.text)
    return found


def _answers(connection: Connection, ids: list[int]) -> dict[int, dict[str, JsonValue]]:
    found: dict[int, dict[str, JsonValue]] = {}
    for row in connection.execute(
        select(answer.c.story_id, answer.c.step, answer.c.value, answer.c.note).where(answer.c.story_id.in_(ids))
    ):
        value: JsonValue = json.loads(row.value)
        found.setdefault(row.story_id, {})[row.step] = {"answer": value, "note": row.note} if row.note else value
    return found


def _rating(answers: dict[str, JsonValue]) -> JsonValue:
    given = answers.get("rating")
    return given.get("answer") if isinstance(given, dict) else given
