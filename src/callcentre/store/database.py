"""A database as the rest of the house sees it: opened, checked, upgraded, closed; with its writer and its queries."""

from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, inspect, text

from callcentre.core.errors import StoreUnavailable
from callcentre.store.account_audit import Audit
from callcentre.store.account_sessions import Sessions, Tokens
from callcentre.store.accounts import Accounts
from callcentre.store.certificates import Erasures
from callcentre.store.engines import Engines, create_file, engines
from callcentre.store.failures import DATABASE_ERRORS, told
from callcentre.store.greetings import GreetingStore
from callcentre.store.holds import Holds
from callcentre.store.own_data import OwnDataQueries
from callcentre.store.patience import begin_patiently, patiently
from callcentre.store.queries import Queries
from callcentre.store.reader import Readers
from callcentre.store.report_queries import ReportQueries
from callcentre.store.retention import Retention
from callcentre.store.standings import Standings
from callcentre.store.subject import Subjects
from callcentre.store.transcripts import TranscriptStore
from callcentre.store.writer import Writer

# The newest migration. A test holds it against the folder.
SCHEMA = "0013"
_VERSION_TABLE = "callcentre_schema"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as all processes of callcentre name the same.
_UPGRADE_LOCK = 0x63616C6C


class Database:
    """One database. `writer` belongs to the loop alone; `queries`, and those of accounts, may be shared by all.

    Errors of all methods: StoreUnavailable when it cannot be reached or has another schema than this version needs.
    """

    def __init__(self, made: Engines) -> None:
        self._engines = made
        self.where = made.where
        self.writer = Writer(made.write, made.dialect, made.where)
        self._readers = Readers(made.read, made.where)
        self.queries = Queries(self._readers)
        accounts = (self.writer, made.dialect, self._readers)
        self.accounts = Accounts(*accounts)
        self.sessions = Sessions(*accounts)
        self.tokens = Tokens(*accounts)
        self.audit = Audit(*accounts)
        self.greetings = GreetingStore(*accounts)
        self.reports = ReportQueries(self._readers)
        self.standings = Standings(*accounts)
        self.transcripts = TranscriptStore(*accounts)
        self.holds = Holds(*accounts)
        self.erasures = Erasures(*accounts)
        self.retention = Retention(*accounts)
        self.subjects = Subjects(*accounts)
        self.own_data = OwnDataQueries(*accounts)

    @classmethod
    async def open(cls, address: str, *, create: bool = True) -> Self:
        """Open the database at `address`; a SQLite file that is not there is made, readable by its owner only.

        Nothing is asked of the database yet: `prepare` or `check` comes next. Without `create`, for commands that only
        read, a file that is not there is StoreUnavailable. ConfigError if `address` is none.
        """
        made = engines(address)
        if made.file is not None and create:
            create_file(made.file)
        elif made.file is not None and not made.file.exists():
            raise StoreUnavailable(f"{made.where} is not there; is store.url right, and did callcentre run before?")
        return cls(made)

    async def close(self) -> None:
        """Close all connections."""
        try:
            await self.writer.close()
        finally:  # also if cancelled meanwhile: a reader's thread would outlive the loop
            await self._readers.close()
            self._engines.write.dispose()

    async def prepare(self) -> None:
        """Make the tables of an empty database; of any other see that its schema is the one this version needs.

        And see that it may be written.
        """
        if await self.schema() is None:
            await self.upgrade()
        await self.check()
        await self.writer.commit([])

    async def check(self) -> None:
        """See that the schema is the one this version needs; the error says what to do."""
        found = await self.schema()
        if found is None:
            raise StoreUnavailable(f"{self.where} has no tables yet; run `callcentre upgrade-db`")
        if found > SCHEMA:
            raise StoreUnavailable(
                f"{self.where} was made by a newer callcentre (schema {found}, this one knows {SCHEMA}); "
                "install the newer callcentre again, or restore the backup made before the upgrade"
            )
        if found < SCHEMA:
            raise StoreUnavailable(
                f"{self.where} has schema {found}, this callcentre needs {SCHEMA}; back it up, "
                "then run `callcentre upgrade-db`"
            )

    async def schema(self) -> str | None:
        """Return the number of the schema there, None if there is none."""
        # As a reader: a command that only reads need not wait for whoever writes.
        return await self._readers.read(_schema)

    async def upgrade(self) -> str:
        """Bring the schema up to this version's, in one transaction; return its number. Doing it twice does no harm."""
        found = await self.schema()
        if found is not None and found > SCHEMA:
            await self.check()
        try:
            # Another process may be at it, which on a slow disk takes longer than anything else that writes.
            await patiently(lambda: self.writer.run(_upgrade_alone))
        except DATABASE_ERRORS as error:
            raise told(error, self.where) from None
        return SCHEMA


def _upgrade_alone(engine: Engine) -> None:
    with begin_patiently(engine.connect) as connection, connection.begin():
        _upgrade(connection)


def _schema(connection: Connection) -> str | None:
    if connection.dialect.name == "sqlite":
        # Not for the pool: who opened the file before it was taken away goes on reading what nobody else sees.
        connection.detach()
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608  a name of ours
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    # Imported here: it takes a tenth of a second, which a start without an upgrade need not spend.
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
