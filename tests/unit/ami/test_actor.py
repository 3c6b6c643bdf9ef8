"""The acting account against a manager interface on loopback: it asks once, says what came of it, and comes back."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from callcentre.ami import actor as module
from callcentre.ami.actions import act
from callcentre.ami.actor import MOST_PENDING, PING_SECONDS, Actor
from callcentre.ami.login import MAX_BACKOFF, AmiEndpoint
from callcentre.core.commands import AddMember
from callcentre.core.errors import ActionRefused, LinkLost
from tests.unit.ami.conftest import Time, Witness
from tests.unit.ami.fake_pbx import FakePbx, Headers, newchannel, packet

TLS = Path(__file__).parent / "tls"


def endpoint(pbx: FakePbx, secret: str = "open sesame") -> AmiEndpoint:
    return AmiEndpoint(pbx="lab", host="127.0.0.1", port=pbx.port, username="actor", secret=secret)


def add(number: int = 1, interface: str = "PJSIP/109") -> AddMember:
    return AddMember(pbx="lab", key=f"breach-{number}", queue="enquiries", interface=interface)


def added(asked: Headers) -> bytes:
    return packet("Response: Success", f"ActionID: {asked['ActionID']}", "Message: Added interface to queue")


class Told:
    """What an actor tells of its logins; `now` waits for the next."""

    def __init__(self) -> None:
        self.heard: list[bool] = []
        self._next: asyncio.Queue[bool] = asyncio.Queue()

    def __call__(self, pbx: str, up: bool) -> None:
        assert pbx == "lab"
        self.heard.append(up)
        self._next.put_nowait(up)

    async def until(self, up: bool) -> None:
        while await self._next.get() is not up:
            pass


@asynccontextmanager
async def running(
    where: AmiEndpoint, time: Time, witness: Witness, told: Told, answer_seconds: float = 60.0
) -> AsyncIterator[Actor]:
    """An acting account that runs; what is answered is waited for as long as a busy machine takes."""
    made = Actor(
        where,
        clock=time,
        log=witness,
        told=told,
        sleep=time.sleep,
        jitter=lambda: 1.0,
        answer_seconds=answer_seconds,
    )
    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(made.run())
        try:
            yield made
        finally:
            task.cancel()


@contextmanager
def soon_impatient(actor: Actor) -> Iterator[None]:
    """Where no answer comes, not much time is spent on waiting for it."""
    patience, actor._answer_seconds = actor._answer_seconds, 0.05
    yield
    actor._answer_seconds = patience


async def test_it_logs_in_by_md5_hears_no_events_asks_and_logs_off(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = added
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)
            assert actor.is_up
            assert actor.problem == ""
            reply = await actor.ask(act(add()))
            assert (reply.success, reply.fields["Message"]) == (True, "Added interface to queue")
        await pbx.wait_for("Logoff")
    assert [asked["Action"] for asked in pbx.actions] == ["Challenge", "Login", "QueueAdd", "Logoff"]
    assert pbx.actions[1]["Events"] == "off"
    assert pbx.actions[2]["ActionID"] == "breach-1"
    assert "open sesame" not in str(pbx.actions) + str(witness.lines)
    assert told.heard == [True, False]


async def test_events_that_come_all_the_same_are_passed_over(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = lambda asked: newchannel() + b"nonsense\r\n\r\n" + added(asked)
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)
            assert (await actor.ask(act(add()))).success


async def test_a_refusal_is_an_answer(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.refused_lists.add("QueueAdd")
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)
            reply = await actor.ask(act(add()))
    assert (reply.success, reply.fields["Message"]) == (False, "Permission denied")


async def test_what_may_not_be_sent_is_not_and_the_link_goes_on(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = added
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)
            with pytest.raises(ActionRefused, match="nothing was sent"):
                await actor.ask(act(add(interface="PJSIP/109\r\nAction: Command")))
            assert (await actor.ask(act(add(2)))).success
    assert [asked["Action"] for asked in pbx.actions if asked["Action"] == "QueueAdd"] == ["QueueAdd"]


async def test_a_link_lost_before_the_answer_is_told_apart(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = lambda _asked: b""
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)
            asking = asyncio.ensure_future(actor.ask(act(add())))
            await pbx.wait_for("QueueAdd")
            pbx.hang_up()
            with pytest.raises(LinkLost):
                await asking
            await told.until(False)
            assert actor.problem == "no connection"
            with pytest.raises(ActionRefused, match="nothing was sent"):
                await actor.ask(act(add(2)))


async def test_no_answer_in_time_is_a_dead_link_and_a_new_one_is_made(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = lambda _asked: b""
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)
            with soon_impatient(actor), pytest.raises(LinkLost, match="no answer within"):
                await actor.ask(act(add()))
            await told.until(False)
            await time.asleep()
            time.advance(MAX_BACKOFF)
            await told.until(True)
    assert [asked["ActionID"] for asked in pbx.actions if asked["Action"] == "QueueAdd"] == ["breach-1"], "sent once"


async def test_pings_keep_it_alive_and_find_a_half_open_link(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx, running(endpoint(pbx), time, witness, told) as actor:
        await told.until(True)
        for _ in range(2):
            assert await time.asleep() == PING_SECONDS
            time.advance(PING_SECONDS)
            await pbx.wait_for("Ping")
        pbx.answers_pings = False
        assert await time.asleep() == PING_SECONDS
        with soon_impatient(actor):
            time.advance(PING_SECONDS)
            await told.until(False)
        assert "no answer within" in await witness.said("lost the PBX")


async def test_a_question_waits_for_the_login_but_not_for_ever(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = added
        async with running(endpoint(pbx), time, witness, told) as actor:
            assert not actor.is_up
            assert (await actor.ask(act(add()), within=60)).success, "asked before it was logged in"
            pbx.secret = "changed"
            pbx.hang_up()
            await told.until(False)
            with pytest.raises(ActionRefused, match="nothing was sent"):
                await actor.ask(act(add(2)), within=0.01)


async def test_what_is_asked_in_the_moment_of_a_loss_waits_for_the_next_login(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = lambda _asked: b""
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)

            async def both() -> bool:
                with pytest.raises(LinkLost):
                    await actor.ask(act(add()))
                pbx.answers["QueueAdd"] = added
                return (await actor.ask(act(add(2)), within=60)).success

            asking = asyncio.ensure_future(both())
            await pbx.wait_for("QueueAdd")
            pbx.hang_up()
            await told.until(False)
            await time.asleep()
            time.advance(MAX_BACKOFF)
            assert await asking


async def test_a_wrong_password_is_told_without_the_secret_and_tried_again_slowly(time: Time, witness: Witness) -> None:
    told = Told()
    async with FakePbx() as pbx, running(endpoint(pbx, secret="wrong"), time, witness, told) as actor:
        line = await witness.said("refused the login")
        assert line.startswith("the acting account: ")
        assert 8 <= await time.asleep() <= MAX_BACKOFF
        assert actor.problem == "its login is refused"
        assert "wrong" not in line
    assert told.heard == []


async def test_nobody_there_is_told(time: Time, witness: Witness, closed_port: int) -> None:
    where = replace(endpoint(FakePbx()), port=closed_port)
    async with running(where, time, witness, Told()) as actor:
        await witness.said("the acting account: cannot connect")
        assert await time.asleep() == 0.5
        assert actor.problem == "no connection"


async def test_too_many_at_once_are_not_sent(time: Time, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_PENDING >= 30, "an hour's actions must fit"
    monkeypatch.setattr(module, "MOST_PENDING", 2)
    told = Told()
    async with FakePbx() as pbx:
        pbx.answers["QueueAdd"] = lambda _asked: b""
        async with running(endpoint(pbx), time, witness, told) as actor:
            await told.until(True)
            asking = [asyncio.ensure_future(actor.ask(act(add(number)))) for number in (1, 2)]
            await pbx.wait_for("QueueAdd", 2)
            with pytest.raises(ActionRefused, match="too many"):
                await actor.ask(act(add(3)))
            pbx.hang_up()
            assert all(isinstance(end, LinkLost) for end in await asyncio.gather(*asking, return_exceptions=True))


async def test_by_tls_as_the_listener(time: Time, witness: Witness) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    told = Told()
    async with FakePbx(tls=context) as pbx:
        pbx.answers["QueueAdd"] = added
        where = replace(endpoint(pbx), tls=True, ca_file=TLS / "ca.pem", server_name="pbx.example")
        async with running(where, time, witness, told) as actor:
            await told.until(True)
            assert (await actor.ask(act(add()))).success
