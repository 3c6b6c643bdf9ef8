"""The manager port: clients on one side, the model of the office on the other, and the clock between them.

Three rules hold everywhere: the model runs in the event loop and nowhere else; before an action the model is brought to
the present; the events that an action causes follow its reply.
"""

import asyncio
import random
from collections.abc import Callable, Mapping

from callcentre_simulator.accounts import Account
from callcentre_simulator.clock import Clock
from callcentre_simulator.connection import Connection
from callcentre_simulator.faults import Faults
from callcentre_simulator.load import Burst
from callcentre_simulator.render import event_bytes
from callcentre_simulator.session import AUTH_SECONDS, REFUSAL_SECONDS, Session
from callcentre_simulator.versions import Version, privilege_mask
from callcentre_simulator.wire import ActionHeaders, AmiEvent, PbxModel, Reply

_TURN_SECONDS = 0.01
"""How long the model may run before clients are heard again."""

_TURN_BYTES = 512 * 1024
"""How much may be said before it is sent."""


class AmiServer:
    """Serves a model's manager port, as an async context manager; `finished` waits until the model has no more to do.

    A clock that runs free waits until somebody listens (logged in, and a first Ping or a second later, so that their
    lists are read), and whenever a listener has yet to read. `refusal_seconds` and `auth_seconds` are Asterisk's.
    """

    def __init__(
        self,
        model: PbxModel,
        accounts: Mapping[str, Account],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        refusal_seconds: float = REFUSAL_SECONDS,
        auth_seconds: float = AUTH_SECONDS,
        seed: int = 0,
    ) -> None:
        self.model = model
        self.version = Version(model.version)
        self.refusal_seconds = refusal_seconds
        self.auth_seconds = auth_seconds
        self.events_sent = 0
        self.faults = Faults(self)
        self.tap: Callable[[float, AmiEvent, bytes], None] | None = None
        """Told every event that is sent to anybody, with its bytes."""
        self._accounts = {name.lower(): account for name, account in accounts.items()}
        self._address = (host, port)
        self._clock = clock or Clock()
        self._random = random.Random(seed)
        self._connections: list[Connection] = []
        self._hearing: tuple[Connection, ...] = ()
        self._held: list[tuple[float, AmiEvent]] | None = None
        self._needs: dict[str, int] = {}
        self._unsent = 0
        self._failed = False
        self._down_since: float | None = None
        self._boot = model.booted_at
        self._wake: asyncio.Handle | None = None
        self._server: asyncio.Server | None = None
        self._done: asyncio.Future[None]
        self._read: asyncio.Future[None]
        model.listen(self._heard)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> "AmiServer":
        loop = asyncio.get_running_loop()
        self._done, self._read = loop.create_future(), loop.create_future()
        host, port = self._address
        self._server = await loop.create_server(lambda: Connection(self), host, port)
        self._clock.start(self.model.now)
        self._schedule(0.0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.hang_up()
        if self._server is not None:
            await self._server.wait_closed()
        if self._done.done() and not self._done.cancelled():
            self._done.exception()

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        if self._server is None:
            raise RuntimeError("the server is not started: use it as an async context manager")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def listeners(self) -> int:
        """How many clients are logged in that hear something."""
        return sum(one.session.listens for one in self._hearing)

    async def readable(self) -> None:
        """Wait until somebody is logged in and has read their lists, so that a free clock runs."""
        await asyncio.shield(self._read)

    async def finished(self) -> None:
        """Wait until the model has nothing more to do and all of it is sent; raises what the model raised."""
        await asyncio.shield(self._done)

    # --- what a session asks ------------------------------------------------------------------------------------------

    def now(self) -> float:
        """The PBX's time, brought to the present."""
        self._catch_up()
        return self.model.now

    def uptime(self) -> float:
        """Seconds since the PBX booted."""
        return max(0.0, self.model.now - self.model.booted_at)

    def account(self, name: str) -> Account | None:
        """The account of this name, in any case."""
        return self._accounts.get(name.lower())

    def taken(self, account: Account) -> bool:
        """Whether a session of this account is logged in."""
        return any(one.session.account is account for one in self._connections)

    def challenge(self) -> str:
        """Fresh digits for an MD5 login."""
        return str(self._random.randrange(100_000_000, 1_000_000_000))

    def perform(self, session: Session, action: str, headers: ActionHeaders) -> Reply:
        """Bring the model to the present and let it act; its events wait for `answered`."""
        del session
        self._catch_up()
        words = headers.get("Command", "") if action.lower() == "command" else ""
        if words.split(" ", 1)[0] == "simulator":
            return self._order(words)
        self._held = []
        return self.model.act(action, headers)

    def answered(self) -> None:
        """Send what an action caused, after its reply."""
        held, self._held = self._held, None
        for at, event in held or ():
            self._send(at, event)
        self._schedule(0.0)

    def report(self, event: AmiEvent) -> None:
        """Send one of the manager's own events."""
        self._send(self.model.now, event)
        self.flush()

    def joined(self, session: Session) -> None:
        """A session has logged in; it hears from now on."""
        for connection in self._connections:
            if connection.session is session:
                connection.settle()
        self._listed()

    def pinged(self, session: Session) -> None:
        """A session has pinged: it has read what it asked for, and a free clock may run."""
        for connection in self._connections:
            if connection.session is session and not connection.ready:
                connection.ready = True
                self._schedule(0.0)

    def _order(self, words: str) -> Reply:
        try:
            said = self.faults.order(words.removeprefix("simulator").strip())
        except ValueError as error:
            return Reply(False, (("Message", "Command output follows"), ("Output", str(error))))
        return Reply(True, (("Message", "Command output follows"), ("Output", said)))

    # --- connections --------------------------------------------------------------------------------------------------

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Everybody who is connected."""
        return tuple(self._connections)

    @property
    def runs_free(self) -> bool:
        """Whether the readers set the pace: nobody is then hung up on for being slow."""
        return self._clock.runs_free

    @property
    def refuses(self) -> bool:
        """Whether the PBX is down or out of reach, so that nobody gets in."""
        return self._down_since is not None or self.model.now < self.faults.away_until

    def opened(self, connection: Connection) -> None:
        """A client has connected."""
        self._connections.append(connection)

    def closed(self, connection: Connection) -> None:
        """A client has gone."""
        if connection in self._connections:
            self._connections.remove(connection)
        self._listed()
        self._schedule(0.0)

    def drained(self) -> None:
        """A client has read what it was sent."""
        self._schedule(0.0)

    def flush(self) -> None:
        """Send what was written to every client."""
        for connection in self._connections:
            connection.line.flush()

    def _listed(self) -> None:
        self._hearing = tuple(one for one in self._connections if one.session.account is not None)

    # --- events -------------------------------------------------------------------------------------------------------

    def _heard(self, at: float, event: AmiEvent) -> None:
        if self._held is not None:
            self._held.append((at, event))
        else:
            self._send(at, event)

    def _send(self, at: float, event: AmiEvent) -> None:
        if not self.faults.postpones(at, event):
            self.send_now(at, event)

    def send_now(self, at: float, event: AmiEvent) -> None:
        """Send an event to all who may hear it, with the flush that follows."""
        if isinstance(event, Burst):
            self._send_burst(event)
            return
        needs = self._needs.get(event.classes)
        if needs is None:
            needs = self._needs[event.classes] = privilege_mask(event.classes)
        data: bytes | None = None
        for connection in self._hearing:
            account = connection.session.account
            if account is None or needs & account.read & connection.session.mask != needs:
                continue
            if data is None:
                data = event_bytes(at, event)
            if connection.session.hears(needs, event, data):
                connection.line.write(data)
                self.events_sent += 1
                self._unsent += len(data)
        if data is not None and self.tap is not None:
            self.tap(at, event, data)
        if event.name == "Shutdown":
            self._down_since = at

    def _send_burst(self, event: Burst) -> None:
        for connection in self._hearing:
            template, count = connection.session.share(event.burst)
            if count:
                data = template % event.values
                connection.line.write(data)
                self.events_sent += count
                self._unsent += len(data)

    # --- time ---------------------------------------------------------------------------------------------------------

    def _schedule(self, delay: float) -> None:
        if self._server is None or self._failed:
            return
        if self._wake is not None:
            self._wake.cancel()
        loop = asyncio.get_running_loop()
        self._wake = loop.call_later(delay, self._turn) if delay > 0 else loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._wake = None
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 (told to whoever waits for the model)
            self._failed = True
            if not self._done.done():
                self._done.set_exception(error)
        finally:
            self.flush()

    def _next(self) -> float | None:
        away = self.faults.away_until if self.model.now < self.faults.away_until else None
        moments = [one for one in (self.model.next_at(), self.faults.next_at(), away) if one is not None]
        return min(moments) if moments else None

    def _step(self, to: float) -> None:
        self.model.advance(to)
        self.faults.run(to)
        self._watch_boot()

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _TURN_SECONDS
        target = None if self._clock.runs_free else self._clock.now()
        self._unsent = 0
        while (at := self._next()) is not None:
            if target is None:
                if not self._may_run_free():
                    return
            elif at > target:
                break
            self._step(max(at, self.model.now))
            if loop.time() > until or self._unsent > _TURN_BYTES:
                self._schedule(0.0)
                return
        if target is not None and target > self.model.now:
            self._step(target)
        self._rest(self._next())

    def _rest(self, at: float | None) -> None:
        if at is not None:
            self._schedule(0.0 if self._clock.runs_free else self._clock.delay_until(at))
        elif not self._done.done():
            self.flush()
            self._done.set_result(None)

    def _may_run_free(self) -> bool:
        if self.refuses:
            return True
        ready = False
        for connection in self._hearing:
            if connection.line.busy:
                return False
            ready = ready or (connection.ready and connection.session.listens)
        if ready and not self._read.done():
            self._read.set_result(None)
        return ready

    def _catch_up(self) -> None:
        if self._clock.runs_free or self._server is None or self._failed:
            return
        target = self._clock.now()
        while (at := self._next()) is not None and at <= target:
            self._step(max(at, self.model.now))
        if target > self.model.now:
            self._step(target)

    def _watch_boot(self) -> None:
        model = self.model
        if self._down_since is not None:
            for connection in self.connections:
                connection.hang_up()
            if model.booted_at > self._down_since and model.now >= model.booted_at:
                self._down_since = None
        elif model.booted_at != self._boot:
            for connection in self.connections:
                connection.cut()
        if self._down_since is None:
            self._boot = model.booted_at
