"""Legal holds: numbers and cases of which nothing is erased or removed until the hold ends. Each change is audited."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from callcentre.core.numbers import canonical, masked, without_numbers
from callcentre.store.accounts import AccountStore
from callcentre.store.callback_rows import made_of, storable
from callcentre.store.case_tables import cases
from callcentre.store.protection_tables import legal_holds
from callcentre.store.reader import PAGE

_LIFT = (
    "UPDATE legal_holds SET lifted_at = ?, lifted_by = ?, lifted_why = ? "
    "WHERE id = ? AND lifted_at IS NULL RETURNING id"
)
_AUDIT = "INSERT INTO audit (at, who, action, what, address) VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What must be kept, because of `why`: everything of a `number` (in the spelling of core.numbers), or one case.

    An empty `pbx` is every one. It lasts from `at` until `until`, or until it is lifted.
    """

    id: int
    pbx: str
    number: str | None
    case_number: int | None
    why: str
    who: str
    at: datetime
    until: datetime | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_why: str | None = None

    @property
    def whom(self) -> str:
        """What is held, in words without the number."""
        held = f"case {self.case_number}" if self.case_number is not None else f"the number {masked(self.number)}"
        return f"{held} on {self.pbx}" if self.pbx else held


class Holds(AccountStore):
    """Places, lifts and lists legal holds. Raises StoreUnavailable, StoreConflict."""

    async def place(
        self,
        *,
        pbx: str,
        number: str | None,
        case_number: int | None,
        why: str,
        who: str,
        at: datetime,
        until: datetime | None,
        address: str = "",
    ) -> None:
        """Hold a number, or a case; it is on the audit log in the same transaction, without the number."""
        why = without_numbers(why)
        what = f"case {case_number} on {pbx}" if case_number is not None else f"number {masked(number)}"
        told = f"{what}: {why}" + (f", until {until.date().isoformat()}" if until is not None else "")
        when, end = self._when(at), self._when(until)
        insert = (
            "INSERT INTO legal_holds (pbx, number, case_number, why, who, at, until) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id"
        )
        await self._change(
            (insert, (storable(pbx), number, case_number, storable(why), storable(who), when, end)),
            (_AUDIT, (when, storable(who), "legal hold placed", storable(told)[:500], address)),
        )

    async def lift(self, id: int, *, why: str, who: str, at: datetime, address: str = "") -> bool:  # noqa: A002
        """End a hold that lasts; False if there is none of this id."""
        when, why = self._when(at), without_numbers(why)
        return await self._change(
            (_LIFT, (when, storable(who), storable(why), id)),
            (_AUDIT, (when, storable(who), "legal hold lifted", storable(f"hold {id}: {why}")[:500], address)),
        )

    async def all(self) -> Sequence[Hold]:
        """Every hold there was, the newest first; at most 1,000."""
        rows = await self._rows(select(legal_holds).order_by(legal_holds.c.id.desc()).limit(PAGE))
        return [made_of(Hold, row) for row in rows]

    async def lasting(self, at: datetime) -> Sequence[Hold]:
        """The holds that last `at`."""
        h = legal_holds.c
        query = select(legal_holds).where(h.lifted_at.is_(None), or_(h.until.is_(None), h.until > at))
        return [made_of(Hold, row) for row in await self._rows(query.order_by(h.id).limit(PAGE))]

    async def against(
        self, pbx: str, at: datetime, *, numbers: Collection[str] = (), case_numbers: Collection[int] = ()
    ) -> Sequence[Hold]:
        """The holds on any of these numbers (in any spelling) or cases of a PBX, or on a case of one of the numbers."""
        told = {number for each in numbers if (number := canonical(each)) is not None}
        holds = [hold for hold in await self.lasting(at) if hold.pbx in ("", pbx)]
        of_cases = {hold.case_number for hold in holds if hold.case_number is not None}
        theirs = set(case_numbers)
        if of_cases and told:
            query = select(cases.c.number, cases.c.caller).where(cases.c.pbx == pbx, cases.c.number.in_(of_cases))
            theirs |= {row.number for row in await self._rows(query) if canonical(row.caller) in told}
        return [hold for hold in holds if canonical(hold.number) in told or hold.case_number in theirs]
