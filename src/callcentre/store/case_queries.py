"""Reads of cases: a page of them, one with all its history, how many, how well the promises were kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, or_, select

from callcentre.core.case_values import (
    ONCE_A_STAGE,
    Case,
    CaseChannel,
    CaseClock,
    CaseEntry,
    CaseOutcome,
    CaseState,
    CaseStep,
    ClockName,
)
from callcentre.store.callback_rows import made_of, words
from callcentre.store.columns import UtcTime
from callcentre.store.reader import PAGE, AnyRow, AnySelect, Reader
from callcentre.store.tables import case_clocks, case_history, cases

OPEN_CASE_STATES: Final = frozenset(CaseState) - {CaseState.CLOSED}
_REQUESTS_FOR: Final = timedelta(days=7)
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_ESCAPE: Final = "\\"
_SIGNS: Final = frozenset("+0123456789 ()./-")
_LONGEST_CASE_NUMBER: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesWanted:
    """Which cases: those in `states` of `lines` (none named: of all), and of all else that is given.

    `owner` and `about` are names, in capitals or not; `unowned` those nobody owns. `overdue_at`: something promised
    was not done by then. `received_since` and `received_until` bound the receipt [since, until). `without_remedy`:
    complaints with none. `search` is a number (`12`, `#12`), a part of the caller's number, or of a name, an e-mail
    address or what it is about.
    """

    pbx: str | None = None
    lines: tuple[str, ...] = ()
    states: Collection[CaseState] = OPEN_CASE_STATES
    kinds: tuple[str, ...] = ()
    channels: tuple[CaseChannel, ...] = ()
    categories: tuple[str, ...] = ()
    stage: int | None = None
    owner: str | None = None
    unowned: bool = False
    about: str | None = None
    caller: str | None = None
    task: int | None = None
    overdue_at: datetime | None = None
    received_since: datetime | None = None
    received_until: datetime | None = None
    without_remedy: bool = False
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetail:
    """A case with its history and every clock that ever ran, each in its order."""

    case: Case
    entries: tuple[CaseEntry, ...]
    clocks: tuple[CaseClock, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigure:
    """How well one promise was kept: clocks that began in a period, without those that came to nothing.

    `in_time` and `late` are decided; `waiting` are not done yet, and not late. The share is in_time of these two.
    """

    charter: str
    line: str
    kind: str
    channel: CaseChannel
    clock: ClockName
    in_time: int
    late: int
    waiting: int


class CaseQueries(Reader):
    """Cases."""

    async def case_page(self, wanted: CasesWanted, *, offset: int = 0, limit: int = PAGE) -> list[Case]:
        """Return at most `limit` (1,000) cases after the first `offset`: what is to be done first, closed ones last.

        Closed ones by when they were closed, the latest first.
        """
        order = (
            case((cases.c.state == CaseState.CLOSED.value, 1), else_=0),
            func.coalesce(cases.c.next_act_by, literal(_NEVER, UtcTime)),
            cases.c.closed_at.desc(),
            cases.c.received_at,
            cases.c.pbx,
            cases.c.number,
        )
        query = select(cases).where(*_where(wanted)).order_by(*order).limit(min(limit, PAGE)).offset(offset)
        return [case_of(row) for row in await self._rows(query)]

    async def case_counts(self, wanted: Mapping[str, CasesWanted]) -> dict[str, int]:
        """Count these cases by name; all of one moment."""
        sums = [
            select(func.count()).select_from(cases).where(*_where(one)).scalar_subquery().label(f"of_{place}")
            for place, one in enumerate(wanted.values())
        ]
        if not sums:
            return {}
        query: AnySelect = select(*sums)
        (row,) = await self._rows(query)
        return dict(zip(wanted, row, strict=True))

    async def case(self, pbx: str, number: int) -> CaseDetail | None:
        """Return the case of this number with its history and clocks."""
        return await self._read(lambda connection: _detail(connection, pbx, number))

    async def case_of_request(self, pbx: str, request: str) -> int | None:
        """Return the number of the case in whose history a request of this key left an entry."""
        query = select(case_history.c.case_number).where(case_history.c.pbx == pbx, case_history.c.request == request)
        found = await self._rows(query.limit(1))
        return found[0].case_number if found else None

    async def cases_of_task(self, pbx: str, task: int) -> list[Case]:
        """Return the cases that came from a task, the oldest first."""
        query = select(cases).where(cases.c.pbx == pbx, cases.c.task == task).order_by(cases.c.number)
        return [case_of(row) for row in await self._rows(query.limit(PAGE))]

    async def cases_of_caller(self, pbx: str, caller: str, *, limit: int = 100) -> list[Case]:
        """Return the latest cases of a caller, whose number is in the spelling of core.numbers."""
        query = select(cases).where(cases.c.pbx == pbx, cases.c.caller == caller)
        query = query.order_by(cases.c.received_at.desc(), cases.c.number.desc()).limit(min(limit, PAGE))
        return [case_of(row) for row in await self._rows(query)]

    async def case_figures(self, since: datetime, until: datetime, at: datetime) -> list[CaseFigure]:
        """Return how the clocks that began in [since, until) stand `at` a moment, by charter, line, kind, channel."""
        c = case_clocks.c
        by: list[ColumnElement[Any]] = [c.charter, c.line, c.kind, c.channel, c.clock]
        in_time = and_(c.met_at.is_not(None), c.met_at <= c.due)
        late = or_(and_(c.met_at.is_not(None), c.met_at > c.due), and_(c.met_at.is_(None), c.due < at))
        waits = and_(c.met_at.is_(None), c.due >= at)
        counted: AnySelect = select(*by, _number_of(in_time), _number_of(late), _number_of(waits))
        began = and_(c.started_at >= since, c.started_at < until, c.dropped_at.is_(None), counts_once())
        rows = await self._rows(counted.where(began).group_by(*by).order_by(*by))
        return [
            CaseFigure(
                charter=row[0],
                line=row[1],
                kind=row[2],
                channel=CaseChannel(row[3]),
                clock=ClockName(row[4]),
                in_time=row[5],
                late=row[6],
                waiting=row[7],
            )
            for row in rows
        ]

    # --- a start -----------------------------------------------------------------------------------------------------

    async def open_cases(self, pbxs: Sequence[str]) -> list[tuple[Case, tuple[CaseClock, ...]]]:
        """Return the cases of these PBXs that are not closed, each with all its clocks."""
        are_open = and_(cases.c.state != "closed", cases.c.pbx.in_(pbxs))
        found: dict[tuple[str, int], list[CaseClock]] = {}
        of_case = and_(cases.c.pbx == case_clocks.c.pbx, cases.c.number == case_clocks.c.case_number)
        order = (case_clocks.c.pbx, case_clocks.c.case_number, case_clocks.c.seq)
        async for page in self._pages(select(case_clocks).join(cases, of_case), are_open, *order):
            for row in page:
                found.setdefault((row.pbx, row.case_number), []).append(clock_of(row))
        pages = self._pages(select(cases), are_open, cases.c.pbx, cases.c.number)
        return [
            (one, tuple(found.get((one.pbx, one.number), ())))
            async for page in pages
            for one in (case_of(row) for row in page)
        ]

    async def latest_cases(self, pbxs: Sequence[str]) -> dict[str, int]:
        """Return the highest case number of each PBX that has any."""
        query = select(cases.c.pbx, func.max(cases.c.number).label("number")).where(cases.c.pbx.in_(pbxs))
        return {row.pbx: row.number for row in await self._rows(query.group_by(cases.c.pbx))}

    async def late_case_requests(self, pbxs: Sequence[str], at: datetime) -> list[str]:
        """Return the keys of the requests of the last days (at most 1,000), the oldest first."""
        h = case_history.c
        wanted = and_(h.pbx.in_(pbxs), h.at > at - _REQUESTS_FOR, h.request.is_not(None))
        query = select(h.request).where(wanted).order_by(h.at.desc()).limit(PAGE)
        return [row.request for row in reversed(await self._rows(query))]


# --- rows ------------------------------------------------------------------------------------------------------------


def case_of(row: AnyRow) -> Case:
    """Read a row of `cases`."""
    return made_of(
        Case,
        row,
        channel=CaseChannel(row.channel),
        state=CaseState(row.state),
        outcome=None if row.outcome is None else CaseOutcome(row.outcome),
    )


def clock_of(row: AnyRow) -> CaseClock:
    """Read a row of `case_clocks`."""
    return made_of(
        CaseClock, row, clock=ClockName(row.clock), channel=CaseChannel(row.channel), alarms=words(row.alarms)
    )


def case_entry_of(row: AnyRow) -> CaseEntry:
    """Read a row of `case_history`."""
    return made_of(CaseEntry, row, step=CaseStep(row.step), state=CaseState(row.state))


def _detail(connection: Connection, pbx: str, number: int) -> CaseDetail | None:
    query: AnySelect = select(cases).where(cases.c.pbx == pbx, cases.c.number == number)
    found = connection.execute(query).first()
    if found is None:
        return None
    history, clocks = case_history.c, case_clocks.c
    entries: AnySelect = select(case_history).where(history.pbx == pbx, history.case_number == number)
    ran: AnySelect = select(case_clocks).where(clocks.pbx == pbx, clocks.case_number == number)
    return CaseDetail(
        case=case_of(found),
        entries=tuple(case_entry_of(row) for row in connection.execute(entries.order_by(history.seq))),
        clocks=tuple(clock_of(row) for row in connection.execute(ran.order_by(clocks.seq))),
    )


# --- which -----------------------------------------------------------------------------------------------------------


def counts_once() -> ColumnElement[bool]:
    """Whether a row of `case_clocks` is counted: not where the same promise came to its end in an earlier row.

    That is the rule of ONCE_A_STAGE, so that figures say what the counters of the metrics say.
    """
    c, earlier = case_clocks.c, case_clocks.alias()
    e = earlier.c
    same = and_(e.pbx == c.pbx, e.case_number == c.case_number, e.clock == c.clock, e.stage == c.stage)
    ended = exists().where(same, e.seq < c.seq, e.met_at.is_not(None)).correlate(case_clocks)
    return or_(c.clock.not_in(sorted(ONCE_A_STAGE)), ~ended)


def _where(wanted: CasesWanted) -> list[ColumnElement[bool]]:
    c = cases.c
    where: list[ColumnElement[bool]] = [c.state != "closed"] if CaseState.CLOSED not in wanted.states else []
    where += [c.state.in_(sorted(wanted.states))] if set(wanted.states) != OPEN_CASE_STATES else []
    lists: tuple[tuple[ColumnElement[Any], Collection[str]], ...] = (
        *((c.line, wanted.lines), (c.kind, wanted.kinds)),
        *((c.channel, wanted.channels), (c.category, wanted.categories)),
    )
    where += [column.in_(sorted(values)) for column, values in lists if values]
    singles = ((c.pbx, wanted.pbx), (c.stage, wanted.stage), (c.caller, wanted.caller), (c.task, wanted.task))
    where += [column == value for column, value in singles if value is not None]
    names = ((c.owner, wanted.owner), (c.about, wanted.about))
    where += [func.lower(column) == name.lower() for column, name in names if name is not None]
    where += [c.owner.is_(None)] if wanted.unowned else []
    where += [c.next_due < wanted.overdue_at] if wanted.overdue_at is not None else []
    where += [c.received_at >= wanted.received_since] if wanted.received_since is not None else []
    where += [c.received_at < wanted.received_until] if wanted.received_until is not None else []
    where += [c.kind == "complaint", c.remedy.is_(None)] if wanted.without_remedy else []
    where += [_sought(sought)] if (sought := wanted.search.strip()) else []
    return where


def _sought(typed: str) -> ColumnElement[bool]:
    """The cases that somebody looks for by these words."""
    c = cases.c
    digits = typed.removeprefix("#")
    if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_CASE_NUMBER:
        by_number: ColumnElement[bool] = c.number == int(digits)
        return (
            by_number if typed != digits else or_(by_number, c.caller.contains(digits, autoescape=True, escape=_ESCAPE))
        )
    number = "".join(sign for sign in typed if sign.isdigit())
    if number and _SIGNS.issuperset(typed):
        part = f"0{number.removeprefix('44')}" if typed.startswith("+44") else number
        return c.caller.contains(part, autoescape=True, escape=_ESCAPE)
    said = (c.name, c.email, c.summary, c.about, c.owner)
    return or_(*(func.lower(one).contains(typed.lower(), autoescape=True, escape=_ESCAPE) for one in said))


def _number_of(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))
