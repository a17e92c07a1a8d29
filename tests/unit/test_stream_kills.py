"""A stream that is killed at any step goes on as if nothing had been. Every step: python tests/killing.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from harness import ROOT, run_command


def test_a_kill_at_any_step_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    outcome = run_command([sys.executable, ROOT / "tests" / "killing.py", tmp_path, "11"]).check()
    assert int(outcome.output.split()[0]) >= 5, outcome.output
