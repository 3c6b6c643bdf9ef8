"""The recording of a message, found by what identifies it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcentre.core.terms import instant
from callcentre.spool import recordings
from callcentre.spool.folders import open_file
from callcentre.spool.recordings import open_recording
from tests.unit.spool.spool_dir import LEFT, SpoolDir, of, text


def heard(spool_dir: SpoolDir, counter: int, mailbox: str = "600@default") -> tuple[str, bytes] | None:
    found = open_recording(spool_dir.root, mailbox, of(counter), instant(LEFT + counter))
    if found is None:
        return None
    with found.file as file:
        content = file.read()
    assert len(content) == found.size
    return found.format, content


def test_by_id_wherever_it_lies(spool_dir: SpoolDir) -> None:
    spool_dir.message(0)
    spool_dir.message(1, folder="Old")
    spool_dir.message(2, mailbox="610@default", audio="WAV")
    assert heard(spool_dir, 0) == ("wav", b"wav of 600@default INBOX 0")
    assert heard(spool_dir, 1) == ("wav", b"wav of 600@default Old 1")
    assert heard(spool_dir, 2) is None
    assert heard(spool_dir, 2, "610@default") == ("WAV", b"WAV of 610@default INBOX 2")
    assert heard(spool_dir, 0, "nobody@default") is None


def test_the_best_format(spool_dir: SpoolDir) -> None:
    path = spool_dir.message(0, audio=None)
    assert heard(spool_dir, 0) is None
    for form in ("ogg", "gsm", "WAV", "wav"):
        path.with_suffix(f".{form}").write_bytes(form.encode())
        assert heard(spool_dir, 0) == (form, form.encode())


def test_the_id_alone_is_not_enough(spool_dir: SpoolDir) -> None:
    """Its counter begins anew with every restart."""
    spool_dir.message(0)
    assert open_recording(spool_dir.root, "600@default", of(0), instant(LEFT + 1)) is None
    assert open_recording(spool_dir.root, "600@default", None, instant(LEFT)) is None


def test_a_damaged_message_is_known_by_the_time_of_its_file(spool_dir: SpoolDir) -> None:
    spool_dir.message(0, b"")
    found = open_recording(spool_dir.root, "600@default", None, instant(LEFT + 6))
    assert found is not None
    found.file.close()


@pytest.mark.parametrize("mailbox", ["../../etc@default", "600@..", "/@/", "600", "", "6\0@default"])
def test_no_name_leads_out(spool_dir: SpoolDir, mailbox: str) -> None:
    spool_dir.message(0)
    assert heard(spool_dir, 0, mailbox) is None


def test_links_are_not_played(spool_dir: SpoolDir, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = spool_dir.message(0, audio=None)
    path.with_suffix(".wav").symlink_to(secret)
    assert heard(spool_dir, 0) is None
    path.with_suffix(".gsm").write_bytes(b"gsm")
    assert heard(spool_dir, 0) == ("gsm", b"gsm")
    path.with_suffix(".gsm").unlink()
    path.with_suffix(".wav").unlink()
    os.mkfifo(path.with_suffix(".wav"))
    assert heard(spool_dir, 0) is None


def test_renumbered_while_it_is_looked_for(spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading the metadata and opening the recording, 0 goes and 1 takes its number."""
    first, second = spool_dir.message(0), spool_dir.message(1)

    def move_up() -> Iterator[None]:
        for suffix in (".wav", ".txt"):
            second.with_suffix(suffix).rename(first.with_suffix(suffix))
        yield

    steps = move_up()

    def opening(name: str, within: int) -> int:
        next(steps, None)
        return open_file(name, within)

    monkeypatch.setattr(recordings, "open_file", opening)
    assert heard(spool_dir, 0) is None
    assert heard(spool_dir, 1) == ("wav", b"wav of 600@default INBOX 1")


def test_moving_all_the_time(spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch) -> None:
    spool_dir.message(0)

    def gone(name: str, within: int) -> int:
        raise FileNotFoundError(name)

    monkeypatch.setattr(recordings, "open_file", gone)
    assert heard(spool_dir, 0) is None


def test_other_files_are_no_harm(spool_dir: SpoolDir) -> None:
    path = spool_dir.message(1)
    (path.parents[1] / "greet.wav").write_bytes(b"")
    (path.parent / "msg0000.txt").write_text(text("soon"))
    assert heard(spool_dir, 1) == ("wav", b"wav of 600@default INBOX 1")
