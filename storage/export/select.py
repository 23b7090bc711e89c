"""The one gate: every story that leaves the team passes here (design rule 6).

A story passes if all of this holds at the moment the export is recorded:
- it has not been withdrawn, and its teller's latest answer to taking part is yes and has not expired;
- its teller's latest answer on use reaches as far as the export: an export for `quote` takes quote and publish. An
  expired answer reaches no further than the team;
- if somebody on the team edited it, its teller has agreed to the newest edition, and that is what leaves. The team's
  own working copy holds the teller's own words;
- the team has approved it. Only the team's own working copy (`team`) holds new stories as well; declined ones never.

Practice stories, made in the simulator, are left out unless asked for. There is one exception: while nobody has ever
written from a real channel there is nothing else to look at, so they are included, each row says `practice` yes, and
the summary says so. The first real message ends that.

An export is recorded (who, when, what for, which stories) before a single byte is handed out. If a story in it was
taken back, changed, edited or decided about while the file was written, the file is written again: a row is up to
date, or absent.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_bytes
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from sqlalchemy import and_, func, insert, or_, select

from flows.model.vocabulary.consent_answers import Purpose, Use
from flows.model.vocabulary.story_states import StoryState
from storage.db.engine import reader
from storage.export import data_dictionary, rows
from storage.export.export_request import checked_use, format_named
from storage.insight.disclosure_control import PEOPLE_NEEDED
from storage.queries.contributors import consent_in_force
from storage.queries.stories import editions, review_queue
from storage.queries.stories.exports_made import row_name
from storage.queries.stories.review_queue import Filters
from storage.queries.team import members
from storage.tables import Contributor, Decision, ExportRun, ExportStory, Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine

    from storage.db.writer import Writer
    from storage.export.formats import Format
    from storage.export.formats.columns import Row

story = Story.__table__
decision = Decision.__table__
contributor = Contributor.__table__
export_run = ExportRun.__table__
export_story = ExportStory.__table__

IN_MEMORY = 4 * 1024 * 1024
"""Bytes of an export kept in memory before it moves to an unnamed temporary file."""
LISTED_AT_ONCE = 5_000
"""Stories recorded by one statement."""
TRIES = 5
"""How often an export is written again because a story in it changed meanwhile."""


class RestlessStoriesError(RuntimeError):
    """Stories changed again and again while the export was written. Nothing left; start the export again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an export contained."""

    export_id: int
    format: str
    use: Use
    stories: int
    practice: int
    """How many stories are practice stories."""
    only_practice: bool
    """True: it contains practice stories because nobody has written from a real channel yet."""
    widened: int
    """How many stories name an area or a nation because too few people told stories from the place."""
    waiting: int
    """How many more stories it would contain if the team approved them."""
    cut: int
    """How many stories are too long for a cell of this format; their cells say so."""
    about: Path | None = None
    """The data dictionary with the credits, written beside the export."""

    def sentences(self) -> tuple[str, ...]:
        """Return sentences for the person who made the export."""
        one = self.stories == 1
        told = [f"{self.stories} {'story' if one else 'stories'} exported for use “{self.use}”."]
        if self.only_practice and self.practice:
            told.append(
                "All are practice stories: nobody has written from a real channel yet. Each row says practice = yes."
            )
        elif self.practice:
            told.append(f"{self.practice} of them are practice stories. Their rows say practice = yes.")
        if self.widened:
            told.append(f"{self.widened} name only an area, because too few people spoke from the place itself.")
        if self.waiting:
            told.append(f"{self.waiting} more may leave for this use once somebody on the team approves them.")
        if self.cut:
            told.append(
                f"{self.cut} {'is' if self.cut == 1 else 'are'} too long for a cell of a spreadsheet, and end there. "
                "The format jsonl holds them whole."
            )
        return tuple(told)


@dataclass(slots=True)
class _Passed:
    """What passed the gate while the rows were written."""

    versions: dict[int, int] = field(default_factory=dict)
    """The version that was written, by story."""
    practice: int = 0
    widened: int = 0


def run(  # noqa: PLR0913 - all but two are named by the caller, and each is a choice of whoever exports
    engine: Engine,
    writer: Writer,
    *,
    format: str,  # noqa: A002 - the word of the command line and the form
    use: str,
    out: Path | BinaryIO,
    who: str,
    now: datetime,
    filters: Filters | None = None,
    practice: bool | None = None,
) -> Summary:
    """Export to a file or a binary stream. Returns a summary.

    `who` is a team member's address or `command line`. `practice` True includes practice stories, False leaves them
    out, None includes them only while there is nothing else (see above). A file appears whole or not at all, readable
    by its owner only, with its data dictionary beside it. Raises UnknownFormatError, UnknownUseError, OSError, and
    RestlessStoriesError.
    """
    chosen = format_named(format)
    travels = checked_use(use)
    wanted = _asked_of_the_gate(filters or Filters())
    for _ in range(TRIES):
        with _draft(out) as draft:
            made = _write(engine, chosen, travels, wanted, practice, draft, now)
            summary = _record(writer, made, chosen, travels, wanted, who, now)
            if summary is None:
                continue
            draft.flush()
            return _hand_over(draft, out, summary, now)
    raise RestlessStoriesError("Stories changed while the export was written. Nothing left. Start it again.")


def may_leave(use: Use, now: datetime) -> list[ColumnElement[bool]]:
    """Return the SQL conditions under which a story may leave for this use at this moment."""
    states = (StoryState.NEW, StoryState.APPROVED) if use == Use.TEAM else (StoryState.APPROVED,)
    return [*_agreed(use, now), story.c.state.in_(states)]


def count(engine: Engine, *, use: Use, filters: Filters, now: datetime, practice: bool | None = None) -> int:
    """Return how many stories an export for this use with the same filters would contain now."""
    with reader(engine) as connection:
        scope = _scope(filters, practice=bool(practice) or (practice is None and only_practice(connection)))
        return int(
            connection.execute(select(func.count()).select_from(story).where(*may_leave(use, now), *scope)).scalar_one()
        )


def _agreed(use: Use, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions that depend on the teller: the use stored with the story, and the decisions behind it."""
    far_enough = use.reaching()
    about = decision.c.story_id == story.c.id
    takes_part = consent_in_force.answer(Purpose.TAKE_PART, now, about) == "yes"
    conditions = [story.c.withdrawn_at.is_(None), story.c.use.in_(far_enough), takes_part]
    if use != Use.TEAM:
        conditions += [consent_in_force.answer(Purpose.USE, now, about).in_(far_enough), editions.leaves()]
    return conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A draft that is written, before it is recorded."""

    passed: _Passed
    row_key: bytes
    practice: bool
    only_practice: bool
    waiting: int
    cut: int


def _write(
    engine: Engine, chosen: Format, use: Use, filters: Filters, practice: bool | None, draft: BinaryIO, now: datetime
) -> _Made:
    passed = _Passed()
    row_key = token_bytes(32)
    with reader(engine) as connection:
        alone = practice is None and only_practice(connection)
        with_practice = bool(practice) or alone
        scope = _scope(filters, practice=with_practice)
        # Simulated people must not make a place look busier than it is.
        counted = [*may_leave(use, now), story.c.simulated.is_(alone)]
        precision = rows.precision(connection, counted, needed=PEOPLE_NEEDED[use])
        found = rows.of(connection, [*may_leave(use, now), *scope], precision, use=use)
        cut = chosen.write(_passing(found, row_key, passed), draft)
        waiting = 0
        if use != Use.TEAM:
            waiting = connection.execute(
                select(func.count())
                .select_from(story)
                .where(*_agreed(use, now), *scope, story.c.state == StoryState.NEW)
            ).scalar_one()
    return _Made(passed=passed, row_key=row_key, practice=with_practice, only_practice=alone, waiting=waiting, cut=cut)


def _asked_of_the_gate(filters: Filters) -> Filters:
    """Drop the filter on exactly one use: the use of an export is the least use that its stories must allow."""
    return replace(filters, use="")


def _scope(filters: Filters, *, practice: bool) -> list[ColumnElement[bool]]:
    return review_queue.matching(_asked_of_the_gate(filters)) + ([] if practice else [story.c.simulated.is_(False)])


def _passing(found: Iterator[tuple[rows.Record, Row]], row_key: bytes, passed: _Passed) -> Iterator[Row]:
    """Yield the rows that pass the gate, with ids made for this export alone, and keep count of them."""
    for record, row in found:
        passed.versions[record.id] = record.version
        passed.practice += record.simulated
        passed.widened += row["place_exactness"] != "exact" and record.place_label != ""
        yield {"id": row_name(row_key, record.id), **row}


def only_practice(connection: Connection) -> bool:
    """Return True if nobody has ever written from a real channel, but somebody has used the simulator."""
    somebody = select(contributor.c.id).where(contributor.c.simulated.is_(False)).exists()
    real = select(story.c.id).where(story.c.simulated.is_(False)).exists()
    tried = select(story.c.id).where(story.c.simulated.is_(True)).exists()
    return bool(connection.execute(select(and_(~or_(somebody, real), tried))).scalar())


def _record(
    writer: Writer, made: _Made, chosen: Format, use: Use, filters: Filters, who: str, now: datetime
) -> Summary | None:
    """Record the export. Returns None, with nothing recorded, if a story in it may not leave as it was written."""
    versions = made.passed.versions
    ids = list(versions)
    asked: dict[str, object] = {"asked": filters.asked(), "practice": made.practice, "row_key": made.row_key.hex()}

    class _MovedError(Exception):
        pass

    def work(connection: Connection) -> int:
        export_id = int(
            connection.execute(
                insert(export_run)
                .values(at=now, who=who, format=chosen.NAME, use=use, filters=json.dumps(asked), stories=len(ids))
                .returning(export_run.c.id)
            ).scalar_one()
        )
        if ids:
            for start in range(0, len(ids), LISTED_AT_ONCE):
                listed = [{"export_id": export_id, "story_id": one} for one in ids[start : start + LISTED_AT_ONCE]]
                connection.execute(insert(export_story), listed)
            standing = connection.execute(
                select(story.c.id, story.c.version)
                .select_from(export_story.join(story, story.c.id == export_story.c.story_id))
                .where(export_story.c.export_id == export_id, *may_leave(use, now))
            )
            if {row.id: row.version for row in standing} != versions:
                raise _MovedError
        members.record(
            connection,
            at=now,
            who=who,
            act="export.made",
            object_kind="export",
            object_id=export_id,
            detail=f"{use}, {chosen.NAME}, {len(ids)}",
        )
        return export_id

    try:
        export_id = writer.run(work)
    except _MovedError:
        return None
    return Summary(
        export_id=export_id,
        format=chosen.NAME,
        use=use,
        stories=len(ids),
        practice=made.passed.practice,
        only_practice=made.only_practice,
        widened=made.passed.widened,
        waiting=made.waiting,
        cut=made.cut,
    )


@contextmanager
def _draft(out: Path | BinaryIO) -> Iterator[BinaryIO]:
    """Yield a file for the export until it is recorded: beside its final name, or unnamed so nobody can open it."""
    if isinstance(out, Path):
        with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
            try:
                yield cast("BinaryIO", file)
            finally:
                Path(file.name).unlink(missing_ok=True)
    else:
        with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            yield cast("BinaryIO", file)


def _hand_over(draft: BinaryIO, out: Path | BinaryIO, summary: Summary, now: datetime) -> Summary:
    if not isinstance(out, Path):
        draft.seek(0)
        shutil.copyfileobj(draft, out)
        return summary
    Path(draft.name).replace(out)
    beside = out.with_suffix(".about.txt")
    beside.write_text(data_dictionary.text(use=summary.use, stories=summary.stories, now=now), encoding="utf-8")
    return Summary(**{name: getattr(summary, name) for name in summary.__slots__ if name != "about"}, about=beside)
