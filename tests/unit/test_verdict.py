"""The verdict and its reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segmentation.choose_k import KTrial
from segmentation.distances import MixedData
from segmentation.kprototypes import fit_kprototypes
from segmentation.verdict import Evidence, gather, judge, to_rows

CLEAR = KTrial(
    2,
    silhouette=0.6,
    null_silhouette=0.3,
    null_deviation=0.01,
    prediction_strength=0.95,
    valley_depth=0.9,
    valley_strength=9.0,
)


def evidence(trial: KTrial = CLEAR, stability: tuple[float, ...] = (0.95, 0.9), depth: float = 0.9) -> Evidence:
    k = len(stability)
    return Evidence(trial, np.array(stability), np.full((k, k), depth), [1, 0, *range(k - 2)], 0.2, (2, 5)[:k])


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (evidence(), "natural"),
        (evidence(replace(CLEAR, valley_depth=0.1)), "reproducible"),
        (evidence(replace(CLEAR, silhouette=0.31)), "reproducible"),
        (evidence(stability=(0.95, 0.6)), "reproducible"),
        (evidence(replace(CLEAR, valley_depth=0.1, prediction_strength=0.5), (0.9, 0.6)), "constructed"),
        (evidence(replace(CLEAR, valley_depth=0.1, prediction_strength=0.5), (0.9, 0.4)), "not advised"),
        (evidence(replace(CLEAR, silhouette=None)), "reproducible"),
    ],
)
def test_verdicts(found: Evidence, verdict: str) -> None:
    assert judge(found)[0] == verdict


def test_reasons_are_sentences_with_their_numbers() -> None:
    _, reasons = judge(evidence(replace(CLEAR, valley_depth=0.1, prediction_strength=0.5), (0.9, 0.4)))
    assert reasons == [
        "Between some segments customers are as frequent as within: a border was drawn through a crowd.",
        "The silhouette is 30.0 standard deviations above that of like customers without clusters.",
        "Drawn again, segment 5 comes back with a Jaccard similarity of 0.40 only.",
        "One half of the customers predicts 50% of the pairs of the other in the worst segment.",
        "20% of the customers are near a border.",
        "Other customers of the same kind would have given other segments.",
    ]


def test_segments_that_are_nearest_to_each_other_without_a_valley_would_merge() -> None:
    assert evidence(depth=0.1).mergeable() == [(0, 1)]
    assert evidence(depth=0.9).mergeable() == []
    rows = [row for row in to_rows(evidence(depth=0.1)) if row.feature == "merges_with"]
    assert [(row.segment_id, row.level, row.value_double) for row in rows] == [(2, "5", 0.1)]


def test_evidence_is_gathered_from_customers() -> None:
    rng = np.random.default_rng(0)
    numbers = np.array([[0.0], [10.0]])[np.arange(400) % 2] + rng.normal(size=(400, 1))
    data = MixedData(numbers, np.ones(1), np.empty((400, 0), dtype=np.int64), np.empty(0))
    fit = fit_kprototypes(data, 2, seed=0)
    found = gather(data, fit, CLEAR, np.ones(2), borderline_margin=0.1)
    assert found.nearest == [1, 0]
    assert found.valley_depth[0, 1] > 0.9
    assert found.borderline_share == 0.0
    one = gather(data, fit_kprototypes(data, 1, seed=0), KTrial(1), np.ones(1), borderline_margin=0.1)
    assert one.borderline_share == 0.0
