"""Consent that comes to its end: asked for again in good time, let go on, or lapsed to the narrower use (rule 53).

Every function is part of the caller's transaction. What is past its whole time is deleted by retention, not here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import and_, or_, select

from storage import tables
from storage.queries import story_changes
from storage.queries.contributors import consent_decisions
from storage.queries.contributors.consent_in_force import newest_about
from storage.queries.stories import editions, follow_ups_asked
from storage.queries.team import members

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.effects import RecordConsent
    from storage.queries.contributors.consent_decisions import Circumstances
    from storage.queries.stories.editions import EditedStory
    from storage.queries.stories.follow_ups_asked import AskBack

STORY = tables.Story.__table__

IN_GOOD_TIME = timedelta(days=30)
"""How long before the end we ask."""
NOT_AGAIN_FOR = timedelta(days=60)
MONTH_DAYS = 30.4375
PERIODS = {"publish": timedelta(days=365), "quote": timedelta(days=730), "team": timedelta(days=730)}
"""How long an answer counts where the one before does not say."""
AT_ONCE = 500


class ConsentEnding(NamedTuple):
    """What ends soon of a story's consent."""

    kind: Literal["renew_publish", "renew_quote", "renew_keep"]
    until: datetime
    period: timedelta
    """For how long it would go on from now."""

    @property
    def months(self) -> int:
        """Return the period as people count it."""
        return round(self.period.days / MONTH_DAYS)


def ending(connection: Connection, story: EditedStory) -> ConsentEnding | None:
    """Return what of a story's consent ends first; None if nothing has an end."""
    ends = []
    if story.use in {"quote", "publish"} and story.use_until is not None:
        ends.append((story.use_until, "use"))
    if story.kept_until is not None:
        ends.append((story.kept_until, "take_part"))
    if not ends:
        return None
    until, _ = min(ends)
    use = story.use if story.use in {"quote", "publish"} else "team"
    last = newest_about(connection, story.id, "use" if use != "team" else "take_part")
    period = PERIODS[use]
    if last is not None and last["valid_until"] is not None and last["valid_until"] > last["decided_at"]:
        period = last["valid_until"] - last["decided_at"]
    kinds: dict[str, Literal["renew_publish", "renew_quote", "renew_keep"]] = {
        "publish": "renew_publish", "quote": "renew_quote", "team": "renew_keep",
    }  # fmt: skip
    return ConsentEnding(kinds[use], until, period)


def ask_in_good_time(connection: Connection, now: datetime) -> int:
    """Have tellers asked whose consent ends within thirty days, if they agreed to be contacted; returns how many."""
    soon = now + IN_GOOD_TIME
    wide = STORY.c.use.in_(("quote", "publish"))
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
            connection, kind="renewal", contributor_id=contributor_id, story_id=story_id, until=end.until, now=now
        )
        wanted += 1
    return wanted


def go_on(
    connection: Connection,
    ask_back: AskBack,
    consent: RecordConsent,
    under: Circumstances,
) -> bool:
    """Let consent go on from now for as long as before; returns False if the story is gone."""
    story = editions.story_to_edit(connection, ask_back.story_id or 0)
    end = ending(connection, story) if story is not None and story.withdrawn_at is None else None
    if story is None or end is None:
        return False
    until = under.now + end.period

    def decided(purpose: str, answer: str) -> None:
        consent_decisions.add_about(
            connection, consent, under, story_id=story.id, contributor_id=story.contributor_id, purpose=purpose,
            answer=answer, valid_until=until,
        )  # fmt: skip

    values: dict[str, object] = {}
    if end.kind != "renew_keep":
        decided("use", story.use)
        values["use_until"] = until
    if end.kind == "renew_keep" or (story.kept_until is not None and story.kept_until < until):
        decided("take_part", "yes")  # what may go on being shared must go on being kept: the question says so
        values["kept_until"] = until
    story_changes.change(connection, story.id, **values)
    follow_ups_asked.settle(connection, ask_back.id, "answered", now=under.now, answer="go_on")
    return True


def narrow(
    connection: Connection,
    ask_back: AskBack,
    consent: RecordConsent,
    under: Circumstances,
) -> bool:
    """Let only the team read it from now on; returns False if the story is gone."""
    story = editions.story_to_edit(connection, ask_back.story_id or 0)
    if story is None or story.withdrawn_at is not None:
        return False
    consent_decisions.add_about(
        connection, consent, under, story_id=story.id, contributor_id=story.contributor_id, purpose="use",
        answer="team",
    )  # fmt: skip
    story_changes.change(connection, story.id, use="team", use_until=None)
    follow_ups_asked.settle(connection, ask_back.id, "answered", now=under.now, answer="team")
    return True


def lapse_uses(connection: Connection, now: datetime, notice: str) -> int:
    """Take every use that ran out to `team`, with a decision of its own; returns how many those were."""
    rows = connection.execute(
        select(STORY.c.id, STORY.c.use)
        .where(STORY.c.use_until <= now, STORY.c.use.in_(("quote", "publish")), STORY.c.withdrawn_at.is_(None))
        .order_by(STORY.c.use_until)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for story_id, use in rows:
        consent_decisions.narrow(connection, story_id=story_id, purpose="use", answer="team", notice=notice, now=now)
        story_changes.change(connection, story_id, use="team", use_until=None)
        members.record(
            connection, at=now, who="time", act="story.lapsed", object_kind="story", object_id=story_id,
            detail=f"was {use}",
        )  # fmt: skip
    return len(rows)
