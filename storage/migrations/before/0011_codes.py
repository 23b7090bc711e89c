"""Numbers that were sent to an address a moment ago; wrong receipts counted for the address instead of its person."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "holder_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_holder_code_contributor_id_contributor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_holder_code_contributor_id"), "holder_code", ["contributor_id"], unique=False)
    op.create_index(op.f("ix_holder_code_made_at"), "holder_code", ["made_at"], unique=False)
    op.drop_index(op.f("ix_receipt_guess_contributor_id"), table_name="receipt_guess")
    op.drop_index(op.f("ix_receipt_guess_at"), table_name="receipt_guess")
    op.drop_table("receipt_guess")  # what was counted is good for a day
    op.create_table(
        "receipt_guess",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_guess")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_receipt_guess_at"), "receipt_guess", ["at"], unique=False)
    op.create_index(op.f("ix_receipt_guess_lookup"), "receipt_guess", ["lookup"], unique=False)


def downgrade() -> None:
    op.drop_table("receipt_guess")
    op.create_table(
        "receipt_guess",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_receipt_guess_contributor_id_contributor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_guess")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_receipt_guess_at"), "receipt_guess", ["at"], unique=False)
    op.create_index(op.f("ix_receipt_guess_contributor_id"), "receipt_guess", ["contributor_id"], unique=False)
    op.drop_table("holder_code")
