"""Notices for tests, and an outbox in memory that keeps the store's promises."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from callcentre.core.errors import StoreUnavailable
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind

AT = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def a_notice(key: str = "task/7/overdue", **changes: object) -> Notice:
    """A notice that a callback is overdue."""
    notice = Notice(
        key=key,
        pbx="main",
        line="enquiries",
        kind=NoticeKind.OVERDUE,
        at=AT,
        title="Callback 7 on enquiries is overdue",
        text="The caller …123 has waited since 10:00.\nDue was 16:00.",
        to=("desk",),
        task=7,
    )
    return replace(notice, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the outbox."""

    id: int
    contact: str
    notice: Notice
    next_try_at: datetime | None
    tries: int = 0
    state: str = "pending"
    error: str = ""


@dataclass
class Outbox:
    """Reads and writes of the outbox; while it `is_away` neither works. `changed` is told of every mark and look."""

    rows: dict[int, Row] = field(default_factory=dict)
    is_away: bool = False
    looks: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def add(self, notice: Notice, *contacts: str) -> None:
        for contact in contacts or notice.to:
            number = len(self.rows) + 1
            self.rows[number] = Row(id=number, contact=contact, notice=notice, next_try_at=notice.at)

    async def pending_notices(
        self, at: datetime, limit: int, *, pbxs: Collection[str], without: Collection[str]
    ) -> Sequence[Row]:
        await self._looked()
        wanted = [row for row in self._of(pbxs) if row.contact not in without]
        due = [(t, row.id) for row in wanted if (t := row.next_try_at) and t <= at]
        return [self.rows[number] for _, number in sorted(due)[:limit]]

    async def next_notice_at(self, *, pbxs: Collection[str]) -> datetime | None:
        self._open()
        return min((row.next_try_at for row in self._of(pbxs) if row.next_try_at), default=None)

    async def notices_waiting(self, pbxs: Collection[str]) -> Mapping[str, int]:
        self._open()
        return Counter(dict.fromkeys(pbxs, 0)) + Counter(r.notice.pbx for r in self._of(pbxs) if r.next_try_at)

    def _of(self, pbxs: Collection[str]) -> list[Row]:
        return [row for row in self.rows.values() if row.notice.pbx in pbxs]

    async def notice_sent(self, id: int, at: datetime) -> None:  # noqa: A002
        self._open()
        await self._change(replace(self.rows[id], state="sent", next_try_at=None))

    async def notice_failed(self, id: int, at: datetime, error: str, next_try_at: datetime | None) -> None:  # noqa: A002
        self._open()
        row = self.rows[id]
        state = "failed" if next_try_at is None else "pending"
        await self._change(replace(row, state=state, next_try_at=next_try_at, error=error, tries=row.tries + 1))

    async def until(self, number: int, *, state: str | None = None, tries: int | None = None) -> Row:
        """Wait until a row is in this state, or was tried so often in vain; return it."""

        def is_so() -> bool:
            row = self.rows[number]
            return (state is None or row.state == state) and (tries is None or row.tries == tries)

        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(is_so), 120)
        return self.rows[number]

    async def until_read(self) -> None:
        """Wait until somebody looks in vain or not, once more."""
        async with self.changed:
            before = self.looks
            await asyncio.wait_for(self.changed.wait_for(lambda: self.looks > before), 120)

    async def _looked(self) -> None:
        async with self.changed:
            self.looks += 1
            self.changed.notify_all()
        self._open()

    async def _change(self, row: Row) -> None:
        async with self.changed:
            self.rows[row.id] = row
            self.changed.notify_all()

    def _open(self) -> None:
        if self.is_away:
            raise StoreUnavailable("the database is away")


@dataclass
class Diary:
    """A log that remembers."""

    lines: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def debug(self, event: str, /, **fields: object) -> None:
        self.lines.append(("debug", event, fields))

    def info(self, event: str, /, **fields: object) -> None:
        self.lines.append(("info", event, fields))

    def warning(self, event: str, /, **fields: object) -> None:
        self.lines.append(("warning", event, fields))

    def error(self, event: str, /, **fields: object) -> None:
        self.lines.append(("error", event, fields))

    def exception(self, event: str, /, **fields: object) -> None:
        self.lines.append(("exception", event, fields))

    def events(self, level: str) -> list[str]:
        return [event for each, event, _ in self.lines if each == level]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
