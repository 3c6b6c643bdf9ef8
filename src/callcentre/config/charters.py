"""Charters from their files: ours (beside this module) and an office's own."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from callcentre.config.charter_sections import CaseSection, CharterSection, RuleSection
from callcentre.config.hours import week_of
from callcentre.config.problems import Problem, told, unknown
from callcentre.core.case_values import CaseChannel
from callcentre.core.charter import Agreed, Besides, CaseRule, Charter, DeadlineRule, JudgedBy, RuleName

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
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(file, "", f"is not TOML: {error}"))
        return None
    except ValidationError as error:
        problems.extend(told(error, file=file, data=data, model=CharterSection))
        return None
    wrong = [Problem(file, key, text) for key, text in _wrong(section)]
    if wrong:
        problems.extend(wrong)
        return None
    return CharterFile(
        Charter(
            name=section.name,
            version=section.version,
            title=section.title,
            answer_seconds=section.answer_seconds,
            answer_rings=section.answer_rings,
            answer_fraction=section.answer_fraction,
            first_contact_fraction=section.first_contact_fraction,
            judged_by=JudgedBy(section.judged_by),
            short_abandon_seconds=section.short_abandon_seconds,
            hours=week_of(section.hours),
            message_rule=_rule(section.message_rule),
            acknowledge_rule=None if section.acknowledge_rule is None else _rule(section.acknowledge_rule),
            stages=tuple(section.stages),
            abuse_role=section.abuse_role,
            cases=tuple(_case(one) for one in section.case),
            categories=tuple(dict.fromkeys(section.categories)),
            outside=tuple(dict.fromkeys(section.outside)),
            written_from=section.written_from,
            besides=frozenset(Besides(word) for word in section.besides),
        ),
        section.hours_note,
    )


def _case(one: CaseSection) -> CaseRule:
    return CaseRule(
        kind=one.kind,
        channels=frozenset(CaseChannel(channel) for channel in one.channels),
        categories=frozenset(one.categories),
        title=one.title,
        acknowledge=None if one.acknowledge is None else _rule(one.acknowledge),
        answer=None if one.answer is None else _rule(one.answer),
        fraction=one.fraction,
        agreed=Agreed(one.agreed),
        update_days=one.update_days,
        contact_required=one.contact_required,
    )


def _rule(section: RuleSection) -> DeadlineRule:
    return DeadlineRule(RuleName(section.name), section.n)


def _wrong(section: CharterSection) -> Iterator[tuple[str, str]]:
    """Find what no single key of a charter can tell."""
    yield from _number_missing(section.message_rule, "message_rule")
    if section.acknowledge_rule is not None:
        yield from _number_missing(section.acknowledge_rule, "acknowledge_rule")
    if section.written_from is not None and section.written_from > len(section.stages):
        yield "written_from", f"there is no stage {section.written_from}; name its role in stages, or leave it out"
    known = {*section.categories, *section.outside}
    for place, one in enumerate(section.case, 1):
        key = f"case {place}"
        for rule, name in ((one.acknowledge, "acknowledge"), (one.answer, "answer")):
            if rule is not None:
                yield from _number_missing(rule, f"{key}.{name}")
        for word in one.categories:
            if word not in known:
                yield f"{key}.categories", f'there is no category "{word}"; {unknown(word, known)}'
        if Agreed(one.agreed) is Agreed.REQUIRED and one.answer is None:
            yield f"{key}.agreed", "is required for an answer that is not promised; write answer too"


def _number_missing(section: RuleSection, key: str) -> Iterator[tuple[str, str]]:
    rule = _rule(section)
    counted = rule.name in _COUNTED
    if counted != (rule.n is not None):
        needs = "needs a number: write n" if counted else "takes no number: leave n out"
        yield f"{key}.n", f"{rule.name} {needs}"


def reason(error: OSError | ValueError) -> str:
    """Tell why a file could not be read, in the system's words, without its path."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
