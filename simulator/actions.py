"""AMI's actions as the office answers them, in Asterisk's words (from recordings of Asterisk 16 and 22)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from callcentre_simulator.members import Member
from callcentre_simulator.replies import done, error, listing
from callcentre_simulator.telephones import STATE_NAMES
from callcentre_simulator.wire import ActionHeaders, AmiEvent, Headers, Reply

if TYPE_CHECKING:
    from callcentre_simulator.channels import Channel
    from callcentre_simulator.pbx import Pbx
    from callcentre_simulator.queues import Queue

Given = Mapping[str, str]
TRUE = {"1", "true", "yes", "y", "t", "on"}


class Actions:
    """The actions of one PBX."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._globals: dict[str, str] = {}
        self._known: dict[str, Callable[[Given], Reply]] = {
            "queuestatus": self._queue_status,
            "queuesummary": self._queue_summary,
            "queueadd": self._queue_add,
            "queueremove": self._queue_remove,
            "queuepause": self._queue_pause,
            "coreshowchannels": self._channels,
            "corestatus": self._core_status,
            "devicestatelist": self._devices,
            "extensionstatelist": self._extensions,
            "dbput": self._db_put,
            "dbget": self._db_get,
            "dbdel": self._db_del,
            "getvar": self._get_variable,
            "setvar": self._set_variable,
            "userevent": self._user_event,
            "hangup": self._hangup,
        }

    def know(self, actions: Mapping[str, Callable[[Given], Reply]]) -> None:
        """Teach the PBX more actions, by their names in lower case."""
        self._known.update(actions)

    def act(self, action: str, headers: Given) -> Reply:
        """Answer an action, as the client wrote it."""
        known = self._known.get(action.lower())
        if known is None:
            return error(
                f"Invalid/unknown command: {action}. Use Action: ListCommands to show available commands."
            )  # fmt: skip
        return known(headers)

    def _asked(self, given: Given) -> list[Queue]:
        queues = self._pbx.queueing.queues
        name = given.get("Queue", "")
        return [queue for queue in queues.values() if not name or queue.name == name]

    def _queue_status(self, given: Given) -> Reply:
        items: list[AmiEvent] = []
        wanted = given.get("Member", "")
        for queue in self._asked(given):
            items.append(AmiEvent("QueueParams", "", self._parameters(queue)))
            items.extend(
                AmiEvent("QueueMember", "", member.listed())
                for member in self._pbx.members.of_queue.get(queue.name, ())
                if not wanted or wanted in {member.interface, member.name}
            )
            for place, entry in enumerate(queue.entries, 1):
                items.append(AmiEvent("QueueEntry", "", self._entry(queue, place, entry.channel, entry.joined)))
        return listing("Queue status will follow", items, "QueueStatusComplete")

    @staticmethod
    def _parameters(queue: Queue) -> Headers:
        share = 100.0 * queue.within / queue.completed if queue.completed else 0.0
        every = queue.completed + queue.abandoned
        share_of_all = 100.0 * queue.within / every if every else 0.0
        return (
            ("Queue", queue.name),
            ("Max", str(queue.maxlen)),
            ("Strategy", queue.strategy),
            ("Calls", str(len(queue.entries))),
            ("Holdtime", str(int(queue.hold))),
            ("TalkTime", str(int(queue.talk))),
            ("Completed", str(queue.completed)),
            ("Abandoned", str(queue.abandoned)),
            ("ServiceLevel", str(queue.servicelevel)),
            ("ServicelevelPerf", f"{share:.1f}"),
            ("ServicelevelPerf2", f"{share_of_all:.1f}"),
            ("Weight", str(queue.weight)),
        )

    def _entry(self, queue: Queue, place: int, channel: Channel, joined: float) -> Headers:
        def shown(value: str) -> str:
            return "unknown" if value == "<unknown>" else value

        return (
            ("Queue", queue.name),
            ("Position", str(place)),
            ("Channel", channel.name),
            ("Uniqueid", channel.uniqueid),
            ("CallerIDNum", shown(channel.number)),
            ("CallerIDName", shown(channel.caller_name)),
            ("ConnectedLineNum", shown(channel.connected_number)),
            ("ConnectedLineName", shown(channel.connected_name)),
            ("Wait", str(int(self._pbx.now) - int(joined))),
            ("Priority", "0"),
        )

    def _queue_summary(self, given: Given) -> Reply:
        items = []
        for queue in self._asked(given):
            members = self._pbx.members.of_queue.get(queue.name, [])
            longest = max((self._pbx.now - entry.joined for entry in queue.entries), default=0.0)
            said = (
                ("Queue", queue.name),
                ("LoggedIn", str(sum(member.status not in {4, 5} for member in members))),
                ("Available", str(sum(member.available(self._pbx.now) for member in members))),
                ("Callers", str(len(queue.entries))),
                ("HoldTime", str(int(queue.hold))),
                ("TalkTime", str(int(queue.talk))),
                ("LongestHoldTime", str(int(longest))),
            )
            items.append(AmiEvent("QueueSummary", "", said))
        return listing("Queue summary will follow", items, "QueueSummaryComplete")

    def _queue_add(self, given: Given) -> Reply:
        queue, interface = given.get("Queue", ""), given.get("Interface", "")
        if not queue:
            return error("'Queue' not specified.")
        if not interface:
            return error("'Interface' not specified.")
        if queue not in self._pbx.queueing.queues:
            return error("Unable to add interface to queue: No such queue")
        if self._pbx.members.find(queue, interface) is not None:
            return error("Unable to add interface: Already there")
        member = Member(
            queue=queue,
            interface=interface,
            name=given.get("MemberName") or interface,
            state_interface=given.get("StateInterface") or interface,
            dynamic=True,
            penalty=_number(given.get("Penalty", "")),
            paused=given.get("Paused", "").lower() in TRUE,
        )
        self._pbx.members.add(member)
        return done("Added interface to queue")

    def _queue_remove(self, given: Given) -> Reply:
        queue, interface = given.get("Queue", ""), given.get("Interface", "")
        if not queue or not interface:
            return error("Need 'Queue' and 'Interface' parameters.")
        if queue not in self._pbx.queueing.queues:
            return error("Unable to remove interface from queue: No such queue")
        member = self._pbx.members.find(queue, interface)
        if member is None:
            return error("Unable to remove interface: Not there")
        if not member.dynamic:
            return error("Member not dynamic")
        self._pbx.members.remove(member)
        return done("Removed interface from queue")

    def _queue_pause(self, given: Given) -> Reply:
        interface, paused = given.get("Interface", ""), given.get("Paused", "")
        if not interface or not paused:
            return error("Need 'Interface' and 'Paused' parameters.")
        on = paused.lower() in TRUE
        touched = self._pbx.members.pause(
            interface, on=on, reason=given.get("Reason", ""), queue=given.get("Queue", "")
        )  # fmt: skip
        if not touched:
            return error("Interface not found")
        return done(f"Interface {'paused' if on else 'unpaused'} successfully")

    def _channels(self, _given: Given) -> Reply:
        items = []
        for channel in self._pbx.channels.alive.values():
            seconds = int(self._pbx.now - channel.created_at)
            said = (
                ("Application", channel.application),
                ("ApplicationData", channel.data),
                ("Duration", f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"),
                ("BridgeId", channel.bridge.id if channel.bridge else ""),
            )
            items.append(AmiEvent("CoreShowChannel", "", (*channel.headers(), *said)))
        return listing("Channels will follow", items, "CoreShowChannelsComplete")

    def _core_status(self, _given: Given) -> Reply:
        booted = datetime.fromtimestamp(self._pbx.booted_at, UTC)
        day, clock = f"{booted:%Y-%m-%d}", f"{booted:%H:%M:%S}"
        said: Headers = (
            ("CoreStartupDate", day),
            ("CoreStartupTime", clock),
            ("CoreReloadDate", day),
            ("CoreReloadTime", clock),
            ("CoreCurrentCalls", str(len(self._pbx.truth.calls) and len(self._pbx.channels.alive) // 2)),
        )
        if self._pbx.version > 16:
            said = (*said, ("CoreProcessedCalls", str(self._pbx.channels.processed)))
        return Reply(True, said)

    def _devices(self, _given: Given) -> Reply:
        states = {device: STATE_NAMES[state] for device, state in self._pbx.telephones.states().items()}
        for queue, members in self._pbx.members.of_queue.items():
            free = any(member.available(self._pbx.now) for member in members)
            states[f"Queue:{queue}_avail"] = "NOT_INUSE" if free else "INUSE"
            for member in members:
                states[f"Queue:{queue}_pause_{member.interface}"] = "INUSE" if member.paused else "NOT_INUSE"
        items = (
            AmiEvent("DeviceStateChange", "", (("Device", device), ("State", state)))
            for device, state in states.items()
        )
        return listing("Device State Changes will follow", items, "DeviceStateListComplete")

    @staticmethod
    def _extensions(_given: Given) -> Reply:
        return listing("Extension Statuses will follow", (), "ExtensionStateListComplete")

    def _db_put(self, given: Given) -> Reply:
        family, key = given.get("Family", ""), given.get("Key", "")
        if not family or not key:
            return error(f"No {'key' if family else 'family'} specified")
        self._pbx.database[family, key] = given.get("Val", "")
        return done("Updated database successfully")

    def _db_get(self, given: Given) -> Reply:
        family, key = given.get("Family", ""), given.get("Key", "")
        if not family or not key:
            return error(f"No {'key' if family else 'family'} specified.")
        value = self._pbx.database.get((family, key))
        if value is None:
            return error("Database entry not found")
        item = AmiEvent("DBGetResponse", "", (("Family", family), ("Key", key), ("Val", value)))
        return listing("Result will follow", (item,), "DBGetComplete")

    def _db_del(self, given: Given) -> Reply:
        family, key = given.get("Family", ""), given.get("Key", "")
        if not family or not key:
            return error(f"No {'key' if family else 'family'} specified.")
        if self._pbx.database.pop((family, key), None) is None:
            return error("Database entry could not be deleted")
        return done("Key deleted successfully")

    def _channel(self, name: str) -> Channel | None:
        return next((one for one in self._pbx.channels.alive.values() if one.name == name), None)

    def _get_variable(self, given: Given) -> Reply:
        name, asked = given.get("Variable", ""), given.get("Channel", "")
        if not name:
            return error("No variable specified")
        kept = self._globals
        if asked:
            channel = self._channel(asked)
            if channel is None:
                return error("No such channel")
            kept = channel.variables
        return Reply(True, (("Variable", name), ("Value", kept.get(name, ""))))

    def _set_variable(self, given: Given) -> Reply:
        name, value, asked = given.get("Variable", ""), given.get("Value", ""), given.get("Channel", "")
        if not name:
            return error("No variable specified")
        if asked:
            channel = self._channel(asked)
            if channel is None:
                return error("No such channel")
            self._pbx.channels.variable(channel, name, value)
        else:
            self._globals[name] = value
        return done("Variable Set")

    def _user_event(self, given: Given) -> Reply:
        pairs = given.pairs if isinstance(given, ActionHeaders) else tuple(given.items())
        named = [(name, value) for name, value in pairs if name.lower() == "userevent"]
        rest = [(name, value) for name, value in pairs if name.lower() not in {"action", "userevent"}]
        self._pbx.engine.emit("UserEvent", "user,all", (*named, *rest))
        return done("Event Sent")

    def _hangup(self, given: Given) -> Reply:
        asked = given.get("Channel", "")
        if not asked:
            return error("No channel specified")
        channel = self._channel(asked)
        if channel is None:
            return error("No such channel")
        self._pbx.channels.soft_hangup(channel)
        channel.tell("hangup" if channel.caller is not None else "gone", "16")
        return done("Channel Hungup")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
