"""What customers and segments are worth: the published figures of CDNOW out of the warehouse, and figures redone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness import DbtProject
from segmentation.value.bg_nbd import BgNbd, expected_orders, probability_alive
from segmentation.value.gamma_gamma import GammaGamma, expected_value

DAYS_OF_HOLDOUT = 39 * 7
"""Weeks 40 to 78: from 30 September 1997 to 30 June 1998."""


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> DbtProject:
    """The sample of CDNOW that the published models were fitted on, 2,357 customers, with the published holdout."""
    project = DbtProject(tmp_path_factory.mktemp("cdnow"))
    columns = {
        "order_id": "generated",
        "customer_id": "cast(sample_id as string)",
        "ordered_at": "date",
        "order_amount": "value",
    }
    project.build(
        *("--select", "+fct_customer_value", "+clv_evaluation", "+clv_parameters"),
        variables={
            "inputs": {"orders": {"path": str(shared_data / "cdnow_sample.parquet"), "columns": columns}},
            "as_of_date": "1998-06-30",
            "snapshot_count": 0,
            "segmentations": {"rfm": {"method": "rfm"}},
            "value": {"horizons_days": [90, 365], "holdout_days": DAYS_OF_HOLDOUT, "discount_rate": 0.0},
        },
    ).check()
    return project


def parameters(project: DbtProject, dataset: str) -> dict[str, float]:
    rows = project.query(
        f"""
        select model, parameter, value_double from marts.clv_parameters
        where dataset = '{dataset}' and value_double is not null
        """
    )
    return {
        f"{model} {name}" if name in {"log_likelihood", "customers"} else name: value for model, name, value in rows
    }


def test_the_warehouse_finds_the_published_parameters_of_cdnow(cdnow: DbtProject) -> None:
    """Fader, Hardie and Lee (2005); alpha and the likelihood are in weeks there, and in days here."""
    found = parameters(cdnow, "calibration")
    assert found["bg_nbd customers"] == 2_357
    assert found["gamma_gamma customers"] == 946
    assert found["r"] == pytest.approx(0.243, abs=5e-4)
    assert found["alpha"] / 7 == pytest.approx(4.414, abs=1e-3)
    assert found["a"] == pytest.approx(0.793, abs=5e-4)
    assert found["b"] == pytest.approx(2.426, abs=5e-4)
    ((repeat_orders,),) = cdnow.query(
        "select sum(repeat_orders) from value.customer_purchases where dataset = 'calibration'"
    )
    assert found["bg_nbd log_likelihood"] + repeat_orders * np.log(7) == pytest.approx(-9582.4, abs=0.05)
    assert found["p"] == pytest.approx(6.25, abs=5e-3)
    assert found["q"] == pytest.approx(3.74, abs=5e-3)
    assert found["v"] == pytest.approx(15.44, abs=5e-3)


def test_the_warehouse_finds_the_published_correlation_of_cdnow(cdnow: DbtProject) -> None:
    rows = cdnow.query("select quantity, measure, customers, model_result, reason from marts.clv_evaluation")
    results = {(quantity, measure): result for quantity, measure, _, result, _ in rows}
    assert results["orders", "correlation"] == pytest.approx(0.626, abs=1e-3)
    assert {(customers, reason) for _, _, customers, _, reason in rows} == {(2_357, None)}


@pytest.mark.parametrize("dataset", ["current", "calibration"])
def test_every_customer_is_scored_as_the_models_say(cdnow: DbtProject, dataset: str) -> None:
    """The SQL, customer by customer, against the functions that are tested against an independent library."""
    found = parameters(cdnow, dataset)
    orders_model = BgNbd(found["r"], found["alpha"], found["a"], found["b"])
    value_model = GammaGamma(found["p"], found["q"], found["v"])
    scored = cdnow.frame(
        f"""
        select purchases.repeat_orders, purchases.days_to_last_order, purchases.age_days, purchases.mean_order_value,
            horizon_days, probability_alive, expected_orders, expected_order_value, lifetime_value
        from value.customer_values
        inner join value.customer_purchases as purchases using (dataset, customer_id)
        where dataset = '{dataset}'
        """
    ).to_pandas()
    horizons = sorted(set(scored["horizon_days"]))
    assert len(scored) == 2_357 * len(horizons)
    x, t_x, age = (
        scored[name].to_numpy(dtype=np.float64) for name in ("repeat_orders", "days_to_last_order", "age_days")
    )
    alive = probability_alive(orders_model, x, t_x, age)
    assert scored["probability_alive"].to_numpy() == pytest.approx(alive, abs=1e-6)
    mean_value = scored["mean_order_value"].fillna(0).to_numpy(dtype=np.float64)
    values = expected_value(value_model, x, mean_value)
    assert scored["expected_order_value"].to_numpy() == pytest.approx(values, abs=1e-4)
    for horizon in horizons:
        rows = (scored["horizon_days"] == horizon).to_numpy()
        orders = expected_orders(orders_model, x[rows], t_x[rows], age[rows], float(horizon))
        assert scored["expected_orders"].to_numpy()[rows] == pytest.approx(orders, abs=1e-6)
        # Without a discount the value is the product.
        assert scored["lifetime_value"].to_numpy()[rows] == pytest.approx(orders * values[rows], abs=1e-3)


def test_the_holdout_is_measured_as_numpy_measures_it(cdnow: DbtProject) -> None:
    customers = cdnow.frame(
        """
        select customer_id, expected_orders, expected_orders * expected_order_value as expected_value,
            cast(later_orders as double) as later_orders, greatest(cast(later_amount as double), 0) as later_value
        from value.customer_values where dataset = 'calibration'
        """
    ).to_pandas()
    results = {
        row[:2]: row[2] for row in cdnow.query("select quantity, measure, model_result from marts.clv_evaluation")
    }
    for quantity in ("orders", "value"):
        guess, actual = customers[f"expected_{quantity}"], customers[f"later_{quantity}"]
        best = customers.sort_values([f"expected_{quantity}", "customer_id"], ascending=[False, True]).head(
            len(customers) // 10
        )
        expected = {
            "correlation": np.corrcoef(guess, actual)[0, 1],
            "bias": guess.sum() / actual.sum() - 1,
            "mean_absolute_error": (guess - actual).abs().mean(),
            "top_decile_capture": best[f"later_{quantity}"].sum() / actual.sum(),
        }
        for measure, value in expected.items():
            assert results[quantity, measure] == pytest.approx(value, abs=2e-5), (quantity, measure)


def test_without_a_model_the_evaluation_says_why(tmp_path: Path) -> None:
    """Everybody bought once: no number anywhere, and the reason in every table that would have one."""
    project = DbtProject(tmp_path)
    rows = [[f"o{n}", f"c{n}", f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}", str(10 + n % 7)] for n in range(300)]
    path = project.csv("orders.csv", ["order_id", "customer_id", "ordered_at", "order_amount"], rows)
    project.build(
        *("--select", "+fct_customer_value", "+clv_evaluation"),
        variables={
            "inputs": {"orders": {"path": str(path)}},
            "snapshot_count": 0,
            "segmentations": {"rfm": {"method": "rfm"}},
        },
    ).check()
    assert project.query(
        "select quantity, count(*), count(model_result), min(reason) from marts.clv_evaluation group by 1 order by 1"
    ) == [
        ("orders", 4, 0, "nobody has bought a second time"),
        ("value", 4, 0, "fewer than 100 customers have repeat orders of positive value"),
    ]
    assert project.query(
        """
        select reason, count(*), count(coalesce(lifetime_value, expected_orders)) from marts.fct_customer_value
        group by reason
        """
    ) == [("nobody has bought a second time", 600, 0)]


def test_returns_lower_the_value_of_orders_and_are_none_themselves(demo: DbtProject) -> None:
    """From the orders of the features, by hand: days with a purchase, and what repeat days brought less returns."""
    orders = demo.frame(
        """
        select customer_id, ordered_on, order_kind, cast(net_amount as double) as net_amount from features.int_orders
        where cancelled_on is null and order_kind in ('purchase', 'return')
        """
    ).to_pandas()
    assert (orders["order_kind"] == "return").any()
    days = orders.assign(is_purchase=orders["order_kind"] == "purchase").groupby(["customer_id", "ordered_on"])
    by_day = days.agg(is_purchase=("is_purchase", "any"), net_amount=("net_amount", "sum")).reset_index()
    purchases = by_day[by_day["is_purchase"]].groupby("customer_id")["ordered_on"]
    first = purchases.min()
    total = by_day.groupby("customer_id")["net_amount"].sum()
    of_first = by_day.set_index(["customer_id", "ordered_on"])["net_amount"]
    counts = purchases.count()
    found = demo.frame(
        "select customer_id, repeat_orders, mean_order_value from value.customer_purchases where dataset = 'current'"
    ).to_pandas()
    assert set(found["customer_id"]) == set(counts.index)
    for customer, repeat_orders, mean_value in found.itertuples(index=False):
        assert repeat_orders == counts[customer] - 1
        if repeat_orders:
            expected = (total[customer] - of_first[customer, first[customer]]) / repeat_orders
            assert mean_value == pytest.approx(expected, abs=1e-5)


def segments(project: DbtProject) -> pd.DataFrame:
    """One row per labelled customer with what the marts say of it."""
    found: pd.DataFrame = project.frame(
        """
        select labels.segmentation, labels.segment_id, labels.customer_id, cast(monetary as double) as monetary,
            cast(customers.revenue_last_90_days as double) as lately, worth.lifetime_value, worth.probability_alive
        from marts.fct_customer_segments as labels
        inner join marts.dim_customers as customers using (customer_id)
        inner join marts.fct_customer_value as worth on labels.customer_id = worth.customer_id and horizon_days = 365
        where labels.segment_id is not null
        """
    ).to_pandas()
    return found


def test_the_value_of_segments_is_that_of_their_customers(demo: DbtProject) -> None:
    customers = segments(demo)
    found = demo.frame("select * from marts.segment_value").to_pandas().set_index(["segmentation", "segment_id"])
    groups = customers.groupby(["segmentation", "segment_id"])
    assert set(groups.groups) == set(found.index)
    assert (found["value_basis"] == "lifetime value").sum() > 20
    value = groups["lifetime_value"].sum(min_count=1).fillna(groups["lately"].sum())
    per_customer = value / groups.size()
    headroom = 1 - per_customer / per_customer.groupby("segmentation").transform("max")
    for segmentation, segment_id in found.index:
        key = (segmentation, segment_id)
        row, segment = found.loc[key], groups.get_group(key)
        assert row["customers"] == len(segment)
        assert float(row["revenue"]) == pytest.approx(segment["monetary"].sum(), abs=1e-4)
        assert row["alive_share"] == pytest.approx(segment["probability_alive"].mean(), abs=1e-6, nan_ok=True)
        top = segment["monetary"].sort_values(ascending=False).head(-(-len(segment) // 10)).sum()
        assert row["top_decile_revenue_share"] == pytest.approx(
            top / segment["monetary"].sum() if segment["monetary"].any() else np.nan, abs=1e-5, nan_ok=True
        )
        assert row["value_per_customer"] == pytest.approx(per_customer[key], abs=1e-3)
        assert row["headroom"] == pytest.approx(headroom[key], abs=1e-5)
        assert row["priority"] == pytest.approx(value[key] * headroom[key], rel=1e-4, abs=0.1)
    for _, rows in found.reset_index().groupby("segmentation"):
        ordered = rows.sort_values("priority_rank")["priority"].tolist()
        assert all(one >= other for one, other in pairwise(ordered))


def test_the_trend_of_a_segment_is_that_of_its_revenue(demo: DbtProject) -> None:
    """Revenue of 90 days and of the 90 before, straight from the orders."""
    rows = demo.query(
        """
        with moved as (
            select customer_id, ordered_on as day, net_amount from features.int_orders
            union all
            select customer_id, cancelled_on, -net_amount from features.int_orders where cancelled_on is not null
        ),
        summed as (
            select segmentation, segment_id,
                sum(net_amount) filter (where day > as_of_date - 90 and day <= as_of_date) as lately,
                sum(net_amount) filter (where day > as_of_date - 180 and day <= as_of_date - 90) as before
            from marts.fct_customer_segments
            inner join moved using (customer_id)
            where segment_id is not null
            group by all
        )
        select trend, (coalesce(lately, 0) - coalesce(before, 0)) / (coalesce(lately, 0) + coalesce(before, 0))
        from marts.segment_value inner join summed using (segmentation, segment_id)
        where coalesce(lately, 0) + coalesce(before, 0) <> 0
        """
    )
    assert len(rows) > 20
    assert [row[0] for row in rows] == pytest.approx([row[1] for row in rows], abs=1e-6)


def eta_squared(frame: pd.DataFrame, group: str, outcome: str) -> float:
    """Share of the variance of an outcome that groups explain."""
    total = float(((frame[outcome] - frame[outcome].mean()) ** 2).sum())
    means = frame.groupby(group)[outcome].transform("mean")
    return float(((means - frame[outcome].mean()) ** 2).sum()) / total


def test_segments_drawn_by_lot_explain_what_the_formula_says() -> None:
    """Mean over every order of the labels: revenue as uneven as it gets makes no difference to it."""
    outcomes, labels = [0.0, 1.0, 2.0, 5.0, 40.0, 900.0, 3.0], [1, 1, 1, 2, 2, 3, 3]
    drawn = [
        eta_squared(pd.DataFrame({"lot": lot, "outcome": outcomes}), "lot", "outcome") for lot in permutations(labels)
    ]
    assert np.mean(drawn) == pytest.approx((3 - 1) / (len(outcomes) - 1), rel=1e-9)


@pytest.mark.parametrize("name", ["demo", "online_retail"])
def test_differentiation_is_the_variance_that_segments_of_then_explain(
    name: str, demo: DbtProject, example: Callable[[str], DbtProject]
) -> None:
    project = demo if name == "demo" else example(name)
    rows = project.frame("select * from marts.segmentation_differentiation").to_pandas()
    assert len(rows) == 10
    frozen_on, until = rows["frozen_on"].iloc[0], rows["measured_until"].iloc[0]
    customers = project.frame(
        f"""
        with later as (
            select customer_id, sum(net_amount) as revenue, bool_or(order_kind = 'purchase') as has_bought
            from features.int_orders
            where ordered_on > '{frozen_on}' and ordered_on <= '{until}' and cancelled_on is null
            group by customer_id
        )
        select segmentation, customer_id, segment_id, cast(monetary as double) as monetary,
            cast(coalesce(later.revenue, 0) as double) as revenue,
            cast(coalesce(later.has_bought, false) as integer) as retention
        from marts.fct_customer_segment_history as history
        inner join features.customer_features using (customer_id, as_of_date)
        left join later using (customer_id)
        where as_of_date = '{frozen_on}' and segment_id is not null and has_purchased
        """
    ).to_pandas()
    rfm = customers[customers["segmentation"] == "rfm"].set_index("customer_id")["segment_id"]
    for row in rows.itertuples():
        own = customers[customers["segmentation"] == row.segmentation].copy()
        assert row.customers == len(own)
        own["rfm"] = own["customer_id"].map(rfm)
        own = own.sort_values(["monetary", "customer_id"], ascending=[False, True], ignore_index=True)
        own["past"] = np.arange(len(own)) * row.segments // len(own)
        outcome = str(row.outcome)
        assert row.segments_explained == pytest.approx(eta_squared(own, "segment_id", outcome), abs=1e-5)
        assert row.rfm_explained == pytest.approx(eta_squared(own, "rfm", outcome), abs=1e-5)
        assert row.past_revenue_explained == pytest.approx(eta_squared(own, "past", outcome), abs=1e-5)
        # Segments of the same sizes, drawn by lot, explain on average one part in customers - 1 for each but the first.
        assert row.random_explained == pytest.approx((row.segments - 1) / (len(own) - 1), abs=1e-6)
        if row.segmentation != "rfm" and row.segments_explained > 3 * row.random_explained:
            beats = row.segments_explained > row.rfm_explained
            assert row.reading == ("beats RFM" if beats else "does not beat RFM")
    if name == "online_retail":
        assert (rows["reading"] == "does not beat RFM").any(), "a segmentation that does not beat RFM says so"


def test_the_plan_knows_the_value_of_today(demo: DbtProject) -> None:
    assert demo.query(
        """
        select count(*) from marts.segment_value as worth
        full join (select * from marts.segment_periods where is_open_period) as periods using (segmentation, segment_id)
        where periods.lifetime_value is distinct from worth.lifetime_value
        """
    ) == [(0,)]
    assert demo.query("select count(lifetime_value) from marts.segment_periods where not is_open_period") == [(0,)]


def test_one_price_and_one_rate_are_told_by_the_limits_of_the_models(tmp_path: Path) -> None:
    """Subscribers at one price: 9.99 an order, and orders to expect, in SQL as in Python."""
    project = DbtProject(tmp_path)
    rng = np.random.default_rng(3)
    rows: list[list[Any]] = []
    for customer in range(240):
        day = int(rng.integers(0, 300))
        for _ in range(1 + int(rng.geometric(0.15))):
            rows.append([f"o{len(rows)}", f"c{customer}", np.datetime64("2024-01-01") + day, "9.99"])
            day += int(rng.integers(27, 34))
            if day >= 366:
                break
    path = project.csv("orders.csv", ["order_id", "customer_id", "ordered_at", "order_amount"], rows)
    project.build(
        *("--select", "+fct_customer_value", "+clv_parameters"),
        variables={
            "inputs": {"orders": {"path": str(path)}},
            "as_of_date": "2024-12-31",
            "snapshot_count": 0,
            "segmentations": {"rfm": {"method": "rfm"}},
        },
    ).check()
    found = parameters(project, "current")
    [(note,)] = project.query(
        """
        select value_string from marts.clv_parameters
        where dataset = 'current' and model = 'bg_nbd' and parameter = 'note'
        """
    )
    assert "one rate holds for all" in note
    assert found["mean_value"] == pytest.approx(9.99)
    model = BgNbd(
        np.nan, np.nan, found.get("a", np.nan), found.get("b", np.nan), rate=found["rate"], stop=found.get("stop")
    )
    scored = project.frame(
        """
        select purchases.repeat_orders, days_to_last_order, age_days, value.*
        from marts.fct_customer_value as value
        inner join value.customer_purchases as purchases using (customer_id)
        where dataset = 'current' and horizon_days = 365
        """
    ).to_pandas()
    assert len(scored) == 240
    assert scored["reason"].isna().all()
    assert scored["expected_order_value"].to_numpy() == pytest.approx(9.99)
    x, t_x, age = (
        scored[name].to_numpy(dtype=np.float64) for name in ("repeat_orders", "days_to_last_order", "age_days")
    )
    assert scored["probability_alive"].to_numpy() == pytest.approx(probability_alive(model, x, t_x, age), abs=1e-6)
    orders = expected_orders(model, x, t_x, age, 365.0)
    assert scored["expected_orders"].to_numpy() == pytest.approx(orders, abs=1e-6)
    # What comes within a year is worth between all of it and a tenth less.
    assert scored["lifetime_value"].to_numpy() == pytest.approx(orders * 9.99 * 0.95, rel=0.06, abs=1e-3)
