"""Abusive callers (W5): the keys of [abuse], what they become, and what check-config says of them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import Field

from callcentre.config.retention import Lasting, term_of
from callcentre.config.section import Section
from callcentre.core.charter import Marks, Office, holders

_USUAL = Marks()


class AbuseSection(Section):
    """Incidents with abusive callers."""

    last: Lasting = Field("12 months", description="How long agents are shown that a caller was abusive.")
    review: Lasting = Field(
        "6 months", description="When the named role is asked whether that is to stay; shorter than `last`."
    )


def marks_of(one: AbuseSection) -> Marks:
    """Return [abuse] ready for the core."""
    return Marks(lasts=term_of(one.last) or _USUAL.lasts, review=term_of(one.review) or _USUAL.review)


def check_abuse(table: Any) -> Iterator[tuple[str, str]]:
    """A review that comes after the mark has expired would never be."""
    if not isinstance(table, Mapping):
        return
    with suppress(ValueError, TypeError):
        lasts, review = (
            term_of(str(table.get(key, AbuseSection.model_fields[key].default))) for key in ("last", "review")
        )
        if lasts is not None and review is not None and review >= lasts:
            yield "abuse.review", "comes after the mark has expired; write a shorter term than abuse.last"


def told(office: Office) -> Iterator[str]:
    """Say how long marks last, who is told of each line's incidents and reviews them, where no button can work."""
    marks = office.marks
    yield f"abusive callers: marked for {marks.lasts.days} days, reviewed after {marks.review.days}"
    for line in office.lines:
        role, whom = line.charter.abuse_role, ", ".join(line.tell) or "nobody"
        if role in office.roles:
            yield f"  {line.name}: marks are reviewed by the {role}: account {' or '.join(holders(office, role))}"
        elif role:
            yield f'  WARNING: {line.name}: nobody holds the role "{role}" in [roles]; told instead: {whom}'
    roleless = [line.name for line in office.lines if not holders(office, line.charter.abuse_role)]
    if roleless:
        yield f"  marks are reviewed by administrators, as nobody has a role for it: {', '.join(roleless)}"
    idle = [pbx.name for pbx in office.pbxs if not pbx.acts]
    if idle:
        yield f"  by the code alone, not by the button, on {', '.join(idle)}: no acting account"
