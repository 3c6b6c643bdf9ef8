"""A report goes to its readers once: on its day, after a time in which nothing ran, and never twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcentre.config.reporting import ReportSettings
from callcentre.config.settings import Contact, MailSettings, MailTls
from callcentre.core.charter import Office, Pbx
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import CallEnded, Fact
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind
from callcentre.notify.answers import NotSent
from callcentre.notify.letters import email_of
from callcentre.notify.roads import Roads
from callcentre.reports import sending
from callcentre.reports.months import Month
from callcentre.reports.pdf import NoPdf
from callcentre.reports.sending import LATEST, Reports, due_month
from callcentre.runtime.clock import ManualClock
from callcentre.store.database import Database
from tests.playbooks.story import line
from tests.tables import put_tables
from tests.unit.notify.far_ends import post_office
from tests.unit.runtime.samples import answered
from tests.unit.test_orders import SilentLog

SETTINGS = ReportSettings(charter="hct", to=("board", "chair"), day=1, at=time(7), zone="Europe/London")
OFFICE = Office(
    pbxs=(Pbx(name="lab"),), lines=(line("enquiries"),), fallback_line="enquiries", url="https://calls.example.org"
)
BEFORE = datetime(2026, 12, 1, 6, 59, tzinfo=UTC)


class Daemon:
    """A daemon's reports on a real database; what it adds is committed, as the loop does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock(BEFORE)
        self.jobs: dict[str, tuple[time, ZoneInfo, Callable[[], Awaitable[None]]]] = {}
        self.rested: list[float] = []
        self._added: list[Fact] = []
        self.reports = self.new()

    def new(self, settings: Sequence[ReportSettings] = (SETTINGS,)) -> Reports:
        """What a new process has."""

        def daily(name: str, at: time, zone: ZoneInfo, job: Callable[[], Awaitable[None]]) -> None:
            self.jobs[name] = (at, zone, job)

        async def rest(seconds: float) -> None:
            self.rested.append(seconds)

        return Reports(
            settings=settings,
            office=OFFICE,
            database=self.database,
            add=self._added.extend,
            daily=daily,
            now=self.clock.now,
            log=SilentLog(),
            rest=rest,
        )

    async def told(self) -> list[Notice]:
        """Commit what was added, and return the notices that wait in the outbox."""
        await self.database.writer.commit(self._added)
        self._added.clear()
        waiting = await self.database.queries.pending_notices(self.clock.now() + timedelta(days=400))
        return [one.notice for one in waiting]


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Daemon]:
    put_tables(tmp_path / "calls.db")
    database = await Database.open(f"sqlite:///{tmp_path / 'calls.db'}")
    await database.prepare()
    call = replace(answered("1795514400.1"), offered_at=datetime(2026, 11, 3, 10, tzinfo=UTC), line="enquiries")
    await database.writer.commit([CallEnded(pbx="lab", at=BEFORE, call=call)])
    yield Daemon(database)
    await database.close()


async def test_on_its_day_it_is_sent_once_to_each_reader(daemon: Daemon) -> None:
    await daemon.reports.run()
    # At the start the month before it was the last that fell due: October, four weeks ago and more.
    assert await daemon.told() == []
    (at, zone, job) = daemon.jobs["report hct"]
    assert (at, zone.key) == (time(7), "Europe/London")
    daemon.clock.advance(60)
    await job()
    told = await daemon.told()
    assert sorted(one.to[0] for one in told) == ["board", "chair"]
    assert {(one.kind, one.key) for one in told} == {(NoticeKind.REPORT, "report:hct:2026-11")}
    assert told[0].title.endswith("promises kept")
    assert "See https://calls.example.org/reports/hct/2026-11" in told[0].text
    daemon.clock.advance(24 * 3600)
    await job()
    assert len(await daemon.told()) == 2


async def test_what_fell_due_while_nothing_ran_is_sent_at_the_start(daemon: Daemon) -> None:
    daemon.clock.advance(9 * 24 * 3600)
    await daemon.new().run()
    assert {one.key for one in await daemon.told()} == {"report:hct:2026-11"}
    await daemon.new().run()
    assert len(await daemon.told()) == 2


async def test_two_that_ask_at_the_same_time_send_one(daemon: Daemon) -> None:
    daemon.clock.advance(60)
    await asyncio.gather(daemon.new().run(), daemon.new().run())
    assert len(await daemon.told()) == 2


async def test_where_nothing_was_ever_measured_nothing_is_sent(daemon: Daemon) -> None:
    daemon.clock = ManualClock(datetime(2026, 10, 1, 7, tzinfo=UTC))
    await daemon.new().run()
    assert await daemon.told() == []


async def test_a_database_that_is_away_is_asked_again(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon.clock.advance(60)
    asked = daemon.database.reports.was_noticed
    answers = [StoreUnavailable("away"), None]

    async def was_noticed(pbx: str, key: str) -> bool:
        if (error := answers.pop(0)) is not None:
            raise error
        return await asked(pbx, key)

    monkeypatch.setattr(daemon.database.reports, "was_noticed", was_noticed)
    await daemon.new().run()
    assert daemon.rested == [300]
    assert len(await daemon.told()) == 2


async def test_a_charter_that_no_line_has_any_more_ends_nothing(daemon: Daemon) -> None:
    daemon.clock.advance(60)
    await daemon.new([replace(SETTINGS, charter="wme"), SETTINGS]).run()
    assert {one.key for one in await daemon.told()} == {"report:hct:2026-11"}


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 12, 1, 6, 59, tzinfo=UTC), None),
        (datetime(2026, 12, 1, 7, tzinfo=UTC), Month(2026, 11)),
        (datetime(2026, 12, 1, 7, tzinfo=UTC) + LATEST, Month(2026, 11)),
        (datetime(2026, 12, 1, 7, tzinfo=UTC) + LATEST + timedelta(seconds=1), None),
        (datetime(2027, 1, 1, 7, tzinfo=UTC), Month(2026, 12)),
        # In summer seven in London is six in UTC.
        (datetime(2026, 7, 1, 5, 59, tzinfo=UTC), None),
        (datetime(2026, 7, 1, 6, tzinfo=UTC), Month(2026, 6)),
    ],
)
def test_which_month_is_due(now: datetime, month: Month | None) -> None:
    assert due_month(SETTINGS, now) == month


def test_one_that_is_sent_late_in_the_month_is_of_the_month_before() -> None:
    late = replace(SETTINGS, day=28)
    assert due_month(late, datetime(2026, 12, 5, tzinfo=UTC)) == Month(2026, 10)
    assert due_month(late, datetime(2026, 12, 28, 8, tzinfo=UTC)) == Month(2026, 11)


def no_pdf(_html: str) -> bytes:
    """Stands in for a machine without the extra `pdf`."""
    raise NoPdf("install it")


def a_pdf(_html: str) -> bytes:
    """Stands in for one that has it."""
    return b"%PDF-1.7 \x00\xff of the report"


async def test_its_e_mail_has_the_file_and_no_other_notice_has_one(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "pdf_of", no_pdf)
    daemon.clock.advance(60)
    await daemon.reports.run()
    notice = (await daemon.told())[0]
    attached = await daemon.reports.attached(notice)
    assert attached is not None
    letter = email_of(notice, "board", sender="cc@example.org", to=("board@example.org",), attached=attached)
    read = message_from_bytes(letter.as_bytes(), policy=default)
    (file,) = read.iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("text/html", "report-hct-2026-11.html")
    assert "<h1>Monthly report, November 2026</h1>" in file.get_content()
    text = read.get_body(("plain",))
    assert text is not None
    assert "promised 90 % within 15 seconds" in text.get_content()
    assert await daemon.reports.attached(replace(notice, kind=NoticeKind.TEST)) is None


async def test_with_the_extra_its_e_mail_has_a_pdf_and_goes_once_whatever_is_tried_again(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "pdf_of", a_pdf)
    daemon.clock.advance(60)
    await daemon.reports.run()
    notice = (await daemon.told())[0]
    assert len(notice.text) < 10_000, "the file is in no table"
    async with post_office() as post:
        post.answers["late@example.org"].append("451 try again")
        settings = MailSettings(host="127.0.0.1", port=post.port, sender="cc@example.org", tls=MailTls.NONE)
        contact = Contact(name="board", email=("board@example.org", "late@example.org"))
        roads = Roads([contact], settings, clock=ManualClock(BEFORE), attach=daemon.reports.attached)
        with pytest.raises(NotSent):
            await roads.send("board", notice)
        await roads.send("board", notice)
    assert [to for to, _ in post.letters] == [("board@example.org",), ("late@example.org",)], "each of them once"
    assert len({letter["Message-ID"] for _, letter in post.letters}) == 1
    for _, letter in post.letters:
        (file,) = letter.iter_attachments()
        assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "report-hct-2026-11.pdf")
        assert file.get_payload(decode=True) == a_pdf("")
        text = letter.get_body(("plain",))
        assert text is not None
        assert "https://calls.example.org/reports/hct/2026-11" in text.get_content()


@pytest.mark.parametrize(("largest", "kind"), [(10_000_000, "pdf"), (20, "html"), (5, None)])
async def test_a_file_that_is_too_large_stays_at_home(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, largest: int, kind: str | None
) -> None:
    monkeypatch.setattr(sending, "pdf_of", a_pdf)
    monkeypatch.setattr(sending, "html_of", lambda _report: "<p>small</p>")
    monkeypatch.setattr(sending, "LARGEST_FILE", largest)
    daemon.clock.advance(60)
    await daemon.reports.run()
    attached = await daemon.reports.attached((await daemon.told())[0])
    assert (None if attached is None else attached[0].rpartition(".")[2]) == kind


async def test_a_pdf_that_fails_goes_as_html(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_html: str) -> bytes:
        raise ValueError("some library")

    monkeypatch.setattr(sending, "pdf_of", faulty)
    daemon.clock.advance(60)
    await daemon.reports.run()
    attached = await daemon.reports.attached((await daemon.told())[0])
    assert attached is not None
    assert attached[0].endswith(".html")


async def test_a_road_without_mail_asks_for_no_file() -> None:
    async def attach(_notice: Notice) -> tuple[str, bytes]:
        raise AssertionError("nobody reads it")

    roads = Roads([Contact(name="board", email=("a@example.org",))], None, clock=ManualClock(BEFORE), attach=attach)
    notice = Notice(
        key="report:hct:2026-11",
        pbx="lab",
        line="x",
        kind=NoticeKind.REPORT,
        at=BEFORE,
        title="t",
        text="t",
        to=("board",),
    )
    with pytest.raises(Exception, match="no \\[mail\\]"):
        await roads.send("board", notice)
