"""One charter by its name: ours without any configuration, an office's own from the files that its one names."""

import tomllib
from pathlib import Path

from callcentre.config.charters import charters_of, reason
from callcentre.config.problems import Problem, refuse, unknown
from callcentre.core.charter import Charter
from callcentre.core.errors import ConfigError


def charter_named(name: str, config: Path | None) -> Charter:
    """Return the charter `name`; of `config` (a configuration file) only `charter_files` is read.

    Raises ConfigError, in words for the office: no such charter, or a file that cannot be used.
    """
    problems: list[Problem] = []
    found = charters_of([] if config is None else _own(config), problems)
    refuse(problems)
    if name in found:
        return found[name].charter
    where = "" if config is not None else ", or name the configuration that has yours with --config"
    raise ConfigError(f'--charter: there is no charter "{name}"; {unknown(name, found)}{where}')


def _own(config: Path) -> list[tuple[Path, str]]:
    try:
        names = tomllib.loads(config.read_text("utf-8")).get("charter_files", [])
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{config}: is not TOML: {error}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{config}: cannot be read ({reason(error)})") from None
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise ConfigError(f"{config}: charter_files: must be a list of file names in brackets")
    return [(config.parent / one, one) for one in names]
