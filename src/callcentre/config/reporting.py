"""Who gets the monthly report, and when (H16): the keys of [[report]], and what they become."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from callcentre.config.problems import unknown
from callcentre.config.retention import Clock
from callcentre.config.section import Section
from callcentre.config.values import Name, Zone, some

LAST_DAY: Final = 28
"""Every month has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """The report of `charter` on each month goes to the contacts `to` on the `day` after it, at `at` of `zone`."""

    charter: str
    to: tuple[str, ...]
    day: int
    at: time
    zone: str


class ReportSection(Section):
    """The monthly report of a charter, and who gets it."""

    charter: Name = Field(description="The charter that it judges by; some line must have it.", examples=['"hct"'])
    to: Annotated[list[Name], AfterValidator(some)] = Field(
        description="The contacts who get it.", examples=['["supervisors"]']
    )
    day: Annotated[int, Field(ge=1, le=LAST_DAY)] = Field(
        1, description="The day of the following month on which it is sent, 1 to 28."
    )
    at: Clock = Field("07:00", description="The time of day at which it is sent.")
    zone: Zone = Field("Europe/London", description="The time zone of `at`.")


def reports_of(sections: Collection[ReportSection]) -> tuple[ReportSettings, ...]:
    """What the sections become."""
    return tuple(
        ReportSettings(
            charter=one.charter,
            to=tuple(dict.fromkeys(one.to)),
            day=one.day,
            at=time.fromisoformat(one.at),
            zone=one.zone,
        )
        for one in sections
    )


def check_reports(reports: Sequence[Mapping[str, Any]], used: Collection[str]) -> Iterator[tuple[str, str]]:
    """Find what no single key of [[report]] can tell: charters that no line has (`used`), two of one charter."""
    seen: set[str] = set()
    for place, row in enumerate(reports, 1):
        charter, key = row.get("charter"), f"report {place}"
        if not isinstance(charter, str):
            continue
        if charter not in used:
            yield f"{key}.charter", f'no line has the charter "{charter}"; {unknown(charter, used)}'
        if charter in seen:
            yield f"{key}.charter", f'there is another report of "{charter}"; write all its readers into one'
        seen.add(charter)
