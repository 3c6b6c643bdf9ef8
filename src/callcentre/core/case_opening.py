"""How a case begins: by hand, with what somebody knows of it, or by itself, from a complaint made in a call or message.

Its clocks count from when it reached the office, not from when it was typed in.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.case_alarms import give_notice, pass_on
from callcentre.core.case_requests import CaseAsked
from callcentre.core.case_values import COMPLAINT, COMPLIMENT, WRITTEN, Case, CaseChannel, CaseState, CaseStep
from callcentre.core.case_work import CaseWork, HeldCase
from callcentre.core.charter import Charter, Office
from callcentre.core.desk import named, plain
from callcentre.core.errors import IllegalTransition
from callcentre.core.hints import ComplaintMade
from callcentre.core.numbers import canonical, without_numbers
from callcentre.core.promises import Promises

OLDEST: Final = timedelta(days=730)
"""What reached the office longer ago is a slip of the finger."""

_BLANKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]+")
_LONGEST: Final = {"name": 120, "email": 254, "address": 500, "summary": 2000, "about": 120}
_SHORT: Final = 120

NewCase = Callable[[str], int]
"""The number of a new case on a PBX."""


def words(text: str | None, longest: int = _SHORT) -> str:
    """What somebody typed, on one line and not too long."""
    return _BLANKS.sub(" ", text or "").strip()[:longest]


def person(field: str, text: str | None) -> str | None:
    """A field that tells of a person as it is kept; None for nothing. Telephone numbers have a field of their own."""
    told = without_numbers(text or "") if field in ("summary", "about", "name") else text
    return words(told, _LONGEST[field]) or None


def called(text: str | None) -> str:
    """What one of us is called, as it is kept and told in histories: a telephone number has a field of its own."""
    return words(without_numbers(text or ""))


def number_of_person(typed: str | None) -> str | None:
    """A telephone number as it is kept; IllegalTransition for what is none, None for nothing."""
    if not (typed or "").strip():
        return None
    number = canonical(typed)
    if number is None:
        raise IllegalTransition("that is no telephone number; type its digits, with the area code")
    return number


def category_of(charter: Charter, typed: str | None) -> str:
    """The category that is meant; IllegalTransition where the charter has none of this name."""
    word = words(typed)
    known = (*charter.categories, *charter.outside)
    if word and word not in known:
        raise IllegalTransition(f"there is no category of this name; choose {' or '.join(known) or 'none'}")
    return word


def reached_us(work_at: datetime, received_at: datetime | None) -> datetime:
    """When something reached the office; IllegalTransition for a time that cannot be."""
    if received_at is None:
        return work_at
    if received_at > work_at:
        raise IllegalTransition("that time has not come yet; give the time when it reached the office")
    if received_at < work_at - OLDEST:
        raise IllegalTransition("that is more than two years ago; look at the date")
    return received_at


def written_if_so(charter: Charter, stage: int, channel: CaseChannel) -> None:
    """Pass if a complaint may come to this stage by this channel; else IllegalTransition."""
    if charter.written_from is not None and stage >= charter.written_from and channel not in WRITTEN:
        raise IllegalTransition(f"stage {stage} is for complaints in writing; ask for a letter or an e-mail")


def role_of(charter: Charter, stage: int) -> str:
    """The role that a stage goes to; IllegalTransition where the charter has no such stage."""
    most = max(len(charter.stages), 1)
    if not 1 <= stage <= most:
        raise IllegalTransition(f"there is no stage {stage}; this charter has {most}")
    return charter.stages[stage - 1] if charter.stages else ""


def opened(asked: CaseAsked, office: Office, promises: Promises, number: NewCase) -> CaseWork:
    """A new case as somebody typed it in. Raises IllegalTransition, whose words say what is missing."""
    who, line = named(asked.who), promises.line(asked.line)
    charter = line.charter
    if not promises.configured(asked.line) or line.pbx != asked.pbx:
        raise IllegalTransition("there is no line of this name; choose one of the configuration")
    if asked.kind not in charter.case_kinds():
        raise IllegalTransition(
            f"there is no kind of case of this name; choose one of {', '.join(charter.case_kinds())}"
        )
    if asked.channel is None:
        raise IllegalTransition("say how it reached the office: by call, letter, e-mail or another way")
    category, stage = category_of(charter, asked.category), asked.stage or 1
    if stage != 1 and asked.kind != COMPLAINT:
        raise IllegalTransition("only a complaint has stages; leave the stage at 1")
    role = role_of(charter, stage) if asked.kind == COMPLAINT else ""
    written_if_so(charter, stage, asked.channel)
    owner, dial = called(asked.owner) or None, number_of_person(asked.direct_dial)
    rule = charter.case_rule(asked.kind, asked.channel, category)
    if rule is not None and rule.contact_required and not (owner and dial):
        raise IllegalTransition("the answer bears a name and a direct dial number: say who owns it, and their number")
    case = Case(
        pbx=asked.pbx,
        number=0,
        line=line.name,
        charter=charter.name,
        charter_version=charter.version,
        kind=asked.kind,
        channel=asked.channel,
        state=CaseState.OPEN,
        received_at=reached_us(asked.at, asked.received_at),
        opened_at=asked.at,
        opened_by=who,
        entries=0,
        category=category,
        stage=stage,
        role=role,
        owner=owner,
        direct_dial=dial,
        caller=number_of_person(asked.caller),
        name=person("name", asked.name),
        email=person("email", asked.email),
        address=person("address", asked.address),
        summary=person("summary", asked.summary) or "",
        about=person("about", asked.about),
        task=asked.task,
        call=asked.call,
    )
    work = _begun(case, asked.at, office, promises, number)
    work.through = plain(asked.through)
    _told_of(work, who, asked.request, plain(asked.why))
    return work


def complained(made: ComplaintMade, office: Office, promises: Promises, number: NewCase) -> CaseWork:
    """A new case of a complaint made in a call or a message."""
    charter = promises.line(made.line).charter
    case = Case(
        pbx=made.pbx,
        number=0,
        line=made.line,
        charter=charter.name,
        charter_version=charter.version,
        kind=COMPLAINT,
        channel=made.channel,
        state=CaseState.OPEN,
        received_at=min(made.received_at, made.at),
        opened_at=made.at,
        opened_by=made.who,
        entries=0,
        role=role_of(charter, 1),
        caller=made.caller,
        summary=plain(made.why),
        task=made.task,
        call=made.call,
    )
    work = _begun(case, made.at, office, promises, number)
    _told_of(work, made.who, made.request, _origin(made))
    return work


def joined(work: CaseWork, made: ComplaintMade) -> None:
    """The complaint is known: say that it was made again, and where."""
    why = "; ".join(part for part in (f"complained again: {_origin(made)}", plain(made.why)) if part)
    step = CaseStep.NOTED if work.held.closed else CaseStep.JOINED
    work.step(step, why, who=made.who, request=made.request)
    if work.case.task is None and made.task is not None:
        work.case = replace(work.case, task=made.task)


def _origin(made: ComplaintMade) -> str:
    return f"of task {made.task}" if made.task is not None else "made in a call"


def _begun(case: Case, at: datetime, office: Office, promises: Promises, number: NewCase) -> CaseWork:
    case = replace(case, number=number(case.pbx))
    return CaseWork(HeldCase(case=case), at, office, promises)


def _told_of(work: CaseWork, who: str, request: str, why: str) -> None:
    """Take it down, have its clocks run, and tell those whose it is."""
    case = work.case
    what = f"{case.kind.replace('_', ' ')} received on {work.calendar.moment(case.received_at)}"
    work.step(CaseStep.OPENED, "; ".join(part for part in (what, why) if part), who=who, request=request)
    work.promise()
    if case.kind == COMPLAINT or case.owner is not None:
        to = work.tell()
        give_notice(work, "opened", "was opened", to)
    if case.kind == COMPLIMENT:
        pass_on(work, who, None)
