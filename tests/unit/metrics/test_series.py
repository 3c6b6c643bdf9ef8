"""A million calls from a hundred thousand numbers leave an office of five lines at most 500 series."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

from prometheus_client import generate_latest

from callcentre.core.case_values import CaseState, ClockName
from callcentre.core.centre import Snapshot
from callcentre.core.charter import Attention, Office, Pbx
from callcentre.core.facts import (
    AttendanceChanged,
    BreachChanged,
    Call,
    CallEnded,
    CallHealed,
    CallOffered,
    Fact,
    GapOpened,
    MenuAbandoned,
    Visit,
    VoicemailUsed,
)
from callcentre.core.terms import (
    ActionKind,
    ActionResult,
    Attendance,
    Hours,
    MailboxState,
    MemberState,
    Mode,
    NoticeKind,
    Origin,
    Outcome,
    TaskOutcome,
    TaskState,
    Verdict,
    VisitResult,
    WrapKind,
)
from callcentre.metrics.counting import EVENTS
from callcentre.metrics.first_contact import FirstContactGauges, Inferred
from callcentre.metrics.greetings import GreetingGauge
from callcentre.metrics.need import NeedGauge
from tests.unit.metrics.offices import ACKNOWLEDGES, Scrape, breach, line, step
from tests.unit.metrics.test_callback_metrics import changed, closed, filing, message, task
from tests.unit.metrics.test_case_metrics import judged
from tests.unit.metrics.test_first_contact import asked, said
from tests.unit.runtime.samples import NOON, answered, call, unanswered

MOST = 500
# With cases of two kinds, questions after calls and recorded messages as well, which an office may have or not.
MOST_WITH_ALL_ELSE = 550
CALLS, NUMBERS = 1_000_000, 100_000
ENFORCED = Attention(mode=Mode.ENFORCE, standby=("PJSIP/109",), supervisors=("PJSIP/110",))
LINES = tuple(
    replace(line(name, "lab", f"{600 + n}@default"), attention=ENFORCED if name == "repairs" else Attention())
    for n, name in enumerate(("enquiries", "repairs", "rents", "bookings", "switchboard"))
)
OFFICE = Office(pbxs=(Pbx(name="lab", acts=True),), lines=LINES, fallback_line="switchboard")
NAMES = [each.name for each in LINES]
BUSY = Snapshot(
    in_sight={"lab": True},
    waiting={name: (NOON - timedelta(seconds=12),) for name in NAMES},
    agents={
        name: {MemberState.FREE: 2, MemberState.RINGING: 1, MemberState.TALKING: 3, MemberState.PAUSED: 1}
        for name in NAMES
    },
    attendance=dict.fromkeys(NAMES, (Attendance.ATTENDED, NOON)),
    core_hours=dict.fromkeys(NAMES, True),
    callbacks={
        **{name: {TaskState.OPEN: 3} for name in NAMES},
        "repairs": {TaskState.OPEN: 8, TaskState.CLAIMED: 1, TaskState.UNANSWERED: 2},
        "rents": {TaskState.OPEN: 1, TaskState.CLAIMED: 2, TaskState.DIALLING: 1},
    },
    mailboxes={name: {MailboxState.HEALTHY: 1} for name in NAMES},
)
WITH_CASES = replace(
    BUSY,
    cases={
        **{name: {("complaint", CaseState.OPEN): 2} for name in NAMES},
        "enquiries": {("complaint", CaseState.ACKNOWLEDGED): 1, ("enquiry", CaseState.OPEN): 1},
    },
    cases_overdue={"rents": 1},
)


def samples(scrape: Scrape) -> int:
    """How many series a scrape has, of whatever kind: its lines that are no comments."""
    return sum(not text.startswith("#") for text in generate_latest(scrape.registry).decode().splitlines())


def office(view: Snapshot = BUSY) -> Scrape:
    """The office of five lines, each with a queue, a mailbox and a need; its link is up."""
    scrape = Scrape(office=OFFICE, view=view)
    scrape.registry.register(NeedGauge(lambda: [("lab", name, 2) for name in NAMES]))
    followed = [Inferred(pbx="lab", line=name, calls=100, resolved=60) for name in NAMES]
    scrape.registry.register(FirstContactGauges(lambda: followed))
    scrape.metrics.link("lab", up=True)
    scrape.metrics.lag("lab", 0.002)
    scrape.metrics.acting("lab", up=True)
    scrape.metrics.notifications_pending("lab", 1)
    return scrape


def stay(queue: str, result: VisitResult, *, after: bool = False) -> Visit:
    leave = NOON + timedelta(seconds=20)
    return Visit(queue=queue, enter=NOON, leave=leave, result=result, after_answer=after)


# --- what comes in such an office ------------------------------------------------------------------------------------


def kinds_of(name: str) -> Iterator[Call]:
    """One call of each kind that comes to a line."""
    here: dict[str, Any] = {"line": name}
    shut = {**here, "hours": Hours.CLOSED, "within_rings": None}
    yield answered(wait=8, **here, visits=(stay(name, VisitResult.ANSWERED),))
    yield answered(wait=40, **here, visits=(stay(name, VisitResult.ANSWERED),))
    yield unanswered(outcome=Outcome.SHORT_ABANDONED, wait=2, **here, visits=(stay(name, VisitResult.ABANDONED),))
    yield unanswered(outcome=Outcome.ABANDONED, wait=70, **here, visits=(stay(name, VisitResult.ABANDONED),))
    for outcome in (Outcome.VOICEMAIL, Outcome.VOICEMAIL_EMPTY, Outcome.OVERFLOWED):
        yield unanswered(outcome=outcome, **here, visits=(stay(name, VisitResult.TIMEOUT),))
    yield unanswered(outcome=Outcome.REFUSED, wait=0, **here)
    yield unanswered(outcome=Outcome.LOST, within_seconds=None, **here)
    for outcome in (Outcome.CLOSED, Outcome.VOICEMAIL, Outcome.VOICEMAIL_EMPTY):
        yield unanswered(outcome=outcome, **shut)


def oddities() -> Iterator[Call]:
    """What comes to some lines and not to others."""
    yield answered(line="enquiries", hours=Hours.CLOSED)  # somebody stayed late
    for name in ("switchboard", "repairs"):
        yield answered(line=name, origin=Origin.INTERNAL)
        yield unanswered(outcome=Outcome.ABANDONED, line=name, origin=Origin.INTERNAL)
    visits = (stay("switchboard", VisitResult.ANSWERED), stay("repairs", VisitResult.ANSWERED, after=True))
    yield answered(line="switchboard", visits=visits)
    overflow = (stay("rents", VisitResult.TIMEOUT), stay("switchboard", VisitResult.ANSWERED))
    yield answered(line="rents", wait=50, visits=overflow)
    yield unanswered(outcome=Outcome.VOICEMAIL, line="bookings", visits=(stay("bookings", VisitResult.EXIT_KEY),))


def month() -> list[Fact]:
    """A hundred thousand calls, each from a number of its own, of every kind there is in the office."""
    kinds = [each for name in NAMES for each in kinds_of(name)] + list(oddities())
    facts: list[Fact] = []
    for number in range(NUMBERS):
        one = replace(kinds[number % len(kinds)], caller=f"07700{number:06d}")
        facts.append(CallEnded(pbx="lab", at=NOON, call=one))
    return facts


def beside() -> Iterator[Fact]:
    """What else a month brings: gaps and what was healed, messages and callbacks, nobody there."""
    yield GapOpened(pbx="lab", at=NOON, reason="link lost")
    yield MenuAbandoned(pbx="lab", at=NOON, uniqueid="1.1")
    for name in NAMES:
        for hours in Hours:
            yield CallOffered(pbx="lab", at=NOON, call=call(line=name, hours=hours))
        yield CallHealed(pbx="lab", at=NOON, call=answered(line=name))
        yield from (said(kind, line=name) for kind in WrapKind)
        yield from callbacks(name, (TaskOutcome.DONE, TaskOutcome.NO_ANSWER), (True,))
        for verdict in (Verdict.CLOSED_HOURS, Verdict.RANG_OUT, Verdict.ALL_BUSY):
            yield VoicemailUsed(pbx="lab", at=NOON, uniqueid="1.1", line=name, verdict=verdict, reason="why")
    yield from unattended("rents", [(ActionKind.RING_SUPERVISOR, ActionResult.OBSERVED)])
    done = [ActionKind.ADD_STANDBY, ActionKind.REMOVE_STANDBY]
    yield from unattended("repairs", [(action, ActionResult.DONE) for action in done])


def all_else(scrape: Scrape) -> None:
    """What an office may have or not: cases and what became of them, questions after calls, recorded messages."""
    stand = [("lab", name, "good", 2) for name in NAMES] + [("lab", "repairs", "unsigned", 1)]
    scrape.registry.register(GreetingGauge(lambda: stand))
    for name in NAMES:
        scrape.metrics.observe([judged(clock, line=name) for clock in ClockName])
    scrape.metrics.observe([asked(answer, line="rents") for answer in (None, 1, 2, 3, 4, 5)])
    scrape.metrics.observe([judged(clock, line="rents", in_time=False) for clock in ClockName])
    scrape.metrics.observe([judged(ClockName.ANSWER, line="enquiries", kind="enquiry")])


def callbacks(name: str, outcomes: Iterable[TaskOutcome], in_time: Iterable[bool]) -> Iterator[Fact]:
    """A message, a response to it, and tasks closed."""
    yield changed(task=task(line=name), message=message(line=name), first=True, filings=(filing(None, line=name),))
    yield changed(task=task(line=name), responded=(filing(5, line=name),))
    for outcome, timely in product(outcomes, in_time):
        fact = closed(outcome, in_time=timely)
        assert fact.task is not None
        yield replace(fact, task=replace(fact.task, line=name))


def unattended(name: str, actions: Iterable[tuple[ActionKind, ActionResult]]) -> Iterator[Fact]:
    """A line without anybody, and what was done about it."""
    state = Attendance.UNATTENDED
    yield AttendanceChanged(pbx="lab", at=NOON, line=name, state=state, reason="nobody", core=True)
    steps = tuple(
        step(result, number, line=name, action=action) for number, (action, result) in enumerate(actions, start=1)
    )
    yield BreachChanged(pbx="lab", at=NOON, breach=breach(line=name), steps=steps)


def hostile(scrape: Scrape) -> None:
    """What callers and PBXs make up: events, queues, lines of an older configuration."""
    scrape.metrics.events("lab", {f"Forged{n}": 1 for n in range(20_000)})
    scrape.metrics.events("lab", {"0163 2960600\n": 2, "Other": 1, "other": 1, **dict.fromkeys(EVENTS, 7)})
    visits = tuple(stay(f"016329{n:05d}", VisitResult.ANSWERED) for n in range(1_000))
    scrape.metrics.observe([CallEnded(pbx="lab", at=NOON, call=answered(visits=visits))])
    for former in range(1_000):
        name = f"former {former}"
        scrape.metrics.observe([CallEnded(pbx="lab", at=NOON, call=answered(line=name))])
        scrape.metrics.observe([said(WrapKind.RESOLVED, line=name), asked(3, line=name)])
        scrape.metrics.observe([judged(line=name, kind=name)])
        scrape.metrics.observe(list(callbacks(name, (TaskOutcome.DONE,), (True,))))
        scrape.metrics.observe(list(unattended(name, [(ActionKind.DIVERT, ActionResult.DONE)])))


# --- what is left of it ----------------------------------------------------------------------------------------------


def much_happens(scrape: Scrape, months: int) -> None:
    """Calls, and all that is beside them in each office."""
    facts = month()
    for _ in range(months):
        scrape.metrics.observe(facts)
    scrape.metrics.observe(list(beside()))
    for kind in (NoticeKind.WARNING, NoticeKind.OVERDUE, NoticeKind.UNATTENDED, NoticeKind.RECOVERED):
        scrape.metrics.notified("lab", kind, "sent")
    scrape.metrics.notified("lab", NoticeKind.OVERDUE, "retry")
    scrape.metrics.quarantined("lab", "repeated_header")
    hostile(scrape)


def test_a_million_calls_from_a_hundred_thousand_numbers_leave_five_hundred_series_at_most() -> None:
    scrape = office()
    much_happens(scrape, CALLS // NUMBERS)
    assert samples(scrape) <= MOST
    counted = sum(
        scrape.value("calls_total", pbx="lab", line=name, outcome=outcome, hours=hours, origin=origin) or 0
        for name, outcome, hours, origin in product(NAMES, Outcome, Hours, Origin)
    )
    assert counted == CALLS + 1


def test_what_an_office_has_beside_calls_adds_few_series() -> None:
    scrape = office(WITH_CASES)
    much_happens(scrape, 1)
    all_else(scrape)
    hostile(scrape)
    assert samples(scrape) <= MOST_WITH_ALL_ELSE


def test_to_promise_acknowledgements_adds_three_series_a_line() -> None:
    told = replace(OFFICE, lines=tuple(replace(one, charter=ACKNOWLEDGES) for one in LINES))
    few, more = Scrape(office=OFFICE, view=BUSY), Scrape(office=told, view=BUSY)
    more.view = replace(BUSY, unacknowledged=dict.fromkeys(NAMES, 1))
    assert samples(more) - samples(few) == 3 * len(LINES)


def test_what_somebody_makes_up_makes_few_series_however_much_there_is_of_it() -> None:
    scrape = office()
    before = samples(scrape)
    hostile(scrape)
    once = samples(scrape)
    hostile(scrape)
    assert samples(scrape) == once
    assert once - before < 20, "events, and what goes by the name of other"
