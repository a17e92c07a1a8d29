"""Clusters that are not advised: a simpler segmentation is published in their place, or nothing, as configured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness import DbtProject
from small import ADVICE, SEGMENTATIONS, build_small, copy_of_small, small_warehouse

FALLBACK = {
    "segmentations": {name: SEGMENTATIONS[name] for name in ("rfm", "behavior")},
    "advice": ADVICE | {"min_customers": 500, "fallback": "auto"},
}
"""The warehouse has 300 customers, so clusters are not advised."""


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> DbtProject:
    return copy_of_small(small_warehouse(tmp_path_factory), tmp_path / "copy")


def test_a_fallback_is_published_flagged_and_warned_of(small: DbtProject) -> None:
    outcome = build_small(small, **FALLBACK).check()
    assert "Segmentation 'behavior': clusters are not advised. 2" in outcome.output
    assert "customers are fewer than the 500 that clusters want." in outcome.output
    assert "The segments of 'rfm' stand in their place (variable advice.fallback)." in outcome.output
    ((verdict, reasons, fallback),) = small.query(
        "select verdict, reasons, fallback from marts.segmentation_quality where segmentation = 'behavior'",
        published=True,
    )
    assert (verdict, fallback) == ("not advised", "rfm")
    assert "customers are fewer than the 500 that clusters want" in reasons
    assert small.query(
        "select distinct status from marts.dim_segments where segmentation = 'behavior'", published=True
    ) == [("fallback",)]
    # The scored segments: how long a customer keeps the one before is said by the smoothing of each segmentation.
    labels = "select customer_id, raw_segment_id, reason from marts.fct_customer_segments where segmentation = "
    ours = small.query(f"{labels}'behavior' order by 1", published=True)
    assert ours == small.query(f"{labels}'rfm' order by 1", published=True)
    assert small.query(
        "select distinct assigned_by from marts.fct_customer_segments where segmentation = 'behavior'", published=True
    ) == [("fallback",)]


def test_nothing_is_published_where_the_configuration_says_error(small: DbtProject) -> None:
    before = small.published.read_bytes()
    outcome = build_small(small, **(FALLBACK | {"advice": FALLBACK["advice"] | {"not_advised": "error"}}))
    assert not outcome.succeeded
    assert "clusters_are_advised" in outcome.output
    assert small.published.read_bytes() == before


def test_a_long_tail_costs_nobody_but_itself(tmp_path: Path) -> None:
    """One customer who spends a thousand times as much as all others takes a segment of its own."""
    project = DbtProject(tmp_path / "tail")
    file = tmp_path / "customers.csv"
    with file.open("w", encoding="utf-8") as rows:
        rows.write("id,spend,visits\n")
        for number in range(600):
            rows.write(f"L{number:03},{40 + number % 17 + (900_000 if number == 7 else 0)},{1 + number % 6}\n")
    attributes = {"total_spend": "double", "visits": "integer"}
    segmentations = {
        "spend": {"method": "kmeans", "features": list(attributes)},
        "calm": {"method": "kmeans", "features": ["visits"], "k": 3},
        "visitors": {
            "method": "rules",
            "segments": [{"name": "Few", "when": "visits <= 3"}, {"name": "Many", "when": "visits > 3"}],
        },
    }
    configured: dict[str, Any] = {
        "inputs": {"customers": {"path": str(file), "columns": {"customer_id": "id", "total_spend": "spend"}}},
        "attributes": attributes,
        "segmentations": segmentations,
        "features": {"total_spend": {"transform": "none"}, "visits": {"transform": "none"}},
        "snapshot_count": 0,
        "advice": {"min_customers": 500, "min_history_days": 180, "fallback": "auto", "not_advised": "warn"},
    }
    outcome = project.build("--exclude", "path:seeds/demo", variables=configured).check()
    told = r"Segmentation 'spend': clusters are not advised[.] Segment [1-8] holds 0[.]17 % of the customers"
    assert re.search(told, outcome.output), outcome.output
    assert "(log) or a clip" in outcome.output
    quality = {
        row[0]: row[1:]
        for row in project.query(
            "select segmentation, verdict, fallback, repeat_share from marts.segmentation_quality", published=True
        )
    }
    assert quality["spend"] == ("not advised", "visitors", None)
    assert quality["calm"][1] is None
    labels = "select customer_id, segment_name from marts.fct_customer_segments where segmentation = "
    ours = project.query(f"{labels}'spend' order by 1", published=True)
    assert ours == project.query(f"{labels}'visitors' order by 1", published=True)
    # Why k was chosen is there to be read.
    assert project.query("select count(*) > 1 from marts.k_search where segmentation = 'spend'", published=True) == [
        (True,)
    ]
    strict = configured | {"advice": configured["advice"] | {"not_advised": "error"}}
    refused = project.build("--exclude", "path:seeds/demo", variables=strict)
    assert not refused.succeeded
    assert re.search(told, refused.output), refused.output
