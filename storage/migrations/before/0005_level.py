"""A safeguarding item says whether its words were plain or only worth a look."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("safeguarding", sa.Column("level", sa.String(), server_default="plain", nullable=False))


def downgrade() -> None:
    op.drop_column("safeguarding", "level")
