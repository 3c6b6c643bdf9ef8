"""What the named role is told of incidents with abusive callers (W5)."""

from datetime import datetime

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office, told_in
from callcentre.core.incidents import AbuseStage, Incident
from callcentre.core.numbers import masked, without_numbers
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind

_TITLES = {
    AbuseStage.WARNED: "an abusive caller was warned",
    AbuseStage.ENDED: "a call with an abusive caller was ended",
    AbuseStage.WRAP_UP: "an agent says that a caller was abusive",
}


def happened_notice(
    office: Office, line: Line, calendar: Calendar, incident: Incident, stage: AbuseStage, before: int, at: datetime
) -> Notice:
    """Make the notice of what just happened; `before` is how many marks there were of the same caller."""
    parts = [
        f"{_TITLES[stage][0].upper()}{_TITLES[stage][1:]}, on {calendar.moment(at)}.",
        f"The caller: {masked(incident.caller)}. Who answered: {_agent(incident)}.",
    ]
    if incident.ended_at is not None and incident.warned_at is not None:
        parts.append(f"Warned on {calendar.moment(incident.warned_at)}.")
    if before:
        parts.append(f"This caller is marked for {before} other call{'s' if before > 1 else ''}.")
    if incident.note:
        parts.append(f"Note: {without_numbers(incident.note)}")
    parts.append(f"Agents are shown the mark until {calendar.moment(incident.expires_at)}, unless it is withdrawn.")
    return _notice(office, line, incident, (stage, NoticeKind.ABUSE), at, _TITLES[stage], parts)


def due_notice(office: Office, line: Line, calendar: Calendar, incident: Incident, at: datetime) -> Notice:
    """Make the notice that a mark is to be looked at: whether it is to stay until it expires."""
    parts = [
        f"A caller ({masked(incident.caller)}) was marked as abusive on {calendar.moment(incident.at)}.",
        f"The mark expires on {calendar.moment(incident.expires_at)}.",
        "What to do: open the page of incidents, and keep the mark or withdraw it.",
    ]
    title = "the mark of an abusive caller is to be reviewed"
    return _notice(office, line, incident, ("review", NoticeKind.ABUSE_REVIEW), at, title, parts)


def _notice(
    office: Office,
    line: Line,
    incident: Incident,
    what: tuple[str, NoticeKind],
    at: datetime,
    title: str,
    parts: list[str],
) -> Notice:
    word, kind = what
    return Notice(
        key=f"{incident.pbx}/abuse {incident.uniqueid}/{word}",
        pbx=incident.pbx,
        line=line.name,
        kind=kind,
        at=at,
        title=f"{line.name}: {title}",
        text="\n".join(parts),
        to=told_in(office, line, incident.role),
    )


def _agent(incident: Incident) -> str:
    known = [part for part in (incident.agent, incident.telephone) if part]
    return " at ".join(known) or "not known"
