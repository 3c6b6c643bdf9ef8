"""The product's configuration for a scenario's office, so that a tester needs one command."""

from collections.abc import Iterable
from dataclasses import dataclass

from callcentre_simulator.schema import DAYS, LineTable, Scenario

PBX_NAME = "office"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How the product reaches the simulated PBX: nothing is needed to replay a tape."""

    host: str
    port: int
    username: str
    secret: str
    queue_log: str = ""


def product_config(scenario: Scenario, link: Link | None = None) -> str:
    """The TOML that callcentre is told of this office with."""
    fallback = scenario.fallback_line or (scenario.line[0].name if scenario.line else "")
    parts = [
        f"# Written by callcentre-simulator for the scenario: {scenario.title}",
        f"fallback_line = {_text(fallback)}\n",
        "[[pbx]]",
        f"name = {_text(PBX_NAME)}",
    ]
    if link is not None:
        parts += [
            f"host = {_text(link.host)}",
            f"port = {link.port}",
            f"username = {_text(link.username)}",
            f"secret = {_text(link.secret)}",
        ]
        if link.queue_log:
            parts.append(f"queue_log = {_text(link.queue_log)}")
    parts += [f"trunks = {_list(scenario.trunks)}", f"menus = {_list(scenario.menus)}", ""]
    parts += [_line(line) for line in scenario.line]
    return "\n".join(parts)


def _line(line: LineTable) -> str:
    rows = ["[[line]]", f"name = {_text(line.name)}", f"pbx = {_text(PBX_NAME)}"]
    rows += [f"charter = {_text(line.charter)}", f"nation = {_text(line.nation)}"]
    for key in ("dids", "queues", "extensions", "mailboxes"):
        values: list[str] = getattr(line, key)
        if values:
            rows.append(f"{key} = {_list(values)}")
    spans = ", ".join(f"{day} = {_list(line.hours[day])}" for day in DAYS if day in line.hours)
    rows.append(f"hours = {{ {spans} }}\n")
    return "\n".join(rows)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"
