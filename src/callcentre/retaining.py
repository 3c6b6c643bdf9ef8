"""The nightly look at what is over its term: counted, and removed once the office has said so (H17).

What fell due while the daemon was down is done at its start. A fault leaves the rest for the next night.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from callcentre.config.retention import RetentionSettings
from callcentre.core.charter import Office
from callcentre.core.errors import StoreConflict, StoreUnavailable
from callcentre.core.facts import Fact, NoticeRaised
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind
from callcentre.runtime.log import Log
from callcentre.store.holds import Holds
from callcentre.store.retention import Retention
from callcentre.store.retention_rules import Removed

WHO: Final = "callcentre"
_JOB: Final = "retention"
_A_DAY: Final = timedelta(hours=25)
"""So long ago was the last run, or longer, if one was missed; a day on which clocks are put back has 25 hours."""


class Daily(Protocol):
    """Who runs something each day (scheduler.Scheduler)."""

    def daily(self, name: str, at: time, zone: ZoneInfo, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` each day at `at` by the clocks of `zone`."""
        ...


class Retaining:
    """Runs retention each night. `add` takes facts (runtime.loop.Loop.add), `now` is this machine's time."""

    def __init__(
        self,
        *,
        settings: RetentionSettings,
        office: Office,
        retention: Retention,
        holds: Holds,
        scheduler: Daily,
        add: Callable[[Sequence[Fact]], None],
        now: Callable[[], datetime],
        log: Log,
    ) -> None:
        self._settings = settings
        self._office = office
        self._retention = retention
        self._holds = holds
        self._scheduler = scheduler
        self._add = add
        self._now = now
        self._log = log

    async def run(self) -> None:
        """Make up for what was missed, and have the rest done each night, until cancelled."""
        zone = ZoneInfo(self._office.lines[0].zone)
        self._scheduler.daily(_JOB, self._settings.at, zone, self.night)
        if await self._was_missed():
            await self.night()
        await asyncio.Event().wait()

    async def night(self) -> None:
        """Count what is over its term, and remove it if the office has said so."""
        at = self._now()
        try:
            found = await self._retention.run(
                self._settings.terms, at, await self._holds.lasting(at), apply=self._settings.apply, who=WHO
            )
        except (StoreUnavailable, StoreConflict) as error:
            self._log.warning("retention was not carried out to its end; the next night does the rest", reason=error)
            return
        rows = sum(one.rows for one in found)
        said = "what was over its term is removed" if self._settings.apply else "what is over its term is only counted"
        self._log.info(said, rows=rows, kept=sum(one.kept for one in found))
        if rows and not self._settings.apply:
            self._add([self._waits(found, at)])

    async def _was_missed(self) -> bool:
        try:
            last = await self._retention.last()
        except StoreUnavailable:
            return False
        return bool(last) and self._now() - last[0].at >= _A_DAY

    def _waits(self, found: Sequence[Removed], at: datetime) -> NoticeRaised:
        """People are told once that the office has not said yet whether anything is to be removed."""
        line = next(line for line in self._office.lines if line.name == self._office.fallback_line)
        counts = [f"- {one.kind.replace('_', ' ')}: {one.rows}" for one in found if one.rows]
        text = "\n".join(
            (
                "This is over the term that the configuration gives it, and nothing is removed yet:",
                *counts,
                "",
                "`callcentre retention` shows it again; retention.apply = true has it removed. This is said once.",
            )
        )
        notice = Notice(
            key="retention waits for a decision",
            pbx=line.pbx,
            line=line.name,
            kind=NoticeKind.RETENTION,
            at=at,
            title="Personal data is over its term, and is still kept",
            text=text,
            to=line.tell,
        )
        return NoticeRaised(pbx=line.pbx, at=at, notice=notice)
