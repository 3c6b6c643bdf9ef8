"""The alarm clock: wakes the core when it asked to be, by putting TimePassed into the inbox, and runs daily jobs.

Deadlines belong to the core and its tables; here one job at most waits for the earliest of them. The core ignores a
firing that comes when nothing is due, so a timer that was put off is left to fire and is set anew afterwards: while a
busy office moves its next timer with every event, the scheduler is touched a few times a second at most.

A daily job is fired at a civil time. Which of its work was done, its own tables tell: at a start the job does what fell
due while nothing ran.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from callcentre.core.events import TimePassed
from callcentre.runtime.clock import Clock
from callcentre.runtime.inbox import Inbox

_JOB = "core"
# A core that keeps asking for a time gone by must not keep the loop from its work.
_SOONEST = timedelta(milliseconds=20)
# The PBX's clock may be put back, or be heard for the first time: what is far away is looked at again by then.
_LATEST = timedelta(minutes=1)


class Scheduler:
    """Fires the core's next timer. Times are aware UTC; late firings are made up for at once, never dropped.

    The core lives on the time of the PBXs' own clocks: `offset` says by how much they differ from ours (theirs minus
    ours, of the slowest), so that a wrong clock does not make it decide before the PBX has spoken.
    """

    def __init__(self, *, clock: Clock, inbox: Inbox, offset: Callable[[], timedelta] = timedelta) -> None:
        self._clock = clock
        self._inbox = inbox
        self._offset = offset
        self._armed: datetime | None = None
        # Without misfire_grace_time=None, a job late by more than a second would be dropped in silence.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def start(self) -> None:
        """Start firing."""
        self._scheduler.start()

    def stop(self) -> None:
        """Fire no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def set(self, when: datetime | None) -> None:
        """Fire at `when`, or earlier if an earlier time was asked for before; None asks for nothing."""
        if when is None or (self._armed is not None and self._armed <= when):
            return
        self._armed = when
        now = self._clock.now()
        fire_at = min(max(when - self._offset(), now + _SOONEST), now + _LATEST)
        self._scheduler.add_job(self._fire, "date", run_date=fire_at, id=_JOB, replace_existing=True)

    def daily(self, name: str, at: time, zone: ZoneInfo, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` each day at `at` by the clocks of `zone`, once, also on days on which they change.

        A `name` has one job: the same again replaces it. Nothing is run at once: what is to be done at a start is for
        the caller. One that still runs a day later is not begun a second time. `job` deals with its own errors;
        what escapes it is logged by APScheduler, and the next day's run comes all the same.
        """

        async def run() -> None:
            self.daily(name, at, zone, job)
            await job()

        fire_at = next_daily(self._clock.now(), at, zone)
        self._scheduler.add_job(run, "date", run_date=fire_at, id=f"daily {name}", replace_existing=True)

    async def _fire(self) -> None:
        """Wake the core. A coroutine, because APScheduler runs plain functions in a thread."""
        self._armed = None
        self._inbox.put([TimePassed(pbx="", at=self._clock.now() + self._offset())], 0)


def next_daily(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Return when the clocks of `zone` next show `at`, after `now` (aware): aware UTC.

    A time that they skip is that much after they were put forward; of one that they show twice it is the first.
    """
    today = now.astimezone(zone).date()
    moments = (datetime.combine(today + timedelta(days=days), at, zone).astimezone(UTC) for days in (0, 1, 2))
    return next(moment for moment in moments if moment > now)
