"""A build of what a change touches, on the rest of a full build, as docs/ci.md tells it."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from pathlib import Path

import pytest

from harness import ROOT, DbtProject, copy_of_project
from small import copy_of_small, replace_in, small_warehouse, variables

CHANGED = {
    "rfm_scores": "segments/rfm_scores.sql",  # before the gate, with most marts behind it
    "fct_customer_value": "marts/core/fct_customer_value.sql",  # replaced by customer in later runs
}
NOT_TOUCHED = {"customer_features", "resolved_configuration", "refresh_scope", "candidate_parameters"}


def words_of_the_workflow() -> list[str]:
    """Return what the workflow for users tells dbt, up to the folder of the state."""
    text = (ROOT / "docs" / "ci" / "segments.yml").read_text(encoding="utf-8")
    match = re.search(r"dbt build (--target ci .+? --state) state\b", re.sub(r"\\\n\s*", "", text))
    assert match
    return shlex.split(match[1])


@pytest.mark.long
def test_what_a_change_touches_is_built_on_a_full_build(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    full = copy_of_small(small_warehouse(tmp_path_factory), tmp_path / "full")
    state = small_warehouse(tmp_path_factory).folder / "target"
    root = copy_of_project(tmp_path)
    for path in CHANGED.values():
        # A comment: what is built must be what the full build has.
        replace_in(root / "models" / path, "-- One row per", "-- Changed.\n-- One row per")
    slim = DbtProject(tmp_path / "slim", root=root)
    slim.database = slim.folder / "slim.duckdb"
    before = hashlib.sha256(full.database.read_bytes()).hexdigest()

    slim.build(
        *words_of_the_workflow(),
        str(state),
        variables=variables(full),
        SEGMENTATION_DEFERRED=str(full.database),
    ).check()

    results = json.loads((slim.folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    built = {result["unique_id"].split(".")[2] for result in results if result["unique_id"].startswith("model.")}
    assert built >= CHANGED.keys() | {"publication_gate", "dim_segments"}
    assert not built & NOT_TOUCHED
    marts = slim.content()
    assert marts.keys() >= {"marts.dim_segments", "marts.fct_customer_segments", "marts.fct_customer_value"}
    assert marts == {name: content for name, content in full.content().items() if name in marts}
    assert hashlib.sha256(full.database.read_bytes()).hexdigest() == before
    assert not slim.published.parent.exists()
