"""Data that leave little or nothing to cluster: a whole build gives a right result, or says why there is none."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from harness import ROOT, DbtProject, file_inputs
from segmentation.scoring import score_rfm
from small import ADVICE

ORDER_HEADER = ("order_id", "customer_id", "ordered_at", "order_amount")
SEGMENTATIONS: dict[str, Any] = {
    "rfm": {"method": "rfm"},
    "behavior": {"method": "kmeans", "features": ["recency_days", "frequency", "average_order_value"]},
    "profile": {"method": "kprototypes", "features": ["frequency", "average_order_value", "preferred_week_part"]},
}


def build(project: DbtProject, inputs: Any, **variables: Any) -> None:
    """Build everything, tests and publication included."""
    given = {"segmentations": SEGMENTATIONS, "inputs": inputs, "snapshot_count": 1, "advice": ADVICE} | variables
    outcome = project.build(variables=given).check()
    assert "Traceback" not in outcome.output


def labels(project: DbtProject) -> list[tuple[Any, ...]]:
    """What was published: segmentation, segment, reason and number of customers."""
    return project.query(
        """
        select segmentation, segment_name, reason, count(*) from marts.fct_customer_segments
        group by all order by all
        """,
        published=True,
    )


def test_one_customer(project: DbtProject) -> None:
    path = project.csv("orders.csv", ORDER_HEADER, [("1", "7", "2024-05-01", "10")])
    build(project, file_inputs(orders=path))
    assert labels(project) == [
        ("behavior", None, "too_few_customers", 1),
        ("profile", None, "too_few_customers", 1),
        # Nobody to compare with in frequency and amount, and as recent as anybody.
        ("rfm", "Recency 5", None, 1),
    ]
    assert project.query(
        "select segmentation, model_status, model_reason from marts.segmentation_quality order by 1", published=True
    ) == [
        ("behavior", "not_fitted", "too_few_customers"),
        ("profile", "not_fitted", "too_few_customers"),
        ("rfm", "fitted", None),
    ]


def test_customers_that_are_all_alike(project: DbtProject) -> None:
    rows = [(str(number), f"c{number}", "2024-05-01", "10") for number in range(60)]
    build(project, file_inputs(orders=project.csv("orders.csv", ORDER_HEADER, rows)))
    assert labels(project) == [
        ("behavior", None, "no_varying_feature", 60),
        ("profile", None, "no_varying_feature", 60),
        ("rfm", "Recency 5", None, 60),
    ]
    with project.connect(published=True) as connection:
        query = "select query from marts.scoring_queries where segmentation = 'rfm'"
        (text,) = connection.execute(query).fetchall()[0]
        connection.execute("create temp view customers_to_score as select * from marts.dim_customers")
        by_query = connection.execute(f"select segment_id, reason, count(*) from ({text}) group by all").fetchall()
        by_build = "select segment_id, reason, count(*) from marts.fct_customer_segments where segmentation = 'rfm'"
        assert by_query == connection.execute(f"{by_build} group by all").fetchall()


def scored(project: DbtProject, header: tuple[str, ...], orders: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Build RFM alone up to its segments; what SQL scores is what Python does."""
    given = {
        "segmentations": {"rfm": {"method": "rfm"}},
        "inputs": file_inputs(orders=project.csv("orders.csv", header, orders)),
        "snapshot_count": 0,
        "advice": ADVICE,
    }
    project.build("--select", "+rfm_labels", "+segment_definitions", variables=given).check()
    scores = ["recency_score", "frequency_score", "monetary_score", "frequency_monetary_score"]
    with project.connect() as connection:
        parameters = connection.sql("select * from clustering.candidate_parameters where segmentation = 'rfm'").df()
        customers = connection.sql("select * from clustering.training_sample order by customer_id").df()
        in_sql = connection.sql(f"select {', '.join(scores)} from segments.rfm_scores order by customer_id").fetchall()
        in_python = score_rfm(parameters, customers)[scores].astype(object)
        assert in_sql == list(in_python.where(in_python.notna(), None).itertuples(index=False, name=None))
        names = connection.sql(
            """
            select segment_name, count(customer_id) from segments.segment_definitions
            left join segments.rfm_labels using (segment_id) where segment_id <> 12 group by 1
            """
        ).fetchall()
        descriptions = connection.sql("select description from segments.segment_definitions where segment_id = 1")
        return {
            "scores": in_sql,
            "names": dict(names),
            "champions": descriptions.fetchall()[0][0],
            "notes": {row.feature: row.value_string for row in parameters[parameters["kind"] == "note"].itertuples()},
        }


def test_without_amounts_frequency_alone_counts(project: DbtProject) -> None:
    """Customer 0 bought once, customer 49 five times, and the later ones the more recently."""
    orders = [
        (f"{customer}-{number}", f"c{customer:02d}", f"2024-{1 + customer // 5:02d}-{10 + number:02d}", channel)
        for customer in range(50)
        for number, channel in enumerate(["", "web", "", "", ""][: 1 + customer // 10])
    ]
    found = scored(project, (*ORDER_HEADER[:3], "channel"), orders)
    assert {row[1] for row in found["scores"]} == {1, 2, 3, 4, 5}
    assert all(row[2] is None and row[3] == row[1] for row in found["scores"])
    assert found["names"]["Champions"] > 0
    assert found["champions"].startswith("Recency scores 4 to 5 and frequency scores 4 to 5 of 5; amounts are absent")
    assert found["notes"].keys() == {"monetary"}
    assert "order_amount" in found["notes"]["monetary"]
    # Orders without a channel prefer none, however many they are.
    channels = "select preferred_channel, count(*) from features.current_features group by 1 order by 1"
    assert project.query(channels) == [("web", 40), (None, 10)]


def test_an_id_for_every_order_makes_nobody_loyal(project: DbtProject) -> None:
    orders = [
        (str(order), f"c{order:02d}", f"2024-{1 + order // 10:02d}-15", str(1 + order * 7 % 50)) for order in range(50)
    ]
    found = scored(project, ORDER_HEADER, orders)
    assert all(row[1] is None and row[3] == row[2] for row in found["scores"])
    assert {row[2] for row in found["scores"]} == {1, 2, 3, 4, 5}
    assert found["names"]["Recency 4 to 5, amounts 4 to 5"] > 0
    assert all(name.startswith("Recency ") for name in found["names"])
    assert found["champions"].endswith("frequency is the same for all and does not count")
    assert found["notes"].keys() == {"frequency"}
    assert "customer id may be one per order" in found["notes"]["frequency"]


def test_fewer_customers_than_segments(project: DbtProject) -> None:
    """Three customers, and four to six segments are asked for."""
    rows = [(str(day), f"c{day % 3}", f"2024-05-{day:02d}", str(day * day)) for day in range(1, 13)]
    segmentations = {"behavior": SEGMENTATIONS["behavior"] | {"k": {"min": 4, "max": 6}}}
    build(project, file_inputs(orders=project.csv("orders.csv", ORDER_HEADER, rows)), segmentations=segmentations)
    assert labels(project) == [("behavior", None, "too_few_customers", 3)]


def test_features_without_a_value_are_left_out_and_said_so(project: DbtProject) -> None:
    """Customers alone, one attribute empty, one with values beyond every measure."""
    count = 80
    customers = pa.table(
        {
            "customer_id": [f"{number:05d}" for number in range(count)],
            "empty": pa.nulls(count, pa.float64()),
            "balance": [float("inf"), float("nan"), 1e300, None, *(number % 2 * 1000.0 for number in range(4, count))],
            "kind": ["größer 日本 " + "x" * 5000 if number % 2 else "klein" for number in range(count)],
        }
    )
    segmentations = {
        "wealth": {"method": "kprototypes", "features": ["empty", "balance", "kind"], "k": 2, "min_share": 0.01}
    }
    build(
        project,
        file_inputs(customers=project.parquet("customers.parquet", customers)),
        segmentations=segmentations,
        features={
            "balance": {"clip": [0.02, 0.98], "display_name": "what's on the account"},
            "kind": {"display_name": "sort", "level_names": {"klein": "the small 'uns"}},
        },
        attributes={"empty": "double", "balance": "double", "kind": "string"},
        as_of_date="2024-01-01",
        default_max_reject_share=0.5,
    )
    found = project.query(
        "select customer_id, segment_id from marts.fct_customer_segments order by customer_id", published=True
    )
    accepted = {row[0] for row in project.query("select customer_id from staging.stg_customers")}
    assert [row[0] for row in found] == sorted(accepted), "leading zeros stay"
    # The customer with 1e300 may stand anywhere: clipping puts it among the large balances.
    by_kind = {(int(customer) % 2, segment) for customer, segment in found if customer != "00002"}
    assert len(by_kind) == 2, "the two kinds are the two segments"
    about_empty = dict(
        project.query(
            """
            select kind, coalesce(value_string, cast(value_double as string)) from marts.model_parameters
            where feature = 'empty' and kind in ('note', 'weight')
            """,
            published=True,
        )
    )
    shown = project.query(
        """
        select segment_name from marts.dim_segments
        union all select description from marts.dim_segments
        union all select in_words from marts.segment_drivers
        union all select place_words from marts.customer_explanations
        """,
        published=True,
    )
    words = [text for (text,) in shown if text is not None]
    for expected in (", the small 'uns", "Sort the small 'uns ", "sort the small 'uns (here the small 'uns, there "):
        assert any(expected in text for text in words), expected
    assert not any("klein" in text or "balance" in text for text in words), words
    assert about_empty["weight"] == "0.0"
    assert "left out" in about_empty["note"]


def test_customers_of_whom_nobody_has_ordered(project: DbtProject) -> None:
    inputs = file_inputs(
        customers=project.csv("customers.csv", ("customer_id", "birth_date"), [("1", "1990-02-28"), ("2", "")]),
        orders=project.csv("orders.csv", ORDER_HEADER, []),
    )
    segmentations = SEGMENTATIONS | {
        "age_band": {
            "method": "rules",
            "segments": [{"name": "Young", "when": "age < 40"}, {"name": "Old", "when": "age >= 40"}],
        }
    }
    build(project, inputs, segmentations=segmentations, as_of_date="2024-02-28")
    assert labels(project) == [
        ("age_band", "Young", None, 1),
        ("age_band", None, "missing age", 1),
        ("behavior", None, "no_orders", 2),
        ("profile", None, "no_orders", 2),
        ("rfm", "Prospects", None, 2),
    ]


def test_no_segmentation_at_all_still_gives_features(project: DbtProject) -> None:
    path = project.csv("orders.csv", ORDER_HEADER, [("1", "7", "2024-05-01", "10")])
    build(project, file_inputs(orders=path), segmentations={}, cancelled_statuses=[])
    assert project.query("select customer_id, frequency from marts.dim_customers", published=True) == [("7", 1)]
    assert labels(project) == []


def test_an_as_of_date_in_the_past_sets_aside_what_came_later(demo: DbtProject, project: DbtProject) -> None:
    """What is left out on request is no reject of the input, however much it is; what is wrong still is."""
    project.build(variables={"as_of_date": "2025-03-31", "snapshot_count": 1}).check()
    later = dict(
        project.query("select input, count(*) from staging.rejected_records where rule = 'after_as_of_date' group by 1")
    )
    assert later.keys() == {"customers", "orders", "order_items"}
    assert later["orders"] > 1000
    shares = dict(project.query("select input, reject_share from staging.input_reconciliation"))
    assert all(share < 0.05 for share in shares.values())

    def of_march(warehouse: DbtProject) -> list[tuple[Any, ...]]:
        return warehouse.query(
            """
            select customer_id, frequency, monetary, recency_days, revenue_last_90_days, preferred_category, age
            from features.customer_features
            where as_of_date = date '2025-03-31'
            order by customer_id
            """
        )

    assert of_march(project) == of_march(demo)


def test_a_mistake_in_the_configuration_is_told_without_a_traceback(project: DbtProject) -> None:
    with (ROOT / "seeds" / "reference" / "feature_catalogue.csv").open(encoding="utf-8") as file:
        assert "recency_days" in {row["feature"] for row in csv.DictReader(file)}
    outcome = project.build(
        variables={
            "segmentations": {
                "behavior": {"method": "kmeans", "features": ["recency_day", "gender"]},
                "bands": {
                    "method": "rules",
                    "segments": [{"name": "Low", "when": "frequency < 3"}, {"name": "High", "when": "frequency > 3"}],
                },
            }
        }
    )
    assert not outcome.succeeded
    assert "Traceback" not in outcome.output
    for part in (
        "segmentations.behavior.features[0]",
        "recency_days",
        "kprototypes",
        "segmentations.bands",
        "frequency = 3",
    ):
        assert part in outcome.output, f"{part!r} is missing in:\n{outcome.output}"
    tables = project.query("select table_name from duckdb_tables() where schema_name in ('staging', 'features')")
    assert tables == [], "nothing is built before the configuration is proved"
