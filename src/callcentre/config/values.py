"""The kinds of value that keys take, each checked on its own, in words for the office (ValueError)."""

import re
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from callcentre.config.durations import duration_of
from callcentre.config.hours import special_of, week_of
from callcentre.config.tones import RING_CADENCES
from callcentre.core.numbers import EMERGENCY
from callcentre.core.rings import cycle_of


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{name}" is no time zone; write one such as Europe/London') from None
    return name


def _tone(tone: str) -> str:
    if tone not in RING_CADENCES:
        if "/" not in tone:
            raise ValueError(f'"{tone}" is no tone zone; write a country such as "uk" or a cadence of indications.conf')
        cycle_of(tone)
    return tone


def _interface(name: str) -> str:
    if name.count("/") < 1 or name.startswith("/") or name.endswith("/"):
        raise ValueError(f'"{name}" is no telephone; write technology/name, such as PJSIP/101')
    return name


def _telephone(name: str) -> str:
    if _TELEPHONE.fullmatch(_interface(name)) is None:
        shown = " ".join(name.split())
        raise ValueError(f'"{shown}" is no telephone; write technology/name without blanks, such as PJSIP/101')
    return name


def _mailbox(name: str) -> str:
    box, at, context = name.partition("@")
    if not box or (at and not context):
        raise ValueError(f'"{name}" is no mailbox; write number@context, such as 600@default')
    return name if at else f"{name}@default"


def _duration(written: str) -> str:
    duration_of(written)
    return written


def _lease(written: str) -> str:
    if duration_of(written) < timedelta(minutes=1):
        raise ValueError(f'"{written}" is too short; write at least "1m"')
    return written


def _wait(written: str) -> str:
    if not timedelta(0) < duration_of(written) <= _LONGEST_WAIT:
        raise ValueError(f'"{written}" is no wait; write from "1s" up to "1h"')
    return written


def _ringing(written: str) -> str:
    length = duration_of(written)
    if not _SHORTEST_RING <= length <= _LONGEST_RING:
        raise ValueError(f'"{written}" is no time for a telephone to ring; write from "5s" up to "2m"')
    return written


def _beginning(digits: str) -> str:
    """Check how numbers begin that may be dialled beside the kinds: specific, and in the one spelling of the core."""
    if _BEGINNING.fullmatch(digits) is None:
        raise ValueError(
            f'"{" ".join(digits.split())}" is no beginning of a number; write at least three digits such as 01632960, '
            "or + and at least two digits of another country such as +353"
        )
    if digits.startswith(("+44", "00")) or (digits.startswith("44") and len(digits) > _EXTENSION):
        raise ValueError(f'"{digits}" is never met; write numbers of the UK with their 0, others with + (01632, +353)')
    if any(digits.startswith(number) or number.startswith(digits) for number in EMERGENCY):
        raise ValueError(f'"{digits}" is an emergency number; those are never dialled by a program')
    return digits


def _context(name: str) -> str:
    if _CONTEXT.fullmatch(name) is None:
        raise ValueError(
            f'"{" ".join(name.split())}" is no context of a dialplan; write one such as callcentre-callback'
        )
    return name


def _title(words: str) -> str:
    if len(words) > _LONGEST_TITLE or not words.isprintable():
        raise ValueError(f"must be one line of at most {_LONGEST_TITLE} characters")
    return words


def _greeting(words: str) -> str:
    if len(words) > _LONGEST_GREETING or not words.isprintable():
        raise ValueError(f"must be one line of at most {_LONGEST_GREETING} characters")
    if re.search(r"[{}]", re.sub(r"\{(?:time|line|name)\}", "", words)):
        raise ValueError("has braces that mean nothing; write {time}, {line} and {name}, and no others")
    return words


def _language(written: str) -> str:
    if _LANGUAGE.fullmatch(written) is None:
        raise ValueError(
            f'"{" ".join(written.split())}" is no language as Asterisk writes them; write one such as en, cy or en_GB'
        )
    return written


def _announcement(written: str) -> str:
    if _ANNOUNCEMENT.fullmatch(written) is None:
        raise ValueError(
            f'"{" ".join(written.split())}" is no sound; write it as Playback() names it, such as custom/closed, '
            "without its format and not from the root"
        )
    return written


def _sitting(written: str) -> str:
    if not timedelta(minutes=5) <= duration_of(written) <= _LONGEST_SITTING:
        raise ValueError(f'"{written}" is no length of a session; write from "5m" up to "30d"')
    return written


def _network(written: str) -> str:
    try:
        ip_network(written)
    except ValueError:
        raise ValueError(
            f'"{written}" is no address or network; write one such as 10.0.0.1, 10.0.0.0/24 or ::1'
        ) from None
    return written


def _header(name: str) -> str:
    if _HEADER.fullmatch(name) is None or name.lower() in _HEADERS_OF_HTTP:
        raise ValueError(f'"{name}" is no header of a log-in; write one such as X-Remote-User')
    return name


def _address(address: str) -> str:
    if _ADDRESS.fullmatch(address) is None or len(address) > _LONGEST_ADDRESS:
        raise ValueError("is no e-mail address; write name@host, without a display name")
    return address


def _page(url: str) -> str:
    """Check an address that people follow, which stands in notices for everybody to read."""
    wrong = "is no web address; write https://HOST or https://HOST/PATH, without account, query or blanks"
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(wrong) from None
    complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and port_is_fine
    if not complete or "@" in parts.netloc or "?" in url or "#" in url or _PAGE.fullmatch(url) is None:
        raise ValueError(wrong)
    return url


def _roles(roles: dict[str, list[str]]) -> dict[str, list[str]]:
    for role, names in roles.items():
        if _ROLE.fullmatch(role) is None:
            raise ValueError(f'"{" ".join(role.split())[:64]}" is no name of a role; write one such as Chief Executive')
        if not names:
            raise ValueError(f'"{role}" is held by nobody; name a contact')
    return roles


def three_stages(roles: list[str]) -> list[str]:
    """Return the roles of a complaint's stages, of which there are three at most."""
    if len(roles) > _MOST_STAGES:
        raise ValueError(f"names too many stages; write {_MOST_STAGES} at most")
    return roles


def some(names: list[str]) -> list[str]:
    """Return `names`, which must not be empty."""
    if not names:
        raise ValueError("is empty; name at least one")
    return names


def _special(dates: dict[str, list[str]]) -> dict[str, list[str]]:
    special_of(dates)
    return dates


def _hours(days: dict[str, list[str]]) -> dict[str, list[str]]:
    week_of(days)
    return days


# The dot-atom of RFC 5322, ASCII, and a host name: nothing that a header or an SMTP command could be broken with.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_LONGEST_ADDRESS = 254
# What an action on the PBX can carry (ami/actions.py): nothing that splits a line or a list.
_TELEPHONE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.@+*#-]{1,79}(?:/[A-Za-z0-9]{1,20})?")
_LONGEST_WAIT = timedelta(hours=1)
_LONGEST_SITTING = timedelta(days=30)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,63}")
# What every browser sends, or what means something else already.
_HEADERS_OF_HTTP = frozenset({"authorization", "cookie", "host", "origin", "referer", "user-agent", "x-forwarded-for"})
_SHORTEST_RING = timedelta(seconds=5)
_LONGEST_RING = timedelta(minutes=2)
_BEGINNING = re.compile(r"[0-9]{3,15}|\+[1-9][0-9]{1,14}", re.ASCII)
_EXTENSION = 6
_CONTEXT = re.compile(r"[A-Za-z0-9_.+-]{1,79}", re.ASCII)
_LONGEST_TITLE = 80
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Za-z0-9]{1,16}){0,3}", re.ASCII)
# Asterisk has no sound whose name ends as a format does: it would look for closed.wav.wav.
_ANNOUNCEMENT = re.compile(
    r"(?!.*\.(?i:wav|wav16|wav49|gsm|ulaw|alaw|sln|sln16|g722|mp3|ogg)$)"
    r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}/){0,4}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}",
    re.ASCII,
)
_LONGEST_GREETING = 200
_PAGE = re.compile(r"[!-~]+", re.ASCII)
_ROLE = re.compile(r"\w[\w .-]{0,63}")
_MOST_STAGES = 3

Name = Annotated[str, Field(pattern=r"^\w[\w .-]{0,63}$")]
AccountName = Annotated[str, Field(pattern=r"^\w[\w .@+-]{0,63}$")]
Text = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Megabytes = Annotated[int, Field(ge=1, le=65536)]
Zone = Annotated[str, AfterValidator(_zone)]
Tone = Annotated[str, AfterValidator(_tone)]
Interface = Annotated[str, AfterValidator(_interface)]
Telephone = Annotated[str, AfterValidator(_telephone)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Duration = Annotated[str, AfterValidator(_duration)]
Wait = Annotated[str, AfterValidator(_wait)]
Ringing = Annotated[str, AfterValidator(_ringing)]
Beginning = Annotated[str, AfterValidator(_beginning)]
Context = Annotated[str, AfterValidator(_context)]
Title = Annotated[str, AfterValidator(_title)]
Greeting = Annotated[str, AfterValidator(_greeting)]
Language = Annotated[str, AfterValidator(_language)]
Announcement = Annotated[str, AfterValidator(_announcement)]
Sitting = Annotated[str, AfterValidator(_sitting)]
Network = Annotated[str, AfterValidator(_network)]
Header = Annotated[str, AfterValidator(_header)]
Lease = Annotated[str, AfterValidator(_lease)]
Address = Annotated[str, AfterValidator(_address)]
Page = Annotated[str, AfterValidator(_page)]
Role = Annotated[str, Field(pattern=r"^\w[\w .-]{0,63}$")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Roles = Annotated[dict[str, list[Name]], AfterValidator(_roles)]
HoursByDay = Annotated[dict[str, list[str]], AfterValidator(_hours)]
HoursByDate = Annotated[dict[str, list[str]], AfterValidator(_special)]
