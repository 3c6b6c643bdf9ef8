"""After an erasure no trace of a number is left, in no table, no spelling, no byte of the file; and none returns."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Integer, Table

from callcentre.core.facts import CallerErased, CallHealed, Fact, NoticeRaised
from callcentre.core.terms import Quality
from callcentre.store import tables
from callcentre.store.database import Database
from callcentre.store.erasing import ERASED, Erasing, spellings
from callcentre.store.personal import Says, tables_with
from callcentre.store.rows import Form
from callcentre.store.statements import Cursor, Upsert
from callcentre.store.tables import UtcTime
from tests.conformance import promises, sample
from tests.conformance.erasures import erase, sweep

NUMBER = "07700900061"
DIGITS = "7700900061"
AT = sample.after(5_000)
SPELLED = (NUMBER, "+44 7700 900061", "0044-7700-900-061", "(07700) 900 061", "447700900061", "+44 (0)7700 900061")


def erased(**changes: Any) -> CallerErased:
    whole = CallerErased(
        pbx="lab", at=AT, caller=NUMBER, messages=(), who="Ann", why="asked by letter", request="request-a"
    )
    return replace(whole, **changes)


def life(number: str, n: int) -> list[Fact]:
    """Everything that the loop commits of a caller whose trunk spells the number so."""
    call = replace(sample.abandoned(sample.offered(n, at=sample.after(n))), caller=number)
    notice = promises.notice(key=f"due {n}", task=n, title=f"Task {n}", text=f"Call {number} back")
    opened = replace(
        promises.opened(n),
        task=promises.full_task(n, caller=NUMBER, dial=number),
        entries=(promises.entry(1, task=n), promises.entry(2, task=n, why=f"her sister has {number}, or so she says")),
        message=promises.message(n, caller=number, in_mailbox=False),
        callout=promises.callout(n, caller=NUMBER, task=n),
        notices=(notice,),
    )
    return [
        sample.on_end(call),
        opened,
        promises.clicked(promises.click(n, number=NUMBER, task=n)),
        promises.wrapped(promises.wrap_up(n, caller=NUMBER, why=f"will ring from {number}")),
        NoticeRaised(pbx="lab", at=sample.NINE, notice=promises.notice(key=f"other {n}", text=f"about {number}!")),
    ]


def by_hand(number: str) -> list[tuple[Table, dict[str, Any]]]:
    """Rows of the rooms that are not in `life`, and words that nobody should have written."""
    return [
        (tables.audit, {"who": "Ann", "action": "exported", "what": f"of {number}"}),
        (tables.orders, {"id": "o1", "body": f'{{"number": "{number}"}}'}),
        (tables.legal_holds, {"number": number, "why": "a claim", "lifted_at": sample.NINE}),
        (
            tables.cases,
            {
                "number": 4,
                "kind": "complaint",
                "channel": "call",
                "state": "open",
                "caller": number,
                "name": "Maud Mudd",
                "email": "maud@example.org",
                "summary": f"never called back on {number}",
            },
        ),
        (
            tables.case_history,
            {"case_number": 4, "step": "noted", "state": "open", "why": f"Maud Mudd rings from {number}"},
        ),
        (
            tables.abuse_incidents,
            {"how": "code", "state": "warned", "caller": number, "note": f"shouted; {number}; maud@example.org"},
        ),
    ]


def row_for(table: Table, given: dict[str, Any], form: Form) -> tuple[Any, ...]:
    """A row with what is `given`, and of what else it must have the least."""
    return tuple(
        _value(column, given.get(column.name), form) for column in table.columns if column.autoincrement is not True
    )


def _value(column: Column[Any], value: Any, form: Form) -> Any:
    if isinstance(column.type, UtcTime):
        return None if value is None and column.nullable else form.when(value or sample.NINE)
    if value is not None or column.nullable:
        return value
    if isinstance(column.type, Boolean):
        return form.flag(False)
    return 1 if isinstance(column.type, Integer) else "lab" if column.name == "pbx" else ""


async def put_by_hand(database: Database, number: str) -> None:
    dialect = database.writer._dialect

    def work(cursor: Cursor) -> None:
        for table, told in by_hand(number):
            made = tuple(column.name for column in table.columns if column.autoincrement is True)
            dialect.put(cursor, Upsert(table, (), made=made), [row_for(table, told, dialect.form)])

    await database.writer.transact(work)


async def words(database: Database) -> str:
    return repr(await sample.everything(database, *tables.metadata.tables.values()))


def trace(text: str) -> list[str]:
    return [found.group() for found in spellings(NUMBER).finditer(text)]


@pytest.mark.parametrize("number", SPELLED)
async def test_no_trace_is_left_and_no_importer_brings_one_back(database: Database, address: str, number: str) -> None:
    facts = life(number, 1)
    await database.writer.commit(facts)
    await put_by_hand(database, number)
    assert trace(await words(database)), "the test would prove nothing"
    await erase(database, erased())
    left = await words(database)
    assert trace(left) == []
    assert "Maud" not in left
    assert "maud@" not in left
    # A replayed tape, a healed call, an import, a sweep, and a daemon that remembers nothing of it.
    again = replace(facts[0].call, outcome=facts[0].call.outcome)  # type: ignore[attr-defined]
    await database.writer.commit(facts)
    await database.writer.commit([CallHealed(pbx="lab", at=AT, call=replace(again, quality=Quality.INFERRED))])
    await database.writer.backfill([again, replace(again, key=replace(again.key, uniqueid="9.9"))])
    await database.writer.commit(
        [replace(promises.opened(7), message=promises.message(7, caller=number), task=promises.task(7, caller=NUMBER))]
    )
    assert trace(await words(database)) == []
    assert (await database.queries.open_rows(["lab"], AT)).missed == ()
    await database.erasures.clean()
    if address.startswith("sqlite"):
        assert traces_in_file(Path(urlsplit(address).path)) == []


def traces_in_file(file: Path) -> list[bytes]:
    """The digits of the number in any bytes of the database's files."""
    held = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    plain = held.decode("latin-1")
    return [found.encode("latin-1") for found in trace(plain)] + ([DIGITS.encode()] if DIGITS.encode() in held else [])


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_what_was_overwritten_is_in_no_free_page(database: Database, address: str) -> None:
    """Pages of PostgreSQL's are its own matter."""
    facts = [fact for n in range(1, 40) for fact in life(NUMBER, n)]
    await database.writer.commit(facts)
    file = Path(urlsplit(address).path)
    assert traces_in_file(file)
    await erase(database, erased())
    await database.erasures.clean()
    assert traces_in_file(file) == []


async def test_the_certificate_counts_and_names_nobody(database: Database) -> None:
    await database.writer.commit(life(NUMBER, 1))
    await put_by_hand(database, NUMBER)
    await erase(database, erased())
    (found,) = await database.erasures.of(["request-a"])
    assert found.counts["calls"] == found.counts["tasks"] == found.counts["cases"] == found.counts["wrap_ups"] == 1
    assert found.counts["task_history"] == 2
    assert found.counts["case_history"] == 1
    assert found.counts["outbox"] == 4, "two notices, each to two contacts"
    assert len(found.hash) == 64
    assert trace(repr(found)) == []
    await database.erasures.note("request-a", "lab", await database.erasures.clean())
    assert (await database.erasures.of(["request-a"]))[0].notes
    (entry,) = await database.audit.entries(action="caller erased")
    assert entry.who == "Ann"
    assert "1 in calls" in entry.what
    await erase(database, erased())
    assert (await database.erasures.of(["request-a"]))[0].counts["calls"] == 1, "asked again, it is the same erasure"


async def test_a_case_found_by_its_address_is_erased_and_stays_so(database: Database) -> None:
    await put_by_hand(database, "01632960777")
    (found,) = await database.erasures.cases_named(email="MAUD@example.org")
    assert (found.number, found.name) == (4, "Maud Mudd")
    assert [one.number for one in await database.erasures.cases_named(name="mudd")] == [4]
    assert await database.erasures.cases_named(name="mud_") == []
    await erase(database, erased(caller=None, cases=(4,), words=("maud@example.org",), request="request-b"))
    left = await words(database)
    assert "Maud" not in left
    assert "maud" not in left
    assert "01632960777" in left, "a number may be shared, and is erased by itself"
    assert "never called back" not in left
    assert await database.erasures.cases_named(name="mudd") == []


async def test_notices_that_were_not_sent_are_not_sent_any_more(database: Database) -> None:
    await database.writer.commit(life(NUMBER, 1))
    await erase(database, erased())
    pending = await database.queries.pending_notices(sample.after(9_000))
    assert all(trace(delivery.notice.text) == [] for delivery in pending)
    assert [delivery.notice.task for delivery in pending if delivery.notice.task == 1] == []


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    digits=st.text("0123456789", min_size=9, max_size=10),
    signs=st.lists(st.sampled_from(["", " ", "-", ".", "/", ") ", " ("]), min_size=10, max_size=10),
    lead=st.sampled_from(["0", "+44", "0044", "44", "+44 (0)", "+44 0"]),
    before=st.sampled_from(["", "call ", "(", "x", ": "]),
    after=st.sampled_from(["", " now", ")", "x", "-"]),
)
def test_every_spelling_in_words_is_found(digits: str, signs: list[str], lead: str, before: str, after: str) -> None:
    national = f"1{digits[1:]}"
    spelled = lead + "".join(digit + sign for digit, sign in zip(national, signs, strict=False)).rstrip(" -./()")
    found = spellings(f"0{national}").sub(ERASED, f"{before}{spelled}{after}")
    assert national not in "".join(sign for sign in found if sign.isdigit())


@pytest.mark.parametrize("other", ["077009000612", "17700900061", "07700900062", "7700900"])
def test_a_longer_or_another_number_is_left_alone(other: str) -> None:
    assert trace(f"call {other} now") == []


async def test_the_map_covers_what_the_test_fills(database: Database) -> None:
    """A table with numbers of callers that this test does not fill would not be proven."""
    await database.writer.commit(life(NUMBER, 1))
    await put_by_hand(database, NUMBER)
    held = {name: await sample.everything(database, tables.metadata.tables[name]) for name in tables.metadata.tables}
    filled = {name for name, rows in held.items() if trace(repr(rows))}
    assert {table.name for table, _ in tables_with(Says.NUMBER)} <= filled


async def test_what_the_core_emptied_in_the_same_transaction_is_found_all_the_same(database: Database) -> None:
    """It writes the closed case, without who it was of, in the transaction that begins the erasure."""
    await put_by_hand(database, NUMBER)
    dialect = database.writer._dialect
    await database.writer.order("request-a", "lab", AT, "{}")

    def work(cursor: Cursor) -> None:
        Erasing(erased(), cursor, dialect).begin()
        dialect.say(cursor, "UPDATE cases SET caller = NULL, name = NULL, email = NULL, state = 'closed'")

    await database.writer.transact(work)
    await sweep(database)
    (found,) = await database.erasures.of(["request-a"])
    assert (found.counts["cases"], found.counts["case_history"], found.counts["abuse_incidents"]) == (1, 1, 1)
    assert "Maud" not in await words(database)
