"""A spool that changes while it is looked at, and between one look and the next."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from callcentre.core.terms import instant
from callcentre.spool import box
from callcentre.spool.box import TRIES
from callcentre.spool.folders import read_metadata
from callcentre.spool.tree import Spool
from tests.unit.spool.spool_dir import LEFT, NOW, SpoolDir, ids, of, text

# --- while it changes -------------------------------------------------------------------------------------------------


def once(*steps: Callable[[], object]) -> Callable[[str], None]:
    """Do one step after each reading of a mailbox, until there are no more."""
    left: Iterator[Callable[[], object]] = iter(steps)

    def between(_mailbox: str) -> None:
        next(left, lambda: None)()

    return between


def rename(old: Path, new: Path) -> None:
    """As Asterisk: the recording first, then what describes it."""
    new.parent.mkdir(exist_ok=True)
    old.with_suffix(".wav").rename(new.with_suffix(".wav"))
    old.rename(new)


def test_renumbered_while_it_is_read(spool_dir: SpoolDir) -> None:
    """0 is deleted by telephone, and the others move up: each is still told, once."""
    paths = [spool_dir.message(number) for number in range(3)]

    def delete_the_first() -> None:
        paths[0].with_suffix(".wav").unlink()
        paths[0].unlink()
        rename(paths[1], paths[0])
        rename(paths[2], paths[1])

    look = Spool(spool_dir.root, between=once(delete_the_first)).look(NOW)
    assert ids(look) == {"600@default": [("INBOX", of(1)), ("INBOX", of(2))]}
    assert look.whole


def test_heard_while_it_is_read(spool_dir: SpoolDir) -> None:
    """Moved to a folder that was read before it: without a second list it would be nowhere."""
    path = spool_dir.message(0)
    spool_dir.message(1, folder="Old")
    moved = path.parents[1] / "Cust1" / "msg0000.txt"
    look = Spool(spool_dir.root, between=once(lambda: rename(path, moved))).look(NOW)
    assert ids(look) == {"600@default": [("Cust1", of(0)), ("Old", of(1))]}
    assert look.whole


def test_left_while_it_is_read(spool_dir: SpoolDir) -> None:
    path = spool_dir.message(0)

    def leave_another() -> None:
        spool_dir.message(1)
        os.utime(path.parent, (LEFT + 60, LEFT + 60))

    look = Spool(spool_dir.root, between=once(leave_another)).look(NOW)
    assert ids(look) == {"600@default": [("INBOX", of(0)), ("INBOX", of(1))]}
    assert look.whole


def test_swapped_under_the_same_names(spool_dir: SpoolDir) -> None:
    """The names are as before; the time of the directory tells."""
    first, second = spool_dir.message(0), spool_dir.message(1)

    def swap() -> None:
        aside = first.with_name("msg9999.txt")
        rename(first, aside)
        rename(second, first)
        rename(aside, second)
        os.utime(first.parent, (LEFT + 60, LEFT + 60))

    readings: list[str] = []

    def between(mailbox: str) -> None:
        readings.append(mailbox)
        if len(readings) == 1:
            swap()

    look = Spool(spool_dir.root, between=between).look(NOW)
    assert ids(look) == {"600@default": [("INBOX", of(1)), ("INBOX", of(0))]}
    assert len(readings) == 2


def test_a_change_within_the_resolution_of_time(spool_dir: SpoolDir) -> None:
    """The directory shows the same time as before; it is young, so its names are compared too."""
    path = spool_dir.message(0)
    os.utime(path.parent, (LEFT, LEFT))

    def leave_another() -> None:
        spool_dir.message(1)
        os.utime(path.parent, (LEFT, LEFT))

    young = instant(LEFT + 1)
    look = Spool(spool_dir.root, between=once(leave_another)).look(young)
    assert ids(look)["600@default"] == [("INBOX", of(0)), ("INBOX", of(1))]


def test_a_mailbox_that_does_not_keep_still(spool_dir: SpoolDir) -> None:
    path = spool_dir.message(0)
    readings: list[str] = []

    def between(mailbox: str) -> None:
        readings.append(mailbox)
        os.utime(path.parent, (LEFT + len(readings), LEFT + len(readings)))

    look = Spool(spool_dir.root, between=between).look(NOW)
    assert len(readings) == TRIES
    assert not look.whole
    assert ids(look) == {"600@default": [("INBOX", of(0))]}


def test_a_mailbox_that_goes_while_it_is_read(spool_dir: SpoolDir) -> None:
    path = spool_dir.message(0)
    spool_dir.message(1, mailbox="610@default")

    def remove() -> None:
        for file in path.parent.iterdir():
            file.unlink()
        path.parent.rmdir()

    look = Spool(spool_dir.root, between=once(remove)).look(NOW)
    assert ids(look) == {"600@default": [], "610@default": [("INBOX", of(1))]}


@pytest.mark.parametrize(
    "content", [b"", b";\n[message]\norigmailbox=600\n", text().partition("msg_id")[0], text().partition("duration")[0]]
)
def test_what_is_still_being_written_is_left_for_the_next_look(spool_dir: SpoolDir, content: bytes | str) -> None:
    path = spool_dir.message(0, content)
    spool = Spool(spool_dir.root)
    look = spool.look(instant(LEFT + 8))
    assert ids(look) == {"600@default": []}
    assert not look.whole
    path.write_text(text())
    os.utime(path, (LEFT + 6, LEFT + 6))
    look = spool.look(instant(LEFT + 8))
    assert ids(look) == {"600@default": [("INBOX", of(0))]}
    assert look.whole


def test_what_stays_unfinished_is_told_as_it_is(spool_dir: SpoolDir) -> None:
    spool_dir.message(0, b"")
    look = Spool(spool_dir.root).look(instant(LEFT + 12))
    assert look.whole
    assert look.boxes[0].messages is not None
    assert look.boxes[0].messages[0].damaged


def test_a_file_from_the_future_is_not_waited_for(spool_dir: SpoolDir) -> None:
    """The clock of the disk may be ahead of ours."""
    spool_dir.message(0, b"", written=NOW.timestamp() + 9000)
    assert len(Spool(spool_dir.root).look(NOW).boxes[0].messages or ()) == 1


# --- the next look ----------------------------------------------------------------------------------------------------


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read."""
    names: list[str] = []

    def noting(name: str, within: int) -> bytes | None:
        names.append(name)
        return read_metadata(name, within)

    monkeypatch.setattr(box, "read_metadata", noting)
    return names


def test_what_has_not_changed_is_not_read_again(spool_dir: SpoolDir, reads: list[str]) -> None:
    path = spool_dir.message(0)
    spool_dir.message(1)
    spool = Spool(spool_dir.root)
    first = spool.look(NOW)
    assert reads == ["msg0000.txt", "msg0001.txt"]
    assert spool.look(NOW) == first
    assert len(reads) == 2
    path.write_text(text(LEFT, 0, duration="60"))
    os.utime(path, (LEFT + 6, LEFT + 6))  # of another length
    second = spool.look(NOW)
    assert reads[2:] == ["msg0000.txt"]
    assert second.boxes[0].messages is not None
    assert second.boxes[0].messages[0].duration == 60


def test_a_recording_that_goes_or_comes_is_noticed(spool_dir: SpoolDir, reads: list[str]) -> None:
    path = spool_dir.message(0)
    spool = Spool(spool_dir.root)
    spool.look(NOW)
    path.with_suffix(".wav").unlink()
    (found,) = spool.look(NOW).boxes
    assert found.messages is not None
    assert not found.messages[0].playable


def test_renumbered_files_are_known_by_what_they_are(spool_dir: SpoolDir, reads: list[str]) -> None:
    path = spool_dir.message(1)
    spool = Spool(spool_dir.root)
    spool.look(NOW)
    rename(path, path.with_name("msg0000.txt"))
    assert ids(spool.look(NOW)) == {"600@default": [("INBOX", of(1))]}
    assert len(reads) == 1


def test_a_young_file_and_a_young_directory_are_read_again(spool_dir: SpoolDir, reads: list[str]) -> None:
    """They could change again without showing another time."""
    path = spool_dir.message(0)
    os.utime(path.parent, (LEFT + 6, LEFT + 6))
    spool = Spool(spool_dir.root)
    young = instant(LEFT + 7)
    spool.look(young)
    path.write_text(text(LEFT + 9, 9))
    (path.parent / "msg0001.txt").write_text(text(LEFT + 1, 1))
    for each in (path, path.with_name("msg0001.txt"), path.parent):
        os.utime(each, (LEFT + 6, LEFT + 6))
    look = spool.look(young + timedelta(hours=1))
    assert ids(look) == {"600@default": [("INBOX", of(9)), ("INBOX", of(1))]}
