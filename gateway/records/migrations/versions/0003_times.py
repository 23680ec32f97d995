"""Labels are found by when they were given, kept pixels deleted by how old they are."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "0003", "0002", None, None


def upgrade() -> None:
    for table in ("labels", "pixels"):
        op.create_index(f"ix_{table}_at_ms", table, ["at_ms"])


def downgrade() -> None:
    for table in ("labels", "pixels"):
        op.drop_index(f"ix_{table}_at_ms", table)
