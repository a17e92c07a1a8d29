"""Segments over time: smoothing by its written rule, flows that add up, and figures that a library confirms."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from harness import ROOT, DbtProject, run_command
from segmentation.distances import squared_distances
from segmentation.parameters import ClusterModel, rows_from_frame
from segmentation.scoring import encode
from small import ADVICE, SEGMENTATIONS, WITHOUT_DEMO_SEEDS, generated_inputs

MARGIN, PERIODS = 0.3, 3
"""The default smoothing of clusters, as dbt_project.yml says it."""

FITTED_ON = "2025-07-01"


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


def test_a_first_model_has_no_past_that_smoothing_could_be_loyal_to(demo: DbtProject) -> None:
    assert (
        demo.query(
            """
            select customer_id from marts.fct_customer_segment_history where raw_segment_id is distinct from segment_id
            union all
            select customer_id from marts.fct_customer_segments where raw_segment_id is distinct from segment_id
            """
        )
        == []
    )


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """Two years of weeks, whose model was fitted half a year ago: the statement of a history grows with its dates.

    Every fourth customer arrives only for the second build, with all orders of the past.
    """
    folder = tmp_path_factory.mktemp("weeks")
    project = DbtProject(folder / "weeks")
    inputs = generated_inputs(folder / "inputs", customers=150)
    variables = {
        "inputs": inputs,
        "segmentations": SEGMENTATIONS,
        "advice": ADVICE,
        "snapshot_period": "week",
        "snapshot_count": 104,
    }
    path = Path(inputs["customers"]["path"])
    everybody = path.read_text(encoding="utf-8")
    header, *rows = everybody.splitlines(keepends=True)
    path.write_text(header + "".join(row for number, row in enumerate(rows) if number % 4), encoding="utf-8")
    settings = {"as_of_date": FITTED_ON, "default_max_reject_share": 1}
    project.build(*WITHOUT_DEMO_SEEDS, variables=variables | settings).check()
    known = [customer for (customer,) in project.query("select customer_id from marts.dim_customers", published=True)]
    (project.folder / "known.json").write_text(json.dumps(known), encoding="utf-8")
    path.write_text(everybody, encoding="utf-8")
    project.build(*WITHOUT_DEMO_SEEDS, variables=variables | {"as_of_date": "2026-01-01"}).check()
    return project


def test_smoothing_is_the_written_rule_from_the_first_date_on_which_a_segment_was_told(weeks: DbtProject) -> None:
    """Hold every smoothed segment of the clusters against the rule as it is written."""
    known = set(json.loads((weeks.folder / "known.json").read_text(encoding="utf-8")))
    rows = weeks.query(
        f"""
        select scores.segmentation, scores.customer_id, scores.segment_id, scores.margin, is_period_end,
            history.raw_segment_id, history.segment_id, as_of_date < '{FITTED_ON}'
        from segments.cluster_segments as scores
        inner join features.as_of_dates using (as_of_date)
        inner join segments.customer_segment_history as history using (segmentation, customer_id, as_of_date)
        where segmentation in ('behavior', 'profile')
        order by scores.segmentation, scores.customer_id, scores.as_of_date
        """
    )
    kept = spared = 0
    for (_, customer_id), group in groupby(rows, key=lambda row: row[:2]):
        customer = list(group)
        assert [row[5] for row in customer] == [row[2] for row in customer]
        # Up to the first date that the model told of the customer, the segment is the scored one.
        first = sum(row[7] for row in customer)
        told = [row[6] for row in customer]
        if customer_id not in known:
            spared += told != smoothed([(row[2], row[3], row[4]) for row in customer], MARGIN, PERIODS)
            first = len(customer)
        assert told[:first] == [row[2] for row in customer[:first]]
        assert told[first:] == smoothed([(row[2], row[3], row[4]) for row in customer[first:]], MARGIN, PERIODS)
        kept += sum(row[5] != row[6] for row in customer)
    assert kept > 50, "nothing was smoothed, so nothing was tested"
    assert spared > 5, "nobody who came late would have been smoothed, so nothing was tested"


def test_what_is_told_of_a_customer_who_is_held_is_told_of_the_published_segment(weeks: DbtProject) -> None:
    """Every distance to every segment, by the scoring in Python."""
    held = 0
    for segmentation in ("behavior", "profile"):
        labels = weeks.frame(
            f"from marts.fct_customer_segments where segmentation = '{segmentation}' and segment_id is not null"
        ).to_pandas()
        parameters = weeks.frame(
            f"select * from clustering.candidate_parameters where segmentation = '{segmentation}'"
        ).to_pandas()
        customers = weeks.frame("select * from features.current_features").to_pandas().set_index("customer_id")
        model = ClusterModel.from_rows(rows_from_frame(parameters))
        squares = squared_distances(*encode(model, customers.loc[labels["customer_id"]]))
        rows = np.arange(len(labels))
        own = np.searchsorted(model.segment_ids, labels["segment_id"])
        distances = np.sqrt(squares)
        others = distances.copy()
        others[rows, own] = np.inf
        nearest = others.argmin(axis=1)
        assert labels["distance"].to_numpy() == pytest.approx(distances[rows, own])
        assert labels["runner_up_segment_id"].tolist() == [model.segment_ids[place] for place in nearest]
        shares = (1 / squares) / (1 / squares).sum(axis=1, keepdims=True)
        assert labels["membership"].to_numpy() == pytest.approx(shares[rows, own])
        longer = np.maximum(others[rows, nearest], distances[rows, own])
        margins = (others[rows, nearest] - distances[rows, own]) / longer
        assert labels["margin"].to_numpy() == pytest.approx(margins)
        assert (labels["is_borderline"] == (labels["margin"] < 0.1)).all()
        is_held = labels["segment_id"] != labels["raw_segment_id"]
        assert (labels.loc[is_held, "margin"] <= 0).all()
        held += int(is_held.sum())
    assert held > 1, "nobody was held, so nothing was tested"
    assert weeks.query(
        """
        select count(*) from marts.customer_explanations as told
        inner join marts.fct_customer_segments as labels using (segmentation, customer_id)
        where told.segment_id <> labels.segment_id or told.runner_up_segment_id <> labels.runner_up_segment_id
            or sign(round(told.advantage, 5)) * sign(round(labels.margin, 5)) < 0
        """
    ) == [(0,)]


def test_words_of_a_segment_tell_the_figures_of_its_profile(demo: DbtProject) -> None:
    """Whatever number stands in a description is a mean or a share of that segment, or of everybody."""
    told = 0
    for segmentation, segment, description in demo.query(
        "select segmentation, segment_id, description from marts.dim_segments where method in ('kmeans', 'kprototypes')"
    ):
        figures = {
            round(float(value), digits)
            for row in demo.query(
                f"""
                select mean, overall, 100 * share, 100 * overall from marts.segment_profiles
                where segmentation = '{segmentation}' and segment_id = {segment}
                """
            )
            for value in row
            if value is not None
            for digits in (0, 1, 2)
        }
        numbers = [float(text.replace(",", "")) for text in re.findall(r"[\d,]*\d(?:[.]\d+)?", description)]
        assert numbers, description
        assert set(numbers) <= figures, description
        told += len(numbers)
    assert told > 30


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
