"""A model stays in force until its configuration changes or a refit is asked for, and every change is on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from golden import assert_golden
from harness import DbtProject, Outcome, copy_of_project
from small import (
    SEGMENTATIONS,
    build_small,
    built_once,
    copy_of_small,
    generated_inputs,
    models,
    registry,
    small_warehouse,
    variables,
)

MODELS = {"rfm", "behavior", "profile"}
"""The segmentations that have something to fit."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


@pytest.fixture(scope="module")
def grown(small: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The small warehouse after a second build, for which more customers and their orders have come in."""

    def build(project: DbtProject) -> Outcome:
        copy_of_small(small, project.folder)
        return build_small(project, inputs=more_customers(project))

    return built_once(tmp_path_factory, "grown", build)


@pytest.mark.golden
def test_a_second_build_has_its_golden_results(grown: DbtProject) -> None:
    assert_golden(grown, "grown", schemas=("feeds", "marts"))


def more_customers(project: DbtProject) -> dict[str, dict[str, str]]:
    return generated_inputs(project.folder / "more", customers=420)


def parameters(project: DbtProject) -> list[tuple[Any, ...]]:
    """Return every published parameter."""
    return project.query("select * from marts.model_parameters order by all", published=True)


def decisions(project: DbtProject) -> dict[str, str]:
    """Return what the last published build did with every model."""
    rows = project.query("select segmentation, action from marts.segmentation_decisions", published=True)
    return {str(name): str(action) for name, action in rows}


def lasting(project: DbtProject) -> dict[str, Any]:
    """Return what is published, but for what each build decided anew."""
    content = project.content(published=True)
    for name in ("marts.segmentation_decisions", "marts.segmentation_drift"):
        assert content.pop(name)
    return content


def lineage(project: DbtProject) -> set[tuple[str, int]]:
    """Return the segmentations and generations that the published lineage speaks of."""
    rows = project.query("select distinct segmentation, generation from marts.segment_lineage", published=True)
    return {(str(name), int(generation)) for name, generation in rows}


def names(project: DbtProject) -> dict[tuple[str, int], str]:
    """Return the published names of segments."""
    rows = project.query("select segmentation, segment_id, segment_name from marts.dim_segments", published=True)
    return {(str(segmentation), int(segment)): str(name) for segmentation, segment, name in rows}


def generations(project: DbtProject) -> dict[str, tuple[int, bool]]:
    """Return the generation of every model, and whether the last build fitted it."""
    return {name: (generation, is_new) for name, (_, generation, is_new) in models(project).items()}


def test_the_first_build_fits_and_registers_every_model(small: DbtProject) -> None:
    assert generations(small) == dict.fromkeys(MODELS, (1, True))
    columns = "segmentation, model_version, generation, kind, segment_id, feature, level, value_double, value_string"
    registered = small.query(f"select {columns} from publication.model_registry order by all")
    assert registered == small.query(f"select {columns} from clustering.candidate_parameters order by all")
    assert decisions(small) == dict.fromkeys(MODELS, "fitted first")


def test_models_are_frozen_while_customers_come(small: DbtProject, grown: DbtProject) -> None:
    customers = "select count(*) from marts.dim_customers"
    assert small.query(customers, published=True) == [(300,)]
    assert grown.query(customers, published=True) == [(420,)]
    assert generations(grown) == dict.fromkeys(MODELS, (1, False))
    assert decisions(grown) == dict.fromkeys(MODELS, "kept")
    assert parameters(grown) == parameters(small)
    assert registry(grown) == registry(small)
    # The stored models label everybody who has bought something, those who have come included.
    assert grown.query(
        """
        select count(*)
        from marts.fct_customer_segments
        inner join marts.dim_customers using (customer_id)
        where segmentation <> 'age_band' and has_purchased and segment_id is null
        """,
        published=True,
    ) == [(0,)]


def test_a_refit_replaces_the_models_only_past_the_gate(small: DbtProject, grown: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(grown, tmp_path / "warehouse")
    inputs = more_customers(project)
    first, born = registry(project), lineage(project)

    # A candidate of a batch that the gate refuses is forgotten.
    outcome = build_small(project, inputs=inputs, refit=True, default_max_reject_share=0.001)
    assert outcome.returncode != 0, outcome.output
    assert generations(project) == dict.fromkeys(MODELS, (2, True))
    assert registry(project) == first
    assert lineage(project) == born == {("behavior", 1), ("profile", 1)}
    build_small(project, inputs=inputs).check()
    assert generations(project) == dict.fromkeys(MODELS, (1, False))
    assert parameters(project) == parameters(small)

    # One that passes is the second generation, and the first stays on record as it was.
    build_small(project, inputs=inputs, refit=True).check()
    assert generations(project) == dict.fromkeys(MODELS, (2, True))
    versions = {name: version for name, (version, _, _) in models(project).items()}
    assert not set(versions.values()) & {version for version, _, _ in models(small).values()}
    assert project.query("select * from publication.model_registry where generation = 1 order by all") == first
    assert {row[0]: row[1] for row in parameters(project)} == versions
    assert decisions(project) == dict.fromkeys(MODELS, "refitted")
    assert lineage(project) == born | {("behavior", 2), ("profile", 2)}
    survived = project.query(
        """
        select segmentation, from_segment_id
        from marts.segment_lineage
        where generation = 2 and kind = 'survived' and from_segment_id = to_segment_id and jaccard >= 0.5
        """,
        published=True,
    )
    assert {name for name, _ in survived} == {"behavior", "profile"}
    # Names follow ids.
    named = names(project)
    assert {segment: named[segment] for segment in survived} == {segment: names(small)[segment] for segment in survived}

    # Nor does a full refresh forget anything.
    marts = lasting(project)
    build_small(project, "--full-refresh", inputs=inputs).check()
    assert generations(project) == dict.fromkeys(MODELS, (2, False))
    assert {name: version for name, (version, _, _) in models(project).items()} == versions
    assert lasting(project)["marts.segment_lineage"] == marts["marts.segment_lineage"]
    assert names(project) == named


def test_a_refit_on_the_same_data_is_no_new_model(small: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(small, tmp_path / "warehouse")
    build_small(project, refit=True).check()
    assert generations(project) == dict.fromkeys(MODELS, (1, False))
    assert registry(project) == registry(small)
    assert lasting(project) == lasting(small)
    reasons = project.query("select distinct action, reason from marts.segmentation_decisions", published=True)
    assert reasons == [("kept", "A refit was asked for. It came out the same.")]


def test_a_full_refresh_keeps_the_models(grown: DbtProject, tmp_path: Path) -> None:
    """The data have grown since they were fitted, so models that were lost would come out differently."""
    project = copy_of_small(grown, tmp_path / "warehouse")
    build_small(project, "--full-refresh", inputs=more_customers(project)).check()
    assert generations(project) == dict.fromkeys(MODELS, (1, False))
    assert registry(project) == registry(grown)
    assert project.content(published=True) == grown.content(published=True)


def test_one_changed_one_added_and_one_removed_segmentation(small: DbtProject, tmp_path: Path) -> None:
    """The changed one is fitted anew, the added one for the first time, and the removed one is in no mart any more."""
    project = copy_of_small(small, tmp_path / "warehouse")
    behavior = SEGMENTATIONS["behavior"] | {"features": ["recency_days", "frequency", "weekend_share"]}
    kept = {name: SEGMENTATIONS[name] for name in ("age_band", "rfm")} | {
        "behavior": behavior,
        "later": {"method": "rfm"},
    }
    build_small(project, segmentations=kept).check()
    assert generations(project) == {"rfm": (1, False), "behavior": (2, True), "later": (1, True)}
    assert models(project)["rfm"][0] == models(small)["rfm"][0]
    assert models(project)["behavior"][0] != models(small)["behavior"][0]

    marts = project.content(published=True)
    found = {
        mart: {row[[name for name, _ in columns].index("segmentation")] for row in rows}
        for mart, (columns, rows) in marts.items()
        if "segmentation" in dict(columns)
    }
    fitted, clustered = {"rfm", "behavior", "later"}, {"behavior"}
    assert set().union(*found.values()) == set(kept)
    for mart in ("dim_segments", "fct_customer_segments", "segment_profiles"):
        assert found[f"marts.{mart}"] == set(kept)
    assert found["marts.model_parameters"] == fitted
    for mart in ("customer_explanations", "k_search", "segment_overlap", "segment_rules"):
        assert found[f"marts.{mart}"] == clustered
    # The registry remembers it: whoever configures it again as it was goes on from there.
    columns = "select distinct segmentation, generation from publication.model_registry order by all"
    assert project.query(columns) == [
        ("behavior", 1),
        ("behavior", 2),
        ("later", 1),
        ("profile", 1),
        ("rfm", 1),
    ]


def test_names_in_the_seed_change_names_and_nothing_else(small: DbtProject, tmp_path: Path) -> None:
    root = copy_of_project(tmp_path)
    with (root / "seeds" / "reference" / "segment_names.csv").open("a", encoding="utf-8") as seed:
        seed.write('behavior,1,"Stammkunden, treu",crm,2026-01-02\nrfm,1,Favourites,crm,2026-01-02\n')
        seed.write("age_band,2,Forty plus,crm,2026-01-02\n")
    project = DbtProject(copy_of_small(small, tmp_path / "warehouse").folder, root=root)
    build_small(project).check()
    assert generations(project) == dict.fromkeys(MODELS, (1, False))
    named: dict[tuple[Any, Any], str] = {
        ("behavior", 1): "Stammkunden, treu",
        ("rfm", 1): "Favourites",
        ("age_band", 2): "Forty plus",
    }
    before, after = lasting(small), lasting(project)
    assert list(before) == list(after)
    renamed = set()
    for mart, (columns, rows) in before.items():
        names = [name for name, _ in columns]
        named_columns = [("segment_id", "segment_name"), ("from_segment_id", "from_segment_name")]
        named_columns.append(("to_segment_id", "to_segment_name"))
        expected = []
        for row in rows:
            cells = dict(zip(names, row, strict=True))
            for segment, name in named_columns:
                key = (cells.get("segmentation"), cells.get(segment))
                if name in cells and key in named:
                    cells[name] = named[key]
                    renamed.add((mart, key))
            expected.append(tuple(cells.values()))
        assert columns == after[mart][0]
        assert sorted(expected, key=repr) == sorted(after[mart][1], key=repr), mart
    assert {mart for mart, _ in renamed} == {
        "marts.audience_members",
        "marts.dim_segments",
        "marts.fct_customer_segments",
        "marts.segment_drivers",
        "marts.segment_migrations",
        "marts.segment_profiles",
        "marts.segment_rules",
        "marts.segment_value",
    }
    assert {key for _, key in renamed} == set(named)


def test_a_model_that_was_fitted_to_revenue_is_not_kept_without(small: DbtProject, tmp_path: Path) -> None:
    """The amounts of orders come from their lines alone here; without them nobody has bought for anything."""
    project = copy_of_small(small, tmp_path)
    inputs = {name: where for name, where in variables(project)["inputs"].items() if name != "order_items"}
    named = {name: SEGMENTATIONS[name] for name in ("age_band", "rfm", "profile")}
    asked = variables(project, inputs=inputs, segmentations=named)
    refused = project.dbt("run", "--select", "+training_sample", variables=asked)
    assert not refused.succeeded
    message = " ".join(refused.output.split())
    assert "The revenue of every customer is 0, and the models of profile, rfm were fitted to revenue:" in message
    assert (
        "no order has an order_amount (vars.inputs.orders.columns.order_amount), and vars.inputs.order_items" in message
    )
    assert "vars.inputs.order_items is not set" in message
    assert "in macro" not in message

    # New cut points of RFM are taken whatever they are; new clusters may be refused, and these would stay then.
    asked |= {"refit": True}
    refused = project.dbt("run", "--select", "training_sample", variables=asked)
    assert not refused.succeeded
    assert "the models of profile were fitted to revenue:" in " ".join(refused.output.split())
    features = [name for name in named["profile"]["features"] if name != "average_order_value"]
    profile = named["profile"] | {"features": [*features, "frequency"]}
    asked |= {"segmentations": named | {"profile": profile}}
    project.dbt("run", "--select", "+training_sample", variables=asked).check()
