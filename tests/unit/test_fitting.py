"""Fitting of all segmentations: what comes out, what is taken over, and what bad samples do."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from clustering_cases import (
    MIXED,
    NO_PREVIOUS,
    NUMBERS,
    category,
    configuration,
    configured,
    fact,
    fitted,
    mixed_groups,
    number,
    sample_of,
)
from harness import run_command
from segmentation.config.segmentations import CandidateGates, KRange
from segmentation.errors import UserError
from segmentation.fitting import fit_all
from segmentation.parameters import KINDS, SCHEMA
from segmentation.scoring import score_clusters

BEHAVIOR = configured(features=NUMBERS)
PROFILE = configured("profile", "kprototypes", MIXED)
RFM = configured("rfm", "rfm")


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    frame, _ = mixed_groups(400)
    n = len(frame)
    return frame.assign(recency_days=np.arange(n) % 90, frequency=1 + np.arange(n) % 7, monetary=frame["amount"])


@pytest.fixture(scope="module")
def rows(sample: pd.DataFrame) -> pd.DataFrame:
    table = fit_all(configuration(RFM, BEHAVIOR, PROFILE), sample, NO_PREVIOUS, refit=False)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def of(rows: pd.DataFrame, segmentation: str) -> pd.DataFrame:
    return rows[rows["segmentation"] == segmentation]


def test_every_segmentation_is_fitted_in_the_order_of_the_configuration(rows: pd.DataFrame) -> None:
    assert rows["segmentation"].unique().tolist() == ["rfm", "behavior", "profile"]
    assert all(fact(of(rows, name), "status") == "fitted" for name in ("rfm", "behavior", "profile"))
    assert rows["is_new"].all()
    assert rows["generation"].eq(1).all()


def test_keys_are_unique_and_kinds_are_known(rows: pd.DataFrame) -> None:
    assert not rows.duplicated(["segmentation", "kind", "segment_id", "feature", "level"]).any()
    assert set(rows["kind"]) <= set(KINDS)


def test_segments_are_numbered_by_size_and_named_distinctly(rows: pd.DataFrame) -> None:
    segments = of(rows, "profile").query("kind == 'segment'")
    sizes = segments[segments["feature"] == "sample_size"]
    assert sizes["segment_id"].tolist() == [1, 2, 3]
    assert sizes["value_double"].is_monotonic_decreasing
    assert sizes["value_double"].sum() == 400
    assert segments.loc[segments["feature"] == "name", "value_string"].nunique() == 3


def test_the_search_for_k_shows_every_k_and_why_one_was_chosen(rows: pd.DataFrame) -> None:
    search = of(rows, "behavior").query("kind == 'k_search'")
    wide = search.pivot_table(index="segment_id", columns="feature", values="value_double")
    assert wide.index.tolist() == [2, 3, 4, 5]
    assert wide["chosen"].sum() == 1
    chosen = wide.index[wide["chosen"] == 1].item()
    assert fact(of(rows, "behavior"), "k", "value_double") == chosen
    assert fact(of(rows, "behavior"), "silhouette", "value_double") == wide.loc[chosen, "silhouette"]
    reasons = search[search["feature"] == "reason"]
    assert reasons["segment_id"].tolist() == [chosen]
    assert wide["inertia"].is_monotonic_decreasing


def test_gamma_includes_the_weight(sample: pd.DataFrame) -> None:
    features = (*NUMBERS, category("channel", weight=2.0), category("member", kind="boolean"))
    found = fitted(configured("profile", "kprototypes", features), sample).query("kind == 'gamma'")
    gammas = found.set_index("feature")["value_double"]
    assert gammas["channel"] == pytest.approx(2 * gammas["member"])
    given_gamma = fitted(configured("profile", "kprototypes", features, gamma=0.5), sample).query("kind == 'gamma'")
    assert given_gamma["value_double"].tolist() == [1.0, 0.5]


def test_planted_groups_are_recovered() -> None:
    frame, group = mixed_groups(900)
    result = score_clusters(fitted(PROFILE, frame), frame, borderline_margin=0.1)
    assert adjusted_rand_score(group, result["segment_id"]) > 0.95


def test_scores_are_the_labels_of_scikit_learn() -> None:
    frame, _ = mixed_groups(500, seed=4)
    found = fitted(configured(features=NUMBERS, k=KRange(3, 3)), frame)
    amount = np.log1p(frame["amount"])
    points = np.column_stack([amount, frame["visits"]])
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    labels = KMeans(3, n_init=10, random_state=0).fit(points).labels_
    assert adjusted_rand_score(score_clusters(found, frame, borderline_margin=0.1)["segment_id"], labels) == 1.0


def test_shuffled_customers_and_threads_change_nothing(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    with threadpool_limits(limits=2):
        table = fit_all(
            configuration(RFM, BEHAVIOR, PROFILE).iloc[::-1],
            sample.sample(frac=1, random_state=3)[sample.columns[::-1]],
            NO_PREVIOUS,
            refit=False,
        )
    pd.testing.assert_frame_equal(table.to_pandas(), rows, check_exact=True)


def test_decimals_give_the_same_model_as_floats() -> None:
    frame, _ = mixed_groups(120)
    floats = frame.assign(amount=frame["amount"].round(2), visits=frame["visits"].round(4))
    decimals = floats.assign(
        amount=np.array([Decimal(str(value)) for value in floats["amount"]], dtype=object),
        visits=np.array([Decimal(str(value)) for value in floats["visits"]], dtype=object),
    )
    pd.testing.assert_frame_equal(fitted(BEHAVIOR, decimals), fitted(BEHAVIOR, floats), check_exact=True)


def test_samples_larger_than_the_search_are_fitted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentation.candidate.SEARCH_ROWS", 100)
    frame, group = mixed_groups(600)
    for config in (configured(features=NUMBERS, k=KRange(3, 3)), configured("p", "kprototypes", MIXED, k=KRange(3, 3))):
        found = fitted(config, frame)
        sizes = found[(found["kind"] == "segment") & (found["feature"] == "sample_size")]["value_double"]
        assert sizes.sum() == 600
        labels = score_clusters(found, frame, borderline_margin=0.1)["segment_id"]
        assert adjusted_rand_score(group, labels) > 0.9


# --- Taking over -----------------------------------------------------------------------------------


def decisions(rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    """What was done for each segmentation, and why."""
    decided = rows[rows["kind"] == "decision"]
    return {
        str(name): dict(zip(own["feature"], own["value_string"], strict=True))
        for name, own in decided.groupby("segmentation", sort=False)
    }


def without_decisions(rows: pd.DataFrame) -> pd.DataFrame:
    """What holds from one build to the next."""
    return rows[rows["kind"] != "decision"].drop(columns="is_new").reset_index(drop=True)


def active(rows: pd.DataFrame) -> pd.DataFrame:
    """What an engine gives back: shuffled, whole numbers with nulls as floats."""
    return rows.drop(columns="is_new").sample(frac=1, random_state=1).astype({"segment_id": "float64"})


def test_an_unchanged_configuration_takes_the_model_over(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    other = sample.assign(amount=sample["amount"] * 3, monetary=1.0)
    again = fit_all(configuration(RFM, BEHAVIOR, PROFILE), other, active(rows), refit=False).to_pandas()
    pd.testing.assert_frame_equal(without_decisions(again), without_decisions(rows), check_exact=True)
    assert not again["is_new"].any()


def test_a_changed_configuration_gives_a_new_generation(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    changed = configured(features=NUMBERS, k=KRange(2, 2))
    again = fit_all(configuration(RFM, changed, PROFILE), sample, active(rows), refit=False).to_pandas()
    assert of(again, "behavior")["generation"].eq(2).all()
    assert of(again, "behavior")["is_new"].all()
    assert not again.loc[again["segmentation"] != "behavior", "is_new"].any()


def test_a_refit_of_the_same_customers_is_not_new(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    again = fit_all(configuration(RFM, BEHAVIOR, PROFILE), sample, active(rows), refit=True).to_pandas()
    pd.testing.assert_frame_equal(without_decisions(again), without_decisions(rows), check_exact=True)
    assert not again["is_new"].any()


def test_a_refit_of_other_customers_is_new(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    other = sample.iloc[:300]
    again = fit_all(configuration(BEHAVIOR), other, active(rows), refit=True).to_pandas()
    assert again["is_new"].all()
    assert again["generation"].eq(2).all()
    assert again["model_version"].iloc[0] != of(rows, "behavior")["model_version"].iloc[0]


def test_drift_refits_where_the_policy_says_so(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    drift = pd.DataFrame({"segmentation": ["behavior", "profile"], "has_drifted": True, "reason": "Moved."})
    heeding = configured(features=NUMBERS, refit="on_drift")
    table = fit_all(configuration(heeding, PROFILE), sample.iloc[:300], active(rows), refit=False, drift=drift)
    found = decisions(table.to_pandas())
    assert found["behavior"]["action"] == "refitted"
    assert found["behavior"]["reason"] == "Customers have drifted. Moved."
    assert found["profile"]["action"] == "kept"


def test_a_model_learns_online_where_the_policy_says_so(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    online = configured(features=NUMBERS, update="online")

    def moved(config: Any, model: Any) -> Any:
        assert config.name == model.segmentation == "behavior"
        return [
            replace(row, value_double=row.value_double + 1) if row.kind == "centroid" else row for row in model.rows
        ]

    table = fit_all(configuration(online, PROFILE), sample, active(rows), refit=False, update=moved)
    found = table.to_pandas()
    assert {name: decision["action"] for name, decision in decisions(found).items()} == {
        "behavior": "updated",
        "profile": "kept",
    }
    assert of(found, "behavior")["generation"].eq(2).all()
    assert of(found, "behavior")["is_new"].all()
    still = fit_all(configuration(online), sample, active(rows), refit=False, update=lambda *_: None)
    assert decisions(still.to_pandas())["behavior"]["action"] == "kept"


def segments(rows: pd.DataFrame) -> dict[int, str]:
    """Ids and names of the segments, in their order in the table."""
    own = rows[(rows["kind"] == "segment") & (rows["feature"] == "name")]
    return dict(zip(own["segment_id"].astype(int), own["value_string"], strict=True))


def lineage(rows: pd.DataFrame) -> list[tuple[str, int, int]]:
    """Kind, segment before and segment after, 0 for none."""
    own = rows[(rows["kind"] == "lineage") & (rows["feature"] == "kind")].fillna({"segment_id": 0, "level": "0"})
    return sorted(zip(own["value_string"], own["level"].astype(int), own["segment_id"].astype(int), strict=True))


def test_first_segments_are_born(rows: pd.DataFrame) -> None:
    assert lineage(of(rows, "profile")) == [("born", 0, 1), ("born", 0, 2), ("born", 0, 3)]
    assert fact(of(rows, "profile"), "last_segment_id", "value_double") == 3
    assert lineage(of(rows, "rfm")) == []


THREE = configured("profile", "kprototypes", MIXED, k=KRange(3, 3))


def with_other_ids(rows: pd.DataFrame, ids: dict[int, int], names: dict[int, str]) -> pd.DataFrame:
    """The model as it would stand after some generations."""
    has_segment = rows["segment_id"].notna() & ~rows["kind"].isin(["k_search"])
    changed = rows.assign(segment_id=rows["segment_id"].where(~has_segment, rows["segment_id"].map(ids)))
    is_name = (changed["kind"] == "segment") & (changed["feature"] == "name")
    changed["value_string"] = changed["value_string"].where(~is_name, changed["segment_id"].map(names))
    is_last = changed["feature"] == "last_segment_id"
    return changed.assign(value_double=changed["value_double"].where(~is_last, 11.0))


def test_display_names_and_questions_make_names_that_a_stranger_reads() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 200)
    sample = sample_of(
        {
            "bills": 10.0 * group + rng.normal(size=400),
            "paperless_billing": np.where(np.arange(400) % 5 // 4 == group, "No", "Yes").astype(object),
            "contract": np.where(group == 0, "M", "Y").astype(object),
        }
    )
    features = (
        number("bills", display_name="monthly charges"),
        category("paperless_billing"),
        replace(category("contract"), level_names={"M": "paid by the month"}),
    )
    rows = fitted(configured(features=features, method="kprototypes", k=KRange(2, 2)), sample)
    names = rows.loc[(rows["kind"] == "segment") & (rows["feature"] == "name"), "value_string"].tolist()
    assert sorted(names) == [
        "Customers with contract Y and high monthly charges",
        "Customers with low monthly charges, paid by the month",
    ]


def test_a_refit_keeps_ids_and_names() -> None:
    """Whatever the sizes are: of more customers the smallest group is the largest."""
    frame, group = mixed_groups(600)
    names = {7: "Seven", 1: "One", 3: "Three"}
    before = with_other_ids(fitted(THREE, frame), {1: 7, 2: 1, 3: 3}, names)
    more = pd.concat([frame, *[frame[group == 2]] * 6], ignore_index=True)
    more = more.assign(customer_id=[f"c{row:06d}" for row in range(len(more))])
    after = fitted(THREE, more, previous=active(before), refit=True)
    assert after["generation"].eq(2).all()
    assert segments(after) == {segment: names[segment] for segment in (1, 3, 7)}
    assert lineage(after) == [("survived", 1, 1), ("survived", 3, 3), ("survived", 7, 7)]
    assert fact(after, "last_segment_id", "value_double") == 11
    old, new = (score_clusters(found, more, borderline_margin=0.1) for found in (before, after))
    assert (old["segment_id"] == new["segment_id"]).mean() > 0.99
    assert set(new["runner_up_segment_id"]) <= {1, 3, 7}
    # Everything that is told of a segment bears its id.
    for kind, feature in (("quality", "stability"), ("centroid", "amount"), ("mode", "channel")):
        own = after[(after["kind"] == kind) & (after["feature"] == feature)]
        assert own["segment_id"].tolist() == [1, 3, 7]
    sizes = after[(after["kind"] == "segment") & (after["feature"] == "sample_size")].set_index("segment_id")
    assert sizes["value_double"].to_dict() == new["segment_id"].value_counts().to_dict()


def test_another_k_and_other_features_are_matched_too() -> None:
    frame, _ = mixed_groups(600)
    before = with_other_ids(fitted(THREE, frame), {1: 7, 2: 1, 3: 3}, {7: "Seven", 1: "One", 3: "Three"})
    two = fitted(configured("profile", "kprototypes", MIXED, k=KRange(2, 2)), frame, previous=active(before))
    assert {kind for kind, _, _ in lineage(two)} == {"survived", "merged"}
    assert set(segments(two)) <= {1, 3, 7}
    numbers = fitted(configured("profile", features=NUMBERS, k=KRange(4, 4)), frame, previous=active(before))
    assert [kind for kind, _, _ in lineage(numbers)] == ["split", "survived", "survived", "survived"]
    assert set(segments(numbers)) == {1, 3, 7, 12}
    assert len(set(segments(numbers).values())) == 4
    # Retired ids do not come back: 12 was used, so the next is 13.
    again = fitted(THREE, frame, previous=active(numbers))
    five = fitted(configured("profile", "kprototypes", MIXED, k=KRange(4, 4)), frame, previous=active(again))
    assert set(segments(again)) == {1, 3, 7}
    assert max(segments(five)) == 13
    assert fact(five, "last_segment_id", "value_double") == 13


def test_a_method_between_and_a_feature_that_is_gone_leave_the_ids_used(sample: pd.DataFrame) -> None:
    before = fitted(THREE, sample)
    scores = fitted(configured("profile", "rfm"), sample, previous=active(before))
    assert fact(scores, "last_segment_id", "value_double") == 3
    after = fitted(THREE, sample, previous=active(scores))
    assert lineage(after) == [("born", 0, 4), ("born", 0, 5), ("born", 0, 6)]
    gone = fitted(
        configured("profile", features=NUMBERS, k=KRange(2, 2)), sample.drop(columns="member"), previous=active(before)
    )
    assert lineage(gone) == [("born", 0, 4), ("born", 0, 5)]


def test_a_challenger_that_is_worse_leaves_the_champion() -> None:
    """Few customers who are far from all others get a segment of their own, which is too small."""
    frame, _ = mixed_groups(600)
    config = configured(features=(number("amount"),), k=KRange(2, 2))
    before = fitted(config, frame)
    far = frame.assign(amount=np.where(np.arange(600) < 6, 1e9, frame["amount"]))
    after = fitted(config, far, previous=active(before), refit=True)
    pd.testing.assert_frame_equal(without_decisions(after), without_decisions(before), check_exact=True)
    assert not after["is_new"].any()
    [decision] = decisions(after).values()
    assert decision["action"] == "refused"
    assert decision["previous_version"] == before["model_version"].iloc[0] != decision["candidate_version"]
    assert decision["reason"].startswith(
        "A refit was asked for. The candidate did not pass: its smallest share is 0.0100, that of the present model "
    )
    # Asked for under another configuration, the same candidate is what there is.
    asked = fitted(replace(config, min_share=0.02), far, previous=active(before))
    assert decisions(asked)["behavior"]["action"] == "refitted"
    # So it is where nothing is asked of it.
    lenient = replace(config, gates=CandidateGates(None, None, None, None))
    assert decisions(fitted(lenient, far, previous=active(before), refit=True))["behavior"]["action"] == "refitted"
    # Of nobody no model can be made, and the one in force stays.
    nobody = decisions(fitted(config, frame.iloc[:0], previous=active(before), refit=True))["behavior"]
    assert nobody["action"] == "refused"
    assert nobody["reason"].endswith("No model could be fitted: too_few_customers. The present model stays.")


def test_a_segmentation_that_is_gone_has_no_rows(sample: pd.DataFrame, rows: pd.DataFrame) -> None:
    again = fit_all(configuration(PROFILE), sample, active(rows), refit=False).to_pandas()
    assert set(again["segmentation"]) == {"profile"}
    rules = configured("age_band", "rules")
    assert fit_all(configuration(rules), sample, active(rows), refit=False).num_rows == 0


def test_a_model_that_could_not_be_fitted_is_tried_again(sample: pd.DataFrame) -> None:
    failed = fitted(BEHAVIOR, sample.iloc[:1])
    assert fact(failed, "status") == "not_fitted"
    again = fitted(BEHAVIOR, sample, previous=active(failed))
    assert fact(again, "status") == "fitted"
    assert again["generation"].eq(2).all()


# --- Bad samples -----------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [BEHAVIOR, PROFILE], ids=["kmeans", "kprototypes"])
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (mixed_groups(50)[0].iloc[:0], "too_few_customers"),
        (mixed_groups(50)[0].iloc[:1], "too_few_customers"),
        (pd.concat([mixed_groups(50)[0].iloc[:1]] * 30, ignore_index=True), "no_varying_feature"),
    ],
    ids=["nobody", "one customer", "all identical"],
)
def test_samples_without_segments_say_why(config: Any, frame: pd.DataFrame, reason: str) -> None:
    found = fitted(config, frame)
    assert fact(found, "status") == "not_fitted"
    assert fact(found, "reason") == reason
    assert set(found["kind"]) <= {"model", "note", "decision"}
    [decision] = decisions(found).values()
    assert decision["action"] == "not fitted"
    assert decision["reason"] == f"There was no model. No model could be fitted: {reason}."


def test_fewer_distinct_customers_than_k_min_are_too_few() -> None:
    frame = sample_of({"amount": [1.0, 2.0] * 20, "visits": [3.0, 4.0] * 20})
    assert fact(fitted(configured(features=NUMBERS, k=KRange(3, 5)), frame), "reason") == "too_few_customers"


@pytest.mark.parametrize("method", ["kmeans", "kprototypes"])
def test_a_k_above_the_distinct_customers_is_inadmissible(method: Any) -> None:
    frame = sample_of(
        {"amount": [1.0, 2.0, 9.0] * 20, "visits": [3.0] * 60, "channel": list("aab") * 20, "member": [True] * 60}
    )
    found = fitted(configured(method=method, features=NUMBERS if method == "kmeans" else MIXED), frame)
    search = found[found["kind"] == "k_search"].pivot_table(
        index="segment_id", columns="feature", values="value_double"
    )
    assert search["admissible"].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert search["inertia"].isna().tolist() == [False, False, True, True]
    assert fact(found, "k", "value_double") == 3
    assert set(
        zip(*(found.query("kind == 'note'")[column] for column in ("feature", "value_string")), strict=True)
    ) >= {("visits", "left out: constant")}
    result = score_clusters(found, frame, borderline_margin=0.1)
    assert result["distance"].max() == pytest.approx(0.0, abs=1e-7)


def test_an_empty_feature_is_left_out_and_the_rest_is_fitted() -> None:
    frame, group = mixed_groups(300)
    for empty in (None, float("nan")):
        broken = frame.assign(visits=empty, member=None)
        found = fitted(configured("profile", "kprototypes", MIXED, k=KRange(3, 3)), broken)
        notes = found[found["kind"] == "note"].set_index("feature")["value_string"]
        assert notes.to_dict() == {"visits": "left out: no values", "member": "left out: no values"}
        weights = found[found["kind"] == "weight"].set_index("feature")["value_double"]
        assert weights.to_dict() == {"amount": 1.0, "visits": 0.0, "channel": 1.0, "member": 0.0}
        result = score_clusters(found, broken, borderline_margin=0.1)
        assert adjusted_rand_score(group, result["segment_id"]) > 0.9


def test_infinities_are_missing_and_noted() -> None:
    frame, _ = mixed_groups(100)
    frame.loc[[3, 50], "amount"] = np.inf
    found = fitted(configured(features=NUMBERS), frame)
    assert found[found["kind"] == "note"]["value_string"].tolist() == ["2 infinite values taken as missing"]


def test_huge_values_and_strange_levels_are_fitted() -> None:
    frame, _ = mixed_groups(200)
    levels = ["Ωmega", "長い" * 3000, "a'b\"c\n,;", "", "(missing)", None]
    frame = frame.assign(amount=frame["amount"] * 1e15, channel=np.array(levels, dtype=object)[np.arange(200) % 6])
    found = fitted(configured("profile", "kprototypes", MIXED, k=KRange(4, 4)), frame)
    assert fact(found, "status") == "fitted"
    assert found[(found["kind"] == "segment") & (found["feature"] == "name")]["value_string"].str.len().max() < 400
    assert score_clusters(found, frame, borderline_margin=0.1)["distance"].notna().all()


def test_purely_categorical_and_purely_numeric_prototypes() -> None:
    frame, group = mixed_groups(300)
    categorical = (category("channel"), category("member", kind="boolean"))
    for features, agreement in ((categorical, 0.5), (NUMBERS, 0.95)):
        found = fitted(configured("profile", "kprototypes", features, k=KRange(3, 3)), frame)
        assert fact(found, "status") == "fitted"
        labels = score_clusters(found, frame, borderline_margin=0.1)["segment_id"]
        assert adjusted_rand_score(group, labels) > agreement


def test_only_purchasers_are_fitted_where_orders_count() -> None:
    frame, _ = mixed_groups(200)
    frame["has_purchased"] = pd.Series([True, None, False, True] * 50, dtype=object)
    found = fitted(configured(features=NUMBERS, uses_orders=True), frame)
    assert fact(found, "sample_size", "value_double") == 100
    assert fact(fitted(BEHAVIOR, frame), "sample_size", "value_double") == 200


def test_rfm_without_purchasers_is_not_fitted() -> None:
    frame = sample_of({"recency_days": [None], "frequency": [None], "monetary": [None]}, has_purchased=False)
    found = fitted(RFM, frame)
    assert (fact(found, "status"), fact(found, "reason")) == ("not_fitted", "too_few_customers")


def test_where_no_k_keeps_the_smallest_share_one_is_taken_and_marked() -> None:
    frame = sample_of({"amount": [*np.linspace(1, 2, 99), 1e9], "visits": [*np.linspace(1, 2, 99), 1e9]})
    found = fitted(configured(features=NUMBERS, k=KRange(2, 2)), frame)
    search = found[(found["kind"] == "k_search") & (found["feature"] == "admissible")]
    assert search["value_double"].tolist() == [0.0]
    assert fact(found, "status") == "fitted"


def test_an_unknown_feature_and_a_text_for_a_number_are_clear_errors() -> None:
    frame, _ = mixed_groups(20)
    with pytest.raises(UserError, match="training_sample has no column 'height'"):
        fitted(configured(features=(number("height"),)), frame)
    with pytest.raises(UserError, match="feature 'channel' holds values that are no numbers"):
        fitted(configured(features=(number("channel"),)), frame)


@given(
    columns=st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.integers(-3, 3)),
            st.one_of(st.none(), st.integers(0, 2)),
            st.one_of(st.none(), st.sampled_from(["a", "b", "é", ""])),
            st.one_of(st.none(), st.booleans()),
        ),
        max_size=12,
    ),
    transform=st.sampled_from(["none", "log", "yeo_johnson"]),
    scale=st.sampled_from(["standard", "robust", "minmax"]),
)
@settings(max_examples=60, deadline=None)
def test_no_sample_breaks_the_fit_and_every_label_is_the_nearest(columns: Any, transform: Any, scale: Any) -> None:
    frame = pd.DataFrame(columns, columns=["amount", "visits", "channel", "member"], dtype=object)
    frame = frame.assign(customer_id=[f"c{row}" for row in range(len(frame))], has_purchased=True)
    features = (number("amount", transform=transform, scale=scale), *MIXED[1:])
    with mock.patch.multiple("segmentation.k_search", RESAMPLES=2, REFERENCES=2, SPLITS=1):
        found = fitted(configured("profile", "kprototypes", features, k=KRange(2, 3)), frame)
    assert list(found) == SCHEMA.names
    if fact(found, "status") == "fitted":
        result = score_clusters(found, frame, borderline_margin=0.1)
        assert result["segment_id"].between(1, fact(found, "k", "value_double")).all()
        assert np.isfinite(result["distance"]).all()
        assert (result["distance"] <= result["runner_up_distance"] + 1e-6).all()


def test_who_fits_nothing_does_not_load_what_fits_need() -> None:
    code = (
        "import sys, segmentation.fitting, segmentation.online, segmentation.drift, segmentation.value.fitting; "
        "print(*sorted({'sklearn', 'scipy.optimize'} & set(sys.modules)))"
    )
    assert run_command([sys.executable, "-c", code]).check().output.strip() == ""


def test_a_fit_has_one_thread_of_every_library_although_they_are_loaded_late() -> None:
    code = """
import pandas as pd
from threadpoolctl import threadpool_info
from clustering_cases import NO_PREVIOUS, configuration, configured
from segmentation import cut_points, fitting

cuts = cut_points.quintile_cuts

def asked_about(values):
    print(*sorted((pool["internal_api"], pool["num_threads"]) for pool in threadpool_info()))
    return cuts(values)

cut_points.quintile_cuts = asked_about
columns = {"customer_id": ["a", "b"], "has_purchased": True, "recency_days": 1, "frequency": 2, "monetary": 3.0}
fitting.fit_all(configuration(configured("rfm", "rfm")), pd.DataFrame(columns), NO_PREVIOUS, refit=False)
"""
    found = (
        run_command([sys.executable, "-c", code], variables={"PYTHONPATH": os.pathsep.join(sys.path)}).check().output
    )
    assert "openmp" in found
    assert set(re.findall(r", ([0-9]+)\)", found)) == {"1"}
