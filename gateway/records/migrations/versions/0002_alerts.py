"""Alerts that were told, and what came of them."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("key", sa.String(160), primary_key=True, comment="The alert's fingerprint and the time that it began to fire."),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("labels", sa.Text, nullable=False, comment="JSON."),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("starts_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("resolved_ms", sa.BigInteger, comment="None: it fires."),
        sa.Column("action", sa.Text, nullable=False, comment="JSON: what was done, or is proposed."),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("alerts")
