"""The daemon with all its rooms, given numbers, names and secrets by every way in: none reaches where it must not.

Logs at their most talkative, metrics, errors of the API, letters, histories and the audit log are searched afterwards.
"""

import asyncio
import io
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
import structlog
from aiohttp import ClientSession, CookieJar
from argon2 import PasswordHasher

from callcentre.core.terms import Hours
from callcentre.runtime import log
from callcentre.store import tables
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from tests.acceptance.hostile import FIRST, LAST, MAIL, NUMBERS, SAID, Answer, Hostile
from tests.acceptance.office import PASSWORD, Pbx
from tests.acceptance.told import without_made_up
from tests.acceptance.whole import BEGAN, ROOT, SECRETS, logged_in, ready, running, until
from tests.conformance import promises, sample
from tests.conformance.test_forgetting import life, put_by_hand
from tests.contracts.spellings import traces
from tests.unit.ami.fake_pbx import event, newchannel
from tests.unit.metrics.exposed import named
from tests.unit.notify.far_ends import post_office

TOLD = (tables.outbox, tables.audit, tables.task_history, tables.case_history, tables.breaches, tables.breach_steps)
"""Tables of what people did and were told, in which no number may stand."""
NOT_SENT, NO_MAILBOX = "notice not sent", "no such mailbox"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that can be seen of the daemon afterwards."""

    answers: tuple[Answer, ...]
    metrics: str
    log: str
    letters: tuple[EmailMessage, ...]
    new: Mapping[str, tuple[str, ...]]
    """By table, the texts that were not there before."""


async def _filled(folder: Path) -> None:
    """A past: callers, tasks, cases and incidents, whose numbers stand where they must; and accounts."""
    database = await Database.open(f"sqlite:///{folder}/calls.sqlite")
    await database.prepare()
    caller = f"0{NUMBERS[0]}"
    overdue = replace(
        promises.opened(9),
        task=promises.task(9, caller=caller, due=sample.after(3_600), act_by=sample.after(3_600)),
        message=promises.message(9, caller=caller),
        filings=(promises.filing(9, 9, heard_at=None, heard_by=None, responded_at=None, reached_at=None),),
    )
    last_month = sample.offered(8, at=sample.after(-30 * 86_400), line="nurse")
    before = replace(sample.abandoned(last_month), caller=caller, hours=Hours.CORE)
    await database.writer.commit([*life(caller, 1), *life(f"0{NUMBERS[1]}", 2), overdue, sample.on_end(before)])
    await put_by_hand(database, caller)
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    for account in (
        Account(name=ROOT, role=Role.ADMIN, full_name="Rita Root", telephone="PJSIP/101"),
        Account(name="bob", role=Role.AGENT),
    ):
        assert await database.accounts.add(account, password=hashed, at=BEGAN)
    await database.close()


async def _rows(folder: Path) -> dict[str, set[str]]:
    """Each text in the tables that tell of what was done."""
    database = await Database.open(f"sqlite:///{folder}/calls.sqlite")
    found = {}
    for table in TOLD:
        (rows,) = await sample.everything(database, table)
        found[table.name] = {cell for row in rows for cell in row if isinstance(cell, str)}
    await database.close()
    return found


async def _tried(folder: Path, patch: pytest.MonkeyPatch, lines: io.StringIO) -> Seen:
    await _filled(folder)
    before = await _rows(folder)
    async with Pbx() as pbx, post_office() as post, ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        post.answers["sue@office.example"] = [f"550 {NO_MAILBOX}, ring +44 {NUMBERS[0]}"] * 99
        post.answers["chief@office.example"] = [f"451 later; ring 0{NUMBERS[1][:4]} {NUMBERS[1][4:]}"]
        async with running(folder, patch, pbx.port, post.port) as (address, app), asyncio.timeout(900):
            await ready(http, address)
            for national in NUMBERS:
                pbx.say(newchannel(f"{int(BEGAN.timestamp())}.{national[-2:]}", f"0{national}", BEGAN.timestamp()))
                pbx.say(event(f"Zz{national}", f"Uniqueid: 0{national}", f"CallerIDNum: +44{national}"))
                pbx.say(event("Newstate", f"Channel: 0{national}", f"Uniqueid: 0{national}", "ChannelState: x"))
            somebody = Hostile(address, http, app, await logged_in(http, address))
            await somebody.everything()
            metrics = (await somebody.ask("GET", "/metrics")).text
            # The report's letter has arrived; the webhook cannot be reached, and a mail server has refused in words.
            await until(lambda: any(letter.is_multipart() for _, letter in post.letters))
            await until(lambda: NOT_SENT in lines.getvalue() and NO_MAILBOX in lines.getvalue())
    after = await _rows(folder)
    return Seen(
        answers=tuple(somebody.answers),
        metrics=metrics,
        log=lines.getvalue(),
        letters=tuple(letter for _, letter in post.letters),
        new={name: tuple(after[name] - before[name]) for name in after},
    )


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """What is seen after everything was tried; once for all tests here."""
    lines = io.StringIO()
    log.set_up(level="debug", stream=lines)
    with pytest.MonkeyPatch.context() as patch:
        yield asyncio.run(_tried(tmp_path_factory.mktemp("house"), patch, lines))
    structlog.reset_defaults()
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


def digits_in(text: str) -> set[str]:
    """Which parts of the numbers are there."""
    return {row for number in NUMBERS for row in traces(text, number)}


def found_in(text: str) -> set[str]:
    """Which of what must not be there is there: numbers, names, an address, words, secrets."""
    words = {word for word in (FIRST, LAST, MAIL, SAID, *SECRETS.values()) if word.lower() in text.lower()}
    return words | digits_in(text)


def test_everything_was_tried(seen: Seen) -> None:
    """Else the tests below would prove nothing."""
    statuses = Counter(answer.status for answer in seen.answers)
    assert {200, 303, 400, 404, 409, 422} <= set(statuses)
    assert statuses[401] + statuses[403] < 10, "whoever tries is logged in"
    assert all(status < 500 or status == HTTPStatus.NOT_IMPLEMENTED for status in statuses), statuses
    for table in ("outbox", "audit", "task_history", "case_history"):
        assert any(len(rows) for rows in seen.new[table]), table
    done = {answer.asked.partition("?")[0] for answer in seen.answers if answer.status in {200, 303}}
    for asked in ("POST /cases/new", "POST /api/v1/cases", "POST /api/v1/tasks/lab/9/note"):
        assert asked in done, asked
    assert NOT_SENT in seen.log
    assert any(letter.is_multipart() for letter in seen.letters), "a report with its file"


def test_the_log_tells_nothing_of_anybody(seen: Seen) -> None:
    assert [line for line in seen.log.splitlines() if found_in(without_made_up(line))] == []


def test_metrics_tell_nothing_of_anybody(seen: Seen) -> None:
    assert "callcentre_" in seen.metrics
    assert [line for line in named(seen.metrics).splitlines() if found_in(line)] == []


def test_what_programs_are_told_of_a_mistake_repeats_nothing(seen: Seen) -> None:
    told = [each for each in seen.answers if each.status >= 400 and each.kind != "text/html"]
    assert len(told) > 100
    assert [(each.asked, each.text) for each in told if found_in(each.text)] == []


def test_no_answer_of_any_kind_holds_a_secret(seen: Seen) -> None:
    assert [each.asked for each in seen.answers if any(secret in each.text for secret in SECRETS.values())] == []


def test_nobody_is_led_to_an_address_with_a_number(seen: Seen) -> None:
    led = [each for each in seen.answers if each.location and each.asked.startswith("POST")]
    assert led
    assert [(each.asked, each.location) for each in led if digits_in(unquote_plus(each.location))] == []


def test_histories_the_audit_log_and_notices_hold_no_number(seen: Seen) -> None:
    told = [(name, text) for name, texts in seen.new.items() for text in texts]
    assert [(name, text) for name, text in told if digits_in(without_made_up(text))] == []


def test_letters_hold_no_number_and_nothing_that_callers_were_asked(seen: Seen) -> None:
    for letter in seen.letters:
        for part in letter.walk():
            if part.get_content_maintype() == "text":
                assert digits_in(part.get_content()) == set()
                assert MAIL not in part.get_content()
        assert digits_in(str(letter["Subject"])) == set()
