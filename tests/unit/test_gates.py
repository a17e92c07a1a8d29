"""A challenger takes over only if it is not worse than the champion on the customers of today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clustering_cases import MIXED, NUMBERS, configured, fitted, mixed_groups
from segmentation.choose_k import KTrial
from segmentation.config.segmentations import CandidateGates, KRange
from segmentation.gates import Gate, Standing, compare, smallest_share, standing_of
from segmentation.parameters import ClusterModel, rows_from_frame
from segmentation.scoring import score_clusters
from segmentation.separation import Valleys
from segmentation.verdict import Evidence, judge

GATES = CandidateGates(smallest_share=0.9, verdict=0, stability=0.1, silhouette=0.02)
ALL = KTrial(
    2,
    silhouette=0.6,
    null_silhouette=0.3,
    null_deviation=0.01,
    prediction_strength=0.9,
    valley_depth=0.9,
    valley_strength=9,
)
CONSTRUCTED = replace(ALL, valley_depth=0.0, prediction_strength=0.5)


def standing(
    trial: KTrial = ALL, *, share: float = 0.1, silhouette: float | None = 0.5, stability: float = 0.9
) -> Standing:
    between = Valleys(np.ones((2, 2)), np.full((2, 2), 9.0))
    found = Evidence(trial, np.array([0.95, stability]), between, [1, 0], 0.1, (1, 2))
    return Standing(share, silhouette, found)


def failed(candidate: Standing, present: Standing, gates: CandidateGates = GATES) -> list[str]:
    return [gate.name for gate in compare(candidate, present, gates, min_share=0.05) if not gate.is_passed]


@pytest.mark.parametrize(
    ("candidate", "present", "names"),
    [
        (standing(), standing(), []),
        (standing(share=0.045), standing(), []),
        (standing(share=0.044), standing(share=0.01), ["smallest_share"]),
        (standing(silhouette=0.48), standing(), []),
        (standing(silhouette=0.479), standing(), ["silhouette"]),
        (standing(silhouette=None), standing(), ["silhouette"]),
        (standing(silhouette=0.1), standing(silhouette=None), []),
        # Beyond 0.75 nothing more is asked: 0.65 is within the tolerance of it.
        (standing(stability=0.76), standing(stability=0.99), []),
        (standing(replace(ALL, valley_depth=0), stability=0.65), standing(replace(ALL, valley_depth=0)), []),
        (standing(replace(ALL, valley_depth=0), stability=0.64), standing(replace(ALL, valley_depth=0)), ["stability"]),
        (standing(CONSTRUCTED, stability=0.5), standing(CONSTRUCTED, stability=0.55), []),
        (standing(replace(ALL, valley_depth=0)), standing(), ["verdict"]),
        (standing(), standing(replace(ALL, valley_depth=0)), []),
        (standing(CONSTRUCTED, share=0.01, silhouette=0.2, stability=0.3), standing(), [*GATES.__slots__]),
        # Of a model whose customers all went into one segment nothing is known, and nothing is asked.
        (standing(CONSTRUCTED, stability=0.3), Standing(0.0, None, None), []),
    ],
)
def test_gates(candidate: Standing, present: Standing, names: list[str]) -> None:
    assert failed(candidate, present) == names


def test_tolerances_are_configured() -> None:
    worse = standing(CONSTRUCTED, share=0.01, silhouette=0.2, stability=0.3)
    assert failed(worse, standing(), CandidateGates(None, None, None, None)) == []
    assert failed(worse, standing(), CandidateGates(0.2, 3, 0.45, 0.3)) == []
    assert failed(worse, standing(), CandidateGates(0.2, 2, 0.45, 0.29)) == ["verdict", "silhouette"]


def test_a_failed_gate_is_told_with_its_numbers() -> None:
    found = {
        gate.name: gate for gate in compare(standing(CONSTRUCTED, silhouette=0.3), standing(), GATES, min_share=0.05)
    }
    assert found["silhouette"].in_words() == (
        "its silhouette is 0.3000, that of the present model 0.5000, and at least 0.4800 was asked"
    )
    assert found["verdict"].in_words() == (
        "its verdict is reproducible, that of the present model natural, and at least natural was asked"
    )
    assert Gate("silhouette", None, 0.5, 0.48).in_words().startswith("its silhouette is not defined,")
    assert [(row.feature, row.level, row.value_double, row.value_string) for row in found["verdict"].to_rows()] == [
        ("verdict", "candidate", 2.0, "reproducible"),
        ("verdict", "present", 3.0, "natural"),
        ("verdict", "required", 3.0, "natural"),
    ]


def test_a_model_is_judged_on_customers_of_another_day() -> None:
    config = configured("profile", "kprototypes", MIXED, k=KRange(3, 3))
    model = ClusterModel.from_rows(rows_from_frame(fitted(config, mixed_groups(600)[0])))
    same = standing_of(model, mixed_groups(500, seed=5)[0], smallest_share=0.2, silhouette=0.5, seed=1)
    assert same.evidence is not None
    assert judge(same.evidence)[0] == "natural"
    # A day without any of the groups: everybody goes where nobody belongs.
    rng = np.random.default_rng(2)
    frame, _ = mixed_groups(500)
    other = frame.assign(amount=np.exp(rng.normal(4, 1, 500)), visits=rng.normal(5, 2, 500), member=None, channel="new")
    worse = standing_of(model, other, smallest_share=0.2, silhouette=0.5, seed=1)
    assert worse.evidence is not None
    assert judge(worse.evidence)[0] != "natural"


@pytest.mark.parametrize("names", [{"amount", "visits", "channel", "member"}, {"channel", "member"}])
def test_the_model_in_force_labels_the_customers_of_today_as_scoring_does(names: set[str]) -> None:
    """With levels in another order than at the fit, with one that is new and one, a mode, that nobody has any more."""
    features = [feature for feature in MIXED if feature.name in names]
    assert {feature.name for feature in features} == names
    config = configured("profile", "kprototypes", features, k=KRange(3, 3))
    parameters = fitted(config, mixed_groups(600)[0])
    model = ClusterModel.from_rows(rows_from_frame(parameters))
    today = mixed_groups(500, seed=5)[0]
    frequent = today["channel"].value_counts().index[0]
    today["channel"] = today["channel"].replace({frequent: "aardvark"})
    labels = score_clusters(parameters, today, borderline_margin=0.0)["segment_id"].to_numpy()
    _, sizes = np.unique(labels, return_counts=True)
    found = standing_of(model, today, smallest_share=0.0, silhouette=None, seed=1)
    assert found.evidence is not None
    assert found.evidence.trial.smallest_share == pytest.approx(sizes.min() / 500)
    assert len(found.evidence.stability) == len(sizes)


def test_a_model_whose_customers_all_went_into_one_segment_has_no_evidence() -> None:
    config = configured(features=NUMBERS, k=KRange(2, 2))
    model = ClusterModel.from_rows(rows_from_frame(fitted(config, mixed_groups(300)[0])))
    far = mixed_groups(100)[0].assign(amount=1e9, visits=np.arange(100) / 100)
    assert standing_of(model, far, smallest_share=0.0, silhouette=None, seed=1).evidence is None
    assert smallest_share(np.zeros(10, dtype=np.int64), 2) == 0.0
