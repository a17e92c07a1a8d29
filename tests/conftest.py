"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import ROOT, DbtProject
from segmentation.variables import build_variables
from small import built_once


@pytest.fixture
def project(tmp_path: Path) -> DbtProject:
    """The project with an empty database of the test's own."""
    return DbtProject(tmp_path / "project")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The demo warehouse, built once for all tests and all test processes. Read it, or build on a `copy_to`."""
    return built_once(tmp_path_factory, "demo", DbtProject.build)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Callable[[str], DbtProject]:
    """The warehouse of an example, by its name: built once, when somebody first asks. Read it, or build on a copy."""

    def build(name: str) -> DbtProject:
        variables = build_variables(ROOT / "examples" / f"{name}.yml", data=shared_data)
        return built_once(tmp_path_factory, name, lambda warehouse: warehouse.build(variables=variables))

    return build


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("SEGMENTATION_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the real data is absent: no folder {folder} (SEGMENTATION_DATA names another)")
    return folder.resolve()
