"""Feeds: identifiers by the platforms' rules, consent, hold-out, and what changes from export to export."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest

from contact_cases import EMAILS, HEADER, PHONES, ZIPS, contact_rows
from harness import DbtProject
from small import build_small, copy_of_small, small_warehouse, variables

EVERYBODY = {"name": "All", "when": "gender is null or gender is not null"}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def identifiers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    project = DbtProject(tmp_path_factory.mktemp("identifiers"))
    refused = ["refused", "x@example.com", "+4930123456", "A", "B", "C", "D", "1", "DE", "false"]
    path = project.csv("customers.csv", HEADER, [*contact_rows(), refused])
    project.build(
        *("--select", "+feed_identifiers", "--exclude-resource-type", "test"),
        variables={
            "inputs": {"customers": {"path": str(path)}},
            "audiences": {"segmentations": "auto", "minimum_size": 1, "holdout_share": 0.1, "calling_code": "1"},
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
    assert gmail["google_email_sha256"] == sha("john@gmail.com")
    assert gmail["google_phone_sha256"] == sha("+4930123456")
    assert gmail["google_first_name_sha256"] == sha("jörg")
    # An address is there as a whole or not at all.
    assert identifiers["national"]["google_first_name_sha256"] is None
    # Forms of address and suffixes go, unless nothing would be left.
    assert identifiers["titled"]["google_first_name_sha256"] == sha("ann mary")
    assert identifiers["titled"]["google_last_name_sha256"] == sha("lee")
    assert (identifiers["titled"]["google_zip"], identifiers["titled"]["google_country"]) == ("94105", "US")
    assert identifiers["british"]["google_first_name_sha256"] == sha("dean")
    assert identifiers["british"]["google_last_name_sha256"] == sha("sr")
    assert (identifiers["british"]["google_zip"], identifiers["british"]["google_country"]) == ("SW1A 1AA", "GB")


def test_meta_takes_what_its_rules_say(identifiers: dict[str, dict[str, Any]]) -> None:
    vector, gmail = identifiers["vector"], identifiers["gmail"]
    assert vector["meta_email_sha256"] == sha("alexz@example.com")
    assert vector["meta_phone_sha256"] == sha("18005550100")
    assert vector["meta_last_name_sha256"] == sha("ohara")
    assert vector["meta_city_sha256"] == sha("newyork")
    assert vector["meta_state_sha256"] == sha("ny")
    assert vector["meta_zip_sha256"] == sha("10001")
    assert vector["meta_country_sha256"] == sha("us")
    assert identifiers["titled"]["meta_state_sha256"] == sha("ca")
    assert identifiers["titled"]["meta_first_name_sha256"] == sha("mrs ann mary")
    assert identifiers["british"]["meta_zip_sha256"] == sha("sw1a1")
    assert identifiers["british"]["meta_country_sha256"] == sha("gb")
    signs = {name: value for name, value in identifiers["signs"].items() if name.endswith(("sha256", "zip"))}
    assert {name for name, value in signs.items() if value is not None} == {"meta_country_sha256"}
    # What stands before @gmail.com is Google's affair alone.
    assert gmail["meta_email_sha256"] == sha("j.o.hn+news@gmail.com")
    assert gmail["meta_last_name_sha256"] == sha("müllerlüdenscheidt")
    assert gmail["meta_zip_sha256"] == sha("50667")


def test_one_key_is_one_customer_however_it_is_written(identifiers: dict[str, dict[str, Any]]) -> None:
    assert [key for key in identifiers if key.strip("\t\r\n\u00a0\u200b\u2003").endswith("9") and "C" in key] == ["C9"]


def test_one_text_is_one_hash_however_it_is_written(identifiers: dict[str, dict[str, Any]]) -> None:
    def hashes(name: str) -> dict[str, Any]:
        return {column: value for column, value in identifiers[name].items() if column.endswith("sha256")}

    assert hashes("composed") == hashes("decomposed")
    assert identifiers["decomposed"]["meta_first_name_sha256"] == sha("zoë")
    assert hashes("greek") == hashes("greek_too") == hashes("greek_typed")
    assert identifiers["greek"]["meta_first_name_sha256"] == sha("νίκος")
    assert identifiers["greek"]["meta_last_name_sha256"] == sha("ασσος")
    assert identifiers["greek"]["meta_city_sha256"] == sha("i\u0307zmir")


@pytest.mark.parametrize(("number", "email"), list(enumerate(EMAILS)))
def test_an_email_is_repaired_where_that_is_certain_and_refused_elsewhere(
    identifiers: dict[str, dict[str, Any]], number: int, email: str
) -> None:
    row, expected = identifiers[f"email {number}"], EMAILS[email]
    assert row["meta_email_sha256"] == row["google_email_sha256"] == (sha(expected) if expected else None)
    assert row["email_problem"] == (None if expected else "not an address")


@pytest.mark.parametrize(("number", "written"), list(enumerate(PHONES)))
def test_a_phone_number_is_read_in_its_country(
    identifiers: dict[str, dict[str, Any]], number: int, written: tuple[str, str]
) -> None:
    row, expected = identifiers[f"phone {number}"], PHONES[written]
    if expected.isdigit():
        assert row["meta_phone_sha256"] == sha(expected)
        assert row["google_phone_sha256"] == sha(f"+{expected}")
        assert row["phone_problem"] is None
    else:
        assert (row["meta_phone_sha256"], row["phone_problem"]) == (None, expected)


@pytest.mark.parametrize(("number", "written"), list(enumerate(ZIPS)))
def test_a_postal_code_has_the_form_of_its_country(
    identifiers: dict[str, dict[str, Any]], number: int, written: tuple[str, str]
) -> None:
    row, expected = identifiers[f"zip {number}"], ZIPS[written]
    if isinstance(expected, tuple):
        assert (row["google_zip"], row["meta_zip_sha256"], row["zip_problem"]) == (expected[0], sha(expected[1]), None)
    else:
        assert (row["google_zip"], row["meta_zip_sha256"], row["zip_problem"]) == (None, None, expected)


def test_what_cannot_be_used_has_a_reason(identifiers: dict[str, dict[str, Any]]) -> None:
    assert "refused" not in identifiers
    problems = {
        name: tuple(row[f"{what}_problem"] for what in ("email", "phone", "name", "zip", "country"))
        for name, row in identifiers.items()
        if name in ("vector", "gmail", "national", "letters")
    }
    assert problems == {
        "vector": (None, None, None, None, None),
        "gmail": (None, None, None, None, None),
        "national": ("not an address", None, "missing", "missing", None),
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
