"""What a contributor told. Their own words stay as they were; redaction and translation are layers elsewhere."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import AutoString, Field

from flows.model.vocabulary.consent_answers import Naming, Use
from flows.model.vocabulary.story_states import Progress, StoryKind, StoryState
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Story(Row, table=True):
    """One story, or one piece of feedback, of one conversation."""

    __tablename__ = "story"
    __table_args__ = (
        Index("ix_story_queue", "state", "simulated", "told_at", "id"),
        Index("ix_story_newest", "simulated", "told_at", "id"),
        Index("ix_story_place", "place_id", "told_at"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", unique=True)
    contributor_id: int = Field(foreign_key="contributor.id", index=True)
    kind: StoryKind = Field(sa_type=AutoString)
    flow: str
    structure: str
    text: str = Field(sa_type=Text)
    language: str
    channel: str
    told_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
    state: StoryState = Field(default=StoryState.NEW, sa_type=AutoString)
    decided_by: int | None = Field(default=None, foreign_key="team_member.id", index=True)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    reason: str = Field(default="", sa_type=Text)
    use: Use = Field(default=Use.TEAM, sa_type=AutoString)
    """How far it may travel by its teller's current consent."""
    use_until: datetime | None = Field(default=None, sa_type=Moment, index=True)
    """When a use wider than `team` lapses unless it is renewed."""
    kept_until: datetime | None = Field(default=None, sa_type=Moment, index=True)
    """When consent to keep the story ends; it is deleted then unless it is renewed."""
    naming: Naming = Field(
        default=Naming.NONE, sa_type=AutoString, sa_column_kwargs={"server_default": Naming.NONE.value}
    )
    credit: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The name its teller gave for that; nothing else of them is ever shown."""
    progress: Progress = Field(
        default=Progress.HEARD, sa_type=AutoString, sa_column_kwargs={"server_default": Progress.HEARD.value}
    )
    progress_at: datetime | None = Field(default=None, sa_type=Moment)
    simulated: bool = False
    receipt_lookup: bytes | None = Field(default=None, index=True)
    """Keyed HMAC of the receipt's three words, 32 bytes; in a hundred thousand stories a few share theirs."""
    place_id: str | None = None
    place_label: str = ""
    place_words: str = Field(default="", sa_type=Text)
    """The teller's own words for the place, always kept."""
    place_kind: str = ""
    place_scheme: str = ""
    place_code: str = ""
    place_year: str = ""
    place_nation: str = ""
    place_parent: str = ""
    version: int = 1
    """Goes up with every change; a review page refuses to decide on a version it has not shown."""
    words_version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """The version in which its words last changed: an edition of older words does not leave."""
    withdrawn_at: datetime | None = Field(default=None, sa_type=Moment)
