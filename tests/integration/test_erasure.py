"""Whoever is deleted at the source is gone after the next build: in every table, the append-only ones included."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from harness import DbtProject
from small import SEGMENTATIONS, build_small, copy_of_small, small_warehouse, variables

STILL_KNOWN = {
    ("rejected_records", "record_key"),
    ("rejected_records", "reason"),
    ("rejected_records", "raw_row"),
    ("stg_customers_checked", "customer_id"),
    ("stg_orders_checked", "customer_id"),
    ("stg_orders_checked", "reject_reason"),
    ("stg_orders_checked", "raw_row"),
}
"""Where in staging the id stands as long as the source sends it: who is to be forgotten has to be known."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


@pytest.fixture(scope="module")
def erased(small: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> tuple[DbtProject, tuple[str, str, str]]:
    """The small warehouse after a build in which the source has deleted somebody, and who that was."""
    project = copy_of_small(small, tmp_path_factory.mktemp("erasure") / "warehouse")
    customer = somebody(project)
    for value in customer[:2]:
        assert traces(project, value), value
    inputs = json.loads((project.folder / "inputs.json").read_text(encoding="utf-8"))
    inputs["customers"]["path"] = str(with_deletion(Path(inputs["customers"]["path"]), project.folder, customer[0]))
    outcome = build_small(project, inputs=inputs)
    assert outcome.succeeded, outcome.output
    return project, customer


def somebody(project: DbtProject) -> tuple[str, str, str]:
    """Return id, e-mail address and its hash of a customer who stands in a feed and in the published history."""
    customer_id, email, digest = project.query(
        """
        select customer_id, email, sha256(lower(trim(email))) as digest
        from staging.stg_customers
        where customer_id in (select customer_id from publication.published_segments where segment_id is not null)
            and digest in (select email_identifier from feeds.exported_feed_members)
        order by customer_id
        limit 1
        """
    )[0]
    return str(customer_id), str(email), str(digest)


def with_deletion(file: Path, folder: Path, customer_id: str) -> Path:
    """Copy the customers, one of them marked as deleted and otherwise as before."""
    with file.open(encoding="utf-8", newline="") as source:
        reader = csv.DictReader(source)
        header, rows = [*(reader.fieldnames or ()), "deleted_at"], list(reader)
    marked = [row for row in rows if row["customer_id"] == customer_id]
    assert len(marked) == 1
    marked[0]["deleted_at"] = "2026-01-01 12:00:00"
    copy = folder / "customers_with_deletion.csv"
    with copy.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, header)
        writer.writeheader()
        writer.writerows(rows)
    return copy


def traces(project: DbtProject, value: str, *, published: bool = False) -> set[tuple[str, str]]:
    """Return table and column of every text that is a value or speaks of it; views on the user's files are left out.

    Ids of customers look like numbers of other things, so within a text only `customer_id` tells one from them.
    """
    within = value if "@" in value else f"customer_id[^0-9a-zA-Z]+{value}"
    with project.connect(published=published) as connection:
        columns = connection.execute(
            """
            select schema_name, table_name, column_name from duckdb_columns()
            where database_name = current_database() and not internal and data_type = 'VARCHAR'
                and not (schema_name = 'staging' and starts_with(table_name, 'raw_'))
            """
        ).fetchall()
        return {
            (table, column)
            for schema, table, column in columns
            if connection.execute(
                f"""
                select count(*) from "{schema}"."{table}" where "{column}" = $1 or regexp_matches("{column}", $2)
                """,
                [value, within],
            ).fetchall()
            != [(0,)]
        }


def test_nothing_that_readers_open_knows_the_customer(erased: tuple[DbtProject, tuple[str, str, str]]) -> None:
    project, (customer_id, email, _) = erased
    for value in (customer_id, email):
        assert traces(project, value, published=True) == set()
    assert project.query("select count(*) from marts.dim_customers", published=True) == [(299,)]


def test_no_table_keeps_more_than_the_id_that_says_whom_to_forget(
    erased: tuple[DbtProject, tuple[str, str, str]],
) -> None:
    project, (customer_id, email, _) = erased
    assert traces(project, email) == set()
    found = traces(project, customer_id)
    assert ("rejected_records", "record_key") in found
    assert found <= STILL_KNOWN
    kept = project.query(
        f"""
        select rule, raw_row from staging.rejected_records
        where input = 'customers' and record_key = '{customer_id}'
        """
    )
    assert kept == [("deleted", None)]


def test_published_history_loses_the_customer_and_nobody_else(
    small: DbtProject, erased: tuple[DbtProject, tuple[str, str, str]]
) -> None:
    """The rows of the first run stay as they are, for everybody else."""
    project, (customer_id, _, _) = erased
    history = "select * from publication.published_segments where run_number = 1 and customer_id <> '{}' order by all"
    before = small.query(history.format(customer_id))
    assert len(before) == 299 * len(SEGMENTATIONS)
    assert project.query(history.format(customer_id)) == before
    assert project.query(f"select * from publication.published_segments where customer_id = '{customer_id}'") == []


def test_the_platforms_are_told_once_and_then_the_hash_is_gone(
    erased: tuple[DbtProject, tuple[str, str, str]],
) -> None:
    """A removal names whom to remove. The build after it has nobody left to name."""
    project, (_, _, digest) = erased
    told = project.query(f"select distinct change from marts.feed_changes where email_identifier = '{digest}'")
    assert told == [("remove",)]
    assert {table for table, _ in traces(project, digest)} == {"feed_changes"}
    assert project.query("select count(*) > 0 from feeds.exported_feed_members") == [(True,)]
    outcome = project.dbt("run", "--select", "feed_changes", variables=variables(project))
    assert outcome.succeeded, outcome.output
    assert traces(project, digest) == set()
