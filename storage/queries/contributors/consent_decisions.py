"""Consent decisions: the one place that writes them, and the notices they are made under. Never commits.

Decisions are only ever added (rule 51), each under the notice that stood when it was made and with the version of what
was agreed to.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import select

from flows.language.normalise import storable
from flows.model.vocabulary.consent_answers import Naming, Purpose, Use, use_of
from storage import tables
from storage.db.prepared_statement import Statement
from storage.queries import story_changes
from storage.queries.contributors.consent_in_force import newest_about

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.conversation import Conversation
    from flows.model.effects import RecordConsent

DECISION = tables.Decision.__table__
NOTICE = tables.Notice.__table__
STORY = tables.Story.__table__
TEXT = tables.ConsentText.__table__

ASSISTED = "assisted"
"""The channel of a person beside whom a worker sits; nothing is ever sent to it."""
LAPSED = "lapse"
"""Step of a decision that nobody took: time did, because an answer ran out."""
PUT_BACK = "put_back"
"""Step of a decision that a copy of the database had forgotten, and the list beside it had not."""
AS_BEFORE = (
    "contributor_id", "conversation_id", "story_id", "purpose", "text_digest", "text_version", "flow", "structure",
    "whole", "language", "channel",
)  # fmt: skip
TERMS = {Purpose.EDITION: Purpose.USE}
"""Purposes that are decided under the terms of another one."""


class Assisted(NamedTuple):
    """A worker writes for a person and has read the questions aloud to them (rule 56)."""

    by: int
    """The team member."""
    where: str


class Circumstances(NamedTuple):
    """Where, when and under which notice somebody decides."""

    conversation: Conversation
    whole: str
    """Digest of the release whose text was shown."""
    notice: str
    """Digest of who asks and what for, as it stands now."""
    now: datetime
    assisted: Assisted | None = None


_TEXT = Statement(
    lambda add: (
        add(TEXT)
        .values(digest=b("digest"), text=b("text"), language=b("language"))
        .on_conflict_do_nothing(index_elements=["digest"])
    )
)
_ADD = Statement(
    lambda add: (
        add(DECISION)
        .values({column.name: b(column.name) for column in DECISION.columns if column.name != "id"})
        .returning(DECISION.c.id)
    )
)
_NOTICE = Statement(
    lambda add: add(NOTICE).values(digest=b("digest"), body=b("body")).on_conflict_do_nothing(index_elements=["digest"])
)
_STORY_OF = Statement(select(STORY.c.id).where(STORY.c.conversation_id == b("conversation_id")))
_TOLD_IN = Statement(select(STORY.c.conversation_id).where(STORY.c.id == b("story_id")))


def keep_notice(connection: Connection, digest: str, body: str) -> None:
    """Keep who asks and what for, once under its digest."""
    _NOTICE.run(connection, digest=digest, body=body)


def record(connection: Connection, effect: RecordConsent, under: Circumstances, *, contributor_id: int) -> bool:
    """Add a decision, and let a kept story be kept, travel and be named as far as it says.

    An answer that is no use at all counts as `team`; nobody is named by a name that was not given. Returns whether it
    changed a story, whose version is then one higher.
    """
    story_id = effect.story
    if story_id is None:
        story = _STORY_OF.one(connection, conversation_id=under.conversation.id)
        story_id = story[0] if story else None
    valid_until = under.now + timedelta(days=effect.valid_days) if effect.valid_days is not None else None
    _add(
        connection, effect, under, contributor_id=contributor_id, story_id=story_id, purpose=effect.purpose,
        answer=effect.answer, version=effect.version, valid_until=valid_until,
    )  # fmt: skip
    changed = _changed_by(effect, valid_until)
    if not changed or story_id is None:
        return False
    connection.execute(story_changes.changed(STORY.c.id == story_id, at=under.now, **changed))
    return True


def _changed_by(effect: RecordConsent, valid_until: datetime | None) -> dict[str, Any]:
    """Return what a decision changes of its story."""
    if effect.purpose == Purpose.USE:
        use = use_of(effect.answer)
        return {"use": use, "use_until": valid_until if use != Use.TEAM else None}
    if effect.purpose == Purpose.NAMING:
        named = effect.answer if effect.answer == Naming.PLACE or effect.credit else Naming.NONE.value
        return {"naming": named, "credit": storable(effect.credit) if named == Naming.NAME else ""}
    if effect.purpose == Purpose.TAKE_PART and effect.answer == "yes":
        return {"kept_until": valid_until}
    return {}


def add_about(
    connection: Connection,
    asked: RecordConsent,
    under: Circumstances,
    *,
    story_id: int,
    contributor_id: int,
    purpose: Purpose | None = None,
    answer: str = "",
    valid_until: datetime | None = None,
) -> int:
    """Add what somebody decided about a story that stands, asked by us and not by its flow; returns its number.

    The story itself is for the caller to change. `purpose` and `answer` are for what the same words decide beside what
    was asked. What was agreed to stays of the version that it is: our question names no other terms.
    """
    purpose = purpose or asked.purpose
    return _add(
        connection, asked, under, contributor_id=contributor_id, story_id=story_id, purpose=purpose,
        answer=answer or asked.answer, version=terms(connection, story_id, purpose, asked.version),
        valid_until=valid_until,
    )  # fmt: skip


def narrow(
    connection: Connection,
    *,
    story_id: int,
    purpose: Purpose,
    answer: str,
    now: datetime,
    step: str = LAPSED,
    notice: str | None = None,
) -> int | None:
    """Add that an answer is the narrower one now, in the words it was given under; None if there is none.

    `notice` stands where the answer is older than notices are. The story is for the caller to change.
    """
    last = newest_about(connection, story_id, purpose)
    if last is None:
        return None
    kept = {name: last[name] for name in AS_BEFORE}
    return _insert(
        connection, **kept, answer=answer, literal="", step=step, decided_at=now, valid_until=None,
        notice_digest=last["notice_digest"] or notice, assisted_by=None, assisted_where="", read_aloud=False,
    )  # fmt: skip


def terms(connection: Connection, story_id: int, purpose: Purpose, otherwise: int) -> int:
    """Return the version of what a story's teller agreed to for this purpose; `otherwise` if they never decided."""
    last = newest_about(connection, story_id, TERMS.get(purpose, purpose))
    return otherwise if last is None else int(last["text_version"])


def _add(  # noqa: PLR0913 - what was decided, about what, and in which version
    connection: Connection,
    asked: RecordConsent,
    under: Circumstances,
    *,
    contributor_id: int,
    story_id: int | None,
    purpose: Purpose,
    answer: str,
    version: int,
    valid_until: datetime | None,
) -> int:
    conversation, assisted = under.conversation, under.assisted
    told_in = _TOLD_IN.one(connection, story_id=story_id) if story_id is not None else None
    _TEXT.run(connection, digest=asked.digest, text=storable(asked.text), language=asked.language)
    return _insert(
        connection, contributor_id=contributor_id, conversation_id=told_in[0] if told_in else conversation.id,
        story_id=story_id, purpose=purpose, answer=answer, literal=storable(asked.literal), text_digest=asked.digest,
        step=asked.step, flow=conversation.flow, structure=conversation.structure, whole=under.whole,
        language=asked.language, channel=ASSISTED if assisted is not None else conversation.channel,
        decided_at=under.now, text_version=version, valid_until=valid_until, notice_digest=under.notice,
        assisted_by=assisted.by if assisted is not None else None,
        assisted_where=storable(assisted.where) if assisted is not None else "", read_aloud=assisted is not None,
    )  # fmt: skip


def _insert(connection: Connection, **values: Any) -> int:
    row = _ADD.one(connection, **values)
    if row is None:  # pragma: no cover - an insert returns its row or raises
        raise RuntimeError("a decision was not written; give the message again")
    return int(row[0])
