"""The scenario file: an office, the people in it, what is done when, and what must come out. Checked when read.

docs/reference/scenarios.md is written from this module; a test holds the two together.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

When = Annotated[
    float | str,
    Field(description="seconds after the start, or a civil time: `09:00:05` (the next one) or `2026-11-23 09:00`"),
]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {day: ["00:00-24:00"] for day in DAYS}


class Table(BaseModel):
    """A table of the file; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RingTable(Table):
    """What a telephone does with one call."""

    shows: Literal["180", "180sdp", "183", "nothing"] = Field("180", description="how it rings")
    after: float | None = Field(None, ge=0, description="seconds of ringing until it acts; none: it rings on")
    then: str = Field("answer", description="`answer`, `busy`, `decline`, `unavailable`, `error` or `forward X`")
    acts: list[str] = Field([], description="what its person does once answered; see Acts")


class ClickedTable(Table):
    """What an agent does whose telephone rings because they asked for it, to be led to a caller's."""

    shows: Literal["180", "180sdp", "183", "nothing"] = Field("180", description="how it rings")
    after: float | None = Field(2.0, ge=0, description="seconds of ringing until they act; none: it rings on")
    then: str = Field("answer", description="`answer`, `busy`, `decline`, `unavailable` or `error`")
    patience: float = Field(60.0, ge=0, description="seconds after which they hang up if the caller did not answer")
    talk: float | None = Field(
        None, ge=0, description="seconds of conversation after which they hang up; none: the caller does"
    )


class OutsideTable(Table):
    """What people outside do who are called over the trunk; without one they pick up and talk for half a minute."""

    number: str = Field(
        "", description="the number called, as it is dialled; none: everybody whom no other table names"
    )
    rings: list[RingTable] = Field(
        description="what they do at the first call, the second, …; the last repeats", min_length=1
    )


class TelephoneTable(Table):
    """A desk telephone, and the person at it."""

    extension: str = Field(description="its extension; its device is `PJSIP/` and this")
    person: str = Field("", description="who sits there")
    registered: bool = Field(True, description="whether it is registered at the start")
    busy_at: Literal[0, 1] = Field(
        1, description="`device_state_busy_at`: one call makes it busy (1) or only in use (0)"
    )
    rings: list[RingTable] = Field([], description="what it does at its first call, its second, …; the last repeats")
    clicked: ClickedTable | None = Field(
        None, description="what it does when the PBX rings it at a click of its agent (`Originate`); none: as ever"
    )


class QueueTable(Table):
    """A queue of queues.conf."""

    name: str = Field(description="its name")
    strategy: str = Field("ringall", description="one of Asterisk's: " + "ringall, leastrecent, fewestcalls, random, "
                          "rrmemory, rrordered, linear, wrandom")  # fmt: skip
    timeout: float = Field(30.0, gt=0, description="seconds a telephone, or a round of them, is rung")
    retry: float = Field(1.0, ge=0, description="seconds until the next go")
    wrapup: int = Field(0, ge=0, description="seconds of rest after a call")
    maxlen: int = Field(0, ge=0, description="how many may wait; 0: any number")
    joinempty: str = Field("yes", description="`yes`, or the conditions under which nobody may join")
    leavewhenempty: str = Field("no", description="`no`, or the conditions under which all must leave")
    context: str = Field("", description="the context of its exit keys")
    servicelevel: int = Field(0, ge=0, description="seconds of its service level")
    members: list[str] = Field(
        [], description="static members: an extension, `101 2` with a penalty, or `Local/101@agents/n 0 PJSIP/101`"
    )


class MailboxTable(Table):
    """A mailbox of voicemail.conf."""

    number: str = Field(description="its number; its name is this and `@default`")
    fullname: str = Field("", description="whose it is")
    greeting: float = Field(4.0, ge=0, description="seconds until the tone")
    maxmsg: int = Field(100, gt=0, description="how many messages it takes")


class LineTable(Table):
    """A line as the product is told of it; the simulator writes the product's configuration from these."""

    name: str = Field(description="its name")
    charter: str = Field("hct", description="the charter it is judged by")
    nation: str = Field("ENG", description="the nation whose bank holidays it keeps")
    dids: list[str] = Field([], description="the numbers that lead to it")
    queues: list[str] = Field([], description="the queues that serve it")
    extensions: list[str] = Field([], description="the telephones rung for it without a queue: `PJSIP/101`")
    mailboxes: list[str] = Field([], description="its mailboxes: `600@default`")
    hours: dict[str, list[str]] = Field(ALWAYS, description="when it is open; left out: always")
    min_agents: int = Field(1, ge=1, description="how many must be there for it to be attended")
    ring_out_limit: int = Field(3, ge=1, description="how many calls in a row may ring out")
    mode: Literal["observe", "enforce"] = Field("observe", description="whether the product acts when nobody is there")
    grace: str = Field("60s", description="how long nobody may be there until it does")
    recovery: str = Field("30s", description="how long somebody must be back until it is undone")
    standby: list[str] = Field([], description="telephones it may add to the queue: `PJSIP/109`")
    may_unpause: list[str] = Field([], description="telephones it may unpause")
    divert: bool = Field(False, description="whether it asks the dialplan to divert callers")
    supervisors: list[str] = Field([], description="telephones it rings when nobody is there")


class CallTable(Table):
    """One call that somebody makes."""

    at: When
    to: str = Field(description="the number dialled")
    number: str = Field("07700900000", description="the caller's number")
    name: str = Field("Caller", description="the caller's name, as the trunk tells it; control characters are sent raw")
    patience: float = Field(3600.0, ge=0, description="seconds until the caller hangs up, unless somebody has them")
    talk: float | None = Field(None, ge=0, description="seconds of conversation after which the caller hangs up")
    speak: float | None = Field(None, ge=0, description="seconds of message; none: the caller hangs up in the greeting")
    withheld: bool = Field(False, description="whether the number is withheld")
    press: list[str] = Field([], description="keys pressed: `4.0 1` is 1, four seconds after the PBX answered")
    answer: Literal["", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "hang up"] = Field(
        "", description="the key pressed when asked how the call was, or `hang up`; none: no key"
    )
    telephone: str = Field("", description="the extension that calls, where a colleague does")
    acts: list[str] = Field([], description='what that colleague does once connected by pickup (`to = "*8"`)')


class DeedTable(Table):
    """Something done at the office."""

    at: When
    do: Literal[
        "register", "unregister", "pause", "unpause", "log in", "log out", "restart", "crash", "hear", "erase",
        "put", "delete",
    ] = Field(
        description="what is done; `hear`: somebody hears all new messages of a mailbox; `erase`: erases the first; "
        "`put` and `delete`: a key of AstDB's family `callcentre`"
    )  # fmt: skip
    daily: bool = Field(False, description="whether it is done on each day of the scenario, at a time of day")
    days: list[str] = Field(list(DAYS), description="the days on which it is")
    telephone: str = Field("", description="the extension concerned")
    queue: str = Field("", description="the queue concerned; none: all (pausing)")
    mailbox: str = Field("", description="the mailbox concerned: `600@default`")
    reason: str = Field("", description="why somebody pauses")
    away: float = Field(4.0, gt=0, description="seconds until a PBX that crashed is back")
    key: str = Field("", description="the database's key")
    value: str = Field("", description="what is put there; `now`: the epoch, as a heartbeat is")


class TrafficTable(Table):
    """Callers who come at random."""

    to: str = Field(description="the number they dial")
    begins: When = Field(0.0, description="when the first may come")
    ends: When = Field(description="when the last may come")
    daily: bool = Field(False, description="whether this repeats each day of the scenario")
    days: list[str] = Field(list(DAYS), description="the days on which it does")
    per_hour: float = Field(gt=0, description="how many come in an hour, on average")
    patience: float = Field(60.0, gt=0, description="mean seconds of patience")
    message: float = Field(0.5, ge=0, le=1, description="the share who leave a message when they reach a mailbox")
    speak: float = Field(20.0, gt=0, description="mean seconds of a message")
    withheld: float = Field(0.05, ge=0, le=1, description="the share with a withheld number")
    foreign: float = Field(0.02, ge=0, le=1, description="the share from abroad")
    abusive: float = Field(0.0, ge=0, le=1, description="the share whose caller name is an attack")
    repeat: float = Field(0.1, ge=0, le=1, description="the share who have called before")


class ShiftTable(Table):
    """Agents at work, as people are: they answer after a while, refuse, ignore, take breaks and go home."""

    telephones: list[str] = Field(description="their extensions")
    begins: When = Field(0.0, description="when they come (their telephones register)")
    ends: When = Field(description="when they go (their telephones unregister)")
    daily: bool = Field(False, description="whether this repeats each day of the scenario")
    days: list[str] = Field(list(DAYS[:5]), description="the days on which they work")
    late: float = Field(0.0, ge=0, description="mean seconds by which they come late")
    answer: float = Field(6.0, gt=0, description="mean seconds of ringing until they answer")
    talk: float = Field(150.0, gt=0, description="mean seconds of a conversation")
    refuse: float = Field(0.03, ge=0, le=1, description="the share of calls they refuse")
    ignore: float = Field(0.03, ge=0, le=1, description="the share of calls they let ring")
    breaks: list[str] = Field([], description="when they pause: `12:00-12:30`; each of them a little apart")


class CallingBackTable(Table):
    """Agents who call back whoever left a message and a number, from their own telephones."""

    telephones: list[str] = Field(description="the extensions they do it from, when these are registered and free")
    mailboxes: list[str] = Field([], description="the mailboxes whose messages they answer: `600@default`; none: all")
    begins: str = Field("08:30", description="the time of day from which they do it")
    ends: str = Field("18:00", description="the time of day until which they begin to")
    days: list[str] = Field(list(DAYS[:5]), description="the days on which they do")
    share: float = Field(0.95, ge=0, le=1, description="the share of messages that is answered at all")
    after: float = Field(3600.0, gt=0, description="mean seconds from the message to the call, and to the next attempt")
    reached: float = Field(0.75, ge=0, le=1, description="the share of attempts at which the other side picks up")
    attempts: int = Field(3, ge=1, description="how often they try")
    talk: float = Field(60.0, gt=0, description="mean seconds of the conversation")


class FaultTable(Table):
    """Something that goes wrong on the wire, when the scenario is run as a server."""

    at: float = Field(ge=0, description="seconds after the start")
    do: str = Field(description="what, in the words of the simulator's faults: `cut`, `slow 5000 10`, …")


class CallExpectation(Table):
    """What must come out for a call, given by its caller or its place among the product's calls."""

    call: int | None = Field(None, description="its place, from 1, in order of offering")
    caller: str | None = Field(None, description="its caller's number")
    line: str | None = Field(None, description="the line that claimed it")
    outcome: str | None = Field(None, description="how it ended")
    answered_by: str | None = Field(None, description="the telephone that answered")
    rings: int | None = Field(None, description="how often it rang")
    within_seconds: bool | None = Field(None, description="whether it was answered in time")
    within_rings: bool | None = Field(None, description="whether it was answered within so many rings")
    hours: str | None = Field(None, description="core or closed")
    origin: str | None = Field(None, description="internal or external")
    quality: str | None = Field(None, description="complete, partial or inferred")
    attempts: list[str] | None = Field(None, description="its telephones and how each ended: `PJSIP/101 cancelled`")
    visits: list[str] | None = Field(None, description="its queues and how each stay ended: `enquiries answered`")


class MessageExpectation(Table):
    """What must come out for a message."""

    mailbox: str = Field(description="the mailbox it was left in")
    line: str | None = Field(None, description="the line it belongs to")
    caller: str | None = Field(None, description="who left it")
    due: datetime | None = Field(None, description="when the charter wants it answered")


class AttendanceExpectation(Table):
    """How long a line must have been attended, unattended or unknown."""

    line: str = Field(description="the line")
    state: Literal["attended", "unattended", "unknown"] = Field(description="the state")
    seconds: float = Field(ge=0, description="how long in all, in core hours")
    within: float = Field(1.0, ge=0, description="how far it may be out")
    because: str = Field("", description="words that the reason of all of it must hold")


class Expectations(Table):
    """What must come out. Beside it, every call and message is always held against the model's own truth."""

    outcomes: dict[str, int] = Field({}, description="how many calls of each outcome; others: none, if any is named")
    truth: bool = Field(True, description="hold every call against the model's own truth")
    call: list[CallExpectation] = Field([], description="single calls")
    message: list[MessageExpectation] = Field([], description="single messages, in order")
    attendance: list[AttendanceExpectation] = Field([], description="attendance of lines")


class Scenario(Table):
    """A scenario."""

    title: str = Field(description="what it is, in a few words")
    about: str = Field("", description="what it shows")
    office: str = Field("office", description="the office it plays in: a file beside this one; empty: none")
    start: datetime = Field(description="when it begins, with its offset")
    seconds: float = Field(gt=0, description="how long it lasts; calls still on then are seen to their end, deeds not")
    version: Literal[16, 18, 20, 22] = Field(22, description="Asterisk's version")
    holidays: list[date] = Field([], description="the bank holidays that the model's own ledger of attendance keeps")
    seed: int = Field(1, description="one seed, one history, byte for byte")
    cut: bool = Field(False, description="end at `seconds` even if calls are on")
    trunks: list[str] = Field(["PJSIP/trunk"], description="the trunks as the product is told of them")
    menus: list[str] = Field([], description="the numbers of menus, which no line claims")
    fallback_line: str = Field("", description="the line of mailboxes that no line names; empty: the first")
    telephone: list[TelephoneTable] = Field(
        [], description="telephones; they replace the office's of the same extension"
    )
    outside: list[OutsideTable] = Field([], description="people outside who are called, and what they do")
    queue: list[QueueTable] = Field([], description="queues; they replace the office's of the same name")
    mailbox: list[MailboxTable] = Field([], description="mailboxes; they replace the office's of the same number")
    line: list[LineTable] = Field([], description="lines; they replace the office's of the same name")
    dialplan: dict[str, dict[str, list[str]]] = Field(
        {}, description="contexts, their extensions and the steps of each"
    )
    call: list[CallTable] = Field([], description="calls")
    deed: list[DeedTable] = Field([], description="deeds")
    traffic: list[TrafficTable] = Field([], description="callers at random")
    shift: list[ShiftTable] = Field([], description="agents at random")
    calling_back: list[CallingBackTable] = Field([], description="agents who answer messages")
    fault: list[FaultTable] = Field([], description="faults of the wire")
    expect: Expectations = Field(Expectations(), description="what must come out")
