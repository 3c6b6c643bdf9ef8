"""What can be ordered of the office itself, as faults of the wire are: a crash, a restart, a renumbered spool."""

from callcentre_simulator.faults import Faults
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.restarts import AFTER_CRASH

OFFICE_ORDERS = {
    "crash": "the PBX stops in the middle of everything and comes back with new channel names",
    "restart": "core restart now: calls end, Shutdown is said, and it comes back",
    "renumber": "the first new message of every mailbox is erased, so that the others get new numbers",
}


def office_orders(faults: Faults, pbx: Pbx) -> None:
    """Let the office be ordered about beside the wire, and break the wire when it crashes."""

    def renumber() -> None:
        for box in pbx.voicemail.boxes.values():
            if box.folders["INBOX"]:
                pbx.voicemail.erase(box.name)

    def marked(_at: float, mark: str) -> None:
        if mark == "crash":
            faults.cut(away=AFTER_CRASH)

    pbx.restarts.marks.append(marked)
    for name, act in (("crash", pbx.restarts.crash), ("restart", pbx.restarts.restart), ("renumber", renumber)):
        faults.also(name, OFFICE_ORDERS[name], act)
