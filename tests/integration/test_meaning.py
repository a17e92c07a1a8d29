"""What segments mean: profiles, drivers, rules and explanations say what the labels and distances say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.special import erfc
from scipy.stats import false_discovery_control

from harness import DbtProject, copy_of_project
from segmentation.scoring import score_clusters


@pytest.mark.parametrize("name", ["demo", "online_retail"])
def test_rules_run_on_customers_agree_with_the_model(
    name: str, demo: DbtProject, example: Callable[[str], DbtProject]
) -> None:
    project = demo if name == "demo" else example(name)
    rules = project.query(
        "select segmentation, segment_id, rule_sql, conditions from marts.segment_rules order by all", published=True
    )
    segmentations = {segmentation for segmentation, *_ in rules}
    assert segmentations == {"behavior", "profile"}
    assert max(count for *_, count in rules) <= 5
    for segmentation in segmentations:
        met = " union all ".join(
            f"select customer_id, {segment} as by_rule from marts.dim_customers where {sql}"
            for own, segment, sql, _ in rules
            if own == segmentation
        )
        ((customers, matches, agreeing),) = project.query(
            f"""
            select count(distinct labels.customer_id), count(met.customer_id), count_if(labels.raw_segment_id = by_rule)
            from marts.fct_customer_segments as labels
            left join ({met}) as met on labels.customer_id = met.customer_id
            where labels.segmentation = '{segmentation}' and labels.raw_segment_id is not null
            """,
            published=True,
        )
        assert matches == customers > 1000, "every labelled customer meets exactly one rule"
        assert agreeing / customers >= 0.9
        ((stated,),) = project.query(
            f"select distinct segmentation_fidelity from marts.segment_rules where segmentation = '{segmentation}'",
            published=True,
        )
        assert agreeing / customers == pytest.approx(stated, abs=1e-6), "the sample holds everybody here"


def test_explanations_add_up_to_the_distances(demo: DbtProject) -> None:
    ((rows, labelled, worst),) = demo.query(
        """
        select count(explained.customer_id), count(*),
            max(abs(advantage - (pow(distance / nullif(1 - margin, 0), 2) - pow(distance, 2))))
        from marts.fct_customer_segments as labels
        left join marts.customer_explanations as explained
            on labels.segmentation = explained.segmentation and labels.customer_id = explained.customer_id
        where assigned_by in ('kmeans', 'kprototypes') and labels.segment_id is not null
        """,
        published=True,
    )
    assert rows == labelled > 3000
    assert worst < 1e-4
    assert demo.query(
        """
        select count(*) from marts.customer_explanations
        where place_contribution_1 < place_contribution_2 or place_contribution_2 < place_contribution_3
            or move_contribution_1 < move_contribution_2 or move_contribution_2 < move_contribution_3
            or place_contribution_1 <= 0 or place_feature_1 in (place_feature_2, place_feature_3)
            or (place_feature_1 is null and advantage > 0)
            or place_words like '%; ' or move_words like '%; ' or place_words = '' and advantage > 0
        """,
        published=True,
    ) == [(0,)]


def test_what_is_beyond_chance_is_what_benjamini_and_hochberg_say(demo: DbtProject) -> None:
    """The p-values are those of the z statistics, and the discoveries those of scipy."""
    statistics = demo.query(
        """
        select segmentation, z, p_value, is_beyond_chance, is_notable, profiles.standardised_difference
        from marts.segment_profiles as profiles
        inner join (
            select segmentation, segment_id, feature, '' as level, z from segments.segment_number_profiles
            union all
            select segmentation, segment_id, feature, level, z from segments.segment_level_profiles
        ) as tests using (segmentation, segment_id, feature, level)
        """
    )
    assert len({row[0] for row in statistics}) == 5
    for segmentation in {row[0] for row in statistics}:
        rows = [row for row in statistics if row[0] == segmentation]
        tested = [row for row in rows if row[1] is not None]
        assert not any(row[3] for row in rows if row[1] is None)
        p = np.array([row[2] for row in tested])
        np.testing.assert_allclose(p, erfc(np.abs([row[1] for row in tested]) / np.sqrt(2)), atol=1e-6)
        adjusted = false_discovery_control(p, method="bh")
        assert [row[3] for row in tested] == (adjusted <= 0.05).tolist()
        assert all(row[4] == (row[3] and abs(row[5]) >= 0.2) for row in tested)


def test_drivers_say_which_way_and_by_how_much(demo: DbtProject) -> None:
    drivers = demo.query(
        "select in_words, direction, figure, overall, driver_rank from marts.segment_drivers", published=True
    )
    assert len(drivers) > 100
    for words, direction, figure, overall, rank in drivers:
        assert (figure > overall) == (direction == "higher")
        assert " than average: " in words
        assert " against " in words
        assert 1 <= rank <= 10


def test_names_are_short_and_say_what_the_marketer_would(demo: DbtProject) -> None:
    names = demo.query(
        "select segment_name from marts.dim_segments where method in ('kmeans', 'kprototypes')", published=True
    )
    assert len(names) >= 4
    for (name,) in names:
        assert len(name) <= 60
        assert not any(word in name.lower() for word in ("recency days", "monetary", "preferred", "_", "region "))


def test_a_name_for_a_segment_that_is_not_there_is_told(demo: DbtProject, tmp_path: Path) -> None:
    root = copy_of_project(tmp_path)
    with (root / "seeds" / "reference" / "segment_names.csv").open("a", encoding="utf-8") as seed:
        seed.write("behavior,99,Ghosts,crm,2026-01-02\n")
    copy = demo.copy_to(tmp_path / "warehouse")
    project = DbtProject(copy.folder, root=root)
    outcome = project.build("--select", "segment_names", "proposed_segments")
    assert not outcome.succeeded
    assert (
        "The name 'Ghosts' of crm is for segment 99 of segmentation 'behavior', which does not exist." in outcome.output
    )


@pytest.mark.parametrize("enough", [True, False])
def test_the_change_that_an_explanation_names_moves_the_customer(demo: DbtProject, enough: bool) -> None:
    """Customers get the runner-up's typical value in the first feature that would move them.

    They leave their segment where the contribution exceeds the advantage, and do not reach the runner-up where not.
    """
    parameters = demo.frame("select * from clustering.candidate_parameters where segmentation = 'behavior'").to_pandas()
    explained = demo.frame(
        "select * from marts.customer_explanations where segmentation = 'behavior' and move_feature_1 is not null"
    ).to_pandas()
    is_enough = explained["move_contribution_1"] > explained["advantage"] + 1e-4
    is_short = explained["move_contribution_1"] < explained["advantage"] - 1e-4
    explained = explained[is_enough if enough else is_short]
    assert len(explained) > 100
    keys = zip(parameters["kind"], parameters["segment_id"].fillna(0).astype(int), parameters["feature"], strict=True)
    values = dict(zip(keys, parameters["value_double"], strict=True))
    transforms = parameters[parameters["kind"] == "transform"].set_index("feature")["value_string"]
    customers = demo.frame("select * from clustering.training_sample").to_pandas().set_index("customer_id")
    customers = customers.loc[explained["customer_id"]]
    features = sorted(set(explained["move_feature_1"]))
    customers = customers.astype(dict.fromkeys(features, "float64"))
    for customer, feature, segment in zip(
        explained["customer_id"], explained["move_feature_1"], explained["runner_up_segment_id"], strict=True
    ):
        scaled = values["centroid", segment, feature]
        y = scaled * values["scale", 0, feature] + values["center", 0, feature]
        customers.loc[customer, feature] = (
            np.sign(y) * np.expm1(abs(y)) if transforms.get(feature, "none") == "log" else y
        )
    moved = score_clusters(parameters, customers.reset_index(), borderline_margin=0.1)
    after = moved.set_index("customer_id")["segment_id"].loc[explained["customer_id"]].to_numpy()
    if enough:
        assert (after != explained["segment_id"].to_numpy()).all()
    else:
        assert (after != explained["runner_up_segment_id"].to_numpy()).all()


def test_a_name_of_the_seed_replaces_the_models_own(demo: DbtProject, tmp_path: Path) -> None:
    root = copy_of_project(tmp_path)
    with (root / "seeds" / "reference" / "segment_names.csv").open("a", encoding="utf-8") as seed:
        seed.write("behavior,4,Winter sleepers,crm,2026-01-02\n")
    copy = demo.copy_to(tmp_path / "warehouse")
    project = DbtProject(copy.folder, root=root)
    names = "select segment_id, segment_name from marts.dim_segments where segmentation = 'behavior'"
    before = dict(project.query(names))
    selection = ("segment_names", "segment_definitions", "segment_sizes", "dim_segments", "segment_value")
    project.build("--select", *selection).check()
    assert dict(project.query(names)) == before | {4: "Winter sleepers"}
    assert project.query(
        "select segment_name from marts.segment_value where segmentation = 'behavior' and segment_id = 4"
    ) == [("Winter sleepers",)]


def test_names_are_distinct_within_a_segmentation(demo: DbtProject) -> None:
    assert (
        demo.query(
            "select segmentation, segment_name from marts.dim_segments group by all having count(*) > 1", published=True
        )
        == []
    )


def test_a_rule_that_contradicts_the_model_fails_the_build(demo: DbtProject, tmp_path: Path) -> None:
    """The dbt test of the rules is itself tested: two rules are exchanged."""
    copy = demo.copy_to(tmp_path / "warehouse")
    with duckdb.connect(str(copy.database)) as connection:
        connection.execute("update marts.segment_rules set segment_id = 5 - segment_id where segmentation = 'behavior'")
    outcome = copy.dbt("test", "--select", "test_name:rules_agree_with_labels")
    assert not outcome.succeeded
    assert "Got 1 result" in outcome.output
