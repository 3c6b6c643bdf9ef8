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
    spool: str = ""
    act_username: str = ""
    act_secret: str = ""


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
        if link.act_username:
            parts.append(f"act_username = {_text(link.act_username)}")
            parts.append(f"act_secret = {_text(link.act_secret)}")
        if link.spool:
            parts.append(f"voicemail_spool = {_text(link.spool)}")
    parts += [f"trunks = {_list(scenario.trunks)}", f"menus = {_list(scenario.menus)}", ""]
    acts = link is not None and bool(link.act_username)
    parts += [_line(line, acts=acts) for line in scenario.line]
    return "\n".join(parts)


def _line(line: LineTable, *, acts: bool) -> str:
    """A line's table; without an account that acts, nothing can be enforced."""
    rows = ["[[line]]", f"name = {_text(line.name)}", f"pbx = {_text(PBX_NAME)}"]
    rows += [f"charter = {_text(line.charter)}", f"nation = {_text(line.nation)}"]
    for key in ("dids", "queues", "extensions", "mailboxes", "standby", "may_unpause", "supervisors"):
        values: list[str] = getattr(line, key)
        if values:
            rows.append(f"{key} = {_list(values)}")
    rows += [f"{key} = {_text(getattr(line, key))}" for key in ("grace", "recovery") if _told(line, key)]
    rows += [f"mode = {_text(line.mode)}"] if acts else []
    rows += [f"{key} = {getattr(line, key)}" for key in ("min_agents", "ring_out_limit") if _told(line, key)]
    rows += ["divert = true"] if line.divert else []
    spans = ", ".join(f"{day} = {_list(line.hours[day])}" for day in DAYS if day in line.hours)
    rows.append(f"hours = {{ {spans} }}\n")
    return "\n".join(rows)


def _told(line: LineTable, key: str) -> bool:
    """Whether the scenario says it: what it leaves out is left to the product."""
    return key in line.model_fields_set


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"
