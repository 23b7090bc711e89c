"""Named questions about what we ask a contributor of our own accord: sign-off of an edition, renewal of consent.

Never commits. Due times are rows; who ticks, and when, matters little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import insert, select, update

from flows.model.vocabulary.consent_answers import Purpose
from flows.model.vocabulary.delivery import OUT_OF_REACH, AddressState
from storage import tables
from storage.queries.contributors import consent_in_force
from storage.tables.ask_back import FollowUpKind, FollowUpState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.tables.ask_back import FollowUpAnswer

ASK_BACK = tables.AskBack.__table__
CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
CONVERSATION = tables.Conversation.__table__


class AskBack(NamedTuple):
    """One question to one contributor."""

    id: int
    kind: FollowUpKind
    contributor_id: int
    story_id: int | None
    edition_id: int | None
    state: FollowUpState
    due_at: datetime | None
    asked_at: datetime | None
    until: datetime | None


class Reach(NamedTuple):
    """Where somebody may be asked."""

    address_id: int | None
    why_not: str
    """no_consent, opted_out, forgotten or closed; empty if they may be asked."""


_COLUMNS = tuple(ASK_BACK.c[name] for name in AskBack._fields)


def reach(connection: Connection, contributor_id: int, now: datetime) -> Reach:
    """Return where a person last wrote from, if they agreed to be contacted and have not taken that back."""
    if consent_in_force.answer_of(connection, contributor_id, Purpose.CONTACT, now) != "yes":
        return Reach(None, "no_consent")
    row = connection.execute(
        select(ADDRESS.c.id, ADDRESS.c.state, ADDRESS.c.closed_at, CONTRIBUTOR.c.opted_out, CONTRIBUTOR.c.erased_at)
        .join_from(CONVERSATION, ADDRESS, ADDRESS.c.id == CONVERSATION.c.address_id)
        .join(CONTRIBUTOR, CONTRIBUTOR.c.id == CONVERSATION.c.contributor_id)
        .where(CONVERSATION.c.contributor_id == contributor_id)
        .order_by(CONVERSATION.c.started_at.desc(), CONVERSATION.c.id)
        .limit(1)
    ).first()
    if row is not None and row.closed_at is not None:
        return Reach(None, "closed")
    if row is None or row.erased_at is not None or row.state in OUT_OF_REACH:
        return Reach(None, "forgotten")
    if row.opted_out or row.state == AddressState.OPTED_OUT:
        return Reach(None, "opted_out")
    return Reach(row.id, "")


def want(
    connection: Connection,
    *,
    kind: FollowUpKind,
    contributor_id: int,
    story_id: int,
    edition_id: int | None = None,
    until: datetime | None = None,
    now: datetime,
) -> int:
    """Have a person asked with the next tick; returns the question's number."""
    return int(
        connection.execute(
            insert(ASK_BACK)
            .values(
                kind=kind, contributor_id=contributor_id, story_id=story_id, edition_id=edition_id,
                state=FollowUpState.WAITING, wanted_at=now, due_at=now, until=until, answer="",
            )
            .returning(ASK_BACK.c.id)
        ).scalar_one()
    )  # fmt: skip


def due(connection: Connection, now: datetime, limit: int = 200) -> list[AskBack]:
    """Return the questions about which something is to be done now, longest overdue first."""
    rows = connection.execute(
        select(*_COLUMNS).where(ASK_BACK.c.due_at <= now).order_by(ASK_BACK.c.due_at, ASK_BACK.c.id).limit(limit)
    )
    return [AskBack(*row) for row in rows]


def get(connection: Connection, ask_back: int) -> AskBack | None:
    """Return one question; None once its story or its person is gone."""
    row = connection.execute(select(*_COLUMNS).where(ASK_BACK.c.id == ask_back)).first()
    return None if row is None else AskBack(*row)


def waiting_for_answer(connection: Connection, ask_back: int, *, contributor_id: int, now: datetime) -> AskBack | None:
    """Return a question that this very person was asked and may still answer."""
    row = connection.execute(
        select(*_COLUMNS).where(
            ASK_BACK.c.id == ask_back, ASK_BACK.c.contributor_id == contributor_id,
            ASK_BACK.c.state == FollowUpState.ASKED, ASK_BACK.c.until > now,
        )
    ).first()  # fmt: skip
    return None if row is None else AskBack(*row)


def asked_of(connection: Connection, contributor_id: int, *, but: int, since: datetime) -> datetime | None:
    """Return when this person was last asked something else that they have not answered, if after `since`."""
    found: datetime | None = connection.execute(
        select(ASK_BACK.c.asked_at)
        .where(
            ASK_BACK.c.contributor_id == contributor_id, ASK_BACK.c.id != but, ASK_BACK.c.state == FollowUpState.ASKED,
            ASK_BACK.c.asked_at > since,
        )
        .order_by(ASK_BACK.c.asked_at.desc())
        .limit(1)
    ).scalar()  # fmt: skip
    return found


def asked(connection: Connection, ask_back: int, *, now: datetime, until: datetime, due_at: datetime) -> None:
    """Note that the question is on its way; `due_at` is when to remind, or to let it lapse."""
    connection.execute(
        update(ASK_BACK)
        .where(ASK_BACK.c.id == ask_back)
        .values(state=FollowUpState.ASKED, asked_at=now, until=until, due_at=due_at)
    )


def look_again(connection: Connection, ask_back: int, when: datetime) -> None:
    """Leave a question alone until then."""
    connection.execute(update(ASK_BACK).where(ASK_BACK.c.id == ask_back).values(due_at=when))


def turn_to(connection: Connection, ask_back: int, edition_id: int) -> None:
    """Ask about this edition from now on."""
    connection.execute(update(ASK_BACK).where(ASK_BACK.c.id == ask_back).values(edition_id=edition_id))


def settle(
    connection: Connection,
    ask_back: int,
    state: FollowUpState,
    *,
    now: datetime,
    answer: FollowUpAnswer | Literal[""] = "",
) -> None:
    """Close a question: answered, lapsed or cancelled."""
    connection.execute(
        update(ASK_BACK)
        .where(ASK_BACK.c.id == ask_back)
        .values(state=state, due_at=None, answer=answer, answered_at=now if state == FollowUpState.ANSWERED else None)
    )


def cancel(connection: Connection, *, edition_id: int) -> None:
    """Ask no more about an edition."""
    connection.execute(
        update(ASK_BACK)
        .where(ASK_BACK.c.edition_id == edition_id, ASK_BACK.c.state.in_((FollowUpState.WAITING, FollowUpState.ASKED)))
        .values(state=FollowUpState.CANCELLED, due_at=None)
    )


def wanted_since(connection: Connection, story_id: int, since: datetime) -> bool:
    """Tell whether a renewal was asked for this story after `since`."""
    found = connection.execute(
        select(ASK_BACK.c.id)
        .where(ASK_BACK.c.story_id == story_id, ASK_BACK.c.kind == FollowUpKind.RENEWAL, ASK_BACK.c.wanted_at > since)
        .limit(1)
    ).first()
    return found is not None
