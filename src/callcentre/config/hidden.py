"""Values that stand in a file or in the environment instead of the configuration: secrets, and URLs that hold one."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from callcentre.config.charters import reason
from callcentre.config.problems import Problem
from callcentre.config.section import Section


class Hidden:
    """Finds such values; what cannot be had becomes a problem of the configuration at `path`."""

    def __init__(self, path: Path, env: Mapping[str, str], problems: list[Problem]) -> None:
        self._path, self._env, self._problems = path, env, problems

    @property
    def folder(self) -> Path:
        """The folder that files are named from."""
        return self._path.parent

    def value(self, table: Section, key: str, where: str) -> str | None:
        """Return what `key`, `key`_file or `key`_env of `table` gives; `key` comes last, as it may have a default."""
        file, variable = getattr(table, f"{key}_file"), getattr(table, f"{key}_env")
        if file is not None:
            return self._from_file(file, f"{where}.{key}_file", key)
        if variable is not None:
            if not self._env.get(variable):
                self.wrong(f"{where}.{key}_env", f"the environment has no {variable}; set it, or use {key}_file")
            return self._env.get(variable)
        plain: SecretStr | None = getattr(table, key)
        return None if plain is None else plain.get_secret_value()

    def _from_file(self, name: str, key: str, what: str) -> str | None:
        try:
            text = (self.folder / name).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            self.wrong(key, f"{name} cannot be read ({reason(error)}); name a file with the {what} and nothing else")
            return None
        if not text or "\n" in text:
            self.wrong(key, f"{name} must hold the {what} in one line and nothing else")
            return None
        return text

    def wrong(self, key: str, text: str) -> None:
        """Note a problem of the configuration file."""
        self._problems.append(Problem(str(self._path), key, text))
