"""What the daemon's database says at the end, read by plain SQL."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

Rows = Sequence[tuple[Any, ...]]


class Books:
    """One database, asked from outside; `ask` runs a query on a fresh look at it."""

    def __init__(
        self, url: str, ask: Callable[[str], Rows], is_writing: Callable[[], bool], close: Callable[[], None]
    ) -> None:
        self.url, self._ask, self.is_writing, self.close = url, ask, is_writing, close

    def _number(self, sql: str) -> int:
        try:
            return int(self._ask(sql)[0][0])
        except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
            return 0  # the daemon was killed before its first tables were made

    def known(self) -> int:
        """How many messages it found in the spool."""
        return self._number("SELECT count(*) FROM messages WHERE msg_id IS NOT NULL")

    def boxes(self) -> int:
        """How many mailboxes it has looked into: of a PBX never seen before none is written before a look at all."""
        return self._number("SELECT count(*) FROM mailboxes")

    def orders_open(self) -> int:
        """How many requests of people wait."""
        return self._number("SELECT count(*) FROM orders WHERE done_at IS NULL")

    def tasks(self, state: str) -> list[int]:
        """Some tasks in this state."""
        return [
            row[0] for row in self._ask(f"SELECT number FROM tasks WHERE state = '{state}' ORDER BY number LIMIT 50")
        ]

    def report(self, left: set[str]) -> int:
        """Print the count; 0 if each message left has one task and its history is whole."""
        rows = self._ask(
            "SELECT m.msg_id, m.key, t.number FROM messages m LEFT JOIN filings f ON f.pbx = m.pbx AND f.key = m.key "
            "LEFT JOIN tasks t ON t.pbx = f.pbx AND t.number = f.task"
        )
        times = Counter(msg_id for msg_id, _, _ in rows)
        lost = left - {msg_id for msg_id, _, task in rows if task is not None}
        doubled = [msg_id for msg_id, number in times.items() if msg_id is not None and number > 1]
        strangers = [key for msg_id, key, _ in rows if msg_id not in left]
        gaps = self._number(
            "SELECT count(*) FROM tasks t WHERE t.entries <> (SELECT count(*) FROM task_history h "
            "WHERE h.pbx = t.pbx AND h.task = t.number) OR t.entries <> (SELECT max(seq) FROM task_history h "
            "WHERE h.pbx = t.pbx AND h.task = t.number)"
        )
        twice = self._number(
            "SELECT count(*) FROM (SELECT request FROM task_history WHERE request IS NOT NULL "
            "GROUP BY pbx, request HAVING count(DISTINCT task) > 1 OR count(*) > 1) AS d"
        )
        orders = self._ask("SELECT refused, count(*) FROM orders GROUP BY refused")
        print(f"  messages left {len(left)}, known {len(rows)}, tasks {self._number('SELECT count(*) FROM tasks')}")
        print(f"  without a task {len(lost)}, in two rows {len(doubled)}, of nobody {len(strangers)}")
        print(f"  histories with a gap {gaps}, requests carried out twice {twice}, requests {dict(orders)}")
        for name, found in (("lost", sorted(lost)), ("doubled", doubled), ("of nobody", strangers)):
            if found:
                print(f"  {name}: {', '.join(map(str, found[:10]))}")
        return int(bool(lost or doubled or strangers or gaps or twice or not left))


def sqlite(folder: Path) -> Books:
    """A SQLite file, as the daemon makes it."""
    file = folder / "durable.sqlite"
    marks = [folder / f"durable.sqlite-{kind}" for kind in ("journal", "wal")]

    def ask(sql: str) -> Rows:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def is_writing() -> bool:
        return any(mark.exists() and mark.stat().st_size > 0 for mark in marks)

    return Books(f"sqlite:///{file}", ask, is_writing, lambda: None)


def postgres(server: str) -> Books:
    """A database of its own on `server`."""
    name = f"durability_{uuid4().hex[:12]}"
    admin = psycopg.connect(server, autocommit=True)
    admin.execute(f"CREATE DATABASE {name}")
    url = psycopg.conninfo.make_conninfo(server, dbname=name)
    asking = psycopg.connect(url, autocommit=True)

    def ask(sql: str) -> Rows:
        return asking.execute(sql.encode()).fetchall()

    def is_writing() -> bool:
        found = admin.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND backend_xid IS NOT NULL", (name,)
        ).fetchone()
        return found is not None

    def close() -> None:
        asking.close()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()

    return Books(_as_address(server, name), ask, is_writing, close)


def _as_address(server: str, name: str) -> str:
    """The server's address with another database: postgresql://user@host:port/name."""
    head, _, tail = server.rpartition("/")
    _, mark, options = tail.partition("?")
    return f"{head}/{name}{mark}{options}"
