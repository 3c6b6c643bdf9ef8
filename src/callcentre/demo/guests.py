"""The demo's accounts: one for each role, known to whoever opens its pages, which only this machine can."""

from typing import Final

from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from callcentre.web.passwords import Passwords

PASSWORD: Final = "a simulated office"  # noqa: S105  the demo's own, printed at its start and on its log-in page
GUESTS: Final = (
    Account(name="alice", role=Role.AGENT, full_name="Alice Adams", telephone="PJSIP/101"),
    Account(name="jack", role=Role.SUPERVISOR, full_name="Jack Jones", telephone="PJSIP/112"),
    Account(name="ada", role=Role.ADMIN, full_name="Ada Archer"),
)
WELCOME: Final = (
    f"In this demo alice is an agent, jack a supervisor and ada an administrator. The password of each is: {PASSWORD}"
)
"""What the log-in page says."""


async def let_in(url: str) -> None:
    """Make the accounts in the demo's database."""
    passwords = Passwords()
    database = await Database.open(url)
    try:
        hashed = await passwords.hashed(PASSWORD)
        for guest in GUESTS:
            await database.accounts.add(guest, password=hashed, at=SystemClock().now())
    finally:
        await database.close()
        passwords.close()
