"""Alembic's entry: brings the connection that it is handed to the newest revision. Run through `gateway.records.migrate`."""

from alembic import context

from gateway.records.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
