"""How far a candidate for the served model version has come."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0005", "0004", None, None


def upgrade() -> None:
    op.create_table(
        "stages",
        sa.Column("model", sa.String(64), primary_key=True),
        sa.Column(
            "number",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            comment="Counts the changes of this model; the highest is the truth.",
        ),
        sa.Column("current", sa.String(12), comment="The version that answers what the candidate does not; None: whichever is there."),
        sa.Column("candidate", sa.String(12)),
        sa.Column("percent", sa.SmallInteger, nullable=False, comment="Of uploads, that the candidate answers; 0: it only looks on."),
        sa.Column("previous", sa.String(12), comment="Current before the last promotion."),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("stages")
