"""What we ask a contributor of our own accord, once: sign-off of an edited version, or renewal of consent."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import text
from sqlmodel import AutoString, Field, Index

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class FollowUpKind(StrEnum):
    """What a teller is asked."""

    SIGN_OFF = "sign_off"
    """Whether an edited version may be shared."""
    RENEWAL = "renewal"
    """Whether consent goes on."""


class FollowUpState(StrEnum):
    """How far a question has come."""

    WAITING = "waiting"
    """Not asked yet."""
    ASKED = "asked"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


class FollowUpAnswer(StrEnum):
    """What was answered: the first three to a sign-off, the others to a renewal."""

    AGREED = "agreed"
    CHANGED = "changed"
    """The teller agreed to a version of their own."""
    KEPT = "kept"
    """With the team."""
    GO_ON = "go_on"
    TEAM = "team"
    """Consent goes on for the team alone."""


class AskBack(Row, table=True):
    """One question to one contributor. `due_at` is when something is to be done about it next; None once it is over."""

    __tablename__ = "ask_back"
    __table_args__ = (
        Index(
            "ix_ask_back_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: FollowUpKind = Field(sa_type=AutoString)
    contributor_id: int = Field(foreign_key="contributor.id", index=True)
    story_id: int | None = Field(default=None, foreign_key="story.id", index=True)
    edition_id: int | None = Field(default=None, foreign_key="edition.id", index=True)
    state: FollowUpState = Field(default=FollowUpState.WAITING, sa_type=AutoString)
    wanted_at: datetime = Field(sa_type=Moment)
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    asked_at: datetime | None = Field(default=None, sa_type=Moment)
    until: datetime | None = Field(default=None, sa_type=Moment)
    """Without an answer by then it lapses."""
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answer: FollowUpAnswer | Literal[""] = Field(default="", sa_type=AutoString)
    """Empty where nobody answered."""
