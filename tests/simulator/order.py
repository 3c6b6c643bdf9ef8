"""Which events may follow which, learnt from recordings of a real Asterisk: per channel, bridge and stay in a queue.

A story is what one of them lived through, as words: the event's name with its state or result. From many stories come
rules of five kinds, each kept only where enough stories bear it out: with what a story begins and closes, what comes
once, what must have come before, what must still come, and what never comes after. `check` holds any events to them,
and to three sums: a bridge's and a queue's counts, and time, which never runs back.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callcentre_simulator.tape import rows

LEAST_SUPPORT = 15
"""Stories that must bear a rule out."""

_QUALIFIED = {"Newstate": "ChannelStateDesc", "DialEnd": "DialStatus", "DialState": "DialStatus"}
_VARIABLES = frozenset({"VM_MESSAGEFILE", "VMSTATUS", "QUEUESTATUS", "DIALSTATUS"})
_APPLICATIONS = frozenset({"Queue", "Dial", "VoiceMail"})
_ASIDE = frozenset(
    {"TestEvent", "RTCPSent", "RTCPReceived", "DTMFBegin", "DTMFEnd", "NewConnectedLine", "NewCallerid", "UserEvent"}
    | {"MusicOnHoldStart", "MusicOnHoldStop", "LocalBridge", "Rename", "NewAccountCode"}
)
_FORKED = frozenset({"AttendedTransfer", "BlindTransfer", "Pickup"})
_CLOSES = {"channel": "Hangup", "bridge": "BridgeDestroy", "visit": "QueueCallerLeave"}

Event = tuple[str, Mapping[str, str]]
"""An event's name and headers; the name "cut" stands for a time when nobody listened."""

CUT: Event = ("cut", {})


@dataclass(slots=True)
class Story:
    """What one channel, bridge or stay lived through."""

    kind: str
    key: str
    words: list[str] = field(default_factory=list)
    torn: bool = False
    """Whether part of it may have gone unseen."""


@dataclass(frozen=True, slots=True)
class Order:
    """The rules, by kind of story."""

    first: Mapping[str, str]
    once: Mapping[str, frozenset[str]]
    before: Mapping[str, frozenset[tuple[str, str]]]
    """(a, b): no b without an a before it."""
    after: Mapping[str, frozenset[tuple[str, str]]]
    """(a, b): after an a a b still comes, in a story that is closed."""
    never: Mapping[str, frozenset[tuple[str, str]]]
    """(a, b): after an a no b."""

    def rules(self) -> int:
        """How many rules there are."""
        tables: tuple[Mapping[str, Any], ...] = (self.once, self.before, self.after, self.never)
        return len(self.first) + sum(len(rules) for table in tables for rules in table.values())


def word(name: str, headers: Mapping[str, str]) -> str | None:
    """An event as a word of a story; None if no story tells of it."""
    if name in _ASIDE:
        return None
    if name in _QUALIFIED:
        return f"{name}:{headers.get(_QUALIFIED[name], '')}"
    if name == "VarSet":
        return f"VarSet:{headers.get('Variable')}" if headers.get("Variable") in _VARIABLES else None
    if name == "Newexten":
        return f"Newexten:{headers.get('Application')}" if headers.get("Application") in _APPLICATIONS else None
    return name


def stories(events: Iterable[Event]) -> list[Story]:
    """The stories that events tell, in the order they begin."""
    found: dict[tuple[str, str], Story] = {}
    seen_all = True
    for name, headers in events:
        if name == "cut":
            seen_all = False
            for story in found.values():
                story.torn = True
            continue
        token = word(name, headers)
        for kind, key, role in _places(name, headers) if token else ():
            if (kind, key) not in found:
                found[kind, key] = Story(kind, key, torn=not seen_all and not _begins(name))
            found[kind, key].words.append(f"{role}{token}")
    return list(found.values())


def _begins(name: str) -> bool:
    return name in {"Newchannel", "BridgeCreate", "QueueCallerJoin"}


def _places(name: str, headers: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    if headers.get("Uniqueid", "none") != "none":
        yield "channel", headers["Uniqueid"], ""
    if "DestUniqueid" in headers:
        yield "channel", headers["DestUniqueid"], "dest."
    if "BridgeUniqueid" in headers:
        yield "bridge", headers["BridgeUniqueid"], ""
    if name.startswith(("QueueCaller", "Agent")) and "Queue" in headers and "Uniqueid" in headers:
        yield "visit", f"{headers['Queue']} {headers['Uniqueid']}", ""


# --- learning ---------------------------------------------------------------------------------------------------------


def learn(told: Iterable[Story], also: Iterable[Story] = (), least: int = LEAST_SUPPORT) -> Order:
    """The rules that enough of the stories told bear out, and that none of them breaks, nor any that is `also` told.

    What is told also is much of one kind, and would bear out what is mere habit.
    """
    by_kind, more = _words(told), _words(also)
    first, once, before, after, never = {}, {}, {}, {}, {}
    for kind, sequences in by_kind.items():
        everything = sequences + more.get(kind, [])
        openings = {words[0] for words in everything}
        if len(openings) == 1:
            (first[kind],) = openings
        common = {token for token, stories_with in _spread(sequences).items() if stories_with >= least}
        once[kind] = frozenset(t for t in common if all(words.count(t) <= 1 for words in everything))
        closed = [words for words in everything if _CLOSES[kind] in words]
        before[kind] = _always(everything, common, lambda words, a, b: a in words[: words.index(b)], of="b")
        after[kind] = _always(closed, common, lambda words, a, b: b in words[_last(words, a) + 1 :], of="a")
        never[kind] = _never(everything, _together(sequences, common), least)
    return Order(first, once, before, after, never)


def _words(told: Iterable[Story]) -> dict[str, list[list[str]]]:
    by_kind: dict[str, list[list[str]]] = defaultdict(list)
    for story in told:
        if not story.torn:
            by_kind[story.kind].append(story.words)
    return by_kind


def _spread(sequences: Iterable[Sequence[str]]) -> Counter[str]:
    return Counter(token for words in sequences for token in set(words))


def _last(words: Sequence[str], token: str) -> int:
    return len(words) - 1 - list(reversed(words)).index(token)


def _always(sequences: Sequence[list[str]], common: set[str], holds: Any, *, of: str) -> frozenset[tuple[str, str]]:
    """The pairs that hold in every sequence that has the one of the pair that calls for the other."""
    found = {(a, b) for a in common for b in common if a != b}
    for words in sequences:
        here = common & set(words)
        for caller in here:
            for other in common:
                pair = (other, caller) if of == "b" else (caller, other)
                if pair in found and not holds(words, *pair):
                    found.discard(pair)
    called = _spread(sequences)
    return frozenset(pair for pair in found if called[pair[1] if of == "b" else pair[0]])


def _together(sequences: Iterable[Sequence[str]], common: set[str]) -> Counter[tuple[str, str]]:
    return Counter((a, b) for words in sequences for a in common & set(words) for b in common & set(words) if a != b)


def _never(
    sequences: Iterable[Sequence[str]], together: Mapping[tuple[str, str], int], least: int
) -> frozenset[tuple[str, str]]:
    found = {pair for pair, count in together.items() if count >= least}
    for words in sequences:
        for a in set(words):
            rest = set(words[words.index(a) + 1 :])
            found -= {(a, b) for b in rest}
    return frozenset(found)


# --- holding ----------------------------------------------------------------------------------------------------------


def check(events: Sequence[Event], order: Order) -> list[str]:
    """What is wrong with these events, in words; empty if nothing is."""
    wrong = [*_time(events), *_bridges(events), *_queues(events)]
    for story in stories(events):
        if not story.torn:
            wrong += [f"{story.kind} {story.key}: {what}" for what in _broken(story, order)]
    return wrong


def _broken(story: Story, order: Order) -> Iterable[str]:
    kind, words = story.kind, story.words
    if words[0] != order.first.get(kind, words[0]):
        yield f"begins with {words[0]}, not {order.first[kind]}"
    for token, count in Counter(words).items():
        if count > 1 and token in order.once.get(kind, ()):
            yield f"{token} comes {count} times"
    here = set(words)
    for a, b in order.before.get(kind, ()):
        if b in here and a not in words[: words.index(b)]:
            yield f"{b} without {a} before it"
    if _CLOSES[kind] in here:
        for a, b in order.after.get(kind, ()):
            if a in here and b not in words[_last(words, a) + 1 :]:
                yield f"{a} without {b} after it"
    for a, b in order.never.get(kind, ()):
        if a in here and b in words[words.index(a) + 1 :]:
            yield f"{b} after {a}"


def _time(events: Sequence[Event]) -> Iterable[str]:
    last = ""
    for name, headers in events:
        stamp = headers.get("Timestamp", "")
        if stamp and last and float(stamp) < float(last):
            yield f"{name} at {stamp} after {last}"
        last = stamp or last


def _bridges(events: Sequence[Event]) -> Iterable[str]:
    inside: dict[str, set[str]] = {}
    for name, headers in events:
        if name == "cut":
            inside.clear()
        bridge = headers.get("BridgeUniqueid", "")
        if name == "BridgeCreate":
            inside[bridge] = set()
        elif name in {"BridgeEnter", "BridgeLeave"} and bridge in inside:
            here = inside[bridge]
            if (headers["Uniqueid"] in here) == (name == "BridgeEnter"):
                yield f"{name} of {headers['Uniqueid']}, who is {'in' if name == 'BridgeEnter' else 'not in'} {bridge}"
            (here.add if name == "BridgeEnter" else here.discard)(headers["Uniqueid"])
            if int(headers["BridgeNumChannels"]) != len(here):
                yield f"{name}: {headers['BridgeNumChannels']} in {bridge}, not {len(here)}"
        elif name == "BridgeMerge":
            # The bridge that is merged away may keep a channel that is replaced in it and hangs up without leaving.
            inside.pop(headers["ToBridgeUniqueid"], None)
            inside.pop(headers["FromBridgeUniqueid"], None)
        elif name == "BridgeDestroy" and inside.pop(bridge, set()):
            yield f"BridgeDestroy of {bridge}, where somebody is"


def _queues(events: Sequence[Event]) -> Iterable[str]:
    waiting: dict[str, int] = {}
    for name, headers in events:
        if name == "cut":
            waiting.clear()
        if name in {"QueueCallerJoin", "QueueCallerLeave"}:
            queue, count = headers["Queue"], int(headers["Count"])
            step = 1 if name == "QueueCallerJoin" else -1
            if queue in waiting and count != waiting[queue] + step:
                yield f"{name}: {count} wait in {queue}, not {waiting[queue] + step}"
            waiting[queue] = count


# --- files ------------------------------------------------------------------------------------------------------------


def of_tape(path: Path, layouts: Mapping[str, set[tuple[str, ...]]]) -> list[Event]:
    """The events of a tape, with a cut wherever its connection ended; replies and login are no events.

    What is not laid out as any recorded event is forged or broken: a cut stands for it, as nobody knows what it hid.
    """
    events: list[Event] = []
    buffers: dict[int, str] = {}
    for row in rows(path):
        if row.get("mark") in {"drop", "eof"}:
            buffers.pop(row["conn"], None)
            events.append(CUT)
        *whole, rest = (buffers.get(row["conn"], "") + row.get("text", "")).split("\r\n\r\n")
        buffers[row["conn"]] = rest
        for message in whole:
            lines = message.split("\r\n")
            if len(lines) > 1 and lines[0].startswith("Event: ") and lines[1].startswith("Privilege: "):
                pairs = [_header(line) for line in lines]
                known = tuple(name for name, _ in pairs) in layouts.get(lines[0][7:], set())
                events.append((lines[0][7:], dict(pairs)) if known else CUT)
    return events


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


def saved(order: Order) -> str:
    """The rules as a file that reads well in a diff."""
    tables = {}
    for kind in sorted(order.once):
        tables[kind] = {
            "first": order.first.get(kind),
            "once": sorted(order.once[kind]),
            **{
                name: [" > ".join(pair) for pair in sorted(getattr(order, name)[kind])]
                for name in ("before", "after", "never")
            },
        }
    return json.dumps(tables, indent=1) + "\n"


def loaded(text: str) -> Order:
    """The rules from such a file."""
    tables = json.loads(text)

    def pairs(name: str) -> dict[str, frozenset[tuple[str, str]]]:
        return {kind: frozenset(tuple(rule.split(" > ")) for rule in table[name]) for kind, table in tables.items()}

    return Order(
        {kind: table["first"] for kind, table in tables.items() if table["first"]},
        {kind: frozenset(table["once"]) for kind, table in tables.items()},
        pairs("before"),
        pairs("after"),
        pairs("never"),
    )
