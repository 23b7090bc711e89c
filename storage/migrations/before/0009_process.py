"""Which processes send, which of them has a message in hand, and an index over what somebody waits for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
ANSWERS = sa.text("state = 'queued' AND kind IN ('reply', 'unsay', 'care', 'alert')")


def upgrade() -> None:
    op.create_table(
        "process",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("outbox", sa.Column("owner", sa.String(), nullable=True))
    op.create_index(
        "ix_outbox_answers",
        "outbox",
        ["channel", "due_at", "id"],
        unique=False,
        sqlite_where=ANSWERS,
        postgresql_where=ANSWERS,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_answers", table_name="outbox", sqlite_where=ANSWERS, postgresql_where=ANSWERS)
    op.drop_column("outbox", "owner")
    op.drop_table("process")
