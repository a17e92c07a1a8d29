"""Feeds: identifiers by the platforms' rules, consent, hold-out, and what changes from export to export."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest

from harness import DbtProject
from small import build_small, copy_of_small, small_warehouse, variables

CUSTOMERS = {
    # email, phone, first name, last name, city, region, postal code, country
    "vector": (" AlexZ@Example.com ", "+1 (800) 555-0100", " Ann ", "O'Hara", "New York", "NY", "10001-1234", "us"),
    "gmail": (
        "J.o.Hn+News@GMail.com",
        "0049 (0)30 12 34 56",
        "Jörg",
        "Müller-Lüdenscheidt",
        "Köln",
        "NRW",
        "50667",
        "DE",
    ),
    "national": ("no address", "030 123456", "Eva", "", "", "", "", "Germany"),
    "letters": ("a@b", "call me", "", "", "", "", "", ""),
}

EVERYBODY = {"name": "All", "when": "gender is null or gender is not null"}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def identifiers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    project = DbtProject(tmp_path_factory.mktemp("identifiers"))
    header = ["customer_id", "email", "phone", "first_name", "last_name", "city", "region", "postal_code", "country"]
    rows = [[name, *values, "true"] for name, values in CUSTOMERS.items()]
    refused = [["refused", "x@example.com", "+4930123456", "A", "B", "C", "D", "1", "DE", "false"]]
    path = project.csv("customers.csv", [*header, "marketing_consent"], rows + refused)
    project.build(
        *("--select", "+feed_identifiers", "--exclude-resource-type", "test"),
        variables={
            "inputs": {"customers": {"path": str(path)}},
            "segmentations": {
                "all": {
                    "method": "rules",
                    "segments": [{"name": "All", "when": "gender is null or gender is not null"}],
                }
            },
        },
    ).check()
    with project.connect() as connection:
        table = connection.sql("select * from feeds.feed_identifiers").to_arrow_table()
    everything: list[dict[str, Any]] = table.to_pylist()
    # Of who has refused there are the keys alone that find the same identifiers elsewhere.
    (other,) = [row for row in everything if row["standing"] != "consented"]
    assert {name for name, value in other.items() if value is not None and name.endswith(("sha256", "zip"))} == set()
    assert None not in {other["email_key"], other["phone_key"], other["name_key"]}
    return {str(row["customer_id"]): row for row in everything if row["standing"] == "consented"}


def test_google_takes_what_its_rules_say(identifiers: dict[str, dict[str, Any]]) -> None:
    vector = identifiers["vector"]
    assert vector["google_email_sha256"] == sha("alexz@example.com")
    assert str(vector["google_email_sha256"]).startswith("509e9330")
    assert str(vector["google_email_sha256"]).endswith("47b4fd8a")
    assert vector["google_phone_sha256"] == sha("+18005550100")
    assert str(vector["google_phone_sha256"]).startswith("fb4f73a6")
    assert str(vector["google_phone_sha256"]).endswith("517b30")
    assert vector["google_first_name_sha256"] == sha("ann")
    assert vector["google_last_name_sha256"] == sha("o'hara")
    assert (vector["google_zip"], vector["google_country"]) == ("10001-1234", "US")
    gmail = identifiers["gmail"]
    assert gmail["google_email_sha256"] == sha("john+news@gmail.com")
    assert gmail["google_phone_sha256"] == sha("+4930123456")
    assert gmail["google_first_name_sha256"] == sha("jörg")
    # An address is there as a whole or not at all.
    assert identifiers["national"]["google_first_name_sha256"] is None


def test_meta_takes_what_its_rules_say(identifiers: dict[str, dict[str, Any]]) -> None:
    vector, gmail = identifiers["vector"], identifiers["gmail"]
    assert vector["meta_email_sha256"] == sha("alexz@example.com")
    assert vector["meta_phone_sha256"] == sha("18005550100")
    assert vector["meta_last_name_sha256"] == sha("ohara")
    assert vector["meta_city_sha256"] == sha("newyork")
    assert vector["meta_state_sha256"] == sha("ny")
    assert vector["meta_zip_sha256"] == sha("10001")
    assert vector["meta_country_sha256"] == sha("us")
    # Dots before @gmail.com are Google's affair alone.
    assert gmail["meta_email_sha256"] == sha("j.o.hn+news@gmail.com")
    assert gmail["meta_last_name_sha256"] == sha("müllerlüdenscheidt")
    assert gmail["meta_zip_sha256"] == sha("50667")


def test_what_cannot_be_used_has_a_reason(identifiers: dict[str, dict[str, Any]]) -> None:
    assert "refused" not in identifiers
    problems = {
        name: tuple(row[f"{what}_problem"] for what in ("email", "phone", "name", "zip", "country"))
        for name, row in identifiers.items()
    }
    assert problems == {
        "vector": (None, None, None, None, None),
        "gmail": (None, None, None, None, None),
        "national": ("not an address", "no country code", "missing", "missing", "not a code of two letters"),
        "letters": ("not an address", "not a phone number", "missing", "missing", "missing"),
    }


def test_every_member_is_accounted_for(demo: DbtProject) -> None:
    wrong = demo.query(
        """
        select segmentation, segment_id, sum(customers)
        from marts.feed_quality where subject = 'member' and platform = 'google' group by all
        except
        select segmentation, segment_id, count(*) from marts.audience_members where is_current group by all
        """
    )
    assert wrong == []
    exported = demo.query(
        """
        select count(*) from feeds.feed_candidates as candidates
        inner join staging.stg_customers as customers using (customer_id)
        where outcome = 'exported'
            and (is_holdout or not is_exported or customers.marketing_consent is distinct from true)
        """
    )
    assert exported == [(0,)]
    ((share,),) = demo.query("select avg(is_holdout::int) from marts.audience_members where is_current")
    assert 0.08 < share < 0.12


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


def test_changes_consent_and_erasure_from_one_export_to_the_next(small: DbtProject, tmp_path: Path) -> None:
    """One customer takes back consent, one is deleted at the source, and one is, but nobody knows when: all leave.

    The deletion is a row of its own, without updated_at, beside the version that stood until then and has one.
    """
    project = copy_of_small(small, tmp_path / "warehouse")
    feed = """
        select customer_id from feeds.feed_candidates
        where platform = 'google' and outcome = 'exported' order by customer_id limit 3
    """
    minimum = {"segmentations": "auto", "minimum_size": 1, "holdout_share": 0.1, "calling_code": None}
    build_small(project, audiences=minimum).check()
    (refusing,), (erased,), (unclear,) = project.query(feed)
    first = project.query("select count(*) from feeds.exported_feed_members where platform = 'google'")
    build_small(project, audiences=minimum).check()
    assert project.query("select count(*) from marts.feed_changes", published=True) == [(0,)]

    inputs = variables(project)["inputs"]
    inputs["customers"]["path"] = str(
        changed_customers(Path(inputs["customers"]["path"]), tmp_path, refusing, erased, unclear)
    )
    outcome = build_small(project, inputs=inputs, audiences=minimum).check()
    assert project.query(
        "select change, count(*) from marts.feed_changes where platform = 'google' group by 1", published=True
    ) == [("remove", 3)]
    assert project.query("select count(*) from feeds.exported_feed_members where platform = 'google'") == [
        (first[0][0] - 3,)
    ]
    # Nobody is taken for alive of whom the source says that they are deleted, however it says it.
    assert "Warning: input customers: 1 rows are rejected as unparsable_deletion." in outcome.output
    for table in ("staging.stg_customers", "marts.dim_customers"):
        query = f"select count(*) from {table} where customer_id in ('{erased}', '{unclear}')"
        assert project.query(query) == [(0,)], table
    # Whoever takes back consent stays a customer; whoever is deleted is nowhere behind staging.
    assert project.query(
        f"select count(*) > 0 from publication.published_segments where customer_id = '{refusing}'"
    ) == [(True,)]
    with project.connect() as connection:
        tables = connection.execute(
            """
            select schema_name, table_name, column_name from duckdb_columns()
            where database_name = current_database() and data_type = 'VARCHAR' and not internal
                and schema_name not in ('staging', 'inputs')
            """
        ).fetchall()
        found = [
            (schema, table, column)
            for schema, table, column in tables
            if connection.execute(f'select count(*) from {schema}.{table} where "{column}" = ?', [erased]).fetchall()
            != [(0,)]
        ]
        raw_values = connection.execute(
            "select count(raw_row) from staging.rejected_records where input = 'customers' and record_key = ?", [erased]
        ).fetchall()
    assert found == []
    assert raw_values == [(0,)]


def changed_customers(path: Path, folder: Path, refusing: str, erased: str, unclear: str) -> Path:
    """Copy a file of customers in which one takes back consent, one is deleted, and one is, but nobody knows when."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["customer_id"] == refusing:
            row["marketing_consent"] = "false"
    copy = folder / "customers.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "deleted_at"])
        writer.writeheader()
        writer.writerows(rows)
        writer.writerow({"customer_id": erased, "deleted_at": "2026-01-02 08:00:00"})
        writer.writerow({"customer_id": unclear, "deleted_at": "yes"})
    return copy
