"""Open and closed in AstDB: at each link, at each boundary, with a heartbeat; and no diversion left over."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.charter import Line, Office, Pbx
from callcentre.core.commands import StoreValue
from callcentre.core.events import ActionAnswered, Event, LinkDown, LinkUp, PbxShutdown, TimePassed
from callcentre.core.facts import BreachChanged, Fact, OpenRows
from callcentre.core.hints import CommandWanted
from callcentre.core.openings import Openings
from callcentre.core.terms import UTC, ActionKind, ActionResult, Mode
from tests.unit.core.offices import AROUND_THE_CLOCK, line, week

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday
NO_ROWS = OpenRows()
BEAT = f"heartbeat={int(TEN.timestamp())}"


class AstDB:
    """A PBX's AstDB, and what was sent to it. Without `answers` nothing arrives."""

    def __init__(self, *lines: Line, acts: bool = True, rows: OpenRows | None = NO_ROWS, answers: bool = True) -> None:
        lines = lines or (line(),)
        self.core = Openings(Office(pbxs=(Pbx(name="lab", acts=acts),), lines=lines, fallback_line=lines[0].name))
        self.values: dict[str, str] = {}
        self.sent: list[str] = []
        self.keys: list[str] = []
        self.answers = answers
        if rows is not None:
            assert self.core.restore(rows, TEN) == []

    def take(self, happening: Event | Fact) -> list[str]:
        """What was sent because of it."""
        facts = self.core.handle(happening) if isinstance(happening, Event) else self.core.handle_fact(happening)
        return [self._perform(fact, happening.at) for fact in facts]

    def _perform(self, fact: Fact, at: datetime) -> str:
        assert isinstance(fact, CommandWanted)
        command = fact.command
        assert isinstance(command, StoreValue)
        assert command.key not in self.keys
        assert len(command.key) <= 64
        self.keys.append(command.key)
        if self.answers:
            self.values.pop(command.name, None)
            if command.value is not None:
                self.values[command.name] = command.value
        answer = ActionAnswered(pbx="lab", at=at, key=command.key, done=self.answers, sent=self.answers)
        assert self.core.handle(answer) == []
        self.sent.append(f"{command.name}={command.value}")
        return self.sent[-1]

    def until(self, at: datetime) -> list[str]:
        """Let time pass."""
        sent: list[str] = []
        while (wake := self.core.next_timer()) is not None and wake <= at:
            sent += self.take(TimePassed(pbx="", at=wake))
            assert self.core.next_timer() != wake
        return sent


def up(at: datetime = TEN) -> LinkUp:
    return LinkUp(pbx="lab", at=at)


def states(sent: Iterable[str]) -> list[str]:
    return [one for one in sent if not one.startswith("heartbeat")]


def diverted(result: ActionResult = ActionResult.DONE, action: ActionKind = ActionKind.DIVERT, **more: Any) -> Any:
    names: dict[str, Any] = {"pbx": "lab", "line": "enquiries", "since": TEN}
    step = BreachStep(**names, seq=1, at=TEN, action=action, target="enquiries", result=result, **more)
    return Breach(**names, mode=Mode.ENFORCE, reason="nobody is logged in"), (step,)


def changed(result: ActionResult, action: ActionKind = ActionKind.DIVERT) -> BreachChanged:
    breach, steps = diverted(result, action)
    return BreachChanged(pbx="lab", at=TEN, breach=breach, steps=steps)


def test_at_the_link_every_line_is_told_and_a_diversion_left_over_is_cleared_once() -> None:
    pbx = AstDB(line(), line("orders", hours=week("12:00-13:00")))
    pbx.values["line/enquiries/divert"] = "1"
    assert pbx.take(up()) == [
        "line/enquiries/divert=None",
        "line/orders/divert=None",
        "line/enquiries/open=open",
        "line/orders/open=closed",
        BEAT,
    ]
    assert pbx.take(up(TEN + timedelta(seconds=5)))[:-1] == ["line/enquiries/open=open", "line/orders/open=closed"]


def test_a_heartbeat_each_minute_by_whole_seconds() -> None:
    pbx = AstDB()
    pbx.take(up(TEN + timedelta(milliseconds=900)))
    assert pbx.values["heartbeat"] == f"{int(TEN.timestamp())}"
    sent = pbx.until(TEN + timedelta(minutes=3, seconds=1))
    assert sent == [f"heartbeat={int(TEN.timestamp()) + 60 * n}" for n in (1, 2, 3)]


def test_each_boundary_tells_the_lines_that_open_or_close_there() -> None:
    pbx = AstDB(line(), line("orders", hours=week("12:00-13:00", "14:00-18:00")))
    pbx.take(up())
    assert states(pbx.until(TEN + timedelta(days=1))) == [
        "line/orders/open=open",
        "line/orders/open=closed",
        "line/orders/open=open",
        "line/enquiries/open=closed",
        "line/orders/open=closed",
        "line/enquiries/open=open",
    ]


def test_bank_holidays_are_closed_all_day() -> None:
    pbx = AstDB()
    pbx.take(up(datetime(2026, 12, 24, 17, tzinfo=UTC)))
    assert states(pbx.until(datetime(2026, 12, 29, 6, 59, 59, tzinfo=UTC))) == ["line/enquiries/open=closed"]
    assert states(pbx.until(datetime(2026, 12, 29, 7, 0, tzinfo=UTC))) == ["line/enquiries/open=open"]


def test_a_line_that_never_closes_is_open() -> None:
    pbx = AstDB(line(hours=AROUND_THE_CLOCK, holidays={}))
    assert pbx.take(up())[1:] == ["line/enquiries/open=open", BEAT]
    assert states(pbx.until(TEN + timedelta(days=2))) == []


def test_what_was_not_written_is_tried_with_the_next_heartbeat_until_it_is() -> None:
    pbx = AstDB(answers=False)
    pbx.take(up())
    for _ in range(2):
        assert len(states(pbx.until(pbx.core.next_timer() or TEN))) == 2
    pbx.answers = True
    assert len(states(pbx.until(pbx.core.next_timer() or TEN))) == 2
    assert states(pbx.until(pbx.core.next_timer() or TEN)) == []
    assert pbx.values["line/enquiries/open"] == "open"


def test_the_answer_to_an_older_attempt_does_not_settle_a_newer_value() -> None:
    pbx = AstDB(answers=False)
    at_close = TEN.replace(hour=17, minute=59, second=30)
    pbx.take(up(at_close))
    old = next(key for key, sent in zip(pbx.keys, pbx.sent, strict=True) if sent == "line/enquiries/open=open")
    pbx.until(TEN.replace(hour=18))
    pbx.core.handle(ActionAnswered(pbx="lab", at=TEN.replace(hour=18), key=old, done=True))
    assert "line/enquiries/open=closed" in pbx.until(TEN.replace(hour=18, minute=1))


@pytest.mark.parametrize("away", [LinkDown(pbx="lab", at=TEN, reason="silent"), PbxShutdown(pbx="lab", at=TEN)])
def test_out_of_sight_nothing_is_told(away: Event) -> None:
    pbx = AstDB()
    pbx.take(up())
    assert pbx.take(away) == []
    assert pbx.core.next_timer() is None
    late = TEN.replace(hour=20)
    assert pbx.take(up(late))[:-1] == ["line/enquiries/open=closed"]


def test_nothing_is_told_without_an_account_or_in_a_replay_or_to_others() -> None:
    assert AstDB(acts=False).take(up()) == []
    assert AstDB(rows=None).take(up()) == []
    assert AstDB().take(LinkUp(pbx="other", at=TEN)) == []


# --- diversions ------------------------------------------------------------------------------------------------------


def test_the_diversion_of_an_open_breach_is_left_to_it() -> None:
    pbx = AstDB(rows=OpenRows(breaches=(diverted(),)))
    assert "line/enquiries/divert=None" not in pbx.take(up())


@pytest.mark.parametrize("result", [ActionResult.OBSERVED, ActionResult.HELD_BACK, ActionResult.REFUSED])
def test_a_breach_that_does_not_divert_keeps_no_diversion(result: ActionResult) -> None:
    pbx = AstDB(rows=OpenRows(breaches=(diverted(result),)))
    assert "line/enquiries/divert=None" in pbx.take(up())


def test_a_breach_that_diverts_takes_the_key_over() -> None:
    pbx = AstDB(answers=False)
    pbx.take(up())
    pbx.take(changed(ActionResult.WANTED))
    assert "line/enquiries/divert=None" not in pbx.until(TEN + timedelta(minutes=5))


def test_a_diversion_that_the_pbx_would_not_end_is_tried_until_it_does() -> None:
    pbx = AstDB()
    pbx.take(up())
    pbx.take(changed(ActionResult.DONE))
    pbx.take(changed(ActionResult.REFUSED, ActionKind.UNDIVERT))
    assert states(pbx.until(TEN + timedelta(minutes=5))) == ["line/enquiries/divert=None"]
