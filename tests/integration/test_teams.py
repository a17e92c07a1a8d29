"""What each team opens, worked out a second time from the features: audiences, tiers, occasions, preferences, gaps."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import groupby

import numpy as np
import pytest
import yaml

from harness import ROOT, DbtProject

HIGH, MEDIUM = 0.2, 0.3
HIGH_RISK, MEDIUM_RISK = 3.0, 1.5
HIGH_RETURNS = 0.3
MINIMUM_SIZE, HOLDOUT_SHARE = 100, 0.1
"""The defaults of dbt_project.yml."""


def test_stays_in_an_audience_are_the_runs_of_the_history(demo: DbtProject) -> None:
    """Enter and leave dates, customer by customer, from the history of segments."""
    days = [row[0] for row in demo.query("select as_of_date from features.as_of_dates order by 1")]
    after = dict(zip(days, [*days[1:], None], strict=True))
    history = demo.query(
        """
        select customer_id, as_of_date, segment_id from marts.fct_customer_segment_history
        where segmentation = 'behavior' order by customer_id, as_of_date
        """
    )
    expected = set()
    for customer, dates in groupby(history, key=lambda row: row[0]):
        for segment, run in groupby(dates, key=lambda row: row[2]):
            if segment is not None:
                stay = [row[1] for row in run]
                expected.add((customer, segment, stay[0], after[stay[-1]]))
    found = demo.query(
        """
        select customer_id, segment_id, entered_on, left_on, is_current, is_exported_audience
        from marts.audience_members
        """
    )
    assert {row[:4] for row in found} == expected
    assert len(found) == len(expected) > 2_000
    assert all(is_current == (left_on is None) for _, _, _, left_on, is_current, _ in found)
    sizes = dict(demo.query("select segment_id, count(*) from marts.audience_members where is_current group by 1"))
    assert all(exported == (sizes.get(segment, 0) >= MINIMUM_SIZE) for _, segment, _, _, _, exported in found)


def test_the_hold_out_group_is_drawn_by_a_hash_of_the_customer(demo: DbtProject) -> None:
    """The same customers at every run, on every engine and in every segment: nothing but seed and id decides."""
    seed = demo_variable("random_seed")
    rows = demo.query("select distinct segmentation, customer_id, is_holdout from marts.audience_members")
    limit = int(HOLDOUT_SHARE * 0xFFFFFFFF)
    for segmentation, customer, is_holdout in rows:
        digest = hashlib.md5(f"{seed}:{segmentation}:{customer}".encode()).hexdigest()
        assert is_holdout == (int(digest[:8], 16) < limit), customer
    assert len(rows) == len({row[:2] for row in rows})


def demo_variable(name: str) -> object:
    return yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][name]


def test_tiers_and_occasions_of_service_follow_from_the_features(demo: DbtProject) -> None:
    customers = demo.frame(
        """
        select customer_id, as_of_date, has_purchased, cast(monetary as double) as monetary, recency_days, return_rate,
            average_days_between_orders as usual
        from marts.dim_customers
        """
    ).to_pandas()
    buyers = customers[customers["has_purchased"]].copy()
    typical = buyers.loc[buyers["usual"] > 0, "usual"].median()
    buyers["usual"] = buyers["usual"].where(buyers["usual"] > 0, typical)
    rank = (buyers["monetary"].rank(method="min", ascending=False) - 1) / (len(buyers) - 1)
    buyers["value"] = np.select([rank < HIGH, rank < HIGH + MEDIUM], ["high", "medium"], "low")
    ratio = (buyers["recency_days"] / buyers["usual"].round(10)).round(4)
    buyers["risk"] = np.select([ratio >= HIGH_RISK, ratio >= MEDIUM_RISK], ["high", "medium"], "low")
    tiers = {
        row[0]: row[1:]
        for row in demo.query(
            """
            select customer_id, value_tier, risk_tier, expected_next_order_on, reason
            from marts.service_customer_tiers
            """
        )
    }
    assert tiers.keys() == set(customers["customer_id"])
    for row in buyers.itertuples():
        value, risk, expected_on, reason = tiers[row.customer_id]
        assert (value, risk) == (row.value, row.risk), row
        due = row.as_of_date + timedelta(days=float(row.usual) - float(row.recency_days))
        assert abs((expected_on - due).days) <= 1
        assert f"last order {int(row.recency_days)} days ago" in reason
    others = customers.loc[~customers["has_purchased"], "customer_id"]
    assert all(tiers[customer][:3] == ("none", "none", None) for customer in others)

    lapsed = set(buyers.loc[(buyers["risk"] == "high") & buyers["value"].isin(["high", "medium"]), "customer_id"])
    returning = set(buyers.loc[buyers["return_rate"] >= HIGH_RETURNS, "customer_id"])
    actions = demo.query("select occasion, customer_id, priority, monetary from marts.service_actions order by 1, 3")
    assert {row[1] for row in actions if row[0] == "lapse"} == lapsed
    assert {row[1] for row in actions if row[0] == "returns"} == returning
    for _, rows in groupby(actions, key=lambda row: row[0]):
        occasion = list(rows)
        assert [row[2] for row in occasion] == list(range(1, len(occasion) + 1))
        assert [row[3] for row in occasion] == sorted((row[3] for row in occasion), reverse=True)


def test_category_affinity_counts_the_buyers_of_each_segment(demo: DbtProject) -> None:
    lines = demo.frame(
        """
        select labels.segmentation, labels.segment_id, labels.customer_id, lines.category
        from marts.fct_customer_segments as labels
        inner join (
            select lines.customer_id, lines.category from features.int_order_lines as lines
            inner join features.int_orders as orders using (order_id)
            where orders.cancelled_on is null and lines.category is not null
            group by all having sum(lines.quantity) filter (where lines.quantity > 0) > 0
        ) as lines on labels.customer_id = lines.customer_id
        where labels.segment_id is not null
        """
    ).to_pandas()
    sizes = {
        row[:2]: row[2]
        for row in demo.query(
            """
        select segmentation, segment_id, count(*) from marts.fct_customer_segments
        where segment_id is not null group by all
        """
        )
    }
    buyers = lines.groupby(["segmentation", "segment_id", "category"])["customer_id"].nunique()
    overall = lines.groupby(["segmentation", "category"])["customer_id"].nunique()
    found = demo.query(
        """
        select segmentation, segment_id, category, customers, buyers, buyer_share, index_against_all, missing_buyers
        from marts.segment_category_affinity
        """
    )
    assert {row[:3] for row in found} >= set(buyers.index)
    for segmentation, segment, category, customers, number, share, index, missing in found:
        total = sum(size for key, size in sizes.items() if key[0] == segmentation)
        everybody = overall[segmentation, category] / total
        assert customers == sizes[segmentation, segment]
        assert number == buyers.get((segmentation, segment, category), 0)
        assert share == pytest.approx(number / customers, abs=1e-6)
        assert index == pytest.approx(100 * number / customers / everybody, abs=1e-3)
        assert missing == max(round((everybody - number / customers) * customers), 0)


def test_gaps_lead_to_the_segment_with_most_revenue_a_head(demo: DbtProject) -> None:
    leading = dict(
        demo.query(
            """
            select segmentation, segment_id from marts.dim_segments where customers > 0
            qualify row_number() over (
                partition by segmentation order by cast(revenue as double) / customers desc, segment_id
            ) = 1
            """
        )
    )
    means = {
        row[:3]: row[3]
        for row in demo.query(
            "select segmentation, segment_id, feature, mean from marts.segment_profiles where level = ''"
        )
    }
    gaps = demo.query(
        "select segmentation, segment_id, feature, leading_segment_id, gap from marts.segment_feature_gaps"
    )
    assert len(gaps) > 200
    for segmentation, segment, feature, leader, gap in gaps:
        assert leader == leading[segmentation] != segment
        ours, theirs = means[segmentation, segment, feature], means[segmentation, leader, feature]
        assert (gap is None) if ours is None or theirs is None else gap == pytest.approx(theirs - ours, abs=2e-6)
