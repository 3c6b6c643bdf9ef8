"""The audit log: who did what, when and from where. It is only ever added to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select

from callcentre.store import account_rows as rows
from callcentre.store.account_results import AuditEntry
from callcentre.store.account_tables import audit
from callcentre.store.accounts import AccountStore
from callcentre.store.callback_rows import storable
from callcentre.store.reader import PAGE

# What a row may hold at most; names of files and the like come from outside.
_LONGEST: Final = 500


class Audit(AccountStore):
    """Adds to the audit log, and reads it. Raises StoreUnavailable, StoreConflict."""

    async def add(self, at: datetime, who: str, action: str, what: str, address: str = "") -> None:
        """Write an entry. `what` must hold no secret and no whole telephone number."""
        values = (self._when(at), *(storable(text)[:_LONGEST] for text in (who, action, what, address)))
        await self._change(
            ("INSERT INTO audit (at, who, action, what, address) VALUES (?, ?, ?, ?, ?) RETURNING id", values)
        )

    async def entries(
        self,
        *,
        who: str | None = None,
        action: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int = PAGE,
    ) -> Sequence[AuditEntry]:
        """At most `limit` (1,000) entries of [since, until), the newest first; `before` is the id to go on from."""
        wanted: list[ColumnElement[bool]] = []
        wanted += [audit.c.who == who] if who is not None else []
        wanted += [audit.c.action == action] if action is not None else []
        wanted += [audit.c.at >= since] if since is not None else []
        wanted += [audit.c.at < until] if until is not None else []
        wanted += [audit.c.id < before] if before is not None else []
        query = select(audit).where(*wanted).order_by(audit.c.id.desc()).limit(min(limit, PAGE))
        return [rows.entry(row) for row in await self._rows(query)]
