"""A run that works on changes alone must end where a full build ends, whatever has happened since the run before."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streaming import FeedReader, present_members

from harness import DbtProject, Outcome
from replay import Source, refreshed_and_published, settings, year
from small import WITHOUT_DEMO_SEEDS, build_small, copy_of_small, small_warehouse, variables


@pytest.mark.parametrize("seed", [1])
def test_a_year_in_batches_ends_each_time_where_a_full_build_ends(tmp_path: Path, seed: int) -> None:
    source = Source(tmp_path / "source", customers=200, seed=seed)
    project = DbtProject(tmp_path / "batches")
    scopes = []
    follower = FeedReader()
    for number, batch in enumerate(year(source, runs=5)):
        variables = settings(source, batch.as_of_date)
        if number == 2:
            # A run for the new day that is refused leaves its work to the next one.
            refused = project.build(*WITHOUT_DEMO_SEEDS, variables=variables | {"default_max_reject_share": 0.0})
            assert not refused.succeeded
        project.build(*WITHOUT_DEMO_SEEDS, variables=variables).check()
        follower.look(project.published)
        with project.connect(published=True) as connection:
            assert follower.members == present_members(connection)
        scopes += project.query(
            "select inputs.is_full, features.is_full, scores.is_full, inputs.reason, features.reason, scores.reason,"
            " features.keeps_past, scores.keeps_past"
            " from refresh.refresh_scope as inputs, refresh.feature_scope as features, refresh.score_scope as scores"
        )
        if batch.is_compared:
            full = project.copy_to(tmp_path / f"full_{number}")
            full.build(*WITHOUT_DEMO_SEEDS, "--full-refresh", variables=variables).check()
            expected = refreshed_and_published(full)
            found = refreshed_and_published(project)
            assert found.keys() == expected.keys()
            for name in found:
                assert found[name] == expected[name], (name, number, scopes)
    # Who follows the feeds took them whole once, and has seen somebody go.
    assert follower.whole == 1
    assert follower.removed > 0
    # The inputs were read whole once; a new as-of date made features and scores whole, in one month but for the past.
    assert [scope[0] for scope in scopes] == [True] + [False] * 4, scopes
    assert [scope[1] for scope in scopes] == [True, False, True, True, False], scopes
    assert [scope[1] and scope[6] and scope[7] for scope in scopes] == [False, False, True, False, False], scopes


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


@pytest.mark.long
def test_no_change_is_lost_that_was_not_published(small: DbtProject, tmp_path: Path) -> None:
    """An order goes to another customer and back again, and every run in between is one that publishes nothing."""
    project = copy_of_small(small, tmp_path / "project")
    inputs = {**variables(project)["inputs"]}
    inputs["orders"] = {"path": str(tmp_path / "orders.csv")}
    original = Path(variables(project)["inputs"]["orders"]["path"]).read_text(encoding="utf-8")
    order, first = project.query(
        "select min_by(order_id, ordered_at), min_by(customer_id, ordered_at) from features.int_orders"
    )[0]
    other = project.query(f"select max(customer_id) from features.int_orders where customer_id <> '{first}'")[0][0]
    assert original.count(f"{order},{first},") == 1

    def orders(text: str) -> None:
        (tmp_path / "orders.csv").write_text(text, encoding="utf-8")

    def owner() -> str:
        rows = project.query(f"select customer_id from features.int_orders where order_id = '{order}'")
        return str(rows[0][0])

    def is_full() -> bool:
        return bool(project.query("select is_full from refresh.refresh_scope")[0][0])

    orders(original)
    build_small(project, inputs=inputs).check()
    assert is_full(), "another file is another configuration"

    orders(original.replace(f"{order},{first},", f"{order},{other},"))
    project.dbt("run", variables=variables(project, inputs=inputs)).check()
    assert (owner(), is_full()) == (other, False)

    orders(original)
    refused = build_small(project, inputs=inputs, default_max_reject_share=0.0)
    assert not refused.succeeded
    left_out = build_small(project, "--select", "customer_segment_history", inputs=inputs)
    assert left_out.succeeded, left_out.output

    build_small(project, inputs=inputs).check()
    assert (owner(), is_full()) == (first, False)
    full = project.copy_to(tmp_path / "full")
    full.build(*WITHOUT_DEMO_SEEDS, "--full-refresh", variables=variables(project, inputs=inputs)).check()
    assert refreshed_and_published(project) == refreshed_and_published(full)

    build_small(project, inputs=inputs).check()
    assert project.query("select count(*) from refresh.changed_keys") == [(0,)]


def test_a_customer_who_signs_up_after_the_newest_order_is_one_of_today(small: DbtProject, tmp_path: Path) -> None:
    """The as-of date follows the newest order; a stream may bring customers before their first order."""
    project = copy_of_small(small, tmp_path / "project")
    inputs = {**variables(project)["inputs"]}
    with Path(inputs["customers"]["path"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    inputs["customers"] = {"path": str(tmp_path / "customers.csv")}

    def write(customers: list[dict[str, str]]) -> None:
        with (tmp_path / "customers.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(customers)

    write(rows)
    build_small(project, inputs=inputs).check()
    as_of_date = project.query("select max(as_of_date) from features.as_of_dates")[0][0]
    later = as_of_date + datetime.timedelta(days=40)
    write([*rows, {**rows[0], "customer_id": "late", "signup_at": f"{later} 10:00:00", "email": ""}])
    build_small(project, inputs=inputs).check()

    assert project.query("select is_full from refresh.refresh_scope") == [(False,)]
    assert project.query("select as_of_date from features.customer_features where customer_id = 'late'") == [
        (as_of_date,)
    ]
    full = project.copy_to(tmp_path / "full")
    full.build(*WITHOUT_DEMO_SEEDS, "--full-refresh", variables=variables(project, inputs=inputs)).check()
    assert refreshed_and_published(project) == refreshed_and_published(full)


LEARNED = (
    "segment_basket_rules",
    "segment_recommendations",
    "recommendation_backtest",
    "clv_parameters",
    "clv_evaluation",
    "segmentation_differentiation",
    "segment_rules",
)
LEARNED_FROM = (
    "baskets.int_learning_customers",
    "baskets.int_backtest_customers",
    "baskets.int_basket_lines",
    "segments.sample_labels",
    "value.value_sample",
    "value.frozen_segments",
)

BANDS = "from value.spending_bands order by all"
BUYERS_OF_NO_BAND_OR_SEVERAL = """
    select customers.customer_id
    from features.current_features as customers
    left join value.spending_bands as bands
        on customers.monetary >= bands.monetary_from and customers.monetary < bands.monetary_below
    where customers.has_purchased
    group by customers.customer_id
    having count(bands.place) <> 1
"""


@pytest.mark.long
def test_what_was_learned_stands_until_there_is_a_reason(small: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(small, tmp_path / "project")
    inputs = {**variables(project)["inputs"]}
    lines = Path(inputs["orders"]["path"]).read_text(encoding="utf-8").splitlines(keepends=True)
    inputs["orders"] = {"path": str(tmp_path / "orders.csv")}
    settings = {"inputs": inputs, "snapshot_count": 8, "default_max_reject_share": 1.0}

    def run(share: float, **changes: Any) -> Outcome:
        """Build on the first orders of the file."""
        (tmp_path / "orders.csv").write_text("".join(lines[: int(share * len(lines))]), encoding="utf-8")
        return build_small(project, **(settings | changes))

    def reason() -> str | None:
        ((is_full, reason, applies_to_all),) = project.query(
            "select learning.is_full, learning.reason, application.is_full"
            " from refresh.learning_scope as learning, refresh.application_scope as application"
        )
        assert is_full == (reason is not None)
        assert applies_to_all or not is_full
        return None if reason is None else str(reason)

    def learned() -> dict[str, Any]:
        content = project.content()
        return {name: content[f"marts.{name}"] for name in LEARNED}

    run(0.99, as_of_date="2026-01-05").check()
    assert reason() == "the configuration, the project or a segmentation has changed"
    before = learned()
    assert all(project.query(f"select count(*) > 0 from {name}") == [(True,)] for name in LEARNED_FROM)
    bands = project.query(BANDS)

    # On fewer orders of the same day, and on another day of the month, for everybody.
    run(0.95, as_of_date="2026-01-05").check()
    assert reason() is None
    run(0.95, as_of_date="2026-01-09").check()
    assert reason() is None
    assert learned() == before
    assert bands == project.query(BANDS)
    assert project.query(BUYERS_OF_NO_BAND_OR_SEVERAL) == []
    assert all(project.query(f"select count(*) from {name}") == [(0,)] for name in LEARNED_FROM), "nobody is kept"
    assert project.query("select min(as_of_date), max(as_of_date) from marts.customer_recommendations") == [
        (datetime.date(2026, 1, 9), datetime.date(2026, 1, 9))
    ]
    full = project.copy_to(tmp_path / "full")
    now = variables(project, **settings, as_of_date="2026-01-09")
    full.build(*WITHOUT_DEMO_SEEDS, "--full-refresh", variables=now).check()
    assert refreshed_and_published(project) == refreshed_and_published(full)

    run(0.75, as_of_date="2026-01-09").check()
    assert reason() == "more orders have come or gone since than learning.above_share allows"
    assert learned() != before
    run(0.75, as_of_date="2026-01-05").check()
    assert reason() == "less is known than when it was learned"

    # One that is refused teaches nobody anything.
    before = learned()
    assert not run(0.99, as_of_date="2026-02-03", default_max_reject_share=0.0).succeeded
    assert reason() == "another period has begun"
    assert learned() == before
    run(0.99, as_of_date="2026-02-03").check()
    assert reason() == "the last full run did not end in a publication"
    run(0.99, as_of_date="2026-02-03").check()
    assert reason() is None


def test_a_database_of_an_earlier_form_is_built_whole(small: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(small, tmp_path / "project")
    with duckdb.connect(str(project.database)) as connection:
        for scope in ("feature_scope", "score_scope"):
            connection.execute(f"alter table refresh.{scope} drop column keeps_past")
        connection.execute("alter table refresh.changed_orders drop column ordered_on")
        connection.execute("update refresh.refresh_scope set fingerprint = 'that of an earlier project'")
        # Models that it had, and that are gone.
        connection.execute("create table value.int_customer_costs as select 'somebody' as customer_id")
        connection.execute("create view baskets.int_known_items as select 'somebody' as customer_id")
    build_small(project).check()
    assert project.query("select is_full, keeps_past from refresh.score_scope") == [(True, False)]
    left = "select 1 from information_schema.tables where table_name in ('int_customer_costs', 'int_known_items')"
    assert project.query(left) == []


def test_inputs_that_are_seeds_are_refreshed_too(demo: DbtProject, tmp_path: Path) -> None:
    project = demo.copy_to(tmp_path / "project")
    project.build().check()
    assert project.query("select is_full from refresh.refresh_scope") == [(False,)]
    assert project.content(schemas=("marts",)).keys() == demo.content(schemas=("marts",)).keys()
    found, expected = refreshed_and_published(project), refreshed_and_published(demo)
    # A model that stood before this run is measured for drift, and its decision says so.
    differing = {name for name in expected if found[name] != expected[name]}
    assert differing == {"marts.segmentation_decisions", "marts.segmentation_drift"}

    # A table that such a run adds to, and that is gone: what stands before it may hold the changed customers alone.
    with duckdb.connect(str(project.database)) as connection:
        connection.execute("drop table segments.customer_labels")
    outcome = project.dbt("run", "--select", "customer_labels")
    assert not outcome.succeeded
    message = " ".join(outcome.output.split())
    assert (
        'customer_labels": expected it to be there, as this run works on changed customers alone, found none.'
        in message
    )
    assert "Build the whole project (`dbt build`)" in message
    assert "in macro" not in message
