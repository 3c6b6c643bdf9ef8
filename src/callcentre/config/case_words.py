"""What a charter promises of cases, and who holds its roles, in lines for `callcentre check-config`."""

from collections.abc import Iterator

from callcentre.core.charter import ANY_KIND, CaseRule, Charter, DeadlineRule, Line, Office, RuleName, told_in


def cases(line: Line, office: Office) -> Iterator[str]:
    """What a line promises of cases, and whose roles are nobody's."""
    told = [_promise(rule) for rule in line.charter.cases if rule.acknowledge or rule.answer]
    if told:
        yield f"  cases: {'; '.join(told)}"
    for role in _roles(line.charter):
        if role not in office.roles:
            instead = ", ".join(told_in(office, line, role)) or "nobody"
            yield f"  the role {role} is nobody's in [roles]: {instead} told instead"


def roles(office: Office) -> Iterator[str]:
    """Who holds the roles that the configuration gives away."""
    for role, names in office.roles.items():
        yield f'role "{role}": {", ".join(names)}'


def _roles(charter: Charter) -> Iterator[str]:
    """The roles that a charter names, but the first stage: informal, it is the line's own."""
    yield from dict.fromkeys(role for role in (*charter.stages[1:], charter.abuse_role) if role)


def _promise(rule: CaseRule) -> str:
    kind = "all" if rule.kind == ANY_KIND else rule.kind.replace("_", " ")
    about = f" about {' or '.join(sorted(rule.categories))}" if rule.categories else ""
    by = f" by {' or '.join(sorted(one.replace('_', ' ') for one in rule.channels))}" if rule.channels else ""
    ends = (("acknowledged", rule.acknowledge), ("answered", rule.answer))
    promised = " and ".join(f"{verb} {_within(end)}" for verb, end in ends if end is not None)
    return f"{kind}{about}{by} {promised}"


def _within(rule: DeadlineRule) -> str:
    words = {
        RuleName.ELAPSED_OR_NEXT_WORKING_DAY: f"in {rule.n} hours",
        RuleName.WORKING_DAYS: f"in {rule.n} working days",
        RuleName.SAME_WORKING_DAY: "on the same working day",
        RuleName.WITHIN_A_WORKING_DAY: "within a working day",
    }
    return words[rule.name]
