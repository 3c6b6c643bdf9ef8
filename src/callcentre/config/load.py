"""One TOML file to a Config: read, override from the environment, check everything, and name all problems at once."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic import SecretStr, ValidationError

from callcentre.config.charters import CharterFile, charters_of, reason
from callcentre.config.checks import check
from callcentre.config.environment import override
from callcentre.config.hours import week_of
from callcentre.config.problems import Problem, refuse, told
from callcentre.config.schema import FileSection, LineSection, PbxSection, Section, StoreSection
from callcentre.config.settings import AmiSettings, Config, PbxSettings, StoreSettings, WebSettings
from callcentre.config.tones import RING_CADENCES
from callcentre.core.charter import Line, Office, Pbx
from callcentre.core.errors import ConfigError
from callcentre.core.rings import cycle_of
from callcentre.core.terms import Nation

HOLIDAY_YEARS: Final = range(2010, 2046)
"""The years whose bank holidays a line knows: history to import, and deadlines to come."""
_STORES: Final = ("sqlite:///", "postgresql://")


def load(path: Path, env: Mapping[str, str]) -> Config:
    """Read the configuration at `path`, with the CALLCENTRE_ variables of `env` on top.

    Files that it names are found relative to its own folder. Raises ConfigError with every problem on a line of its
    own: the file, the key, and what to write instead; a secret is never in it.
    """
    return load_data(path, _read(path), env)


def load_data(path: Path, data: dict[str, Any], env: Mapping[str, str]) -> Config:
    """Take the tables `data` as if they stood in `path`; as `load` otherwise."""
    problems: list[Problem] = []
    override(data, env, problems)
    own = [(path.parent / name, name) for name in _own_charters(data)]
    charters = charters_of(own, problems)
    section: FileSection | None = None
    try:
        section = FileSection.model_validate(data)
    except ValidationError as error:
        problems.extend(told(error, file=str(path), data=data, model=FileSection))
    problems.extend(check(data, file=str(path), charters=charters))
    if section is None or problems:
        _refuse(problems)
    config = _config(path, section, charters, env, problems)
    refuse(problems)
    return config


def _refuse(problems: list[Problem]) -> NoReturn:
    refuse(problems)
    raise ConfigError("the configuration cannot be used")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({reason(error)}); callcentre init-config writes one to start from"
        ) from None


def _own_charters(data: Mapping[str, Any]) -> list[str]:
    names = data.get("charter_files", [])
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _config(
    path: Path,
    section: FileSection,
    charters: Mapping[str, CharterFile],
    env: Mapping[str, str],
    problems: list[Problem],
) -> Config:
    secrets = _Secrets(path, env, problems)
    return Config(
        path=path,
        office=Office(
            pbxs=tuple(
                Pbx(name=one.name, trunks=frozenset(one.trunks), menus=frozenset(one.menus)) for one in section.pbx
            ),
            lines=tuple(_line(one, charters[one.charter]) for one in section.line),
            fallback_line=section.fallback_line,
        ),
        pbxs=tuple(_pbx(one, path.parent, secrets) for one in section.pbx),
        store=StoreSettings(url=_store_url(section.store, path.parent, secrets), buffer_mb=section.store.buffer_mb),
        web=WebSettings(host=section.web.host, port=section.web.port),
        ami=AmiSettings(inbox_mb=section.ami.inbox_mb),
        hours_notes={
            one.name: charters[one.charter].hours_note
            for one in section.line
            if one.hours is None and charters[one.charter].hours_note
        },
    )


def _line(one: LineSection, charter: CharterFile) -> Line:
    nation = Nation(one.nation)
    cadence = RING_CADENCES.get(one.tone, one.tone)
    return Line(
        name=one.name,
        pbx=one.pbx,
        charter=charter.charter,
        nation=nation,
        hours=charter.charter.hours if one.hours is None else week_of(one.hours),
        dids=frozenset(one.dids),
        queues=frozenset(one.queues),
        extensions=frozenset(one.extensions),
        mailboxes=frozenset(one.mailboxes),
        zone=one.zone,
        ring_cycle_seconds=cycle_of(cadence) if one.ring_cycle_seconds is None else one.ring_cycle_seconds,
        min_agents=one.min_agents,
        ring_out_limit=one.ring_out_limit,
        holidays=bank_holidays(nation),
        added_days=frozenset(one.added_days),
        removed_days=frozenset(one.removed_days),
    )


@lru_cache
def bank_holidays(nation: Nation) -> Mapping[Any, str]:
    """Return the bank holidays of `nation` in HOLIDAY_YEARS, one-off ones included, by date with their names."""
    from holidays import country_holidays  # a third of this module's import time

    return dict(country_holidays("GB", subdiv=nation.value, years=HOLIDAY_YEARS))


class _Secrets:
    """Values that stand in a file or in the environment instead; what cannot be had becomes a problem."""

    def __init__(self, path: Path, env: Mapping[str, str], problems: list[Problem]) -> None:
        self._path, self._env, self._problems = path, env, problems

    def value(self, table: Section, key: str, where: str) -> str | None:
        """Return what `key`, `key`_file or `key`_env of `table` gives; `key` comes last, as it may have a default."""
        file, variable = getattr(table, f"{key}_file"), getattr(table, f"{key}_env")
        if file is not None:
            return self._from_file(file, f"{where}.{key}_file")
        if variable is not None:
            if not self._env.get(variable):
                self.wrong(f"{where}.{key}_env", f"the environment has no {variable}; set it, or use {key}_file")
            return self._env.get(variable)
        plain: SecretStr | None = getattr(table, key)
        return None if plain is None else plain.get_secret_value()

    def _from_file(self, name: str, key: str) -> str | None:
        try:
            text = (self._path.parent / name).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            self.wrong(key, f"{name} cannot be read ({reason(error)}); name a file with the secret and nothing else")
            return None
        if not text or "\n" in text:
            self.wrong(key, f"{name} must hold the secret in one line and nothing else")
        return text

    def wrong(self, key: str, text: str) -> None:
        """Note a problem of the configuration file."""
        self._problems.append(Problem(str(self._path), key, text))


def _pbx(one: PbxSection, folder: Path, secrets: _Secrets) -> PbxSettings:
    secret = secrets.value(one, "secret", f'pbx "{one.name}"')
    return PbxSettings(
        name=one.name,
        host=one.host,
        port=one.port,
        username=one.username,
        secret=None if secret is None else SecretStr(secret),
        tls=one.tls,
        ca_file=None if one.ca_file is None else folder / one.ca_file,
        server_name=one.server_name,
        queue_log=None if one.queue_log is None else folder / one.queue_log,
    )


def _store_url(one: StoreSection, folder: Path, secrets: _Secrets) -> str:
    """Return the database's URL, an SQLite file relative to the configuration made absolute."""
    url = secrets.value(one, "url", "store")
    if url is not None and not url.startswith(_STORES):
        secrets.wrong("store.url", "must begin with sqlite:/// or postgresql://")
    rest = (url or "").removeprefix(_STORES[0])
    if rest != url and not rest.startswith(("/", ":memory:")):
        return f"{_STORES[0]}{(folder / rest).absolute()}"
    return url or ""
