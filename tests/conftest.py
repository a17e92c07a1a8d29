"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness import ROOT, DbtProject, exclusive
from segmentation.variables import build_variables


@pytest.fixture
def project(tmp_path: Path) -> DbtProject:
    """The project with an empty database of the test's own."""
    return DbtProject(tmp_path / "project")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The demo warehouse, built once for all tests and all test processes. Read it, or build on a `copy_to`."""
    return built_once("demo", tmp_path_factory)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Callable[[str], DbtProject]:
    """The warehouse of an example, by its name: built once, when somebody first asks. Read it, or build on a copy."""

    def build(name: str) -> DbtProject:
        variables = build_variables(ROOT / "examples" / f"{name}.yml", data=shared_data)
        return built_once(name, tmp_path_factory, variables)

    return build


def built_once(
    name: str, tmp_path_factory: pytest.TempPathFactory, variables: Mapping[str, Any] | None = None
) -> DbtProject:
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    warehouse = DbtProject(shared / name)
    log = warehouse.folder / "build.log"
    with exclusive(shared / f"{name}.lock"):
        # A build that failed is not tried again by every process: its log tells all of them.
        if not log.exists():
            outcome = warehouse.build(variables=variables)
            log.write_text(outcome.output if outcome.succeeded else f"failed\n{outcome.output}", encoding="utf-8")
    text = log.read_text(encoding="utf-8")
    assert not text.startswith("failed\n"), f"the build of {name} failed:\n{text}"
    return warehouse


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("SEGMENTATION_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the real data is absent: no folder {folder} (SEGMENTATION_DATA names another)")
    return folder.resolve()
