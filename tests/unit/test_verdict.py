"""The verdict and its reasons."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.choose_k import KTrial, choose_k
from segmentation.criteria import WithoutGroups
from segmentation.distances import MixedData
from segmentation.kprototypes import fit_kprototypes
from segmentation.separation import Valleys
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


CROWD = replace(CLEAR, valley_depth=0.1, silhouette=0.31)


def evidence(
    trial: KTrial = CLEAR,
    stability: tuple[float, ...] = (0.95, 0.9),
    depth: float = 0.9,
    crowds: tuple[float, float | None] | None = None,
) -> Evidence:
    k = len(stability)
    between = Valleys(np.full((k, k), depth), np.full((k, k), 9.0))
    without_groups = None if crowds is None else WithoutGroups(*crowds)
    return Evidence(trial, np.array(stability), between, [1, 0, *range(k - 2)], 0.2, (2, 5)[:k], without_groups)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (evidence(), "natural"),
        (evidence(replace(CLEAR, valley_depth=0.1)), "reproducible"),
        (evidence(depth=0.1), "reproducible"),
        (evidence(replace(CLEAR, silhouette=0.31)), "reproducible"),
        (evidence(stability=(0.95, 0.6)), "reproducible"),
        (evidence(replace(CLEAR, valley_depth=0.1, prediction_strength=0.5), (0.9, 0.6)), "constructed"),
        (evidence(replace(CLEAR, valley_depth=0.1, prediction_strength=0.5), (0.9, 0.4)), "not advised"),
        (evidence(replace(CLEAR, silhouette=None)), "reproducible"),
        # What a crowd without groups reaches just as well was made, unless valleys show that there is no crowd.
        (evidence(CROWD, crowds=(0.8, 0.9)), "reproducible"),
        (evidence(CROWD, crowds=(0.8, None)), "reproducible"),
        (evidence(CROWD, crowds=(0.9, 0.9)), "constructed"),
        (evidence(CROWD, crowds=(0.8, 0.95)), "constructed"),
        (evidence(replace(CLEAR, silhouette=0.31), crowds=(0.99, 0.99)), "reproducible"),
        (evidence(depth=0.1, crowds=(0.99, 0.99)), "reproducible"),
        (evidence(crowds=(0.99, 0.99)), "natural"),
        # A segment that dissolves does not come back, whatever pairs are predicted.
        (evidence(CROWD, (0.9, 0.4)), "constructed"),
    ],
)
def test_verdicts(found: Evidence, verdict: str) -> None:
    assert judge(found)[0] == verdict


def test_reasons_are_sentences_with_their_numbers() -> None:
    _, reasons = judge(evidence(replace(CLEAR, valley_depth=0.1, prediction_strength=0.5), (0.9, 0.4), depth=0.1))
    assert reasons == [
        "Between some segments customers are as frequent as within: a border was drawn through a crowd.",
        "The silhouette is 30.0 standard deviations above that of like customers without groups.",
        "Drawn again, segment 5 comes back with a Jaccard similarity of 0.40.",
        "One half of the customers predicts 50% of the pairs of the other in the worst segment.",
        "20% of the customers are near a border.",
        "Other customers of the same kind would have given other segments.",
    ]


def test_what_a_crowd_reaches_is_told_beside_it() -> None:
    verdict, (_, _, on_stability, on_prediction, *_, last) = judge(evidence(CROWD, crowds=(0.93, 0.7)))
    assert verdict == "constructed"
    assert on_stability.endswith("(Jaccard similarity at least 0.90; a crowd without groups reaches 0.93).")
    assert on_prediction.endswith(
        "95% of the pairs of the other in the worst segment; a crowd without groups reaches 70%."
    )
    assert last == "A crowd without groups would be divided as reproducibly."
    rows = [row for row in to_rows(evidence(crowds=(0.93, 0.7))) if row.feature == "null_lowest_stability"]
    assert [row.value_double for row in rows] == [0.93]


def test_what_was_not_measured_is_not_told_as_a_number() -> None:
    _, reasons = judge(evidence(replace(CLEAR, prediction_strength=None, silhouette=0.28)))
    assert reasons[1] == "The silhouette is 2.0 standard deviations below that of like customers without groups."
    assert reasons[3] == "The customers are too few for one half to predict the other."


def test_groups_that_segments_cut_across_are_named() -> None:
    assert judge(evidence(depth=0.1))[1][0] == (
        "Customers form 2 groups with valleys between them, of a shape that segments cannot follow: some borders cut "
        "across a group."
    )
    assert not evidence(stability=(0.9,), depth=0.0).is_separated


def test_segments_that_are_nearest_to_each_other_without_a_valley_would_merge() -> None:
    assert evidence(CROWD, depth=0.1).mergeable() == [(0, 1)]
    assert evidence(CROWD, depth=0.9).mergeable() == []
    rows = [row for row in to_rows(evidence(CROWD, depth=0.1)) if row.feature == "merges_with"]
    assert [(row.segment_id, row.level, row.value_double) for row in rows] == [(2, "5", 0.1)]


def test_segments_that_cut_across_groups_would_not_merge_without_loss() -> None:
    assert evidence(depth=0.1).mergeable() == []


SHARES = st.one_of(st.sampled_from([0.0, 0.3, 0.5, 0.75, 0.8, 1.0]), st.floats(0, 1))
STRENGTHS = st.one_of(st.sampled_from([0.0, 3.0]), st.floats(0, 20))
MAYBE = st.one_of(st.none(), SHARES)


@st.composite
def judged(draw: st.DrawFn) -> tuple[str, Evidence]:
    """What a search may have found for some k, in whatever combination, and the segments of the k that was chosen."""
    trials = [
        KTrial(
            k,
            silhouette=draw(MAYBE),
            null_silhouette=draw(MAYBE),
            null_deviation=draw(st.floats(0, 0.2)),
            prediction_strength=draw(MAYBE),
            valley_depth=draw(MAYBE),
            valley_strength=draw(STRENGTHS),
            smallest_share=draw(SHARES),
        )
        for k in range(2, draw(st.integers(2, 5)) + 1)
    ]
    k, reason = choose_k(trials, min_share=draw(SHARES), is_pinned=len(trials) == 1 and draw(st.booleans()))
    upper = np.triu_indices(k, 1)
    between = Valleys(np.zeros((k, k)), np.zeros((k, k)))
    for one, other in zip(*upper, strict=True):
        between.depth[one, other] = between.depth[other, one] = draw(SHARES)
        between.strength[one, other] = between.strength[other, one] = draw(STRENGTHS)
    found = Evidence(
        next(trial for trial in trials if trial.k == k),
        np.array([draw(SHARES) for _ in range(k)]),
        between,
        [draw(st.sampled_from([other for other in range(k) if other != one])) for one in range(k)],
        draw(SHARES),
        tuple(range(1, k + 1)),
        draw(st.one_of(st.none(), st.builds(WithoutGroups, SHARES, MAYBE))),
    )
    return reason, found


APART = ("separated by a valley", "rare between every two segments", "groups with valleys between them")
NOT_APART = ("no number of groups has valleys", "through a crowd", "would merge without loss", "A crowd without groups")
DOUBTS = (
    *("through a crowd", "no more than", "deviations below", "not defined", "cut across"),
    *("segment 1 comes back", "segment 2 comes back", "segment 3 comes back", "segment 4 comes back"),
    *("segment 5 comes back", "would merge without loss", "A crowd without groups", "Other customers"),
)
COMPARED = re.compile(
    r"([0-9.]+)%?(?: of the pairs of the other in the worst segment)?; a crowd without groups reaches ([0-9.]*[0-9])%?"
)


@given(judged())
@settings(max_examples=400, deadline=None)
def test_no_reason_contradicts_another(case: tuple[str, Evidence]) -> None:
    """What is published of one segmentation side by side: reason for k, verdict, its reasons and the merges."""
    reason_for_k, found = case
    verdict, reasons = judge(found)
    merges = ["would merge without loss" for row in to_rows(found) if row.feature == "merges_with"]
    text = " ".join([reason_for_k, *reasons, *merges])

    def says(*phrases: str) -> bool:
        return any(phrase in text for phrase in phrases)

    assert not (says(*APART) and says(*NOT_APART)), text
    compared = [(float(own), float(crowd)) for own, crowd in COMPARED.findall("\n".join(reasons))]
    assert len(compared) == text.count("a crowd without groups reaches")
    match verdict:
        case "natural":
            assert says("rare between every two segments")
            assert not says(*DOUBTS), text
        case "reproducible":
            assert not says("A crowd without groups", "Other customers"), text
            assert says(*APART) or all(own >= crowd for own, crowd in compared), text
        case "constructed":
            assert says("A crowd without groups", "Other customers would in part"), text
            assert not says("of the same kind"), text
            if says("A crowd without groups"):
                assert any(own <= crowd for own, crowd in compared), text
            else:
                assert not says("every segment comes back"), text
        case "not advised":
            assert says("Other customers of the same kind would have given other segments")
            assert not says("every segment comes back", "A crowd without groups"), text
    assert len(reasons) <= 6, "the model of verdicts reads six reasons"


def test_evidence_is_gathered_from_customers() -> None:
    rng = np.random.default_rng(0)
    numbers = np.array([[0.0], [10.0]])[np.arange(400) % 2] + rng.normal(size=(400, 1))
    data = MixedData(numbers, np.ones(1), np.empty((400, 0), dtype=np.int64), np.empty(0))
    fit = fit_kprototypes(data, 2, seed=0)
    found = gather(data, fit, CLEAR, np.ones(2), borderline_margin=0.1)
    assert found.nearest == [1, 0]
    assert found.valleys.depth[0, 1] > 0.9
    assert found.borderline_share == 0.0
    one = gather(data, fit_kprototypes(data, 1, seed=0), KTrial(1), np.ones(1), borderline_margin=0.1)
    assert one.borderline_share == 0.0
