"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness import ROOT, DbtProject, exclusive


@pytest.fixture
def project(tmp_path: Path) -> DbtProject:
    """The project with an empty database of the test's own."""
    return DbtProject(tmp_path / "project")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The demo warehouse, built once for all tests and all test processes. Read it, or build on a `copy_to`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    warehouse = DbtProject(shared / "demo")
    log = warehouse.folder / "build.log"
    with exclusive(shared / "demo.lock"):
        # A build that failed is not tried again by every process: its log tells all of them.
        if not log.exists():
            outcome = warehouse.build()
            log.write_text(outcome.output if outcome.succeeded else f"failed\n{outcome.output}", encoding="utf-8")
    text = log.read_text(encoding="utf-8")
    assert not text.startswith("failed\n"), f"the demo build failed:\n{text}"
    return warehouse


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("SEGMENTATION_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the real data is absent: no folder {folder} (SEGMENTATION_DATA names another)")
    return folder.resolve()
