"""A test notice to one contact, sent at once: `callcentre test-notice`."""

from callcentre.config.problems import unknown
from callcentre.config.settings import Config
from callcentre.core.errors import ConfigError
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind
from callcentre.notify.roads import Roads
from callcentre.runtime.clock import Clock, SystemClock


async def send_test(config: Config, contact: str, *, clock: Clock | None = None) -> str:
    """Send a test to the contact of this name and return what the far end said.

    Raises ConfigError if there is no such contact, NotSent (with what to do) if it could not be told.
    """
    names = [one.name for one in config.contacts]
    if contact not in names:
        hint = unknown(contact, names) if names else "the configuration has none; add a [[contact]] table"
        raise ConfigError(f'there is no contact "{contact}"; {hint}')
    clock = clock or SystemClock()
    at = clock.now()
    notice = Notice(
        key=f"test:{at.isoformat(timespec='microseconds')}",
        pbx=config.office.pbxs[0].name,
        line=config.office.fallback_line,
        kind=NoticeKind.TEST,
        at=at,
        title="callcentre: a test",
        text=f'This is a test of callcentre: the contact "{contact}" can be reached. Nothing need be done.',
        to=(contact,),
    )
    taken = await Roads(config.contacts, config.mail, clock=clock).send(contact, notice)
    return f"{taken.words}; refused for {taken.refused}" if taken.refused else taken.words
