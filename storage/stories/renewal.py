"""Consent near its end: asking again in good time, renewing it, or lapsing to the narrower use (rule 53).

Part of the caller's transaction. Retention deletes what is past its whole period, not this module.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import and_, or_, select

from flows.model.vocabulary.consent_answers import Purpose, Use, use_of
from storage import tables
from storage.queries import story_changes
from storage.queries.contributors import consent_decisions
from storage.queries.contributors.consent_in_force import newest_about
from storage.queries.stories import editions, follow_ups_asked
from storage.queries.team import members
from storage.tables.ask_back import FollowUpAnswer, FollowUpKind, FollowUpState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.effects import RecordConsent
    from storage.queries.contributors.consent_decisions import Circumstances
    from storage.queries.stories.editions import EditedStory
    from storage.queries.stories.follow_ups_asked import AskBack

STORY = tables.Story.__table__

IN_GOOD_TIME = timedelta(days=30)
"""How long before its end we ask for consent again."""
NOT_AGAIN_FOR = timedelta(days=60)
MONTH_DAYS = 30.4375
PERIODS = {Use.PUBLISH: timedelta(days=365), Use.QUOTE: timedelta(days=730), Use.TEAM: timedelta(days=730)}
"""How long an answer counts if the one before does not say."""
AT_ONCE = 500
_WIDER = (Use.QUOTE, Use.PUBLISH)


class ConsentEnding(NamedTuple):
    """The part of a story's consent that ends soon."""

    kind: Literal["renew_publish", "renew_quote", "renew_keep"]
    until: datetime
    period: timedelta
    """How long it would count from now if renewed."""

    @property
    def months(self) -> int:
        """The period in months."""
        return round(self.period.days / MONTH_DAYS)


def ending(connection: Connection, story: EditedStory) -> ConsentEnding | None:
    """Return the part of a story's consent that ends first; None if nothing has an end."""
    ends = []
    if story.use != Use.TEAM and story.use_until is not None:
        ends.append(story.use_until)
    if story.kept_until is not None:
        ends.append(story.kept_until)
    if not ends:
        return None
    until = min(ends)
    use = use_of(story.use)
    last = newest_about(connection, story.id, Purpose.USE if use != Use.TEAM else Purpose.TAKE_PART)
    period = PERIODS[use]
    if last is not None and last["valid_until"] is not None and last["valid_until"] > last["decided_at"]:
        period = last["valid_until"] - last["decided_at"]
    kinds: dict[str, Literal["renew_publish", "renew_quote", "renew_keep"]] = {
        "publish": "renew_publish", "quote": "renew_quote", "team": "renew_keep",
    }  # fmt: skip
    return ConsentEnding(kinds[use], until, period)


def ask_in_good_time(connection: Connection, now: datetime) -> int:
    """Prepare questions to tellers whose consent ends within thirty days and who may be contacted. Returns how many."""
    soon = now + IN_GOOD_TIME
    wide = STORY.c.use.in_(_WIDER)
    rows = connection.execute(
        select(STORY.c.id, STORY.c.contributor_id)
        .where(
            STORY.c.withdrawn_at.is_(None),
            or_(
                and_(wide, STORY.c.use_until > now, STORY.c.use_until <= soon),
                and_(STORY.c.kept_until > now, STORY.c.kept_until <= soon),
            ),
        )
        .order_by(STORY.c.id)
    ).all()
    wanted = 0
    for story_id, contributor_id in rows:
        if follow_ups_asked.wanted_since(connection, story_id, now - NOT_AGAIN_FOR):
            continue
        story = editions.story_to_edit(connection, story_id)
        end = ending(connection, story) if story is not None else None
        if end is None or follow_ups_asked.reach(connection, contributor_id, now).why_not:
            continue
        follow_ups_asked.want(
            connection,
            kind=FollowUpKind.RENEWAL,
            contributor_id=contributor_id,
            story_id=story_id,
            until=end.until,
            now=now,
        )
        wanted += 1
    return wanted


def go_on(
    connection: Connection,
    ask_back: AskBack,
    consent: RecordConsent,
    under: Circumstances,
) -> bool:
    """Renew consent from now for as long as before. Returns False if the story is gone."""
    story = editions.story_to_edit(connection, ask_back.story_id or 0)
    end = ending(connection, story) if story is not None and story.withdrawn_at is None else None
    if story is None or end is None:
        return False
    until = under.now + end.period

    def decided(purpose: Purpose, answer: str) -> None:
        consent_decisions.add_about(
            connection, consent, under, story_id=story.id, contributor_id=story.contributor_id, purpose=purpose,
            answer=answer, valid_until=until,
        )  # fmt: skip

    values: dict[str, object] = {}
    if end.kind != "renew_keep":
        decided(Purpose.USE, story.use)
        values["use_until"] = until
    if end.kind == "renew_keep" or (story.kept_until is not None and story.kept_until < until):
        decided(Purpose.TAKE_PART, "yes")  # the question says so: what goes on being shared must go on being kept
        values["kept_until"] = until
    story_changes.change(connection, story.id, **values)
    follow_ups_asked.settle(connection, ask_back.id, FollowUpState.ANSWERED, now=under.now, answer=FollowUpAnswer.GO_ON)
    return True


def narrow(
    connection: Connection,
    ask_back: AskBack,
    consent: RecordConsent,
    under: Circumstances,
) -> bool:
    """Narrow the use to the team from now on. Returns False if the story is gone."""
    story = editions.story_to_edit(connection, ask_back.story_id or 0)
    if story is None or story.withdrawn_at is not None:
        return False
    consent_decisions.add_about(
        connection, consent, under, story_id=story.id, contributor_id=story.contributor_id, purpose=Purpose.USE,
        answer=Use.TEAM,
    )  # fmt: skip
    story_changes.change(connection, story.id, use=Use.TEAM, use_until=None)
    follow_ups_asked.settle(connection, ask_back.id, FollowUpState.ANSWERED, now=under.now, answer=FollowUpAnswer.TEAM)
    return True


def lapse_uses(connection: Connection, now: datetime, notice: str) -> int:
    """Narrow every expired use to `team`, each with a decision of its own. Returns how many."""
    rows = connection.execute(
        select(STORY.c.id, STORY.c.use)
        .where(STORY.c.use_until <= now, STORY.c.use.in_(_WIDER), STORY.c.withdrawn_at.is_(None))
        .order_by(STORY.c.use_until)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for story_id, use in rows:
        consent_decisions.narrow(
            connection, story_id=story_id, purpose=Purpose.USE, answer=Use.TEAM, notice=notice, now=now
        )
        story_changes.change(connection, story_id, use=Use.TEAM, use_until=None)
        members.record(
            connection, at=now, who="time", act="story.lapsed", object_kind="story", object_id=story_id,
            detail=f"was {use}",
        )  # fmt: skip
    return len(rows)
