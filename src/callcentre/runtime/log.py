"""Log lines: JSON for machines, plain words on a terminal; telephone numbers masked and secrets never shown."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Protocol, TextIO, cast

import structlog

from callcentre.core.numbers import DATE, NUMBER, SIGN

# Whatever stands before and after; what is hidden by mistake does no harm.
_NUMBER = re.compile(NUMBER)
# What identifies a moment, a machine or a channel is spared: dates with their times, Uniqueids (epoch.sequence), IPv4
# addresses and the ends of channel names. An epoch has ten digits and begins with 1 or 2, a UK number with 0 or +.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_SPARED = re.compile(
    rf"(?<![+(]){DATE}(?!-)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
    rf"|(?<![\d+(])(?<!\d{SIGN})[12]\d{{9}}\.\d{{1,9}}(?![\d.])"
    rf"|(?<![\d+(.]){_OCTET}(?:\.{_OCTET}){{3}}(?::\d{{1,5}})?(?![\d.])"
    r"|-0000[0-9a-f]{4}(?![\w-])",
    re.ASCII,
)
_SECRET = re.compile(r"secret|passw|token|credential|authorization|cookie|csrf|totp", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+(?=@)")
_KEEP = 3
# Nothing that is counted here is as much as a telephone number without its zero.
_MOST_COUNTED = 10**9
_STRUCTLOGS = frozenset({"exc_info", "_record", "_from_structlog"})


class Log(Protocol):
    """Where a room says what happened: an event in a few fixed words, and fields beside it."""

    def debug(self, event: str, /, **fields: object) -> object:
        """Say what only a developer wants to know."""
        ...

    def info(self, event: str, /, **fields: object) -> object:
        """Say what happened as it should."""
        ...

    def warning(self, event: str, /, **fields: object) -> object:
        """Say what somebody should look at, though the service goes on."""
        ...

    def error(self, event: str, /, **fields: object) -> object:
        """Say what went wrong and was not put right."""
        ...

    def exception(self, event: str, /, **fields: object) -> object:
        """Say the same while an exception is being handled: its traceback goes along."""
        ...


def mask(text: str) -> str:
    """Replace all but the last three digits of every telephone number in `text`, and passwords in addresses, by `*`."""
    text = _IN_ADDRESS.sub(r"\1:***", text)
    masked, place = [], 0
    for spared in _SPARED.finditer(text):
        masked += [_NUMBER.sub(_masked, text[place : spared.start()]), spared.group()]
        place = spared.end()
    return "".join([*masked, _NUMBER.sub(_masked, text[place:])])


def _masked(found: re.Match[str]) -> str:
    digits = sum(letter.isdigit() for letter in found.group())
    return re.sub(r"\d", "*", found.group(), count=digits - _KEEP)


def _clean(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < _MOST_COUNTED else mask(str(value))
    if isinstance(value, bytes):
        return mask(value.decode("utf-8", "replace"))
    if isinstance(value, BaseException):
        return mask(f"{type(value).__name__}: {value}")
    if isinstance(value, dict):
        return {mask(str(key)): _field(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return mask(str(value))


def _field(name: str, value: object) -> object:
    return "***" if _SECRET.search(name) else _clean(value)


def _discreet(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every field of a log line (the processor of structlog); what it needs for itself is left to it."""
    return {name: value if name in _STRUCTLOGS else _field(name, value) for name, value in line.items()}


def _discreet_trace(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask a formatted traceback: its last line is the error's message, which may quote what a PBX said."""
    trace = line.get("exception")
    if isinstance(trace, str):
        line["exception"] = mask(trace)
    return line


def set_up(*, level: str = "info", stream: TextIO | None = None) -> Log:
    """Send all log lines to `stream` (standard error), and return the daemon's logger.

    On a terminal they are for people; anywhere else each is one JSON object with `timestamp`, `level` and `event`.
    `level` is debug, info, warning or error; the libraries' own warnings come through the same door.
    """
    stream = sys.stderr if stream is None else stream
    threshold = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any
    if stream.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _discreet,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _discreet_trace,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)
    return cast("Log", structlog.get_logger("callcentre"))
