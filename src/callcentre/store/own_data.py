"""What is kept of one person of the office, for that person alone: attendance, ring-outs, dials, steps, audit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, or_, select

from callcentre.core.terms import AttemptResult
from callcentre.store.accounts import AccountStore
from callcentre.store.reader import AnyRow
from callcentre.store.results import Account
from callcentre.store.tables import attendance, audit, calls, clicks, filings, ring_attempts, task_history, wrap_ups

MOST: Final = 100
"""So many rows of each kind are shown, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRow:
    """One thing that is kept: when, on what line or of what (words), and what it says."""

    at: datetime
    of: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    """What is kept of a person since some day: of each kind the newest rows."""

    attendance: Sequence[OwnRow] = field(default=())
    rang_out: Sequence[OwnRow] = field(default=())
    clicks: Sequence[OwnRow] = field(default=())
    wraps: Sequence[OwnRow] = field(default=())
    steps: Sequence[OwnRow] = field(default=())
    heard: Sequence[OwnRow] = field(default=())
    audit: Sequence[OwnRow] = field(default=())


class OwnDataQueries(AccountStore):
    """Reads what is kept of somebody of the office. Raises StoreUnavailable."""

    async def of(self, account: Account, since: datetime) -> OwnData:
        """What is kept of `account` since then, known by name, full name and telephone."""
        a, w, t, f, u = attendance.c, wrap_ups.c, task_history.c, filings.c, audit.c
        name = account.name.lower()
        names = [one for one in (account.full_name, account.name, account.telephone) if one]
        told = await self._rows(
            select(attendance)
            .where(a.at >= since, or_(*(a.who.contains(one, autoescape=True) for one in names)))
            .order_by(a.at.desc())
            .limit(10 * MOST)
        )
        return OwnData(
            attendance=[OwnRow(at=row.at, of=row.line, says=said) for row in told if (said := _said(row, names))][
                :MOST
            ],
            rang_out=await self._rang_out(account, since),
            clicks=await self._newest(
                select(clicks.c.asked_at, clicks.c.task, clicks.c.result).where(
                    clicks.c.asked_at >= since, func.lower(clicks.c.who) == name
                ),
                "task",
            ),
            wraps=await self._newest(select(w.at, w.line, w.kind).where(w.at >= since, func.lower(w.who) == name)),
            steps=await self._newest(
                select(t.at, t.task, t.step).where(and_(t.at >= since, func.lower(t.who) == name)), "task"
            ),
            heard=await self._newest(
                select(f.heard_at, f.line, f.heard_by).where(f.left_at >= since, func.lower(f.heard_by) == name)
            ),
            audit=await self._newest(select(u.at, u.action, u.what).where(u.at >= since, func.lower(u.who) == name)),
        )

    async def _rang_out(self, account: Account, since: datetime) -> Sequence[OwnRow]:
        if not account.telephone:
            return ()
        r, c = ring_attempts.c, calls.c
        of_call = and_(r.pbx == c.pbx, r.uniqueid == c.uniqueid)
        query = select(r.begun_at, c.line, r.result).join(calls, of_call).where(c.offered_at >= since)
        return await self._newest(
            query.where(r.interface == account.telephone, r.result == AttemptResult.RANG_OUT.value)
        )

    async def _newest(self, query: Select[*tuple[Any, ...]], of: str = "") -> Sequence[OwnRow]:
        """The rows of a query of three columns: when, of what (with the word `of`), what."""
        first = query.selected_columns[0]
        rows = await self._rows(query.order_by(first.desc()).limit(MOST))
        return [OwnRow(at=row[0], of=f"{of} {row[1]}".strip(), says=_words(row[2])) for row in rows]


def _said(row: AnyRow, names: Sequence[str]) -> str:
    """What the books of attendance say of one of `names`, and of nobody else; empty if it is of others."""
    for entry in json.loads(row.who):
        who, _, what = str(entry).partition(":")
        if any(who.strip().casefold() == name.casefold() for name in names):
            return what.strip() or str(row.state)
    return ""


def _words(said: object) -> str:
    return "" if said is None else str(said).replace("_", " ")
