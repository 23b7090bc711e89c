"""The one home of deleting what belongs to a person (rules 54, 60 and 61). Never commits.

Each table says in the registry (`storage/tables/registry.toml`) what becomes of it: rows that simply go with a story, a
conversation or a person are found by it, all else is done here. What stays after an erasure is a keyed token (so that
nobody is contacted again), the consent decisions without person and words, the numbers of exported stories, and the ids
under which providers delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, true, update

from flows.model.conversation import Conversation, Status, UnreadableConversationError
from flows.model.vocabulary.delivery import AddressState
from storage import tables
from storage.protection import cancel_waiting, erasure_traces
from storage.tables.inbound import InboundState
from storage.tables.registry import deleted_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

ASK_BACK = tables.AskBack.__table__
CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
CONVERSATION = tables.Conversation.__table__
DECISION = tables.Decision.__table__
EDITION = tables.Edition.__table__
INBOUND = tables.Inbound.__table__
ITEM = tables.TeamItem.__table__
ON_CALL = tables.OnCall.__table__
OUTBOX = tables.Outbox.__table__
PART = tables.StoryPart.__table__
REQUEST = tables.Request.__table__
SAFEGUARDING = tables.Safeguarding.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__

FORGOTTEN = b""
"""What stands in `address.sealed` once a contact is forgotten."""


def erase_story(connection: Connection, story_id: int, now: datetime | None = None) -> bool:
    """Delete one story with all that repeats its words; returns False if there is none.

    Its conversation is emptied and closed, the raw events of its contributor are emptied, and messages of that
    conversation that wait to be sent are cancelled.
    """
    row = connection.execute(
        select(STORY.c.conversation_id, STORY.c.contributor_id).where(STORY.c.id == story_id).with_for_update()
    ).first()
    if row is None:
        return False
    asked = select(ASK_BACK.c.id).where(ASK_BACK.c.story_id == story_id, ASK_BACK.c.asked_at.is_not(None))
    if connection.execute(asked.limit(1)).first() is not None:
        _empty_shown(connection, row.contributor_id)
    _delete_with(connection, story_id=[story_id], conversation_id=[row.conversation_id])
    connection.execute(update(SAFEGUARDING).where(SAFEGUARDING.c.story_id == story_id).values(story_id=None))
    connection.execute(delete(STORY).where(STORY.c.id == story_id))
    connection.execute(update(DECISION).where(DECISION.c.story_id == story_id).values(literal=""))
    _empty_inbound(connection, row.contributor_id)
    _empty_outbox(connection, row.contributor_id, row.conversation_id)
    cancel_waiting.from_person(
        connection, row.contributor_id, "deleted", private=True
    )  # another conversation may repeat it
    _empty_conversation(connection, row.conversation_id)
    erasure_traces.write_down(connection, now, ("story", row.conversation_id))
    return True


def erase_contributor(connection: Connection, contributor_id: int, now: datetime, *, farewell: bool = False) -> bool:
    """Delete a person and everything of theirs; returns False if there is nobody.

    With `farewell` the rows of the person and of their addresses stay, empty of everything else, until the goodbye that
    the caller puts in the outbox has gone out; `finish_erasures` deletes them then. The caller must not save the
    conversation again.
    """
    found = connection.execute(
        select(CONTRIBUTOR.c.id).where(CONTRIBUTOR.c.id == contributor_id).with_for_update()
    ).first()
    if found is None:
        return False
    stories = select(STORY.c.id).where(STORY.c.contributor_id == contributor_id)
    conversations = select(CONVERSATION.c.id).where(CONVERSATION.c.contributor_id == contributor_id)
    addresses = select(ADDRESS.c.id).where(ADDRESS.c.contributor_id == contributor_id)
    erasure_traces.write_down(connection, now, *erasure_traces.keys_of(connection, contributor_id))
    _delete_items(connection, contributor_id, stories, conversations)
    _delete_with(connection, contributor_id=[contributor_id], story_id=stories, conversation_id=conversations)
    _cut_traces(connection, contributor_id)
    connection.execute(update(ON_CALL).where(ON_CALL.c.address_id.in_(addresses)).values(address_id=None))
    connection.execute(delete(STORY).where(STORY.c.contributor_id == contributor_id))
    connection.execute(delete(OUTBOX).where(OUTBOX.c.address_id.in_(addresses)))
    _cut_inbound(connection, contributor_id)
    connection.execute(
        update(DECISION).where(DECISION.c.contributor_id == contributor_id).values(contributor_id=None, literal="")
    )
    connection.execute(delete(CONVERSATION).where(CONVERSATION.c.contributor_id == contributor_id))
    if farewell:
        connection.execute(
            update(CONTRIBUTOR)
            .where(CONTRIBUTOR.c.id == contributor_id)
            .values(erased_at=now, language="", source="", created_at=now, heard_at=now)
        )
        return True
    erasure_traces.suppress(connection, contributor_id, now)
    connection.execute(delete(ADDRESS).where(ADDRESS.c.contributor_id == contributor_id))
    connection.execute(delete(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id))
    return True


def erase_words(connection: Connection, story_id: int, *, of_place: bool = False, but_of: str = "") -> None:
    """Delete the words of a story that its teller changes, or only its place, wherever they are repeated.

    Messages and answers go, what the team made of them is emptied, raw events of the contributor that were heard are
    emptied and the stored conversation forgets its answers. The story itself stays for the caller to fill.
    `but_of` names the conversation in hand, whose state the turn saves itself.
    """
    row = connection.execute(
        select(STORY.c.conversation_id, STORY.c.contributor_id).where(STORY.c.id == story_id)
    ).one()
    if not of_place:
        connection.execute(delete(PART).where(PART.c.story_id == story_id))
    connection.execute(update(EDITION).where(EDITION.c.story_id == story_id).values(text=""))
    _empty_heard(connection, row.contributor_id)
    cancel_waiting.from_person(connection, row.contributor_id, "deleted", private=True)
    if row.conversation_id == but_of:
        return
    _empty_outbox(connection, row.contributor_id, row.conversation_id)
    state = connection.execute(select(CONVERSATION.c.state).where(CONVERSATION.c.id == row.conversation_id)).scalar()
    try:
        old = Conversation.from_json(state or "")
    except UnreadableConversationError:
        _empty_conversation(connection, row.conversation_id)
        return
    emptied = old.model_copy(
        update={"answers": {}, "partial": None, "trail": (), "interruptions": (), "thanked": False}
    )
    connection.execute(
        update(CONVERSATION).where(CONVERSATION.c.id == row.conversation_id).values(state=emptied.to_json())
    )


def erase_conversation(connection: Connection, conversation_id: str, heard_at: datetime) -> bool:
    """Delete a conversation that never kept a story, with the words in it; returns False if it has one or is gone.

    `heard_at` is when its last word came: raw events of its contributor up to then are emptied. The decisions stay, as
    after the erasure of a story. What the team was told of it and has not looked at yet stays, about the person alone.
    """
    story = select(STORY.c.id).where(STORY.c.conversation_id == conversation_id)
    row = connection.execute(
        select(CONVERSATION.c.contributor_id).where(CONVERSATION.c.id == conversation_id, ~story.exists())
    ).first()
    if row is None:
        return False
    _empty_inbound(connection, row.contributor_id, heard_at)
    _empty_outbox(connection, row.contributor_id, conversation_id)
    _delete_with(connection, conversation_id=[conversation_id])
    connection.execute(
        update(DECISION)
        .where(DECISION.c.conversation_id == conversation_id, DECISION.c.literal != "")
        .values(literal="")
    )
    about = ITEM.c.conversation_id == conversation_id
    connection.execute(delete(ITEM).where(about, or_(ITEM.c.closed_at.is_not(None), ITEM.c.contributor_id.is_(None))))
    connection.execute(update(ITEM).where(about).values(conversation_id=None))
    connection.execute(delete(CONVERSATION).where(CONVERSATION.c.id == conversation_id))
    erasure_traces.write_down(connection, None, ("conversation", conversation_id))
    return True


def leave_no_answers(connection: Connection, conversation_id: str, contributor_id: int) -> None:
    """Destroy what a person told who is too young for us to ask: raw events, sealed words, and what they decided.

    A conversation with a story keeps its decisions: they say why there is one, and only its erasure ends that.
    """
    connection.execute(delete(SEALED).where(SEALED.c.conversation_id == conversation_id))
    _empty_inbound(connection, contributor_id)
    connection.execute(
        delete(DECISION).where(DECISION.c.conversation_id == conversation_id, DECISION.c.story_id.is_(None))
    )


def leave_no_trace(connection: Connection, conversation_id: str, contributor_id: int, now: datetime) -> None:
    """Delete such a conversation, and the person too if nothing else is known of them."""
    erase_conversation(connection, conversation_id, now)
    told = select(STORY.c.id).where(STORY.c.contributor_id == contributor_id)
    talked = select(CONVERSATION.c.id).where(CONVERSATION.c.contributor_id == contributor_id)
    if not any(connection.execute(known.limit(1)).first() for known in (told, talked)):
        erase_contributor(connection, contributor_id, now)


def forget_contact(connection: Connection, contributor_id: int, now: datetime) -> bool:
    """Take from a person with stories every way back to them; returns False if there is nobody.

    Stories stay, with the decisions about them, under the pseudonym. Address and language go, and with them the
    providers' numbers of their messages, under which a provider could still name the sender.
    """
    found = connection.execute(
        select(CONTRIBUTOR.c.id).where(CONTRIBUTOR.c.id == contributor_id).with_for_update()
    ).first()
    if found is None:
        return False
    stories = select(STORY.c.id).where(STORY.c.contributor_id == contributor_id)
    told_in = select(STORY.c.conversation_id).where(STORY.c.contributor_id == contributor_id)
    own = CONVERSATION.c.contributor_id == contributor_id
    for row in connection.execute(
        select(CONVERSATION.c.id, CONVERSATION.c.updated_at).where(own, CONVERSATION.c.id.not_in(told_in))
    ).all():
        erase_conversation(connection, row.id, row.updated_at)
    for row in connection.execute(select(CONVERSATION).where(own)).all():
        _close_conversation(connection, row)
    conversations = select(CONVERSATION.c.id).where(own)
    _delete_items(connection, contributor_id, stories, conversations, but_of_stories=True)
    addresses = connection.execute(
        select(ADDRESS.c.id, ADDRESS.c.sealed).where(ADDRESS.c.contributor_id == contributor_id)
    ).all()
    _delete_with(connection, contributor_id=[contributor_id])
    _cut_traces(connection, contributor_id)
    erasure_traces.suppress(connection, contributor_id, now)
    connection.execute(delete(OUTBOX).where(OUTBOX.c.address_id.in_([row.id for row in addresses])))
    _cut_inbound(connection, contributor_id)
    connection.execute(update(PART).where(PART.c.story_id.in_(stories), PART.c.ref != "").values(ref=""))
    for row in addresses:
        # Their conversations still name the row; nothing in it can be turned back into a number, or found by one.
        connection.execute(
            update(ADDRESS)
            .where(ADDRESS.c.id == row.id)
            .values(
                sealed=FORGOTTEN,
                lookup=f"forgotten {row.id}".encode(),
                former_lookup=None,
                state=AddressState.UNUSABLE,
                changed_at=now,
            )
        )
    connection.execute(update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id).values(language=""))
    erasure_traces.write_down(connection, now, ("contact", ""))
    return True


def finish_erasures(connection: Connection, now: datetime, *, patience: int = 86_400) -> int:
    """Delete the last rows of people whose goodbye has gone out, or has not within `patience` seconds.

    Somebody who has begun to talk to us again meanwhile is no longer leaving. Returns how many were deleted.
    """
    leaving = connection.execute(
        select(CONTRIBUTOR.c.id, CONTRIBUTOR.c.erased_at).where(CONTRIBUTOR.c.erased_at.is_not(None))
    ).all()
    done = 0
    for contributor_id, erased_at in leaving:
        open_again = select(CONVERSATION.c.id).where(
            CONVERSATION.c.contributor_id == contributor_id, CONVERSATION.c.status == Status.OPEN
        )
        if connection.execute(open_again.limit(1)).first() is not None:
            connection.execute(update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == contributor_id).values(erased_at=None))
            continue
        waiting = (
            select(OUTBOX.c.id).join(ADDRESS).where(ADDRESS.c.contributor_id == contributor_id, cancel_waiting.WAITING)
        )
        late = (now - erased_at).total_seconds() > patience
        if late or connection.execute(waiting.limit(1)).first() is None:
            done += erase_contributor(connection, contributor_id, now)
    return done


def _delete_items(
    connection: Connection,
    contributor_id: int,
    stories: Select[tuple[int]],
    conversations: Select[tuple[str]],
    *,
    but_of_stories: bool = False,
) -> None:
    events = select(INBOUND.c.id).where(INBOUND.c.contributor_id == contributor_id)
    theirs = or_(
        ITEM.c.contributor_id == contributor_id,
        ITEM.c.story_id.in_(stories),
        ITEM.c.conversation_id.in_(conversations),
        ITEM.c.inbound_id.in_(events),
    )
    connection.execute(delete(ITEM).where(theirs, ITEM.c.story_id.is_(None) if but_of_stories else true()))


def _delete_with(connection: Connection, **whose: Sequence[int | str] | Select[Any]) -> None:
    """Delete the rows that go with a person, a story or a conversation, each given by the column that names it."""
    for table, names in deleted_with(*whose):
        connection.execute(delete(table).where(or_(*(table.c[name].in_(whose[name]) for name in names))))


def _cut_traces(connection: Connection, contributor_id: int) -> None:
    """Take the person out of what the team must still be able to answer for."""
    connection.execute(
        update(REQUEST).where(REQUEST.c.contributor_id == contributor_id).values(contributor_id=None, sealed=None)
    )
    connection.execute(
        update(SAFEGUARDING)
        .where(SAFEGUARDING.c.contributor_id == contributor_id)
        .values(contributor_id=None, conversation_id=None, story_id=None, inbound_id=None)
    )


def _empty_heard(connection: Connection, contributor_id: int) -> None:
    """Empty the raw events of a person, but for those that failed: their writer was told that they are safe with us."""
    theirs = INBOUND.c.contributor_id == contributor_id
    heard = (theirs, INBOUND.c.state == InboundState.HANDLED, INBOUND.c.sealed.is_not(None))
    connection.execute(update(INBOUND).where(*heard).values(sealed=None))


def _empty_inbound(connection: Connection, contributor_id: int, until: datetime | None = None) -> None:
    statement = update(INBOUND).where(INBOUND.c.contributor_id == contributor_id, INBOUND.c.sealed.is_not(None))
    if until is not None:
        statement = statement.where(INBOUND.c.received_at <= until)
    connection.execute(statement.values(sealed=None))


def _cut_inbound(connection: Connection, contributor_id: int) -> None:
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.contributor_id == contributor_id)
        .values(sealed=None, contributor_id=None, error=None)
    )


def _empty_outbox(connection: Connection, contributor_id: int, conversation_id: str) -> None:
    cancel_waiting.from_person(connection, contributor_id, "deleted", conversation_id=conversation_id)


def _empty_shown(connection: Connection, contributor_id: int) -> None:
    """Empty what waits to be sent to a person: an edited version is shown in whichever conversation was the last."""
    theirs = select(CONVERSATION.c.id).where(CONVERSATION.c.contributor_id == contributor_id)
    for conversation_id in connection.execute(theirs).scalars().all():
        _empty_outbox(connection, contributor_id, conversation_id)


def _empty_conversation(connection: Connection, conversation_id: str) -> None:
    """Take all words out of the stored state and close it."""
    state = connection.execute(select(CONVERSATION.c.state).where(CONVERSATION.c.id == conversation_id)).scalar_one()
    try:
        old = Conversation.from_json(state)
    except UnreadableConversationError:
        # Nothing can be taken out of it and nobody can go on with it: the next words begin a new one.
        connection.execute(delete(ITEM).where(ITEM.c.conversation_id == conversation_id))
        connection.execute(delete(CONVERSATION).where(CONVERSATION.c.id == conversation_id))
        return
    status = Status.ENDED if old.status in {Status.OPEN, Status.IDLE} else old.status
    empty = Conversation(
        id=old.id, token=old.token, flow=old.flow, structure=old.structure, channel=old.channel, language=old.language,
        status=status, serial=old.serial, consents=old.consents, opted_out=old.opted_out,
        started_at=old.started_at, heard_at=old.heard_at,
    )  # fmt: skip
    connection.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == conversation_id)
        .values(state=empty.to_json(), status=status, step=None, due_kind=None, due_at=None)
    )


def _close_conversation(connection: Connection, row: Any) -> None:
    """Leave of a conversation with a story only that there was one, whether its state can be read or not."""
    closed = Conversation(
        id=row.id, token="", flow=row.flow, structure=row.structure, channel="sms", language="", status=Status.ENDED,
        kept=True, started_at=row.started_at, heard_at=row.started_at,
    )  # fmt: skip
    connection.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == row.id)
        .values(state=closed.to_json(), status=Status.ENDED, step=None, due_kind=None, due_at=None)
    )
