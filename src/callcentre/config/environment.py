"""Overrides from the environment: CALLCENTRE_WEB__PORT, CALLCENTRE_PBX__MAIN__SECRET. An unknown one is an error."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from callcentre.config.abuse import AbuseSection
from callcentre.config.problems import Problem, told_value, unknown
from callcentre.config.retention import FlagsSection, RetentionSection
from callcentre.config.schema import (
    AmiSection,
    CallbacksSection,
    CallingSection,
    ContactSection,
    EnforcementSection,
    FileSection,
    MailSection,
    PbxSection,
    StoreSection,
    WebSection,
)
from callcentre.config.transcripts import TranscriptsSection

PREFIX: Final = "CALLCENTRE_"
NOT_OURS: Final = frozenset({"CALLCENTRE_CONFIG", "CALLCENTRE_TAPES"})
"""Variables of the command line and of the tests, which are no keys of the file."""
TESTS: Final = "CALLCENTRE_TEST_"
"""What the variables of the project's own tests begin with."""
ONE_OF: Final = tuple(
    (key, f"{key}_file", f"{key}_env") for key in ("secret", "act_secret", "url", "password", "webhook", "chat")
)
"""The keys of each value that may stand in a file or the environment instead."""
_SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "mail": MailSection,
    "callbacks": CallbacksSection,
    "calling": CallingSection,
    "enforcement": EnforcementSection,
    "store": StoreSection,
    "web": WebSection,
    "ami": AmiSection,
    "retention": RetentionSection,
    "flags": FlagsSection,
    "transcripts": TranscriptsSection,
    "abuse": AbuseSection,
}
_NAMED: Final[Mapping[str, type[BaseModel]]] = {"pbx": PbxSection, "contact": ContactSection}


def override(data: dict[str, Any], env: Mapping[str, str], problems: list[Problem]) -> None:
    """Write the CALLCENTRE_ variables of `env` into `data`, the file's tables; append what is wrong.

    Keys that hold one value can be set, lists cannot. A secret set here takes the place of the file's, in whichever of
    its three forms it was given.
    """
    absent = [name for name in _SECTIONS if name not in data]
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
    for name in absent:  # an empty table that nobody wrote is none: [mail] cannot be empty
        if not data[name]:
            del data[name]


def _variables(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, type[BaseModel]]]:
    """Each variable there is, with the table and the key that it sets."""
    for key in _single(FileSection):
        yield f"{PREFIX}{key.upper()}", data, key, FileSection
    for name, section in _SECTIONS.items():
        table = data.setdefault(name, {})
        if isinstance(table, dict):
            for key in _single(section):
                yield f"{PREFIX}{name.upper()}__{key.upper()}", table, key, section
    for kind, section in _NAMED.items():
        for table in _rows(data, kind):
            word = re.sub(r"\W|[^\x00-\x7f]", "_", str(table.get("name", ""))).upper()
            for key in _single(section):
                if key != "name":
                    yield f"{PREFIX}{kind.upper()}__{word}__{key.upper()}", table, key, section


def _single(section: type[BaseModel]) -> Iterator[str]:
    for key, field in section.model_fields.items():
        kind = str(field.annotation)
        if "list[" not in kind and "Section" not in kind:
            yield key


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """Build what reads one value, with the bounds that stand beside its type."""
    kind: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(kind)


def _tables(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in _NAMED:
        yield from _rows(data, kind)
    yield from (table for name in _SECTIONS if isinstance(table := data.get(name), dict))


def _rows(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = data.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
