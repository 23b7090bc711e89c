"""What we ask a contributor of our own accord, once: sign-off of an edited version, or renewal of consent."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Field, Index

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


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
    kind: str
    """sign_off or renewal."""
    contributor_id: int = Field(foreign_key="contributor.id", index=True)
    story_id: int | None = Field(default=None, foreign_key="story.id", index=True)
    edition_id: int | None = Field(default=None, foreign_key="edition.id", index=True)
    state: str = "waiting"
    """waiting (not asked yet), asked, answered, lapsed or cancelled."""
    wanted_at: datetime = Field(sa_type=Moment)
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    asked_at: datetime | None = Field(default=None, sa_type=Moment)
    until: datetime | None = Field(default=None, sa_type=Moment)
    """Without an answer by then it lapses."""
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    answer: str = ""
