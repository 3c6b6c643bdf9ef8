"""One message is deleted, and nothing else: by what identifies it, under Asterisk's lock, without renumbering."""

from pathlib import Path

import pytest

from callcentre.core.terms import instant
from callcentre.spool.deleting import NotDeleted, delete_message
from tests.unit.spool.spool_dir import LEFT, SpoolDir, text

MSG_ID = f"{LEFT + 2}-00000002"


@pytest.fixture
def spool(tmp_path: Path) -> SpoolDir:
    made = SpoolDir(tmp_path)
    for number in (1, 2, 3):
        made.message(number, text(LEFT + number, number))
    return made


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("msg*") if path.is_file())


def test_it_is_found_by_its_id_and_the_others_keep_their_numbers(spool: SpoolDir) -> None:
    before = files(spool.root)
    assert delete_message(spool.root, "600@default", MSG_ID, instant(LEFT + 2))
    gone = set(before) - set(files(spool.root))
    assert gone
    assert len({name.split(".")[0] for name in gone}) == 1
    assert not list(spool.root.rglob(".lock*")), "the lock is given back"
    assert not delete_message(spool.root, "600@default", MSG_ID, instant(LEFT + 2)), "it is gone already"


@pytest.mark.parametrize(
    ("mailbox", "msg_id", "left"),
    [
        ("600@default", "1795363340-ffffffff", LEFT + 2),
        ("600@default", MSG_ID, LEFT + 3),
        ("601@default", MSG_ID, LEFT + 2),
        ("../600@default", MSG_ID, LEFT + 2),
        ("600@..", MSG_ID, LEFT + 2),
    ],
)
def test_what_is_not_it_is_left_alone(spool: SpoolDir, mailbox: str, msg_id: str, left: int) -> None:
    before = files(spool.root)
    assert not delete_message(spool.root, mailbox, msg_id, instant(left))
    assert files(spool.root) == before


def test_where_asterisk_is_at_work_nothing_is_done(spool: SpoolDir) -> None:
    folder = next(path.parent for path in spool.root.rglob("msg*.txt"))
    (folder / ".lock").touch()
    before = files(spool.root)
    with pytest.raises(NotDeleted, match="at work"):
        delete_message(spool.root, "600@default", MSG_ID, instant(LEFT + 2))
    assert files(spool.root) == before
    assert (folder / ".lock").exists(), "a lock of somebody else is not taken away"
    assert list(folder.glob(".lock-*")) == []
