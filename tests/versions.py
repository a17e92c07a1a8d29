"""Rows with one key, which of them has to stay, and what has to be told of the others: the same on every engine."""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = ("order_amount", "status", "updated_at", "loaded_at", "deleted_at", "arrival_number")
"""Columns of a version, beside its key, its customer, its date and its name."""


@dataclass(frozen=True)
class Case:
    """Versions of one order by name, each with the columns it fills; which stays, and why the others do not."""

    versions: dict[str, dict[str, str]]
    stays: str | None
    reason: str
    rule: str = "duplicate_key"


LATER = "a later version is kept"
LOADED = "the one that was loaded later is kept"
ARRIVED = "the one that arrived later is kept"
DATED = "the one with an updated_at is kept"
FULLER = "the more complete one is kept"
LARGER = "nothing tells which is right, and the one with the larger values is kept"
EQUAL = "all their values are equal, and one is kept"
DELETED = "it was deleted, and no later version follows"
UNCLEAR = "of another one deleted_at is not a date, so none is taken for current"


def dated(month: int, **columns: str) -> dict[str, str]:
    """Return a version that was changed on the first of a month."""
    return {"updated_at": f"2024-{month:02}-01 10:00:00", **columns}


CASES = {
    # --- no date of version
    "without_total": Case({"a": {}, "b": {"order_amount": "100"}}, "b", FULLER),
    "with_more_but_no_total": Case(
        {"a": {"order_amount": "100"}, "b": {"status": "paid"}},
        "a",
        FULLER,
    ),
    "with_a_state": Case({"z": {"order_amount": "5"}, "a": {"order_amount": "5", "status": "paid"}}, "a", FULLER),
    "nothing_but_blanks": Case({"z": {"status": "  "}, "a": {"status": "paid"}}, "a", FULLER),
    "two_totals": Case({"z": {"order_amount": "0"}, "a": {"order_amount": "100"}}, "a", LARGER, "ambiguous_key"),
    "two_states": Case({"a": {"status": "paid"}, "z": {"status": "open"}}, "a", LARGER, "ambiguous_key"),
    "three_twins": Case(
        {"z": {}, "y": {"order_amount": "3"}, "a": {"order_amount": "3", "status": "paid"}}, "a", FULLER
    ),
    "spelt_otherwise": Case({"a": {"order_amount": "7.0"}, "A ": {"order_amount": " 7.00"}}, "a", EQUAL),
    # --- dates of version come before all else
    "later": Case({"a": dated(2, order_amount="1"), "b": dated(3)}, "b", LATER),
    "one_date": Case({"a": dated(2), "b": dated(2, order_amount="1")}, "b", FULLER),
    "one_has_a_date": Case({"a": dated(2), "b": {"order_amount": "1", "status": "paid"}}, "a", DATED),
    "date_before_arrival": Case(
        {"a": dated(3, arrival_number="1"), "b": dated(2, arrival_number="2")},
        "a",
        LATER,
    ),
    # --- then what came later
    "loaded_later": Case(
        {"a": dated(2, loaded_at="2024-05-01", order_amount="1"), "b": dated(2, loaded_at="2024-05-02")}, "b", LOADED
    ),
    "arrived_later": Case(
        {"b": {"arrival_number": "2"}, "a": {"arrival_number": "1", "order_amount": "9"}}, "b", ARRIVED
    ),
    "tenth_arrival": Case({"b": {"arrival_number": "10"}, "a": {"arrival_number": "9"}}, "b", ARRIVED),
    "undated_correction": Case(
        {"a": dated(2, arrival_number="1", loaded_at="2024-02-02"), "b": {"arrival_number": "2"}}, "b", ARRIVED
    ),
    # --- deletions
    "deleted": Case({"a": dated(2), "x": {"deleted_at": "2024-03-01 10:00:00"}}, None, DELETED),
    "deleted_in_an_old_version": Case({"a": dated(4), "x": dated(1, deleted_at="2024-05-01 10:00:00")}, None, DELETED),
    "deleted_and_back": Case({"a": dated(4), "x": {"deleted_at": "2024-03-01 10:00:00"}}, "a", ""),
    "deleted_later_but_long_ago": Case(
        {"a": dated(4, arrival_number="1"), "x": {"deleted_at": "2024-03-01 10:00:00", "arrival_number": "2"}}, "a", ""
    ),
    "deleted_on_the_same_day": Case({"a": dated(3), "x": {"deleted_at": "2024-03-01"}}, None, DELETED),
    "deleted_on_the_day_before": Case({"a": {"updated_at": "2024-03-02"}, "x": {"deleted_at": "2024-03-01"}}, "a", ""),
    "deleted_and_sent_again": Case(
        {"a": {"arrival_number": "2"}, "x": {"deleted_at": "2024-03-01", "arrival_number": "1"}}, None, DELETED
    ),
    "deleted_without_a_date": Case({"a": dated(2), "x": {"deleted_at": "yes"}}, None, UNCLEAR),
    "deleted_without_a_date_among_undated": Case({"a": {}, "x": {"deleted_at": "true"}}, None, UNCLEAR),
    "deleted_without_a_date_and_sent_again": Case(
        {"a": {"arrival_number": "2"}, "x": {"deleted_at": "1", "arrival_number": "1"}}, None, UNCLEAR
    ),
    "deleted_without_a_date_and_back": Case({"a": dated(4), "x": dated(3, deleted_at="yes")}, "a", ""),
}


def order_rows(*, customer: str = "c1", backwards: bool = False) -> list[tuple[str, ...]]:
    """Return header and rows of the orders that the cases make, each version's name in `channel`."""
    rows = [
        (key, customer, "2024-01-01", name, *(columns.get(column, "") for column in COLUMNS))
        for key, case in CASES.items()
        for name, columns in case.versions.items()
    ]
    header = ("order_id", "customer_id", "ordered_at", "channel", *COLUMNS)
    return [header, *(rows[::-1] if backwards else rows)]


def expected_orders() -> dict[str, str]:
    """Return which version of each order stays, of those of which one does."""
    return {key: case.stays for key, case in CASES.items() if case.stays is not None}


def expected_reasons() -> set[tuple[str, str, str]]:
    """Return key, rule and reason of every rejected version that is no deletion itself."""
    return {
        (key, case.rule, f"one of {len(case.versions)} rows with order_id '{key}': {case.reason}")
        for key, case in CASES.items()
        if case.reason
    }
