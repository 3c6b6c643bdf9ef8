"""Every key of charter files, with type, default and meaning (docs/reference/charters.md). Strict, as all of them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from callcentre.config.section import Section
from callcentre.config.values import HoursByDay, Role, Title, Word, three_stages


class RuleSection(Section):
    """A deadline rule."""

    name: Literal["elapsed_or_next_working_day", "working_days", "same_working_day", "within_a_working_day"] = Field(
        description="The rule (docs/reference/charters.md).", examples=['"working_days"']
    )
    n: Annotated[int, Field(ge=1, le=366)] | None = Field(
        None, description="Hours for `elapsed_or_next_working_day`, working days for `working_days`, else left out."
    )


class CaseSection(Section):
    """What is promised of cases of one kind."""

    kind: Word = Field(
        description="The kind of case; one that no other charter has is yours. `any`: all kinds.",
        examples=['"complaint"'],
    )
    channels: list[Literal["call", "message", "letter", "fax", "email", "web", "social", "in_person"]] = Field(
        [], description="How the person turned to the office. Empty: however they did."
    )
    categories: list[Word] = Field([], description="Only cases of these categories. Empty: all.")
    title: Title = Field("", description="What people call it; else its kind.")
    acknowledge: RuleSection | None = Field(
        None,
        description="By when it is acknowledged; left out: not promised.",
        examples=['{ name = "working_days", n = 5 }'],
    )
    answer: RuleSection | None = Field(
        None,
        description="By when it is answered; left out: not promised.",
        examples=['{ name = "working_days", n = 15 }'],
    )
    fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="The share of cases that must be acknowledged and answered in time, such as 0.95."
    )
    agreed: Literal["beside", "instead", "required"] = Field(
        "beside", description="What an agreed date does: see below."
    )
    update_days: Annotated[int, Field(ge=1, le=366)] | None = Field(
        None, description="Once a date is agreed, the person is kept informed each so many working days."
    )
    contact_required: bool = Field(
        False, description="A case needs its owner's name and direct dial from the start: its answer bears them."
    )


class CharterSection(Section):
    """A charter file: what an office promises."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] = Field(
        description="The charter's name, as `[[line]] charter` gives it.", examples=['"hct"']
    )
    version: Annotated[int, Field(ge=1)] = Field(
        description="Raise it with every change: it is kept with each call.", examples=["1"]
    )
    title: str = Field("", description="Its title, for pages and reports.")
    answer_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Calls are answered within so many seconds; left out: not promised, never judged."
    )
    answer_rings: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Calls are answered within so many rings; left out: not promised, never judged."
    )
    answer_fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="The share of calls that must be answered in time, such as 0.9; left out: no share promised."
    )
    first_contact_fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="The share of enquiries resolved at first contact, such as 0.6; left out: not promised.",
    )
    judged_by: Literal["strict", "headline", "answered"] = Field(
        "strict", description="The service level it is judged by: `strict`, `headline` or `answered`."
    )
    short_abandon_seconds: Annotated[float, Field(ge=0)] = Field(
        5.0, description="A caller who hangs up sooner is a short abandon."
    )
    hours: HoursByDay = Field(
        description="Core hours of each day, unless the line has its own; days left out are closed.",
        examples=['{ mon = ["09:00-17:00"], … }'],
    )
    hours_note: str = Field("", description="What about the hours is assumed; `check-config` prints it.")
    message_rule: RuleSection = Field(
        description="By when a message must be answered.", examples=['{ name = "working_days", n = 15 }']
    )
    acknowledge_rule: RuleSection | None = Field(
        None,
        description="By when the caller is told that a message was received; left out: not promised.",
        examples=['{ name = "working_days", n = 5 }'],
    )
    stages: Annotated[list[Role], AfterValidator(three_stages)] = Field(
        [], description="The role that a complaint goes to at each stage, from 1 on, three at most. Empty: one stage."
    )
    abuse_role: Role | Literal[""] = Field(
        "", description="The role that is told of abusive calls, else the line's `tell`; it reviews their marks."
    )
    besides: list[Literal["attended", "voicemail", "greetings", "mailboxes"]] = Field(
        [], description="What is promised besides, without a share; the monthly report judges it."
    )
    written_from: Annotated[int, Field(ge=2, le=3)] | None = Field(
        None, description="From this stage on a complaint is taken only in writing; left out: always in any way."
    )
    categories: list[Word] = Field([], description="What cases can be about, beside no category at all.")
    outside: list[Word] = Field(
        [], description="Categories outside the office's remit: whom to turn to is told instead."
    )
    case: list[CaseSection] = Field(
        [], description="One table for each kind of case; the first that fits counts.", examples=["[[case]]"]
    )
