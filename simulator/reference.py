"""Writes docs/reference/scenarios.md from the scenario's schema: `python -m callcentre_simulator.reference`."""

import sys
import types
import typing
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from callcentre_simulator import schema
from callcentre_simulator.people import ACTS
from callcentre_simulator.scenario import bundled, find, read

HEAD = """# Scenarios

A scenario is a TOML file: an office, the people in it, what is done when, and what must come out. This page is written
from the simulator's own schema, and a test holds the two together. How to write one, step by step:
[write a scenario](../how-to/write-a-scenario.md).

    callcentre-simulator list                    the scenarios that come with it
    callcentre-simulator check [SCENARIO…]       play them through the product; exit 1 if anything differs
    callcentre-simulator run SCENARIO            be the PBX: AMI on a port (--port, --speed N or max, --seed, --version)
    callcentre-simulator run --tape FILE         be a recorded PBX
    callcentre-simulator tape SCENARIO FOLDER    write its tape, snapshots, truth, queue_log and configuration

A key that is not on this page is an error. A time (`at`, `begins`, `ends`) is a number of seconds after the start, or a
civil time in Europe/London: `"09:00:05"` is the next one after the start, `"2026-11-23 09:00"` is that one.

A scenario plays in an office: a file `_office.toml` beside it, or the simulator's own. Its tables (`telephone`,
`queue`, `mailbox`, `line`, and the dialplan's extensions) replace the office's of the same name, one by one; all others
stay.
"""
TABLES: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("The file itself", schema.Scenario, ""),
    ("[[telephone]]", schema.TelephoneTable, ""),
    ("rings, of a telephone", schema.RingTable, 'Written `[{ after = 4.0, acts = ["talk 20", "hang up"] }]`.'),
    ("clicked, of a telephone", schema.ClickedTable, "Written `clicked = { after = 2.0, patience = 20.0 }`."),
    ("[[outside]]", schema.OutsideTable, ""),
    ("[[queue]]", schema.QueueTable, ""),
    ("[[mailbox]]", schema.MailboxTable, ""),
    ("[[line]]", schema.LineTable, ""),
    ("[[call]]", schema.CallTable, ""),
    ("[[deed]]", schema.DeedTable, ""),
    ("[[traffic]]", schema.TrafficTable, ""),
    ("[[shift]]", schema.ShiftTable, ""),
    ("[[calling_back]]", schema.CallingBackTable, ""),
    ("[[fault]]", schema.FaultTable, "They need a wire: `run` has one, `check` and `tape` pass over them."),
    ("[expect]", schema.Expectations, ""),
    ("[[expect.call]]", schema.CallExpectation, "Without `call` and `caller`, the first is the first call, and so on."),
    ("[[expect.message]]", schema.MessageExpectation, ""),
    ("[[expect.attendance]]", schema.AttendanceExpectation, ""),
)  # fmt: skip


def page() -> str:
    """The reference page."""
    parts = [HEAD]
    for title, table, note in TABLES:
        parts.append(f"## {title}\n")
        if note:
            parts.append(f"{note}\n")
        parts.append(_keys(table))
    parts += ["## Acts\n", "What a person does in a conversation, in order:\n", "| act | meaning |", "| --- | --- |"]
    parts += [f"| `{act}` | {meaning} |" for act, meaning in ACTS.items()]
    parts += ["", "## Those that come with the simulator\n", "| scenario | |", "| --- | --- |"]
    parts += [f"| `{name}` | {read(find(name)).title} |" for name in bundled()]
    return "\n".join(parts) + "\n"


def _keys(table: type[BaseModel]) -> str:
    rows = ["| key | kind | if left out | |", "| --- | --- | --- | --- |"]
    for name, field in table.model_fields.items():
        told = field.description or _described(field)
        rows.append(f"| `{name}` | {_kind(field.annotation)} | {_default(field)} | {told} |")
    return "\n".join(rows) + "\n"


def _described(field: FieldInfo) -> str:
    return next((one.description or "" for one in field.metadata if isinstance(one, FieldInfo)), "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.default
    if value is None or value in ("", [], {}) or isinstance(value, BaseModel):
        return ""
    if value == schema.ALWAYS:
        return "always"
    if value == list(schema.DAYS):
        return "every day"
    if value == list(schema.DAYS[:5]):
        return "mon to fri"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kind(annotation: Any) -> str:
    origin = typing.get_origin(annotation)
    inner = typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(inner[0])
    if origin is typing.Literal:
        return "one of " + ", ".join(f"`{value}`" for value in inner)
    if origin in {types.UnionType, typing.Union}:
        return " or ".join(_kind(one) for one in inner if one is not type(None))
    if origin is list:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"table of {_kind(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "tables"
    names = {str: "text", float: "number", int: "whole number", bool: "true or false"}
    return names.get(annotation, "date and time")


if __name__ == "__main__":
    sys.stdout.write(page())
