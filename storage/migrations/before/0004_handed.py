"""Which question a message asks, whether it repeats the person's words, and when it was handed to the provider."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
ASKED = sa.text("serial IS NOT NULL")
PRIVATE = ',"private":true'
"""So it stands in the payload of a message that repeats the person's words, and nowhere in anybody's text."""


def upgrade() -> None:
    op.add_column("outbox", sa.Column("serial", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("outbox", sa.Column("handed_at", MOMENT, nullable=True))
    op.create_index(
        "ix_outbox_asked",
        "outbox",
        ["conversation_id", "serial"],
        unique=False,
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    )
    op.execute(
        "UPDATE outbox SET handed_at = COALESCE(sent_at, created_at)"
        " WHERE sent_at IS NOT NULL OR state IN ('sending', 'unknown')"
    )
    waiting = sa.table("outbox", sa.column("payload", sa.Text()), sa.column("private", sa.Boolean()))
    op.execute(waiting.update().where(waiting.c.payload.contains(PRIVATE)).values(private=True))


def downgrade() -> None:
    op.drop_index("ix_outbox_asked", table_name="outbox", sqlite_where=ASKED, postgresql_where=ASKED)
    op.drop_column("outbox", "handed_at")
    op.drop_column("outbox", "private")
    op.drop_column("outbox", "serial")
