"""Civil months, by the clocks of a zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from callcentre.core.errors import ConfigError
from callcentre.core.numbers import without_numbers

_WRITTEN: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2100


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of a year, such as 2026-11."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Self:
        """The month that the clocks of `zone` show at `moment` (aware)."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def read(cls, written: str) -> Self:
        """Read `2026-11`; ConfigError, saying what to write, for what is no month."""
        found = _WRITTEN.fullmatch(written.strip())
        if found and 1 <= int(found[2]) <= 12 and _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
            return cls(int(found[1]), int(found[2]))
        raise ConfigError(f'"{without_numbers(" ".join(written.split()))[:20]}" is no month; write one such as 2026-11')

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def title(self) -> str:
        """`November 2026`."""
        return f"{date(self.year, self.number, 1):%B %Y}"

    def moved(self, months: int) -> "Month":
        """The month so many later, or earlier."""
        years, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(years, number + 1)

    def begin(self, zone: ZoneInfo) -> datetime:
        """When it begins on the clocks of `zone`, in UTC."""
        return datetime(self.year, self.number, 1, tzinfo=zone).astimezone(UTC)

    def end(self, zone: ZoneInfo) -> datetime:
        """When the next one begins."""
        return self.moved(1).begin(zone)

    def days(self) -> Iterator[date]:
        """Its days, in order."""
        day = date(self.year, self.number, 1)
        while day.month == self.number:
            yield day
            day += timedelta(days=1)


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a civil day begins and ends, in UTC."""
    begin, end = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return begin, end
