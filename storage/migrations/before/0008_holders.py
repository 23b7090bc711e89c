"""A number is not a person: when an address was last used, and since when it opens nothing that was told from it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("address", sa.Column("heard_at", MOMENT, nullable=True))
    op.add_column("address", sa.Column("closed_at", MOMENT, nullable=True))
    op.add_column("address", sa.Column("closed_why", sa.String(), server_default="", nullable=False))
    op.add_column("address", sa.Column("former_lookup", sa.LargeBinary(), nullable=True))
    op.add_column("request", sa.Column("link_opened_at", MOMENT, nullable=True))
    op.create_index("ix_address_former_lookup", "address", ["former_lookup"], unique=False)
    op.execute(
        "UPDATE address SET heard_at ="
        " (SELECT contributor.heard_at FROM contributor WHERE contributor.id = address.contributor_id)"
    )


def downgrade() -> None:
    op.drop_index("ix_address_former_lookup", table_name="address")
    op.drop_column("request", "link_opened_at")
    op.drop_column("address", "former_lookup")
    op.drop_column("address", "closed_why")
    op.drop_column("address", "closed_at")
    op.drop_column("address", "heard_at")
