"""The notifier: what waits is sent, again if it must be, and nobody waits for another."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from pydantic import SecretStr

from callcentre.config.settings import Contact, MailSettings, MailTls
from callcentre.core import facts
from callcentre.core.errors import StoreConflict
from callcentre.core.facts import Fact, MailboxSeen, NoticeRaised, PbxBooted
from callcentre.core.tasks import Notice
from callcentre.core.terms import MailboxState, NoticeKind
from callcentre.notify.answers import NotSent
from callcentre.notify.notifier import LONGEST, PAGE, Notifier, Told, next_try_at
from callcentre.runtime.clock import ManualClock, Tasks
from tests.unit.notify.far_ends import Website, deaf_server, post_office, website
from tests.unit.notify.samples import AT, Diary, Outbox, Row, a_notice, minutes


@dataclass
class Office:
    """An office with a running notifier."""

    outbox: Outbox = field(default_factory=Outbox)
    clock: ManualClock = field(default_factory=lambda: ManualClock(AT))
    log: Diary = field(default_factory=Diary)
    told: list[tuple[str, NoticeKind, str]] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    notifier: Notifier | None = None

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        await asyncio.sleep(0)

    def raised(self, notice: Notice) -> None:
        """Commit a notice, and tell of it as the loop does."""
        self.outbox.add(notice)
        self.observed(NoticeRaised(pbx=notice.pbx, at=notice.at, notice=notice))

    def observed(self, fact: Fact) -> None:
        assert self.notifier is not None
        self.notifier.observe([fact])

    def later(self, length: timedelta) -> None:
        """Let time pass, and the notifier see it."""
        assert self.notifier is not None
        self.clock.advance(length.total_seconds())
        self.notifier.wake()

    @asynccontextmanager
    async def runs(
        self,
        *contacts: Contact,
        mail: MailSettings | None = None,
        within: float = 60.0,
        pbxs: Collection[str] = ("main",),
    ) -> AsyncIterator[None]:
        self.notifier = Notifier(
            contacts=contacts,
            mail=mail,
            queries=self.outbox,
            writer=self.outbox,
            clock=self.clock,
            log=self.log,
            told=lambda pbx, kind, result: self.told.append((pbx, kind, result)),
            pbxs=pbxs,
            within=within,
            pause=self.pause,
        )
        async with Tasks() as tasks:
            tasks.spawn(self.notifier.run(), name="notifier")
            yield
            assert not tasks.failure.done()


def to(site: Website, name: str = "desk") -> Contact:
    return Contact(name=name, webhook=SecretStr(site.url))


def mail_to(port: int) -> MailSettings:
    return MailSettings(host="127.0.0.1", port=port, sender="us@office.example", tls=MailTls.NONE)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        yield site


# --- sending ---------------------------------------------------------------------------------------------------------


async def test_what_an_earlier_run_left_is_sent_at_once_oldest_first(office: Office, site: Website) -> None:
    office.outbox.add(a_notice("second", at=AT - minutes(5)))
    office.outbox.add(a_notice("first", at=AT - minutes(9000)))
    async with office.runs(to(site)):
        await office.outbox.until(1, state="sent")
    assert [asked.body["key"] for asked in site.asked] == ["first", "second"]
    assert [row.state for row in office.outbox.rows.values()] == ["sent", "sent"]
    assert office.told == [("main", NoticeKind.OVERDUE, Told.SENT)] * 2


async def test_a_committed_fact_with_a_notice_wakes_it(office: Office, site: Website) -> None:
    async with office.runs(to(site)):
        await office.outbox.until_read()
        office.raised(a_notice())
        await office.outbox.until(1, state="sent")
    assert site.asked[0].body["key"] == "task/7/overdue"


def test_facts_without_a_notice_do_not_wake_it(office: Office) -> None:
    class Counted(Notifier):
        woken = 0

        def wake(self) -> None:
            self.woken += 1

    box = MailboxSeen(
        pbx="main", at=AT, mailbox="600@default", line="x", named=True, state=MailboxState.FULL, reason="full"
    )
    notifier = Counted(
        contacts=(), mail=None, queries=office.outbox, writer=office.outbox, clock=office.clock, log=office.log,
        told=lambda *_: None, pbxs=("main",),
    )  # fmt: skip
    notifier.observe([box, PbxBooted(pbx="main", at=AT, booted_at=AT)])
    assert notifier.woken == 0
    notifier.observe([box, replace(box, notice=a_notice())])
    assert notifier.woken == 1


def noticing(fact: type) -> dict[str, object]:
    """The field of a fact that may hold what people are told, with something in it for nobody."""
    nobody = a_notice(to=())
    names = {one.name for one in fields(fact)}
    return {name: value for name, value in {"notice": nobody, "notices": (nobody,)}.items() if name in names}


@pytest.mark.parametrize(
    "kind", [one for one in vars(facts).values() if isinstance(one, type) and is_dataclass(one) and noticing(one)]
)
def test_no_fact_that_may_tell_people_is_overlooked(office: Office, kind: type[Fact]) -> None:
    notifier = Notifier(
        contacts=(), mail=None, queries=office.outbox, writer=office.outbox, clock=office.clock, log=office.log,
        told=lambda *_: None, pbxs=("main",),
    )  # fmt: skip
    fact = object.__new__(kind)  # whatever else it holds is not asked for
    for name, value in noticing(kind).items():
        object.__setattr__(fact, name, value)
    notifier.observe([fact])
    assert office.log.events("warning") == ["notice for nobody: no contact is named for it"]


def test_what_nobody_is_named_for_is_logged(office: Office) -> None:
    notifier = Notifier(
        contacts=(), mail=None, queries=office.outbox, writer=office.outbox, clock=office.clock, log=office.log,
        told=lambda *_: None, pbxs=("main",),
    )  # fmt: skip
    notifier.observe([NoticeRaised(pbx="main", at=AT, notice=a_notice(to=()))])
    about = {"kind": "overdue", "pbx": "main", "line": "enquiries", "title": "Callback 7 on enquiries is overdue"}
    assert office.log.lines == [("warning", "notice for nobody: no contact is named for it", about)]


async def test_several_contacts_side_by_side_and_none_waits_for_one_that_hangs(office: Office, site: Website) -> None:
    office.outbox.add(a_notice(), "hangs", "desk", "post")
    async with deaf_server() as port, post_office() as post:
        hangs = Contact(name="hangs", webhook=SecretStr(f"http://127.0.0.1:{port}/hush"))
        by_mail = Contact(name="post", email=("desk@office.example",))
        async with office.runs(hangs, to(site), by_mail, mail=mail_to(post.port), within=300):
            await office.outbox.until(2, state="sent")
            await office.outbox.until(3, state="sent")
            office.outbox.add(a_notice("another"), "hangs", "desk")
            office.later(minutes(1))
            await office.outbox.until(5, state="sent")
            assert [office.outbox.rows[number].tries for number in (1, 4)] == [0, 0]
    assert len(post.letters) == 1


async def test_however_many_wait_for_one_that_hangs_the_others_are_told(office: Office, site: Website) -> None:
    for number in range(PAGE):
        office.outbox.add(a_notice(f"task/{number}/overdue"), "hangs")
    office.outbox.add(a_notice(), "desk")
    async with deaf_server() as port:
        hangs = Contact(name="hangs", webhook=SecretStr(f"http://127.0.0.1:{port}/hush"))
        async with office.runs(hangs, to(site), within=300):
            await office.outbox.until(PAGE + 1, state="sent")
            assert office.outbox.rows[1].tries == 0


async def test_each_sending_is_bounded_in_time(office: Office) -> None:
    office.outbox.add(a_notice())
    async with deaf_server() as port:
        hangs = Contact(name="desk", webhook=SecretStr(f"http://127.0.0.1:{port}/hush"))
        async with office.runs(hangs, within=0.1):
            row = await office.outbox.until(1, tries=1)
    assert row.error == "the webhook did not answer within 0.1 s"
    assert row.next_try_at == AT + timedelta(seconds=10)


# --- again, and never again ------------------------------------------------------------------------------------------


async def test_500_then_200(office: Office, site: Website) -> None:
    site.answers = [web.Response(status=500)]
    office.outbox.add(a_notice())
    async with office.runs(to(site)):
        row = await office.outbox.until(1, tries=1)
        assert row.next_try_at == AT + timedelta(seconds=10)
        office.later(timedelta(seconds=9.9))
        await office.outbox.until_read()
        assert len(site.asked) == 1
        office.later(timedelta(seconds=0.1))
        await office.outbox.until(1, state="sent")
    assert [told for _, _, told in office.told] == [Told.RETRY, Told.SENT]
    assert site.asked[0] == site.asked[1]
    assert office.log.events("warning") == ["notice not sent; it is tried again"]
    assert "hush" not in repr(office.log.lines)


async def test_400_is_final(office: Office, site: Website) -> None:
    site.answers = [web.Response(status=400)]
    office.outbox.add(a_notice())
    async with office.runs(to(site)):
        row = await office.outbox.until(1, state="failed")
    assert row.error == "the webhook refused it: HTTP 400 Bad Request; check the address and what it expects"
    assert [told for _, _, told in office.told] == [Told.FAILED]
    assert office.log.events("error") == ["notice given up"]
    assert "hush" not in repr(office.log.lines)


async def test_greylisted_then_taken(office: Office) -> None:
    office.outbox.add(a_notice())
    async with post_office() as post:
        post.answers["desk@office.example"] = ["451 greylisted"]
        contact = Contact(name="desk", email=("desk@office.example",))
        async with office.runs(contact, mail=mail_to(post.port)):
            await office.outbox.until(1, tries=1)
            office.later(timedelta(seconds=10))
            await office.outbox.until(1, state="sent")
    assert len(post.letters) == 1


async def test_a_day_of_failures(office: Office, site: Website) -> None:
    site.answers = [web.Response(status=503) for _ in range(100)]
    office.outbox.add(a_notice())
    waits = []
    async with office.runs(to(site)):
        for tries in range(1, 101):
            row = await office.outbox.until(1, tries=tries)
            if row.next_try_at is None:
                break
            waits.append(row.next_try_at - office.clock.now())
            office.later(waits[-1])
    assert row.state == "failed"
    assert waits[:5] == [timedelta(seconds=10), timedelta(seconds=30), minutes(2), minutes(10), minutes(60)]
    assert set(waits[4:-1]) == {minutes(60)}
    assert sum(waits, timedelta(0)) == LONGEST
    assert office.log.events("error") == ["notice given up"]
    assert office.told[-1] == ("main", NoticeKind.OVERDUE, Told.FAILED)


@pytest.mark.parametrize(
    ("tries", "age", "error", "wait"),
    [
        (0, minutes(0), NotSent("x", after=minutes(5)), minutes(5)),
        (3, minutes(0), NotSent("x", after=minutes(5)), minutes(10)),
        (0, minutes(0), NotSent("x", is_final=True), None),
        (4, minutes(60 * 23), NotSent("x"), minutes(60)),
        (4, minutes(60 * 23.5), NotSent("x"), minutes(30)),
        (4, minutes(60 * 24), NotSent("x"), None),
        # However old it was when the daemon came back: one blip of the network does not lose it.
        (0, minutes(60 * 48), NotSent("x"), timedelta(seconds=10)),
        (3, minutes(60 * 48), NotSent("x"), minutes(10)),
    ],
)
def test_when_it_is_tried_again(tries: int, age: timedelta, error: NotSent, wait: timedelta | None) -> None:
    row = Row(id=1, contact="desk", notice=a_notice(), next_try_at=AT, tries=tries)
    expected = None if wait is None else AT + age + wait
    assert next_try_at(row, AT + age, error) == expected


async def test_a_contact_that_is_configured_no_more(office: Office) -> None:
    office.outbox.add(a_notice(), "gone", "post")
    async with office.runs(Contact(name="post", email=("desk@office.example",))):
        gone = await office.outbox.until(1, state="failed")
        without_mail = await office.outbox.until(2, tries=1)
    assert gone.error == 'the configuration has no contact "gone" any more'
    assert without_mail.error == 'contact "post" has e-mail addresses, but there is no [mail]'
    assert without_mail.next_try_at is not None


async def test_an_address_that_refuses_is_warned_of(office: Office) -> None:
    office.outbox.add(a_notice())
    async with post_office() as post:
        post.answers["deputy@office.example"] = ["550 gone"]
        contact = Contact(name="desk", email=("desk@office.example", "deputy@office.example"))
        async with office.runs(contact, mail=mail_to(post.port)):
            await office.outbox.until(1, state="sent")
    assert office.log.events("warning") == ["notice refused for some addresses of a contact"]


async def test_a_fault_of_ours_in_one_sending_ends_nothing(
    office: Office, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_notice: Notice) -> bytes:
        raise KeyError("hush")

    office.outbox.add(a_notice())
    with monkeypatch.context() as broken:
        broken.setattr("callcentre.notify.webhook.json_of", fail)
        async with office.runs(to(site)):
            row = await office.outbox.until(1, tries=1)
    assert row.error == "a fault in callcentre (KeyError)"
    office.clock.advance(10)
    async with office.runs(to(site)):
        await office.outbox.until(1, state="sent")


async def test_notices_of_another_daemons_pbx_are_left_to_it(office: Office, site: Website) -> None:
    office.outbox.add(a_notice(pbx="branch"))
    office.outbox.add(a_notice())
    async with office.runs(to(site), pbxs={"main"}):
        await office.outbox.until(2, state="sent")
        await office.outbox.until_read()
    assert office.outbox.rows[1].state == "pending"
    assert len(site.asked) == 1


# --- the store, and crashes ------------------------------------------------------------------------------------------


async def test_a_store_that_is_away_is_waited_for(office: Office, site: Website) -> None:
    office.outbox.is_away = True
    office.outbox.add(a_notice())
    async with office.runs(to(site)):
        await office.outbox.until_read()
        office.outbox.is_away = False
        office.later(timedelta(seconds=2))
        await office.outbox.until(1, state="sent")
    assert office.log.events("warning") == ["notices wait for the database"]


async def test_a_mark_that_cannot_be_written_is_written_later_and_nothing_sent_twice(
    office: Office, site: Website
) -> None:
    site.answers = [None]
    office.outbox.add(a_notice())
    async with office.runs(to(site)):
        await until(lambda: len(site.asked) == 1)
        office.outbox.is_away = True
        site.release.set()
        await until(lambda: len(office.paused) >= 3)
        office.outbox.is_away = False
        await office.outbox.until(1, state="sent")
    assert len(site.asked) == 1
    assert set(office.paused) == {2.0}


async def test_what_is_sent_while_the_outbox_is_read_is_not_sent_again(office: Office, site: Website) -> None:
    class Slow(Outbox):
        async def next_notice_at(self, *, pbxs: Collection[str]) -> datetime | None:
            if self.looks == 2:  # the list was read before the mark, and is handed over after it
                site.release.set()
                await self.until(1, state="sent")
                await until(lambda: len(office.told) == 1)
            return await super().next_notice_at(pbxs=pbxs)

    office.outbox = Slow()
    site.answers = [None]
    office.outbox.add(a_notice())
    async with office.runs(to(site)):
        await until(lambda: len(site.asked) == 1)
        office.later(minutes(1))
        await office.outbox.until_read()
        office.later(minutes(1))
        await office.outbox.until_read()
        office.raised(a_notice(key="another"))
        await office.outbox.until(2, state="sent")
    assert len(site.asked) == 2


async def test_a_mark_that_is_refused_does_not_send_the_same_for_ever(office: Office, site: Website) -> None:
    class Refusing(Outbox):
        async def notice_sent(self, id: int, at: object) -> None:  # noqa: A002
            raise StoreConflict("no such row")

    office.outbox = Refusing()
    office.outbox.add(a_notice())
    async with office.runs(to(site)):
        await until(lambda: "the database refused to note what became of a notice" in office.log.events("error"))
        for _ in range(3):
            office.later(minutes(1))
            await office.outbox.until_read()
    assert len(site.asked) == 1


async def test_killed_between_sending_and_marking_it_is_sent_again_under_the_same_key(
    office: Office, site: Website
) -> None:
    killed = asyncio.Event()

    class Dying(Outbox):
        async def notice_sent(self, id: int, at: object) -> None:  # noqa: A002
            killed.set()
            await asyncio.Event().wait()

    dying = Dying()
    dying.add(a_notice(), "desk", "post")
    async with post_office() as post:
        contacts = (to(site), Contact(name="post", email=("desk@office.example",)))
        office.outbox = dying
        async with office.runs(*contacts, mail=mail_to(post.port)):
            await killed.wait()
            await until(lambda: len(site.asked) == 1 and len(post.letters) == 1)
        survivor = Office(outbox=Outbox(rows=dying.rows))
        async with survivor.runs(*contacts, mail=mail_to(post.port)):
            await survivor.outbox.until(1, state="sent")
            await survivor.outbox.until(2, state="sent")
    assert [asked.headers["Idempotency-Key"] for asked in site.asked] == ["main/task/7/overdue"] * 2
    assert site.asked[0].body == site.asked[1].body
    first, second = (letter["Message-ID"] for _, letter in post.letters)
    assert first == second


async def until(happened: Callable[[], bool]) -> None:
    """Let the loop turn until something has happened."""
    async with asyncio.timeout(120):
        while not happened():  # noqa: ASYNC110  some of it happens in servers that give no signal
            await asyncio.sleep(0)
