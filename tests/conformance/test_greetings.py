"""Recorded messages in the store: how each was found last, notices with it, sign-offs that are only added to."""

from dataclasses import replace
from datetime import date

from callcentre.core.facts import GreetingSeen
from callcentre.core.greetings import SignOff, Standing
from callcentre.store import tables
from callcentre.store.database import Database
from tests.conformance import promises, sample

KEY = ("lab", "600@default", "unavail")
SEEN = GreetingSeen(
    pbx="lab",
    at=sample.NINE,
    place="600@default",
    stem="unavail",
    line="enquiries",
    standing=tuple(Standing),
    digest="a" * 64,
)
SIGNED = SignOff(
    pbx="lab",
    place="600@default",
    stem="unavail",
    digest="a" * 64,
    wording="Good morning. Ein swyddfa …\nPlease leave a message.",
    review_on=date(2027, 11, 24),
    who="sue",
    at=sample.NINE,
)


async def test_the_newest_look_counts(database: Database) -> None:
    assert await database.greetings.seen() == {}
    well = replace(SEEN, at=sample.after(60), standing=(), digest="b" * 64)
    other = replace(SEEN, stem="cy/unavail")
    await database.writer.commit([SEEN, other])
    await database.writer.commit([well])
    await database.writer.commit([SEEN])
    assert await database.greetings.seen() == {KEY: well, ("lab", "600@default", "cy/unavail"): other}


async def test_a_notice_is_written_with_the_look_once(database: Database) -> None:
    told = replace(SEEN, notice=promises.notice(key="greeting"))
    await database.writer.commit([told])
    await database.writer.commit([told])
    (outbox,) = await sample.everything(database, tables.outbox)
    assert len(outbox) == len(promises.notice().to)
    assert await database.greetings.seen() == {KEY: SEEN}


async def test_the_newest_sign_off_counts_and_none_is_lost(database: Database) -> None:
    assert await database.greetings.signed() == {}
    again = replace(SIGNED, digest="b" * 64, wording="Good day.", at=sample.after(60), who="bob")
    other = replace(SIGNED, place="sounds", stem="custom/closed")
    for each in (SIGNED, other, again):
        await database.greetings.sign(each, address="192.0.2.7")
    assert await database.greetings.signed() == {KEY: again, ("lab", "sounds", "custom/closed"): other}
    (kept,) = await sample.everything(database, tables.greeting_sign_offs)
    assert len(kept) == 3
    entries = await database.audit.entries()
    assert [(each.who, each.action, each.address) for each in entries] == [
        ("bob", "greeting signed off", "192.0.2.7"),
        ("sue", "greeting signed off", "192.0.2.7"),
        ("sue", "greeting signed off", "192.0.2.7"),
    ]
    assert entries[1].what == "lab, sounds, custom/closed, SHA-256 aaaaaaaaaaaa…, until 2027-11-24"


async def test_words_that_no_database_takes_do_not_lose_a_sign_off(database: Database) -> None:
    await database.greetings.sign(replace(SIGNED, wording="zero \0 half \ud800"), address="")
    assert (await database.greetings.signed())[KEY].wording == "zero \ufffd half ?"
