"""Named questions about whom to alert. Never commits.

A phone on call is an address like any other, encrypted and looked up by keyed hash. Behind it stands a row for its
owner, as behind every address; `source` tells that nobody came to tell a story.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from flows.model.vocabulary.delivery import AddressState, MessageKind, MessageState
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.queries.conversations.turn_queries import raise_item

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

ON_CALL = tables.OnCall.__table__
MEMBER = tables.TeamMember.__table__
ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
OUTBOX = tables.Outbox.__table__
ITEM = tables.Safeguarding.__table__
TEAM_ITEM = tables.TeamItem.__table__

SOURCE = "on_call"
"""Way in of somebody who wrote only to link a phone; also the role in which a phone is left alone by retention."""
NOBODY = ItemKind.NOBODY_ON_CALL
"""Kind of the team item that says that an alert was due and nobody could be told."""
LAME_FOR = timedelta(minutes=10)
"""A contact whom an alert did not reach is passed over for so long; after it the clock tries them again."""
STUCK_AFTER = timedelta(minutes=5)
"""An alert that is not out by then counts as undelivered (rule 79)."""
SAME_ALERT = timedelta(minutes=5)
"""Within this time nobody is alerted twice to one item."""


class Contact(NamedTuple):
    """One member of the team who is on call."""

    id: int
    member_id: int
    email: str
    active: bool
    """False: they have left the team."""
    position: int
    address_id: int | None
    channel: str | None
    state: AddressState | None
    """Of the address; None while no phone is linked."""
    contributor_id: int | None
    linked_at: datetime | None
    missed_at: datetime | None
    """When an alert last could not be delivered there."""
    code_until: datetime | None

    @property
    def reachable(self) -> bool:
        """True if an alert may be sent."""
        return self.active and self.state == AddressState.REACHABLE

    def usable(self, now: datetime) -> bool:
        """True if an alert may be sent and did not fail a moment ago."""
        return self.reachable and (self.missed_at is None or now - self.missed_at >= LAME_FOR)


def contacts(connection: Connection) -> list[Contact]:
    """Return everybody who is on call, first contact first. Somebody who is leaving us has no address any more."""
    there = and_(ADDRESS.c.id == ON_CALL.c.address_id, func.length(ADDRESS.c.sealed) > 0)
    staying = and_(CONTRIBUTOR.c.id == ADDRESS.c.contributor_id, CONTRIBUTOR.c.erased_at.is_(None))
    here = CONTRIBUTOR.c.id.is_not(None)
    rows = connection.execute(
        select(
            ON_CALL.c.id, ON_CALL.c.member_id, MEMBER.c.email, MEMBER.c.active, ON_CALL.c.position, ADDRESS.c.id,
            ADDRESS.c.channel, ADDRESS.c.state, CONTRIBUTOR.c.id, ON_CALL.c.linked_at, ON_CALL.c.missed_at,
            ON_CALL.c.code_until, here,
        )
        .join(MEMBER, MEMBER.c.id == ON_CALL.c.member_id)
        .outerjoin(ADDRESS, there)
        .outerjoin(CONTRIBUTOR, staying)
        .order_by(ON_CALL.c.position, ON_CALL.c.id)
    ).all()  # fmt: skip
    return [_contact(tuple(row)) for row in rows]


def _contact(row: tuple[object, ...]) -> Contact:
    *columns, here = row
    found = Contact(*columns)  # type: ignore[arg-type]  # a row has the columns it was asked for
    return found if here else found._replace(address_id=None, channel=None, state=None, contributor_id=None)


def offer(connection: Connection, *, member_id: int, position: int, code_hash: str, until: datetime) -> None:
    """Put a member on call with a code that links a phone; a phone they have linked before stays until then."""
    _place(connection, member_id, position, code_hash=code_hash, code_until=until)


def link_directly(connection: Connection, *, member_id: int, position: int, address_id: int, now: datetime) -> None:
    """Put a member on call with a phone that somebody vouches for."""
    linked = {"address_id": address_id, "linked_at": now, "missed_at": None, "code_hash": None, "code_until": None}
    _place(connection, member_id, position, **linked)
    _hurry_unseen(connection, now)


def _place(connection: Connection, member_id: int, position: int, **values: object) -> None:
    values["position"] = position
    changed = connection.execute(update(ON_CALL).where(ON_CALL.c.member_id == member_id).values(**values))
    if not changed.rowcount:
        connection.execute(insert(ON_CALL).values(member_id=member_id, **values))


def link(connection: Connection, *, code_hash: str, address_id: int, now: datetime) -> bool:
    """Link the phone from which a code came; False if the code is unknown, used or over. A code works once."""
    done = connection.execute(
        update(ON_CALL)
        .where(ON_CALL.c.code_hash == code_hash, ON_CALL.c.code_until > now)
        .values(address_id=address_id, linked_at=now, missed_at=None, code_hash=None, code_until=None)
    )
    if done.rowcount:
        _hurry_unseen(connection, now)
    return bool(done.rowcount)


def remove(connection: Connection, member_id: int) -> bool:
    """Take a member off call; False if they were not on it. Alerts that wait for their phone are cancelled."""
    addresses = select(ON_CALL.c.address_id).where(ON_CALL.c.member_id == member_id)
    connection.execute(
        update(OUTBOX)
        .where(
            OUTBOX.c.address_id.in_(addresses),
            OUTBOX.c.kind == MessageKind.ALERT,
            OUTBOX.c.state == MessageState.QUEUED,
        )
        .values(state=MessageState.CANCELLED, payload=None)
    )
    return connection.execute(delete(ON_CALL).where(ON_CALL.c.member_id == member_id)).rowcount > 0


def undelivered(connection: Connection, address_id: int, now: datetime) -> None:
    """Note that an alert did not reach a phone. What waits for a person goes to the next contact with the next tick."""
    lame = connection.execute(update(ON_CALL).where(ON_CALL.c.address_id == address_id).values(missed_at=now))
    if lame.rowcount:
        connection.execute(
            update(ITEM)
            .where(ITEM.c.closed_at.is_(None), ITEM.c.taken_at.is_(None), ITEM.c.alerts > 0)
            .values(next_alert_at=now)
        )


_STUCK = (
    select(OUTBOX.c.address_id)
    .join(ON_CALL, ON_CALL.c.address_id == OUTBOX.c.address_id)
    .where(
        OUTBOX.c.kind == MessageKind.ALERT,
        OUTBOX.c.state.in_((MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)),
        OUTBOX.c.created_at <= bindparam("long_ago", type_=OUTBOX.c.created_at.type),
        or_(ON_CALL.c.missed_at.is_(None), ON_CALL.c.missed_at < OUTBOX.c.created_at),
    )
    .distinct()
)


def anything_stuck(connection: Connection, now: datetime) -> bool:
    """Tell whether an alert that should be out by now is not, and nobody has noticed yet."""
    return connection.execute(_STUCK.limit(1), {"long_ago": now - STUCK_AFTER}).first() is not None


def find_stuck(connection: Connection, now: datetime) -> int:
    """Count alerts that are still not out after minutes as undelivered; returns to how many phones."""
    stuck = connection.execute(_STUCK, {"long_ago": now - STUCK_AFTER}).scalars().all()
    for address_id in stuck:
        undelivered(connection, address_id, now)
    return len(stuck)


def anybody(connection: Connection) -> bool:
    """Tell whether there is anybody whom an alert can reach."""
    return any(contact.reachable for contact in contacts(connection))


def whom_to_tell(everybody: list[Contact], *, second: bool, now: datetime) -> list[Contact]:
    """Return whom to alert now: those of the first position that can be reached or, if `second`, all who can."""
    usable = [contact for contact in everybody if contact.usable(now)]
    return usable if second else [contact for contact in usable if contact.position == usable[0].position]


def told_already(connection: Connection, address_id: int, since: datetime) -> bool:
    """Tell whether an alert waits for this phone, or went there at `since` or later."""
    waits = OUTBOX.c.state.in_((MessageState.QUEUED, MessageState.SENDING))
    went = and_(
        OUTBOX.c.created_at >= since,
        OUTBOX.c.state.in_((MessageState.SENT, MessageState.DELIVERED, MessageState.UNKNOWN)),
    )
    found = select(OUTBOX.c.id).where(
        OUTBOX.c.address_id == address_id, OUTBOX.c.kind == MessageKind.ALERT, or_(waits, went)
    )
    return connection.execute(found.limit(1)).first() is not None


def reached_since(connection: Connection, address_id: int, since: datetime) -> bool:
    """Tell whether an alert went to this phone after `since`."""
    found = select(OUTBOX.c.id).where(
        OUTBOX.c.address_id == address_id,
        OUTBOX.c.kind == MessageKind.ALERT,
        OUTBOX.c.created_at > since,
        OUTBOX.c.state.in_((MessageState.SENT, MessageState.DELIVERED)),
    )
    return connection.execute(found.limit(1)).first() is not None


def nobody_told(connection: Connection, now: datetime) -> None:
    """Tell the team on its pages, once, that an alert was due and nobody could be told."""
    raise_item(connection, kind=NOBODY, now=now)


def _hurry_unseen(connection: Connection, now: datetime) -> None:
    """Let the clock act now for items that nobody could be told about yet: somebody can be, from now on."""
    connection.execute(
        update(TEAM_ITEM).where(TEAM_ITEM.c.kind == NOBODY.value, TEAM_ITEM.c.closed_at.is_(None)).values(closed_at=now)
    )
    connection.execute(
        update(ITEM)
        .where(ITEM.c.closed_at.is_(None), ITEM.c.taken_at.is_(None), ITEM.c.alerts == 0)
        .values(next_alert_at=now)
    )


__all__ = [
    "NOBODY", "SOURCE", "Contact", "anybody", "anything_stuck", "contacts", "find_stuck", "link",
    "link_directly", "nobody_told", "offer", "reached_since", "remove", "told_already", "undelivered", "whom_to_tell",
]  # fmt: skip
