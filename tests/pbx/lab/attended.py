"""Holds what callcentre saw of a line's attendance, and did about it, against the queue's own book and the telephones.

Truth: queue_log (who logged on and off, who paused, in whole seconds), registrations, the telephones' wires, CEL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.pbx.lab import books
from tests.pbx.lab.cases import Acting, Case
from tests.pbx.lab.hold import epoch, gaps
from tests.pbx.lab.truth import NAMES

Row = dict[str, Any]

SOON = 1.0
"""Seconds within which a change is seen."""

MOMENT = 0.15
GRACE = RECOVERY = 2.0
LATE = 2.5
"""Seconds by which a busy machine may be late with what is to happen after grace or recovery."""

RING_OUT_LIMIT = 3
EXTENSIONS = {name: extension for extension, name in NAMES.items()}
STATIC = {"care": ("106",), "dynamic": ()}


@dataclass(slots=True)
class Watched:
    """What the daemon's database holds of one line, in order of time."""

    attendance: list[Row] = field(default_factory=list)
    breaches: list[Row] = field(default_factory=list)
    breach_steps: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Turn:
    """The line became attended, or not, between two moments."""

    earliest: float
    latest: float
    state: str


def hold_attended(case: Case, out: Path, truth: Row, watched: Watched) -> list[str]:
    """Every difference between what was so and what callcentre saw and did."""
    return [] if case.acting is None else list(_Held(case, case.acting, out, truth, watched).differences())


class _Held:
    def __init__(self, case: Case, acting: Acting, out: Path, truth: Row, watched: Watched) -> None:
        self.case = case
        self.acting = acting
        self.out = out
        self.truth = truth
        self.watched = watched
        self.log = [row for row in books.read_queue_log(out) if row.queue == acting.line]
        self.turns = list(self._turns())

    def differences(self) -> Iterator[str]:
        states = tuple(turn.state for turn in self.turns)
        if states != self.acting.states:
            yield f"the line was {states}, wanted {self.acting.states}: the lab is wrong"
        yield from self._states()
        yield from self._breaches()
        yield from self._steps()
        yield from self._standby()
        yield from self._supervisor()
        yield from self._events()
        pauses = tuple(row.data[0] if row.data else "" for row in self.log if row.event == "PAUSE")
        if pauses != self.acting.pauses:
            yield f"paused because of {pauses}, wanted {self.acting.pauses}"

    # --- what was so --------------------------------------------------------------------------------------------------

    def _turns(self) -> Iterator[Turn]:
        """The line's states by the books. Several changes within one second of queue_log are one."""
        there = {extension: {"in": True, "paused": False, "reached": True} for extension in STATIC[self.acting.line]}
        away = {extension for extension in NAMES if extension not in self.case.phones}
        for extension in away & there.keys():
            there[extension]["reached"] = False
        state = ""
        for earliest, latest, extension, what in sorted(self._changes()):
            seat = there.setdefault(extension, {"in": False, "paused": False, "reached": extension not in away})
            seat.update(what)
            now = (
                "attended"
                if any(one["in"] and one["reached"] and not one["paused"] for one in there.values())
                else ("unattended")
            )
            if extension == "ring-out":
                now = "unattended" if what["paused"] else now
            if now != state:
                yield Turn(earliest, latest, now)
            state = now

    def _changes(self) -> Iterator[tuple[float, float, str, dict[str, bool]]]:
        words = {
            "ADDMEMBER": {"in": True, "paused": False},
            "REMOVEMEMBER": {"in": False},
            "PAUSE": {"paused": True},
            "UNPAUSE": {"paused": False},
        }
        begin = min(row["t_start"] for row in self.truth["calls"] + self.truth["may_be_unseen"]) - 60.0
        for extension in STATIC[self.acting.line]:
            yield begin, begin, extension, {}
        for row in self.log:
            if row.event in words:
                extension = EXTENSIONS.get(row.agent, row.agent.rpartition("/")[2])
                yield row.t, row.t + 1.0, extension, words[row.event]
        for doing in self.truth["doings"]:
            if doing["what"] in ("register", "unregister"):
                yield doing["t"], doing["over"], doing["extension"], {"reached": doing["what"] == "register"}
        yield from self._ring_outs()

    def _ring_outs(self) -> Iterator[tuple[float, float, str, dict[str, bool]]]:
        """Calls in a row that a free telephone rang out for, and what shows that somebody is there after all."""
        ends = [call["observed"]["end"] for call in self.truth["calls"] if call["observed"]["outcome"] == "abandoned"]
        here = [row.t for row in self._cel("callcentre-here")]
        if len(ends) >= RING_OUT_LIMIT and here:
            # A call is judged 2 seconds after its end.
            yield ends[-1], ends[-1] + 2.0, "ring-out", {"paused": True}
            yield here[0], here[-1], "ring-out", {"paused": False}

    def _cel(self, context: str) -> list[books.Cel]:
        return [row for row in books.read_cel(self.out) if row.context == context]

    # --- what callcentre saw ------------------------------------------------------------------------------------------

    def _states(self) -> Iterator[str]:
        said: list[Row] = []
        for row in self.watched.attendance:
            if row["state"] != "unknown" and (not said or said[-1]["state"] != row["state"]):
                said.append(row)
        if [row["state"] for row in said] != [turn.state for turn in self.turns]:
            yield f"attendance {[(row['state'], row['at'], row['reason']) for row in said]}, true {self.turns}"
            return
        # What was so when it began to listen, it saw then.
        for row, turn in list(zip(said, self.turns, strict=True))[1:]:
            if not self._within(_moment(row, "at"), turn.earliest, turn.latest + SOON):
                yield f"{turn.state} at {row['at']}, true {_time(turn.earliest)} to {_time(turn.latest)}"
            if turn.state == "unattended" and not row["reason"]:
                yield f"unattended at {row['at']} without a reason"

    def _within(self, said: float, earliest: float, latest: float) -> bool:
        """What happened while nobody listened is seen when somebody does again."""
        hidden = [end for start, end in gaps(self.truth) if start - SOON < latest and earliest < end]
        return earliest - MOMENT <= said <= max([latest, *(end + SOON for end in hidden)])

    def _breaches(self) -> Iterator[str]:
        rows = self.watched.breaches
        if [row["end"] for row in rows] != list(self.acting.ends):
            yield f"breaches {rows}, wanted {self.acting.ends}"
        for row in rows:
            if f'mode = "{row["mode"]}"' not in self.acting.keys or row["ended_at"] is None:
                yield f"breach {row}"
            if row["unattended_at"] is None:
                continue
            starts = {_moment(one, "at") for one in self.watched.attendance if one["state"] == "unattended"}
            if _moment(row, "unattended_at") not in starts:
                yield f"a breach since {row['unattended_at']}, when attendance did not change"
            grace = _moment(row, "alarmed_at") - _moment(row, "unattended_at")
            if not GRACE <= grace <= GRACE + LATE:
                yield f"people were told after {grace:.2f} s"

    # --- what callcentre did ------------------------------------------------------------------------------------------

    def _steps(self) -> Iterator[str]:
        said = [(row["action"], row["target"], row["result"]) for row in self.watched.breach_steps]
        same = len(said) == len(self.acting.steps) and all(
            mine[:2] == true[:2] and true[2] in (mine[2], "*")
            for mine, true in zip(said, self.acting.steps, strict=True)
        )
        if not same:
            yield f"steps {said}, wanted {self.acting.steps}"

    def _standby(self) -> Iterator[str]:
        """The standby telephone came into the queue once, by the book, and left it once; nobody else was touched."""
        if self.acting.standby is None:
            return
        own = [row for row in self.log if row.agent == f"PJSIP/{self.acting.standby}"]
        moves = [row for row in own if row.event in ("ADDMEMBER", "REMOVEMEMBER")]
        if [row.event for row in moves] != ["ADDMEMBER", "REMOVEMEMBER"]:
            yield f"the standby telephone: {[row.short for row in moves]}"
            return
        steps = {row["action"]: _moment(row, "settled_at") for row in self.watched.breach_steps}
        for row, action in zip(moves, ("add_standby", "remove_standby"), strict=True):
            if not row.t - MOMENT <= steps.get(action, 0.0) <= row.t + 1.0 + SOON:
                yield f"{action} at {_time(steps.get(action, 0.0))}, by the book {_time(row.t)}"
        yield from self._in_time(moves)

    def _in_time(self, moves: list[books.QueueLog]) -> Iterator[str]:
        """It was added when grace was over, and taken out when the line's own people had been back."""
        lost = [turn for turn in self.turns[1:] if turn.state == "unattended"]
        hidden = [end for _, end in gaps(self.truth)]
        if lost:
            until = max([lost[0].latest, *(end for end in hidden if end > lost[0].earliest)]) + GRACE + LATE
            if not lost[0].earliest + GRACE - 1.0 <= moves[0].t <= until:
                yield f"added at {_time(moves[0].t)}, unattended since {_time(lost[0].earliest)}"
        else:
            left = [row.t for row in self.log if row.event in ("PAUSE", "REMOVEMEMBER")]
            if moves[0].t > left[0]:
                yield f"cover was there at {_time(moves[0].t)}, the agent gone at {_time(left[0])}"
        own = [moment for moment in self._own_return() if moment > moves[0].t]
        seen = [end for start, end in gaps(self.truth) if own and start < own[0] < end]
        if not own or not own[0] + RECOVERY - 1.0 <= moves[1].t <= max([own[0] + 1.0, *seen]) + RECOVERY + LATE:
            yield f"taken out at {_time(moves[1].t)}, its own people back at {[_time(one) for one in own]}"

    def _own_return(self) -> Iterator[float]:
        for row in self.log:
            if row.event in ("ADDMEMBER", "UNPAUSE") and row.agent != f"PJSIP/{self.acting.standby}":
                yield float(row.t)
        for doing in self.truth["doings"]:
            if doing["what"] == "register":
                yield doing["over"]

    def _supervisor(self) -> Iterator[str]:
        """The supervisor's telephone rang once, was answered, and heard the line spelt."""
        if self.acting.supervisor is None:
            return
        rings = [row for row in self.truth["phones"] if row["ext"] == self.acting.supervisor]
        if len(rings) != 1 or "answered" not in rings[0]:
            yield f"the supervisor's telephone: {rings}"
            return
        log = (self.out / "messages.log").read_text(encoding="utf-8", errors="replace")
        spelt = re.findall(rf"<PJSIP/{self.acting.supervisor}-\w+> Playing 'letters/(\w)\.", log)
        if "".join(spelt)[: len(self.acting.line)] != self.acting.line:
            yield f"the supervisor heard {spelt}"
        if "bye_by_pbx" not in rings[0]:
            yield "the announcement did not end by itself"

    def _events(self) -> Iterator[str]:
        """The dialplan's own events, as Asterisk's log has them: once each, in their form."""
        log = (self.out / "messages.log").read_text(encoding="utf-8", errors="replace")
        raised = re.findall(r'UserEvent\("PJSIP/\S+", "(Callcentre(?:Here|Cover)),(.*?),End: 1"\)', log)
        told = [f"{name} " + fields.replace(": ", "=").replace(",", " ") for name, fields in raised]
        if tuple(told) != self.acting.events:
            yield f"the dialplan told {told}, wanted {self.acting.events}"


def _moment(row: Row, name: str) -> float:
    return epoch(row[name]) or 0.0


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().isoformat()
