"""Named questions about stories, as a turn asks them. Never commits.

A contributor's words are kept whole; what they add or change later stands beside them (design rule 5), and a story
whose words or place changed after a decision goes back to the queue.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import case, delete, func, select, update

from flows.language.normalise import storable
from flows.model.vocabulary.consent_answers import Naming, Purpose, use_of
from flows.model.vocabulary.story_states import Progress, StoryState
from storage import tables
from storage.db.prepared_statement import Statement
from storage.protection.erasure import erase_story
from storage.queries import story_changes
from storage.queries.contributors import consent_in_force
from storage.queries.story_changes import NEXT_VERSION, UNDECIDED
from storage.tables.story_part import PartKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.conversation import Conversation
    from flows.model.effects import Draft
    from storage.places import Place

    _Part = tuple[str, str, str, datetime]

STORY = tables.Story.__table__
PART = tables.StoryPart.__table__
ANSWER = tables.Answer.__table__
TAG = tables.Tag.__table__
DECISION = tables.Decision.__table__
SEALED = tables.SealedMessage.__table__
CONTRIBUTOR = tables.Contributor.__table__


class StoryPlace(NamedTuple):
    """What is kept of a place: the fields of rule 88, never a point."""

    id: str
    label: str
    kind: str = ""
    scheme: str = ""
    code: str = ""
    year: str = ""
    nation: str = ""
    parent: str = ""

    @classmethod
    def of(cls, place: Place) -> StoryPlace:
        """Return what a story keeps of a place that was found or chosen."""
        year = str(place.year or "")
        return cls(place.id, place.label, place.kind, place.scheme, place.code, year, place.nation, place.parent)


_STORY_OF = Statement(select(STORY.c.id).where(STORY.c.conversation_id == b("conversation_id")))
_AGREED_UNTIL = (
    consent_in_force.newest(
        Purpose.TAKE_PART, DECISION.c.conversation_id == b("conversation_id"), DECISION.c.answer == "yes"
    )
    .with_only_columns(DECISION.c.valid_until)
    .scalar_subquery()
)
_PLACED = ("id", "label", "kind", "scheme", "code", "year", "nation", "parent")
_WHERE = ("place_words", *(f"place_{name}" for name in _PLACED))
_REPLACED = ("kind", "text", "language", "changed_at", "use", *_WHERE)
_DECIDED_APART = frozenset({"use"})
"""Set where a decision is recorded; keeping a story again never brings an older one back."""
_FIRST = ("conversation_id", "contributor_id", "flow", "structure", "channel", "told_at", "simulated", "receipt_lookup")
_KEEP = Statement(
    lambda insert: (
        (kept := insert(STORY))
        .values(
            {name: b(name) for name in (*_FIRST, *_REPLACED)}
            | {"state": StoryState.NEW, "reason": "", "version": 1, "words_version": 1}
            | {"naming": Naming.NONE, "credit": ""}
            | {"progress": Progress.HEARD}
            | {"kept_until": _AGREED_UNTIL}
        )
        .on_conflict_do_update(
            index_elements=["conversation_id"],
            set_={name: kept.excluded[name] for name in _REPLACED if name not in _DECIDED_APART}
            | {"version": NEXT_VERSION, "receipt_lookup": kept.excluded.receipt_lookup},
        )
        .returning(STORY.c.id, STORY.c.version)
    )
)  # fmt: skip
_DIFFERS = UNDECIDED | {"words_version": STORY.c.version}
_AS_KEPT = Statement(
    select(STORY.c.id, STORY.c.text, STORY.c.kind, *(STORY.c[name] for name in _WHERE)).where(
        STORY.c.conversation_id == b("conversation_id")
    )
)
_PART = Statement(lambda insert: insert(PART).values({column.name: b(column.name) for column in PART.columns}))
_ANSWER = Statement(lambda insert: insert(ANSWER).values({column.name: b(column.name) for column in ANSWER.columns}))
_TAG = Statement(
    lambda insert: insert(TAG).values(
        story_id=b("story_id"), dimension=b("dimension"), value=b("value"), created_at=b("now"), origin="contributor"
    )
)
_TAGS = Statement(
    select(TAG.c.id, TAG.c.dimension, TAG.c.value).where(TAG.c.story_id == b("story_id"), TAG.c.origin == "contributor")
)
_SIMULATED = Statement(select(CONTRIBUTOR.c.simulated).where(CONTRIBUTOR.c.id == b("contributor_id")))
_ATTACH = Statement(
    update(DECISION)
    .where(DECISION.c.conversation_id == b("conversation"), DECISION.c.story_id.is_(None))
    .values(story_id=b("story"))
)
_STAYS = Statement(
    update(CONTRIBUTOR)
    .where(CONTRIBUTOR.c.id == b("contributor_id"), CONTRIBUTOR.c.erased_at.is_not(None))
    .values(erased_at=None)
)


def keep_story(  # noqa: PLR0913 - what is kept, whose, where, and when
    connection: Connection,
    draft: Draft,
    *,
    conversation: Conversation,
    contributor_id: int,
    place: StoryPlace | None,
    use: str,
    receipt_lookup: bytes | None,
    now: datetime,
    channel: str = "",
) -> int:
    """Keep or replace the conversation's story as its teller saw it; returns its number.

    `channel` is how it came, where that is not how the conversation looked.

    A story kept before gets the new answers and tags and a higher version; if its words or its place are others than
    before, it goes back to the queue. What was added meanwhile stays behind the new parts, what was decided about its
    use and what reviewers tagged stays.
    """
    differs = differs_from_kept(connection, draft, conversation_id=conversation.id, place=place)
    found = place or StoryPlace(draft.place_id, draft.place_label)
    simulated = _SIMULATED.one(connection, contributor_id=contributor_id)
    row = _KEEP.one(
        connection,
        conversation_id=conversation.id,
        contributor_id=contributor_id,
        kind=draft.kind,
        flow=conversation.flow,
        structure=conversation.structure,
        text=storable(draft.text),
        language=conversation.writes_in or conversation.language,
        channel=channel or conversation.channel,
        told_at=now,
        changed_at=now,
        use=use_of(use),
        simulated=bool(simulated and simulated[0]),
        receipt_lookup=receipt_lookup,
        place_words=storable(draft.place_words),
        **{f"place_{name}": getattr(found, name) for name in _PLACED} | {"place_id": found.id or None},
    )
    if row is None:
        raise RuntimeError("a story that was just kept cannot be found; give the message again")
    story_id, version = row
    later = [] if version == 1 else _clear(connection, story_id, draft)
    told = [(ref, storable(text), PartKind.TOLD, now) for ref, text in draft.parts]
    _PART.many(
        connection,
        (
            {"story_id": story_id, "position": position, "ref": ref, "text": text, "kind": kind, "received_at": at}
            for position, (ref, text, kind, at) in enumerate(told + later)
        ),
    )  # fmt: skip
    corrected: dict[str, Any] = {"text": _whole(draft, later)} if later else {}
    if differs:
        corrected |= _DIFFERS
    if corrected:
        connection.execute(update(STORY).where(STORY.c.id == story_id).values(corrected))
    _ANSWER.many(connection, (_as_answer(story_id, step, answer) for step, answer in draft.answers.items()))
    _tag(connection, story_id, draft.tags, now)
    if version == 1:
        _attach_decisions(connection, conversation.id, story_id, contributor_id)
    return int(story_id)


def differs_from_kept(connection: Connection, draft: Draft, *, conversation_id: str, place: StoryPlace | None) -> bool:
    """Tell whether this draft has other words or another place than the story that is kept; False if none is."""
    kept = _AS_KEPT.one(connection, conversation_id=conversation_id)
    if kept is None:
        return False
    story_id, text, kind, *where = kept
    found = place or StoryPlace(draft.place_id, draft.place_label)
    now = [storable(draft.place_words), *found._replace(id=found.id or None)]  # type: ignore[arg-type]
    return bool((text, kind, where) != (_whole(draft, _later(connection, story_id, draft)), draft.kind, now))


def loses_words(connection: Connection, draft: Draft, *, conversation_id: str) -> bool:
    """Tell whether something that is kept now stands nowhere in this draft: it was changed or taken out."""
    kept = _AS_KEPT.one(connection, conversation_id=conversation_id)
    if kept is None:
        return False
    now = _whole(draft, _later(connection, kept[0], draft))
    return any(line not in now for line in str(kept[1]).splitlines())


def _whole(draft: Draft, later: Sequence[_Part]) -> str:
    return "\n\n".join([storable(draft.text), *(text for _, text, kind, _ in later if kind == PartKind.ADDED)])


def _later(connection: Connection, story_id: int, draft: Draft) -> list[_Part]:
    """Return what came after a story was first kept and is no part of the draft."""
    refs = {ref for ref, _ in draft.parts if ref}
    rows = connection.execute(
        select(PART.c.ref, PART.c.text, PART.c.kind, PART.c.received_at)
        .where(PART.c.story_id == story_id, PART.c.kind != PartKind.TOLD)
        .order_by(PART.c.position)
    )
    return [(ref, text, kind, at) for ref, text, kind, at in rows if kind == PartKind.AMENDED or ref not in refs]


def _clear(connection: Connection, story_id: int, draft: Draft) -> list[_Part]:
    """Take a story's parts and answers out before new ones come; returns what came after it was first kept."""
    later = _later(connection, story_id, draft)
    connection.execute(delete(PART).where(PART.c.story_id == story_id))
    connection.execute(delete(ANSWER).where(ANSWER.c.story_id == story_id))
    return later


def _as_answer(story_id: int, step: str, answer: Any) -> dict[str, Any]:
    value, said = (answer.get("value"), answer.get("note")) if isinstance(answer, dict) else (answer, "")
    return {
        "story_id": story_id,
        "step": step,
        "value": json.dumps(value, ensure_ascii=True, separators=(",", ":")),
        "note": storable(str(said or "")),
    }


def _tag(connection: Connection, story_id: int, tags: tuple[tuple[str, str], ...], now: datetime) -> None:
    """Bring the contributor's own tags in line; those that reviewers or rules set are not touched."""
    wanted = dict.fromkeys(tags)
    rows = _TAGS.all(connection, story_id=story_id)
    gone = [tag_id for tag_id, dimension, value in rows if (dimension, value) not in wanted]
    if gone:
        connection.execute(delete(TAG).where(TAG.c.id.in_(gone)))
    known = {(dimension, value) for _, dimension, value in rows}
    _TAG.many(
        connection,
        (
            {"story_id": story_id, "dimension": dimension, "value": value, "now": now}
            for dimension, value in wanted
            if (dimension, value) not in known
        ),
    )


def _attach_decisions(connection: Connection, conversation_id: str, story_id: int, contributor_id: int) -> None:
    """Tie what was decided on the way to the story it was decided for; somebody who tells again is not leaving."""
    _ATTACH.run(connection, conversation=conversation_id, story=story_id)
    _STAYS.run(connection, contributor_id=contributor_id)


def told_in(connection: Connection, *, contributor_id: int, ref: str) -> str | None:
    """Return the conversation of the kept story that this message is part of, None if there is none."""
    found: str | None = connection.execute(
        select(STORY.c.conversation_id)
        .join(PART, PART.c.story_id == STORY.c.id)
        .where(STORY.c.contributor_id == contributor_id, PART.c.ref == ref)
        .order_by(STORY.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def amend_story(connection: Connection, *, conversation_id: str, ref: str, text: str, now: datetime) -> int | None:
    """Let the newest words of a message be what the story says; returns its number, None if there is no such part.

    The words before are gone: whoever takes a name out wants it nowhere.
    """
    story_id = connection.execute(select(STORY.c.id).where(STORY.c.conversation_id == conversation_id)).scalar()
    part = (PART.c.story_id == story_id, PART.c.ref == ref)
    if story_id is None or not connection.execute(update(PART).where(*part).values(text=storable(text))).rowcount:
        return None
    rows = connection.execute(
        select(PART.c.text, PART.c.kind).where(PART.c.story_id == story_id).order_by(PART.c.position)
    ).all()
    told = "\n".join(row.text for row in rows if row.kind == PartKind.TOLD)
    whole = "\n\n".join(filter(None, [told, *(row.text for row in rows if row.kind == PartKind.ADDED)]))
    story_changes.change(connection, story_id, at=now, words=True, text=whole)
    return int(story_id)


def add_to_story(connection: Connection, *, conversation_id: str, ref: str, text: str, now: datetime) -> int | None:
    """Add words that came after the story was kept; returns the story's number, None if there is no story."""
    words = storable(text)
    longer = case((STORY.c.text == "", words), else_=STORY.c.text + "\n\n" + words)
    added = story_changes.changed(STORY.c.conversation_id == conversation_id, at=now, words=True, text=longer)
    row = connection.execute(added.returning(STORY.c.id)).first()
    if row is None:
        return None
    last = connection.execute(select(func.max(PART.c.position)).where(PART.c.story_id == row.id)).scalar()
    position = 0 if last is None else last + 1
    _PART.many(
        connection,
        [{"story_id": row.id, "position": position, "ref": ref, "text": words, "kind": "added", "received_at": now}],
    )
    return int(row.id)


def drop_story(connection: Connection, conversation_id: str, now: datetime) -> bool:
    """Delete the conversation's story and what was held for it; returns whether there was one.

    The turn saves its own state of the conversation afterwards.
    """
    connection.execute(delete(SEALED).where(SEALED.c.conversation_id == conversation_id))
    row = _STORY_OF.one(connection, conversation_id=conversation_id)
    return row is not None and erase_story(connection, row[0], now)
