"""What no single key can tell: names used twice, claims that collide, words that name nothing, one of two keys."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from callcentre.config.abuse import check_abuse
from callcentre.config.attention import check_attention
from callcentre.config.contacts import check_contact, check_mail, check_names, check_told
from callcentre.config.environment import ONE_OF
from callcentre.config.problems import Problem, unknown
from callcentre.config.reporting import check_reports
from callcentre.config.serving import check_web

Table = Mapping[str, Any]
CLAIMS = {"dids": "DID", "queues": "queue", "extensions": "extension", "mailboxes": "mailbox"}


def check(data: Table, *, file: str, charters: Collection[str]) -> list[Problem]:
    """Find every problem between keys of `data`; values of a wrong type are passed over, the schema tells of them."""
    return [Problem(file, key, text) for key, text in _all(data, charters)]


def _all(data: Table, charters: Collection[str]) -> Iterator[tuple[str, str]]:
    pbxs, lines = _rows(data, "pbx"), _rows(data, "line")
    yield from _twice(pbxs, "pbx")
    yield from _twice(lines, "line")
    for index, pbx in enumerate(pbxs):
        yield from _pbx(pbx, _name("pbx", index, pbx))
    yield from _one_of(data.get("store", {}), "store")
    yield from check_web(data.get("web"))
    yield from check_abuse(data.get("abuse"))
    for index, line in enumerate(lines):
        yield from _line(line, _name("line", index, line), _names(pbxs), charters)
    yield from _people(data, lines)
    yield from _claims(pbxs, lines)
    known = _names(lines)
    fallback = data.get("fallback_line")
    if isinstance(fallback, str) and fallback not in known:
        yield "fallback_line", f'there is no line "{fallback}"; {unknown(fallback, known)}'


def _people(data: Table, lines: list[Table]) -> Iterator[tuple[str, str]]:
    contacts = _rows(data, "contact")
    yield from _twice(contacts, "contact")
    for index, contact in enumerate(contacts):
        key = _name("contact", index, contact)
        yield from _one_of(contact, key)
        yield from check_contact(contact, key, has_mail="mail" in data)
    yield from _one_of(data.get("mail", {}), "mail")
    yield from check_mail(data.get("mail"))
    roles = data.get("roles")
    for role, told in roles.items() if isinstance(roles, Mapping) else ():
        yield from check_names(told, f"roles.{role}", _names(contacts))
    reports = _rows(data, "report")
    for place, report in enumerate(reports, 1):
        yield from check_names(report.get("to"), f"report {place}.to", _names(contacts))
    yield from check_reports(reports, {str(line.get("charter", "hct")) for line in lines})
    for index, line in enumerate(lines):
        key = _name("line", index, line)
        yield from check_told(line, key, _names(contacts))
        yield from check_attention(line, key, pbxs=_rows(data, "pbx"), contacts=_names(contacts))


def _twice(rows: list[Table], kind: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for row in rows:
        name = row.get("name")
        if isinstance(name, str):
            if name in seen:
                yield f'{kind} "{name}".name', f"another {kind} has this name; give each its own"
            seen.add(name)


def _pbx(pbx: Table, key: str) -> Iterator[tuple[str, str]]:
    yield from _one_of(pbx, key)
    yield from _account(pbx, key, "")
    yield from _account(pbx, key, "act_")
    if pbx.get("act_username") is not None and pbx.get("act_username") == pbx.get("username"):
        yield f"{key}.act_username", "is the listening account's; make a second one that may act and hears nothing"
    if pbx.get("tls") is not True:
        for name in ("ca_file", "server_name"):
            if pbx.get(name) is not None:
                yield f"{key}.{name}", "is for TLS; write tls = true too, or leave it out"


def _account(pbx: Table, key: str, prefix: str) -> Iterator[tuple[str, str]]:
    name, secret = f"{prefix}username", f"{prefix}secret"
    has_secret = any(pbx.get(one) is not None for one in (secret, f"{secret}_file", f"{secret}_env"))
    if pbx.get(name) is not None and not has_secret:
        yield f"{key}.{name}", f"has no secret; add {secret}_file, {secret}_env or {secret}"
    if has_secret and pbx.get(name) is None:
        yield f"{key}.{name}", "is missing; name the account that the secret belongs to"


def _one_of(table: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(table, Mapping):
        for group in ONE_OF:
            given = [name for name in group if name in table]
            if len(given) > 1:
                yield f"{key}.{given[1]}", f"is given beside {given[0]}; keep one of them"


def _line(line: Table, key: str, pbxs: Collection[str], charters: Collection[str]) -> Iterator[tuple[str, str]]:
    pbx, charter = line.get("pbx"), line.get("charter", "hct")
    if isinstance(pbx, str) and pbx not in pbxs:
        yield f"{key}.pbx", f'there is no pbx "{pbx}"; {unknown(pbx, pbxs)}'
    if isinstance(charter, str) and charter not in charters:
        yield f"{key}.charter", f'there is no charter "{charter}"; {unknown(charter, charters)}'
    if "tone" in line and "ring_cycle_seconds" in line:
        yield f"{key}.ring_cycle_seconds", "is given beside tone; keep one of them"
    added, removed = line.get("added_days", []), line.get("removed_days", [])
    if isinstance(added, list) and isinstance(removed, list):
        for day in added:
            if day in removed:
                yield f"{key}.removed_days", f"{day} is in added_days too; keep it in one of them"
    special = line.get("special_hours", {})
    for name in ("added_days", "removed_days"):
        days = line.get(name, [])
        for day in days if isinstance(days, list) else ():
            if isinstance(special, Mapping) and str(day) in special:
                yield f"{key}.special_hours", f"{day} is in {name} too; keep it in one of them"


def _claims(pbxs: list[Table], lines: list[Table]) -> Iterator[tuple[str, str]]:
    taken: dict[tuple[str, str, str], str] = {}
    for index, pbx in enumerate(pbxs):
        for did in _texts(pbx, "menus"):
            taken[str(pbx.get("name")), "dids", did] = f"{_name('pbx', index, pbx)}.menus"
    for index, line in enumerate(lines):
        owner = _name("line", index, line)
        for key, word in CLAIMS.items():
            for value in dict.fromkeys(_texts(line, key)):
                claim = value if key != "mailboxes" or "@" in value else f"{value}@default"
                other = taken.setdefault((str(line.get("pbx")), key, claim), owner)
                if other != owner:
                    yield f"{owner}.{key}", f'{word} "{claim}" is claimed by {other} too; leave it to one of them'


def _name(kind: str, index: int, row: Table) -> str:
    name = row.get("name")
    return f'{kind} "{name}"' if isinstance(name, str) else f"{kind} {index + 1}"


def _names(rows: list[Table]) -> set[str]:
    return {name for row in rows if isinstance(name := row.get("name"), str)}


def _rows(data: Table, kind: str) -> list[Table]:
    rows = data.get(kind)
    return [row if isinstance(row, Mapping) else {} for row in rows] if isinstance(rows, list) else []


def _texts(row: Table, key: str) -> list[str]:
    values = row.get(key)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
