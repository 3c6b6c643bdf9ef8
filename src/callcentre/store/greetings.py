"""Recorded messages as rows: how each was found last, who signed it off. A sign-off is in the audit log too."""

import json
from datetime import date
from typing import Final

from sqlalchemy import func, select

from callcentre.core.facts import GreetingSeen
from callcentre.core.greetings import SignOff, Standing
from callcentre.store.accounts import AccountStore
from callcentre.store.callback_rows import made_of, storable
from callcentre.store.greeting_tables import greeting_sign_offs, greetings
from callcentre.store.reader import PAGE

Key = tuple[str, str, str]
"""PBX, place and stem."""

_SIGN: Final = (
    "INSERT INTO greeting_sign_offs (pbx, place, stem, digest, wording, review_on, who, at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_AUDIT: Final = "INSERT INTO audit (at, who, action, what, address) VALUES (?, ?, ?, ?, ?)"


class GreetingStore(AccountStore):
    """Reads what is known of recorded messages, and takes sign-offs. Raises StoreUnavailable, StoreConflict."""

    async def seen(self) -> dict[Key, GreetingSeen]:
        """How each recorded message was found last; an office has a few dozen, at most 1,000 are read."""
        found = await self._rows(select(greetings).order_by(greetings.c.pbx, greetings.c.place).limit(PAGE))
        return {
            (row.pbx, row.place, row.stem): made_of(
                GreetingSeen, row, standing=tuple(Standing(word) for word in json.loads(row.standing)), notice=None
            )
            for row in found
        }

    async def signed(self) -> dict[Key, SignOff]:
        """The newest sign-off of each recorded message, of at most 1,000."""
        table = greeting_sign_offs
        newest = select(func.max(table.c.id)).group_by(table.c.pbx, table.c.place, table.c.stem)
        found = await self._rows(select(table).where(table.c.id.in_(newest)).order_by(table.c.id.desc()).limit(PAGE))
        return {
            (row.pbx, row.place, row.stem): SignOff(
                pbx=row.pbx,
                place=row.place,
                stem=row.stem,
                digest=row.digest,
                wording=row.wording,
                review_on=date.fromisoformat(row.review_on),
                who=row.who,
                at=row.at,
            )
            for row in found
        }

    async def sign(self, sign_off: SignOff, *, address: str) -> None:
        """Take a sign-off, and write down from where it came, in one transaction."""
        at = self._when(sign_off.at)
        texts = (sign_off.pbx, sign_off.place, sign_off.stem, sign_off.digest, sign_off.wording)
        what = f"{sign_off.pbx}, {sign_off.place}, {sign_off.stem}, SHA-256 {sign_off.digest[:12]}…"
        told = (sign_off.who, "greeting signed off", f"{what}, until {sign_off.review_on.isoformat()}", address)
        await self._change(
            (_SIGN, (*map(storable, texts), sign_off.review_on.isoformat(), storable(sign_off.who), at)),
            (_AUDIT, (at, *map(storable, told))),
        )
