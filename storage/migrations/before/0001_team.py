"""What the team works with: members, releases, places, exports."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("object_kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index("ix_audit_object", "audit", ["object_kind", "object_id"], unique=False)
    op.create_table(
        "consent_text",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_consent_text")),
    )
    op.create_table(
        "delivery_event",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider_id", "status", name=op.f("pk_delivery_event")),
    )
    op.create_index(op.f("ix_delivery_event_at"), "delivery_event", ["at"], unique=False)
    op.create_table(
        "export_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_run")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_export_run_at"), "export_run", ["at"], unique=False)
    op.create_table(
        "place",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("structure", sa.String(), nullable=False),
        sa.Column("whole", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("whole", name=op.f("uq_release_whole")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_release_flow_structure", "release", ["flow", "structure", "id"], unique=False)
    op.create_table(
        "stray",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "kind", name=op.f("pk_stray")),
    )
    op.create_table(
        "suppression",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "lookup", name=op.f("pk_suppression")),
    )
    op.create_table(
        "team_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_member")),
        sa.UniqueConstraint("email", name=op.f("uq_team_member_email")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["team_member.id"], name=op.f("fk_api_token_member_id_team_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_api_token_member_id"), "api_token", ["member_id"], unique=False)
    op.create_table(
        "export_story",
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export_run.id"], name=op.f("fk_export_story_export_id_export_run")),
        sa.PrimaryKeyConstraint("export_id", "story_id", name=op.f("pk_export_story")),
    )
    op.create_index(op.f("ix_export_story_story_id"), "export_story", ["story_id"], unique=False)
    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["team_member.id"], name=op.f("fk_sign_in_link_member_id_team_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sign_in_link_expires_at"), "sign_in_link", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sign_in_link_member_id"), "sign_in_link", ["member_id"], unique=False)
    op.create_table(
        "team_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["team_member.id"], name=op.f("fk_team_session_member_id_team_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_team_session_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_team_session_expires_at"), "team_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_team_session_member_id"), "team_session", ["member_id"], unique=False)


def downgrade() -> None:
    op.drop_table("team_session")
    op.drop_table("sign_in_link")
    op.drop_table("export_story")
    op.drop_table("api_token")
    op.drop_table("team_member")
    op.drop_table("suppression")
    op.drop_table("stray")
    op.drop_table("release")
    op.drop_table("place")
    op.drop_table("export_run")
    op.drop_table("delivery_event")
    op.drop_table("consent_text")
    op.drop_table("audit")
