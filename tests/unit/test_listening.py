"""Recorded messages looked at each morning: what is not well is told once, with the row that says so."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from callcentre.core.charter import Office, Pbx
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import DayStood, Fact, GreetingSeen
from callcentre.core.greetings import SignOff, Standing
from callcentre.core.terms import NoticeKind
from callcentre.listening import Key, Listening
from callcentre.runtime.clock import ManualClock
from callcentre.spool.recorded import Ear, places_of
from callcentre.store.database import Database
from tests.playbooks.story import line
from tests.unit.spool.voices import put, silence, voice, wav
from tests.unit.test_orders import SilentLog
from tests.unit.test_staffing import Rests

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LINE = replace(line("enquiries"), mailboxes=frozenset({"600@default"}), tell=("office",))
OFFICE = Office(pbxs=(Pbx(name="lab"),), lines=(LINE,), fallback_line="enquiries", url="https://callcentre.example/")
GOOD = wav(voice(3))
PLACE = "default/600/unavail.wav"


class Store:
    """The rows of a database; away if told so."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.away = False

    async def seen(self) -> dict[Key, GreetingSeen]:
        return await self.database.greetings.seen()

    async def signed(self) -> dict[Key, SignOff]:
        if self.away:
            raise StoreUnavailable("away")
        return await self.database.greetings.signed()


class Morning:
    """A daemon's listening on a spool, with a real database; `look` is the next morning's."""

    def __init__(self, spool: Path, database: Database, office: Office = OFFICE) -> None:
        self.spool, self.database = spool, database
        self.clock = ManualClock(NOON)
        self.store, self.rests = Store(database), Rests()
        self.added: list[Fact] = []
        self.days: list[tuple[str, int, int, int]] = []
        self.office = office
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> list[GreetingSeen]:
        """Begin, as a new process does; the facts of the first look."""
        await self.stop()
        self.rests = Rests()
        self.listening = listening = Listening(
            office=self.office,
            spools={"lab": self.spool},
            sounds={},
            rows=self.store,
            add=self._add,
            now=self.clock.now,
            log=SilentLog(),
            rest=self.rests,
        )
        self._task = asyncio.create_task(listening.run())  # noqa: TID251
        await self.rests.rested()
        return await self._taken()

    async def look(self, days: int = 1) -> list[GreetingSeen]:
        """The facts of a look so many days later."""
        self.clock.advance(timedelta(days=days).total_seconds())
        await self.rests.again()
        return await self._taken()

    async def sign(self, *, review_on: date = date(2027, 11, 1), stem: str = "unavail", line_: int = 0) -> None:
        """Somebody signs off what is there."""
        (place,) = places_of(self.office.lines[line_], {"lab": self.spool}, {})
        digest = next(one.digest for one in Ear().look(place) if one.stem == stem)
        sign_off = SignOff(
            pbx="lab",
            place="600@default",
            stem=stem,
            digest=digest,
            wording="Good morning.",
            review_on=review_on,
            who="sue",
            at=self.clock.now(),
        )
        await self.database.greetings.sign(sign_off, address="")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _add(self, facts: Sequence[Fact]) -> None:
        self.added += facts

    async def _taken(self) -> list[GreetingSeen]:
        taken, self.added = self.added, []
        await self.database.writer.commit(taken)
        stood = (fact for fact in taken if isinstance(fact, DayStood))
        self.days += [(f"{one.since:%m-%d} {one.what}", one.good, one.bad, one.unknown) for one in stood]
        return [fact for fact in taken if isinstance(fact, GreetingSeen)]


@pytest.fixture
async def morning(tmp_path: Path) -> AsyncIterator[Morning]:
    database = await Database.open(f"sqlite:///{tmp_path / 'calls.sqlite'}")
    await database.prepare()
    put(tmp_path / "spool", PLACE, GOOD)
    made = Morning(tmp_path / "spool", database)
    yield made
    await made.stop()
    await database.close()


def told(facts: Sequence[GreetingSeen]) -> list[str]:
    return [fact.notice.title for fact in facts if fact.notice is not None]


async def test_what_nobody_signed_off_is_a_row_and_no_alarm(morning: Morning) -> None:
    (fact,) = await morning.start()
    assert (fact.standing, fact.notice, fact.line) == ((Standing.UNSIGNED,), None, "enquiries")
    await morning.sign()
    (fact,) = await morning.look()
    assert fact.standing == ()
    assert await morning.look() == []


async def test_what_was_changed_is_told_once_and_over_a_restart(morning: Morning) -> None:
    await morning.sign()
    await morning.start()
    put(morning.spool, PLACE, wav(voice(3, seed=7)))
    facts = await morning.look()
    assert told(facts) == ["enquiries: recorded message unavail (600@default) was changed since it was signed off"]
    notice = facts[0].notice
    assert notice is not None
    assert (notice.kind, notice.to, notice.pbx) == (NoticeKind.GREETING, ("office",), "lab")
    assert notice.text.endswith("page Greetings.\nSee https://callcentre.example/greetings")
    assert await morning.look() == []
    assert await morning.start() == []
    put(morning.spool, PLACE, wav(voice(3, seed=8)))
    assert len(told(await morning.look())) == 1, "changed once more"
    put(morning.spool, PLACE, GOOD)
    assert [fact.standing for fact in await morning.look()] == [()]
    put(morning.spool, PLACE, wav(voice(3, seed=8)))
    assert len(told(await morning.look())) == 1, "it was well in between"


async def test_what_is_due_to_be_looked_at_is_told_on_its_day(morning: Morning) -> None:
    await morning.sign(review_on=date(2026, 11, 25))
    await morning.start()
    assert await morning.look() == []
    assert told(await morning.look()) == [
        "enquiries: recorded message unavail (600@default) is due to be looked at again"
    ]
    assert await morning.look() == []
    await morning.sign()
    assert [fact.standing for fact in await morning.look()] == [()]


async def test_what_is_gone_is_told(morning: Morning) -> None:
    await morning.sign()
    await morning.start()
    (morning.spool / PLACE).unlink()
    facts = await morning.look()
    assert [fact.standing for fact in facts] == [(Standing.MISSING,)]
    assert told(facts) == ["enquiries: recorded message unavail (600@default) is missing"]
    assert await morning.look() == []


async def test_one_in_a_language_that_is_gone_is_told_though_callers_hear_another(morning: Morning) -> None:
    morning.office = replace(OFFICE, lines=(replace(LINE, languages=("cy",)),))
    welsh = put(morning.spool, "default/600/cy/unavail.wav", wav(voice(3, seed=4)))
    await morning.sign(stem="cy/unavail")
    await morning.start()
    welsh.unlink()
    assert told(await morning.look()) == ["enquiries: recorded message cy/unavail (600@default) is missing"]


async def test_a_greeting_for_a_time_may_end(morning: Morning) -> None:
    temp = put(morning.spool, "default/600/temp.wav", GOOD)
    await morning.sign(stem="temp")
    await morning.start()
    temp.unlink()
    assert told(await morning.look()) == []


async def test_what_cannot_be_heard_is_told_with_what_to_do(morning: Morning) -> None:
    put(morning.spool, PLACE, wav(silence(5)))
    facts = await morning.start()
    assert told(facts) == ["enquiries: recorded message unavail (600@default) cannot be heard as it should"]
    assert facts[0].notice is not None
    assert "- nothing can be heard in it; record it again" in facts[0].notice.text
    await morning.sign()
    (fact,) = await morning.look()
    assert (fact.standing, fact.notice) == ((Standing.INAUDIBLE,), None), "signing it off is no news"


async def test_a_spool_that_is_not_there_alarms_nobody(morning: Morning) -> None:
    await morning.sign()
    await morning.start()
    away = morning.spool.rename(morning.spool.with_name("unmounted"))
    assert await morning.look() == []
    away.rename(morning.spool)
    assert await morning.look() == []


async def test_a_database_that_is_away_is_asked_again(morning: Morning) -> None:
    morning.store.away = True
    assert await morning.start() == []
    morning.store.away = False
    await morning.rests.again()
    assert len(await morning._taken()) == 1


async def test_it_looks_once_a_day(morning: Morning) -> None:
    await morning.sign()
    await morning.start()
    put(morning.spool, PLACE, wav(voice(3, seed=7)))
    morning.clock.advance(17.9 * 3_600)
    await morning.rests.again()
    assert await morning._taken() == [], "not before six in the morning"
    morning.clock.advance(0.2 * 3_600)
    await morning.rests.again()
    assert len(told(await morning._taken())) == 1


async def test_an_announcement_of_two_lines_is_told_to_both_once(morning: Morning, tmp_path: Path) -> None:
    put(tmp_path / "sounds", "closed.wav", wav(silence(5)))
    both = [replace(line(name), announcements=("closed",), tell=(name, "office")) for name in ("enquiries", "bookings")]
    added: list[Fact] = []
    rests = Rests()
    listening = Listening(
        office=replace(OFFICE, lines=tuple(both)),
        spools={},
        sounds={"lab": tmp_path / "sounds"},
        rows=morning.store,
        add=added.extend,
        now=morning.clock.now,
        log=SilentLog(),
        rest=rests,
    )
    task = asyncio.create_task(listening.run())  # noqa: TID251
    await rests.rested()
    task.cancel()
    (fact,) = (one for one in added if isinstance(one, GreetingSeen))
    assert isinstance(fact, GreetingSeen)
    assert fact.notice is not None
    assert fact.notice.to == ("enquiries", "office", "bookings")


async def test_each_look_writes_down_how_many_stand_well_and_what_could_not_be_judged(
    morning: Morning, tmp_path: Path
) -> None:
    put(morning.spool, PLACE, GOOD)
    put(morning.spool, "default/600/busy.wav", wav(silence(5)))
    await morning.start()
    await morning.sign()
    await morning.look()
    morning.spool.rename(tmp_path / "elsewhere")
    await morning.look()
    days = [f"{morning.clock.now() - timedelta(days=back):%m-%d} 600@default" for back in (2, 1, 0)]
    assert morning.days == [(days[0], 0, 2, 0), (days[1], 1, 1, 0), (days[2], 0, 0, 1)]


# --- for the metric --------------------------------------------------------------------------------------------------


async def test_how_many_stand_how_is_known_to_the_metric(morning: Morning) -> None:
    def stand() -> list[tuple[str, str, str, int]]:
        return sorted(morning.listening.standings())

    put(morning.spool, PLACE, GOOD)
    put(morning.spool, "default/600/busy.wav", wav(silence(5)))
    await morning.start()
    assert stand() == [("lab", "enquiries", "inaudible", 1), ("lab", "enquiries", "unsigned", 1)]
    await morning.sign()
    assert await morning.look(days=0) == [], "a sign-off is read without looking at the files again"
    assert stand() == [("lab", "enquiries", "good", 1), ("lab", "enquiries", "inaudible", 1)]
    morning.clock.advance(timedelta(days=400).total_seconds())
    assert ("lab", "enquiries", "expired", 1) in stand(), "the day of review comes without a look"
