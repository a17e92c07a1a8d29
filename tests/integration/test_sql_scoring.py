"""SQL scoring against the Python reference, and the planted segments against what the models found."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import yeojohnson
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from harness import ROOT, DbtProject
from segmentation.config.segmentations import SegmentationConfig
from segmentation.scoring import score_clusters, score_rfm
from small import build_small, copy_of_small, models, small_warehouse, variables

CLUSTERINGS = ["behavior", "profile"]


def frame(project: DbtProject, sql: str) -> pd.DataFrame:
    with project.connect() as connection:
        return connection.sql(sql).df()


def truth() -> dict[str, str]:
    with (ROOT / "tests" / "data" / "demo_truth.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        return {row[0]: row[1] for row in reader}


def assert_scored_alike(project: DbtProject, segmentation: str, *, at_least: int) -> None:
    """Prove that every customer has the same segment, runner-up and figures from SQL and from Python."""
    parameters = frame(project, f"select * from clustering.candidate_parameters where segmentation = '{segmentation}'")
    sample = frame(project, "select * from clustering.training_sample where has_purchased order by customer_id")
    python = score_clusters(parameters, sample, borderline_margin=0.1).set_index("customer_id")
    sql = frame(
        project,
        f"select * from marts.fct_customer_segments where segmentation = '{segmentation}' and segment_id is not null",
    ).set_index("customer_id")
    assert len(python) == len(sql) >= at_least
    sql = sql.loc[python.index]

    assert (sql["raw_segment_id"] == python["segment_id"]).all()
    assert (sql["runner_up_segment_id"] == python["runner_up_segment_id"]).all()
    assert (sql["is_borderline"] == python["is_borderline"]).all()
    for figure in ("distance", "membership", "margin"):
        found, expected = sql[figure].to_numpy(float), python[figure].to_numpy(float)
        error = np.abs(found - expected)
        assert (np.minimum(error, error / np.maximum(np.abs(expected), 1e-300)) <= 1e-9).all(), figure


@pytest.mark.parametrize("segmentation", CLUSTERINGS)
def test_sql_and_python_score_every_customer_alike(demo: DbtProject, segmentation: str) -> None:
    assert_scored_alike(demo, segmentation, at_least=1_000)


def test_a_frozen_model_scores_unseen_and_missing_levels_alike(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """Customers move to a region that the model has never seen, and others lose theirs."""
    small = copy_of_small(small_warehouse(tmp_path_factory), tmp_path / "copy")
    before = models(small)
    inputs = variables(small)["inputs"]
    customers = pd.read_csv(inputs["customers"]["path"], dtype=str, keep_default_na=False)
    customers.loc[customers.index % 3 == 0, "region"] = "Atlantis"
    customers.loc[customers.index % 3 == 1, "region"] = ""
    changed = tmp_path / "customers.csv"
    customers.to_csv(changed, index=False)
    build_small(small, inputs=inputs | {"customers": inputs["customers"] | {"path": str(changed)}}).check()
    after = models(small)
    assert {name: (version, number) for name, (version, number, _) in after.items()} == {
        name: (version, number) for name, (version, number, _) in before.items()
    }
    regions = small.query("select count(*) from clustering.training_sample where region = 'Atlantis'")
    assert regions[0][0] > 50
    assert_scored_alike(small, "profile", at_least=100)


def test_sql_and_python_give_the_same_rfm_scores(demo: DbtProject) -> None:
    parameters = frame(demo, "select * from clustering.candidate_parameters where segmentation = 'rfm'")
    customers = frame(
        demo, "select * from features.customer_features where is_current and has_purchased order by customer_id"
    )
    python = score_rfm(parameters, customers)
    sql = frame(demo, "select * from segments.rfm_scores where is_current order by customer_id")
    assert list(sql["customer_id"]) == list(customers["customer_id"])
    for score in ("recency_score", "frequency_score", "monetary_score", "frequency_monetary_score"):
        assert list(sql[score]) == list(python[score]), score


def test_recency_scores_run_the_right_way_round(demo: DbtProject) -> None:
    days = dict(
        demo.query(
            """
            select rfm.recency_score, median(features.recency_days)
            from segments.rfm_scores as rfm
            inner join features.customer_features as features using (customer_id, as_of_date)
            where features.is_current
            group by 1
            """
        )
    )
    assert [days[score] for score in sorted(days)] == sorted(days.values(), reverse=True)
    assert len(days) == 5


@pytest.mark.parametrize("segmentation", CLUSTERINGS)
def test_the_planted_segments_are_recovered(demo: DbtProject, segmentation: str) -> None:
    planted = truth()
    rows = demo.query(
        f"""
        select customer_id, segment_id from marts.fct_customer_segments
        where segmentation = '{segmentation}' and segment_id is not null
        """
    )
    agreement = adjusted_rand_score([planted[customer] for customer, _ in rows], [segment for _, segment in rows])
    assert agreement >= 0.9


def test_raw_columns_would_not_have_found_them(demo: DbtProject) -> None:
    """What the scaling is for: the same features and the same k, unscaled, miss the planted segments."""
    (definition,) = demo.query(
        "select definition from configuration.resolved_configuration where segmentation = 'behavior'"
    )[0]
    config = SegmentationConfig.from_json(definition)
    k = demo.query("select max(segment_id) from marts.dim_segments where segmentation = 'behavior'")[0][0]
    columns = [feature.name for feature in config.features]
    sample = frame(demo, "select * from clustering.training_sample where has_purchased order by customer_id")
    labels = KMeans(k, n_init=10, random_state=0).fit_predict(sample[columns].astype(float).to_numpy())
    planted = truth()
    assert adjusted_rand_score([planted[customer] for customer in sample["customer_id"]], labels) < 0.6


def test_truth_is_beside_the_data_and_read_by_no_model() -> None:
    models = [path for folder in ("models", "macros", "seeds") for path in Path(ROOT, folder).rglob("*.*")]
    assert models
    assert not [path for path in models if path.suffix in {".sql", ".py", ".yml"} and "demo_truth" in path.read_text()]


@pytest.mark.parametrize("segmentation", ["age_band", "age_frequency", "rfm", "behavior", "profile"])
def test_published_macros_score_customers_at_query_time(demo: DbtProject, segmentation: str) -> None:
    columns = "customer_id, {} as segment_id, distance, membership, runner_up_segment_id, margin, reason, model_version"
    scored = demo.query(
        f"select {columns.format('segment_id')} from marts.score_{segmentation}('marts.dim_customers') order by all",
        published=True,
    )
    labels = demo.query(
        f"select {columns.format('raw_segment_id')} from marts.fct_customer_segments "
        f"where segmentation = '{segmentation}' order by all",
        published=True,
    )
    assert len(scored) == 2000
    assert scored == labels


def test_published_macros_score_customers_who_are_in_no_build(demo: DbtProject) -> None:
    with demo.connect(published=True) as connection:
        connection.execute(
            "create temp table visitors as select * from marts.dim_customers where has_purchased limit 1"
        )
        connection.execute(
            "update visitors set customer_id = 'new', recency_days = 1, frequency = 90, monetary = 90000"
        )
        best = connection.execute("select segment_id, reason from marts.score_rfm('visitors')").fetchall()
        names = dict(
            connection.execute(
                "select segment_id, segment_name from marts.dim_segments where segmentation = 'rfm'"
            ).fetchall()
        )
    assert [(names[segment_id], reason) for segment_id, reason in best] == [("Champions", None)]


@pytest.mark.parametrize(
    ("segmentation", "change", "reason"),
    [
        ("age_frequency", "has_purchased = null", "missing has_purchased"),
        ("rfm", "has_purchased = null", "missing has_purchased"),
        ("behavior", "has_purchased = null", "missing has_purchased"),
        ("behavior", "has_purchased = false, purchase_status = null", "missing purchase_status"),
        ("rfm", "monetary = null", "missing monetary"),
        ("age_band", "age = null", "missing age"),
        ("age_band", "age = 49.5", "no rule holds"),
    ],
)
def test_whoever_gets_no_segment_at_query_time_has_a_reason(
    demo: DbtProject, segmentation: str, change: str, reason: str
) -> None:
    with demo.connect(published=True) as connection:
        connection.execute(
            "create temp table visitors as select * replace (age::double as age) "
            "from marts.dim_customers where has_purchased limit 3"
        )
        connection.execute(f"update visitors set {change}")
        found = connection.execute(f"select segment_id, reason from marts.score_{segmentation}('visitors')").fetchall()
    assert found == [(None, reason)] * 3


def test_a_rule_may_hold_any_text(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    """What is put into a stored query is told from what a rule says, whatever that is."""
    small = copy_of_small(small_warehouse(tmp_path_factory), tmp_path / "copy")
    texts = ["$config_hash", "$$uses_orders", "$rfm_grid's", "$$$"]
    rules = [
        {"name": f"Segment {place}", "when": f"country = '{text.replace(chr(39), chr(39) * 2)}'"}
        for place, text in enumerate(texts)
    ]
    listed = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    rules += [{"name": "Others", "when": f"country not in ({listed})"}, {"name": "None", "when": "country is null"}]
    changed = variables(small, segmentations={"texts": {"method": "rules", "segments": rules}})
    small.dbt("run", "--select", "resolved_configuration", "scoring_queries", variables=changed).check()
    (query,) = small.query("select query from marts.scoring_queries")[0]
    (config_hash,) = small.query("select config_hash from configuration.resolved_configuration")[0]
    with duckdb.connect() as connection:
        connection.execute(
            "create table customers_to_score (customer_id text, has_purchased bool, purchase_status text, country text)"
        )
        for text in [*texts, "FR", None]:
            connection.execute("insert into customers_to_score values (?, true, null, ?)", [text, text])
        found = connection.execute(f"select customer_id, segment_id, model_version from ({query})").fetchall()
    expected: dict[str | None, int] = dict(zip([*texts, "FR", None], range(1, len(texts) + 3), strict=True))
    assert {customer: segment for customer, segment, _ in found} == expected
    assert {version for _, _, version in found} == {config_hash}


def test_scaled_values_come_back_in_their_own_unit(project: DbtProject) -> None:
    """Transformed by scipy, scaled, and asked of SQL: exponents on either side of the two that are special."""
    cases = [(x, rate) for x in (-1200.5, -1.0, 0.0, 0.25, 3300.0) for rate in (-0.5, 0.0, 0.6, 1.0, 2.0, 2.4)]
    rows = ", ".join(
        f"({number}, {(float(yeojohnson(x, rate)) - 7.0) / 3.0!r}, 3.0, 7.0, {rate})"
        for number, (x, rate) in enumerate(cases)
    )
    query = (
        "select cast({{ unscaled('balance', 'places.y', 'places', 1) }} as double) as x "
        f"from (values {rows}) as places (number, y, scale_1, center_1, lambda_1) order by number"
    )
    outcome = project.dbt(
        *("show", "--inline", query, "--output", "json", "--limit", "100"),
        variables={"features": {"balance": {"transform": "yeo_johnson"}}},
    ).check()
    found = json.loads(outcome.output[outcome.output.index("{\n") :])["show"]
    assert [row["x"] for row in found] == pytest.approx([x for x, _ in cases], rel=1e-6, abs=1e-9)
