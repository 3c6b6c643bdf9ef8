"""Holds what callcentre made of a case's messages against the spool: each once, each in one task, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.pbx.lab.hold import LATE, Late, epoch, gaps, is_hidden
from tests.pbx.lab.office import FALLBACK, LINES

Row = dict[str, Any]

WITNESSED = 0.3
"""Seconds by which a message's time may differ where AMI told of it."""

READ = 4.5
"""The same where only the mailbox tells: metadata knows the recording's start, and a length without its silences."""

RANG_ENOUGH = 15.0
MOMENT = 0.2


@dataclass(slots=True)
class Tables:
    """What the daemon's database holds of one listener's PBX."""

    messages: list[Row] = field(default_factory=list)
    filings: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    callouts: list[Row] = field(default_factory=list)
    mailboxes: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a listener can know: with `spool` all metadata, with `lists` VoicemailBoxSummary, with neither counts."""

    name: str
    version: str

    @property
    def spool(self) -> bool:
        """Whether it reads the voicemail spool."""
        return self.name == "all"

    @property
    def lists(self) -> bool:
        """Whether the PBX lists it the messages of a mailbox."""
        return self.version != "16"

    @property
    def reads(self) -> bool:
        """Whether it learns who left a message that it did not hear of."""
        return self.spool or self.lists


def hold_filed(truth: Row, tables: Tables, account: Account) -> list[str]:
    """Every difference between the messages that were left and what callcentre holds of them."""
    return list(_Held(truth, tables, account).differences())


class _Held:
    def __init__(self, truth: Row, tables: Tables, account: Account) -> None:
        self.truth = truth
        self.tables = tables
        self.account = account
        self.calls = {call["uniqueid"]: call for call in truth["calls"]}
        self.known = [one for one in truth["voicemail"] if not self.unknowable(one)]
        self.rows: dict[str, tuple[Row, Row]] = {}

    def differences(self) -> Iterator[str]:
        yield from self._messages()
        yield from self._filings()
        yield from self._tasks()
        yield from self._callouts()

    # --- what can be known --------------------------------------------------------------------------------------------

    def unknowable(self, message: Row) -> bool:
        """Whether it had been removed before anybody could look."""
        gone = message["gone_at"]
        return gone is not None and is_hidden(self.truth, message) and any(gone < end for _, end in gaps(self.truth))

    def line(self, message: Row) -> set[str]:
        """The line of its call, or, where that was not seen, of its mailbox."""
        box = next((line.name for line in LINES if f"{message['origmailbox']}@default" in line.mailboxes), FALLBACK)
        call = self.calls.get(message["uniqueid"])
        named = {call["wanted"]["line"]} if call and call["wanted"]["line"] else {box}
        return named | {box} if self.account.name == "blind" or is_hidden(self.truth, message) else named

    def caller(self, message: Row) -> str | None:
        """The number that was shown; None where it was withheld, or where a listener cannot know it."""
        call = self.calls.get(message["uniqueid"])
        of_a_line = call is not None and call["wanted"]["line"] is not None
        # Without class dialplan a caller of no line cannot be told from somebody who listens: only the counts tell.
        unseen = is_hidden(self.truth, message) or (self.account.name == "blind" and not of_a_line)
        if not self.account.reads and unseen:
            return None
        return caller_of(message)

    # --- messages -----------------------------------------------------------------------------------------------------

    def _messages(self) -> Iterator[str]:
        left = list(self.tables.messages)
        for message in sorted(self.known, key=lambda one: is_hidden(self.truth, one)):
            near = [row for row in left if self._same(row, message)]
            if not near:
                yield f"message of {caller_of(message)} in {message['box']}: no row"
                continue
            row = min(near, key=lambda one: (one["msg_id"] != message["msg_id"], self._off(one, message)))
            left.remove(row)
            self.rows[row["key"]] = row, message
            yield from self._message(row, message)
        planted = sum(doing["what"] == "message damaged" for doing in self.truth["doings"])
        others = [row for row in left if planted and row["caller"] is None and row["mailbox"].startswith("641@")]
        if len(others) != planted:
            yield f"{planted} damaged messages, {len(others)} rows"
        others += [row for row in left if self._counted_copy(row)]
        for row in left:
            if row not in others:
                yield f"a message in {row['mailbox']} at {row['left_at']} (key {row['key']}) that nobody left"
        for row in others:
            self.rows[row["key"]] = row, {}

    def _counted_copy(self, row: Row) -> bool:
        """Where only counts can be seen, a copy in a second box cannot be told from a second message."""
        copies = [one for one in self.known if len(one["boxes"]) > 1 and is_hidden(self.truth, one)]
        boxes = {box for one in copies for box in one["boxes"]}
        return row["key"].startswith("count ") and not self.account.reads and row["mailbox"].partition("@")[0] in boxes

    def _same(self, row: Row, message: Row) -> bool:
        if row["msg_id"] is not None:
            return bool(row["msg_id"] == message["msg_id"])
        in_box = row["mailbox"].partition("@")[0] in message["boxes"]
        if row["uniqueid"] is not None and row["uniqueid"] != message["uniqueid"]:
            return False
        # Of a message that only a count tells of, nobody knows when it was left: between the last look and this.
        counted = not self.account.reads and is_hidden(self.truth, message)
        return in_box and (counted or self._off(row, message) < READ)

    @staticmethod
    def _off(row: Row, message: Row) -> float:
        return abs((epoch(row["left_at"]) or 0.0) - float(message["complete_at"]))

    def _message(self, row: Row, message: Row) -> Iterator[str]:
        who = f"message of {caller_of(message)} in {message['box']}"
        hidden, reads = is_hidden(self.truth, message), self.account.reads
        if row["mailbox"].partition("@")[0] not in message["boxes"]:
            yield f"{who}: mailbox {row['mailbox']}"
        if row["status"] != "filed":
            yield f"{who}: status {row['status']}"
        if row["line"].partition("-")[0] not in self.line(message):
            yield f"{who}: line {row['line']}, true {self.line(message)}"
        # Nobody must know who left a message that no event told of; who does know it, by its entry, is not wrong.
        if row["caller"] not in ({self.caller(message), caller_of(message)} if hidden else {self.caller(message)}):
            yield f"{who}: caller {row['caller']}"
        # A list may be read before the event is: then the time is the metadata's.
        exact = not hidden and (self.account.spool or not self.account.lists)
        off = self._off(row, message)
        if off > (WITNESSED if exact else READ) and (reads or not hidden):
            text = f"{who}: left at {row['left_at']}, off by {off:.2f} s"
            yield Late(text) if off < LATE else text
        # Asterisk itself believes what a caller wrote into its metadata, and lists that.
        believed = self.account.spool or message["uniqueid"] in self.calls
        if row["duration"] != message["duration"] and believed and (reads or row["duration"] is not None):
            yield f"{who}: {row['duration']} s, true {message['duration']}"
        if reads and row["msg_id"] != message["msg_id"]:
            yield f"{who}: msg_id {row['msg_id']}, true {message['msg_id']}"
        if self.account.spool and message["gone_at"] is None and not (row["in_mailbox"] and row["playable"]):
            yield f"{who}: is there to be played, said in_mailbox {row['in_mailbox']} playable {row['playable']}"

    # --- filings and tasks --------------------------------------------------------------------------------------------

    def _filings(self) -> Iterator[str]:
        numbers = {task["number"] for task in self.tables.tasks}
        counts = Counter(filing["key"] for filing in self.tables.filings)
        for key in self.rows:
            if counts.pop(key, 0) != 1:
                yield f"message {key} is not in exactly one task"
        for key in counts:
            yield f"a filing of {key}, which is no message of this case"
        for filing in self.tables.filings:
            if filing["task"] not in numbers:
                yield f"filing {filing['key']} in task {filing['task']}, which is not there"
            _, message = self.rows.get(filing["key"], ({}, {}))
            if message and self.account.spool and "Old" in message["folders"] and filing["heard_at"] is None:
                yield f"message of {caller_of(message)} was heard by telephone, its filing does not say so"

    def _tasks(self) -> Iterator[str]:
        """Messages (and callers who gave up, where the line says so) of one caller on one line are one task."""
        said: Counter[tuple[str, str | None]] = Counter()
        for task in self.tables.tasks:
            if (task["state"], task["outcome"]) != ("closed", "duplicate"):
                said[task["line"].partition("-")[0], task["caller"]] += 1
                yield from self._task(task)
        wanted: Counter[tuple[str, str | None]] = Counter()
        for row, _ in self.rows.values():
            name = row["line"].partition("-")[0], row["caller"]
            wanted[name] = wanted[name] + 1 if name[1] is None else 1
        for call in self._given_up():
            wanted[call["wanted"]["line"], call["cid"]] = 1
        for name in sorted(wanted.keys() | said.keys(), key=str):
            if wanted[name] != said[name]:
                yield f"{said[name]} tasks of {name[1]} on {name[0]}, true {wanted[name]}"

    def _given_up(self) -> Iterable[Row]:
        lines = {line.name for line in LINES if line.callback_abandoned}
        return [
            call
            for call in self.truth["calls"]
            if call["wanted"]["line"] in lines and call["observed"]["outcome"] == "abandoned"
        ]

    def _task(self, task: Row) -> Iterator[str]:
        number = task["caller"]
        if number is None:
            return
        since = min(
            [message["complete_at"] for _, message in self.rows.values() if message and caller_of(message) == number]
            + [call["observed"]["end"] for call in self._given_up() if call["cid"] == number],
            default=0.0,
        )
        dials = [dial for dial in self.truth["outside"] if dial["number"] == number and dial["ringing"] > since]
        state = "open"
        if dials:
            state = "reached" if any(dial["answered"] for dial in dials) else "unanswered"
        if task["state"] != state:
            yield f"task of {number} is {task['state']}, true {state}"
        if task["attempts"] != len(dials):
            yield f"task of {number}: {task['attempts']} attempts, true {len(dials)}"
        yield from self._responses(task, dials)
        through = [
            call["uniqueid"]
            for call in self.truth["calls"]
            if call["cid"] == number and call["observed"].get("agent_answer", 0.0) > since
        ]
        if task["got_through"] != (through[0] if through else None):
            yield f"task of {number}: got_through {task['got_through']}, true {through}"

    @staticmethod
    def _responses(task: Row, dials: list[Row]) -> Iterator[str]:
        rang = [dial["ringing"] + RANG_ENOUGH for dial in dials if dial["end"] - dial["ringing"] >= RANG_ENOUGH]
        reached = [dial["answered"] for dial in dials if dial["answered"]]
        for name, moments in (("responded_at", rang + reached), ("reached_at", reached)):
            said, true = epoch(task[name]), min(moments, default=None)
            if (said is None) != (true is None) or (said and true and abs(said - true) > MOMENT):
                yield f"task of {task['caller']}: {name} {task[name]}, true {true}"

    def _callouts(self) -> Iterator[str]:
        left = {row["uniqueid"]: row for row in self.tables.callouts}
        for dial in self.truth["outside"]:
            row = left.pop(dial["uniqueid"], None)
            if row is None:
                yield f"the dial of {dial['number']} by {dial['desk']} is missing"
                continue
            result = "connected" if dial["answered"] else "busy" if dial["refused"] else "no_answer"
            said = (row["caller"], row["telephone"], row["result"])
            if said != (dial["number"], dial["desk"], result):
                yield f"dial of {dial['number']}: {said}, true {dial['desk']} {result}"
            for name, key in (("ring_start", "ringing"), ("answered_at", "answered"), ("ended_at", "end")):
                moment = epoch(row[name])
                if (moment is None) != (dial[key] is None) or (moment and abs(moment - dial[key]) > MOMENT):
                    yield f"dial of {dial['number']}: {name} {row[name]}, true {dial[key]}"
        for row in left.values():
            yield f"a dial of {row['caller']} by {row['telephone']} that nobody made"


def caller_of(message: Row) -> str | None:
    """The number in its metadata; None where it was withheld."""
    found = re.search(r"<(\+?\d+)", message["callerid"])
    return found[1] if found else None
