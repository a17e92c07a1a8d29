"""The stream with the real project: a small soak, and what it says when it cannot begin."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from harness import ROOT, DbtProject, Outcome, run_command
from small import SEGMENTATIONS, small_warehouse


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


def stream(folder: Path, *, variables: dict[str, object]) -> Outcome:
    words: list[str | Path] = [sys.executable, "-m", "segmentation.stream", "--until-idle", "--project", ROOT]
    words += ["--landing", folder / "landing", "--store", folder / "store", "--database", folder / "shop.duckdb"]
    return run_command([*words, "--vars", json.dumps(variables)])


def test_a_small_soak_holds(tmp_path: Path) -> None:
    """Files and bad files in batches, two kills, a reader, and marts equal to those of one full build."""
    soak = [sys.executable, str(ROOT / "benchmarks" / "soak_stream.py"), "--folder", str(tmp_path / "soak")]
    outcome = run_command([*soak, "--batches", "6", "--kills", "2"]).check()
    assert "| kill -9 | batch " in outcome.output
    assert "| marts equal to one full build |" in outcome.output


def test_a_stream_that_cannot_begin_says_why(small: DbtProject, tmp_path: Path) -> None:
    inputs = json.loads((small.folder / "inputs.json").read_text(encoding="utf-8"))
    (tmp_path / "landing" / "costumers").mkdir(parents=True)
    outcome = stream(tmp_path, variables={"inputs": inputs})
    assert outcome.returncode == 1
    assert 'did you mean "customers"?' in outcome.output
    outcome = stream(tmp_path, variables={"inputs": {"order": {"path": "x.csv"}}})
    assert outcome.returncode == 1
    assert "the nearest is orders" in outcome.output
    assert "Traceback" not in outcome.output


def test_a_first_batch_that_is_refused_is_taken_again(small: DbtProject, tmp_path: Path) -> None:
    inputs = json.loads((small.folder / "inputs.json").read_text(encoding="utf-8"))
    (tmp_path / "landing").mkdir()
    refused = {"inputs": inputs, "segmentations": SEGMENTATIONS, "default_max_reject_share": 0.0}
    for _ in range(2):
        outcome = stream(tmp_path, variables=refused)
        assert outcome.returncode == 1
        assert "What the inputs hold so far is refused" in outcome.output
        assert "expected at most 0.0" in outcome.output
    assert not (tmp_path / "published" / "shop.duckdb").exists()
    assert [path for name in inputs for path in (tmp_path / "store" / name).glob("*")] == []
