"""Predictions, their labels with every change of them, and the pixels that callers let us keep."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0001", None, None, None


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(48), primary_key=True, comment="Its order is the order of time."),
        sa.Column("at_ms", sa.BigInteger, nullable=False, comment="Milliseconds since 1970."),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the canonical pixels."),
        sa.Column("model_version", sa.String(12), nullable=False),
        sa.Column("digit", sa.SmallInteger, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("cache", sa.String(9), nullable=False),
        sa.Column("latency_us", sa.Integer, nullable=False, comment="From the request's first byte to the answer, microseconds."),
        sa.Column("caller", sa.String(64)),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "labels",
        sa.Column("id", sa.String(48), primary_key=True, comment="The prediction's."),
        sa.Column("label", sa.SmallInteger, nullable=False, comment="The newest that was given."),
        sa.Column("predicted", sa.SmallInteger, nullable=False),
        sa.Column("model_version", sa.String(12), nullable=False),
        sa.Column("source", sa.String(8), nullable=False, comment="feedback or audit."),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("caller", sa.String(64)),
        sa.Column(
            "token", sa.String(16), nullable=False, comment="Of the request that gave it, so that a write told twice is known as one."
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_changes",
        sa.Column("token", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(48), nullable=False, index=True),
        sa.Column("previous", sa.SmallInteger, comment="None: there was no label."),
        sa.Column("label", sa.SmallInteger, nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("caller", sa.String(64)),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pixels",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("pixels", sa.LargeBinary, nullable=False, comment="784 canonical bytes, kept with the caller's consent."),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for name in ("pixels", "label_changes", "labels", "predictions"):
        op.drop_table(name)
