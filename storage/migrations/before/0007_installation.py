"""What the database knows of the installation it belongs to: its time, its key, its backups."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clock_at", MOMENT, nullable=True),
        sa.Column("key_print", sa.LargeBinary(), nullable=True),
        sa.Column("backed_up_at", MOMENT, nullable=True),
        sa.Column("restored_at", MOMENT, nullable=True),
        sa.Column("listed_decision", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.execute("INSERT INTO installation (id) VALUES (1)")


def downgrade() -> None:
    op.drop_table("installation")
