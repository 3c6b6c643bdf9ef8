"""Log lines: JSON for machines, plain words on a terminal; telephone numbers masked and secrets never shown."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Protocol, TextIO, cast

import structlog

# Seven or more digits, with up to two separators between any two, are taken for a telephone number, whatever stands
# before and after; what is hidden by mistake does no harm.
_NUMBER = re.compile(r"\+?\(?\d(?:[ .()/-]{0,2}\d){6,}")
# What identifies a moment, a machine or a channel is spared: dates with their times, Uniqueids (epoch.sequence), IPv4
# addresses and the ends of channel names. An epoch has ten digits and begins with 1 or 2, a UK number with 0 or +.
_SPARED = re.compile(
    r"(?<![\d+(])(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\d-])(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
    r"|(?<![\d+(])(?<!\d[ .()/-])[12]\d{9}\.\d{1,9}(?![\d.])"
    r"|(?<![\d+(.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.])"
    r"|-0000[0-9a-f]{4}(?![\w-])",
    re.ASCII,
)
_SECRET = re.compile(r"secret|passw|token|credential", re.IGNORECASE)
_KEEP = 3


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
    """Replace all but the last three digits of every telephone number in `text` by `*`."""
    masked, place = [], 0
    for spared in _SPARED.finditer(text):
        masked += [_NUMBER.sub(_masked, text[place : spared.start()]), spared.group()]
        place = spared.end()
    return "".join([*masked, _NUMBER.sub(_masked, text[place:])])


def _masked(found: re.Match[str]) -> str:
    digits = sum(letter.isdigit() for letter in found.group())
    return re.sub(r"\d", "*", found.group(), count=digits - _KEEP)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, bytes):
        return mask(value.decode("utf-8", "replace"))
    if isinstance(value, BaseException):
        return mask(f"{type(value).__name__}: {value}")
    if isinstance(value, dict):
        return {str(key): _field(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return value


def _field(name: str, value: object) -> object:
    return "***" if _SECRET.search(name) else _clean(value)


def _discreet(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every field of a log line (the processor of structlog)."""
    return {name: _field(name, value) for name, value in line.items()}


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
