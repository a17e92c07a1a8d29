"""Whatever a test cluster starts ends with it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from cluster import LOOPBACK, Cluster


class FailureError(Exception):
    pass


def test_a_failure_leaves_no_process_behind(tmp_path: Path) -> None:
    running = Cluster(tmp_path)

    def fail() -> None:
        with running:
            assert len(running.processes) == 3
            assert all(process.poll() is None for process in running.processes)
            raise FailureError

    with pytest.raises(FailureError):
        fail()
    assert all(process.poll() is not None for process in running.processes)
    with socket.socket() as probe:
        assert probe.connect_ex((LOOPBACK, running.port)) != 0
