"""Everything that is held about one person, in one place: for the person, or for whoever answers them (rule 59).

Only reads. Whoever gives the file to somebody writes that down first: to look a person up is to reveal who they are.

What is in it, and what is not:

- all that the person wrote, opened where it is locked; what they decided, with the exact words they were shown
- who on the team opened a story: the role and the time. A name is a colleague's own data, not the teller's
- of a safeguarding item: that there is one, when, and whether a person has looked. Not why, not who raised it and not
  what was done: that speaks of others as well, and read by whoever holds the phone it may harm (UK DPA 2018, Sch. 3)
- nothing that belongs to another person: every question below asks by this contributor alone

Each table says in the registry (`storage/tables/registry.toml`) in which part of the file it is. One that is not read
here in a way of its own is read whole, without the numbers that only Earshot works with.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sqlalchemy import or_, select

from flows.model.conversation import Conversation, UnreadableConversationError
from storage import tables
from storage.privacy.subject_file_text import readable
from storage.protection.crypto import SealBrokenError, open_address
from storage.protection.erasure import FORGOTTEN
from storage.tables.registry import entries, lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.engine import Connection

    from storage.protection.crypto import Keyring

    Held = dict[str, Any]

ADDRESS = tables.Address.__table__
ANSWER = tables.Answer.__table__
ASK_BACK = tables.AskBack.__table__
AUDIT = tables.Audit.__table__
CONTRIBUTOR = tables.Contributor.__table__
CONVERSATION = tables.Conversation.__table__
DECISION = tables.Decision.__table__
EDITION = tables.Edition.__table__
EXPORTED = tables.ExportStory.__table__
EXPORT = tables.ExportRun.__table__
CODE = tables.HolderCode.__table__
INBOUND = tables.Inbound.__table__
ITEM = tables.TeamItem.__table__
MEMBER = tables.TeamMember.__table__
NOTICE = tables.Notice.__table__
OUTBOX = tables.Outbox.__table__
PART = tables.StoryPart.__table__
REQUEST = tables.Request.__table__
SAFEGUARDING = tables.Safeguarding.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__
TAG = tables.Tag.__table__
TEXT = tables.ConsentText.__table__

_READ_HERE = (
    ADDRESS, ANSWER, ASK_BACK, CODE, CONTRIBUTOR, CONVERSATION, DECISION, EDITION, EXPORTED, INBOUND, ITEM, OUTBOX,
    PART, REQUEST, SAFEGUARDING, SEALED, STORY, TAG,
)  # fmt: skip
LOCKED = "cannot be opened: its key is missing"


class NobodyError(LookupError):
    """There is nobody with this number. Nothing is held."""


@dataclass(frozen=True, slots=True)
class PersonFile:
    """What is held about one person at one moment. Times are aware, in UTC."""

    made_at: datetime
    pseudonym: str
    held: dict[str, list[Held]]
    """Rows by the name of what they are, such as `stories`; a kind of which nothing is held is there, and empty."""

    def to_json(self) -> str:
        """Return the file as JSON, indented, in UTF-8."""
        whole = {"made_at": self.made_at, "pseudonym": self.pseudonym, **self.held}
        return json.dumps(whole, ensure_ascii=False, indent=2, default=_plain) + "\n"

    def to_text(self) -> str:
        """Return the same in plain words, to be read on a phone."""
        return readable(self.pseudonym, self.made_at, self.held)

    def counts(self) -> dict[str, int]:
        """Return how much there is of each kind."""
        return {name: len(rows) for name, rows in self.held.items()}


def about(connection: Connection, keyring: Keyring, contributor_id: int, now: datetime) -> PersonFile:
    """Return everything held about this person; raises NobodyError."""
    person = _rows(connection, CONTRIBUTOR, CONTRIBUTOR.c.id == contributor_id)
    if not person:
        raise NobodyError(contributor_id)
    own = _Own(connection, keyring, contributor_id)
    pseudonym = person[0]["pseudonym"]
    held = {
        "person": [{name: value for name, value in person[0].items() if name != "id"}],
        "addresses": own.addresses(),
        "messages": own.messages(),
        "messages_held_sealed": own.sealed(),
        "messages_we_sent": own.sent(),
        "conversations": own.conversations(),
        "stories": own.stories(),
        "decisions": own.decisions(),
        "questions_we_asked_back": own.whole(ASK_BACK),
        "requests": own.requests(),
        "care": own.care(),
        "notes_to_the_team": own.items(),
        "numbers_we_sent": own.whole(CODE),
        "seen_by_the_team": own.seen(),
        "exports": own.exports(),
    }
    for name, entry in entries().items():
        table = tables.metadata.tables[name]
        if entry.subject_file and table not in _READ_HERE:
            held[name if entry.subject_file in held else entry.subject_file] = own.whole(table)
    return PersonFile(made_at=now, pseudonym=pseudonym, held=held)


class _Own:
    """One person's rows."""

    def __init__(self, connection: Connection, keyring: Keyring, contributor_id: int) -> None:
        self._connection = connection
        self._keyring = keyring
        self._person = contributor_id
        self._stories = list(
            connection.execute(
                select(STORY.c.id).where(STORY.c.contributor_id == contributor_id).order_by(STORY.c.id)
            ).scalars()
        )

    def of(
        self,
        table: Table,
        owner: ColumnElement[int],
        *,
        without: Iterable[str] = (),
        only: Iterable[str] = (),
    ) -> list[Held]:
        """Return the person's rows of a table, without some columns or with some only."""
        left_out, taken = set(without), set(only)
        return [
            {name: value for name, value in row.items() if name not in left_out and (not taken or name in taken)}
            for row in _rows(self._connection, table, owner == self._person)
        ]

    def whole(self, table: Table) -> list[Held]:
        """Return the person's rows of a table, or those of their stories, without locks and without whose they are."""
        whose = "contributor_id" if "contributor_id" in table.c else "story_id"
        owned = table.c[whose].in_([self._person] if whose == "contributor_id" else self._stories)
        hidden = {"id", "contributor_id", *(one.name for one in table.columns if lock(one))}
        rows = _rows(self._connection, table, owned)
        return [{name: value for name, value in row.items() if name not in hidden} for row in rows]

    def addresses(self) -> list[Held]:
        return [
            {
                "channel": row["channel"],
                "address": None if bytes(row["sealed"]) == FORGOTTEN else self._address(row["sealed"]),
                "state": row["state"],
                "changed_at": row["changed_at"],
                "heard_at": row["heard_at"],
                "closed_at": row["closed_at"],
            }
            for row in self.of(ADDRESS, ADDRESS.c.contributor_id)
        ]

    def messages(self) -> list[Held]:
        """Return what came in, as the provider brought it; of one that was emptied only that it came."""
        return [
            {
                "received_at": row["received_at"],
                "channel": row["channel"],
                "provider_id": row["provider_id"],
                "event": None if row["sealed"] is None else _event(self._open("inbound.sealed", row["sealed"])),
            }
            for row in self.of(INBOUND, INBOUND.c.contributor_id)
        ]

    def sealed(self) -> list[Held]:
        return [
            {"received_at": row["received_at"], "words": self._open("sealed_message.sealed", row["sealed"])}
            for row in self.of(SEALED, SEALED.c.contributor_id)
        ]

    def sent(self) -> list[Held]:
        rows = self.of(
            OUTBOX,
            OUTBOX.c.contributor_id,
            only=("channel", "kind", "state", "payload", "created_at", "sent_at", "provider_id"),
        )
        return [{**row, "payload": _event(row["payload"]) if row["payload"] else None} for row in rows]

    def conversations(self) -> list[Held]:
        rows = self.of(CONVERSATION, CONVERSATION.c.contributor_id, without=("contributor_id", "address_id"))
        return [{**row, "state": _state(row["state"])} for row in rows]

    def stories(self) -> list[Held]:
        hidden = {"contributor_id", "decided_by", "receipt_lookup"}
        own = _rows(self._connection, STORY, STORY.c.id.in_(self._stories))
        parts = self._by_story(PART)
        answers = self._by_story(ANSWER)
        tags = self._by_story(TAG, hidden=("id", "confirmed_by"))
        editions = self._by_story(EDITION, hidden=("author",))
        return [
            {name: value for name, value in story.items() if name not in hidden}
            | {
                "parts": parts.get(story["id"], []),
                "answers": answers.get(story["id"], []),
                "tags": tags.get(story["id"], []),
                "editions": editions.get(story["id"], []),
            }
            for story in own
        ]

    def decisions(self) -> list[Held]:
        """Return every decision with the words shown, and the notice behind it as it stood then."""
        rows = self.of(DECISION, DECISION.c.contributor_id, without=("contributor_id",))
        texts = select(TEXT.c.digest, TEXT.c.text).where(TEXT.c.digest.in_({row["text_digest"] for row in rows}))
        shown = {row.digest: row.text for row in self._connection.execute(texts)}
        digests = {row["notice_digest"] for row in rows} - {None}
        found = select(NOTICE.c.digest, NOTICE.c.body).where(NOTICE.c.digest.in_(digests))
        notices = {row.digest: row.body for row in self._connection.execute(found)}
        return [
            {name: value for name, value in row.items() if name != "assisted_by"}
            | {
                "words_shown": shown.get(row["text_digest"], ""),
                "notice": _event(notices[row["notice_digest"]]) if row["notice_digest"] in notices else None,
                "assisted": row["assisted_by"] is not None,
            }
            for row in rows
        ]

    def requests(self) -> list[Held]:
        rows = self.of(REQUEST, REQUEST.c.contributor_id, without=("contributor_id", "closed_by"))
        return [
            {name: value for name, value in row.items() if name != "sealed"}
            | {"words": None if row["sealed"] is None else _event(self._open("request.sealed", row["sealed"]))}
            for row in rows
        ]

    def care(self) -> list[Held]:
        return [
            {"noted_at": row["raised_at"], "a_person_looked_at": row["taken_at"], "closed_at": row["closed_at"]}
            for row in self.of(SAFEGUARDING, SAFEGUARDING.c.contributor_id)
        ]

    def items(self) -> list[Held]:
        rows = _rows(
            self._connection, ITEM, or_(ITEM.c.contributor_id == self._person, ITEM.c.story_id.in_(self._stories))
        )
        return [{name: row[name] for name in ("kind", "story_id", "raised_at", "closed_at", "note")} for row in rows]

    def seen(self) -> list[Held]:
        """Return the team's acts on the person and their stories: role and time."""
        numbers = [str(story) for story in self._stories]
        theirs = or_(
            (AUDIT.c.object_kind == "story") & AUDIT.c.object_id.in_(numbers),
            (AUDIT.c.object_kind == "contributor") & (AUDIT.c.object_id == str(self._person)),
        )
        rows = self._connection.execute(
            select(AUDIT.c.at, AUDIT.c.act, AUDIT.c.object_kind, AUDIT.c.object_id, AUDIT.c.who, MEMBER.c.role)
            .outerjoin(MEMBER, MEMBER.c.email == AUDIT.c.who)
            .where(theirs)
            .order_by(AUDIT.c.id)
        ).all()
        return [
            {
                "at": row.at,
                "act": row.act,
                "story_id": int(row.object_id) if row.object_kind == "story" else None,
                "role": row.role or ("earshot" if row.who == "earshot" else "whoever runs the service"),
            }
            for row in rows
        ]

    def exports(self) -> list[Held]:
        rows = self._connection.execute(
            select(EXPORT.c.id, EXPORT.c.at, EXPORT.c.use, EXPORT.c.format, EXPORTED.c.story_id)
            .join(EXPORTED, EXPORTED.c.export_id == EXPORT.c.id)
            .where(EXPORTED.c.story_id.in_(self._stories))
            .order_by(EXPORT.c.id, EXPORTED.c.story_id)
        ).all()
        return [
            {"export": row.id, "at": row.at, "use": row.use, "format": row.format, "story_id": row.story_id}
            for row in rows
        ]

    def _by_story(self, table: Table, hidden: Iterable[str] = ()) -> dict[int, list[Held]]:
        found: dict[int, list[Held]] = {}
        left_out = {"story_id", *hidden}
        for row in _rows(self._connection, table, table.c.story_id.in_(self._stories)):
            kept = {name: value for name, value in row.items() if name not in left_out}
            found.setdefault(row["story_id"], []).append(kept)
        return found

    def _open(self, domain: str, sealed: bytes) -> str:
        try:
            return self._keyring.open(domain, sealed).decode("utf-8", "replace")
        except SealBrokenError:
            return LOCKED

    def _address(self, sealed: bytes) -> str:
        try:
            return open_address(self._keyring, sealed)
        except SealBrokenError:
            return LOCKED


def _rows(connection: Connection, table: Table, whose: ColumnElement[bool]) -> list[Held]:
    order = list(table.primary_key.columns)
    return [dict(row) for row in connection.execute(select(table).where(whose).order_by(*order)).mappings()]


def _event(text: str) -> Any:
    """Return what a provider brought, in its parts where it has any."""
    try:
        return json.loads(text)
    except ValueError:
        pairs = parse_qsl(text, keep_blank_values=True)
        return dict(pairs) if pairs else text


def _state(state: str) -> Any:
    """Return what a conversation knows, without what only the machine needs."""
    try:
        conversation = Conversation.from_json(state)
    except UnreadableConversationError:
        return state
    known = conversation.model_dump(mode="json", exclude_defaults=True)
    return {name: value for name, value in known.items() if name not in {"id", "token", "structure", "serial"}}


def _plain(value: object) -> str:
    """Return as text what JSON has no word for: a time."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a person's file cannot hold a {type(value).__name__}")
