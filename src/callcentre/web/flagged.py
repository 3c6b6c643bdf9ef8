"""Who sees how to speak with a caller: who handles their task, call or case, and supervisors.

It is shown while the agreement lasts.
"""

from datetime import datetime

from callcentre.core.case_values import Case
from callcentre.core.tasks import Task
from callcentre.store.results import Account, Role
from callcentre.web.access import may
from callcentre.web.site import Site
from callcentre.web.task_words import same


def sees(site: Site, account: Account, task: Task) -> bool:
    """Whether `account` may see how to speak with the caller of `task`: nobody else's list tells it."""
    return _sees(site, account, task.holder)


def sees_case(site: Site, account: Account, case: Case) -> bool:
    """Whether `account` may see how to speak with the person of `case`, by the same rule: its owner handles it."""
    return _sees(site, account, case.owner)


def _sees(site: Site, account: Account, handler: str | None) -> bool:
    return same(handler, account.name) or site.config.flags_always or may(account, Role.SUPERVISOR)


def flags_for(site: Site, account: Account, task: Task, now: datetime) -> tuple[str | None, tuple[str, ...]]:
    """Language and needs as `account` may see them; nothing where it may not, or the agreement is over."""
    return task.flags(now) if sees(site, account, task) else (None, ())
