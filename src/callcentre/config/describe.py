"""What a configuration means, in lines for people: `callcentre check-config`. Never a secret."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from callcentre.config.abuse import told as told_of_abuse
from callcentre.config.attendance import attendance, exceptions
from callcentre.config.calling import told as told_of_calling
from callcentre.config.case_words import cases, roles
from callcentre.config.durations import text_of as text_of_length
from callcentre.config.hours import text_of
from callcentre.config.retention import told as told_of_retention
from callcentre.config.serving import told as told_of_pages
from callcentre.config.settings import Config, Contact, MailTls, PbxSettings
from callcentre.config.transcripts import told as told_of_transcripts
from callcentre.core.charter import DeadlineRule, Line, RuleName
from callcentre.core.terms import Mode

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_FILTER: Final = (
    "If the account reads class dialplan, let manager.conf pass only VarSet of VMSTATUS, QUEUESTATUS, DIALSTATUS and "
    "Newexten of Queue, Dial and VoiceMail: unfiltered, a caller can put lines into events that look genuine."
)


def describe(config: Config) -> list[str]:
    """One line for each thing worth checking: what each line claims, its hours and targets, and what we assumed."""
    return [*_pbxs(config), *_lines(config), *_people(config), *_shells(config)]


def _pbxs(config: Config) -> Iterator[str]:
    menus = {pbx.name: pbx.menus for pbx in config.office.pbxs}
    enforced = {line.pbx for line in config.office.lines if line.attention.mode is Mode.ENFORCE}
    for pbx in config.pbxs:
        yield f'pbx "{pbx.name}": {_account(pbx)}'
        yield f"  {_acting(pbx, enforced=pbx.name in enforced)}"
        if menus[pbx.name]:
            yield f"  menus, no line's: {_listed(menus[pbx.name])}"
        if pbx.queue_log is None:
            yield "  no queue_log: calls hidden by a gap stay lost"
        yield from _spool(pbx)
    if any(pbx.can_connect for pbx in config.pbxs):
        yield _FILTER


def _account(pbx: PbxSettings) -> str:
    if not pbx.can_connect:
        return "no account: can be replayed, not connected to (add username and secret_file)"
    how = "TLS, certificate verified" if pbx.tls else "without TLS"
    warning = _in_the_clear(pbx.host, "calls and names")
    where = f"{pbx.username} at {pbx.host}:{pbx.port}, {how}"
    return where if pbx.tls or not warning else f"{where}{warning}, set tls = true"


def _acting(pbx: PbxSettings, *, enforced: bool) -> str:
    if pbx.act_username is None:
        return "no acting account: nothing is changed on it, and its dialplan keeps hours and bank holidays of its own"
    does = "whether each line is open is written to AstDB"
    return f"acting as {pbx.act_username}: {does}" + (", unattended lines are acted on" if enforced else "")


def _spool(pbx: PbxSettings) -> Iterator[str]:
    if pbx.voicemail_spool is None:
        yield (
            "  no voicemail_spool: what is in the mailboxes comes from AMI where the PBX has VoicemailBoxSummary "
            "(18.20, 20.5, 21 and later), else only counts do; recordings cannot be played"
        )
    elif not _is_folder(pbx.voicemail_spool):
        yield "  WARNING: voicemail_spool is no folder that can be read from here; without it messages may be missed"
    if pbx.sounds is not None and not _is_folder(pbx.sounds):
        yield "  WARNING: sounds is no folder that can be read from here; announcements cannot be judged"


def _is_folder(path: Path) -> bool:
    try:
        next(path.iterdir(), None)
    except OSError:
        return False
    return True


def _lines(config: Config) -> Iterator[str]:
    pbxs = {pbx.name: pbx for pbx in config.office.pbxs}
    for line in config.office.lines:
        charter = line.charter
        yield f'line "{line.name}" on pbx "{line.pbx}", charter {charter.name} version {charter.version}'
        yield f"  claims {_claims(line)}"
        yield f"  open {text_of(line.hours)} ({line.zone}), closed on bank holidays ({line.nation.value})"
        note = config.hours_notes.get(line.name)
        yield f"  {note or 'Closed on bank holidays is our assumption; added_days opens some.'}"
        yield from exceptions(line)
        yield from _targets(line)
        yield from _first_contact(line)
        if line.mailboxes:
            yield f"  messages: {_rule(line)}"
        yield from _callbacks(line)
        yield from attendance(line, pbxs[line.pbx])
        yield from cases(line, config.office)
    yield f'What no line names goes to "{config.office.fallback_line}".'


def _callbacks(line: Line) -> Iterator[str]:
    if line.callback_abandoned:
        yield "  callers who gave up are called back too"
    if line.calling_hours is not None:
        yield f"  callers are dialled {text_of(line.calling_hours)} on its working days"
    if not line.merge:
        yield "  each message is a task of its own, also of one caller"
    if line.tell:
        yield f"  {', '.join(line.tell)} told {text_of_length(line.warn_before)} before, and when overdue"
    elif line.mailboxes or line.callback_abandoned:
        until = " until the first step of escalation" if line.escalation else ""
        yield f"  WARNING: tell names nobody: deadlines of its callbacks are only logged and shown on pages{until}"
    for step in line.escalation:
        yield f"  {', '.join(step.tell)} told when overdue by {text_of_length(step.after)}"


def _claims(line: Line) -> str:
    kinds = {"DIDs": line.dids, "queues": line.queues, "telephones": line.extensions, "mailboxes": line.mailboxes}
    told = "; ".join(f"{word} {_listed(values)}" for word, values in kinds.items() if values)
    if not (line.dids or line.queues or line.extensions):
        return f"{told or 'nothing'}; WARNING: no call can reach it, give it dids, queues or extensions"
    return told


def _targets(line: Line) -> Iterator[str]:
    charter = line.charter
    targets = []
    if charter.answer_seconds is not None:
        targets.append(f"{charter.answer_seconds:g} seconds")
    if charter.answer_rings is not None:
        targets.append(f"{charter.answer_rings} rings of {line.ring_cycle_seconds:g} s")
    if not targets:
        yield "  no target for answering: the charter promises none, so none is judged"
        return
    share = "calls" if charter.answer_fraction is None else f"{charter.answer_fraction * 100:.4g} % of calls"
    yield f"  {share} answered within {' and '.join(targets)}, judged by the {charter.judged_by.value} service level"


def _first_contact(line: Line) -> Iterator[str]:
    fraction = line.charter.first_contact_fraction
    if fraction is not None:
        yield f"  {fraction * 100:.4g} % of enquiries resolved at first contact"


def _rule(line: Line) -> str:
    acknowledged = line.charter.acknowledge_rule
    told = "" if acknowledged is None else f"acknowledged {_within(acknowledged)}, "
    return f"{told}answered {_within(line.charter.message_rule)}"


def _within(rule: DeadlineRule) -> str:
    words = {
        RuleName.ELAPSED_OR_NEXT_WORKING_DAY: f"in {rule.n} hours, or by the close of the next working day",
        RuleName.WORKING_DAYS: f"in {rule.n} working days",
        RuleName.SAME_WORKING_DAY: "on the same working day",
        RuleName.WITHIN_A_WORKING_DAY: "within a working day",
    }
    return words[rule.name]


def _people(config: Config) -> Iterator[str]:
    yield from roles(config.office)
    for contact in config.contacts:
        yield f'contact "{contact.name}": {_road(contact)}'
    if config.mail is not None:
        mail = config.mail
        how = {
            MailTls.STARTTLS: "STARTTLS, certificate verified",
            MailTls.TLS: "TLS, certificate verified",
            MailTls.NONE: f"without TLS{_in_the_clear(mail.host, 'messages and the password')}",
        }
        yield f"mail: from {mail.sender} by {mail.host}:{mail.port}, {how[mail.tls]}"


def _road(contact: Contact) -> str:
    """Tell how a contact is reached. Paths and tokens are left out, and of a chat's address all but its service."""
    if contact.webhook is not None:
        parts = urlsplit(contact.webhook.get_secret_value())
        clear = _in_the_clear(parts.hostname or "", "notices") if parts.scheme == "http" else ""
        return f"webhook at {parts.scheme}://{parts.hostname}{clear}"
    if contact.chat is not None:
        return f"chat by {contact.chat.get_secret_value().partition(':')[0]}"
    return f"e-mail to {', '.join(contact.email)}"


def _in_the_clear(host: str, what: str) -> str:
    return "" if host in _LOOPBACK else f"; WARNING: {what} cross the network in the clear"


def _shells(config: Config) -> Iterator[str]:
    office = config.office
    yield (
        f"callbacks: a claim lapses after {text_of_length(office.lease)}, no answer may end a task after "
        f"{office.attempts} attempts, a mailbox is nearly full at {office.nearly_full * 100:.4g} %"
    )
    yield told_of_calling(office)
    yield from told_of_abuse(office)
    yield f"store: {without_password(config.store.url)}, at most {config.store.buffer_mb} MB kept while it is away"
    yield from told_of_retention(config.retention)
    yield f"enforcement: at most {office.actions_per_hour} actions in an hour"
    first, *more = told_of_pages(config.web)
    yield f"web: {first}"
    yield from (f"  {line}" for line in more)
    yield from told_of_transcripts(config.transcripts)


def without_password(url: str) -> str:
    """Return the kind, host and name of a database; its account and options are left out."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return url
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))
