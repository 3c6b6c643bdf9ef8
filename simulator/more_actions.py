"""AMI's smaller actions: the database's trees, penalties, the queues' figures, hints, settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from callcentre_simulator.replies import done, error, listing
from callcentre_simulator.versions import BANNERS
from callcentre_simulator.wire import AmiEvent, Reply

if TYPE_CHECKING:
    from callcentre_simulator.pbx import Pbx

Given = Mapping[str, str]
RELEASES = {16: "16.28.0", 18: "18.26.4", 20: "20.18.0", 22: "22.10.1"}


class MoreActions:
    """The smaller actions of one PBX."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def known(self) -> dict[str, Callable[[Given], Reply]]:
        """The actions by their names in lower case."""
        return {
            "coresettings": self._settings,
            "dbgettree": self._db_get_tree,
            "dbdeltree": self._db_del_tree,
            "extensionstate": self._extension,
            "queuepenalty": self._penalty,
            "queuereset": self._reset,
            "queuelog": self._log,
            "queuereload": lambda _: done("Queue reloaded successfully"),
            "voicemailrefresh": lambda _: done("Refresh sent"),
        }

    def _settings(self, _given: Given) -> Reply:
        values = {
            "AMIversion": BANNERS[self._pbx.version],
            "AsteriskVersion": RELEASES[self._pbx.version],
            "SystemName": "",
            "CoreMaxCalls": "0",
            "CoreMaxLoadAvg": "0.000000",
            "CoreRunUser": "",
            "CoreRunGroup": "",
            "CoreMaxFilehandles": "0",
            "CoreRealTimeEnabled": "No",
            "CoreCDRenabled": "Yes",
            "CoreHTTPenabled": "No",
            "SoundsSearchCustomDir": "No",
        }
        if self._pbx.version == 16:
            del values["SoundsSearchCustomDir"]
        return Reply(True, tuple(values.items()))

    def _db_get_tree(self, given: Given) -> Reply:
        family = given.get("Family", "")
        kept = [(place, value) for place, value in self._pbx.database.items() if family in {"", place[0]}]
        items = [
            AmiEvent("DBGetTreeResponse", "", (("Key", f"/{place[0]}/{place[1]}"), ("Val", value)))
            for place, value in kept
        ]
        return listing("Result will follow", items, "DBGetTreeComplete")

    def _db_del_tree(self, given: Given) -> Reply:
        family = given.get("Family", "")
        if not family:
            return error("No family specified.")
        keys = [place for place in self._pbx.database if place[0] == family]
        for place in keys:
            del self._pbx.database[place]
        return done("Key tree deleted successfully") if keys else error("Database entry not found")

    @staticmethod
    def _extension(given: Given) -> Reply:
        exten = given.get("Exten", "")
        if not exten:
            return error("Extension not specified")
        said = (("Exten", exten), ("Context", given.get("Context") or "default"), ("Hint", ""))
        return Reply(True, (("Message", "Extension Status"), *said, ("Status", "-1"), ("StatusText", "Unknown")))

    def _penalty(self, given: Given) -> Reply:
        interface, penalty, queue = given.get("Interface", ""), given.get("Penalty", ""), given.get("Queue", "")
        if not interface or not penalty:
            return error("Need 'Interface' and 'Penalty' parameters.")
        members = [
            member
            for name, of_queue in self._pbx.members.of_queue.items()
            for member in of_queue
            if member.interface == interface and queue in {"", name}
        ]
        if not members or not penalty.isdigit():
            return error("Invalid interface, queuename or penalty")
        for member in members:
            member.penalty = int(penalty)
            self._pbx.engine.agent("QueueMemberPenalty", member.headers())
        return done("Interface penalty set successfully")

    def _reset(self, given: Given) -> Reply:
        for queue in self._pbx.queueing.queues.values():
            if given.get("Queue", "") in {"", queue.name}:
                queue.reset()
        return done("Queue stats reset successfully")

    def _log(self, given: Given) -> Reply:
        queue, event = given.get("Queue", ""), given.get("Event", "")
        if not queue or not event:
            return error("Need 'Queue' and 'Event' parameters.")
        self._pbx.log.write(
            given.get("Uniqueid") or "NONE", queue, given.get("Interface") or "NONE", event, given.get("Message", "")
        )
        return done("Event added successfully")
