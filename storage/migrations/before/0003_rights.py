"""What people decide about their words: consent with an end, edited versions, requests, safeguarding."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")

WORDS = {
    "answer": ("value", "note"),
    "conversation": ("state",),
    "decision": ("literal",),
    "edition": ("text", "reason"),
    "outbox": ("payload",),
    "story": ("text", "place_words", "reason", "credit"),
    "story_part": ("text",),
}
"""Columns that hold what people wrote."""


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_notice")),
    )
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
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("target_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by"], ["team_member.id"], name=op.f("fk_request_closed_by_team_member")),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_request_contributor_id_contributor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_request_closed_by"), "request", ["closed_by"], unique=False)
    op.create_index(op.f("ix_request_contributor_id"), "request", ["contributor_id"], unique=False)
    op.create_index(
        "ix_request_open",
        "request",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "on_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=True),
        sa.Column("code_until", MOMENT, nullable=True),
        sa.Column("linked_at", MOMENT, nullable=True),
        sa.Column("missed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_on_call_address_id_address")),
        sa.ForeignKeyConstraint(["member_id"], ["team_member.id"], name=op.f("fk_on_call_member_id_team_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_on_call_code_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_on_call_address_id"), "on_call", ["address_id"], unique=False)
    op.create_index(op.f("ix_on_call_member_id"), "on_call", ["member_id"], unique=False)
    op.create_table(
        "safeguarding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=True),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("story_id", sa.Integer(), nullable=True),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("look_by", MOMENT, nullable=False),
        sa.Column("next_alert_at", MOMENT, nullable=True),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by"], ["team_member.id"], name=op.f("fk_safeguarding_closed_by_team_member")),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_safeguarding_contributor_id_contributor")
        ),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_safeguarding_inbound_id_inbound")),
        sa.ForeignKeyConstraint(["taken_by"], ["team_member.id"], name=op.f("fk_safeguarding_taken_by_team_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safeguarding")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_safeguarding_closed_by"), "safeguarding", ["closed_by"], unique=False)
    op.create_index(op.f("ix_safeguarding_inbound_id"), "safeguarding", ["inbound_id"], unique=False)
    op.create_index(
        "ix_safeguarding_open",
        "safeguarding",
        ["contributor_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_safeguarding_story_id"), "safeguarding", ["story_id"], unique=False)
    op.create_index(op.f("ix_safeguarding_taken_by"), "safeguarding", ["taken_by"], unique=False)
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("of_version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_edition_story_id_story")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("story_id", "position", name=op.f("uq_edition_story_id_position")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_edition_story_id"), "edition", ["story_id"], unique=False)
    op.create_table(
        "ask_back",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=True),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wanted_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_ask_back_contributor_id_contributor")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_ask_back_edition_id_edition")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_ask_back_story_id_story")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask_back")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ask_back_contributor_id"), "ask_back", ["contributor_id"], unique=False)
    op.create_index(
        "ix_ask_back_due",
        "ask_back",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_ask_back_edition_id"), "ask_back", ["edition_id"], unique=False)
    op.create_index(op.f("ix_ask_back_story_id"), "ask_back", ["story_id"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("scrubbed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_erasure_fresh",
        "erasure",
        ["id"],
        unique=False,
        sqlite_where=sa.text("scrubbed_at IS NULL"),
        postgresql_where=sa.text("scrubbed_at IS NULL"),
    )
    op.add_column("contributor", sa.Column("signposted_at", MOMENT, nullable=True))
    op.add_column("contributor", sa.Column("leaving_warned_at", MOMENT, nullable=True))
    op.add_column("decision", sa.Column("text_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("decision", sa.Column("valid_until", MOMENT, nullable=True))
    op.add_column("decision", sa.Column("notice_digest", sa.String(), nullable=True))
    op.add_column("decision", sa.Column("assisted_by", sa.Integer(), nullable=True))
    op.add_column("decision", sa.Column("assisted_where", sa.String(), server_default="", nullable=False))
    op.add_column("decision", sa.Column("read_aloud", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("story", sa.Column("use_until", MOMENT, nullable=True))
    op.add_column("story", sa.Column("kept_until", MOMENT, nullable=True))
    op.add_column("story", sa.Column("naming", sa.String(), server_default="none", nullable=False))
    op.add_column("story", sa.Column("credit", sa.String(), server_default="", nullable=False))
    op.add_column("story", sa.Column("progress", sa.String(), server_default="heard", nullable=False))
    op.add_column("story", sa.Column("progress_at", MOMENT, nullable=True))
    op.add_column("story", sa.Column("words_version", sa.Integer(), server_default="1", nullable=False))
    op.create_index(op.f("ix_story_kept_until"), "story", ["kept_until"], unique=False)
    op.create_index(op.f("ix_story_use_until"), "story", ["use_until"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # Its planner would keep samples of people's words in a catalogue of its own, out of reach of any erasure.
        for table, columns in WORDS.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    op.drop_index(op.f("ix_story_use_until"), table_name="story")
    op.drop_index(op.f("ix_story_kept_until"), table_name="story")
    op.drop_column("story", "words_version")
    op.drop_column("story", "progress_at")
    op.drop_column("story", "progress")
    op.drop_column("story", "credit")
    op.drop_column("story", "naming")
    op.drop_column("story", "kept_until")
    op.drop_column("story", "use_until")
    op.drop_column("decision", "read_aloud")
    op.drop_column("decision", "assisted_where")
    op.drop_column("decision", "assisted_by")
    op.drop_column("decision", "notice_digest")
    op.drop_column("decision", "valid_until")
    op.drop_column("decision", "text_version")
    op.drop_column("contributor", "leaving_warned_at")
    op.drop_column("contributor", "signposted_at")
    op.drop_index(op.f("ix_ask_back_story_id"), table_name="ask_back")
    op.drop_index(op.f("ix_ask_back_edition_id"), table_name="ask_back")
    op.drop_index(
        "ix_ask_back_due",
        table_name="ask_back",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_ask_back_contributor_id"), table_name="ask_back")
    op.drop_table("ask_back")
    op.drop_index(op.f("ix_edition_story_id"), table_name="edition")
    op.drop_table("edition")
    op.drop_index(op.f("ix_safeguarding_taken_by"), table_name="safeguarding")
    op.drop_index(op.f("ix_safeguarding_story_id"), table_name="safeguarding")
    op.drop_index(
        "ix_safeguarding_open",
        table_name="safeguarding",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index(op.f("ix_safeguarding_inbound_id"), table_name="safeguarding")
    op.drop_index(op.f("ix_safeguarding_closed_by"), table_name="safeguarding")
    op.drop_table("safeguarding")
    op.drop_index(op.f("ix_on_call_member_id"), table_name="on_call")
    op.drop_index(op.f("ix_on_call_address_id"), table_name="on_call")
    op.drop_table("on_call")
    op.drop_index(
        "ix_request_open",
        table_name="request",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index(op.f("ix_request_contributor_id"), table_name="request")
    op.drop_index(op.f("ix_request_closed_by"), table_name="request")
    op.drop_table("request")
    op.drop_index(op.f("ix_receipt_guess_contributor_id"), table_name="receipt_guess")
    op.drop_index(op.f("ix_receipt_guess_at"), table_name="receipt_guess")
    op.drop_table("receipt_guess")
    op.drop_table("notice")
    op.drop_index(
        "ix_erasure_fresh",
        table_name="erasure",
        sqlite_where=sa.text("scrubbed_at IS NULL"),
        postgresql_where=sa.text("scrubbed_at IS NULL"),
    )
    op.drop_table("erasure")
