"""The same input gives the same marts, to the last bit, in whatever order and on however many threads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from harness import DbtProject, Outcome, copy_of_project, file_inputs
from segmentation.demo.writer import INPUTS
from small import WITHOUT_DEMO_SEEDS, built_once, generated_inputs, replace_in, variables

CUSTOMERS = 9_000
"""Their order lines fill more than one of DuckDB's row groups (122,880 rows), so threads do share the work."""

UNTESTED = (*WITHOUT_DEMO_SEEDS, "--exclude-resource-type", "test")


def build(project: DbtProject, **settings: str) -> Outcome:
    return project.build(*UNTESTED, variables=variables(project), **settings)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    def generate_and_build(project: DbtProject) -> Outcome:
        inputs = generated_inputs(project.folder / "inputs", customers=CUSTOMERS, file_format="parquet")
        (project.folder / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
        return build(project)

    return built_once(tmp_path_factory, "first", generate_and_build)


def another(first: DbtProject, folder: Path, *, engine_threads: int) -> DbtProject:
    """Return a project with an empty database and the inputs of the first."""
    root = copy_of_project(folder)
    replace_in(root / "profiles.yml", "settings:\n", f"settings:\n        threads: {engine_threads}\n")
    project = DbtProject(folder / "warehouse", root=root)
    (project.folder / "inputs.json").write_bytes((first.folder / "inputs.json").read_bytes())
    return project


def shuffle_inputs(project: DbtProject) -> None:
    """Replace every input by the same rows in another order, in other row groups."""
    inputs = json.loads((project.folder / "inputs.json").read_text(encoding="utf-8"))
    for number, name in enumerate(INPUTS):
        table = pyarrow.parquet.read_table(inputs[name]["path"])
        order = np.random.default_rng(number).permutation(len(table))
        assert (order != np.arange(len(table))).any()
        pyarrow.parquet.write_table(table.take(order), project.folder / f"{name}.parquet", row_group_size=10_000)
    shuffled = file_inputs(**{name: project.folder / f"{name}.parquet" for name in INPUTS})
    (project.folder / "inputs.json").write_text(json.dumps(shuffled), encoding="utf-8")


def assert_same_marts(found: DbtProject, expected: DbtProject) -> None:
    """Prove that two warehouses hold the same marts: relations, columns, types, rows, and every bit of a double."""
    ours, theirs = found.content(), expected.content()
    assert list(ours) == list(theirs)
    for mart in theirs:
        assert ours[mart][0] == theirs[mart][0], f"{mart}: columns or types differ"
        # The text of a double tells every bit of it, and that a zero is negative, which equality does not.
        pairs = zip(ours[mart][1], theirs[mart][1], strict=True)
        differing = [pair for pair in pairs if repr(pair[0]) != repr(pair[1])]
        assert not differing, f"{mart}: {len(differing)} rows differ, the first are {differing[0]}"


def test_a_second_database_holds_the_same_marts(first: DbtProject, tmp_path: Path) -> None:
    project = another(first, tmp_path, engine_threads=2)
    build(project).check()
    assert_same_marts(project, first)


def test_the_order_of_the_input_changes_nothing(first: DbtProject, tmp_path: Path) -> None:
    project = another(first, tmp_path, engine_threads=5)
    shuffle_inputs(project)
    build(project).check()
    assert_same_marts(project, first)


def test_the_number_of_threads_changes_nothing(first: DbtProject, tmp_path: Path) -> None:
    project = another(first, tmp_path, engine_threads=1)
    assert "Concurrency: 1 threads" in build(project, SEGMENTATION_THREADS="1").check().output
    assert_same_marts(project, first)


def test_the_data_are_large_enough_for_threads_to_share_them(first: DbtProject) -> None:
    assert first.query("select count(*) > 122880 from staging.stg_order_items_checked") == [(True,)]
