"""A warehouse small enough to be built again and again: a few hundred customers, one segmentation of each method."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from harness import DbtProject, Outcome, exclusive, file_inputs
from segmentation.demo.writer import INPUTS, write_demo_data

WITHOUT_DEMO_SEEDS = ("--exclude", "path:seeds/demo")
"""The inputs are files, so the demo's own need not be loaded."""

SEGMENTATIONS: dict[str, Any] = {
    "age_band": {
        "method": "rules",
        "segments": [{"name": "Under 40", "when": "age < 40"}, {"name": "40 and over", "when": "age >= 40"}],
    },
    "rfm": {"method": "rfm"},
    "behavior": {
        "method": "kmeans",
        "features": ["recency_days", "frequency", "average_order_value", "discount_share"],
        "k": {"min": 2, "max": 3},
    },
    "profile": {
        "method": "kprototypes",
        "features": ["recency_days", "average_order_value", "preferred_channel", "region"],
        "k": {"min": 2, "max": 3},
    },
}


ADVICE = {"min_customers": 0, "min_history_days": 0, "fallback": "none", "not_advised": "warn"}
"""Clusters are published, however few customers there are."""


def generated_inputs(
    folder: Path, *, customers: int, file_format: Literal["csv", "parquet"] = "csv"
) -> dict[str, dict[str, str]]:
    """Generate demo data into a folder and return the `inputs` variable for it."""
    write_demo_data(out=folder, customers=customers, file_format=file_format)
    return file_inputs(**{name: folder / f"demo_{name}.{file_format}" for name in INPUTS})


def variables(project: DbtProject, **changes: Any) -> dict[str, Any]:
    """Return the variables of a build on the inputs that the warehouse was made from, some of them changed."""
    inputs = json.loads((project.folder / "inputs.json").read_text(encoding="utf-8"))
    return {"inputs": inputs, "segmentations": SEGMENTATIONS, "snapshot_count": 1, "advice": ADVICE} | changes


def build_small(project: DbtProject, *arguments: str, **changes: Any) -> Outcome:
    """Build with the variables of a small warehouse, some of them changed."""
    return project.build(*WITHOUT_DEMO_SEEDS, *arguments, variables=variables(project, **changes))


def small_warehouse(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """Return the small warehouse, built and published. Read it, or build on a `copy_of_small`."""

    def build(warehouse: DbtProject) -> Outcome:
        inputs = generated_inputs(warehouse.folder / "inputs", customers=300)
        (warehouse.folder / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
        return build_small(warehouse)

    return built_once(tmp_path_factory, "small", build)


def built_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, build: Callable[[DbtProject], Outcome]
) -> DbtProject:
    """Return a warehouse that is built once for all tests and all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    warehouse = DbtProject(shared / name)
    log = warehouse.folder / "build.log"
    with exclusive(shared / f"{name}.lock"):
        # A build that failed is not tried again by every process: its log tells all of them.
        if not log.exists():
            outcome = build(warehouse)
            log.write_text(outcome.output if outcome.succeeded else f"failed\n{outcome.output}", encoding="utf-8")
    text = log.read_text(encoding="utf-8")
    assert not text.startswith("failed\n"), f"the build of {name} failed:\n{text}"
    return warehouse


def copy_of_small(warehouse: DbtProject, folder: Path) -> DbtProject:
    """Return a copy of a small warehouse, to build on."""
    copy = warehouse.copy_to(folder)
    shutil.copyfile(warehouse.folder / "inputs.json", folder / "inputs.json")
    return copy


def replace_in(file: Path, old: str, new: str) -> None:
    """Change a file of a copied project; a text that is no longer there fails the test."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} does not hold {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def registry(project: DbtProject) -> list[tuple[Any, ...]]:
    """Return every row of the model registry, in one fixed order."""
    return project.query("select * from publication.model_registry order by all")


def models(project: DbtProject) -> dict[str, tuple[str, int, bool]]:
    """Return version, generation and whether it is new, of every model that the last build worked with."""
    rows = project.query(
        "select distinct segmentation, model_version, generation, is_new from clustering.candidate_parameters"
    )
    found = {str(name): (str(version), int(generation), bool(is_new)) for name, version, generation, is_new in rows}
    assert len(found) == len(rows), rows
    return found


def as_of_dates(project: DbtProject) -> set[str]:
    """Return the as-of dates that stand in what is published."""
    rows = project.query(
        """
        select as_of_date from marts.dim_segments
        union select as_of_date from marts.dim_customers
        union select as_of_date from marts.fct_customer_segments
        """,
        published=True,
    )
    return {str(day) for (day,) in rows}
