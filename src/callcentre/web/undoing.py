"""Taking back, for a moment, what somebody did last: on the page that comes next, and on the task's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from callcentre.core.tasks import Task
from callcentre.core.terms import TaskStep
from callcentre.store.results import Account, TaskDetail
from callcentre.web.access import account_of
from callcentre.web.site import site_of
from callcentre.web.task_words import path_of, same

UNDO_WITHIN: Final = timedelta(minutes=1)
"""As long as core.requests gives for it."""

_WORDS: Final = {TaskStep.CLOSED: "Closed", TaskStep.RELEASED: "Released", TaskStep.ACKNOWLEDGED: "Acknowledged"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done to a task just before this page; `left` is for how many seconds it can be undone."""

    task: Task
    what: str
    left: int

    @property
    def path(self) -> str:
        """The page of the task."""
        return path_of(self.task)


def undoable(detail: TaskDetail, account: Account, now: datetime) -> str:
    """What `account` did last and may still take back, in words; empty if there is nothing."""
    last = detail.entries[-1] if detail.entries else None
    if last is None or not same(last.who, account.name) or now - last.at >= UNDO_WITHIN:
        return ""
    return _WORDS.get(last.step, "")


async def done_before(request: web.Request) -> Done | None:
    """What `?done=` names (`lab-12`), as long as it can be undone."""
    pbx, _, number = request.query.get("done", "").rpartition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    site, account = site_of(request), account_of(request)
    detail = await site.queries.task(pbx, int(number))
    what = undoable(detail, account, site.now()) if detail is not None else ""
    if detail is None or not what:
        return None
    left = UNDO_WITHIN - (site.now() - detail.entries[-1].at)
    return Done(task=detail.task, what=what, left=int(left.total_seconds()))
