"""Overrides from the environment: CALLCENTRE_WEB__PORT, CALLCENTRE_PBX__MAIN__SECRET. An unknown one is an error."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from callcentre.config.problems import Problem, told_value, unknown
from callcentre.config.schema import AmiSection, FileSection, PbxSection, StoreSection, WebSection

PREFIX: Final = "CALLCENTRE_"
NOT_OURS: Final = frozenset({"CALLCENTRE_CONFIG", "CALLCENTRE_TAPES"})
"""Variables of the command line and of the tests, which are no keys of the file."""
TESTS: Final = "CALLCENTRE_TEST_"
"""What the variables of the project's own tests begin with."""
ONE_OF: Final = (("secret", "secret_file", "secret_env"), ("url", "url_file", "url_env"))
_SECTIONS: Final[Mapping[str, type[BaseModel]]] = {"store": StoreSection, "web": WebSection, "ami": AmiSection}


def override(data: dict[str, Any], env: Mapping[str, str], problems: list[Problem]) -> None:
    """Write the CALLCENTRE_ variables of `env` into `data`, the file's tables; append what is wrong.

    Keys that hold one value can be set, lists cannot. A secret set here takes the place of the file's, in whichever of
    its three forms it was given.
    """
    known = {name: (table, key, section) for name, table, key, section in _variables(data)}
    named = {str(value) for table in _tables(data) for key, value in table.items() if key.endswith("_env")}
    for name in sorted(env):
        if not name.startswith(PREFIX) or name.startswith(TESTS) or name in NOT_OURS or name in named:
            continue
        if name not in known:
            problems.append(Problem("environment", name, f"sets no key; {unknown(name, known)}"))
            continue
        table, key, section = known[name]
        field = section.model_fields[key]
        try:
            value = _adapter(field).validate_strings(env[name])
        except ValidationError as error:
            problems.append(Problem("environment", name, told_value(error)))
            continue
        for group in ONE_OF:
            if key in group:
                for other in group:
                    table.pop(other, None)
        table[key] = value


def _variables(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, type[BaseModel]]]:
    """Each variable there is, with the table and the key that it sets."""
    for key in _single(FileSection):
        yield f"{PREFIX}{key.upper()}", data, key, FileSection
    for name, section in _SECTIONS.items():
        table = data.setdefault(name, {})
        if isinstance(table, dict):
            for key in _single(section):
                yield f"{PREFIX}{name.upper()}__{key.upper()}", table, key, section
    for table in _rows(data, "pbx"):
        word = re.sub(r"\W|[^\x00-\x7f]", "_", str(table.get("name", ""))).upper()
        for key in _single(PbxSection):
            if key != "name":
                yield f"{PREFIX}PBX__{word}__{key.upper()}", table, key, PbxSection


def _single(section: type[BaseModel]) -> Iterator[str]:
    for key, field in section.model_fields.items():
        if field.annotation not in _SECTIONS.values() and "list[" not in str(field.annotation):
            yield key


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """Build what reads one value, with the bounds that stand beside its type."""
    kind: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(kind)


def _tables(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _rows(data, "pbx")
    yield from (table for name in _SECTIONS if isinstance(table := data.get(name), dict))


def _rows(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = data.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
