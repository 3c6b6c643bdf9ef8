"""Back-fill: years of queue_log as calls of ours. Raises no tasks and no alerts, and counts on no metric.

A call that has a row, measured or imported, is left alone: running it again, or over overlapping files, adds nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcentre.core.charter import Office
from callcentre.core.facts import Call
from callcentre.history.as_calls import Translator
from callcentre.history.books import BadPlace, QueueLogs
from callcentre.runtime.log import mask

# Calls of one transaction: long enough to be fast, short enough that a running daemon waits no tenth of a second.
_CALLS_A_COMMIT = 500


class Store(Protocol):
    """What back-filling needs of the store."""

    async def backfill(self, calls: Sequence[Call]) -> int:
        """Add the calls that have no row yet; return how many those were."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of every line and call. `running` calls were not over where the files end; import again later.

    `unclaimed` counts calls by their first queue, which no line names. `ignored` counts lines that say nothing of
    calls by their event. `bad_places` shows the first thousand of `bad` lines. `headless` lines are of calls that
    began before the first file.
    """

    files: int
    lines: int
    calls: int
    added: int
    known: int
    running: int
    headless: int
    unclaimed: Mapping[str, int]
    ignored: Mapping[str, int]
    bad: int
    bad_places: tuple[BadPlace, ...]

    def render(self) -> list[str]:
        """Say it in lines for a terminal; no line holds a telephone number."""
        read = f"{_counted(self.lines, 'line')} of {_counted(self.files, 'file')}"
        told = [f"{read}: {_counted(self.calls, 'call')}, {self.added} added, {self.known} there already"]
        if self.running:
            were = "was" if self.running == 1 else "were"
            told.append(f"{_counted(self.running, 'call')} {were} not over where the files end: import again later")
        if self.headless:
            belong = "belongs" if self.headless == 1 else "belong"
            told.append(f"{_counted(self.headless, 'line')} {belong} to calls that began before the first file")
        told += [
            f"{_counted(number, 'call')} of queue {mask(queue)!r}, which no line names, "
            f"{'was' if number == 1 else 'were'} left out"
            for queue, number in sorted(self.unclaimed.items())
        ]
        if self.bad:
            told.append(f"{_counted(self.bad, 'line')} could not be read:")
            told += [f"  {place}" for place in self.bad_places]
            if self.bad > len(self.bad_places):
                told.append(f"  and {self.bad - len(self.bad_places)} more")
        return told


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


async def import_queue_log(
    paths: Sequence[Path],
    office: Office,
    pbx: str,
    store: Store,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    names: Mapping[str, str] | None = None,
) -> ImportReport:
    """Add the calls of these files, in any order of naming, to the store.

    `progress` is told bytes done and bytes in all after each group. `names` gives the telephone of a member where
    queue_log has only a name. Errors: UnreadableBook, StoreUnavailable; what was added by then stays.
    """
    book = QueueLogs(paths)
    translator = Translator(office, pbx, names)
    unclaimed: Counter[str] = Counter()
    seen = added = running = 0
    group: list[Call] = []
    for told in book.calls():
        line = translator.line_of(told)
        if line is None:
            unclaimed[told.stays[0].queue] += 1
            continue
        if told.running:
            running += 1
            continue
        seen += 1
        group.append(translator.call(told, line))
        if len(group) >= _CALLS_A_COMMIT:
            added += await store.backfill(group)
            group = []
            progress(book.done, book.total)
    if group:
        added += await store.backfill(group)
    progress(book.total, book.total)
    return ImportReport(
        files=len(paths),
        lines=book.lines,
        calls=seen,
        added=added,
        known=seen - added,
        running=running,
        headless=book.headless,
        unclaimed=dict(unclaimed),
        ignored=book.ignored,
        bad=book.bad,
        bad_places=tuple(book.bad_places),
    )
