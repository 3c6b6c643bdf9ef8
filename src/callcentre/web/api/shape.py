"""What all bodies, parameters and replies of the API are made of: nothing unknown is taken, times have an offset."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

MOST: Final = 1_000
"""Rows of one page at most."""

_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII).fullmatch


class Shape(BaseModel):
    """A frozen value; what it does not name is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


class Nothing(Shape):
    """No fields at all."""


def _moment(written: object) -> datetime:
    if not isinstance(written, str) or not _RFC_3339(written):
        raise ValueError("a time is written as 2026-11-24T09:00:00Z, or with another offset")
    try:
        # A leap second is the last one of its minute; fractions count to the microsecond.
        cut = re.sub(r"(?<=\.\d{6})\d+", "", written.upper()).replace(":60", ":59")
        return datetime.fromisoformat(cut).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation")
]
"""A time as a program may write it: ISO 8601 with an offset (RFC 3339)."""

Instant = Annotated[
    datetime,
    PlainSerializer(lambda at: at.astimezone(UTC).isoformat(timespec="microseconds"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""A time as the API writes it: UTC, with microseconds."""

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The number of a task."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
"""A name that somebody gave: a PBX, a line, an account."""

Words = Annotated[str, Field(max_length=500)]
"""What somebody wrote, for a history."""


class Problem(BaseModel):
    """What went wrong (RFC 9457, application/problem+json)."""

    type: str = Field(description="always `about:blank`: `status` says what kind of problem it is")
    title: str = Field(description="the kind of problem in words")
    status: int = Field(description="the status of the reply")
    detail: str = Field(description="what is wrong here, and what to do instead")
