"""Consent decisions: append-only events (rule 51). Nothing but erasure ever changes a row."""

from datetime import datetime

from sqlalchemy import Text, false
from sqlmodel import AutoString, Field

from flows.model.vocabulary.consent_answers import Purpose
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Decision(Row, table=True):
    """Asked this text, in this language, answered so, at this time.

    After erasure the row stays without the person and without their words (rule 61). Conversation and story are plain
    numbers, not keys, so that what was exported can still be matched to the consent it had.
    """

    __tablename__ = "decision"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    contributor_id: int | None = Field(default=None, foreign_key="contributor.id", index=True)
    conversation_id: str = Field(index=True)
    story_id: int | None = Field(default=None, index=True)
    purpose: Purpose = Field(sa_type=AutoString)
    answer: str
    """One of `flows.model.vocabulary.consent_answers.ConsentAnswer`."""
    literal: str = Field(sa_type=Text)
    """What the person typed or the label they pressed."""
    text_digest: str = Field(foreign_key="consent_text.digest")
    step: str
    flow: str
    structure: str
    whole: str
    language: str
    channel: str
    decided_at: datetime = Field(sa_type=Moment)
    text_version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """The consent step's `version`; a higher one is a material change (rule 53)."""
    valid_until: datetime | None = Field(default=None, sa_type=Moment)
    """When it is to be renewed, or lapses to the narrower use; None for a no, and for what has no end."""
    notice_digest: str | None = None
    """Who asked and what for, as it stood then; in `notice`."""
    assisted_by: int | None = None
    """The team member who wrote for the person (rule 56); None where the person answered alone."""
    assisted_where: str = Field(default="", sa_column_kwargs={"server_default": ""})
    read_aloud: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
