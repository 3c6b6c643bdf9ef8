"""/config: what the configuration means, and every setting in effect; of a secret only whether it is set."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from aiohttp import web
from pydantic import SecretStr

from callcentre.config.describe import describe, without_password
from callcentre.config.durations import text_of
from callcentre.config.settings import Config
from callcentre.store.results import Role
from callcentre.web.access import allows
from callcentre.web.pages import render
from callcentre.web.site import site_of

SET: Final = "set"
NOT_SET: Final = "not set"
_SECRETS: Final = ("secret", "passw", "token", "credential")


@dataclass(frozen=True, slots=True)
class Table:
    """The settings of one table of the file, in words."""

    title: str
    rows: tuple[tuple[str, str], ...]


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/config", show)]


@allows(Role.SUPERVISOR)
async def show(request: web.Request) -> web.StreamResponse:
    """The configuration in effect."""
    config = site_of(request).config
    return render(request, "accounts_config.html", told=describe(config), tables=tables(config), file=config.path.name)


def tables(config: Config) -> list[Table]:
    """The settings of the shells, table by table. What lines and charters say stands in `describe`."""
    made = [Table(f'[[pbx]] "{one.name}"', tuple(_rows(one))) for one in config.pbxs]
    made.append(Table("[store]", tuple(_store(config))))
    made.append(Table("[web]", tuple(_rows(config.web))))
    made.append(Table("[ami]", tuple(_rows(config.ami))))
    made += [Table(f'[[contact]] "{one.name}"', tuple(_rows(one))) for one in config.contacts]
    if config.mail is not None:
        made.append(Table("[mail]", tuple(_rows(config.mail))))
    return made


def _store(config: Config) -> Iterator[tuple[str, str]]:
    yield "url", without_password(config.store.url)
    yield "buffer_mb", str(config.store.buffer_mb)


def _rows(section: object) -> Iterator[tuple[str, str]]:
    """Each setting of a section. Only values of kinds that hold no secret are shown; a new kind shows as set or not."""
    if not is_dataclass(section):
        raise TypeError(f"{type(section).__name__} is no section of a configuration")
    for field in fields(section):
        if field.name != "name":
            hidden = any(word in field.name for word in _SECRETS)
            yield field.name, _value(getattr(section, field.name), secret=hidden)


def _value(value: Any, *, secret: bool) -> str:
    if value is None or value == () or value == "":
        return NOT_SET
    if secret or isinstance(value, SecretStr | Mapping):
        return SET
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return text_of(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(_value(one, secret=False) for one in value)
    return str(value)
