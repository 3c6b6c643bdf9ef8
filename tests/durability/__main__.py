"""Kills the daemon at random moments while messages are left, and counts what became of each message.

    python -m tests.durability --kills 300 --store sqlite
    CALLCENTRE_TEST_POSTGRES=… python -m tests.durability --kills 300 --store postgres

The simulated PBX and its spool live in a process that is never killed: what lies in the spool at the end is the truth.
The daemon is the real one, forked from this process once its modules are loaded (that alone saves two seconds a
start; one in ALONE starts by itself), and ended by SIGKILL, spread over start, deposit, commit, claim and close. Exit 1
if any message has no task, or two.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.durability.books import Books, postgres, sqlite
from tests.durability.daemon import Daemon, command, loaded
from tests.durability.pbx import Pbx
from tests.durability.scenario import BOXES

PHASES = ("start", "deposit", "commit", "claim", "close")
LONGEST = 6.0
"""Seconds to wait for a moment (a message, a transaction) before killing anyway."""
SETTLE = 120.0
ALONE = 59
"""Every so many starts one is a new interpreter: a prime, so that each phase has its turn."""


class Killer:
    """Starts the daemon, waits for a moment of the wanted kind, kills it."""

    def __init__(self, pbx: Pbx, books: Books, chance: Random, log: Path) -> None:
        self._pbx, self._books, self._chance, self._log = pbx, books, chance, log
        self.done: Counter[str] = Counter()
        self.alone = 0

    def kill(self, phase: str) -> None:
        """One start and its end."""
        alone = self.done.total() % ALONE == 0
        self.alone += alone
        with Daemon(self._pbx.config, self._log, alone=alone) as daemon:
            getattr(self, f"_{phase}")(daemon)
            daemon.kill()
        self.done[phase] += 1

    def _start(self, _daemon: Daemon) -> None:
        self._within(0.5)

    def _deposit(self, daemon: Daemon) -> None:
        """About when a message is left: before, while and after the PBX tells of it."""
        self._ready(daemon)
        self._message()
        self._within(0.06)

    def _commit(self, daemon: Daemon) -> None:
        """In the middle of a transaction where that can be seen, else about when one is due after a message."""
        self._ready(daemon)
        self._message()
        self._until(self._books.is_writing, 0.15)
        self._within(0.002)

    def _claim(self, daemon: Daemon) -> None:
        self._asked(daemon, "claim", "open")

    def _close(self, daemon: Daemon) -> None:
        self._asked(daemon, "close", "claimed", "--outcome", "not_needed", "--why", "tried")

    def _asked(self, daemon: Daemon, action: str, state: str, *more: str) -> None:
        """A person claims or closes a task by command, and the daemon dies about then."""
        self._ready(daemon)
        self._until(lambda: bool(self._books.tasks(state)), every=0.02)
        numbers = self._books.tasks(state)
        if numbers:
            number = str(self._chance.choice(numbers))
            asking = command(self._pbx.config, "tasks", action, number, "--by", "Alice", *more)
            self._until(lambda: self._books.orders_open() > 0 or not asking.is_running(), SETTLE)
            self._within(0.25)
            asking.kill()

    def _ready(self, daemon: Daemon) -> None:
        """However long that takes on a busy machine: what is killed here was at work, not on its way."""
        self._until(daemon.is_ready, SETTLE, every=0.01)

    def _message(self) -> None:
        """Until one more is left; killed is at a moment of its own after that."""
        before = self._pbx.messages()
        self._until(lambda: self._pbx.messages() > before, every=0.002)

    def _within(self, seconds: float) -> None:
        time.sleep(self._chance.uniform(0, seconds))

    @staticmethod
    def _until(holds: Callable[[], bool], within: float = LONGEST, every: float = 0.0005) -> None:
        end = time.monotonic() + within
        while not holds() and time.monotonic() < end:
            time.sleep(every)


def main() -> None:
    """Run as asked, print the count, exit 1 if a message was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep everything here, the daemon's log too")
    given = parser.parse_args()
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
        sys.exit(run(given.folder, kills=given.kills, store=given.store, seed=given.seed))
    with tempfile.TemporaryDirectory(prefix="callcentre-durability-") as folder:
        sys.exit(run(Path(folder), kills=given.kills, store=given.store, seed=given.seed))


def run(folder: Path, *, kills: int, store: str, seed: int) -> int:
    """Kill so often, let the last daemon finish, and hold its books against the spool."""
    books = sqlite(folder) if store == "sqlite" else postgres(os.environ["CALLCENTRE_TEST_POSTGRES"])
    try:
        with Pbx(folder, books.url) as pbx:
            killer = Killer(pbx, books, Random(seed), folder / "daemon.log")
            loaded(pbx.config)
            begun = time.monotonic()
            for number in range(kills):
                killer.kill(PHASES[number % len(PHASES)])
                if number == 0:
                    move_in(pbx, books, folder / "daemon.log")
            took = time.monotonic() - begun
            pbx.hold()
            with Daemon(pbx.config, folder / "daemon.log") as last:
                settle(pbx, books)
                last.end()
            by_phase = ", ".join(f"{number} at {phase}" for phase, number in killer.done.items())
            by_phase += f"; {killer.alone} of them started by themselves"
            print(f"{store}: killed {sum(killer.done.values())} times in {took:.0f} s ({by_phase})")
            return books.report(pbx.spooled())
    finally:
        books.close()


def move_in(pbx: Pbx, books: Books, log: Path) -> None:
    """Let a daemon take its first look, and kill it then.

    What lay in a mailbox before the first look that is on record is backlog, which by design has no task until somebody
    decides. Callers come once a daemon has logged in: on a busy machine many could, before one was let live so long.
    """
    end = time.monotonic() + SETTLE
    with Daemon(pbx.config, log) as first:
        while books.boxes() < len(BOXES):
            if time.monotonic() > end or not first.is_running():
                raise RuntimeError("the first daemon did not look into its mailboxes; its log says why")
            time.sleep(0.02)


def settle(pbx: Pbx, books: Books) -> None:
    """Wait until the daemon has looked at everything that was left and carried out what was asked."""
    end = time.monotonic() + SETTLE
    while time.monotonic() < end and not (books.known() >= pbx.messages() and books.orders_open() == 0):
        time.sleep(0.2)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
