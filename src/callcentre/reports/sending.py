"""The report of each month goes to its readers, once: on its day, or at the next start if nothing ran then.

What was sent is told by the outbox: its key `report:CHARTER:MONTH` makes it happen once, whoever asks for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.config.reporting import ReportSettings
from callcentre.core.charter import Office
from callcentre.core.errors import CallcentreError, StoreUnavailable
from callcentre.core.facts import Fact, NoticeRaised
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind
from callcentre.reports.figures import Report
from callcentre.reports.gather import lines_of, report_of
from callcentre.reports.months import Month
from callcentre.reports.pdf import NoPdf, pdf_of
from callcentre.reports.render import html_of
from callcentre.reports.words import in_words
from callcentre.runtime.log import Log
from callcentre.store.database import Database

LATEST: Final = timedelta(days=28)
"""So long after its day a report is still sent. What was sent is remembered for longer than that."""

LARGEST_FILE: Final = 5_000_000
"""A larger file, in bytes, is not sent by e-mail: encoded it grows by a third, and many servers refuse 10 MB."""

_KEY: Final = "report"
_AGAIN_SECONDS: Final = 300.0

Daily = Callable[[str, time, ZoneInfo, Callable[[], Awaitable[None]]], None]


class Reports:
    """Sends the reports of `settings`; `daily` runs a job at a civil time (scheduler.Scheduler.daily).

    `add` takes the notices (runtime.loop.Loop.add); `rest` waits for the store.
    """

    def __init__(
        self,
        *,
        settings: Sequence[ReportSettings],
        office: Office,
        database: Database,
        add: Callable[[Sequence[Fact]], None],
        daily: Daily,
        now: Callable[[], datetime],
        log: Log,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._office = office
        self._database = database
        self._add = add
        self._daily = daily
        self._now = now
        self._log = log
        self._rest = rest

    async def run(self) -> None:
        """Have each sent on its day, and send what fell due while nothing ran."""
        for one in self._settings:
            self._daily(f"report {one.charter}", one.at, ZoneInfo(one.zone), partial(self.send, one))
        for one in self._settings:
            await self.send(one)

    async def send(self, one: ReportSettings) -> None:
        """Send the last report that is due, unless it was sent; a database that is away is asked again."""
        while True:
            try:
                await self._send(one)
            except StoreUnavailable as error:
                self._log.warning("a monthly report waits for the database", charter=one.charter, reason=str(error))
                await self._rest(_AGAIN_SECONDS)
            except CallcentreError as error:
                self._log.error("a monthly report was not made", charter=one.charter, reason=str(error))
                return
            else:
                return

    async def _send(self, one: ReportSettings) -> None:
        now = self._now()
        month = due_month(one, now)
        if month is None:
            return
        line = lines_of(self._office, one.charter)[0]
        key = f"{_KEY}:{one.charter}:{month}"
        if await self._database.reports.was_noticed(line.pbx, key):
            return
        report = await report_of(self._database, self._office, one.charter, month, now)
        if not _knows_anything(report):
            self._log.info("no monthly report: nothing was measured yet", charter=one.charter, month=str(month))
            return
        title, text = in_words(report, page_of(self._office, one.charter, month))
        notice = Notice(
            key=key,
            pbx=line.pbx,
            line=line.name,
            kind=NoticeKind.REPORT,
            at=now.astimezone(UTC),
            title=title,
            text=text,
            to=one.to,
        )
        self._log.info("a monthly report waits to be sent", charter=one.charter, month=str(month), to=", ".join(one.to))
        self._add([NoticeRaised(pbx=notice.pbx, at=notice.at, notice=notice)])

    async def attached(self, notice: Notice) -> tuple[str, bytes] | None:
        """The file that belongs to a notice of a report, its name and its content; None for any other notice.

        A PDF where the extra `pdf` is installed, else HTML; none that is too large for a mailbox. It is made when it is
        sent, so that it lies in no table.
        """
        kind, _, rest = notice.key.partition(":")
        charter, _, month = rest.rpartition(":")
        if notice.kind is not NoticeKind.REPORT or kind != _KEY:
            return None
        report = await report_of(self._database, self._office, charter, Month.read(month), self._now())
        html, name = html_of(report), f"report-{charter}-{month}"
        pdf = await self._pdf(html, charter)
        if pdf is not None and len(pdf) <= LARGEST_FILE:
            return f"{name}.pdf", pdf
        page = html.encode()
        if len(page) <= LARGEST_FILE:
            return f"{name}.html", page
        self._log.warning("a monthly report goes without its file: it is too large", charter=charter, month=str(month))
        return None

    async def _pdf(self, html: str, charter: str) -> bytes | None:
        try:
            return await asyncio.to_thread(pdf_of, html)
        except NoPdf:
            return None
        except Exception as fault:  # noqa: BLE001  whatever a library raises, the readers get the same as HTML
            self._log.error("a monthly report was not made as PDF", charter=charter, error=type(fault).__name__)
            return None


def page_of(office: Office, charter: str, month: Month) -> str:
    """The address of a report's page; empty where the office has none."""
    return f"{office.url}/reports/{charter}/{month}" if office.url else ""


def due_month(one: ReportSettings, now: datetime) -> Month | None:
    """The month whose report is the last that fell due by `now`; None if that is too long ago."""
    zone = ZoneInfo(one.zone)
    this = Month.of(now, zone)
    for sent_in in (this, this.moved(-1)):
        at = datetime(sent_in.year, sent_in.number, one.day, one.at.hour, one.at.minute, tzinfo=zone).astimezone(UTC)
        if at <= now:
            return sent_in.moved(-1) if now - at <= LATEST else None
    return None


def _knows_anything(report: Report) -> bool:
    """Whether anything was ever measured in the twelve months."""
    return any(point.share is not None and point.share.of for one in report.promises for point in one.trend)
