"""What the storage tests do over and over: claim, meet, begin, decide, keep, queue."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from flows.model.conversation import Conversation, Status, idle
from flows.model.effects import Draft, RecordConsent
from storage.queries.contributors import consent_decisions
from storage.queries.contributors.consent_decisions import Circumstances
from storage.queries.conversations import turn_queries
from storage.queries.conversations.turn_queries import Person, StoryPlace

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
NOTICE = "a" * 64
HERON = bytes([1]) * 32
GLENBOIG = StoryPlace("gb-glenboig", "Glenboig, North Lanarkshire", "village", "ONS", "S52000286", "2022", "S", "NL")


def claim(connection: Connection, provider_id: str = "SM1", **more: Any) -> int | None:
    return turn_queries.claim(
        connection, channel="sms", provider_id=provider_id, received_at=NOW, sealed=b"raw", **more
    )


def meet(connection: Connection, lookup: bytes = HERON, channel: str = "sms", **more: Any) -> Person:
    return turn_queries.make_person(connection, channel=channel, lookups=[lookup], sealed=b"sealed", now=NOW, **more)


def begin(connection: Connection, person: Person, name: str = "c1", **changes: Any) -> Conversation:
    conversation = idle(id=name, token="t", flow="share", channel="sms", language="en", now=NOW)
    changes = {**changes, "status": Status(changes.get("status", Status.OPEN))}
    conversation = conversation.model_copy(update={"structure": "s1", "step": "welcome", **changes})
    turn_queries.save_conversation(
        connection, conversation, contributor_id=person.contributor_id, address_id=person.address_id, now=NOW
    )
    return conversation


def consent(answer: str, purpose: str = "use", text: str = "How far may it travel? 1 team 2 quote") -> RecordConsent:
    return RecordConsent(
        purpose=purpose, answer=answer, step=purpose, literal=f"{answer}, thank you", text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(), language="en", version=1,
    )  # fmt: skip


def decide(
    connection: Connection, person: Person, conversation: Conversation, effect: RecordConsent, now: datetime = NOW
) -> None:
    under = Circumstances(conversation, whole="w" * 64, notice=NOTICE, now=now)
    consent_decisions.record(connection, effect, under, contributor_id=person.contributor_id)


def keep(connection: Connection, person: Person, conversation: Conversation, *parts: str, **more: Any) -> int:
    values: dict[str, Any] = {"kind": "story", "place_words": "near the Clyde"} | more
    draft = Draft(text="\n\n".join(parts), parts=tuple((f"r{n}", part) for n, part in enumerate(parts)), **values)
    return turn_queries.keep_story(
        connection, draft, conversation=conversation, contributor_id=person.contributor_id, use="team",
        place=GLENBOIG, receipt_lookup=bytes(32), now=NOW,
    )  # fmt: skip


def queue(connection: Connection, person: Person, kind: str, due_at: datetime = NOW) -> int:
    return turn_queries.enqueue(
        connection, address_id=person.address_id, contributor_id=person.contributor_id, conversation_id=None,
        inbound_id=None, channel=person.channel, kind=kind, payload=f"a {kind}", due_at=due_at, now=NOW,
    )  # fmt: skip


def meet_another(connection: Connection) -> Person:
    return meet(connection, bytes([7]) * 32)


def rows(connection: Connection, table: Any, *columns: str) -> list[tuple[Any, ...]]:
    order = list(table.primary_key.columns)
    return [tuple(row) for row in connection.execute(select(*(table.c[name] for name in columns)).order_by(*order))]
