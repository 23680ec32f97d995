"""PostgreSQL keeps predictions in partitions, and finds rare digits and versions by an index. In SQLite nothing changes.

What is there becomes one partition as it lies, up to the end of today, so nothing is copied: a million predictions took 3 s on two cores,
most of it for indices, and back 2 s.
"""

import time

import sqlalchemy as sa
from alembic import op

from gateway.prediction_id import first_id_at

revision, down_revision, branch_labels, depends_on = "0004", "0003", None, None

DAY_MS = 86_400_000
WITH_IDS = ("predictions", "label_changes", "labels")
"""In the order in which a batch locks them, so that neither waits for the other."""

INDICES = {"ix_predictions_digit": ["digit", "id"], "ix_predictions_model_version": ["model_version", "digit", "id"]}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _collate("C")
        _partition()
        for name, columns in INDICES.items():
            op.create_index(name, "predictions", columns)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in INDICES:
            op.drop_index(name, "predictions")
        _join()
        _collate("default")


def _collate(collation: str) -> None:
    for table in WITH_IDS:
        op.execute(f'ALTER TABLE {table} ALTER COLUMN id TYPE varchar(48) COLLATE "{collation}"')


def _partition() -> None:
    op.execute("ALTER TABLE predictions RENAME TO predictions_before")
    op.execute("ALTER INDEX predictions_pkey RENAME TO predictions_before_pkey")
    op.execute("CREATE TABLE predictions (LIKE predictions_before INCLUDING ALL) PARTITION BY RANGE (id)")
    op.execute("CREATE TABLE predictions_default PARTITION OF predictions DEFAULT")
    if not op.get_bind().execute(sa.text("SELECT EXISTS (SELECT FROM predictions_before)")).scalar_one():
        op.execute("DROP TABLE predictions_before")
        return
    end = first_id_at((int(time.time() * 1000) // DAY_MS + 1) * DAY_MS)
    later = f"DELETE FROM predictions_before WHERE id >= '{end}' RETURNING *"
    op.execute(f"WITH later AS ({later}) INSERT INTO predictions_default SELECT * FROM later")
    op.execute(f"ALTER TABLE predictions ATTACH PARTITION predictions_before FOR VALUES FROM (MINVALUE) TO ('{end}')")


def _join() -> None:
    op.execute("CREATE TABLE predictions_joined (LIKE predictions INCLUDING ALL)")
    op.execute("INSERT INTO predictions_joined SELECT * FROM predictions")
    op.execute("DROP TABLE predictions")
    op.execute("ALTER TABLE predictions_joined RENAME TO predictions")
    op.execute("ALTER INDEX predictions_joined_pkey RENAME TO predictions_pkey")
