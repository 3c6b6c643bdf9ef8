"""Asterisk's own books as a case leaves them: CEL, queue_log, CDR. (Its spool is spool.py.)"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cel:
    """One row of cel.csv, which has microseconds."""

    kind: str
    t: float
    number: str
    exten: str
    context: str
    channel: str
    app: str
    data: str
    uniqueid: str
    linkedid: str
    extra: str

    @property
    def short(self) -> str:
        """The row as truth.json shows it."""
        return f"{self.t:.6f} {self.kind} {self.channel} {self.app} {self.extra}"


@dataclass(frozen=True, slots=True)
class QueueLog:
    """One row of queue_log, which has whole seconds."""

    t: int
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    @property
    def short(self) -> str:
        """The row as truth.json shows it."""
        return "|".join([str(self.t), self.queue, self.agent, self.event, *self.data])


def read_cel(folder: Path) -> list[Cel]:
    """Every row of cel.csv, in the order written."""
    with (folder / "cel.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        return [
            Cel(
                kind=row[0],
                t=float(row[1]),
                number=row[2],
                exten=row[4],
                context=row[5],
                channel=row[6],
                app=row[7],
                data=row[8],
                uniqueid=row[9],
                linkedid=row[10],
                extra=row[12],
            )
            for row in csv.reader(file)
        ]


def read_queue_log(folder: Path) -> list[QueueLog]:
    """Every row of queue_log."""
    rows = []
    for line in (folder / "queue_log").read_text(encoding="utf-8", errors="replace").split("\n"):
        parts = line.split("|")
        # A caller's number with a line break in it spills over: only whole rows count.
        if len(parts) < 5 or not parts[0].isdigit():
            continue
        stamp, callid, queue, agent, event, *data = parts
        rows.append(QueueLog(int(stamp), callid, queue, agent, event, tuple(data)))
    return rows


CDR_COLUMNS = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp"),
    *("lastdata", "start", "answer", "end", "duration", "billsec", "disposition"),
    *("amaflags", "uniqueid", "userfield"),
)
CDR_SHOWN = (
    *("src", "dst", "channel", "dstchannel", "lastapp", "start", "answer", "end", "duration"),
    *("billsec", "disposition", "uniqueid"),
)


def read_cdr(folder: Path) -> list[dict[str, str]]:
    """Every row of Master.csv, the columns that truth.json shows."""
    with (folder / "Master.csv").open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [dict(zip(CDR_COLUMNS, row, strict=False)) for row in csv.reader(file)]
    return [{key: row.get(key, "") for key in CDR_SHOWN} for row in rows]
