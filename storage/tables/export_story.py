"""Which stories an export held, so that recipients can be told of a withdrawal (rule 60)."""

from sqlmodel import Field

from storage.tables.base import Row


class ExportStory(Row, table=True):
    """One story in one export. The story is a plain number, not a key: it stays listed after its erasure."""

    __tablename__ = "export_story"

    export_id: int = Field(foreign_key="export_run.id", primary_key=True)
    story_id: int = Field(primary_key=True, index=True)
