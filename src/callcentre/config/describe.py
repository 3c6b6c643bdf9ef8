"""What a configuration means, in lines for people: `callcentre check-config`. Never a secret."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from callcentre.config.hours import text_of
from callcentre.config.settings import Config, PbxSettings
from callcentre.core.charter import Line, RuleName

_FILTER = (
    "If the account reads class dialplan, let manager.conf pass only VarSet of VMSTATUS, QUEUESTATUS, DIALSTATUS and "
    "Newexten of Queue, Dial and VoiceMail: unfiltered, a caller can put lines into events that look genuine."
)


def describe(config: Config) -> list[str]:
    """One line for each thing worth checking: what each line claims, its hours and targets, and what we assumed."""
    return [*_pbxs(config), *_lines(config), *_shells(config)]


def _pbxs(config: Config) -> Iterator[str]:
    menus = {pbx.name: pbx.menus for pbx in config.office.pbxs}
    for pbx in config.pbxs:
        yield f'pbx "{pbx.name}": {_account(pbx)}'
        if menus[pbx.name]:
            yield f"  menus, no line's: {_listed(menus[pbx.name])}"
        if pbx.queue_log is None:
            yield "  no queue_log: calls hidden by a gap stay lost"
    if any(pbx.can_connect for pbx in config.pbxs):
        yield _FILTER


def _account(pbx: PbxSettings) -> str:
    if not pbx.can_connect:
        return "no account: can be replayed, not connected to (add username and secret_file)"
    how = "TLS, certificate verified" if pbx.tls else "without TLS"
    loopback = pbx.host in {"127.0.0.1", "::1", "localhost"}
    warning = "" if pbx.tls or loopback else "; WARNING: calls and names cross the network in the clear, set tls = true"
    return f"{pbx.username} at {pbx.host}:{pbx.port}, {how}{warning}"


def _lines(config: Config) -> Iterator[str]:
    for line in config.office.lines:
        charter = line.charter
        yield f'line "{line.name}" on pbx "{line.pbx}", charter {charter.name} version {charter.version}'
        yield f"  claims {_claims(line)}"
        yield f"  open {text_of(line.hours)} ({line.zone}), closed on bank holidays ({line.nation.value})"
        note = config.hours_notes.get(line.name)
        yield f"  {note or 'Closed on bank holidays is our assumption; added_days opens some.'}"
        yield from _targets(line)
        if line.mailboxes:
            yield f"  messages: {_rule(line)}"
    yield f'What no line names goes to "{config.office.fallback_line}".'


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


def _rule(line: Line) -> str:
    rule = line.charter.message_rule
    words = {
        RuleName.ELAPSED_OR_NEXT_WORKING_DAY: f"answered in {rule.n} hours, or by the close of the next working day",
        RuleName.WORKING_DAYS: f"answered in {rule.n} working days",
        RuleName.SAME_WORKING_DAY: "answered on the same working day",
        RuleName.WITHIN_A_WORKING_DAY: "answered within a working day",
    }
    return words[rule.name]


def _shells(config: Config) -> Iterator[str]:
    yield f"store: {_without_password(config.store.url)}, at most {config.store.buffer_mb} MB kept while it is away"
    yield f"web: http://{config.web.host}:{config.web.port}"


def _without_password(url: str) -> str:
    """Return the kind, host and name of a database; its account and options are left out."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return url
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))
