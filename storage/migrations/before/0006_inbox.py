"""Whoever closes an item may leave a short note."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("team_item", sa.Column("note", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("team_item", "note")
