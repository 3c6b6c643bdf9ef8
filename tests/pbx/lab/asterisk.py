"""One Asterisk instance: its own configuration, books, spool and ports, in a shared chroot."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from tests.pbx.lab.ami import AmiLine, wait_for_ami
from tests.pbx.lab.priority import keep_priority
from tests.pbx.lab.slots import Slot

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE.parent / "conf"
PROJECT = HERE.parents[2]
SECRET = "not-a-secret"
LAB_ACCOUNTS = f"""
; The lab's own accounts: one that hears all, one without class dialplan, one that asks.
[everything]
secret = {SECRET}
read = all
write = reporting

[nodialplan]
secret = {SECRET}
read = system,call,agent,user
write = reporting

[lab]
secret = {SECRET}
read = all
write = all
"""
SHIPPED = ("extensions.conf", "features.conf", "queues.conf", "voicemail.conf")
"""The files of dialplan/ that the lab's own include."""

GREETED = ("610", "630", "640", "641", "645", "690", "101", "102", "103", "104", "105", "106")
"""Mailboxes with a short greeting of their own."""

STOPS = 60.0
"""An Asterisk that takes longer to stop is ended, and its books may lack their last lines."""

FETCH = "fetch it with `make pbx` or `tests/pbx/fetch_asterisk.sh` (root, Debian)"


def pbx_home() -> Path:
    """Where fetch_asterisk.sh keeps its trees."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("CALLCENTRE_PBX_HOME") or f"{cache}/callcentre-pbx")


def missing(version: str) -> str | None:
    """Why Asterisk `version` cannot be started here, or None if it can."""
    if not (pbx_home() / version / ".callcentre-complete").exists():
        return f"Asterisk {version} is not in {pbx_home()}: {FETCH}"
    if shutil.which("sipp") is None:
        return f"sipp is not installed: {FETCH}"
    if os.geteuid() != 0:
        return "the PBX tests start Asterisk in a chroot and need root"
    return None


class Asterisk:
    """A running Asterisk. Use as a context manager; `collect` copies its books when it has stopped."""

    def __init__(self, version: str, slot: Slot, name: str) -> None:
        reason = missing(version)
        if reason:
            raise RuntimeError(reason)
        self.version = version
        self.slot = slot
        self.tree = pbx_home() / version
        self.inside = f"/srv/lab/{slot.number:02d}-{os.getpid()}-{name}"
        self.home = self.tree / self.inside.lstrip("/")
        self._process: subprocess.Popen[bytes] | None = None
        self._line: AmiLine | None = None

    def __enter__(self) -> Asterisk:
        self._write_home()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def line(self) -> AmiLine:
        """The lab's AMI line, opened again after a restart."""
        if self._line is None:
            self._line = wait_for_ami(self.slot.ami, "lab", SECRET)
        return self._line

    @property
    def queue_log(self) -> Path:
        """Asterisk's queue_log, as it is being written."""
        return self.home / "log" / "queue_log"

    @property
    def voicemail(self) -> Path:
        """The folder of voicemail, as callcentre is told of it."""
        return self.home / "spool/voicemail"

    @property
    def recording(self) -> Path:
        """Some sound that can pass for a recording."""
        return self.home / "lib/moh/music.gsm"

    def _write_home(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in ("etc/callcentre", "lib/moh", "run", "log/cdr-csv", "log/cel-custom"):
            (self.home / folder).mkdir(parents=True)
        (self.home / "spool/voicemail/default").mkdir(parents=True)
        (modules,) = (self.tree / "usr/lib").glob("**/asterisk/modules")
        values = {
            "HOME": self.inside,
            "MODULES": "/" + str(modules.relative_to(self.tree)),
            "SIP": self.slot.sip,
            "AMI": self.slot.ami,
            "TRUNK": self.slot.outside,
            "RTP_FIRST": self.slot.media,
            "RTP_LAST": self.slot.media + 99,
        }
        for template in TEMPLATES.glob("*.conf"):
            text = template.read_text(encoding="utf-8")
            for key, value in values.items():
                text = text.replace(f"@{{{key}}}", str(value))
            (self.home / "etc" / template.name).write_text(text, encoding="utf-8")
        (self.home / "etc/manager.conf").write_text(self._manager_conf(), encoding="utf-8")
        for shipped in SHIPPED:
            text = (PROJECT / "dialplan" / shipped).read_text(encoding="utf-8")
            # As it is, but for the PINs that an office puts in itself.
            (self.home / "etc/callcentre" / shipped).write_text(text.replace("CHANGE-ME", "1234"), encoding="utf-8")
        sounds = self.tree / "usr/share/asterisk/sounds/en_US_f_Allison"
        shutil.copy(sounds / "vm-intro.gsm", self.home / "lib/moh/music.gsm")
        for box in GREETED:
            greeting = self.home / f"spool/voicemail/default/{box}/unavail.gsm"
            greeting.parent.mkdir(parents=True)
            shutil.copy(sounds / "vm-goodbye.gsm", greeting)
        # Asterisk 16 asks DNS for its own name at every call.
        hosts = f"127.0.0.1 localhost\n127.0.0.1 {socket.gethostname()}\n"
        _write_if_changed(self.tree / "etc/hosts", hosts)

    def _manager_conf(self) -> str:
        """The product's own dialplan/manager.conf with this slot's port, and the lab's accounts."""
        text = (PROJECT / "dialplan" / "manager.conf").read_text(encoding="utf-8")
        text = text.replace("port = 5038", f"port = {self.slot.ami}")
        text = text.replace("CHANGE-ME-listening", SECRET).replace("CHANGE-ME-acting", SECRET)
        return text + LAB_ACCOUNTS

    def start(self) -> None:
        """Start and wait until it has booted in full."""
        with (self.home / "log/console").open("ab") as console:
            self._process = subprocess.Popen(
                ["chroot", self.tree, "asterisk", "-f", "-C", f"{self.inside}/etc/asterisk.conf"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        keep_priority(self._process.pid)
        self._line = wait_for_ami(self.slot.ami, "lab", SECRET)

    def restart(self) -> None:
        """`core restart now`: every call ends, and the PBX is back when this returns."""
        self.line.send("Command", Command="core restart now")
        self.line.wait_closed()
        self.line.close()
        self._line = wait_for_ami(self.slot.ami, "lab", SECRET)

    def stop(self) -> None:
        """Stop at once; the books are complete then."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=STOPS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def collect(self, out: Path) -> None:
        """Copy the books and the spool's metadata, as they stand, to `out`."""
        books = {
            self.queue_log: "queue_log",
            self.home / "log/cdr-csv/Master.csv": "Master.csv",
            self.home / "log/cel-custom/cel.csv": "cel.csv",
        }
        for source, name in books.items():
            (out / name).write_bytes(source.read_bytes() if source.exists() else b"")
        for text in sorted(self.voicemail.rglob("msg*.txt")):
            target = out / "voicemail" / text.relative_to(self.voicemail)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(text, target)


def _write_if_changed(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
