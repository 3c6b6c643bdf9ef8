"""The rows of the queue: put into words for each look, made into HTML once for all looks that show the same words.

The queue is what is looked at most: whenever a task changes, by everybody whose page shows it.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from aiohttp import web
from markupsafe import Markup

from callcentre.core.terms import TaskState
from callcentre.store.results import Account
from callcentre.store.task_pages import TaskOfPage
from callcentre.web import task_words, words
from callcentre.web.flagged import flags_for
from callcentre.web.pages import moments, part
from callcentre.web.site import Site, new_key
from callcentre.web.task_words import Pressing, path_of, pressing, receipt, same

_REMEMBERED: Final = 1_000
_NO_WARNING: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class At:
    """A moment for a <time>: for programs, and as people read it now."""

    exact: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One task in words, all that its row shows: two that are equal look the same.

    `path` is where it is shown whole, `id` names it within a page. `typed`: its number is not the caller's own. `at` is
    when it is due, or was closed; `until` how long somebody has it, `again` when to try again. `mine`: the person holds
    it; `free`: nobody does. `receipt` is how pressing it is to acknowledge its messages, `receipt_by` by when.
    """

    id: str
    path: str
    pressing: Pressing
    open: bool
    at: At | None
    number: str
    can_dial: bool
    typed: bool
    flags: tuple[str, ...]
    complaint: bool
    line: str
    about: str
    unheard: str
    standing: str
    until: At | None
    attempts: str
    got_through: str
    again: At | None
    mine: bool
    free: bool
    receipt: Pressing | None
    receipt_by: At | None


class Rows:
    """Makes rows into HTML for one server. What it remembers of each is kept by all the words in it: never stale."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._made: dict[Row, list[str]] = {}
        # Nobody who is named in a row can know these: `_gap` stands where a row has what differs between looks.
        self._gap, self._end = secrets.token_hex(16), secrets.token_hex(16)

    def html(self, rows: Iterable[Row], csrf: str, back: str) -> Markup:
        """The rows; their forms bear the token `csrf`, lead `back`, and are each a request of its own."""
        hidden = Markup('<input type="hidden" name="csrf" value="{}">\n<input type="hidden" name="back" value="{}">\n')
        begins = f'{hidden.format(csrf, back)}<input type="hidden" name="key" value="'
        found: list[str] = []
        for first, *others in self._parts([*rows]):
            found.append(first)
            for other in others:
                found += (begins, new_key(), '">', other)
        return Markup("".join(found))  # noqa: S704  of parts that are escaped

    def _parts(self, rows: list[Row]) -> list[list[str]]:
        """Each row, split where its gaps are."""
        made, missing = self._made, [row for row in rows if row not in self._made]
        if missing:
            gap, end = self._gap, self._end
            html = part(self._app, "task_rows.html", rows=missing, hidden=lambda: gap, end=end)
            made |= {row: one.split(gap) for row, one in zip(missing, html.split(end), strict=False)}
        parts = [made[row] for row in rows]
        for oldest in [*islice(made, max(0, len(made) - _REMEMBERED))]:
            del made[oldest]
        return parts


ROWS: Final = web.AppKey("rows", Rows)


def rows_of(site: Site, account: Account, now: datetime) -> Callable[[TaskOfPage], Row]:
    """What puts tasks into words as `account` sees them `now`."""
    moment = moments(site, now)

    def at(when: datetime | None, line: str) -> At | None:
        return None if when is None else At(when.isoformat(), moment(when, line))

    def row(found: TaskOfPage) -> Row:
        task, line = found.task, site.line(found.task.line)
        is_open, number = task.state is not TaskState.CLOSED, task.dial or task.caller
        warn_before = _NO_WARNING if line is None else line.warn_before
        return Row(
            id=f"{task.pbx}-{task.number}",
            path=path_of(task),
            pressing=pressing(task, now, waits=found.waits, warn_before=warn_before),
            open=is_open,
            at=at(task.act_by if is_open else task.closed_at, task.line),
            number=words.number(number),
            can_dial=bool(number),
            typed=number != task.caller,
            flags=tuple(task_words.flags(*flags_for(site, account, task, now))),
            complaint=task.complaint,
            line=site.title(task.line),
            about=task_words.messages(found.messages, found.seconds) if found.messages else task_words.source(task),
            unheard=_unheard(found),
            standing=task_words.standing(task, account.name),
            until=at(task.lease_until, task.line) if is_open and task.holder else None,
            attempts=task_words.attempts(task),
            got_through=moment(task.got_through_at, task.line) if is_open and task.got_through_at else "",
            again=at(task.call_at, task.line) if is_open else None,
            mine=same(task.holder, account.name),
            free=not task.holder,
            receipt=receipt(task, now, warn_before=warn_before),
            receipt_by=at(task.ack_act_by if task.ack_act_by and now <= task.ack_act_by else task.ack_due, task.line),
        )

    return row


def _unheard(found: TaskOfPage) -> str:
    if not found.unheard:
        return ""
    return "not heard" if found.messages == 1 else f"{found.unheard} not heard"
