"""What is bought together, and what is offered: against mlxtend, against exact tests, and against what was bought."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from mlxtend.frequent_patterns import association_rules, fpgrowth
from mlxtend.preprocessing import TransactionEncoder
from scipy.stats import false_discovery_control, hypergeom, norm

from harness import DbtProject
from small import build_small, copy_of_small, small_warehouse

MIN_ORDERS, MIN_SUPPORT, MIN_CONFIDENCE, RATE = 20, 0.002, 0.05, 0.05
EXAMPLES = ("online_retail", "complete_journey")
SETTINGS = {
    "segmentation": "auto",
    "item": "product_id",
    "max_basket_items": 40,
    "learning_customers": 200000,
    "min_orders": 3,
    "min_support": 0,
    "min_confidence": 0.05,
    "false_discovery_rate": 1,
    "max_rules": 1000,
    "candidates": 50,
    "per_customer": 10,
    "backtest_days": 90,
    "backtest_customers": 20000,
}
"""Of the variable offers, for a warehouse so small that hardly anything in it is certain."""

Rules = dict[tuple[frozenset[str], str], tuple[Any, ...]]


def baskets(project: DbtProject, where: str, *, item: str = "product_id") -> list[list[str]]:
    rows = project.query(f"""
        select list(distinct lines.{item} order by lines.{item})
        from features.int_order_lines as lines
        inner join features.int_orders as orders on lines.order_id = orders.order_id
        left join segments.customer_segments as labels
            on lines.customer_id = labels.customer_id and labels.segmentation = 'behavior'
        where lines.quantity > 0 and orders.order_kind = 'purchase' and orders.cancelled_on is null and {where}
        group by lines.order_id
    """)
    return [list(row[0]) for row in rows]


def rules_of_mlxtend(transactions: Iterable[list[str]], floor: float) -> Rules:
    transactions = list(transactions)
    encoder = TransactionEncoder()
    table = pd.DataFrame.sparse.from_spmatrix(  # type: ignore[attr-defined]
        encoder.fit_transform(transactions, sparse=True), columns=[str(name) for name in encoder.columns_]
    )
    frequent = fpgrowth(table, min_support=floor / len(transactions) - 1e-12, use_colnames=True, max_len=3)
    rules = association_rules(frequent, metric="confidence", min_threshold=MIN_CONFIDENCE - 1e-12)
    return {
        (rule.antecedents, next(iter(rule.consequents))): (rule.support, rule.confidence, rule.lift, rule.conviction)
        for rule in rules.itertuples()
        if len(rule.consequents) == 1 and rule.lift > 1
    }


def rules_of_mart(project: DbtProject, segment: int) -> Rules:
    rows = project.query(f"""
        select antecedent_1, antecedent_2, consequent, support, confidence, lift, conviction
        from marts.segment_basket_rules where segment_id = {segment}
    """)
    return {(frozenset(filter(None, row[:2])), row[2]): row[3:] for row in rows}


def agree(ours: Rules, theirs: Rules) -> None:
    for rule, (*measures, conviction) in ours.items():
        assert rule in theirs
        assert measures == pytest.approx(theirs[rule][:3], rel=1e-6, abs=1e-9)
        expected = theirs[rule][3]
        if conviction is None:
            assert expected == float("inf")
        else:
            assert conviction == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_rules_of_the_demo_are_those_of_mlxtend(demo: DbtProject) -> None:
    transactions = baskets(demo, "true")
    assert max(map(len, transactions)) <= 40, "no basket is capped, so the two may be compared"
    floor = max(MIN_ORDERS, MIN_SUPPORT * len(transactions))
    theirs = rules_of_mlxtend(transactions, floor)
    ours = rules_of_mart(demo, 0)
    agree(ours, theirs)
    assert any(len(antecedent) == 2 for antecedent, _ in ours)
    # What mlxtend has more was tested and is not beyond chance.
    refused = theirs.keys() - ours.keys()
    lowest = demo.query("select min(z) from marts.segment_basket_rules where segment_id = 0")[0][0]
    tested = {
        (frozenset(filter(None, row[:2])), row[2]): row[3]
        for row in demo.query("""
            select first_items.item, second_items.item, consequents.item, tests.z
            from baskets.int_rule_tests as tests
            inner join features.as_of_dates as dates on tests.as_of_date = dates.as_of_date and dates.is_current
            inner join baskets.int_basket_items as first_items
                on tests.as_of_date = first_items.as_of_date and tests.antecedent_1 = first_items.item_number
            inner join baskets.int_basket_items as consequents
                on tests.as_of_date = consequents.as_of_date and tests.consequent = consequents.item_number
            left join baskets.int_basket_items as second_items
                on tests.as_of_date = second_items.as_of_date and tests.antecedent_2 = second_items.item_number
            where tests.segment_id = 0
        """)
    }
    assert all(tested[rule] <= lowest for rule in refused)


def test_rules_of_departments_are_those_of_mlxtend_in_each_segment(example: Callable[[str], DbtProject]) -> None:
    project = example("complete_journey")
    segments = [row[0] for row in project.query("select distinct segment_id from marts.segment_basket_rules")]
    assert len(segments) > 1
    for segment in segments:
        where = "lines.category is not null" + (f" and labels.segment_id = {segment}" if segment else "")
        transactions = baskets(project, where, item="category")
        floor = max(MIN_ORDERS, MIN_SUPPORT * len(transactions))
        agree(rules_of_mart(project, segment), rules_of_mlxtend(transactions, floor))


@pytest.mark.parametrize("name", ["demo", *EXAMPLES])
def test_significance_is_that_of_scipy(name: str, demo: DbtProject, example: Callable[[str], DbtProject]) -> None:
    project = demo if name == "demo" else example(name)
    frame = project.frame("""
        select tests.*, (
            select count(*) from baskets.int_frequent_items as items
            where items.as_of_date = tests.as_of_date and items.segment_id = 0
        ) as items, (
            select count(*) from baskets.int_frequent_pairs as pairs
            where pairs.as_of_date = tests.as_of_date and pairs.segment_id = 0
        ) as pairs
        from baskets.int_rule_tests as tests
        inner join features.as_of_dates as dates on tests.as_of_date = dates.as_of_date and dates.is_current
        where tests.segment_id = 0
    """).to_pandas()
    exact = hypergeom.sf(frame.orders - 1, frame.all_orders, frame.consequent_orders, frame.antecedent_orders)
    approximate = norm.sf(frame.z)
    near = (exact < 0.2) & (exact > 1e-12)
    # Fisher's exact test, one-sided, is met within a factor of three down to one in a million millions.
    assert near.any()
    ratios = pd.Series(approximate)[near] / pd.Series(exact)[near]
    assert ratios.between(1 / 3, 3).all()

    number = int(
        frame["items"].iloc[0] * (frame["items"].iloc[0] - 1) + frame.pairs.iloc[0] * (frame["items"].iloc[0] - 2)
    )
    padded = [*approximate, *[1.0] * (number - len(approximate))]
    frame["rate"] = false_discovery_control(padded)[: len(frame)]
    confidence = frame.orders / frame.antecedent_orders
    lift = confidence / (frame.consequent_orders / frame.all_orders)
    passing = frame[(frame.rate <= RATE) & (confidence >= MIN_CONFIDENCE) & (lift > 1)]
    ours = project.query("select false_discovery_rate from marts.segment_basket_rules where segment_id = 0")
    assert len(ours) == min(len(passing), 1000)
    largest = passing.sort_values("z", ascending=False).rate.head(1000).max()
    assert max(row[0] for row in ours) == pytest.approx(largest, rel=1e-5, abs=1e-11)


@pytest.mark.parametrize("name", ["demo", *EXAMPLES])
def test_nobody_is_offered_what_was_bought_or_sent_back(
    name: str, demo: DbtProject, example: Callable[[str], DbtProject]
) -> None:
    project = demo if name == "demo" else example(name)
    item = "category" if name == "complete_journey" else "product_id"
    assert project.query("select count(*) from marts.customer_recommendations")[0][0] > 0
    assert project.query(f"""
        select count(*) from marts.customer_recommendations as offers
        inner join features.int_order_lines as lines
            on offers.customer_id = lines.customer_id and offers.item = lines.{item}
    """) == [(0,)]
    # A reason that follows from an item is given only to those who bought it.
    assert project.query(f"""
        select count(*) from marts.customer_recommendations as offers
        where offers.reason like 'follows from %' and not exists (
            select 1 from features.int_order_lines as lines
            where offers.customer_id = lines.customer_id and lines.quantity > 0
                and offers.reason like 'follows from ' || lines.{item} || '%'
        )
    """) == [(0,)]
    ranks = project.query("""
        select max(recommendation_rank), max(recommendation_rank - offers) from (
            select *, count(*) over (partition by customer_id) as offers from marts.customer_recommendations
        )
    """)
    assert ranks[0][0] <= 10
    assert ranks[0][1] <= 0


@pytest.mark.parametrize("name", ["demo", *EXAMPLES])
def test_the_backtest_counts_what_was_bought_later(
    name: str, demo: DbtProject, example: Callable[[str], DbtProject]
) -> None:
    project = demo if name == "demo" else example(name)
    item = "category" if name == "complete_journey" else "product_id"
    rates = dict(project.query("select method, hit_rate from marts.recommendation_backtest"))
    assert rates.keys() == {"recommendations", "most popular"}
    # Nothing of the calibration lies after its date, and it is read from the features alone.
    assert project.query("""
        select count(*) from baskets.int_basket_lines as lines
        inner join features.int_orders as orders on lines.order_id = orders.order_id
        where orders.ordered_on > lines.as_of_date
    """) == [(0,)]
    frame = project.query(f"""
        with cut as (select max(calibrated_until) as day from marts.recommendation_backtest),
        lines as (
            select orders.ordered_on, orders.order_kind, orders.cancelled_on, lines.customer_id, lines.quantity,
                lines.{item} as item
            from features.int_order_lines as lines
            inner join features.int_orders as orders on lines.order_id = orders.order_id
        ),
        judged as (
            select distinct lines.customer_id, lines.item from lines, cut
            where lines.ordered_on > cut.day and lines.quantity > 0 and lines.item is not null
                and lines.order_kind = 'purchase' and lines.cancelled_on is null
                and lines.customer_id in (select customer_id from baskets.int_backtest_customers)
                and not exists (
                    select 1 from lines as earlier, cut as earlier_cut where earlier.customer_id = lines.customer_id
                        and earlier.item = lines.item and earlier.ordered_on <= earlier_cut.day
                )
        )
        select count(distinct judged.customer_id), count(distinct offers.customer_id)
        from judged
        left join baskets.int_popular_offers as offers
            on judged.customer_id = offers.customer_id and judged.item = offers.item
    """)
    assert (
        project.query("select customers, hits from marts.recommendation_backtest where method = 'most popular'")
        == frame
    )
    if name != "complete_journey":
        assert rates["recommendations"] > rates["most popular"]


def test_of_a_large_basket_the_most_frequent_items_are_kept(example: Callable[[str], DbtProject]) -> None:
    """Baskets of Online Retail have up to hundreds of items; pairs grow with the square of them."""
    project = example("online_retail")
    ((large, wrong),) = project.query("""
        with whole as (
            select lines.as_of_date, lines.order_id, list(items.item_number order by items.item_number) as numbers
            from baskets.int_basket_lines as lines
            inner join baskets.int_basket_items as items using (as_of_date, item)
            group by all
        ),
        kept as (
            select as_of_date, order_id, list(item_number order by item_number) as numbers
            from baskets.int_baskets group by all
        )
        select count_if(len(whole.numbers) > 40), count_if(kept.numbers is distinct from whole.numbers[1:40])
        from whole left join kept using (as_of_date, order_id)
    """)
    assert large > 1000
    assert wrong == 0


@pytest.mark.parametrize("name", ["demo", *EXAMPLES])
def test_the_backtest_says_whether_it_beats_the_most_popular(
    name: str, demo: DbtProject, example: Callable[[str], DbtProject]
) -> None:
    project = demo if name == "demo" else example(name)
    rows = {row[0]: row[1:] for row in project.query("select method, hits, reading from marts.recommendation_backtest")}
    beats = rows["recommendations"][0] > rows["most popular"][0]
    assert rows["recommendations"][1] == ("beats the most popular" if beats else "does not beat the most popular")


@pytest.mark.parametrize("name", ["demo", *EXAMPLES])
def test_recommendations_are_the_best_of_all_that_apply(
    name: str, demo: DbtProject, example: Callable[[str], DbtProject]
) -> None:
    """Every offer of the segment against every customer, without the shortcut that spares most of them."""
    project = demo if name == "demo" else example(name)
    assert project.query("""
        with customers as (
            select as_of_date, segment_id, customer_id from baskets.int_offer_customers
            union all
            select as_of_date, segment_id, customer_id from baskets.int_backtest_customers
        ),
        known as (
            select customers.as_of_date, customer_id, items.item, items.is_bought
            from baskets.int_offer_customers as customers
            inner join baskets.int_customer_items as items using (customer_id)
            union all
            select as_of_date, customer_id, item, is_bought from baskets.int_backtest_items
        ),
        bought as (select * from known where is_bought),
        applicable as (
            select customers.as_of_date, customers.customer_id, offers.item, offers.score,
                offers.strength, offers.reason
            from customers
            inner join baskets.int_segment_offers as offers using (as_of_date, segment_id)
            where offers.reason = 'over_index' or (
                exists (
                    select 1 from bought where bought.as_of_date = customers.as_of_date
                        and bought.customer_id = customers.customer_id and bought.item = offers.antecedent_item_1
                )
                and (offers.antecedent_item_2 = '' or exists (
                    select 1 from bought where bought.as_of_date = customers.as_of_date
                        and bought.customer_id = customers.customer_id and bought.item = offers.antecedent_item_2
                ))
            )
        ),
        best as (
            select as_of_date, customer_id, item, max(score) as score
            from applicable
            anti join known using (as_of_date, customer_id, item)
            group by all
        ),
        expected as (
            select as_of_date, customer_id, score
            from best
            qualify row_number() over (partition by as_of_date, customer_id order by score desc) <= 10
        ),
        found as (
            select customers.as_of_date, customers.customer_id, offers.score
            from (from baskets.int_customer_offers union all by name from baskets.int_backtest_offers) as customers
            inner join baskets.int_segment_offers as offers using (as_of_date, segment_id, offer_number)
        )
        select count(*) from (
            (select * from expected except all select * from found)
            union all
            (select * from found except all select * from expected)
        )
    """) == [(0,)]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


def build_offers(small: DbtProject, folder: Path, **changes: Any) -> DbtProject:
    project = copy_of_small(small, folder)
    models = ("int_backtest_customers+", "int_offer_customers+", "int_customer_items+")
    # A part of the project, which is not published. Its name alone would be that of its folder as well.
    build_small(
        project, "--exclude", "publication.publication+", "--select", *models, offers=SETTINGS | changes
    ).check()
    return project


def orders_learned_from(project: DbtProject) -> set[str]:
    rows = project.query("""
        select distinct lines.order_id from baskets.int_basket_lines as lines
        inner join features.as_of_dates as dates on lines.as_of_date = dates.as_of_date and dates.is_current
    """)
    return {str(row[0]) for row in rows}


def test_rules_are_learned_from_a_sample_and_offers_are_for_everybody(small: DbtProject, tmp_path: Path) -> None:
    project = build_offers(small, tmp_path, learning_customers=100)
    rows = project.query("select customer_id from features.customer_features where is_current and has_purchased")
    purchasers = [str(row[0]) for row in rows]
    assert len(purchasers) > 200
    share = int(100 / len(purchasers) * (2**32 - 1))
    seed = yaml.safe_load((project.root / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["random_seed"]
    learned = {name for name in purchasers if hashlib.md5(f"{seed}{name}".encode()).hexdigest() < f"{share:08x}"}
    assert 75 < len(learned) < 125

    everything = project.query("""
        select orders.customer_id, orders.order_id, lines.product_id
        from features.int_order_lines as lines
        inner join features.int_orders as orders using (order_id)
        where lines.quantity > 0 and orders.order_kind = 'purchase' and orders.cancelled_on is null
    """)
    orders: dict[str, set[str]] = {}
    for customer, order, item in everything:
        if customer in learned:
            orders.setdefault(order, set()).add(item)
    assert orders_learned_from(project) == orders.keys()
    rules = project.query("""
        select antecedent_1, antecedent_2, consequent, orders, segment_orders
        from marts.segment_basket_rules where segment_id = 0
    """)
    assert rules
    for first, second, consequent, count, all_orders in rules:
        assert count == sum({first, second or first, consequent} <= items for items in orders.values())
        assert all_orders == len(orders)

    # What over-indexes is told of everybody, and everybody who has a segment gets something.
    assert project.query("""
        select count(*) from segments.customer_segments
        where segmentation = 'behavior' and segment_id is not null
            and customer_id not in (select customer_id from marts.customer_recommendations)
    """) == [(0,)]
    assert project.query("select max(customers) from baskets.int_item_buyers where segment_id = 0") == [
        (len({customer for customer, *_ in everything}),)
    ]


def test_a_sample_as_large_as_all_who_bought_is_everybody(small: DbtProject, tmp_path: Path) -> None:
    ((purchasers,),) = small.query("select count(*) from features.customer_features where is_current and has_purchased")
    whole = build_offers(small, tmp_path / "whole")
    limit = build_offers(small, tmp_path / "limit", learning_customers=purchasers)
    fewer = build_offers(small, tmp_path / "fewer", learning_customers=purchasers - 1)
    assert orders_learned_from(limit) == orders_learned_from(whole) > orders_learned_from(fewer)
    for mart in ("segment_basket_rules", "segment_recommendations", "customer_recommendations"):
        query = f"select * from marts.{mart} order by all"
        assert limit.query(query) == whole.query(query)


def test_without_customers_to_learn_from_there_are_no_rules(small: DbtProject, tmp_path: Path) -> None:
    project = build_offers(small, tmp_path, learning_customers=0, candidates=70)
    assert project.query("select count(*) from marts.segment_basket_rules") == [(0,)]
    assert project.query("select distinct reason from marts.customer_recommendations") == [
        ("over-indexes in the segment",)
    ]
