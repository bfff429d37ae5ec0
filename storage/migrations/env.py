"""Alembic's entry: runs migrations on the connection that storage.database hands over."""

from alembic import context

from storage.database import VERSION_TABLE
from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
