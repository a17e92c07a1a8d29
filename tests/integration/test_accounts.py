"""Who has refused, is erased, suppressed or held out under one account does not leave by another one."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harness import DbtProject, copy_of_project
from replay import refreshed_and_published
from small import ADVICE, WITHOUT_DEMO_SEEDS, replace_in

HEADER = (
    "customer_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "postal_code",
    "country",
    "birth_date",
    "signup_at",
    "marketing_consent",
    "updated_at",
    "deleted_at",
)
SUPPRESSED = "letter@example.com"
Account = dict[str, str]


def account(customer_id: str, **values: str) -> Account:
    return dict.fromkeys(HEADER, "") | {"customer_id": customer_id, "marketing_consent": "true"} | values


def special_accounts() -> list[Account]:
    """One pair for each way in which an identifier may be another's, named by what is expected of the first."""
    postal = {"first_name": "Ada", "last_name": "Other", "postal_code": "10115", "country": "DE"}
    return [
        account("gone-email", email="One@Example.com"),
        account("refuser-email", email=" one@example.com", marketing_consent="false"),
        account("gone-mailbox", email="j.doe@gmail.com"),
        account("refuser-mailbox", email="jdoe@gmail.com", marketing_consent="no"),
        account("without-phone", email="two@example.com", phone="+49 30 901820"),
        account("refuser-phone", phone="0049 (0)30 90 18 20", marketing_consent="0"),
        account("without-name", email="three@example.com", **postal),
        account("refuser-name", **postal | {"first_name": " ADA ", "country": ""}, marketing_consent="f"),
        account("gone-erased", email="four@example.com"),
        account("erased", email="four@example.com", phone="+49 30 111111", deleted_at="2025-06-01"),
        # The row that tells of the deletion is empty, an earlier one is not.
        account("gone-tombstone", email="five@example.com"),
        account("tombstone", email="five@example.com", updated_at="2025-01-01"),
        account("tombstone", marketing_consent="", updated_at="2025-06-01", deleted_at="2025-06-01"),
        # A row that is rejected for something else has refused all the same.
        account("gone-rejected", email="six@example.com"),
        account("rejected", email="six@example.com", birth_date="soon", marketing_consent="false"),
        account("gone-unreadable", email="seven@example.com"),
        account("unreadable", email="seven@example.com", marketing_consent="nein"),
        account("gone-undated", email="eleven@example.com"),
        account("undated", email="eleven@example.com", deleted_at="yes"),
        # What was corrected since, and what was never asked, bars nobody.
        account("kept-corrected", email="eight@example.com", updated_at="2025-06-01"),
        account("kept-corrected", email="eight@example.com", birth_date="soon", marketing_consent="false")
        | {"updated_at": "2025-01-01"},
        account("kept-reconsented", email="nine@example.com", updated_at="2025-06-01"),
        account("kept-reconsented", email="nine@example.com", marketing_consent="false", updated_at="2025-01-01"),
        account("kept-unasked", email="ten@example.com"),
        account("unasked", email="ten@example.com", marketing_consent=""),
        account("gone-suppressed", email=SUPPRESSED),
    ]


def pairs() -> list[Account]:
    """Persons with two accounts and one address each."""
    return [
        account(f"{name}{number:02}", email=f"person{number:02}@example.com", signup_at=f"2024-0{month}-01")
        for number in range(60)
        for name, month in (("a", 2), ("b", 1))
    ]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def settings(project: DbtProject, accounts: list[Account]) -> dict[str, Any]:
    """Write the accounts to the one file that all warehouses here read, and return the variables."""
    file = project.root.parent / "customers.csv"
    rows = [[row[name] for name in HEADER] for row in accounts]
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([HEADER, *rows])
    return {
        "inputs": {"customers": {"path": str(file), "max_reject_share": 1.0}},
        "segmentations": {
            "all": {
                "method": "rules",
                "segments": [{"name": "All", "when": "gender is null or gender is not null"}],
            }
        },
        "audiences": {"segmentations": ["all"], "minimum_size": 1, "holdout_share": 0.4, "calling_code": None},
        "as_of_date": "2026-01-01",
        "full_above_share": 1.0,
        "advice": ADVICE,
        "snapshot_count": 1,
    }


def build(project: DbtProject, accounts: list[Account], *arguments: str) -> Any:
    return project.build(*WITHOUT_DEMO_SEEDS, *arguments, variables=settings(project, accounts))


def sent(project: DbtProject) -> set[str]:
    """Return every hash in the feed of Meta."""
    rows = project.query(
        "select email_sha256, phone_sha256, first_name_sha256, last_name_sha256 from marts.feed_meta_custom_audiences",
        published=True,
    )
    return {value for row in rows for value in row if value}


def outcomes(project: DbtProject) -> dict[str, str]:
    return dict(project.query("select customer_id, outcome from feeds.feed_candidates where platform = 'meta'"))


def held_out(project: DbtProject) -> set[str]:
    rows = project.query(
        "select customer_id from marts.audience_members where is_current and is_holdout", published=True
    )
    return {str(row[0]) for row in rows}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    folder = tmp_path_factory.mktemp("accounts")
    root = copy_of_project(folder)
    with (root / "seeds/reference/suppressed_identifiers.csv").open("a", encoding="utf-8") as file:
        file.write(f"{sha(SUPPRESSED).upper()},Marketing,2025-11-03\n")
    project = DbtProject(folder / "warehouse", root=root)
    build(project, special_accounts() + pairs()).check()
    return project


@pytest.fixture(scope="module")
def drawn(built: DbtProject) -> set[str]:
    return held_out(built)


def test_no_identifier_leaves_that_another_account_bars(built: DbtProject, drawn: set[str]) -> None:
    found, hashes = outcomes(built), sent(built)
    reasons = {
        "gone-email": "refused under another account",
        "gone-mailbox": "refused under another account",
        "gone-erased": "erased under another account",
        "gone-tombstone": "erased under another account",
        "gone-rejected": "refused under another account",
        "gone-undated": "erased under another account",
        "gone-unreadable": "refused under another account",
        "gone-suppressed": "on the suppression list",
    }
    first = {row["customer_id"]: row for row in reversed(special_accounts())}
    expected = {name: reasons.get(name, "exported") for name in first if name.startswith(("gone", "kept", "without"))}
    # Whoever is drawn for the hold-out group has that reason; not everybody is, or this would say nothing.
    assert {name: found[name] for name in expected} == {
        name: "hold-out group" if name in drawn else reason for name, reason in expected.items()
    }
    assert len(expected.keys() - drawn) > 6
    for name in reasons:
        assert sha(first[name]["email"].lower()) not in hashes, name
    for name in expected.keys() - reasons.keys() - drawn:
        assert sha(first[name]["email"]) in hashes, name
    assert not hashes & {sha("4930901820"), sha("ada"), sha("other"), sha("4930111111")}


def test_accounts_of_one_address_are_drawn_together_and_none_of_the_held_out_leaves(
    built: DbtProject, drawn: set[str]
) -> None:
    hashes = sent(built)
    for number in range(60):
        name = f"{number:02}"
        assert ({f"a{name}", f"b{name}"} <= drawn) or not ({f"a{name}", f"b{name}"} & drawn)
        # The first account of the two decides, by a hash of the seed, the segmentation and the id.
        digest = hashlib.md5(f"20260101:all:b{name}".encode()).hexdigest()
        assert (f"b{name}" in drawn) == (int(digest[:8], 16) < int(0.4 * 0xFFFFFFFF))
        assert (sha(f"person{name}@example.com") in hashes) == (f"b{name}" not in drawn)
    assert 10 < len(drawn & {f"a{number:02}" for number in range(60)}) < 38


def test_what_was_held_back_is_counted_with_its_reason(built: DbtProject, drawn: set[str]) -> None:
    counted = built.query(
        """
        select subject, outcome, customers from marts.feed_quality
        where platform = 'google' and outcome like '%another account' and subject <> 'member'
        """,
        published=True,
    )
    # Refused: four by email and one each by phone and by name, that is with zip and country.
    assert {(subject, outcome): count for subject, outcome, count in counted} == {
        ("email", "refused under another account"): 4,
        ("email", "erased under another account"): 3,
        ("phone", "refused under another account"): 1,
        ("name", "refused under another account"): 1,
        ("zip", "refused under another account"): 1,
        ("country", "refused under another account"): 1,
    }


def test_a_batch_takes_the_other_account_off_as_well(built: DbtProject, drawn: set[str], tmp_path: Path) -> None:
    """One account refuses, one is erased, one moves to another's number, one is new: the others follow at once."""
    project = built.copy_to(tmp_path / "warehouse")
    accounts = special_accounts() + pairs()
    free = [f"{number:02}" for number in range(60) if f"b{number:02}" not in drawn]
    refused, erased, moved, joined, left = free[:5]
    by_id = {row["customer_id"]: row for row in accounts}
    before = sent(project)
    for name in (refused, erased, moved, joined):
        assert sha(f"person{name}@example.com") in before
    by_id[f"b{refused}"]["marketing_consent"] = "false"
    # The source takes the values out of what it marks as deleted.
    by_id[f"b{erased}"].update(deleted_at="2025-12-01", email="")
    by_id["refuser-email"]["email"] = f"person{moved}@example.com"
    # A new account, and the first of a person, decides the draw of all: here of one who was not held out.
    first = next(
        f"first{number}"
        for number in range(1_000)
        if int(hashlib.md5(f"20260101:all:first{number}".encode()).hexdigest()[:8], 16) < 0xFFFFFFFF // 3
    )
    accounts.append(account(first, email=f"person{joined}@example.com", signup_at="2020-01-01"))
    # Who has nobody else's identifiers any more is free again.
    assert sha("one@example.com") not in before
    # A run that is not published leaves the next one to do, and that finds the identifiers changed already.
    unpublished = project.dbt("run", "--select", "+feed_identifiers", variables=settings(project, accounts)).check()
    assert "feed_identifiers" in unpublished.output
    assert sent(project) == before
    build(project, accounts).check()
    assert project.query("select is_full from refresh.export_scope") == [(False,)]
    after = sent(project)
    for name in (refused, erased, moved, joined):
        assert sha(f"person{name}@example.com") not in after, name
    assert (sha("one@example.com") in after) == ("gone-email" not in drawn)
    assert sha(f"person{left}@example.com") in after
    removed = {
        row[0]
        for row in project.query(
            "select email_identifier from marts.feed_changes where change = 'remove' and platform = 'meta'",
            published=True,
        )
    }
    assert removed == {sha(f"person{name}@example.com") for name in (refused, erased, moved, joined)}
    # When the source no longer names the customer whom it has deleted, the other account is free.
    accounts.remove(by_id[f"b{erased}"])
    build(project, accounts).check()
    assert project.query("select is_full from refresh.export_scope") == [(False,)]
    assert (sha(f"person{erased}@example.com") in sent(project)) == (f"a{erased}" not in held_out(project))
    assert project.query("select count(*) from feeds.erased_identifiers") == [(4,)]
    full = project.copy_to(tmp_path / "full")
    build(full, accounts, "--full-refresh").check()
    expected, found = refreshed_and_published(full), refreshed_and_published(project)
    assert [name for name in found if found[name] != expected[name]] == []


def test_the_build_itself_notices_everybody_who_must_not_be_sent(
    built: DbtProject, drawn: set[str], tmp_path: Path
) -> None:
    """The published feed is spoilt by hand, in each way once, and its dbt test asked."""
    project = built.copy_to(tmp_path / "warehouse")
    reserved = next(f"person{number:02}" for number in range(60) if f"b{number:02}" in drawn)
    with duckdb.connect(str(project.database)) as connection:
        spoil = (
            "insert into marts.feed_meta_custom_audiences (segmentation, segment_id, member_key, email_sha256) values "
        )
        # Its owner has not consented, so nothing of it is known behind staging.
        connection.execute(f"{spoil} ('all', 1, 'nobody', '{sha('one@example.com')}x')")
        connection.execute(f"{spoil} ('all', 1, 'refused', '{sha('one@example.com')}')")
        connection.execute(f"{spoil} ('all', 1, 'erased', '{sha('five@example.com')}')")
        connection.execute(f"{spoil} ('all', 1, 'suppressed', '{sha(SUPPRESSED)}')")
        connection.execute(f"{spoil} ('all', 1, 'held out', '{sha(f'{reserved}@example.com')}')")
        connection.execute(f"{spoil} ('all', 1, 'empty', null)")
        connection.execute(f"{spoil} ('all', 2, 'small', '{sha(SUPPRESSED)}')")
        connection.execute("delete from marts.feed_quality where subject = 'phone' and outcome = 'missing'")
    outcome = project.dbt(
        *("test", "--store-failures", "--select", "feed_meta_custom_audiences", "feed_quality"),
        # The test reads tables that are not above the feed as well.
        *("--indirect-selection", "eager"),
        variables=settings(project, special_accounts() + pairs()),
    )
    assert not outcome.succeeded
    with project.connect() as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name like '%audit'"
        ).fetchall()
        failures = {str(table): connection.execute(f'from "{schema}"."{table}"').fetchall() for schema, table in tables}
    (found,) = [rows for name, rows in failures.items() if name.startswith("nobody_leaves")]
    assert {(row[1], row[2]) for row in found} == {
        ("email", "of no accepted customer"),
        ("email", "refused"),
        ("email", "erased"),
        ("email", "suppressed"),
        ("email", "held out"),
        ("member", "no usable identifier"),
        ("audience", "too small"),
    }
    (missing,) = [rows for name, rows in failures.items() if name.startswith("feed_quality_counts")]
    assert len(missing) == 2, "one row for each platform"


def test_nothing_is_published_where_members_are_not_filtered(built: DbtProject, tmp_path: Path) -> None:
    root = copy_of_project(tmp_path)
    project = DbtProject(tmp_path / "warehouse", root=root)
    shutil.copyfile(built.database, project.database)
    replace_in(root / "models/feeds/exports/feed_members.sql", "outcome = 'exported' and ", "")
    outcome = build(project, special_accounts() + pairs())
    assert not outcome.succeeded
    assert "nobody_leaves_who_must_not" in outcome.output
    assert not project.published.exists()
