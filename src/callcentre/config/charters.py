"""Charters from their files: ours (beside this module) and an office's own."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from callcentre.config.hours import week_of
from callcentre.config.problems import Problem, told
from callcentre.config.schema import CharterSection
from callcentre.core.charter import Charter, DeadlineRule, JudgedBy, RuleName

OURS: Final = ("hct", "cmi", "wme")
_COUNTED: Final = (RuleName.ELAPSED_OR_NEXT_WORKING_DAY, RuleName.WORKING_DAYS)


@dataclass(frozen=True, slots=True)
class CharterFile:
    """A charter and what its file says about its hours."""

    charter: Charter
    hours_note: str


def charters_of(own: Sequence[tuple[Path, str]], problems: list[Problem]) -> dict[str, CharterFile]:
    """Read our charters and the office's own, given as (path to read, name to show); append what is wrong."""
    found: dict[str, CharterFile] = {}
    for name in OURS:
        resource = files("callcentre.config") / "charters" / f"{name}.toml"
        charter = charter_of(resource.read_text("utf-8"), file=f"{name}.toml", problems=problems)
        if charter is not None:
            found[name] = charter
    for path, shown in own:
        try:
            text = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            problems.append(Problem(shown, "", f"cannot be read ({reason(error)}); name an existing file of text"))
            continue
        charter = charter_of(text, file=shown, problems=problems)
        if charter is None:
            continue
        if charter.charter.name in found:
            problems.append(
                Problem(shown, "name", f'"{charter.charter.name}" is the name of another charter; give yours its own')
            )
            continue
        found[charter.charter.name] = charter
    return found


def charter_of(text: str, *, file: str, problems: list[Problem]) -> CharterFile | None:
    """Read one charter from TOML `text`; None, with the problems appended, when it is wrong."""
    data: dict[str, Any] = {}
    try:
        data = tomllib.loads(text)
        section = CharterSection.model_validate(data)
        rule = DeadlineRule(RuleName(section.message_rule.name), section.message_rule.n)
        counted = rule.name in _COUNTED
        if counted != (rule.n is not None):
            needs = "needs a number: write n" if counted else "takes no number: leave n out"
            problems.append(Problem(file, "message_rule.n", f"{rule.name} {needs}"))
            return None
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(file, "", f"is not TOML: {error}"))
        return None
    except ValidationError as error:
        problems.extend(told(error, file=file, data=data, model=CharterSection))
        return None
    return CharterFile(
        Charter(
            name=section.name,
            version=section.version,
            title=section.title,
            answer_seconds=section.answer_seconds,
            answer_rings=section.answer_rings,
            answer_fraction=section.answer_fraction,
            judged_by=JudgedBy(section.judged_by),
            short_abandon_seconds=section.short_abandon_seconds,
            hours=week_of(section.hours),
            message_rule=rule,
        ),
        section.hours_note,
    )


def reason(error: OSError | ValueError) -> str:
    """Tell why a file could not be read, in the system's words, without its path."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
