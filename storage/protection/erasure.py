"""The one home of deleting what belongs to a person (rules 54, 60 and 61). Never commits.

Every table has its fate here; a test fails for a table that nobody thought of. What stays after an erasure is a keyed
token (so that nobody is contacted again), the consent decisions without person and words, the numbers of exported
stories, and the ids under which providers delivered.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, select, true, update

from flows.model.conversation import Conversation, Status, UnreadableConversationError
from flows.model.delivery import AddressState
from storage import tables
from storage.protection import cancel_waiting
from storage.tables.inbound import InboundState

if TYPE_CHECKING:
    from sqlalchemy import Select, Table
    from sqlalchemy.engine import Connection

ON_ERASURE = {
    "address": "deleted, or emptied for a contact who has gone quiet; a keyed token stays in `suppression`",
    "answer": "deleted with its story",
    "api_token": "the team's own",
    "ask_back": "deleted",
    "audit": "stays: acts of the team, without content",
    "consent_text": "stays: our own words, not the contributor's",
    "contributor": "deleted",
    "conversation": "deleted; emptied when only its story goes",
    "decision": "stays without the person and their literal words",
    "delivery_event": "stays: a provider's id and a status, until retention",
    "edition": "deleted with its story",
    "erasure": "written by erasure: keys that say nothing, so that a backup put back loses it again",
    "export_run": "stays: acts of the team, without content",
    "export_story": "stays: the number of a story, so that recipients can be told",
    "holder_code": "deleted",
    "inbound": "emptied and cut from the person; the provider's id stays against a late redelivery",
    "installation": "the installation's own",
    "notice": "stays: our own words",
    "on_call": "the team's own; the link to an address goes with the address",
    "outbox": "deleted; what waits is cancelled and emptied when only the story goes",
    "place": "the project's own",
    "receipt_guess": "stays for a day, as a keyed token: guessing does not begin anew by deleting everything",
    "release": "our own words",
    "process": "which of our processes run; nobody's data",
    "request": "stays as a trace without person and content, so that the team can show that it answered",
    "safeguarding": "stays as a trace without the person while the team must still be able to answer for it",
    "sealed_message": "deleted",
    "sign_in_link": "the team's own",
    "story": "deleted",
    "story_part": "deleted with its story",
    "stray": "counts",
    "suppression": "written by erasure",
    "tag": "deleted with its story",
    "team_item": "deleted",
    "team_member": "the team's own",
    "team_session": "the team's own",
}

FILES = {
    "earshot.db": "its rows go by `ON_ERASURE`; the vacuum then writes it anew, so that no byte of them is left",
    "earshot.db-wal": "cut to nothing by `storage.privacy.vacuum`",
    "earshot.db-shm": "an index of the log, without content; gone when the database is closed",
    "earshot.db.copying": "there while `earshot db backup` runs; deleted when it ends, and by the next start",
    "earshot.db.restoring": "there while `earshot db restore` runs; deleted when it ends, and by the next start",
    "earshot.db.before-restore*": "made by `earshot db restore`; the operator is told to delete it, by the doctor too",
    "erased.list": "keys that say nothing: what a backup that is put back loses again, who said STOP, who left",
    "secret.key": "the keys; nobody's data",
    "flows/*": "the project's own flows",
    "texts/*": "the project's own texts",
}
"""What stands in the data folder, and what an erasure does to it. Nothing else may be written there."""
WRITERS = {
    "bot/cli/chat.py": "a transcript of a made-up person, where its author wants it",
    "bot/cli/db.py": "backups, where the operator wants them; and what was there before a restore",
    "bot/cli/texts.py": "texts of the flows; nobody's data",
    "bot/cli/stories.py": "an edited version while an editor is open; deleted when it closes",
    "bot/cli/people.py": "one person's file, for them; the operator is told to delete it",
    "review/export/export_page.py": "an export on its way to a browser, in a file without a name",
    "storage/upkeep/backup.py": "copies of the database, locked with the key unless the operator wants them plain",
    "storage/protection/crypto.py": "the key file",
    "storage/db/engine.py": "the database",
    "storage/export/select.py": "exports, where the operator wants them; listed for recall when a story is taken back",
    "flows/language/distress/train_danger.py": "weights learned from messages that were made up; nobody's data",
    "flows/language/intents/train_sense.py": "weights learned from labelled messages that were made up; nobody's data",
    "storage/places/building/build.py": "the list of places; nobody's data",
    "storage/places/building/districts.py": "the districts of that list; nobody's data",
    "storage/privacy/vacuum.py": "the list of erasures",
}
"""Every module that writes files, and what. A test fails for one that nobody thought of."""

ASK_BACK = tables.AskBack.__table__
CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
CONVERSATION = tables.Conversation.__table__
DECISION = tables.Decision.__table__
EDITION = tables.Edition.__table__
ERASURE = tables.Erasure.__table__
CODE = tables.HolderCode.__table__
INBOUND = tables.Inbound.__table__
ITEM = tables.TeamItem.__table__
ON_CALL = tables.OnCall.__table__
OUTBOX = tables.Outbox.__table__
PART = tables.StoryPart.__table__
REQUEST = tables.Request.__table__
SAFEGUARDING = tables.Safeguarding.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__
SUPPRESSION = tables.Suppression.__table__

_OF_STORY: tuple[Table, ...] = (
    tables.Answer.__table__,
    PART,
    tables.Tag.__table__,
    ITEM,
    ASK_BACK,
    EDITION,
)
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
    for table in _OF_STORY:
        connection.execute(delete(table).where(table.c.story_id == story_id))
    connection.execute(update(SAFEGUARDING).where(SAFEGUARDING.c.story_id == story_id).values(story_id=None))
    connection.execute(delete(STORY).where(STORY.c.id == story_id))
    connection.execute(update(DECISION).where(DECISION.c.story_id == story_id).values(literal=""))
    connection.execute(delete(SEALED).where(SEALED.c.conversation_id == row.conversation_id))
    _empty_inbound(connection, row.contributor_id)
    _empty_outbox(connection, row.contributor_id, row.conversation_id)
    cancel_waiting.from_person(
        connection, row.contributor_id, "deleted", private=True
    )  # another conversation may repeat it
    _empty_conversation(connection, row.conversation_id)
    _write_down(connection, now, ("story", row.conversation_id))
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
    _write_down(connection, now, *_keys_of(connection, contributor_id))
    _delete_items(connection, contributor_id, stories, conversations)
    _cut_traces(connection, contributor_id)
    connection.execute(update(ON_CALL).where(ON_CALL.c.address_id.in_(addresses)).values(address_id=None))
    for table in _OF_STORY:
        connection.execute(delete(table).where(table.c.story_id.in_(stories)))
    connection.execute(delete(STORY).where(STORY.c.contributor_id == contributor_id))
    connection.execute(delete(SEALED).where(SEALED.c.contributor_id == contributor_id))
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
    _suppress(connection, contributor_id, now)
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
    emptied = old.model_copy(update={"answers": {}, "scratch": {}, "trail": (), "aside": "", "aside_notes": {}})
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
    connection.execute(delete(SEALED).where(SEALED.c.conversation_id == conversation_id))
    connection.execute(
        update(DECISION)
        .where(DECISION.c.conversation_id == conversation_id, DECISION.c.literal != "")
        .values(literal="")
    )
    about = ITEM.c.conversation_id == conversation_id
    connection.execute(delete(ITEM).where(about, or_(ITEM.c.closed_at.is_not(None), ITEM.c.contributor_id.is_(None))))
    connection.execute(update(ITEM).where(about).values(conversation_id=None))
    connection.execute(delete(CONVERSATION).where(CONVERSATION.c.id == conversation_id))
    _write_down(connection, None, ("conversation", conversation_id))
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
    _cut_traces(connection, contributor_id)
    _suppress(connection, contributor_id, now)
    connection.execute(delete(OUTBOX).where(OUTBOX.c.address_id.in_([row.id for row in addresses])))
    connection.execute(delete(SEALED).where(SEALED.c.contributor_id == contributor_id))
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
    _write_down(connection, now, ("contact", ""))
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


def _keys_of(connection: Connection, contributor_id: int) -> list[tuple[str, str]]:
    """Return by what a person can be found again in a backup; a key of the second kind may be of an older secret."""
    conversations = connection.execute(
        select(CONVERSATION.c.id).where(CONVERSATION.c.contributor_id == contributor_id)
    ).scalars()
    addresses = connection.execute(
        select(ADDRESS.c.channel, ADDRESS.c.lookup).where(ADDRESS.c.contributor_id == contributor_id)
    ).all()
    return [
        *(("person", conversation) for conversation in conversations),
        *(("address", f"{row.channel}:{bytes(row.lookup).hex()}") for row in addresses),
    ]


def _write_down(connection: Connection, now: datetime | None, *keys: tuple[str, str]) -> None:
    """Remember what was deleted; `now` None is the present, where the caller has no time of its own."""
    at = now or datetime.now(UTC)
    if keys:
        connection.execute(insert(ERASURE), [{"kind": kind, "token": token, "at": at} for kind, token in keys])


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


def _cut_traces(connection: Connection, contributor_id: int) -> None:
    """Take the person out of what the team must still be able to answer for, and delete what only they could use."""
    connection.execute(delete(ASK_BACK).where(ASK_BACK.c.contributor_id == contributor_id))
    connection.execute(delete(CODE).where(CODE.c.contributor_id == contributor_id))
    connection.execute(
        update(REQUEST).where(REQUEST.c.contributor_id == contributor_id).values(contributor_id=None, sealed=None)
    )
    connection.execute(
        update(SAFEGUARDING)
        .where(SAFEGUARDING.c.contributor_id == contributor_id)
        .values(contributor_id=None, conversation_id=None, story_id=None, inbound_id=None)
    )


def _suppress(connection: Connection, contributor_id: int, now: datetime) -> None:
    rows = connection.execute(
        select(ADDRESS.c.channel, ADDRESS.c.lookup, ADDRESS.c.state, CONTRIBUTOR.c.opted_out)
        .join(CONTRIBUTOR)
        .where(ADDRESS.c.contributor_id == contributor_id, ADDRESS.c.former_lookup.is_(None))
    ).all()
    for channel, lookup, state, opted_out in rows:
        key = (SUPPRESSION.c.channel == channel, SUPPRESSION.c.lookup == lookup)
        connection.execute(delete(SUPPRESSION).where(*key))
        connection.execute(
            insert(SUPPRESSION).values(
                channel=channel, lookup=lookup, opted_out=opted_out or state == AddressState.OPTED_OUT, created_at=now
            )
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
