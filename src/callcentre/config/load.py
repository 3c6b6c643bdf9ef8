"""One TOML file to a Config: read, override from the environment, check everything, and name all problems at once."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic import SecretStr, ValidationError

from callcentre.config.abuse import marks_of
from callcentre.config.attention import attention_of
from callcentre.config.calling import calling_of
from callcentre.config.charters import CharterFile, charters_of, reason
from callcentre.config.checks import check
from callcentre.config.contacts import contact_of, mail_of
from callcentre.config.durations import duration_of
from callcentre.config.environment import override
from callcentre.config.hidden import Hidden
from callcentre.config.hours import special_of, week_of
from callcentre.config.problems import Problem, refuse, told
from callcentre.config.reporting import reports_of
from callcentre.config.retention import flags_last, retention_of
from callcentre.config.schema import FileSection, LineSection, PbxSection, StoreSection
from callcentre.config.serving import web_of
from callcentre.config.settings import AmiSettings, Config, PbxSettings, StoreSettings
from callcentre.config.tones import RING_CADENCES
from callcentre.config.transcripts import transcripts_of
from callcentre.core.charter import EscalationStep, Line, Office, Pbx
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
    hidden = Hidden(path, env, problems)
    return Config(
        path=path,
        office=Office(
            pbxs=tuple(
                Pbx(
                    name=one.name,
                    trunks=frozenset(one.trunks),
                    menus=frozenset(one.menus),
                    acts=one.act_username is not None,
                )
                for one in section.pbx
            ),
            lines=tuple(_line(one, charters[one.charter]) for one in section.line),
            fallback_line=section.fallback_line,
            lease=duration_of(section.callbacks.lease),
            attempts=section.callbacks.attempts,
            nearly_full=section.callbacks.nearly_full,
            actions_per_hour=section.enforcement.actions_per_hour,
            url=(section.web.url or "").rstrip("/"),
            calling=calling_of(section.calling),
            flags_last=flags_last(section.flags),
            marks=marks_of(section.abuse),
            roles={role: tuple(dict.fromkeys(names)) for role, names in section.roles.items()},
            contacts=tuple(one.name for one in section.contact),
            accounts={one.name: tuple(one.accounts) for one in section.contact if one.accounts is not None},
        ),
        pbxs=tuple(_pbx(one, path.parent, hidden) for one in section.pbx),
        store=StoreSettings(url=_store_url(section.store, path.parent, hidden), buffer_mb=section.store.buffer_mb),
        web=web_of(section.web, path.parent),
        ami=AmiSettings(inbox_mb=section.ami.inbox_mb),
        contacts=tuple(contact_of(one, hidden) for one in section.contact),
        mail=None if section.mail is None else mail_of(section.mail, hidden),
        transcripts=None if section.transcripts is None else transcripts_of(section.transcripts, path.parent),
        retention=retention_of(section.retention),
        reports=reports_of(section.report),
        flags_always=section.flags.agents == "always",
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
        special_hours=special_of(one.special_hours),
        warn_before=duration_of(one.warn_before),
        tell=tuple(one.tell),
        escalation=tuple(
            sorted(
                (EscalationStep(after=duration_of(step.after), tell=tuple(step.tell)) for step in one.escalation),
                key=lambda step: step.after,
            )
        ),
        merge=one.merge,
        callback_abandoned=one.callback_abandoned,
        attention=attention_of(one),
        calling_hours=None if one.calling_hours is None else week_of(one.calling_hours),
        greeting=one.greeting,
        title=one.title,
        languages=tuple(dict.fromkeys(one.languages)),
        announcements=tuple(dict.fromkeys(one.announcements)),
    )


@lru_cache
def bank_holidays(nation: Nation) -> Mapping[Any, str]:
    """Return the bank holidays of `nation` in HOLIDAY_YEARS, one-off ones included, by date with their names."""
    from holidays import country_holidays  # a third of this module's import time

    return dict(country_holidays("GB", subdiv=nation.value, years=HOLIDAY_YEARS))


def _pbx(one: PbxSection, folder: Path, hidden: Hidden) -> PbxSettings:
    secret = hidden.value(one, "secret", f'pbx "{one.name}"')
    act_secret = hidden.value(one, "act_secret", f'pbx "{one.name}"')
    return PbxSettings(
        name=one.name,
        host=one.host,
        port=one.port,
        username=one.username,
        secret=None if secret is None else SecretStr(secret),
        act_username=one.act_username,
        act_secret=None if act_secret is None else SecretStr(act_secret),
        tls=one.tls,
        ca_file=None if one.ca_file is None else folder / one.ca_file,
        server_name=one.server_name,
        queue_log=None if one.queue_log is None else folder / one.queue_log,
        voicemail_spool=None if one.voicemail_spool is None else folder / one.voicemail_spool,
        sounds=None if one.sounds is None else folder / one.sounds,
    )


def _store_url(one: StoreSection, folder: Path, hidden: Hidden) -> str:
    """Return the database's URL, an SQLite file relative to the configuration made absolute."""
    url = hidden.value(one, "url", "store")
    if url is not None and not url.startswith(_STORES):
        hidden.wrong("store.url", "must begin with sqlite:/// or postgresql://")
    rest = (url or "").removeprefix(_STORES[0])
    if rest != url and not rest.startswith(("/", ":memory:")):
        return f"{_STORES[0]}{(folder / rest).absolute()}"
    return url or ""
