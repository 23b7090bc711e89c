"""Carries out what a teller answers about an edited version of their story. Part of the caller's transaction.

The question may be closed by the time they answer: undone, replaced by new words, or past its date. Then nothing
changes, and they are told so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from flows.language.normalise import storable
from flows.model.vocabulary.consent_answers import Purpose, Use
from flows.model.vocabulary.item_kinds import ItemKind
from storage.queries import story_changes
from storage.queries.contributors import consent_decisions
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.stories import editions, follow_ups_asked
from storage.queries.stories.editions import TELLER
from storage.queries.team import members
from storage.tables.ask_back import FollowUpAnswer, FollowUpState
from storage.tables.edition import EditionState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.effects import RecordConsent
    from storage.queries.contributors.consent_decisions import Circumstances
    from storage.queries.stories.editions import Edition
    from storage.queries.stories.follow_ups_asked import AskBack

ANSWER_WITHIN = timedelta(days=14)
"""How long a teller may answer; after that the story stays with the team."""
BY_TIME = "time"
"""The author of acts that nobody did but time."""


class SignOffAsked(NamedTuple):
    """A question that can still be answered, and the version it is about."""

    ask_back: AskBack
    edition: Edition


def asked(connection: Connection, ask_back: AskBack) -> SignOffAsked | None:
    """Return the version a question is about if it is still the newest one of these words; else None.

    Locks the story until the commit: nobody edits, undoes or deletes it meanwhile.
    """
    story = editions.story_to_edit(connection, ask_back.story_id or 0)
    if story is None or story.withdrawn_at is not None:
        return None
    last = editions.newest(connection, story.id)
    if last is None or last.id != ask_back.edition_id or last.state != EditionState.ASKING:
        return None
    return SignOffAsked(ask_back, last) if last.of_version >= story.words_version else None


def propose(connection: Connection, open_question: SignOffAsked, text: str, now: datetime) -> Edition:
    """Store the teller's own version as an edition. The question is about it from now on."""
    ask_back, last = open_question
    words = storable(text).strip()
    if last.author == TELLER:
        editions.reword(connection, last.id, words, now)
        return last._replace(text=words, made_at=now)
    editions.set_state(connection, last.id, EditionState.CHANGED)
    own = editions.add(
        connection, story_id=last.story_id, of_version=story_changes.change(connection, last.story_id), text=words,
        reason="", author=TELLER, state=EditionState.ASKING, now=now,
    )  # fmt: skip
    follow_ups_asked.turn_to(connection, ask_back.id, own.id)
    return own


def agree(
    connection: Connection,
    open_question: SignOffAsked,
    consent: RecordConsent,
    under: Circumstances,
) -> None:
    """Let the story leave in this version. If the teller wrote the version, somebody on the team reads it first."""
    ask_back, edition = open_question
    decision = consent_decisions.add_about(
        connection, consent, under, story_id=edition.story_id, contributor_id=ask_back.contributor_id
    )
    editions.set_state(connection, edition.id, EditionState.AGREED, answered_at=under.now, decision_id=decision)
    theirs = edition.author == TELLER
    story_changes.change(connection, edition.story_id, reopened=theirs)
    if theirs:
        raise_item(
            connection,
            kind=ItemKind.TELLER_REWORDED,
            now=under.now,
            contributor_id=ask_back.contributor_id,
            story_id=edition.story_id,
        )
    follow_ups_asked.settle(
        connection,
        ask_back.id,
        FollowUpState.ANSWERED,
        now=under.now,
        answer=FollowUpAnswer.CHANGED if theirs else FollowUpAnswer.AGREED,
    )


def keep_with_team(
    connection: Connection,
    open_question: SignOffAsked,
    consent: RecordConsent,
    under: Circumstances,
) -> None:
    """Let the story leave in no version, nor in its teller's own words."""
    ask_back, edition = open_question
    story_id, teller = edition.story_id, ask_back.contributor_id
    decision = consent_decisions.add_about(connection, consent, under, story_id=story_id, contributor_id=teller)
    consent_decisions.add_about(
        connection, consent, under, story_id=story_id, contributor_id=teller, purpose=Purpose.USE, answer=Use.TEAM
    )
    editions.set_state(connection, edition.id, EditionState.REFUSED, answered_at=under.now, decision_id=decision)
    story_changes.change(connection, story_id, use=Use.TEAM, use_until=None)
    follow_ups_asked.settle(connection, ask_back.id, FollowUpState.ANSWERED, now=under.now, answer=FollowUpAnswer.KEPT)


def lapse(connection: Connection, ask_back: AskBack, now: datetime) -> None:
    """Close a question that nobody answered in time: the story stays with the team."""
    story = editions.story_to_edit(connection, ask_back.story_id or 0)
    last = editions.newest(connection, story.id) if story is not None else None
    if story is not None and last is not None and last.id == ask_back.edition_id and last.state == EditionState.ASKING:
        editions.set_state(connection, last.id, EditionState.LAPSED)
        story_changes.change(connection, story.id)
        members.record(
            connection, at=now, who=BY_TIME, act="story.edit_lapsed", object_kind="story", object_id=story.id,
            detail=f"version {last.position}",
        )  # fmt: skip
    follow_ups_asked.settle(connection, ask_back.id, FollowUpState.LAPSED, now=now)


def give_up(connection: Connection, ask_back: AskBack, now: datetime) -> None:
    """Close a question whose teller may not be asked any more: the version stays a draft, the story with the team."""
    last = editions.newest(connection, ask_back.story_id or 0)
    if last is not None and last.id == ask_back.edition_id and last.state == EditionState.ASKING:
        editions.set_state(connection, last.id, EditionState.DRAFT)
        story_changes.change(connection, last.story_id)
    follow_ups_asked.settle(connection, ask_back.id, FollowUpState.CANCELLED, now=now)
