"""What agents and callers say is counted once; what callers did is read beside the scrape."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.facts import CallerAsked, CallWrapped
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import TaskOutcome, WrapKind
from callcentre.metrics.first_contact import FirstContactGauges, Inferred
from tests.unit.metrics.offices import Scrape
from tests.unit.metrics.test_callback_metrics import closed
from tests.unit.runtime.samples import NOON

INFERRED = Inferred(pbx="lab", line="enquiries", calls=50, resolved=40)


def said(kind: WrapKind, *, line: str = "enquiries", first: bool = True) -> CallWrapped:
    """A word on a call."""
    wrap = WrapUp(pbx="lab", uniqueid="1.1", who="alice", at=NOON, line=line, caller=None, kind=kind)
    return CallWrapped(pbx="lab", at=NOON, wrap=wrap, first=first)


def asked(answer: int | None, *, line: str = "enquiries", **changes: Any) -> CallerAsked:
    """A caller was asked, and no answer will come any more."""
    known: dict[str, Any] = {"uniqueid": "1.1", "telephone": "PJSIP/101", "asked_at": NOON, "over": True}
    return CallerAsked(pbx="lab", at=NOON, line=line, answer=answer, **(known | changes))


def told(scrape: Scrape, line: str = "enquiries") -> tuple[float | None, float | None]:
    names = {"pbx": "lab", "line": line}
    yes, no = (scrape.value("first_contact_total", resolved=word, **names) for word in ("true", "false"))
    return yes, no


def test_the_first_word_on_a_call_counts() -> None:
    scrape = Scrape()
    scrape.metrics.observe([said(kind) for kind in WrapKind])
    scrape.metrics.observe([said(WrapKind.RESOLVED, first=False)])
    assert told(scrape) == (1, len(WrapKind) - 1)
    scrape.metrics.observe([said(WrapKind.RESOLVED, line="older")])
    assert told(scrape, "older") == told(scrape, "other") == (None, None)


@pytest.mark.parametrize(("resolved", "counts"), [(True, (1, None)), (False, (None, 1)), (None, (None, None))])
def test_a_callback_counts_as_it_is_closed(resolved: bool | None, counts: tuple[float | None, float | None]) -> None:
    scrape, fact = Scrape(), closed(TaskOutcome.DONE, in_time=True)
    assert fact.task is not None
    scrape.metrics.observe([replace(fact, task=replace(fact.task, resolved=resolved))])
    scrape.metrics.observe([replace(fact, task=replace(fact.task, resolved=resolved), entries=())])
    assert told(scrape) == counts


def test_who_was_asked_counts_once_it_is_over() -> None:
    scrape = Scrape()
    scrape.metrics.observe([asked(None, over=False), asked(4), asked(4), asked(None), asked(1, line="older")])
    names = {"pbx": "lab", "line": "enquiries"}
    assert scrape.value("satisfaction_total", answer="4", **names) == 2
    assert scrape.value("satisfaction_total", answer="none", **names) == 1
    assert scrape.value("satisfaction_total", pbx="lab", line="older", answer="1") is None


def test_what_callers_did_is_there_once_it_was_read() -> None:
    scrape, known = Scrape(), list[Inferred]()
    scrape.registry.register(FirstContactGauges(lambda: known))
    names = {"pbx": "lab", "line": "enquiries"}
    assert scrape.value("first_contact_inferred_calls", **names) is None
    known.append(INFERRED)
    assert scrape.value("first_contact_inferred_calls", **names) == 50
    assert scrape.value("first_contact_inferred_resolved", **names) == 40
