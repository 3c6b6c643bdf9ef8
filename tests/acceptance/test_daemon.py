"""The daemon as a process: it measures, survives, says what is wrong, and ends cleanly."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.office import DEADLINE, Daemon, Office, Pbx
from tests.acceptance.told import without_moments
from tests.unit.metrics.exposed import named

ANSWERED = 'calls_total{hours="core",line="enquiries",origin="external",outcome="answered",pbx="lab"}'
TODAY = 'today_calls{counted="strict",line="enquiries",pbx="lab"}'
OFFERED = 'calls_offered_total{hours="core",line="enquiries",pbx="lab"}'


@pytest.fixture
async def pbx() -> AsyncIterator[Pbx]:
    async with Pbx() as made:
        yield made


@pytest.fixture
def office(tmp_path: Path, pbx: Pbx) -> Office:
    return Office(tmp_path, pbx.port)


async def test_a_call_is_measured_stored_and_exported_and_a_stop_is_clean(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.to_the_end()
        text = await daemon.counted(ANSWERED)
        within = 'calls_within_target_total{hours="core",line="enquiries",pbx="lab",target="seconds"}'
        assert f"callcentre_{within} 1.0" in text
        assert 'callcentre_call_answer_seconds_bucket{hours="core",le="3.0",line="enquiries",pbx="lab"} 1.0' in text
        assert 'callcentre_ami_up{pbx="lab"} 1.0' in text
        assert (await daemon.get("/-/healthy")) == (200, "healthy\n")
        assert await daemon.stopped() == 0
        assert not [line for line in daemon.lines if line["level"] in ("warning", "error")]
    (row,) = office.rows("SELECT uniqueid, outcome, answered_by, rings, quality, round(wait_seconds, 1) FROM calls")
    assert row == (pbx.caller, "answered", "PJSIP/102", 1, "complete", 2.2)


async def test_a_restart_in_mid_call_goes_on_with_it(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.until("DialState")
        await daemon.counted(OFFERED)
        assert await daemon.stopped() == 0
    pbx.show_channels()
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.to_the_end()
        text = await daemon.counted(ANSWERED)
        assert f"callcentre_{OFFERED} 0.0" in text, "it was offered to the daemon before"
    assert office.rows("SELECT outcome, quality, answered_by FROM calls") == [("answered", "partial", "PJSIP/102")]
    assert office.rows("SELECT count(*) FROM gaps WHERE closed_at IS NOT NULL") == [(1,)]


async def test_after_a_kill_nothing_is_counted_twice_and_today_is_not_forgotten(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.to_the_end()
        await daemon.counted(ANSWERED)
        await daemon.killed()
    for _ in range(2):
        async with Daemon(office) as daemon:
            await daemon.ready()
            text = (await daemon.get("/metrics"))[1]
            assert f"callcentre_{ANSWERED} 0.0" in text
            assert f"callcentre_{TODAY} 1.0" in text
            await daemon.killed()
    assert office.rows("SELECT uniqueid, outcome, quality FROM calls") == [(pbx.caller, "answered", "complete")]


async def test_a_call_that_ended_while_nobody_looked_is_lost_and_not_guessed(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.until("DialState")
        await daemon.counted(OFFERED)
        await daemon.killed()
    async with Daemon(office) as daemon:
        await daemon.ready()
        await daemon.counted(ANSWERED.replace("answered", "lost"))
    assert office.rows("SELECT outcome, quality FROM calls") == [("lost", "partial")]


async def test_a_lost_call_is_healed_from_asterisks_own_book(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.until("DialState")
        await daemon.counted(OFFERED)
        await daemon.killed()
    book = (
        f"{pbx.began}|{pbx.caller}|enquiries|NONE|ENTERQUEUE||07700900301|1",
        f"{pbx.began + 3}|{pbx.caller}|enquiries|Bob Brown|CONNECT|3|{pbx.began}.2|2",
        f"{pbx.began + 5}|{pbx.caller}|enquiries|Bob Brown|COMPLETECALLER|3|2|1",
    )
    office.queue_log.write_text("".join(f"{line}\n" for line in book))
    async with Daemon(office) as daemon:
        text = await daemon.counted('calls_healed_total{line="enquiries",outcome="answered",pbx="lab"}')
        assert f"callcentre_{ANSWERED.replace('answered', 'lost')} 1.0" in text, "what was counted stands"
        assert f"callcentre_{ANSWERED} 0.0" in text
        assert await daemon.stopped() == 0
    assert office.rows("SELECT outcome, quality FROM calls") == [("answered", "inferred")]


async def test_while_the_database_is_away_calls_are_kept_and_written_when_it_is_back(office: Office, pbx: Pbx) -> None:
    gone = office.data.with_name("gone")
    async with Daemon(office) as daemon:
        await daemon.ready()
        office.data.rename(gone)
        pbx.to_the_end()
        reason = await daemon.until(lambda text: "database is away" in text, "/-/ready")
        assert reason.startswith("the database is away: ")
        assert 'callcentre_store_up{pbx="lab"} 0.0' in (await daemon.get("/metrics"))[1]
        assert f"callcentre_{ANSWERED} 0.0" in (await daemon.get("/metrics"))[1], "not counted before it is written"
        gone.rename(office.data)
        await daemon.counted(ANSWERED)
        await daemon.ready()
        assert await daemon.stopped() == 0
    assert office.rows("SELECT outcome, quality FROM calls") == [("answered", "complete")]


async def test_a_stop_while_the_database_is_away_says_what_is_lost(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        office.data.rename(office.data.with_name("gone"))
        pbx.to_the_end()
        await daemon.says("the database is away")
        assert await daemon.stopped() == 1
        await daemon.says("facts lost: callcentre stops while the database is away")


async def test_a_database_that_is_away_at_the_start_is_waited_for(office: Office, pbx: Pbx) -> None:
    office.data.rmdir()
    async with Daemon(office) as daemon:
        await daemon.until(lambda text: "database is away" in text, "/-/ready")
        office.data.mkdir()
        await daemon.ready()
        assert await daemon.stopped() == 0


async def test_a_database_that_never_answers_does_not_hold_up_the_stop(office: Office, pbx: Pbx) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://callcentre:tiger@127.0.0.1:{silent.getsockname()[1]}/calls"
        text = office.config.read_text().replace(f"sqlite:///{office.database}", url)
        office.config.write_text(text)
        async with Daemon(office) as daemon:
            reason = await daemon.until(bool, "/-/ready")
            assert reason.startswith(("starting\n", "the database is away: ")), "it waits for it"
            assert await daemon.stopped() == 0
            assert "tiger" not in "".join(daemon.raw)


async def test_a_lost_pbx_is_found_again_and_the_gap_is_a_row(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.hang_up()
        await daemon.counted('ami_reconnects_total{pbx="lab"}')
        await daemon.counted('gaps_total{pbx="lab"}')
        await daemon.ready()
        assert await daemon.stopped() == 0
    assert office.rows("SELECT count(*) FROM gaps WHERE closed_at IS NOT NULL") == [(1,)]


async def test_a_wrong_password_is_said_in_plain_words_and_the_secret_is_not(tmp_path: Path, pbx: Pbx) -> None:
    async with Daemon(Office(tmp_path, pbx.port, secret="wrong horse")) as daemon:
        line = await daemon.says("refused the login")
        assert "check username and secret" in line["event"]
        assert (await daemon.get("/-/ready")) == (503, "pbx lab was not seen yet\n")
        assert await daemon.stopped() == 0
        assert "wrong horse" not in "".join(daemon.raw)


async def test_ctrl_c_is_a_clean_stop(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        daemon.process.send_signal(signal.SIGINT)
        assert await daemon.process.wait() == 0


async def test_no_telephone_number_is_in_the_log_or_the_metrics(office: Office, pbx: Pbx) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        pbx.to_the_end()
        metrics = await daemon.counted(ANSWERED)
        _, ready = await daemon.get("/-/ready")
        assert await daemon.stopped() == 0
        for text in (without_moments("".join(daemon.raw)), named(metrics), ready):
            assert "07700" not in text
            assert "01632960600" not in text


async def refused(office: Office) -> tuple[int, str]:
    """Exit code and all that a daemon says that does not start."""
    async with Daemon(office) as daemon:
        async with asyncio.timeout(DEADLINE):
            code = await daemon.process.wait()
        await daemon._reading
        return code, "".join(daemon.raw)


async def test_a_port_that_is_taken_names_the_key_to_change(tmp_path: Path, pbx: Pbx) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = await refused(Office(tmp_path, pbx.port, web=port))
    assert code == 2
    assert said == f"callcentre: [web] port: {port} is taken by another program; set `port` in [web] to a free one\n"


async def test_a_wrong_configuration_is_one_message_and_no_traceback(office: Office, pbx: Pbx) -> None:
    office.config.write_text(office.config.read_text().replace('charter = "hct"', 'charter = "htc"'))
    code, said = await refused(office)
    assert code == 2
    assert said.startswith("callcentre: ")
    assert "htc" in said
    assert "Traceback" not in said


async def test_a_pbx_without_an_account_names_the_keys(office: Office, pbx: Pbx) -> None:
    text = office.config.read_text().replace('username = "callcentre"\n', "").replace('secret_file = "secret"\n', "")
    office.config.write_text(text)
    code, said = await refused(office)
    assert code == 2
    assert "set username and secret_file" in said
