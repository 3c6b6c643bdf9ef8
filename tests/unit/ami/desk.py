"""The two accounts of a PBX, logged in side by side: one listens, one acts, and what came of each act is awaited."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from callcentre.acting import Acting
from callcentre.ami.actor import Actor
from callcentre.ami.client import AmiClient
from callcentre.ami.login import AmiEndpoint
from callcentre.core.commands import Act
from callcentre.core.events import ActionAnswered, DevicesListed
from callcentre.runtime.clock import SystemClock
from tests.unit.ami.conftest import Observer, Witness

SECONDS = 120.0


@dataclass
class Desk:
    """Both accounts of the PBX `lab`, and what was said to them."""

    acting: Acting
    witness: Witness

    async def comes_of(self, command: Act) -> ActionAnswered:
        """Carry `command` out and wait for its answer."""
        before = len(self.witness.of(ActionAnswered))
        self.acting.perform(command)
        answer = await self.witness.saw(ActionAnswered, before + 1)
        assert isinstance(answer, ActionAnswered)
        assert answer.key == command.key
        return answer


def endpoint(port: int, username: str, secret: str) -> AmiEndpoint:
    """Where an account of the PBX `lab` logs in."""
    return AmiEndpoint(pbx="lab", host="127.0.0.1", port=port, username=username, secret=secret)


@asynccontextmanager
async def manned(listens: AmiEndpoint, acts: AmiEndpoint, now: Callable[[], datetime]) -> AsyncIterator[Desk]:
    """A desk while the block runs; `now` is the PBX's own time."""
    witness, clock = Witness(), SystemClock()
    client = AmiClient(listens, clock=clock, sink=witness.sink, observer=Observer(witness), log=witness)
    up = asyncio.Event()
    actor = Actor(acts, clock=clock, log=witness, told=lambda _pbx, is_up: up.set() if is_up else None)
    acting = Acting(
        actors={"lab": actor}, put=witness.sink, now=lambda _pbx: now(), asked_at=now, clock=clock, log=witness
    )
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run()) for each in (client, actor, acting)]
        try:
            await witness.saw(DevicesListed)
            # What is wanted before waits three seconds for the login, and then is not sent.
            await up.wait()
            yield Desk(acting, witness)
        finally:
            for task in running:
                task.cancel()
