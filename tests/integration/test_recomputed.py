"""Figures of the demo, worked out a second time and plainly: p-values, backtest errors, reject shares, feeds, words."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness import ROOT, DbtProject

TOLERANCE = 2e-6
"""Published shares and z statistics have six decimals."""


@pytest.fixture(scope="module")
def labelled(demo: DbtProject) -> pd.DataFrame:
    """Every label beside the features of its customer."""
    frame: pd.DataFrame = demo.frame(
        """
        select labels.segmentation, labels.segment_id, customers.*
        from marts.fct_customer_segments as labels
        inner join marts.dim_customers as customers on labels.customer_id = customers.customer_id
        where labels.segment_id is not null
        """
    ).to_pandas()
    return frame


def profiles(demo: DbtProject, of: str) -> list[tuple[str, int, str, str, float | None]]:
    rows = demo.query(
        f"select segmentation, segment_id, feature, level, p_value from marts.segment_profiles where {of} order by all"
    )
    return [(str(name), int(segment), str(feature), str(level), p) for name, segment, feature, level, p in rows]


def test_p_values_of_levels_are_those_of_the_table_of_four_fields(demo: DbtProject, labelled: pd.DataFrame) -> None:
    """A segment against the rest, with the level or without: Pearson's chi-square without a correction."""
    tested = 0
    for segmentation, segment, feature, level, p_value in profiles(demo, "level not in ('', '(other)')"):
        rows = labelled[labelled["segmentation"] == segmentation]
        levels = rows[feature].map(str).replace({"True": "true", "False": "false"})
        has_level = levels.where(rows[feature].notna(), "(missing)") == level
        fields = pd.crosstab(rows["segment_id"] == segment, has_level).reindex(
            index=[False, True], columns=[False, True], fill_value=0
        )
        if fields.sum(axis=1).min() == 0 or fields.sum(axis=0).min() == 0:
            assert p_value is None
            continue
        found = stats.chi2_contingency(fields, correction=False)
        # Where fewer than five are expected in a field, there is no test.
        assert (p_value is None) == (found.expected_freq.min() < 5), (segmentation, segment, feature, level)
        if p_value is not None:
            assert p_value == pytest.approx(found.pvalue, abs=TOLERANCE), (segmentation, segment, feature, level)
            tested += 1
    assert tested > 100


def test_p_values_of_numbers_are_those_of_welch(demo: DbtProject, labelled: pd.DataFrame) -> None:
    """A segment against the rest; with as many customers the t distribution is the normal one but for a little."""
    tested = 0
    for segmentation, segment, feature, _, p_value in profiles(demo, "level = ''"):
        rows = labelled[labelled["segmentation"] == segmentation]
        values = rows[feature].astype("float64")
        inside = values[rows["segment_id"] == segment].dropna()
        outside = values[rows["segment_id"] != segment].dropna()
        if min(len(inside), len(outside)) < 30:
            assert p_value is None
            continue
        if inside.nunique() == 1 and outside.nunique() == 1:
            continue
        z = stats.ttest_ind(inside, outside, equal_var=False).statistic
        assert p_value == pytest.approx(2 * stats.norm.sf(abs(z)), abs=1e-5), (segmentation, segment, feature)
        tested += 1
    assert tested > 100


def test_backtest_errors_are_those_of_a_markov_chain_in_arrays(demo: DbtProject) -> None:
    """Sizes one to three periods ahead of each past date, from the moves of three periods, beside the true ones."""
    history = demo.frame(
        """
        select segmentation, customer_id, as_of_date, segment_id
        from marts.fct_customer_segment_history
        where as_of_date in (select as_of_date from features.as_of_dates where not is_current)
        """
    ).to_pandas()
    found = demo.query(
        """
        select segmentation, periods_ahead, any_value(backtest_error), any_value(unchanged_error),
            count(distinct backtest_error), count(actual_customers)
        from marts.segment_projection group by all order by all
        """
    )
    assert len(found) == 3 * history["segmentation"].nunique()
    for segmentation, ahead, error, unchanged_error, errors, known in found:
        wide = history[history["segmentation"] == segmentation].pivot(
            index="customer_id", columns="as_of_date", values="segment_id"
        )
        labels = wide.fillna(0).astype(int).to_numpy()
        segments = int(labels.max()) + 1
        sizes = np.array([np.bincount(column, minlength=segments)[1:] for column in labels.T], dtype=float)
        projected_off = unchanged_off = total = 0.0
        for base in range(3, len(sizes) - ahead):
            moves = np.zeros((segments, segments))
            for date in range(base - 2, base + 1):
                np.add.at(moves, (labels[:, date - 1], labels[:, date]), 1)
            leaving = moves[1:].sum(axis=1, keepdims=True)
            chain = np.divide(moves[1:, 1:], leaving, out=np.zeros_like(moves[1:, 1:]), where=leaving > 0)
            projected = sizes[base]
            for _ in range(ahead):
                projected = projected @ chain + moves[0, 1:] / 3
            projected_off += np.abs(projected - sizes[base + ahead]).sum()
            unchanged_off += np.abs(sizes[base] - sizes[base + ahead]).sum()
            total += sizes[base + ahead].sum()
        assert (errors, known > 0) == (1, True)
        assert error == pytest.approx(projected_off / total, abs=1e-5), (segmentation, ahead)
        assert unchanged_error == pytest.approx(unchanged_off / total, abs=1e-5), (segmentation, ahead)
        assert error > 0


def test_reject_shares_are_counted_in_the_files(demo: DbtProject) -> None:
    """Of the lines of a file, less those that were set aside on request, how many did not come through."""
    reconciled = {
        name: rest
        for name, *rest in demo.query(
            "select input, raw_rows, accepted_rows, rejected_rows, set_aside_rows, reject_share "
            "from staging.input_reconciliation"
        )
    }
    assert reconciled.keys() == {"customers", "orders", "order_items", "products"}
    for name, (raw, accepted, rejected, set_aside, share) in reconciled.items():
        with (ROOT / "seeds" / "demo" / f"demo_{name}.csv").open(encoding="utf-8", newline="") as lines:
            in_file = sum(1 for _ in csv.reader(lines)) - 1
        ((there,),) = demo.query(f"select count(*) from staging.stg_{name}")
        rules = Counter(
            dict(demo.query(f"select rule, count(*) from staging.rejected_records where input = '{name}' group by 1"))
        )
        asked_for = rules["deleted"] + rules["after_as_of_date"]
        assert (raw, accepted, set_aside) == (in_file, there, asked_for)
        assert rejected == rules.total() == in_file - there
        assert share == pytest.approx((in_file - there - asked_for) / (in_file - asked_for), abs=1e-6)
        assert 0 < share < 0.05


@pytest.fixture(scope="module")
def may_be_sent(demo: DbtProject) -> dict[str, int]:
    """The segment of every customer who may be exported, from staging, the history and the hash of the hold-out."""
    rows = demo.query(
        """
        select history.customer_id, history.segment_id, customers.marketing_consent
        from marts.fct_customer_segment_history as history
        inner join staging.stg_customers as customers on history.customer_id = customers.customer_id
        where history.segmentation = 'behavior' and history.segment_id is not null
            and history.as_of_date = (select max(as_of_date) from marts.fct_customer_segment_history)
        """
    )
    sizes = Counter(segment for _, segment, _ in rows)

    def is_held_out(customer: str) -> bool:
        digest = hashlib.md5(f"20260101:behavior:{customer}".encode()).hexdigest()
        return int(digest[:8], 16) < 0.1 * 0xFFFFFFFF

    return {
        customer: segment
        for customer, segment, consent in rows
        if consent and not is_held_out(customer) and sizes[segment] >= 100
    }


def test_nobody_is_sent_who_must_not_be(demo: DbtProject, may_be_sent: dict[str, int]) -> None:
    """Whoever stands in a feed is somebody who may be sent, and in the segment that the feed says."""
    owners: dict[tuple[str, str, int], set[str]] = {}
    for platform, key, segment, customer in demo.query(
        "select platform, member_key, segment_id, customer_id from feeds.feed_candidates"
    ):
        owners.setdefault((platform, key, segment), set()).add(customer)
    for platform, table in (("google", "feed_google_customer_match"), ("meta", "feed_meta_custom_audiences")):
        published = demo.query(f"select segment_id, member_key from marts.{table}", published=True)
        assert len(published) > 500
        members = demo.query(f"select segment_id, member_key from feeds.feed_members where platform = '{platform}'")
        assert sorted(members) == sorted(published)
        for segment, key in published:
            assert any(may_be_sent.get(customer) == segment for customer in owners[platform, key, segment])


def test_missing_identifiers_are_counted(demo: DbtProject) -> None:
    """Of the members who have consented, how many have no address or name at all, from the values of staging."""
    expected = Counter(
        {
            (segment, subject): count
            for segment, *counts in demo.query(
                """
                select members.segment_id,
                    count_if(trim(coalesce(email, '')) = ''),
                    count_if(trim(coalesce(postal_code, '')) = ''),
                    count_if(trim(coalesce(first_name, '')) = '' or trim(coalesce(last_name, '')) = '')
                from marts.audience_members as members
                inner join staging.stg_customers as customers on members.customer_id = customers.customer_id
                where members.is_current and customers.marketing_consent
                group by 1
                """
            )
            for subject, count in zip(("email", "zip", "name"), counts, strict=True)
        }
    )
    assert expected.total() > 0
    for platform in ("google", "meta"):
        found = Counter(
            {
                (segment, subject): count
                for segment, subject, count in demo.query(
                    f"""
                    select segment_id, subject, customers from marts.feed_quality
                    where platform = '{platform}' and outcome = 'missing' and subject in ('email', 'zip', 'name')
                    """
                )
            }
        )
        assert +found == +expected


def test_every_identifier_of_a_member_is_accounted_for(demo: DbtProject) -> None:
    rows = demo.query(
        """
        select platform, segment_id, subject, sum(customers) from marts.feed_quality
        where subject <> 'member' group by all
        """
    )
    consenting = dict(
        demo.query(
            """
            select members.segment_id, count(*) from marts.audience_members as members
            inner join staging.stg_customers as customers on members.customer_id = customers.customer_id
            where members.is_current and customers.marketing_consent group by 1
            """
        )
    )
    assert len(rows) == 2 * 5 * len(consenting)
    assert all(count == consenting[segment] for _, segment, _, count in rows)


def as_people_read_it(value: float) -> str:
    """Return a number in about three digits, by the decimal arithmetic of Python."""
    exact = Decimal(repr(value))
    if abs(exact - round(exact)) < Decimal("0.000001"):
        return str(round(exact))
    places = 0 if abs(exact) >= 100 else 1 if abs(exact) >= 10 else 2
    shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return str(shown) if shown else "0"


def test_words_hold_the_numbers_that_stand_beside_them(demo: DbtProject) -> None:
    rows = demo.query("select level, in_words, figure, overall from marts.segment_drivers", published=True)
    decimals: Counter[int] = Counter()
    for level, words, figure, overall in rows:
        shown = tuple(words.split(" than average: ")[1].split(" against "))
        if level:
            in_percent = (100 * Decimal(repr(share)) for share in (figure, overall))
            assert shown == tuple(f"{share.quantize(Decimal(1), ROUND_HALF_UP)} %" for share in in_percent), words
        else:
            assert shown == (as_people_read_it(figure), as_people_read_it(overall)), words
            decimals.update(len(number.partition(".")[2]) for number in shown)
    assert decimals.keys() == {0, 1, 2}, "numbers of every size are told"
