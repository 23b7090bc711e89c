"""Events whose turn failed: kept for a replay, told to the team, and answered as far as that goes without the engine.

Never commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.turn import address_holder, fallback
from flows.engine.signpost_first import ONCE_IN
from flows.language.keywords.recognise import Keyword
from flows.model.vocabulary.item_kinds import ItemKind
from storage.protection import cancel_waiting
from storage.queries.conversations import turn_queries as store
from storage.tables.inbound import InboundState

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.inbound.inbound_event import InboundEvent, Result
    from storage.queries.conversations.turn_queries import Person


def fail(connection: Connection, event: InboundEvent, error: str) -> Result:
    """Keep an event for a replay, and tell the team."""
    inbound_id = event.keep(connection, InboundState.FAILED, error)
    if inbound_id is None:
        return "duplicate"
    store.raise_item(connection, kind=ItemKind.FAILED_TURN, now=event.now, inbound_id=inbound_id)
    return "failed"


def apologise(connection: Connection, event: InboundEvent, error: str) -> Result:
    """Keep a failed event with its person. STOP works even now; else they get one apology until it is mended."""
    inbound, services = event.inbound, event.services
    inbound_id = event.keep(connection, InboundState.FAILED, error)
    if inbound_id is None:
        return "duplicate"
    person = store.find_person(connection, channel=inbound.channel, lookups=event.lookups, lock=True)
    if person is None:
        person = event.meet(connection, inbound_id, InboundState.FAILED)
    person = address_holder.of_address(connection, services, person, event.signals, inbound_id, event.now)
    store.mark_inbound(
        connection, inbound_id, state=InboundState.FAILED, error=error, contributor_id=person.contributor_id
    )
    words = fallback.keywords(event.signals, person.language or services.languages[0], inbound.look)
    if stops := Keyword.STOP in words:
        store.opt_out(connection, person.contributor_id, event.now)
    elif Keyword.DELETE in words:
        cancel_waiting.from_person(connection, person.contributor_id, "deleted", private=True)
    signpost = _look_after(connection, event, person, inbound_id)
    first = store.raise_item(
        connection,
        kind=ItemKind.FAILED_TURN,
        now=event.now,
        contributor_id=person.contributor_id,
        inbound_id=inbound_id,
    )
    if stops:
        if not inbound.opt_out_type:
            _say(connection, event, person, inbound_id, "care_stopped" if signpost else "stopped")
        return "failed"
    if signpost:
        _say(connection, event, person, inbound_id, "care", "care_crisis_line")
    if first and not person.opted_out:
        _say(connection, event, person, inbound_id, "trouble")
    return "failed"


def _look_after(connection: Connection, event: InboundEvent, person: Person, inbound_id: int) -> bool:
    """Lay words of distress before the team; returns whether somebody to talk to is to be named (rule 77)."""
    level = fallback.raise_concern(connection, event.services, person, event.signals, inbound_id, event.now)
    last = person.signposted_at
    due = level == "plain" and not event.inbound.opt_out_type and (last is None or event.now - last >= ONCE_IN)
    if due:
        store.signposted(connection, person.contributor_id, event.now)
    return due


def _say(connection: Connection, event: InboundEvent, person: Person, inbound_id: int, *keys: str) -> None:
    """Say texts that belong to every flow as one message."""
    language = person.language or event.services.language_for(event.inbound.language_hint)
    common, look = event.services.releases.common, event.inbound.look
    event.answer(connection, person, inbound_id, " ".join(common(key, language=language, look=look) for key in keys))
