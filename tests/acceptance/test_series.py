"""An office of five lines, as the daemon tells Prometheus of it: at most 500 series, whatever the PBX makes up."""

from pathlib import Path

from tests.acceptance.office import Daemon, Office, Pbx
from tests.unit.ami.fake_pbx import packet
from tests.unit.metrics.exposed import named

MOST = 500
CALLS = 'calls_total{hours="core",line="enquiries",origin="external",outcome="answered",pbx="lab"}'
OTHERS = 'ami_events_total{event="other",pbx="lab"}'
FORGED = 2_000
LINE = """
[[line]]
name = "{name}"
pbx = "lab"
charter = "hct"
nation = "ENG"
queues = ["{name}"]
mailboxes = ["{box}"]
"""


def five_lines(office: Office) -> None:
    """Give the office four more lines, each with a queue and a mailbox."""
    more = "".join(LINE.format(name=f"line{box}", box=box) for box in range(601, 605))
    text = office.config.read_text()
    text = text.replace('queues = ["enquiries"]\n', 'queues = ["enquiries"]\nmailboxes = ["600"]\n', 1)
    office.config.write_text(text.replace("[store]", f"{more}[store]", 1))


async def test_five_lines_have_few_series_and_a_pbx_adds_none(tmp_path: Path) -> None:
    async with Pbx() as pbx:
        office = Office(tmp_path, pbx.port)
        five_lines(office)
        async with Daemon(office) as daemon:
            await daemon.ready()
            for number in range(FORGED):
                pbx.say(packet(f"Event: Forged{number}", "Privilege: call,all", f"Queue: 016329{number:05d}"))
            pbx.to_the_end()
            text = await daemon.counted(CALLS)
            text = await daemon.until(lambda text: of(text, OTHERS) >= FORGED)
    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(series) <= MOST
    assert {f'line="line{box}"' in text for box in range(601, 605)} == {True}
    assert "Forged" not in text
    assert "016329" not in named(text)


def of(text: str, sample: str) -> float:
    """The value of a sample as it is written; 0 if it is not there."""
    found = [line for line in text.splitlines() if line.startswith(f"callcentre_{sample} ")]
    return float(found[0].rpartition(" ")[2]) if found else 0.0
