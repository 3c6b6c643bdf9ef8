"""An office to look at through a browser: a simulated PBX in real time, its voicemail spool, the daemon as a process.

What happens in it happens when a test says so: callers ring, messages lie in their mailboxes, telephones are picked up.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Self

from argon2 import PasswordHasher

from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from callcentre_simulator.accounts import Account as PbxAccount
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.channels import RINGING, Channel
from callcentre_simulator.clock import wall_time
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import Caller, Ring
from callcentre_simulator.scenario import beginning_now, build, read
from callcentre_simulator.spool import Spool
from callcentre_simulator.versions import class_mask
from callcentre_simulator.voicemail import Stored
from tests.acceptance.forked import PIPE, forked
from tests.acceptance.office import DEADLINE, Daemon, days_around, free_port

SCENARIO = Path(__file__).with_name("office.toml")
MORE = """
[[line]]
name = "desk{number}"
pbx = "office"
charter = "hct"
nation = "ENG"
extensions = ["PJSIP/11{number}"]
added_days = {days}
hours = {hours}
"""
READS = PbxAccount("callcentre", "open sesame", write=class_mask("reporting"))
ACTS = PbxAccount("actor", "close sesame", read=0, write=class_mask("originate,agent,system"))
ALWAYS = (
    "{ " + ", ".join(f'{day} = ["00:00-24:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")) + " }"
)
CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "office"
port = {ami}
username = "callcentre"
secret = "open sesame"
act_username = "actor"
act_secret = "close sesame"
voicemail_spool = "spool"
trunks = ["PJSIP/trunk"]
{lines}
[store]
url = "{store}"
[web]
port = {web}
[calling]
also = ["07700900"]
"""
LINE = """
[[line]]
name = "{name}"
{more}pbx = "office"
charter = "hct"
nation = "ENG"
dids = ["{did}"]
queues = ["{name}"]
mailboxes = ["{box}@default"]
grace = "1s"
added_days = {days}
hours = {hours}
"""
LOOKED = '\ncallcentre_mailboxes_looked_at_timestamp_seconds{pbx="office"} '
TRUNK = "PJSIP/trunk"
ENQUIRIES, NURSE = "01632960600", "01632960630"


PASSWORD = "correct horse battery"
ACCOUNTS = (
    Account(name="alice", role=Role.AGENT, full_name="Alice Adams", telephone="PJSIP/101"),
    Account(name="bob", role=Role.AGENT, full_name="Bob Brown", telephone="PJSIP/102"),
    Account(name="sam", role=Role.SUPERVISOR, full_name="Sam Shaw", telephone="PJSIP/103"),
    Account(name="ada", role=Role.ADMIN, full_name="Ada Archer"),
)
QUICKLY = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def with_accounts(file: Path) -> Path:
    """Make a database with the accounts, to be copied for each office."""
    database = await Database.open(f"sqlite:///{file}")
    try:
        await database.prepare()
        hashed = QUICKLY.hash(PASSWORD)
        for account in ACCOUNTS:
            await database.accounts.add(account, password=hashed, at=SystemClock().now())
    finally:
        await database.close()
    return file


class Office:
    """A folder with the daemon's configuration, the simulated PBX that it is for, and its spool."""

    def __init__(self, folder: Path, pbx: Pbx, server: AmiServer, *, accounts: Path, lines: Mapping[str, str]) -> None:
        self.pbx = pbx
        self.server = server
        self.folder = folder
        self.web = free_port()
        self.database = folder / "calls.sqlite"
        shutil.copy(accounts, self.database)
        self.config = folder / "callcentre.toml"
        self._spool = Spool(folder / "spool")
        for box in pbx.voicemail.boxes.values():
            self._spool.prepare(box)
        pbx.voicemail.changed = self._spool.synchronise
        days = days_around()
        tables = "".join(
            LINE.format(name=name, more=lines.get(name, ""), did=did, box=box, hours=ALWAYS, days=days)
            for name, did, box in (("enquiries", ENQUIRIES, "600"), ("nurse", NURSE, "630"))
        )
        self.config.write_text(
            CONFIG.format(ami=server.port, lines=tables, store=f"sqlite:///{self.database}", web=self.web)
        )

    def add_lines(self, count: int) -> None:
        """More lines, which ring one telephone each; before the daemon begins."""
        with self.config.open("a") as config:
            for number in range(count):
                config.write(MORE.format(number=number, hours=ALWAYS, days=days_around()))

    @property
    def address(self) -> str:
        """Where its pages are."""
        return f"http://localhost:{self.web}"

    # --- what happens in it --------------------------------------------------------------------------------------

    def do(self, deed: Callable[[], object]) -> None:
        """Have something happen on the PBX, now."""
        self.server.now()
        deed()
        self.server.answered()
        self.server.flush()

    def ring_in(self, number: str, *, to: str = ENQUIRIES, name: str = "Caller", **more: Any) -> None:
        """Somebody rings a line."""
        self.do(lambda: self.pbx.call(Caller(to=to, number=number, name=name, **more)))

    def leave(self, number: str, *, name: str = "Caller", seconds: int = 3, box: str = "600@default") -> None:
        """A message of so many seconds was just left in a mailbox; an empty `number` is withheld."""
        mailbox = self.pbx.voicemail.boxes[box]
        inbox = mailbox.folders["INBOX"]

        def put() -> None:
            origtime = int(self.pbx.now) - seconds
            message = Stored(
                mailbox=mailbox.number,
                context=mailbox.context,
                folder="INBOX",
                number=len(inbox),
                msg_id=f"{origtime}-{len(inbox):08x}",
                dialplan=("from-trunk", ENQUIRIES, 3),
                callerchan="PJSIP/trunk-00000001",
                callerid=f'"{name}" <{number}>' if number else "Unknown",
                origtime=origtime,
                duration=seconds,
            )
            inbox.append(message)
            self.pbx.voicemail.changed(mailbox)
            self.pbx.voicemail.waiting(mailbox)

        self.do(put)

    def telephone(self, extension: str, does: Ring) -> None:
        """What a telephone does with each call from now on."""
        self.pbx.telephones.all[f"PJSIP/{extension}"].decide = lambda _leg: does

    def outside(self, decide: Callable[[Channel], Ring]) -> None:
        """What people outside do who are called."""
        self.pbx.telephones.outside = decide

    def pick_up(self, device: str, ring: Ring = Ring()) -> None:  # noqa: B008  a plan, which nobody changes
        """Whoever a device rings for picks up, and talks until the other side hangs up."""
        ringing = [one for one in self.pbx.channels.of_device.get(device, ()) if one.state == RINGING]
        assert ringing, f"{device} does not ring"
        self.do(lambda: self.pbx.telephones.pick_up(ringing[0], ring))

    def hang_up(self, device: str) -> None:
        """Whoever talks from a device hangs up."""

        def down() -> None:
            for channel in [*self.pbx.channels.of_device.get(device, ())]:
                talking = self.pbx.talking
                (talking.put_down if channel.caller is None else talking.hang_up)(channel)

        self.do(down)

    # --- what is known of it -------------------------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()


class Running(Daemon):
    """The office's daemon as a process."""

    office: Office  # type: ignore[assignment]

    def __init__(self, office: Office) -> None:
        super().__init__(office)  # type: ignore[arg-type]  # it needs a port and a config, which both have

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.ready()
        await self.counted('acting_up{pbx="office"}')
        await self.until(lambda text: LOOKED in text)  # what is in a mailbox from now on is new
        return self

    async def until_rows(self, query: str) -> None:
        """Wait until the database holds such rows."""
        await self.until(lambda _text: bool(self.office.rows(query)))


@asynccontextmanager
async def simulated(folder: Path, accounts: Path, **lines: str) -> AsyncIterator[Office]:
    """An office without a daemon; `accounts` is its database; `enquiries` and `nurse` are more keys for their lines."""
    pbx = build(beginning_now(read(SCENARIO), wall_time()))
    async with AmiServer(pbx, {one.name: one for one in (READS, ACTS)}) as server:
        yield Office(folder, pbx, server, accounts=accounts, lines=lines)


async def command(office: Office, *words: str, told: str = "") -> str:
    """What a command of callcentre's prints, given `told` on its standard input."""
    process = await forked(*words, "--config", str(office.config), stdin=PIPE)
    async with asyncio.timeout(DEADLINE):
        out, err = await process.communicate(told.encode())
    assert process.returncode == 0, err.decode()
    return out.decode()
