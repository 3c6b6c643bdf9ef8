"""Alembic's entry: runs the migrations on the connection that `store.database` (or a developer's command) hands over.

A new migration: copy the newest file of versions/, raise its number, write the step, raise `SCHEMA` in store.database;
the conformance suite then compares the result with tables.py, on both databases.
"""

from alembic import context
from sqlalchemy import Connection

from callcentre.store.tables import metadata

VERSION_TABLE = "callcentre_schema"


def migrate(connection: Connection) -> None:
    """Run what is to be run, in the transaction that the caller opened."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        version_table=VERSION_TABLE,
        transactional_ddl=True,
    )
    context.run_migrations()


migrate(context.config.attributes["connection"])
