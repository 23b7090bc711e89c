"""Contributors, conversations, stories, and the messages in and out."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "contributor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("opted_out_at", MOMENT, nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributor")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_contributor_pseudonym")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_contributor_erased_at"), "contributor", ["erased_at"], unique=False)
    op.create_table(
        "address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_address_contributor_id_contributor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
        sa.UniqueConstraint("channel", "lookup", name=op.f("uq_address_channel_lookup")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_address_contributor_id"), "address", ["contributor_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=True),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("literal", sa.Text(), nullable=False),
        sa.Column("text_digest", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("whole", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_decision_contributor_id_contributor")
        ),
        sa.ForeignKeyConstraint(
            ["text_digest"], ["consent_text.digest"], name=op.f("fk_decision_text_digest_consent_text")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_decision_contributor_id"), "decision", ["contributor_id"], unique=False)
    op.create_index(op.f("ix_decision_conversation_id"), "decision", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_decision_story_id"), "decision", ["story_id"], unique=False)
    op.create_table(
        "inbound",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_inbound_contributor_id_contributor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("channel", "provider_id", name=op.f("uq_inbound_channel_provider_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_inbound_contributor_id"), "inbound", ["contributor_id"], unique=False)
    op.create_index(
        "ix_inbound_failed",
        "inbound",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state IN ('failed', 'stored')"),
        postgresql_where=sa.text("state IN ('failed', 'stored')"),
    )
    op.create_index(op.f("ix_inbound_received_at"), "inbound", ["received_at"], unique=False)
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("due_kind", sa.String(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_conversation_address_id_address")),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_conversation_contributor_id_contributor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index(op.f("ix_conversation_address_id"), "conversation", ["address_id"], unique=False)
    op.create_index(
        "ix_conversation_contributor_started", "conversation", ["contributor_id", "started_at"], unique=False
    )
    op.create_index(
        "ix_conversation_due",
        "conversation",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "uq_conversation_open",
        "conversation",
        ["contributor_id"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_outbox_address_id_address")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_outbox_inbound_id_inbound")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_address_id"), "outbox", ["address_id"], unique=False)
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["channel", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(op.f("ix_outbox_inbound_id"), "outbox", ["inbound_id"], unique=False)
    op.create_index(
        "ix_outbox_provider",
        "outbox",
        ["provider_id"],
        unique=False,
        sqlite_where=sa.text("provider_id IS NOT NULL"),
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_unknown",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'unknown'"),
        postgresql_where=sa.text("state = 'unknown'"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["address_id", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_table(
        "sealed_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_sealed_message_contributor_id_contributor")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_sealed_message_conversation_id_conversation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_message")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sealed_message_contributor_id"), "sealed_message", ["contributor_id"], unique=False)
    op.create_index(op.f("ix_sealed_message_conversation_id"), "sealed_message", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_sealed_message_received_at"), "sealed_message", ["received_at"], unique=False)
    op.create_table(
        "story",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("receipt_lookup", sa.LargeBinary(), nullable=True),
        sa.Column("place_id", sa.String(), nullable=True),
        sa.Column("place_label", sa.String(), nullable=False),
        sa.Column("place_words", sa.Text(), nullable=False),
        sa.Column("place_kind", sa.String(), nullable=False),
        sa.Column("place_scheme", sa.String(), nullable=False),
        sa.Column("place_code", sa.String(), nullable=False),
        sa.Column("place_year", sa.String(), nullable=False),
        sa.Column("place_nation", sa.String(), nullable=False),
        sa.Column("place_parent", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_story_contributor_id_contributor")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_story_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["team_member.id"], name=op.f("fk_story_decided_by_team_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_story_conversation_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_story_contributor_id"), "story", ["contributor_id"], unique=False)
    op.create_index(op.f("ix_story_decided_by"), "story", ["decided_by"], unique=False)
    op.create_index("ix_story_newest", "story", ["simulated", "told_at", "id"], unique=False)
    op.create_index("ix_story_place", "story", ["place_id", "told_at"], unique=False)
    op.create_index("ix_story_queue", "story", ["state", "simulated", "told_at", "id"], unique=False)
    op.create_index(op.f("ix_story_receipt_lookup"), "story", ["receipt_lookup"], unique=False)
    op.create_table(
        "answer",
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_answer_story_id_story")),
        sa.PrimaryKeyConstraint("story_id", "step", name=op.f("pk_answer")),
    )
    op.create_table(
        "story_part",
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_part_story_id_story")),
        sa.PrimaryKeyConstraint("story_id", "position", name=op.f("pk_story_part")),
    )
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["confirmed_by"], ["team_member.id"], name=op.f("fk_tag_confirmed_by_team_member")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_tag_story_id_story")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tag_confirmed_by"), "tag", ["confirmed_by"], unique=False)
    op.create_index("ix_tag_dimension_value", "tag", ["dimension", "value", "story_id"], unique=False)
    op.create_index(op.f("ix_tag_story_id"), "tag", ["story_id"], unique=False)
    op.create_table(
        "team_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("contributor_id", sa.Integer(), nullable=True),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("story_id", sa.Integer(), nullable=True),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["team_member.id"], name=op.f("fk_team_item_closed_by_team_member")),
        sa.ForeignKeyConstraint(
            ["contributor_id"], ["contributor.id"], name=op.f("fk_team_item_contributor_id_contributor")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_team_item_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_team_item_inbound_id_inbound")),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_team_item_story_id_story")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_item")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_team_item_closed_by"), "team_item", ["closed_by"], unique=False)
    op.create_index(op.f("ix_team_item_contributor_id"), "team_item", ["contributor_id"], unique=False)
    op.create_index(op.f("ix_team_item_conversation_id"), "team_item", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_team_item_inbound_id"), "team_item", ["inbound_id"], unique=False)
    op.create_index(
        "ix_team_item_open",
        "team_item",
        ["kind", "raised_at"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_team_item_story_id"), "team_item", ["story_id"], unique=False)


def downgrade() -> None:
    op.drop_table("team_item")
    op.drop_table("tag")
    op.drop_table("story_part")
    op.drop_table("answer")
    op.drop_table("story")
    op.drop_table("sealed_message")
    op.drop_table("outbox")
    op.drop_table("conversation")
    op.drop_table("inbound")
    op.drop_table("decision")
    op.drop_table("address")
    op.drop_table("contributor")
