"""Segments over time: smoothing by its written rule, flows that add up, and figures that a library confirms."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from harness import ROOT, DbtProject, run_command
from small import ADVICE, SEGMENTATIONS, WITHOUT_DEMO_SEEDS, generated_inputs

MARGIN, PERIODS = 0.3, 3
"""The default smoothing of clusters, as dbt_project.yml says it."""


def smoothed(rows: list[tuple[int | None, float | None, bool]], margin: float | None, periods: int) -> list[int | None]:
    """The rule of docs/configuration.md, one customer and one date at a time.

    `rows` are segment, margin and whether the date ends a period, in the order of dates.
    """
    found: list[int | None] = []
    for index, (segment, distance_margin, is_period_end) in enumerate(rows):
        before = found[-1] if found else None
        needed = periods if is_period_end else periods + 1
        last = [row[0] for row in rows[max(index - needed + 1, 0) : index + 1]]
        is_clear = margin is not None and distance_margin is not None and round(distance_margin, 9) >= margin
        if segment is None:
            found.append(None)
        elif before is None or is_clear or (len(last) == needed and set(last) == {segment}):
            found.append(segment)
        else:
            found.append(before)
    return found


def test_smoothing_is_the_written_rule(demo: DbtProject) -> None:
    follows_the_rule(demo)


def test_years_of_weeks_are_smoothed_by_the_same_rule(tmp_path: Path) -> None:
    """The statement of a history grows with the number of dates, and has to be read all the same."""
    project = DbtProject(tmp_path / "weeks")
    inputs = generated_inputs(tmp_path / "inputs", customers=100)
    variables = {
        "inputs": inputs,
        "segmentations": SEGMENTATIONS,
        "advice": ADVICE,
        "snapshot_period": "week",
        "snapshot_count": 104,
    }
    project.dbt("seed", *WITHOUT_DEMO_SEEDS, variables=variables).check()
    project.dbt("run", "--select", "+customer_segment_history", variables=variables).check()
    # Nobody is there yet at the first of them.
    assert project.query("select count(distinct as_of_date) > 100 from segments.customer_segment_history") == [(True,)]
    follows_the_rule(project)


def follows_the_rule(project: DbtProject) -> None:
    """Hold every smoothed segment of the clusters against the rule as it is written."""
    rows = project.query(
        """
        select scores.segmentation, scores.customer_id, scores.segment_id, scores.margin, is_period_end,
            history.raw_segment_id, history.segment_id
        from segments.cluster_segments as scores
        inner join features.as_of_dates using (as_of_date)
        inner join segments.customer_segment_history as history using (segmentation, customer_id, as_of_date)
        where segmentation in ('behavior', 'profile')
        order by scores.segmentation, scores.customer_id, scores.as_of_date
        """
    )
    kept = 0
    for _, group in groupby(rows, key=lambda row: row[:2]):
        customer = list(group)
        assert [row[5] for row in customer] == [row[2] for row in customer]
        expected = smoothed([(row[2], row[3], row[4]) for row in customer], MARGIN, PERIODS)
        assert [row[6] for row in customer] == expected, customer
        kept += sum(row[5] != row[6] for row in customer)
    assert kept > 100, "nothing was smoothed, so nothing was tested"


def test_smoothing_finds_what_changes_and_removes_what_flickers() -> None:
    """Of planted changes 95 % within two dates, of planted flicker 80 % removed: the study's own bounds."""
    study = run_command([sys.executable, ROOT / "benchmarks" / "study_smoothing.py", "--default-only"])
    assert study.succeeded, study.output
    assert study.output.count("(default)") == 4, study.output


def test_rules_and_scores_follow_at_once(demo: DbtProject) -> None:
    moved = demo.query(
        """
        select count(*) from marts.fct_customer_segment_history
        where segmentation in ('age_band', 'rfm') and raw_segment_id is distinct from segment_id
        """
    )
    assert moved == [(0,)]


def test_the_current_date_of_the_history_is_the_current_table(demo: DbtProject) -> None:
    for one, other in (("fct_customer_segments", "history"), ("history", "fct_customer_segments")):
        assert (
            demo.query(
                f"""
                with history as (
                    select * from marts.fct_customer_segment_history
                    where as_of_date = (select as_of_date from features.as_of_dates where is_current)
                )
                select segmentation, customer_id, raw_segment_id, segment_id, reason from {one}
                except select segmentation, customer_id, raw_segment_id, segment_id, reason from {other}
                """.replace("from fct_", "from marts.fct_")
            )
            == []
        )


@pytest.fixture(scope="module")
def labels(demo: DbtProject) -> dict[str, dict[Any, dict[str, tuple[int | None, int | None]]]]:
    """Scored and smoothed segment by segmentation, as-of date and customer."""
    found: dict[str, dict[Any, dict[str, tuple[int | None, int | None]]]] = {}
    for segmentation, day, customer, raw, smooth in demo.query(
        """
        select segmentation, as_of_date, customer_id, raw_segment_id, segment_id
        from marts.fct_customer_segment_history
        """
    ):
        found.setdefault(segmentation, {}).setdefault(day, {})[customer] = (raw, smooth)
    return found


def test_migrations_are_the_differences_of_the_history(
    demo: DbtProject, labels: dict[str, dict[Any, dict[str, tuple[int | None, int | None]]]]
) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for segmentation, dates in labels.items():
        days = sorted(dates)
        for before, after in pairwise(days):
            for customer in dates[before].keys() | dates[after].keys():
                pair = (
                    dates[before].get(customer, (None, None))[1] or 0,
                    dates[after].get(customer, (None, None))[1] or 0,
                )
                if pair != (0, 0):
                    expected[(segmentation, after, *pair)] += 1
    found = {
        row[:4]: row[4]
        for row in demo.query(
            "select segmentation, as_of_date, from_segment_id, to_segment_id, customers from marts.segment_migrations"
        )
    }
    assert found == expected


def test_stability_is_what_a_library_computes(
    demo: DbtProject, labels: dict[str, dict[Any, dict[str, tuple[int | None, int | None]]]]
) -> None:
    rows = demo.query(
        """
        select segmentation, as_of_date, customers, raw_moved_share, raw_adjusted_rand, moved_share, adjusted_rand
        from marts.segment_stability where segmentation in ('behavior', 'rfm')
        """
    )
    assert len(rows) == 24
    for segmentation, day, customers, *figures in rows:
        days = sorted(labels[segmentation])
        before, after = labels[segmentation][days[days.index(day) - 1]], labels[segmentation][day]
        both = [c for c in after if after[c][0] is not None and before.get(c, (None,))[0] is not None]
        assert customers == len(both)
        expected = []
        for kind in (0, 1):
            old, new = [before[c][kind] for c in both], [after[c][kind] for c in both]
            expected += [np.mean([a != b for a, b in zip(old, new, strict=True)]), adjusted_rand_score(old, new)]
        assert figures == pytest.approx(expected, abs=1e-6)


def test_sizes_and_flows_of_the_plan_add_up(demo: DbtProject) -> None:
    """The size of a segment is that of the date before, and who came, less who went."""
    wrong = demo.query(
        """
        select * from (
            select *, lag(customers) over (partition by segmentation, segment_id order by as_of_date) as before
            from marts.segment_periods
        )
        where before + entered + moved_in - moved_out - left_customers <> customers
        """
    )
    assert wrong == []


def test_the_projection_is_the_markov_chain_that_it_says(demo: DbtProject) -> None:
    """One base date of one segmentation, by matrices."""
    (base,) = demo.query("select max(base_date) from marts.segment_projection where segmentation = 'behavior'")[0]
    flows = demo.query(
        f"""
        select as_of_date, from_segment_id, to_segment_id, customers from marts.segment_migrations
        where segmentation = 'behavior' and as_of_date <= '{base}'
        """
    )
    memory = sorted({row[0] for row in flows})[-3:]
    size = 1 + max(row[2] for row in flows)
    pooled = np.zeros((size, size))
    now = np.zeros(size)
    for day, before, after, customers in flows:
        if day in memory:
            pooled[before, after] += customers
        if day == base:
            now[after] += customers
    moves = pooled[1:, :] / pooled[1:, :].sum(axis=1, keepdims=True)
    entries, sizes = pooled[0, 1:] / 3, now[1:]
    for ahead in (1, 2, 3):
        sizes = sizes @ moves[:, 1:] + entries
        found = demo.query(
            f"""
            select projected_customers from marts.segment_projection
            where segmentation = 'behavior' and base_date = '{base}' and periods_ahead = {ahead} order by segment_id
            """
        )
        assert [row[0] for row in found] == pytest.approx(sizes.tolist(), abs=1e-3)


def test_what_was_published_is_kept_by_run(demo: DbtProject) -> None:
    same = demo.query(
        """
        select count(*), count(distinct run_number),
            count(*) filter (where published.segment_id is not distinct from labels.segment_id)
        from publication.published_segments as published
        inner join marts.fct_customer_segments as labels using (segmentation, customer_id)
        """
    )
    assert same == [(10_000, 1, 10_000)]
