"""Whatever happens, each message that was left has one task: random callers, listeners, looks, faults and restarts."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.voicemail_world import BOXES, Left, World

TO = [("600@default",), ("601@default",), ("600@default", "601@default"), ("699@default",)]
LOOKS: list[tuple[str, ...]] = [(), (), ("600@default", "601@default"), ("699@default",)]
"""Without files, and without the PBX's word, a copy in another mailbox is known as one only beside its original."""


class Play:
    """A voicemail office where chance decides what comes next, with a daemon that may be anything but up."""

    def __init__(self, chance: Random, world: World) -> None:
        self.chance, self.world = chance, world
        for folder in chance.choices(["INBOX", "Old", "Work"], k=chance.randrange(3)) * (world.source != "counts"):
            caller = world.enters("600@default")
            left = world.leaves(caller, 1, 9, 0, "")
            left.before_start, left.places = True, {("600@default", folder)}
            world.callers.remove(caller)
        world.now = 0
        world.start()
        world.link_up()

    def run(self, steps: int) -> None:
        """So many steps; then everything is told, and held against what was left."""
        rules = [
            *[self.somebody_leaves_a_message] * 3,
            *[self.time_passes] * 3,
            *[self.the_daemon_hears] * 6,
            *[self.a_look_goes_on] * 6,
            *[self.somebody_hangs_up] * 2,
            self.a_caller_leaves_another,
            self.somebody_comes,
            self.somebody_moves_one,
            self.somebody_deletes_one,
            self.somebody_forwards_one,
            self.a_file_is_damaged_or_mended,
            self.the_daemon_restarts,
            self.the_pbx_comes_or_goes,
        ]
        self.steps(rules, steps)
        self.world.settle()
        self.world.check()

    def steps(self, rules: list[Callable[[], None]], number: int) -> None:
        """Let chance decide; what is on the wire is never late for longer than a look may last."""
        for _ in range(number):
            self.chance.choice(rules)()
            while self.world.wire and self.world.at - self.world.wire[0][0].at > timedelta(minutes=2):
                self.world.hear_one()

    @property
    def mailboxes(self) -> list[tuple[str, ...]]:
        return TO

    def a_message(self) -> Left | None:
        there = [one for one in self.world.left if one.places]
        return self.chance.choice(there) if there else None

    def witnesses(self) -> str:
        others = self.chance.sample("vu", self.chance.randrange(3))
        return "".join(self.chance.sample(["m", *others], len(others) + 1))

    # --- callers -----------------------------------------------------------------------------------------------------

    def somebody_comes(self) -> None:
        self.world.enters(*self.chance.choice(self.mailboxes))

    def somebody_leaves_a_message(self) -> None:
        caller = self.world.enters(*self.chance.choice(self.mailboxes))
        greeting, speech = self.chance.uniform(0.5, 5), self.chance.uniform(3, 90)
        self.world.leaves(caller, greeting, speech, self.chance.choice([0, 0, 1, 30]), self.witnesses())

    def a_caller_leaves_another(self) -> None:
        if self.world.callers:
            caller = self.chance.choice(self.world.callers)
            self.world.now += 1.5
            self.world.again(caller)
            self.world.leaves(caller, 1, self.chance.uniform(3, 90), 0, self.witnesses())

    def somebody_hangs_up(self) -> None:
        if self.world.callers:
            self.world.hangs_up(self.chance.choice(self.world.callers))

    # --- listeners ---------------------------------------------------------------------------------------------------

    def somebody_moves_one(self) -> None:
        if one := self.a_message():
            box, folder = min(one.places)[0], self.chance.choice(["Old", "Work", "INBOX", "Urgent"])
            heard = folder in ("Old", "Work")
            one.places = {(mailbox, folder if mailbox == box else was) for mailbox, was in one.places}
            if not heard or self.chance.random() < 0.5:
                self.world.waiting(box, uniqueid="77.7" if heard else None)

    def somebody_deletes_one(self) -> None:
        one = self.a_message()
        if one is None or (not one.seen and (len(one.places) > 1 or self.unseen(one.box, damaged=True))):
            return
        box = min(one.places)[0]
        one.places = {place for place in one.places if place[0] != box}
        if self.chance.random() < 0.5:
            self.world.waiting(box)

    def somebody_forwards_one(self) -> None:
        one = self.a_message()
        # Nothing may tell where a message was left, if it was moved to another mailbox before any look.
        traced = one is not None and (one.seen or (self.world.source == "spool" and len(one.places) == 1))
        if one and one.msg_id and not one.damaged and traced:
            to = self.chance.choice(BOXES)
            one.places = {*one.places, (to, "INBOX")} if self.chance.random() < 0.5 else {(to, "INBOX")}
            self.world.waiting(to)

    def unseen(self, box: str, *, damaged: bool) -> bool:
        """Whether a message of this mailbox that no look has seen is damaged, or deleted.

        Of two messages without a trace in a mailbox, one damaged and the other deleted, nothing tells them apart.
        """
        here = (one for one in self.world.left if one.box == box and not one.seen)
        return any(one.damaged if damaged else not one.places for one in here)

    # --- faults ------------------------------------------------------------------------------------------------------

    def a_file_is_damaged_or_mended(self) -> None:
        one = self.a_message()
        if one is None or self.world.source != "spool" or {box for box, _ in one.places} != {one.box}:
            return
        # Of a file that cannot be read only its time is known, and a caller who goes on pressing keys makes it late.
        if not one.reviewed and (one.seen or not self.unseen(one.box, damaged=False)):
            one.damaged, self.world.was_damaged = not one.damaged, True

    def the_daemon_restarts(self) -> None:
        self.world.now += self.chance.choice([0.5, 5, 100, 4000])
        self.world.start()

    def the_pbx_comes_or_goes(self) -> None:
        if self.world.in_sight:
            self.world.link_down()
        else:
            self.world.link_up()

    # --- the daemon --------------------------------------------------------------------------------------------------

    def time_passes(self) -> None:
        self.world.now += self.chance.uniform(0.01, 200)

    def the_daemon_hears(self) -> None:
        for _ in range(min(self.chance.randint(1, 4), len(self.world.wire))):
            self.world.hear_one()

    def a_look_goes_on(self) -> None:
        world = self.world
        if world.looked is not None:
            world.take_look()
        elif world.look is None or world.at - world.look[0] > timedelta(seconds=30):
            # A daemon that starts looks at everything first.
            world.begin_look(*(self.chance.choice(LOOKS) if world.whole_since == world.life else ()))
        else:
            number = self.chance.choice([0, *(one.number for one in world.left if one.seen)])
            fault = self.chance.choice(["", "", "miss", "twice"])
            world.read(miss=number if fault == "miss" else None, twice=number if fault == "twice" else None)


KINDS = [("spool", True), ("spool", False), ("ami", True)]


@pytest.mark.parametrize("waits", [True, False], ids=["with class call", "without"])
@pytest.mark.parametrize("dialplan", [True, False], ids=["with class dialplan", "without"])
@pytest.mark.parametrize(("source", "ids"), KINDS, ids=["files", "files without ids", "VoicemailBoxSummary"])
def test_each_message_has_one_task(source: str, ids: bool, dialplan: bool, waits: bool) -> None:
    @settings(max_examples=50, deadline=None, derandomize=True)
    @given(chance=st.randoms(use_true_random=True), steps=st.integers(1, 60))
    def play(chance: Random, steps: int) -> None:
        Play(chance, World(source=source, dialplan=dialplan, ids=ids, waits=waits, now=-1000)).run(steps)

    play()


class Counting(Play):
    """The same where only counts can be seen; nobody listens while something is unseen, for that hides as much."""

    def run(self, steps: int) -> None:
        """So many steps; in the end every message has its task, because each was in its mailbox at some look."""
        rules = [
            *[self.somebody_leaves_a_message] * 3,
            *[self.time_passes] * 2,
            *[self.the_daemon_hears] * 5,
            *[self.a_look_goes_on] * 5,
            *[self.somebody_hangs_up] * 2,
            self.a_caller_leaves_another,
            self.all_are_heard,
            self.the_daemon_restarts,
            self.the_pbx_comes_or_goes,
        ]
        self.steps(rules, steps)
        self.world.settle()
        assert set(self.world.first.values()) <= {1}
        assert self.world.first.total() == len(self.world.left), (self.world.left, self.world.rows)

    @property
    def mailboxes(self) -> list[tuple[str, ...]]:
        return [(box,) for box in BOXES]

    def a_look_goes_on(self) -> None:
        """Counts are read at one moment, a little after the look began."""
        world = self.world
        if world.looked is not None:
            world.take_look()
        else:
            world.now += 0.1
            began = self.chance.uniform(0, 1.5)
            world.now -= began
            world.begin_look()
            world.now += began
            world.read()

    def everything_is_known(self) -> None:
        world = self.world
        while world.wire:
            world.hear_one()
        world.now += 5
        world.begin_look()
        world.read()
        world.take_look()

    def all_are_heard(self) -> None:
        if self.world.in_sight:
            self.everything_is_known()
            for one in self.world.left:
                one.places = {(box, "Old") for box, _ in one.places}
            self.world.now += 1
            for box in BOXES:
                self.world.waiting(box, uniqueid="77.7")
            self.everything_is_known()

    def the_daemon_restarts(self) -> None:
        self.everything_is_known()
        super().the_daemon_restarts()


@pytest.mark.parametrize("waits", [True, False], ids=["with class call", "without"])
@pytest.mark.parametrize("dialplan", [True, False], ids=["with class dialplan", "without"])
def test_each_message_has_one_task_where_only_counts_are_seen(dialplan: bool, waits: bool) -> None:
    @settings(max_examples=50, deadline=None, derandomize=True)
    @given(chance=st.randoms(use_true_random=True), steps=st.integers(1, 60))
    def play(chance: Random, steps: int) -> None:
        Counting(chance, World(source="counts", dialplan=dialplan, waits=waits, now=-1000)).run(steps)

    play()
