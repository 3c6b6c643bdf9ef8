"""Today's figures come from the store as it is now, or are said not to be known."""

from datetime import timedelta
from pathlib import Path

from callcentre.core.centre import Snapshot
from callcentre.core.facts import CallEnded, TaskChanged
from callcentre.core.terms import Outcome
from callcentre.web.figures import Attendances, lines_today
from callcentre.web.status import LineToday
from tests.unit.web.calls import call, given_up
from tests.unit.web.desk import task
from tests.unit.web.served import NOW, site, sqlite


async def figures(folder: Path, *, store_problem: str = "", prepared: bool = True) -> tuple[list[LineToday], str]:
    """What is shown after two calls today, one yesterday, and three tasks."""
    async with sqlite(folder) as database:
        calls = [call(1), given_up(2), call(3, ago=86_400)]
        rows = [task(1), task(2, due=NOW + timedelta(days=2)), task(3, line="nurse", due=NOW + timedelta(hours=1))]
        await database.writer.commit(
            [CallEnded(pbx="lab", at=NOW, call=each) for each in calls]
            + [TaskChanged(pbx="lab", at=NOW, task=row) for row in rows]
        )
        of = site(folder, database=database if prepared else None)
        return await lines_today(of, NOW, Snapshot(), Attendances(), store_problem=store_problem)


async def test_figures_are_those_of_today(tmp_path: Path) -> None:
    (enquiries, nurse), problem = await figures(tmp_path)
    assert problem == ""
    assert enquiries.outcomes == {Outcome.ANSWERED: 1, Outcome.ABANDONED: 1}
    assert enquiries.judged is not None
    assert (enquiries.judged.within, enquiries.judged.of, enquiries.judged.verdict) == (1, 2, "missed")
    assert (enquiries.callbacks.due_today, nurse.callbacks.due_today) == (1, 1)
    assert nurse.callbacks.first_due == NOW + timedelta(hours=1)
    assert (nurse.calls, nurse.abandoned) == (0, 0)


async def test_while_facts_cannot_be_written_there_are_no_figures(tmp_path: Path) -> None:
    (enquiries, _), problem = await figures(tmp_path, store_problem="disk full")
    assert problem == "disk full"
    assert (enquiries.outcomes, enquiries.level, enquiries.calls, enquiries.abandoned) == (None, None, None, None)
    assert enquiries.callbacks.due_today is None


async def test_before_the_database_is_open_there_are_no_figures(tmp_path: Path) -> None:
    (enquiries, _), problem = await figures(tmp_path, prepared=False)
    assert "not open yet" in problem
    assert enquiries.level is None


async def test_a_database_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as database:
        of = site(tmp_path, database=database)
    (tmp_path / "calls.sqlite").unlink()
    (tmp_path / "calls.sqlite").mkdir()
    (enquiries, _), problem = await lines_today(of, NOW, Snapshot(), Attendances())
    assert problem
    assert enquiries.level is None
