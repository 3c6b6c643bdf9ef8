"""Whether callers can leave a message: each mailbox's row and state, told when it gets worse and when it is well."""

from typing import Any

import pytest

from callcentre.core.events import Event
from callcentre.core.facts import DayStood, MailboxSeen, OpenRows
from callcentre.core.mailbox_health import MailboxHealth
from callcentre.core.standings import day_began
from callcentre.core.tasks import Notice
from callcentre.core.terms import MailboxState, NoticeKind
from tests.unit.core.happenings import at, waiting
from tests.unit.core.spools import BOX, OFFICE, OTHER, UNNAMED, box_row, counts, holds, look, stored, witnessed

HEALTHY, NEARLY_FULL, FULL = MailboxState.HEALTHY, MailboxState.NEARLY_FULL, MailboxState.FULL
MISSING, NOT_RECORDABLE = MailboxState.MISSING, MailboxState.NOT_RECORDABLE


class Health:
    """The health of an office's mailboxes, with every row it told."""

    def __init__(self, *rows: MailboxSeen) -> None:
        self.core = MailboxHealth(OFFICE)
        self.rows: list[MailboxSeen] = []
        self.days: list[DayStood] = []
        self.core.restore(OpenRows(boxes=rows), at(0))

    def hear(self, *events: Event) -> "Health":
        for event in events:
            facts = self.core.handle(event)
            self.rows += [fact for fact in facts if isinstance(fact, MailboxSeen)]
            self.days += [fact for fact in facts if isinstance(fact, DayStood)]
        return self

    def holding(self, *news: int, capacity: int = 100, start: float = 1) -> "Health":
        """A look each minute at a mailbox that holds so many new messages."""
        return self.hear(
            *(look(start + 60 * i, counts(new, capacity=capacity), source="ami") for i, new in enumerate(news))
        )

    @property
    def row(self) -> MailboxSeen:
        return self.rows[-1]

    @property
    def states(self) -> list[MailboxState]:
        return [row.state for row in self.rows]

    @property
    def notices(self) -> list[Notice]:
        return [row.notice for row in self.rows if row.notice is not None]

    @property
    def told(self) -> list[str]:
        return [notice.title.removeprefix(f"enquiries: mailbox {BOX} ") for notice in self.notices]


# --- rows ----------------------------------------------------------------------------------------------------------


def test_a_mailbox_leaves_a_row() -> None:
    row = Health().hear(look(1, counts(3, old=2, capacity=100), source="ami")).row
    assert row == box_row(
        1, 3, old=2, capacity=100, state=HEALTHY, reason="3 of at most 100 new messages are in it", notice=None
    )


def test_its_line_is_the_one_that_names_it_or_the_fallback_line() -> None:
    health = Health().hear(look(1, counts(0), counts(0, box=OTHER), counts(0, box=UNNAMED)))
    assert [(row.line, row.named) for row in health.rows] == [
        ("enquiries", True),
        ("bookings", True),
        ("bookings", False),
    ]


def test_where_files_are_read_new_and_old_are_counted() -> None:
    there = (stored(1), stored(2, 2, "Urgent"), stored(3, 3, "Old"), stored(4, 4, "Work"))
    row = Health().hear(look(1, holds(*there))).row
    assert (row.new, row.old, row.capacity) == (2, 1, None)


def test_files_and_the_pbx_do_not_unsay_each_other() -> None:
    health = Health().hear(
        look(1, holds(stored(1))), look(2, counts(7, capacity=100), source="ami"), look(3, holds(stored(1)))
    )
    assert (health.row.new, health.row.capacity, len(health.rows)) == (1, 100, 2)


def test_a_row_is_written_when_it_changed_and_else_once_an_hour() -> None:
    health = Health().holding(*[3] * 60, 4, *[4] * 60)
    assert [row.at for row in health.rows] == [at(1), at(3601), at(7201)]


def test_and_when_the_mailbox_changed_though_its_counts_are_the_same() -> None:
    """Its row must say of when the count is: what was left later is not in it."""
    health = Health().holding(3).hear(waiting(30, BOX, 3), look(29, counts(3, capacity=100), source="ami"))
    assert len(health.rows) == 1
    assert [row.at for row in health.holding(3, 3, start=61).rows] == [at(1), at(61)]
    health.core.handle_fact(witnessed(130))
    assert [row.at for row in health.holding(3, 3, start=181).rows] == [at(1), at(61), at(181)]


def test_an_earlier_look_told_late_is_not_believed() -> None:
    health = Health().holding(3, start=60).holding(99, start=30)
    assert (len(health.rows), health.row.new) == (1, 3)


def test_before_the_first_look_at_everything_no_row_says_that_there_was_one() -> None:
    part = look(1, counts(3), whole=False)
    assert Health().hear(part).rows == []
    assert len(Health(box_row(-60)).hear(part).rows) == 1
    assert len(Health().hear(part, look(2, counts(3)), look(3, counts(4), whole=False)).rows) == 2
    assert len(Health().hear(part, look(121, counts(3), whole=False)).rows) == 1


# --- states --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "capacity", "state"),
    [
        (79, 100, HEALTHY),
        (80, 100, NEARLY_FULL),
        (99, 100, NEARLY_FULL),
        (100, 100, FULL),
        (4, 4, FULL),
        (0, 0, HEALTHY),
    ],
)
def test_how_full_it_is(new: int, capacity: int, state: MailboxState) -> None:
    assert Health().holding(new, capacity=capacity).row.state is state


def test_it_is_told_when_it_gets_worse_and_when_it_is_well_again() -> None:
    health = Health().holding(10, 80, 100, 90, 70)
    assert health.states == [HEALTHY, NEARLY_FULL, FULL, NEARLY_FULL, HEALTHY]
    assert health.told == ["is nearly full", "is full", "takes messages again"]
    first = health.notices[0]
    assert (first.kind, first.line, first.to, first.at) == (NoticeKind.MAILBOX, "enquiries", ("anna",), at(61))
    assert first.key == f"mailbox lab {BOX} nearly_full {at(61).isoformat()}"
    assert "80 of at most 100 new messages" in first.text


def test_at_the_edge_it_does_not_flap() -> None:
    health = Health().holding(80, 79, 80, 75, 80, 74, 79, 80)
    assert health.states == [NEARLY_FULL] * 5 + [HEALTHY, HEALTHY, NEARLY_FULL]
    assert health.told == ["is nearly full", "takes messages again", "is nearly full"]


def test_a_full_mailbox_of_which_one_is_heard_and_one_is_left_is_told_once() -> None:
    health = Health().holding(100, 99, 100, 94, 100)
    assert health.states == [FULL, NEARLY_FULL, FULL, NEARLY_FULL, FULL]
    assert health.told == ["is full", "is full"]


def test_a_mailbox_that_the_pbx_does_not_have() -> None:
    health = Health().hear(look(1, source="ami", missing=(BOX,)), look(2, holds()), look(3, counts(0), source="ami"))
    assert health.states == [MISSING, MISSING, HEALTHY]
    assert health.told == ["is missing", "takes messages again"]


def test_a_mailbox_that_cannot_be_written() -> None:
    broken = holds(problem="the disk is full")
    health = Health().hear(look(1, broken), look(2, counts(0, capacity=9), source="ami"), look(3, holds()))
    assert health.states == [NOT_RECORDABLE, NOT_RECORDABLE, HEALTHY]
    assert health.told == ["cannot take messages", "takes messages again"]
    assert "the disk is full" in health.notices[0].text


def test_a_worse_thing_is_told_beside_the_bad_one() -> None:
    health = Health().holding(100).hear(look(70, source="ami", missing=(BOX,))).holding(100, start=130)
    assert health.told == ["is full", "is missing"]
    assert health.row.state is FULL


# --- a restart -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "new"), [(NEARLY_FULL, 85), (FULL, 100)])
def test_what_was_told_before_a_restart_is_not_told_again(state: MailboxState, new: int) -> None:
    row = box_row(-60, new, capacity=100, state=state)
    health = Health(row).holding(new, new)
    assert (health.told, health.row.state) == ([], state)
    assert Health(row).holding(10).told == ["takes messages again"]


def test_what_only_the_other_look_can_see_is_not_over_after_a_restart() -> None:
    row = box_row(-60, None, state=MISSING, reason="gone")
    health = Health(row).hear(
        look(1, holds()),
        look(2, source="ami", missing=(BOX,)),
        look(61, holds()),
        look(62, source="ami", missing=(BOX,)),
    )
    assert (health.told, health.core.counts()["enquiries"][MISSING]) == ([], 1)
    over = Health(row).hear(look(1, holds()), look(2, counts(0), source="ami"))
    assert over.told == ["takes messages again"]


def test_what_is_seen_is_said_at_once_after_a_restart() -> None:
    row = box_row(-60, None, state=MISSING, reason="gone")
    health = Health(row).hear(look(1, holds(problem="the disk is full")))
    assert (health.row.state, health.told) == (NOT_RECORDABLE, [])


# --- counts --------------------------------------------------------------------------------------------------------


def test_each_day_with_a_look_is_written_down_once_and_again_when_it_is_no_longer_good() -> None:
    day = 86_400
    health = Health().holding(3, 4, 100, 100, 2, start=1)
    health.holding(2, 2, start=day + 1).holding(100, 2, start=3 * day + 1)
    zone = OFFICE.lines[0].zone
    told = [(fact.since, fact.good, fact.bad) for fact in health.days]
    first, second, fourth = (day_began(at(days * day + 1), zone) for days in (0, 1, 3))
    assert told == [(first, 1, 0), (first, 0, 1), (second, 1, 0), (fourth, 0, 1)]
    assert {(fact.pbx, fact.line, fact.what) for fact in health.days} == {("lab", "enquiries", BOX)}


def counted(health: Health) -> dict[str, dict[MailboxState, int]]:
    return {line: {state: n for state, n in of.items() if n} for line, of in health.core.counts().items()}


def test_mailboxes_are_counted_by_line_and_state() -> None:
    health = Health().hear(look(1, counts(5, capacity=5), counts(0, box=OTHER), counts(0, box=UNNAMED)))
    assert counted(health) == {"enquiries": {FULL: 1}, "bookings": {HEALTHY: 2}}


def test_a_mailbox_that_is_no_longer_named_is_not_counted() -> None:
    both: Any = counts(0), counts(0, box=UNNAMED)
    health = Health().hear(look(1, *both), look(60, both[0]), look(120, both[0]))
    assert counted(health)["bookings"] == {HEALTHY: 1}
    assert counted(health.hear(look(180, both[0])))["bookings"] == {}
    assert counted(health.hear(look(240, *both)))["bookings"] == {HEALTHY: 1}


def test_it_needs_no_timer() -> None:
    assert Health().core.next_timer() is None
