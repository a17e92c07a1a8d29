"""A run that works on changes alone must end where a full build ends, whatever has happened since the run before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import DbtProject
from replay import Source, year
from small import ADVICE, SEGMENTATIONS, WITHOUT_DEMO_SEEDS

SCHEMAS = ("staging", "features", "value", "segments", "marts", "publication")


def refreshed_and_published(project: DbtProject) -> dict[str, Any]:
    """Return the content of every table that outlives a run: marts, and what is refreshed in part."""
    content = project.content(schemas=SCHEMAS)
    return {name: content[name] for name in content if name.startswith("marts.") or name in LASTING}


LASTING = {
    "staging.stg_customers_checked",
    "staging.stg_orders_checked",
    "staging.stg_order_items_checked",
    "staging.rejected_records",
    "features.int_orders",
    "features.int_order_lines",
    "features.int_customer_categories",
    "features.customer_features",
    "value.customer_purchases",
    "segments.customer_segment_history",
    "segments.customer_segments",
    "publication.published_segments",
}


def settings(source: Source, as_of_date: str) -> dict[str, Any]:
    return {
        "inputs": source.inputs,
        "segmentations": SEGMENTATIONS,
        "advice": ADVICE,
        "snapshot_count": 3,
        "default_max_reject_share": 1.0,
        "as_of_date": as_of_date,
        "refresh": {"full_above_share": 1.0},
    }


@pytest.mark.parametrize("seed", [1])
def test_a_year_in_batches_ends_each_time_where_a_full_build_ends(tmp_path: Path, seed: int) -> None:
    source = Source(tmp_path / "source", customers=200, seed=seed)
    project = DbtProject(tmp_path / "batches")
    scopes = []
    for number, batch in enumerate(year(source, runs=5)):
        variables = settings(source, batch.as_of_date)
        project.build(*WITHOUT_DEMO_SEEDS, variables=variables).check()
        scopes += project.query(
            "select inputs.is_full, features.is_full, scores.is_full, inputs.reason, features.reason, scores.reason"
            " from refresh.refresh_scope as inputs, refresh.feature_scope as features, refresh.score_scope as scores"
        )
        if batch.is_compared:
            full = project.copy_to(tmp_path / f"full_{number}")
            full.build(*WITHOUT_DEMO_SEEDS, "--full-refresh", variables=variables).check()
            expected = refreshed_and_published(full)
            found = refreshed_and_published(project)
            assert found.keys() == expected.keys()
            assert found.keys() >= LASTING
            for name in found:
                assert found[name] == expected[name], (name, number, scopes)
    # The inputs were read whole once; a new as-of date made features and scores whole.
    assert [scope[0] for scope in scopes] == [True] + [False] * 4, scopes
    assert [scope[1] for scope in scopes].count(True) == 2, scopes
