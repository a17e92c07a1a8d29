"""What is told of bad input shows columns, rules, counts and keys, and nobody's data: not in one file that is left."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from harness import ROOT, DbtProject, Outcome, file_inputs, run_command

CUSTOMERS: tuple[str, ...] = (
    "customer_id",
    "birth_date",
    "gender",
    "country",
    "region",
    "city",
    "postal_code",
    "signup_at",
)
CUSTOMERS += ("acquisition_channel", "email", "phone", "first_name", "last_name", "marketing_consent")
CUSTOMERS += ("updated_at", "loaded_at", "deleted_at")
ORDERS = ("order_id", "customer_id", "ordered_at", "order_amount", "status", "cancelled_at", "channel", "currency")
LINES = ("order_id", "line_number", "product_id", "quantity", "unit_price", "discount_amount")
PRODUCTS = ("product_id", "product_name", "category", "unit_cost")
EVERYBODY = {"method": "rules", "segments": [{"name": "All", "when": "gender is null or gender is not null"}]}
Row = dict[str, str]


class Planted:
    """Values of somebody who does not exist, each another one: addresses, phone numbers and names by turns."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._numbers = count(1)

    def __call__(self) -> str:
        number = next(self._numbers)
        forms = (f"Leak.{number}@planted.example", f"+49 30 55 {1000 + number}", f"Leakname{number} O'Planted")
        self.values.append(forms[number % 3])
        return self.values[-1]

    def row(self, header: Sequence[str], **values: str) -> Row:
        """A row of which every column holds a planted value, but for those given.

        Keys are told, unless they are addresses or phone numbers; names that are keys cannot be known for names.
        """
        row = {name: values[name] if name in values else self() for name in header}
        for name in {"customer_id", "order_id", "line_number", "product_id"} & row.keys():
            while row[name].startswith("Leakname"):
                row[name] = self()
        return row


def spoilt(planted: Planted) -> dict[str, list[Row]]:
    """One row for each rule that can reject it and tells of a value, full of planted ones."""
    fine: dict[str, dict[str, str]] = {
        "customers": dict.fromkeys(
            ("birth_date", "signup_at", "marketing_consent", "updated_at", "loaded_at", "deleted_at"), ""
        ),
        "orders": {"ordered_at": "2025-05-01", "order_amount": "5", "cancelled_at": "", "currency": "EUR"},
        "order_items": {"order_id": "1", "quantity": "1", "unit_price": "5", "discount_amount": ""},
        "products": {"unit_cost": "1"},
    }
    headers = {"customers": CUSTOMERS, "orders": ORDERS, "order_items": LINES, "products": PRODUCTS}
    rows: dict[str, list[Row]] = {
        # What cannot be read, column by column.
        name: [planted.row(headers[name], **{other: fine[name][other] for other in fine[name] if other != column})
               for column in fine[name] if column not in {"order_id", "currency"}]
        for name in headers
    }  # fmt: skip
    rows["customers"] += [
        planted.row(CUSTOMERS, **fine["customers"] | {"birth_date": "2999-12-31"}),
        planted.row(CUSTOMERS, **fine["customers"] | {"birth_date": "1666-06-06"}),
        planted.row(CUSTOMERS, **fine["customers"] | {"email": f"x{planted()}@internal.test"}),
        planted.row(CUSTOMERS, **fine["customers"] | {"gender": f"robot {planted()}"}),
    ]
    # One of these is accepted: what is not personal of it goes on, as anybody's does.
    features = dict.fromkeys(("gender", "country", "region", "acquisition_channel"), "")
    twin = planted.row(CUSTOMERS, **fine["customers"] | features | {"customer_id": "twin"})
    rows["customers"] += [twin, twin | {"city": planted(), "updated_at": "2025-01-01"}]
    rows["orders"].append(planted.row(ORDERS, **fine["orders"]))
    rows["order_items"] += [
        planted.row(LINES, **fine["order_items"] | {"unit_price": "0"}),
        planted.row(LINES, **fine["order_items"] | {"product_id": "POST"}),
        planted.row(LINES, **{name: value for name, value in fine["order_items"].items() if name != "order_id"}),
    ]
    return rows


def sound() -> dict[str, list[Row]]:
    """A few customers who buy, with nothing to object to."""
    customers = [
        dict.fromkeys(CUSTOMERS, "") | {"customer_id": str(number), "postal_code": "10115"} for number in range(1, 41)
    ]
    orders = [
        dict.fromkeys(ORDERS, "") | {"order_id": str(number), "customer_id": str(number), "ordered_at": "2025-05-01"}
        for number in range(1, 41)
    ]
    lines = [
        dict.fromkeys(LINES, "")
        | {"order_id": str(number), "line_number": "1", "product_id": "P1", "quantity": "1", "unit_price": "5"}
        for number in range(1, 41)
    ]
    return {
        "customers": customers,
        "orders": orders,
        "order_items": lines,
        "products": [dict.fromkeys(PRODUCTS, "") | {"product_id": "P1"}],
    }


def write(project: DbtProject, folder: str, rows: dict[str, list[Row]]) -> dict[str, dict[str, Any]]:
    (project.folder / folder).mkdir()
    files = {
        name: project.csv(f"{folder}/{name}.csv", list(own[0]), [list(row.values()) for row in own])
        for name, own in rows.items()
    }
    return file_inputs(**files)


def settings(inputs: dict[str, dict[str, Any]], *, limit: float) -> dict[str, Any]:
    return {
        "inputs": inputs,
        "segmentations": {"all": EVERYBODY},
        "default_max_reject_share": limit,
        "test_accounts": {"email": "@internal[.]", "gender": "^robot"},
        "snapshot_count": 1,
    }


def told(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file below a folder as text, but for rows, and every text of databases behind staging."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or path.suffix in {".csv", ".parquet"}:
            continue
        if path.suffix != ".duckdb":
            yield name, path.read_text(encoding="utf-8", errors="replace")
            continue
        with duckdb.connect(str(path), read_only=True) as connection:
            columns = connection.execute(
                """
                select schema_name, table_name, column_name from duckdb_columns()
                where database_name = current_database() and not internal and data_type = 'VARCHAR'
                    and schema_name not in ('staging', 'inputs')
                """
            ).fetchall()
            for schema, table, column in columns:
                rows = connection.execute(f'select distinct "{column}" from "{schema}"."{table}"').fetchall()
                yield f"{name} {schema}.{table}.{column}", "\n".join(str(row[0]) for row in rows)


def leaks(planted: Planted, texts: Iterator[tuple[str, str]]) -> set[tuple[str, str]]:
    # Staging writes gender, channel and status in lower case, and countries in upper case.
    wanted = [value.lower() for value in planted.values]
    found = set()
    for place, text in texts:
        lower = text.lower()
        found |= {(place, value) for value in wanted if value in lower}
    return found


def test_nothing_that_a_build_leaves_tells_a_value_of_a_rejected_row(project: DbtProject) -> None:
    planted = Planted()
    bad, good = spoilt(planted), sound()
    inputs = write(project, "rows", {name: good[name] + bad[name] for name in good})
    outcome = project.build("--exclude", "path:seeds/demo", variables=settings(inputs, limit=0.01))
    assert not outcome.succeeded
    assert "expected at most 0.01" in outcome.output
    # What is told is still of use.
    assert "birth_date is not a date, but of the form '" in outcome.output
    assert "Input order_items: " in outcome.output
    rejected = project.query("select input, rule, count(raw_row) from staging.rejected_records group by all")
    assert {(row[0], row[1]) for row in rejected} >= {
        ("customers", "unparsable_boolean"),
        ("customers", "unparsable_date"),
        ("customers", "date_in_future"),
        ("customers", "date_before_floor"),
        ("customers", "test_account"),
        ("customers", "duplicate_key"),
        ("orders", "unparsable_number"),
        ("orders", "unknown_customer"),
        ("order_items", "price_not_positive"),
        ("order_items", "non_product_code"),
        ("order_items", "unknown_order"),
        ("products", "unparsable_number"),
    }
    reasons = "\n".join(str(row[0]) for row in project.query("select reason from staging.rejected_records"))
    # The engine's own words about a mapping that fails on some row.
    wrong = {**inputs, "customers": inputs["customers"] | {"columns": {"postal_code": "cast(postal_code as integer)"}}}
    failed = project.build("--exclude", "path:seeds/demo", variables=settings(wrong, limit=1.0))
    assert not failed.succeeded
    assert "Could not convert string" in failed.output
    assert "vars.inputs.customers.columns.postal_code" in failed.output
    texts = [*told(project.folder), ("terminal", outcome.output + failed.output), ("reasons", reasons)]
    assert {place for place, _ in texts} >= {"logs/dbt.log", "target/run_results.json"}
    assert leaks(planted, iter(texts)) == set()


def stream(folder: Path, variables: dict[str, Any]) -> Outcome:
    words: list[str | Path] = [sys.executable, "-m", "segmentation.stream", "--until-idle", "--project", ROOT]
    words += ["--landing", folder / "landing", "--store", folder / "store", "--database", folder / "shop.duckdb"]
    return run_command([*words, "--vars", json.dumps(variables)])


def test_nothing_that_a_stream_tells_shows_a_value_of_a_file_that_it_refuses(project: DbtProject) -> None:
    planted = Planted()
    inputs = write(project, "rows", {name: rows for name, rows in sound().items() if name == "customers"})
    landing = project.folder / "landing" / "customers"
    landing.mkdir(parents=True)
    rows = [
        planted.row(("customer_id", "birth_date", "email", "city")),
        planted.row(("customer_id", "birth_date", "email", "city"), birth_date="2999-12-31"),
    ]
    project.csv("landing/customers/rejected.csv", list(rows[0]), [list(row.values()) for row in rows])
    # A line with a field too many, and one in another encoding.
    (landing / "ragged.csv").write_text(f"customer_id,email\n77,x\n78,{planted()},{planted()}\n", encoding="utf-8")
    (landing / "latin.csv").write_bytes(f"customer_id,email\n77,\xe9{planted()}\n".encode("latin-1"))
    outcome = stream(project.folder, settings(inputs, limit=0.01))
    assert outcome.succeeded, outcome.output
    published = project.folder / "published" / "shop_stream.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        files = dict(
            connection.execute(
                "select file_name, reason from stream.stream_files where outcome = 'set aside'"
            ).fetchall()
        )
    assert "birth_date is " in files["rejected.csv"]
    texts = [*told(project.folder), ("terminal", outcome.output)]
    reasons = [place for place, _ in texts if place.endswith(".reason.txt")]
    assert len(reasons) == len(files) >= 1
    assert leaks(planted, iter(texts)) == set()
