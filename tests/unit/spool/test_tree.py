"""Looks at a whole spool: what counts as a message, what cannot be read, and where it is."""

import errno
import os
from pathlib import Path

import pytest

from callcentre.core.events import MailboxContents, StoredMessage
from callcentre.core.terms import instant
from callcentre.spool import box as box_module
from callcentre.spool import tree
from callcentre.spool.tree import Spool, SpoolUnreadable
from tests.unit.spool.conftest import become_nobody
from tests.unit.spool.spool_dir import LEFT, NOW, SpoolDir, ids, of, text

# --- what is there ----------------------------------------------------------------------------------------------------


def test_all_mailboxes_on_the_disk(spool_dir: SpoolDir) -> None:
    spool_dir.message(0)
    spool_dir.message(1)
    spool_dir.message(2, folder="Urgent", audio="gsm")
    spool_dir.message(3, folder="Old")
    spool_dir.message(4, folder="Cust5", audio=None)
    spool_dir.message(5, mailbox="777@sales", audio="WAV")
    spool_dir.folder("610@default")
    look = Spool(spool_dir.root).look(NOW)
    assert look.whole
    assert look.problems == ()
    assert ids(look) == {
        "600@default": [
            ("Cust5", of(4)),
            ("INBOX", of(0)),
            ("INBOX", of(1)),
            ("Old", of(3)),
            ("Urgent", of(2)),
        ],
        "610@default": [],
        "777@sales": [("INBOX", of(5))],
    }
    first = look.boxes[0].messages
    assert first is not None
    assert [message.playable for message in first] == [False, True, True, True, True]
    assert first[1] == StoredMessage(
        mailbox="600@default",
        folder="INBOX",
        msg_id=of(0),
        origtime=instant(LEFT),
        duration=6,
        caller="07700900062",
        callerchan=("PJSIP/trunk-00000003",),
        origmailbox="600@default",
        playable=True,
    )


def test_what_is_no_message(spool_dir: SpoolDir) -> None:
    kept = spool_dir.message(0)
    folder = kept.parent
    for name in ("msg0001.wav", "msg0000-bak.txt", "msg001.txt", "xmsg0002.txt", "msg0003.txt.swp", "msg0004.TXT", "x"):
        (folder / name).write_text(text())
    (folder / "msg0005.txt").mkdir()
    os.mkfifo(folder / "msg0006.txt")
    spool_dir.message(7, folder="tmp")
    for name in ("greet.wav", "unavail.gsm", "msg0008.txt"):
        (spool_dir.box("600@default") / name).write_text(text())
    spool_dir.message(9, folder="greetings")
    (spool_dir.root / "default" / "readme.txt").write_text("")
    (spool_dir.root / "lost+found").mkdir()
    (spool_dir.root / ".snapshot").mkdir()
    spool_dir.settle()
    look = Spool(spool_dir.root).look(NOW)
    assert look.whole
    assert ids(look) == {"600@default": [("INBOX", of(0))]}


def test_only_the_mailboxes_asked_for(spool_dir: SpoolDir) -> None:
    spool_dir.message(0)
    spool_dir.message(1, mailbox="610@default")
    look = Spool(spool_dir.root).look(NOW, ["600@default", "620@default", "600@nowhere"])
    assert ids(look) == {"600@default": [("INBOX", of(0))]}
    assert look.problems == ()


@pytest.mark.parametrize(
    "name", ["../x@default", "600@..", "..@default", "600", "@", "6\n0@default", "/etc@default", "\ud800@a"]
)
def test_names_do_not_lead_anywhere(spool_dir: SpoolDir, name: str) -> None:
    spool_dir.message(0)
    look = Spool(spool_dir.root).look(NOW, [name])
    assert look.boxes == ()
    assert look.problems


def test_damage_is_told_and_does_not_hide_the_rest(spool_dir: SpoolDir) -> None:
    spool_dir.message(0, b"")
    spool_dir.message(1, text("soon"))
    spool_dir.message(2, text(LEFT + 2, 2) + "x" * 70_000)
    spool_dir.message(3)
    (box,) = Spool(spool_dir.root).look(NOW).boxes
    assert box.messages is not None
    assert [message.damaged for message in box.messages] == [True, True, True, False]
    assert [message.origtime for message in box.messages] == [instant(LEFT + 6)] * 3 + [instant(LEFT + 3)]
    assert all(message.playable for message in box.messages)


def test_a_file_that_cannot_be_read_for_another_reason_is_damaged(
    spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool_dir.message(0)

    def broken(name: str, within: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(box_module, "read_metadata", broken)
    spool = Spool(spool_dir.root)
    (box,) = spool.look(NOW).boxes
    assert box.messages is not None
    assert box.messages[0].damaged
    monkeypatch.undo()
    assert ids(spool.look(NOW)) == {"600@default": [("INBOX", of(0))]}  # and it was not remembered


def test_more_messages_than_a_folder_can_have(spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_module, "MOST_MESSAGES", 2)
    for number in range(3):
        spool_dir.message(number)
    look = Spool(spool_dir.root).look(NOW)
    assert len(look.boxes[0].messages or ()) == 2
    assert not look.whole
    assert "INBOX" in look.problems[0]


def test_more_mailboxes_than_are_looked_at(spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_BOXES", 1)
    spool_dir.message(0)
    spool_dir.message(1, mailbox="610@default")
    look = Spool(spool_dir.root).look(NOW)
    assert len(look.boxes) == 1
    assert not look.whole


# --- links ------------------------------------------------------------------------------------------------------------


def test_links_are_not_followed(spool_dir: SpoolDir, tmp_path: Path) -> None:
    elsewhere = SpoolDir(tmp_path / "elsewhere")
    outside = elsewhere.message(5, mailbox="666@evil")
    inside = spool_dir.message(0)
    (inside.parent / "msg0001.txt").symlink_to(outside)
    (inside.parent / "msg0002.txt").symlink_to(inside)
    (spool_dir.root / "device").mkdir()
    (spool_dir.root / "device" / "600").symlink_to(spool_dir.box("600@default"))  # FreePBX makes these
    (spool_dir.root / "broken").symlink_to(tmp_path / "nothing")
    look = Spool(spool_dir.root).look(NOW)
    assert ids(look) == {"600@default": [("INBOX", of(0))]}
    assert look.problems == ()
    assert look.whole


@pytest.mark.parametrize("link", ["evil", "default/666", "default/600/Work"])
def test_a_link_out_of_the_spool_is_said(spool_dir: SpoolDir, tmp_path: Path, link: str) -> None:
    elsewhere = SpoolDir(tmp_path / "elsewhere")
    elsewhere.message(5, mailbox="666@evil")
    target = {"evil": "evil", "default/666": "evil/666", "default/600/Work": "evil/666/INBOX"}[link]
    spool_dir.message(0)
    (spool_dir.root / link).symlink_to(elsewhere.root / target)
    look = Spool(spool_dir.root).look(NOW)
    assert ids(look) == {"600@default": [("INBOX", of(0))]}
    assert not look.whole
    assert "link" in look.problems[0]


def test_the_spool_itself_may_be_a_link(spool_dir: SpoolDir, tmp_path: Path) -> None:
    spool_dir.message(0)
    (tmp_path / "link").symlink_to(spool_dir.root)
    assert ids(Spool(tmp_path / "link").look(NOW)) == {"600@default": [("INBOX", of(0))]}


@pytest.mark.parametrize("name", [b"\xff\xfe", b"6\n0", b"6@0", b"x" * 90])
def test_names_that_no_mailbox_has_are_said(spool_dir: SpoolDir, name: bytes) -> None:
    spool_dir.message(0)
    (spool_dir.root / "default" / os.fsdecode(name)).mkdir()
    look = Spool(spool_dir.root).look(NOW)
    assert list(ids(look)) == ["600@default"]
    assert not look.whole
    assert look.problems[0].isprintable()


# --- what cannot be read ----------------------------------------------------------------------------------------------


def test_a_spool_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnreadable, match=r"is not there; mount it, or set voicemail_spool"):
        Spool(tmp_path / "nothing").look(NOW)


def test_a_spool_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolUnreadable, match=r"cannot be read \(Not a directory\)"):
        Spool(tmp_path / "file").look(NOW)


def test_an_empty_spool_is_a_disk_that_is_not_mounted(spool_dir: SpoolDir) -> None:
    spool_dir.message(0)
    spool = Spool(spool_dir.root)
    assert spool.look(NOW).whole
    spool_dir.root.rename(spool_dir.root.with_name("away"))
    spool_dir.root.mkdir()
    with pytest.raises(SpoolUnreadable, match="is it mounted"):
        spool.look(NOW)
    (spool_dir.root / "default").mkdir()
    with pytest.raises(SpoolUnreadable, match="is it mounted"):
        spool.look(NOW)


def test_a_spool_that_may_not_be_read(foreign_spool: SpoolDir) -> None:
    foreign_spool.message(0)
    foreign_spool.root.chmod(0o700)
    become_nobody()
    with pytest.raises(SpoolUnreadable, match="may not be read; let callcentre's user into Asterisk's group"):
        Spool(foreign_spool.root).look(NOW)


@pytest.mark.parametrize("hidden", ["default", "default/600", "default/600/INBOX"])
def test_a_part_that_may_not_be_read(foreign_spool: SpoolDir, hidden: str) -> None:
    foreign_spool.message(0)
    foreign_spool.message(1, mailbox="610@sales")
    (foreign_spool.root / hidden).chmod(0o700)
    become_nobody()
    look = Spool(foreign_spool.root).look(NOW)
    assert ids(look) == {"610@sales": [("INBOX", of(1))]}
    assert not look.whole
    assert "cannot be read (Permission denied)" in look.problems[0]
    named = Spool(foreign_spool.root).look(NOW, ["600@default"])
    assert named.boxes == ()
    assert named.problems


def test_messages_that_may_not_be_read_are_not_damaged(foreign_spool: SpoolDir) -> None:
    """They would be other messages once they can be read."""
    foreign_spool.message(0).chmod(0o600)
    foreign_spool.message(1)
    become_nobody()
    look = Spool(foreign_spool.root).look(NOW)
    assert ids(look) == {"600@default": [("INBOX", of(1))]}
    assert not look.whole
    assert look.problems == ("messages of mailbox 600@default may not be read; let callcentre's user read its files",)


# --- whether callers can leave a message ------------------------------------------------------------------------------


def problem(spool_dir: SpoolDir) -> str:
    (box,) = Spool(spool_dir.root).look(NOW).boxes
    assert isinstance(box, MailboxContents)
    return box.problem


def test_nothing_in_the_way(spool_dir: SpoolDir) -> None:
    spool_dir.message(0)
    assert problem(spool_dir) == ""


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("", "its directory may not be written by its owner"),
        ("INBOX", "its directory INBOX may not be written by its owner"),
        ("tmp", "its directory tmp may not be written by its owner"),
    ],
)
def test_a_directory_that_its_owner_may_not_write(spool_dir: SpoolDir, folder: str, words: str) -> None:
    spool_dir.message(0)
    spool_dir.folder("600@default", "tmp")
    path = spool_dir.box("600@default") / folder
    path.chmod(0o555)
    found = problem(spool_dir)
    path.chmod(0o755)
    assert found == words


class Disk:
    """What fstatvfs tells."""

    def __init__(self, **told: int) -> None:
        usual = {"f_flag": 0, "f_bavail": 1_000_000, "f_frsize": 4096, "f_files": 1000, "f_favail": 900}
        self.__dict__.update({**usual, **told})


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        (Disk(f_bavail=10_000), "only 40 MB are left on the disk of its directory"),
        (Disk(f_bavail=0), "only 0 MB are left on the disk of its directory"),
        (Disk(f_favail=0), "no files can be made on the disk of its directory (no inodes left)"),
        (Disk(f_files=0, f_favail=0), ""),  # a file system without inodes
        (Disk(f_bavail=12_208), ""),
    ],
)
def test_disks(spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch, disk: Disk, words: str) -> None:
    spool_dir.message(0)
    monkeypatch.setattr(os, "fstatvfs", lambda _fd: disk)
    assert problem(spool_dir) == words


@pytest.mark.parametrize(
    ("mount", "is_read_only"),
    [
        ("36 35 {dev} / /var rw,noatime - ext4 /dev/sda1 ro,errors=remount-ro", True),  # after a fault of the disk
        ("36 35 {dev} / /var ro master:1 - ext4 /dev/sda1 rw", False),  # shown so to this service alone
        ("36 35 {dev} / /var ro - nfs4 pbx:/var ro,vers=4.2", False),  # and so by this machine alone
        ("36 35 {dev} / /var ro - fuse.sshfs pbx:/var ro", False),
        ("36 35 99:99 / /var ro - ext4 /dev/sda1 ro", False),
        ("36 35 {dev}", False),
        ("", False),
        (None, False),
    ],
)
def test_a_disk_that_is_read_only(
    spool_dir: SpoolDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mount: str | None, is_read_only: bool
) -> None:
    spool_dir.message(0)
    device = spool_dir.root.stat().st_dev
    if mount is not None:
        (tmp_path / "mounts").write_text(mount.format(dev=f"{os.major(device)}:{os.minor(device)}") + "\n")
    monkeypatch.setattr(box_module, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(os, "fstatvfs", lambda _fd: Disk(f_flag=os.ST_RDONLY))
    assert problem(spool_dir) == ("the disk of its directory is mounted read-only" if is_read_only else "")


def test_no_descriptor_is_left_open(spool_dir: SpoolDir) -> None:
    path = spool_dir.message(0)
    (path.parent / "msg0001.txt").symlink_to(path)
    os.mkfifo(path.parent / "msg0002.txt")
    before = len(list(Path("/proc/self/fd").iterdir()))
    spool = Spool(spool_dir.root)
    spool.look(NOW)
    spool.look(NOW, ["600@default", "nobody@default"])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
