"""Makes the demo's tape from tapes of our own PBX tests: `python -m tests.demo_tape FOLDER`, a folder of cases.

Case after case, only the events that callcentre keeps; times counted from the demo's origin; Uniqueids and channels
made different from case to case, as those of one PBX would be.
"""

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from callcentre.ami.protocol import Framer, Told, UserTold
from callcentre.ami.tape import read_tape
from callcentre.demo.player import ORIGIN

OUT = Path(__file__).parents[1] / "src/callcentre/demo/office.jsonl.gz"
CASES = (
    *(
        "pickup",
        "answered",
        "abandoned",
        "ivr",
        "dial_one",
        "voicemail_left",
        "rna_next",
        "several_waiting",
        "overflow",
    ),
    *("forward", "closed", "attended", "withheld", "engaged", "exit_key", "race", "dial_several", "local_agents"),
    *("transfer_queue", "reject_next", "blonde", "progress", "voicemail_short", "hold", "internal", "blind_refer"),
)
QUEUES = frozenset({"enquiries", "bookings", "nurse", "locals"})
PAUSE = 2.0
_STAMP = re.compile(r"\r\nTimestamp: (\d{10}\.\d{6})\r\n")
_ID = re.compile(r"\b(1[67]\d{8})\.(\d{1,5})\b(?!\d)")
_MOMENT = re.compile(r"\b(1[67]\d{8})\b")
# Telephones of a case leave when their part in it is over: a habit of the tests, not of an office.
_GONE = re.compile(r"\r\n(State: UNAVAILABLE|Status: 5|PeerStatus: Un\w+)\r\n")
_WHOSE = re.compile(r"\r\n(?:Queue|Interface|Device): .*")
_CHANNEL = re.compile(r"(?<=-)([0-9a-f]{8})\b(?!-)")


def packets(tape: Path) -> Iterator[tuple[float, str]]:
    """The kept packets of a tape with their own times."""
    framer = Framer(banner=False, can_ask=False)
    stream = b"".join(record.data for record in read_tape(tape))
    for packet in stream.split(b"\r\n\r\n")[:-1]:
        whole = packet + b"\r\n\r\n"
        if any(isinstance(message, Told | UserTold) for message in framer.feed(whole)):
            text = whole.decode("latin-1")
            stamp = _STAMP.search(text)
            queue = re.search(r"\r\nQueue: (.*)\r\n", text)
            if stamp and (queue is None or queue.group(1) in QUEUES) and "\r\nDevice: Queue:" not in text:
                yield float(stamp.group(1)), text


def main(folder: Path) -> None:
    """Write the tape."""
    at = 0.0
    records: list[tuple[float, str]] = []
    start: dict[tuple[str, ...], str] = {}
    for number, case in enumerate(CASES):
        told = list(packets(next(iter((folder / case).glob("ami.jsonl*")))))
        calls = [moment for moment, text in told if text.startswith("Event: Newchannel\r\n")]
        ends = [moment for moment, text in told if text.startswith("Event: Hangup\r\n")]
        first, last = min(calls) - 0.02, max(ends) + 0.5
        for moment, text in told:
            if moment < first and text.startswith(("Event: QueueMemberStatus\r\n", "Event: DeviceStateChange\r\n")):
                start[tuple(_WHOSE.findall(text))] = _free(text, moment)
        shift = round(at - first)
        for moment, text in told:
            if first <= moment <= last and not _GONE.search(text):
                moved = _ID.sub(lambda found: f"{found[1]}.{int(found[2]) + 1000 * number}", text)  # noqa: B023
                moved = _MOMENT.sub(lambda found: str(int(found[1]) + shift + ORIGIN), moved)  # noqa: B023
                moved = _CHANNEL.sub(lambda found: f"{int(found[1], 16) + 4096 * number:08x}", moved)  # noqa: B023
                records.append((round(moment + shift, 6), moved))
        at = last + shift + PAUSE
    lines = [{"seconds": at, "start": list(start.values()), "from": "a real Asterisk 22, our own PBX tests"}]
    lines += [{"t": moment, "text": text} for moment, text in records]
    with gzip.GzipFile(OUT, "wb", mtime=0) as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines).encode())
    print(f"{OUT}: {len(records)} events, {at:.0f} s, {OUT.stat().st_size // 1000} kB", file=sys.stderr)


def _free(text: str, moment: float) -> str:
    """The state at the start: nobody in a call; times long ago."""
    text = re.sub(r"\r\nStatus: \d+", "\r\nStatus: 1", text)
    text = re.sub(r"\r\n(LastCall|LastPause): \d+", r"\r\n\1: 0", text)
    return _MOMENT.sub(lambda found: str(int(found[1]) - int(moment) + ORIGIN), text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
