"""What is wrong with a configuration, in words: the file, the key, and what to write instead. Never a secret."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from callcentre.core.errors import ConfigError

_TYPE_WORDS: Final = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number without quotes",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number without quotes",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false without quotes",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list in brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date without quotes, such as 2026-12-24",
    "string_too_short": "must not be empty",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `key` is dotted, with the name of its table (`line "bookings".nation`)."""

    file: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.text}" if self.key else f"{self.file}: {self.text}"


def refuse(problems: Iterable[Problem]) -> None:
    """Raise one ConfigError that lists all of `problems`, one a line; do nothing if there are none."""
    lines = list(dict.fromkeys(str(one) for one in problems))
    if lines:
        raise ConfigError("\n".join(lines))


def told(error: ValidationError, *, file: str, data: Mapping[str, Any], model: type[BaseModel]) -> list[Problem]:
    """Every error of pydantic as a Problem; `data` is what was validated, for the names of its tables."""
    found = error.errors(include_url=False, include_input=False)
    return [Problem(file, key_of(one["loc"], data), _text(one, model)) for one in found]


def told_value(error: ValidationError) -> str:
    """Tell what is wrong with a single value."""
    return _words(error.errors(include_url=False, include_input=False)[0], "")


def key_of(loc: Sequence[int | str], data: Mapping[str, Any]) -> str:
    """Return the dotted key of a place in the file: `("line", 1, "nation")` is `line "bookings".nation`."""
    here: Any = data
    key = ""
    for part in loc:
        if isinstance(part, int):
            try:
                here = here[part]
            except (IndexError, KeyError, TypeError):
                here = None
            name = here.get("name") if isinstance(here, Mapping) else None
            listed = f" {part + 1}" if isinstance(here, Mapping) else f" (item {part + 1})"
            key += f' "{name}"' if isinstance(name, str) else listed
        else:
            here = here.get(part) if isinstance(here, Mapping) else None
            key += f".{part}" if key else part
    return key


def unknown(word: str, known: Iterable[str]) -> str:
    """Tell what to write instead of an unknown word: the nearest of `known`, else all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"write one of {', '.join(names)}" if names else "there is none yet"


def _text(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, loc = error["type"], error["loc"]
    if kind == "extra_forbidden":
        section = _model_at(loc[:-1], model)
        return f"unknown key; {unknown(str(loc[-1]), section.model_fields if section else ())}"
    field = _field_at(loc, model)
    if kind == "missing" and field and next(iter(_models(get_args(field.annotation))), None):
        return f"is missing; write at least one [[{loc[-1]}]] table"
    example = f"; write {loc[-1]} = {field.examples[0]}" if field and field.examples else ""
    if kind == "missing":
        meaning = f" ({field.description})" if field and field.description else ""
        return f"is missing{example}{meaning}"
    return _words(error, example)


def _words(error: ErrorDetails, example: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _TYPE_WORDS:
        return _TYPE_WORDS[kind] + example
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"must be {str(context['expected']).replace(chr(39), chr(34))}"
    if kind == "too_short":
        return "is empty; write at least one such table"
    if kind == "string_pattern_mismatch":
        return "must be a short name of letters, digits, spaces, dots, dashes and underscores"
    bound = error["msg"].removeprefix("Input should ").replace("greater than or equal to", "at least")
    return bound.replace("be ", "must be ", 1)


def _model_at(loc: Sequence[int | str], model: type[BaseModel]) -> type[BaseModel] | None:
    here: type[BaseModel] = model
    for part in loc:
        if isinstance(part, str):
            field = here.model_fields.get(part)
            inner = next(iter(_models(field.annotation)), None) if field else None
            if inner is None:
                return None
            here = inner
    return here


def _field_at(loc: Sequence[int | str], model: type[BaseModel]) -> Any:
    section = _model_at(loc[:-1], model)
    return section.model_fields.get(str(loc[-1])) if section else None


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    """Find the section type within `X`, `list[X]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in annotation if isinstance(annotation, tuple) else get_args(annotation):
        yield from _models(inner)
