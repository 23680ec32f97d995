"""The tables of records, one description for SQLite and PostgreSQL. `migrations` brings a database to it."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, MetaData, SmallInteger, String, Table, Text

metadata = MetaData()

ID = String(48).with_variant(String(48, collation="C"), "postgresql")
"""Its order is the order of time, also where the language of the database has another order of letters."""

predictions = Table(
    "predictions",
    metadata,
    Column("id", ID, primary_key=True, comment="Its order is the order of time."),
    Column("at_ms", BigInteger, nullable=False, comment="Milliseconds since 1970."),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the canonical pixels."),
    Column("model_version", String(12), nullable=False),
    Column("digit", SmallInteger, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("cache", String(9), nullable=False),
    Column("latency_us", Integer, nullable=False, comment="From the request's first byte to the answer, microseconds."),
    Column("caller", String(64)),
    # in a SQLite file they would cost a prediction as much as itself, beside the event loop
    Index("ix_predictions_digit", "digit", "id").ddl_if(dialect="postgresql"),
    Index("ix_predictions_model_version", "model_version", "digit", "id").ddl_if(dialect="postgresql"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (id)",
)
"""With two indices, in which audits find a digit or a version that is rare; see `partitions` for how it lies in PostgreSQL."""

labels = Table(
    "labels",
    metadata,
    Column("id", ID, primary_key=True, comment="The prediction's."),
    Column("label", SmallInteger, nullable=False, comment="The newest that was given."),
    Column("predicted", SmallInteger, nullable=False),
    Column("model_version", String(12), nullable=False),
    Column("source", String(8), nullable=False, comment="feedback or audit."),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("caller", String(64)),
    Column("token", String(16), nullable=False, comment="Of the request that gave it, so that a write told twice is known as one."),
    sqlite_with_rowid=False,
)

label_changes = Table(
    "label_changes",
    metadata,
    Column("token", String(16), primary_key=True),
    Column("id", ID, nullable=False, index=True),
    Column("previous", SmallInteger, comment="None: there was no label."),
    Column("label", SmallInteger, nullable=False),
    Column("source", String(8), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("caller", String(64)),
    sqlite_with_rowid=False,
)

pixels = Table(
    "pixels",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("pixels", LargeBinary, nullable=False, comment="784 canonical bytes, kept with the caller's consent."),
    Column("at_ms", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)

alerts = Table(
    "alerts",
    metadata,
    Column("key", String(160), primary_key=True, comment="The alert's fingerprint and the time that it began to fire."),
    Column("name", String(64), nullable=False),
    Column("labels", Text, nullable=False, comment="JSON."),
    Column("summary", Text, nullable=False),
    Column("starts_ms", BigInteger, nullable=False, index=True),
    Column("resolved_ms", BigInteger, comment="None: it fires."),
    Column("action", Text, nullable=False, comment="JSON: what was done, or is proposed."),
    sqlite_with_rowid=False,
)

stages = Table(
    "stages",
    metadata,
    Column("model", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="Counts the changes of this model; the highest is the truth."),
    Column("current", String(12), comment="The version that answers what the candidate does not; None: whichever is there."),
    Column("candidate", String(12)),
    Column("percent", SmallInteger, nullable=False, comment="Of uploads, that the candidate answers; 0: it only looks on."),
    Column("previous", String(12), comment="Current before the last promotion."),
    Column("at_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Which version is rolled out how far. No backup has them: what is served does not change because records are put back."""
