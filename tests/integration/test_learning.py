"""Drift is told and acted upon, and a model that learns online counts every customer once, past the gate alone."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness import ROOT, DbtProject, Outcome, run_command
from segmentation.columns import FloatArray, to_levels
from segmentation.distances import assign
from segmentation.drift import population_stability
from segmentation.online import Decay, Tally, add_batch, tally_of
from segmentation.parameters import ClusterModel, rows_from_frame
from segmentation.scoring import encode
from small import (
    SEGMENTATIONS,
    build_small,
    built_once,
    copy_of_small,
    generated_inputs,
    models,
    registry,
    small_warehouse,
)

LEARNING = SEGMENTATIONS | {
    "behavior": SEGMENTATIONS["behavior"]
    | {"update": "online", "online": {"half_life_customers": 150, "min_customers": 5}},
    "profile": SEGMENTATIONS["profile"] | {"update": "online", "online": {"half_life_days": 30, "min_customers": 5}},
    "rfm": SEGMENTATIONS["rfm"] | {"refit": "on_drift"},
}
"""Policies are no part of a fit, so the models of the small warehouse stand under these too."""

AS_FAR_AS_MODELS = ("--select", "+model_registry", "+segmentation_drift", "+segmentation_decisions")


def learn(project: DbtProject, inputs: Mapping[str, Any] | None = None, **changes: Any) -> Outcome:
    """Build as far as the models go, under policies that let them change."""
    given = {"inputs": inputs} if inputs else {}
    return build_small(project, *AS_FAR_AS_MODELS, **({"segmentations": LEARNING} | given | changes))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


@pytest.fixture(scope="module")
def noted(small: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The small warehouse after a build on the same data whose models begin to learn."""

    def build(project: DbtProject) -> Outcome:
        copy_of_small(small, project.folder)
        return learn(project)

    return built_once(tmp_path_factory, "noted", build)


@pytest.fixture(scope="module")
def moved(noted: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """After a build in which a third of the customers turn out to pay twenty times as much."""

    def build(project: DbtProject) -> Outcome:
        copy_of_small(noted, project.folder)
        return learn(project, dearer_inputs(project))

    return built_once(tmp_path_factory, "moved", build)


def dearer_inputs(project: DbtProject) -> dict[str, dict[str, str]]:
    """Return the inputs of the warehouse with the prices of every third customer multiplied."""
    inputs: dict[str, dict[str, str]] = json.loads((project.folder / "inputs.json").read_text(encoding="utf-8"))
    with Path(inputs["orders"]["path"]).open(encoding="utf-8", newline="") as file:
        orders = {row["order_id"] for row in csv.DictReader(file) if row["customer_id"].endswith(("1", "4", "7"))}
    with Path(inputs["order_items"]["path"]).open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        order, price = header.index("order_id"), header.index("unit_price")
        rows = [
            [*row[:price], f"{20 * float(row[price]):.2f}", *row[price + 1 :]]
            if row[order] in orders and row[price].replace(".", "", 1).isdigit()
            else row
            for row in reader
        ]
    return inputs | {"order_items": {"path": str(project.csv("dearer_items.csv", header, rows))}}


def drift(project: DbtProject) -> dict[tuple[str, str, str], tuple[float | None, bool, str]]:
    rows = project.query("select segmentation, measure, feature, value, is_beyond, state from marts.segmentation_drift")
    return {(name, measure, feature): (value, beyond, state) for name, measure, feature, value, beyond, state in rows}


def decisions(project: DbtProject) -> dict[str, tuple[str, str]]:
    rows = project.query("select segmentation, action, reason from marts.segmentation_decisions")
    return {str(name): (str(action), str(reason)) for name, action, reason in rows}


def frame_of(project: DbtProject, sql: str) -> pd.DataFrame:
    frame: pd.DataFrame = project.frame(sql).to_pandas()
    return frame


def parameters(project: DbtProject, segmentation: str, generation: int) -> pd.DataFrame:
    wanted = f"segmentation = '{segmentation}' and generation = {generation}"
    return frame_of(project, f"select * from publication.model_registry where {wanted} order by all")


def customers(project: DbtProject) -> pd.DataFrame:
    """Return the eligible customers of today with their features, by id."""
    frame = frame_of(project, "select * from features.customer_features where is_current and has_purchased")
    return frame.set_index("customer_id").sort_index()


def test_the_first_build_has_nothing_to_compare_with(small: DbtProject) -> None:
    found = drift(small)
    assert {state for _, _, state in found.values()} == {"no baseline"}
    assert {(name, measure) for name, measure, _ in found} == {
        ("rfm", "feature_psi"),
        *((name, measure) for name in ("behavior", "profile") for measure in ("feature_psi", "segment_psi")),
        *((name, "distance_change") for name in ("behavior", "profile")),
        ("profile", "unseen_share"),
    }


def test_the_same_data_have_not_drifted_and_are_not_counted_again(small: DbtProject, noted: DbtProject) -> None:
    assert set(drift(noted).values()) == {(0.0, False, "stable")}
    assert registry(noted) == registry(small)
    assert {action for action, _ in decisions(noted).values()} == {"kept"}
    assert noted.query("select count(*) from clustering.online_batches") == [(0,)]
    _, reason = decisions(noted)["rfm"]
    assert reason.startswith("The configuration is unchanged. No measure of drift is above its threshold")


def test_drift_is_measured_as_in_the_reference(noted: DbtProject, moved: DbtProject) -> None:
    found = drift(moved)
    value, is_beyond, state = found[("rfm", "feature_psi", "monetary")]
    assert (is_beyond, state) == (True, "beyond")
    bins = moved.query(
        """
        select share_at_fit, share
        from clustering.drift_bins
        where segmentation = 'rfm' and feature = 'monetary'
        order by bin
        """
    )
    shares = np.array(bins, dtype=float)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    assert value == pytest.approx(population_stability(shares[:, 0], shares[:, 1]), abs=1e-6)
    before, after = customers(noted)["monetary"].astype(float), customers(moved)["monetary"].astype(float)
    edge = float(np.sort(before)[(len(before) + 9) // 10 - 1])
    assert shares[0] == pytest.approx([np.mean(before <= edge), np.mean(after <= edge)])
    assert found[("rfm", "feature_psi", "recency_days")] == (0.0, False, "stable")
    assert found[("profile", "unseen_share", "region")] == (0.0, False, "stable")
    distance, _, _ = found[("behavior", "distance_change", "")]
    assert distance is not None
    assert distance > 0


def test_a_model_is_fitted_anew_when_drift_says_so(moved: DbtProject) -> None:
    action, reason = decisions(moved)["rfm"]
    assert action == "refitted"
    value, _, _ = drift(moved)[("rfm", "feature_psi", "monetary")]
    assert value is not None
    assert reason.startswith("Customers have drifted. The population stability index of monetary is")
    assert f"{value:.4g}, above 0.25" in reason
    assert models(moved)["rfm"][1:] == (2, True)


@pytest.mark.parametrize("segmentation", ["behavior", "profile"])
def test_an_update_counts_who_has_changed_as_the_reference_does(
    noted: DbtProject, moved: DbtProject, segmentation: str
) -> None:
    before, after = customers(noted), customers(moved)
    features = SEGMENTATIONS[segmentation]["features"]
    assert before.index.equals(after.index)
    changed = after[
        (before[features].fillna("none").astype(str) != after[features].fillna("none").astype(str)).any(axis=1)
    ]
    assert 30 < len(changed) < len(after) / 2
    old, new = parameters(noted, segmentation, 1), parameters(moved, segmentation, 2)
    model, learned = (ClusterModel.from_rows(rows_from_frame(frame)) for frame in (old, new))
    data, prototypes = encode(model, changed)
    levels = {
        name: to_levels(changed[name], boolean=category.is_boolean) for name, category in model.categories.items()
    }
    batch = tally_of(data.numeric, levels, assign(data, prototypes).labels, model.n_segments)

    weights = old[old["kind"] == "segment_weight"].sort_values("segment_id")["value_double"].to_numpy()
    assert weights.sum() == len(before)
    at_fit: dict[str, dict[str, FloatArray]] = {}
    for _, row in old[old["kind"] == "level_weight"].iterrows():
        at_level = at_fit.setdefault(row["feature"], {}).setdefault(row["level"], np.zeros(len(weights)))
        at_level[int(row["segment_id"]) - 1] = row["value_double"]
    # Half-lives of days do nothing within a day.
    decay = Decay(half_life_customers=150) if segmentation == "behavior" else Decay(half_life_days=30)
    counted = Tally(weights, weights[:, None] * model.centroids, at_fit)
    expected = add_batch(counted, batch, decay.factors(batch.weights, 0))
    np.testing.assert_allclose(learned.centroids, expected.means(model.centroids), atol=1e-8)
    assert not np.allclose(learned.centroids, model.centroids, atol=1e-3)
    for place, name in enumerate(model.category_names):
        assert learned.modes[:, place].tolist() == expected.leading_level(name, model.modes[:, place]).tolist()
    found = new[new["kind"] == "segment_weight"].sort_values("segment_id")["value_double"]
    np.testing.assert_allclose(found, expected.weights)


def test_an_update_is_a_new_generation_with_the_same_segments(moved: DbtProject) -> None:
    for segmentation in ("behavior", "profile"):
        assert models(moved)[segmentation][1:] == (2, True)
        assert decisions(moved)[segmentation][0] == "updated"
        kept = ["segment", "center", "scale", "bin_edge", "bin_share", "quality", "k_search"]
        rows = [parameters(moved, segmentation, generation) for generation in (1, 2)]
        first, second = (
            frame[frame["kind"].isin(kept)].drop(columns=["model_version", "generation"]).reset_index(drop=True)
            for frame in rows
        )
        pd.testing.assert_frame_equal(first, second)
        version, after = ({str(value) for value in frame["model_version"]} for frame in rows)
        assert len(version | after) == 2
    assert moved.query("select count(*) from clustering.scaled_sample_statistics where is_newly_fitted") == [(0,)]


def test_the_same_build_again_counts_nothing_twice(moved: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(moved, tmp_path / "warehouse")
    learn(project, dearer_inputs(project)).check()
    assert registry(project) == registry(moved)
    assert {action for action, _ in decisions(project).values()} == {"kept"}
    assert project.query("select count(*) from clustering.online_batches") == [(0,)]


def test_a_batch_that_the_gate_refused_is_counted_once_by_the_next_build(
    noted: DbtProject, moved: DbtProject, tmp_path: Path
) -> None:
    project = copy_of_small(noted, tmp_path / "warehouse")
    inputs = dearer_inputs(project)
    outcome = learn(project, inputs, default_max_reject_share=0.001)
    assert outcome.returncode != 0, outcome.output
    assert models(project)["behavior"][1:] == (2, True)
    assert registry(project) == registry(noted)
    learn(project, inputs).check()
    assert registry(project) == registry(moved)


def test_fewer_customers_than_a_batch_needs_wait(noted: DbtProject, moved: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(noted, tmp_path / "warehouse")
    inputs = dearer_inputs(project)
    patient = LEARNING | {
        name: LEARNING[name] | {"online": LEARNING[name]["online"] | {"min_customers": 10_000}}
        for name in ("behavior", "profile")
    }
    learn(project, inputs, segmentations=patient).check()
    assert {models(project)[name][1:] for name in ("behavior", "profile")} == {(1, False)}
    learn(project, inputs).check()
    for name in ("behavior", "profile"):
        pd.testing.assert_frame_equal(parameters(project, name, 2), parameters(moved, name, 2))


def test_customers_who_come_later_are_counted_with_the_days_that_have_passed(moved: DbtProject, tmp_path: Path) -> None:
    """A new as-of date ages everybody, so everybody is counted, and who was counted before has lost weight."""
    project = copy_of_small(moved, tmp_path / "warehouse")
    inputs = dearer_inputs(project)
    ((day,),) = project.query("select cast(max(as_of_date) + interval 30 day as date) from features.customer_features")
    learn(project, inputs, as_of_date=str(day)).check()
    before, after = (parameters(project, "profile", generation) for generation in (2, 3))
    weights = [frame.loc[frame["kind"] == "segment_weight", "value_double"].sum() for frame in (before, after)]
    assert weights[1] == pytest.approx(weights[0] / 2 + len(customers(project)))
    date = after.loc[(after["kind"] == "counted") & (after["feature"] == "as_of_date"), "value_string"]
    assert date.tolist() == [str(day)]


def test_more_customers_of_the_same_kind_have_not_drifted(noted: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(noted, tmp_path / "warehouse")
    learn(project, generated_inputs(project.folder / "more", customers=420)).check()
    found = drift(project)
    assert {state for _, _, state in found.values()} <= {"stable", "notable"}, found
    assert any(value for value, _, _ in found.values())


@pytest.mark.long
def test_updates_follow_a_planted_drift_at_a_tenth_of_the_time() -> None:
    study = run_command([sys.executable, ROOT / "benchmarks" / "study_online.py", "--steps", "4"])
    assert study.succeeded, study.output
    assert study.output.count("\n| ") == 5, study.output
