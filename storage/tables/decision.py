"""Consent decisions: append-only events (rule 51). Nothing but erasure ever changes a row."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from storage.tables.base import NEVER_REUSED, Row
from storage.types import Moment


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
    purpose: str
    """take_part, use, contact…"""
    answer: str
    """yes, no, or for `use` one of team, quote, publish."""
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
