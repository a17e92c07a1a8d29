"""Clusters that are not advised: a simpler segmentation is published in their place, or nothing, as configured."""

from __future__ import annotations

from pathlib import Path

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
    assert "clusters_are_advised" in outcome.output
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
