"""What is done when nobody is there, and who is told: what is wrong between its keys, and what they become."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from callcentre.config.contacts import check_names, check_steps
from callcentre.config.durations import duration_of
from callcentre.config.hours import week_of
from callcentre.config.schema import LineSection
from callcentre.core.charter import Attention, EscalationStep, Shift
from callcentre.core.terms import Mode

Table = Mapping[str, Any]
_READABLE: Final = re.compile(r"[0-9A-Za-z_-]+")
"""Names of lines that the dialplan finds in AstDB: it takes every other character out (dialplan/extensions.conf)."""
_DOES: Final = ("standby", "divert", "supervisors", "may_unpause")


def readable(name: str) -> bool:
    """Whether the dialplan finds a line of this name in AstDB."""
    return _READABLE.fullmatch(name) is not None


def check_attention(
    line: Table, key: str, *, pbxs: Sequence[Table], contacts: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Find what is wrong between the keys of a line, named `key` in what is told, that are about its attendance."""
    yield from _whom(line, key, contacts)
    yield from _telephones(line, key)
    if line.get("divert") is True and isinstance(name := line.get("name"), str) and not readable(name):
        yield f"{key}.divert", "needs a line whose name is of letters, digits, dashes and underscores; rename the line"
    if line.get("mode") != Mode.ENFORCE:
        return
    pbx = next((one for one in pbxs if one.get("name") == line.get("pbx")), None)
    if pbx is not None and pbx.get("act_username") is None:
        where = f'pbx "{pbx.get("name")}"'
        yield f"{key}.mode", f"needs an account that may act; add act_username and act_secret_file to {where}"
    if not any(line.get(name) for name in _DOES):
        yield f"{key}.mode", f'has nothing to do; add {", ".join(_DOES[:-1])} or {_DOES[-1]}, or write mode = "observe"'


def _whom(line: Table, key: str, contacts: Collection[str]) -> Iterator[tuple[str, str]]:
    shifts = line.get("shift")
    for index, shift in enumerate(shifts if isinstance(shifts, list) else ()):
        if isinstance(shift, Mapping):
            yield from check_names(shift.get("tell"), f"{key}.shift {index + 1}.tell", contacts)
    yield from check_steps(line, key, "attendance_escalation", contacts)


def _telephones(line: Table, key: str) -> Iterator[tuple[str, str]]:
    for name in ("standby", "may_unpause"):
        if line.get(name) and not line.get("queues"):
            yield f"{key}.{name}", "is for queues, and the line has none; name its queues, or leave it out"
    for name in ("standby", "supervisors", "may_unpause"):
        given = _texts(line, name)
        for one in dict.fromkeys(given):
            if given.count(one) > 1:
                yield f"{key}.{name}", f'"{one}" is named twice; name each telephone once'
    for one in dict.fromkeys(_texts(line, "standby")):
        if one in _texts(line, "extensions"):
            yield f"{key}.standby", f'"{one}" is one of its extensions; a standby telephone is none of the line\'s own'


def _texts(line: Table, key: str) -> list[str]:
    values = line.get(key)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def attention_of(one: LineSection) -> Attention:
    """Make what a line does when it is unattended ready for the core."""
    return Attention(
        mode=Mode(one.mode),
        grace=duration_of(one.grace),
        recovery=duration_of(one.recovery),
        standby=tuple(one.standby),
        may_unpause=frozenset(one.may_unpause),
        divert=one.divert,
        supervisors=tuple(one.supervisors),
        shifts=tuple(Shift(hours=week_of(shift.hours), tell=tuple(shift.tell)) for shift in one.shift),
        escalation=tuple(
            sorted(
                (
                    EscalationStep(after=duration_of(step.after), tell=tuple(step.tell))
                    for step in one.attendance_escalation
                ),
                key=lambda step: step.after,
            )
        ),
    )
