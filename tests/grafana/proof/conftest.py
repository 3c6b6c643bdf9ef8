"""The two runs, each made once: thirty good days, and a day of faults, with a Prometheus that has all of it.

They are kept in the folder that CALLCENTRE_TEST_PROOF names, and taken from there the next time: for work on queries.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grafana.proof.prometheus import need_prometheus
from tests.grafana.proof.proven import Proven, bad_day, good_month


def _folder(made: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("CALLCENTRE_TEST_PROOF")
    return Path(kept) if kept else made.mktemp("proof")


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proven]:
    """Thirty good days."""
    need_prometheus()
    with good_month(_folder(tmp_path_factory)) as proven:
        yield proven


@pytest.fixture(scope="session")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proven]:
    """A day of faults."""
    need_prometheus()
    with bad_day(_folder(tmp_path_factory)) as proven:
        yield proven
