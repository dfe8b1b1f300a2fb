"""Run by Alembic to migrate over the connection that ``upgrade`` gives it."""

from alembic import context

from storage.index.tables import IndexTable

context.configure(connection=context.config.attributes["connection"], target_metadata=IndexTable.metadata)
with context.begin_transaction():
    context.run_migrations()
