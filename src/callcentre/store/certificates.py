"""What is known of erasures: enough to certify each, and nothing that names whoever was erased."""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from callcentre.core.numbers import canonical
from callcentre.store.accounts import AccountStore
from callcentre.store.case_tables import cases
from callcentre.store.cleaning import clean, is_noted
from callcentre.store.erasing import Found, kept
from callcentre.store.protection_tables import erasures
from callcentre.store.reader import PAGE, AnyRow
from callcentre.store.sweeping import Progress, Sweep
from callcentre.store.tables import messages, orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure on one PBX: `counts` of rows by table, the keyed `hash` of the number, `messages` by their keys.

    `notes` are sentences: what was done besides, and what could not be.
    """

    request: str
    pbx: str
    at: datetime
    who: str
    why: str
    hash: str
    counts: Mapping[str, int]
    messages: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it is still to be done."""
        return is_noted(self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCase:
    """A case that was found by a name or an address: enough to see whether it is the one that is meant."""

    pbx: str
    number: int
    kind: str
    received_at: datetime
    name: str | None
    email: str | None
    caller: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A message whose recording may be in the voicemail spool."""

    pbx: str
    key: str
    mailbox: str
    folder: str | None
    msg_id: str | None
    origtime: datetime


def _recording(row: AnyRow) -> Recording:
    return Recording(
        pbx=row.pbx,
        key=row.key,
        mailbox=row.mailbox,
        folder=row.folder,
        msg_id=row.msg_id,
        origtime=row.began_at or row.left_at,
    )


async def _nobody_minds(_found: Found) -> None:
    """Nothing is asked."""


class Erasures(AccountStore):
    """Reads and completes what is known of erasures. Raises StoreUnavailable, StoreConflict."""

    async def begun(self, request: str) -> Found | None:
        """What is known of whoever an order asks to erase; None if that has not begun, or is answered."""
        rows = await self._rows(select(orders.c.body).where(orders.c.id == request, orders.c.done_at.is_(None)))
        return kept(rows[0].body) if rows else None

    async def sweep(
        self,
        request: str,
        pbx: str,
        *,
        may_go_on: Callable[[Found], Awaitable[None]] = _nobody_minds,
        heard: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        """Remove what an erasure that has begun is about from all rows; its order says how far it is (store.sweeping).

        `may_go_on` raises if a legal hold stands in the way. Cut short, it is begun again by calling this again.
        """
        one = next((each for each in await self.of([request]) if each.pbx == pbx), None)
        if one is None:
            return

        async def tell(progress: Progress) -> None:
            heard(progress)
            update = "UPDATE orders SET answer = ? WHERE id = ? AND done_at IS NULL RETURNING id"
            await self._change((update, (progress.in_words, request)))

        found = await self.begun(request) or Found()
        sweep = Sweep(
            writer=self._writer,
            readers=self._readers,
            dialect=self._dialect,
            request=request,
            pbx=pbx,
            at=one.at,
            found=found | Found(messages=frozenset(one.messages)),
            may_go_on=may_go_on,
            tell=tell,
        )
        notes = await sweep.run()
        await sweep.finish(one.who)
        await self.note(request, pbx, notes)

    async def of(self, requests: Sequence[str]) -> Sequence[Erasure]:
        """The erasures that these requests asked for."""
        wanted = erasures.c.request.in_(requests)
        rows = await self._rows(select(erasures).where(wanted).order_by(erasures.c.pbx).limit(PAGE))
        return [
            Erasure(
                request=row.request,
                pbx=row.pbx,
                at=row.at,
                who=row.who,
                why=row.why,
                hash=row.hash,
                counts=json.loads(row.counts),
                messages=tuple(json.loads(row.messages)),
                notes=tuple(json.loads(row.notes)),
            )
            for row in rows
        ]

    async def note(self, request: str, pbx: str, notes: Sequence[str]) -> None:
        """Add what was done besides."""
        found = [each for each in await self.of([request]) if each.pbx == pbx]
        if found:
            told = json.dumps([*found[0].notes, *notes])
            update = "UPDATE erasures SET notes = ? WHERE request = ? AND pbx = ? RETURNING pbx"
            await self._change((update, (told, request, pbx)))

    async def clean(self, numbers: Collection[str] = ()) -> Sequence[str]:
        """See that nothing of `numbers` is left in the database's own file (store.cleaning); say what was done."""
        return await clean(self._writer, numbers)

    async def recordings(self, pbx: str, keys: Sequence[str], caller: str | None) -> Sequence[Recording]:
        """The messages of a PBX that are in a mailbox, of these keys or of a caller in any spelling."""
        m = messages.c
        found: list[Recording] = []
        pages = self._pages(select(messages), (m.pbx == pbx) & m.in_mailbox, m.key)
        async for page in pages:
            for row in page:
                if row.key in keys or (caller is not None and canonical(row.caller) == caller):
                    found += [_recording(row)]
        return found

    async def cases_named(self, *, name: str = "", email: str = "") -> Sequence[NamedCase]:
        """The cases whose name holds `name`, or whose e-mail address is `email`, in any case; at most 1,000."""
        ways = []
        if name:
            ways.append(func.lower(cases.c.name).contains(name.strip().lower(), autoescape=True))
        if email:
            ways.append(func.lower(cases.c.email) == email.strip().lower())
        query = select(cases).where(or_(*ways)).order_by(cases.c.pbx, cases.c.number).limit(PAGE)
        return [
            NamedCase(
                pbx=row.pbx,
                number=row.number,
                kind=row.kind,
                received_at=row.received_at,
                name=row.name,
                email=row.email,
                caller=row.caller,
            )
            for row in await self._rows(query)
        ]
