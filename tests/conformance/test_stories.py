"""Random histories of tasks, cut at random commits: whatever was committed is whole.

Every filing has its task, every message of a task its filing, and no history has a hole. The stories know only the
rules of the contract, not those of the core.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from callcentre.core.facts import TaskChanged
from callcentre.core.tasks import Entry, Filing, Message, Task
from callcentre.core.terms import TaskOutcome, TaskState, TaskStep
from callcentre.store import tables
from callcentre.store.database import Database
from tests.conformance import promises, sample


@dataclass
class Desk:
    """What a core would hold: its tasks, filings and messages, and the history it has told."""

    chance: Random
    tasks: dict[int, Task] = field(default_factory=dict)
    filings: dict[str, Filing] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    entries: dict[tuple[int, int], Entry] = field(default_factory=dict)

    def story(self, steps: int) -> Iterator[TaskChanged]:
        """Tell one change after the other."""
        for moment in range(steps):
            open_tasks = [task for task in self.tasks.values() if task.state is not TaskState.CLOSED]
            kinds = [self._come] if not open_tasks else [self._come, self._join, self._note, self._close, self._merge]
            yield from self.chance.choice(kinds)(open_tasks, moment)

    def _come(self, _open: list[Task], moment: int) -> Iterator[TaskChanged]:
        number = len(self.tasks) + 1
        self.tasks[number] = promises.task(number, entries=0, opened_at=sample.after(moment))
        yield self._change(number, moment, TaskStep.OPENED, message=self._message(moment))

    def _join(self, open_tasks: list[Task], moment: int) -> Iterator[TaskChanged]:
        task = self.chance.choice(open_tasks)
        yield self._change(task.number, moment, TaskStep.MESSAGE_JOINED, message=self._message(moment))

    def _note(self, open_tasks: list[Task], moment: int) -> Iterator[TaskChanged]:
        task = self.chance.choice(open_tasks)
        self.tasks[task.number] = replace(task, holder=f"agent {moment}", attempts=task.attempts + 1)
        yield self._change(task.number, moment, TaskStep.NOTED, times=self.chance.randint(1, 3))

    def _close(self, open_tasks: list[Task], moment: int) -> Iterator[TaskChanged]:
        number = self.chance.choice(open_tasks).number
        self._settle(number, TaskOutcome.DONE)
        yield self._change(number, moment, TaskStep.CLOSED)

    def _merge(self, open_tasks: list[Task], moment: int) -> Iterator[TaskChanged]:
        if len(open_tasks) < 2:
            return
        into, other = self.chance.sample(open_tasks, 2)
        moved = [replace(f, task=into.number) for f in self.filings.values() if f.task == other.number]
        self.filings |= {filing.key: filing for filing in moved}
        self._settle(other.number, TaskOutcome.DUPLICATE)
        # Two facts, between which the daemon may end: the messages move with the first.
        yield self._change(into.number, moment, TaskStep.MESSAGE_JOINED, filings=tuple(moved))
        yield self._change(other.number, moment, TaskStep.CLOSED)

    def _settle(self, number: int, outcome: TaskOutcome) -> None:
        self.tasks[number] = replace(self.tasks[number], state=TaskState.CLOSED, outcome=outcome)

    def _message(self, moment: int) -> Message:
        made = promises.message(moment)
        self.messages[made.key] = made
        return made

    def _change(
        self,
        number: int,
        moment: int,
        step: TaskStep,
        *,
        message: Message | None = None,
        filings: tuple[Filing, ...] = (),
        times: int = 1,
    ) -> TaskChanged:
        before = self.tasks[number]
        task = self.tasks[number] = replace(before, entries=before.entries + times)
        seqs = range(before.entries + 1, task.entries + 1)
        new = tuple(promises.entry(seq, number, step=step, at=sample.after(moment), state=task.state) for seq in seqs)
        self.entries |= {(number, entry.seq): entry for entry in new}
        if message is not None:
            filing = promises.filing(moment, number)
            self.filings[filing.key] = filing
            filings = (filing,)
        return TaskChanged(
            pbx="lab",
            at=sample.after(moment),
            task=task,
            entries=new,
            message=message,
            first=message is not None,
            filings=filings,
        )


async def check_whole(database: Database) -> None:
    """The promises, asked of the rows as they are."""
    tasks, filings, history, messages = await sample.everything(
        database, tables.tasks, tables.filings, tables.task_history, tables.messages
    )
    entries = list(tables.tasks.columns.keys()).index("entries")
    told = Counter((row[0], row[1]) for row in history)
    last = {(row[0], row[1]): row[2] for row in history}
    for row in tasks:
        # As many as the task says, and the last bears that number: so none is missing.
        assert told[row[0], row[1]] == last[row[0], row[1]] == row[entries]
    assert {(row[0], row[2]) for row in filings} <= {(row[0], row[1]) for row in tasks}
    assert {row[:2] for row in filings} == {row[:2] for row in messages}


@pytest.mark.parametrize("seed", range(12))
async def test_what_was_committed_is_whole_wherever_it_ends(database: Database, address: str, seed: int) -> None:
    chance = Random(seed)
    desk = Desk(chance)
    story = list(desk.story(80))
    writing = await Database.open(address)
    try:
        while story:
            size = chance.randint(1, 12)
            group, story = story[:size], story[size:]
            await writing.writer.commit(group)
            await check_whole(database)
            then = chance.choice(["on", "on", "twice", "one by one", "restart"])
            if then == "twice":
                await writing.writer.commit(group)
            elif then == "one by one":
                for fact in group:
                    await writing.writer.commit([fact])
            elif then == "restart":
                await writing.close()
                writing = await Database.open(address)
            if then != "on":
                await check_whole(database)
    finally:
        await writing.close()
    await check_end(database, desk)


async def check_end(database: Database, desk: Desk) -> None:
    """All that was told is there, and nothing else."""
    found = [await database.queries.task("lab", number) for number in desk.tasks]
    assert {d.task.number: d.task for d in found if d is not None} == desk.tasks
    filings = {filing.key: filing for d in found if d is not None for filing in d.filings}
    assert filings == desk.filings
    messages = {message.key: message for d in found if d is not None for message in d.messages}
    assert messages == desk.messages
    entries = {(entry.task, entry.seq): entry for d in found if d is not None for entry in d.entries}
    assert entries == desk.entries
