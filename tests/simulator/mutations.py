"""Twenty and more ways to put a true sequence of events wrong, each by its name.

A mutation takes events and returns them wrong, or None where there is nothing for it to work on. Times are put in order
again after it, so that only what it names is wrong.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from tests.simulator.order import Event

Mutation = Callable[[list[Event]], list[Event] | None]


def _restamped(events: list[Event], true: list[Event]) -> list[Event]:
    stamps = iter(sorted(h["Timestamp"] for _, h in true if "Timestamp" in h))
    last = ""
    found: list[Event] = []
    for name, headers in events:
        if "Timestamp" in headers:
            last = next(stamps, last)
            found.append((name, {**headers, "Timestamp": last}))
        else:
            found.append((name, headers))
    return found


def _where(events: list[Event], wanted: str, having: Mapping[str, str] | None = None, after: int = 0) -> int | None:
    for index in range(after, len(events)):
        name, headers = events[index]
        if name == wanted and (having or {}).items() <= headers.items():
            return index
    return None


def _move(events: list[Event], source: int, target: int) -> list[Event]:
    """The event at `source` put to where the one at `target` stands."""
    changed = events[:source] + events[source + 1 :]
    return [*changed[:target], events[source], *changed[target:]]


def _without(wanted: str) -> Mutation:
    def mutate(events: list[Event]) -> list[Event] | None:
        index = _where(events, wanted)
        return None if index is None else events[:index] + events[index + 1 :]

    return mutate


def _twice(wanted: str) -> Mutation:
    def mutate(events: list[Event]) -> list[Event] | None:
        index = _where(events, wanted)
        return None if index is None else [*events[: index + 1], events[index], *events[index + 1 :]]

    return mutate


def _before(late: str, early: str, *, by: str, of_late: Mapping[str, str] | None = None) -> Mutation:
    """The first `late` put before the `early` that it belongs to: both have the same value in the header `by`."""

    def mutate(events: list[Event]) -> list[Event] | None:
        for index, (name, headers) in enumerate(events):
            if name == late and by in headers and (of_late or {}).items() <= headers.items():
                target = _where(events, early, {by: headers[by]})
                if target is not None and target < index:
                    return _move(events, index, target)
        return None

    return mutate


def _after(early: str, late: str, *, by: str, by_late: str | None = None) -> Mutation:
    """The first `early` put after the last `late` of the same `by`."""

    def mutate(events: list[Event]) -> list[Event] | None:
        for index, (name, headers) in enumerate(events):
            if name != early or by not in headers:
                continue
            same = [
                at
                for at in range(index + 1, len(events))
                if events[at][0] == late and events[at][1].get(by_late or by) == headers[by]
            ]
            if same:
                return _move(events, index, same[-1])
        return None

    return mutate


def _ringing_after_up(events: list[Event]) -> list[Event] | None:
    for index, (name, headers) in enumerate(events):
        if name == "Newstate" and headers["ChannelStateDesc"] == "Ringing":
            up = _where(events, "Newstate", {"Uniqueid": headers["Uniqueid"], "ChannelStateDesc": "Up"}, index)
            if up is not None:
                return _move(events, index, up)
    return None


def _recounted(wanted: str, header: str) -> Mutation:
    def mutate(events: list[Event]) -> list[Event] | None:
        hits = [i for i, (name, headers) in enumerate(events) if name == wanted and header in headers]
        if not hits:
            return None
        name, headers = events[hits[-1]]
        wrong = (name, {**headers, header: str(int(headers[header]) + 5)})
        return [*events[: hits[-1]], wrong, *events[hits[-1] + 1 :]]

    return mutate


def _time_runs_back(events: list[Event]) -> list[Event] | None:
    stamped = [i for i, (_, headers) in enumerate(events) if "Timestamp" in headers]
    for a, b in pairwise(stamped):
        if events[a][1]["Timestamp"] < events[b][1]["Timestamp"]:
            first, second = events[a], events[b]
            changed = list(events)
            changed[a] = (first[0], {**first[1], "Timestamp": second[1]["Timestamp"]})
            changed[b] = (second[0], {**second[1], "Timestamp": first[1]["Timestamp"]})
            return changed
    return None


def _left_late(events: list[Event]) -> list[Event] | None:
    for index, (name, headers) in enumerate(events):
        if name == "AgentConnect":
            same = {"Uniqueid": headers["Uniqueid"], "Queue": headers["Queue"]}
            left = _where(events, "QueueCallerLeave", same)
            return None if left is None else _move(events, left, index)
    return None


_SHUFFLES: dict[str, Mutation] = {
    "a channel that nobody made": _without("Newchannel"),
    "a channel made twice": _twice("Newchannel"),
    "hung up twice": _twice("Hangup"),
    "a channel used after its hangup": _after("BridgeLeave", "Hangup", by="Uniqueid"),
    "dialled by one who has hung up": _after("DialBegin", "Hangup", by="Uniqueid"),
    "hung up before it was made": _before("Hangup", "Newchannel", by="Uniqueid"),
    "a bridge entered before it is there": _before("BridgeEnter", "BridgeCreate", by="BridgeUniqueid"),
    "a bridge that nobody made": _without("BridgeCreate"),
    "a bridge entered twice by one": _twice("BridgeEnter"),
    "a bridge left by one who never entered": _without("BridgeEnter"),
    "a bridge destroyed with somebody in it": _before("BridgeDestroy", "BridgeLeave", by="BridgeUniqueid"),
    "a bridge destroyed twice": _twice("BridgeDestroy"),
    "ringing after it was picked up": _ringing_after_up,
    "a dial that ends before it begins": _before("DialEnd", "DialBegin", by="DestUniqueid"),
    "a dial that rings before it begins": _before("DialState", "DialBegin", by="DestUniqueid"),
    "a dial that ends and never began": _without("DialBegin"),
    "a queue left before it was joined": _before("QueueCallerLeave", "QueueCallerJoin", by="Uniqueid"),
    "a queue joined twice": _twice("QueueCallerJoin"),
    "a queue left and never joined": _without("QueueCallerJoin"),
    "an agent connected who was not called": _before("AgentConnect", "AgentCalled", by="DestUniqueid"),
    "connected before the telephone was picked up": _before(
        "AgentConnect", "DialEnd", by="DestUniqueid", of_late={"Event": "AgentConnect"}
    ),
    "completed before it was connected": _before("AgentComplete", "AgentConnect", by="Uniqueid"),
    "connected twice": _twice("AgentConnect"),
    "left the queue after the agent was connected": _left_late,
    "one too many in a bridge": _recounted("BridgeEnter", "BridgeNumChannels"),
    "one too many in a queue": _recounted("QueueCallerLeave", "Count"),
}


def _in_time(mutate: Mutation) -> Mutation:
    def mutated(events: list[Event]) -> list[Event] | None:
        changed = mutate(events)
        return None if changed is None else _restamped(changed, events)

    return mutated


MUTATIONS: dict[str, Mutation] = {name: _in_time(mutate) for name, mutate in _SHUFFLES.items()}
MUTATIONS["time that runs back"] = _time_runs_back
