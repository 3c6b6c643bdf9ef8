"""Chat: whatever apprise (the extra `chat`) knows how to reach. It works in threads, which can only be waited for.

So a call that does not end in time is left behind, and its contact gets no second one until that ended: at most one
thread for each contact, and none that could hold up the end of the process.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from callcentre.core.tasks import Notice
from callcentre.notify.answers import NotSent, Taken
from callcentre.notify.letters import SENDER, text_of, title_of

T = TypeVar("T")
# What apprise says of an answer that it did not like; its other words may hold a part of the address.
_STATUS: Final = re.compile(r"error=(\d{3})\b")


class Chat:
    """Sends by apprise; each sending is waited for `within` seconds at most."""

    def __init__(self, *, within: float) -> None:
        self._within = within
        self._running: dict[str, threading.Thread] = {}

    async def send(self, contact: str, url: str, notice: Notice) -> Taken:
        """Have apprise send the notice to `url`, the address of the contact of this name, or raise NotSent."""
        service = url.partition(":")[0].lower()
        earlier = self._running.get(contact)
        if earlier is not None and earlier.is_alive():
            raise NotSent(f"{service} has not ended an earlier sending yet")
        title, text = title_of(notice), text_of(notice)
        thread, ended = _in_thread(lambda: _notify(url, title, text), name=f"chat {contact}")
        self._running[contact] = thread
        try:
            async with asyncio.timeout(self._within):
                why = await ended
        except TimeoutError:
            raise NotSent(f"{service} did not answer within {self._within:g} s") from None
        if why:
            raise NotSent(f"{service} {why}")
        return Taken(f"{service} took it")


def _in_thread(work: Callable[[], T], *, name: str) -> tuple[threading.Thread, asyncio.Future[T]]:
    """Do `work` in a daemon thread (an executor's would be waited for at exit); its result comes as a future."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if ended.done():
            return
        if error is not None:
            ended.set_exception(error)
        else:
            ended.set_result(result)  # type: ignore[arg-type]  # one of both is given

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  goes to whoever waits
            failure = error
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread, ended


def _notify(url: str, title: str, text: str) -> str:
    """Send by apprise, in this thread; return why that failed, empty if it did not."""
    try:
        from apprise import Apprise, AppriseAsset, NotifyFormat  # an extra, and slow to import
    except ImportError:
        return "needs a library that is not installed; run pip install 'callcentre[chat]'"
    _hush()
    try:
        # No threads of its own, and no limit of its own: whoever waits for this thread has one.
        asset = AppriseAsset(
            app_id=SENDER, app_desc=SENDER, http_redirects=False, async_mode=False, service_timeout=0.0
        )
        apprise = Apprise(asset=asset)
        if not apprise.add(url):
            return "is not understood by apprise; check the address of the contact"
        result = apprise.notify(title=title, body=text, body_format=NotifyFormat.TEXT.value)
    except Exception as error:  # noqa: BLE001  a plugin's fault, whose words may hold the address
        return f"failed in apprise ({type(error).__name__})"
    if result:
        return ""
    status = _STATUS.search("\n".join(entry.message for entry in result.logs()))
    return f"did not take it (HTTP {status.group(1)})" if status else "could not be reached, or did not take it"


def _hush() -> None:
    """Keep apprise and what it sends with out of our log: they would write parts of addresses into it."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
