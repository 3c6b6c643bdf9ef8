"""The command line called within the test's own process: what it prints, and what it exits with."""

import sys

import pytest

from callcentre.cli import main


class Commands:
    """Calls `callcentre` in the folder of the test."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: object) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of one command."""
        self._monkeypatch.setattr(sys, "argv", ["callcentre", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        printed, said = self._capsys.readouterr()
        return status, printed, said

    def prints(self, *words: object) -> list[str]:
        """The lines of standard output of a command that succeeds and says nothing else."""
        status, printed, said = self(*words)
        assert (status, said) == (0, ""), said
        return printed.splitlines()
