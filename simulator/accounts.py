"""Who may log in, what they hear and what they may do: the sections of manager.conf."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from callcentre_simulator.versions import ALL_CLASSES, INCLUSIVE_FILTER_SYNTAX, class_mask


@dataclass(frozen=True, slots=True)
class EventFilter:
    """One eventfilter: an event is matched as the text that is sent. Old syntax: a pattern, `!` before it to refuse."""

    include: bool
    pattern: re.Pattern[bytes]
    name: bytes | None = None
    """The event's whole name, if only one event is meant."""
    header: bytes | None = None
    """The header that the pattern is held against, instead of the whole event."""

    def matches(self, name: bytes, data: bytes) -> bool:
        """Whether the filter speaks of this event."""
        if self.name is not None and self.name != name:
            return False
        if self.header is None:
            return self.pattern.search(data) is not None
        return any(
            self.pattern.search(line.partition(b": ")[2]) is not None
            for line in data.split(b"\r\n")
            if line.partition(b":")[0] == self.header
        )


@dataclass(frozen=True, slots=True)
class Account:
    """A manager account. `read` and `write` are class bits (`class_mask`)."""

    name: str
    secret: str = field(repr=False)
    read: int = ALL_CLASSES
    write: int = ALL_CLASSES
    filters: tuple[EventFilter, ...] = ()
    allow_multiple: bool = True
    write_timeout: float = 0.1
    """Seconds a reader may block the PBX before it is hung up on (writetimeout)."""

    def hears(self, name: str, data: bytes) -> bool:
        """Whether the filters let this event through: refusals win, and a list of inclusions names all that passes."""
        if not self.filters:
            return True
        event = name.encode()
        wanted = [one for one in self.filters if one.include]
        if wanted and not any(one.matches(event, data) for one in wanted):
            return False
        return not any(one.matches(event, data) for one in self.filters if not one.include)


_SECTION = re.compile(r"\[([^\]]+)\]")
_CALL = re.compile(r"(\w+)\(((?:[^()\\]|\\.)*)\)")
_TRUE = frozenset({"yes", "true", "y", "t", "1", "on"})


def _pattern(text: str) -> re.Pattern[bytes]:
    # POSIX extended expressions: a dot matches a line end too, and ^ only the very beginning.
    return re.compile(text.encode(), re.DOTALL)


def event_filter(key: str, value: str, version: int) -> EventFilter | None:
    """A filter from its line in manager.conf, `key` with its parentheses; None where this version ignores it."""
    if key == "eventfilter":
        return EventFilter(not value.startswith("!"), _pattern(value.removeprefix("!")))
    if version not in INCLUSIVE_FILTER_SYNTAX:
        return None
    parts = dict(_CALL.findall(key.removeprefix("eventfilter(").removesuffix(")")))
    text = {
        "regex": value,
        "exact": f"^{re.escape(value)}$",
        "starts_with": f"^{re.escape(value)}",
        "ends_with": f"{re.escape(value)}$",
        "contains": re.escape(value),
    }.get(parts.get("method", "regex" if value else "none"), "")
    name, header = parts.get("name"), parts.get("header")
    return EventFilter(
        parts.get("action", "include") != "exclude",
        _pattern(text),
        name.encode() if name else None,
        header.encode() if header else None,
    )


def _account(name: str, settings: Mapping[str, str], filters: list[EventFilter], general: Mapping[str, str]) -> Account:
    both = {**general, **settings}
    return Account(
        name=name,
        secret=settings.get("secret", ""),
        read=class_mask(settings.get("read", "")),
        write=class_mask(settings.get("write", "")),
        filters=tuple(filters),
        allow_multiple=both.get("allowmultiplelogin", "yes").lower() in _TRUE,
        write_timeout=float(both.get("writetimeout", "100")) / 1000,
    )


def from_manager_conf(text: str, version: int = 22) -> dict[str, Account]:
    """The accounts of a manager.conf: secret, read, write, eventfilter, allowmultiplelogin, writetimeout."""
    accounts: dict[str, Account] = {}
    general: dict[str, str] = {}
    name = ""
    settings: dict[str, str] = {}
    filters: list[EventFilter] = []
    for raw in [*text.splitlines(), "[end of file]"]:
        line = raw.split(";", 1)[0].strip()
        if section := _SECTION.match(line):
            if name == "general":
                general = settings
            elif name:
                accounts[name] = _account(name, settings, filters, general)
            name, settings, filters = section[1], {}, []
        elif "=" in line:
            key, value = (part.strip() for part in re.split(r"=>?", line, maxsplit=1))
            if not key.startswith("eventfilter"):
                settings[key.lower()] = value
            elif found := event_filter(key, value, version):
                filters.append(found)
    return accounts
