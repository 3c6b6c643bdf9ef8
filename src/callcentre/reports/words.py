"""A report's values in words, the same in every form: numbers, shares, lengths, moments on the report's clocks."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.reports.figures import Promise, Report, Share

NOTHING: Final = "–"


def percent(value: float | None) -> str:
    """`93.4 %`: with one digit, and cut, not rounded, so that 100.0 % is all of it and 90.0 % is not 89.96 %."""
    return NOTHING if value is None else f"{int(value * 1000 + 1e-9) / 10:.1f} %"


def number(value: float | None) -> str:
    """`12,345`; whole."""
    return NOTHING if value is None else f"{value:,.0f}"


def span(seconds: float | None) -> str:
    """`12 h 05 min`, or seconds below a minute."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds else "none"
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours:,} h {minutes:02} min" if hours else f"{minutes} min"


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """`Mon 2 Nov 2026, 07:00` on the clocks of `zone`."""
    if at is None:
        return "lasts"
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def day(value: date) -> str:
    """`Mon 2 Nov`."""
    return f"{value:%a} {value.day} {value:%b}"


def of(share: Share | None) -> str:
    """`900 of 1,000`."""
    return NOTHING if share is None or not share.of else f"{number(share.kept)} of {number(share.of)}"


def verdict(promise: Promise, *, so_far: bool) -> str:
    """Whether a promise was kept, in one or two words."""
    if promise.target is None:
        return "not promised"
    if promise.is_kept is None:
        return "nothing to judge"
    kept = "kept" if promise.is_kept else "not kept"
    return f"{kept} so far" if so_far else kept


def in_words(report: Report, page: str) -> tuple[str, str]:
    """The title and text of the notice that the report is there; `page` is its address, empty if there is none."""
    judged = [one for one in report.promises if one.is_kept is not None]
    broken = [one for one in judged if not one.is_kept]
    title = (
        f"{report.charter_title}: report of {report.title}, {len(judged) - len(broken)} of {len(judged)} promises kept"
    )
    lines = [f"{report.charter_title}, {report.title}." + (" The month is not over yet." if report.so_far else "")]
    for one in judged:
        value = percent(one.share.value if one.share else None)
        lines.append(f"- {one.title}: {value} ({of(one.share)}), promised {one.promised}: {verdict(one, so_far=False)}")
    if not judged:
        lines.append("Nothing of it could be judged: nothing was counted.")
    if report.partial:
        lines.append("Something of the month was not seen: figures that it touches are marked partial.")
    if report.complaints_without_remedy_count:
        lines.append(f"Complaints without a remedy: {report.complaints_without_remedy_count}.")
    if page:
        lines.append(f"See {page}")
    return title, "\n".join(lines)
