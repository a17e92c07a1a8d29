"""Every line of an input file is an accepted row or a reject with its reason, or the build stops and names the line."""

from __future__ import annotations

import gzip
from pathlib import Path

import yaml

from harness import ROOT, DbtProject, file_inputs

STAGING = ("--select", "+path:models/staging", "--indirect-selection", "buildable")
RFM = {"rfm": {"method": "rfm"}}
HEADER = "order_id,customer_id,ordered_at,order_amount,channel\n"


def lines(first: int, last: int, *, mark: str) -> list[str]:
    return [
        f"{mark}{number},C{number % 20:03d},2024-{number % 12 + 1:02d}-10,{10 + number % 7},shop\n"
        for number in range(first, last)
    ]


def test_numbers_with_a_number_sign_folders_and_compression_lose_no_row(project: DbtProject) -> None:
    """Of the 150 orders none is a comment, and no folder says through which channel they came."""
    folder = project.folder / "channel=web" / "order_amount=0"
    folder.mkdir(parents=True)
    rows = lines(1000, 1150, mark="#") + lines(2150, 2200, mark="")
    members = [HEADER, *("".join(rows[begin : begin + 9]) for begin in range(0, len(rows), 9))]
    path = folder / "orders[1].csv.gz"
    path.write_bytes(b"".join(gzip.compress(member.encode()) for member in members))
    people = folder / "customers.tsv"
    known = "".join(f"C{number:03d}\t\n" for number in range(20))
    people.write_text(f'customer_id\temail\n{known}#2\t"a, b"\n', encoding="utf-8")
    inputs = file_inputs(orders=folder / "orders*.csv.gz", customers=people)
    project.build(*STAGING, variables={"segmentations": RFM, "inputs": inputs}).check()
    amount = sum(int(row.split(",")[3]) for row in rows)
    accepted = project.query("select count(*), sum(order_amount), min(channel), max(channel) from staging.stg_orders")
    assert accepted == [(200, amount, "shop", "shop")]
    assert project.query("select count(*), min(customer_id) from staging.stg_customers") == [(21, "#2")]


def test_files_of_other_dialects_are_read_by_their_settings(project: DbtProject) -> None:
    orders = (
        "Umsätze des Jahres\r\n\r\nBeleg-Nr.;Kunde;Datum;Summe (brutto);Stand\r\n"
        "1;Müller;05.01.2024 10:30;1.234,50;2024\r\n"
        "2;Groß;31.12.2023;12,5;2024\r\n"
        "3;Groß;2024-01-05;10;2024\r\n"
        "4;Groß;06.01.2024;12.5;2024\r\n"
        "5;Groß;31.02.2024;1;2024\r\n"
        "6;Groß;07.01.2024 24:30;1;2024\r\n"
    )
    lines = "1~1~'Becher ~ ''groß'' rot'~2~617.25\n1~2~Müsli~1~1.5\n"
    (project.folder / "orders.csv").write_bytes(orders.encode("latin-1"))
    (project.folder / "lines.txt").write_bytes(lines.encode("utf-16"))
    header = ["order_id", "line_number", "product_id", "quantity", "unit_price"]
    mapped = {"order_id": "Beleg-Nr.", "customer_id": "Kunde", "ordered_at": "Datum", "order_amount": "Summe (brutto)"}
    written = {"delimiter": ";", "encoding": "latin-1", "skip_lines": 2, "decimal": ","}
    inputs = {
        "orders": {
            "path": str(project.folder / "orders.csv"),
            "columns": mapped,
            "date_format": ["dd.MM.yyyy HH:mm", "dd.MM.yyyy"],
            **written,
        },
        "order_items": {
            "path": str(project.folder / "lines.txt"),
            "delimiter": "~",
            "quote": "'",
            "encoding": "utf-16",
            "header": header,
        },
    }
    variables = {"segmentations": RFM, "inputs": inputs, "default_max_reject_share": 1.0, "as_of_date": "2024-02-01"}
    project.build(*STAGING, variables=variables).check()
    accepted = project.query(
        "select order_id, customer_id, cast(ordered_at as varchar), cast(order_amount as varchar) "
        "from staging.stg_orders order by order_id"
    )
    assert accepted == [
        ("1", "Müller", "2024-01-05 10:30:00", "1234.5000"),
        ("2", "Groß", "2023-12-31 00:00:00", "12.5000"),
    ]
    assert project.query("select record_key, rule from staging.rejected_records order by all") == [
        ("3", "unparsable_date"),
        ("4", "unparsable_number"),
        ("5", "unparsable_date"),
        ("6", "unparsable_date"),
    ]
    items = project.query(
        "select product_id, cast(unit_price as double) from staging.stg_order_items order by line_number"
    )
    assert items == [("Becher ~ 'groß' rot", 617.25), ("Müsli", 1.5)]


def test_the_recipes_of_the_docs_work_as_they_are_written(project: DbtProject) -> None:
    told = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").split("#### Recipes")[1]
    recipes = yaml.safe_load(told.split("```yaml\n")[1].split("```")[0].replace("{data}", str(project.folder)))
    project.csv(
        "people.csv",
        ["Customer No.", "age", "noted_on", "delivery_zone"],
        [["1", "40", "2020-03-01", "a"], ["2", "18", "2024-02-29", "b"], ["3", "", "", "z"]],
    )
    project.csv("zones.csv", ["zone_id", "zone_name"], [["a", "North"], ["b", "South"], ["c", "West"]])
    project.csv(
        "orders.csv",
        ["Order No.", "Customer No.", "Placed on", "Total (gross)"],
        [["1", "1", "05/01/2024 00:30", "1.234,50"], ["2", "2", "05/07/2024 00:30", "3"], ["3", "2", "7/2024", "3"]],
    )
    variables = {**recipes, "segmentations": RFM, "default_max_reject_share": 1.0, "as_of_date": "2024-08-01"}
    project.build(*STAGING, variables=variables).check()
    people = project.query(
        "select customer_id, cast(birth_date as varchar), region from staging.stg_customers order by 1"
    )
    assert people == [("1", "1980-03-01", "North"), ("2", "2006-02-28", "South"), ("3", None, None)]
    orders = project.query(
        "select order_id, cast(ordered_at as varchar), cast(order_amount as varchar) from staging.stg_orders order by 1"
    )
    # Half past midnight in Berlin is the day before in UTC, by one hour in winter and by two in summer.
    assert orders == [("1", "2024-01-04 23:30:00", "1234.5000"), ("2", "2024-07-04 22:30:00", "3.0000")]
    assert project.query("select record_key, rule from staging.rejected_records") == [("3", "unparsable_date")]


def test_settings_that_cannot_be_are_refused_all_at_once(project: DbtProject) -> None:
    inputs = {
        "orders": {
            "path": "orders.csv",
            "delimiter": "||",
            "encoding": "cp1252",
            "header": ["a", "A"],
            "skip_lines": "two",
        },
        "customers": {"relation": "shop.people", "encoding": "utf-16", "decimal": ";", "date_format": "dd.MMM.yy"},
    }
    outcome = project.dbt("run", "--select", "raw_orders", variables={"segmentations": RFM, "inputs": inputs})
    assert not outcome.succeeded
    for expected in (
        "(7 problems):",
        'vars.inputs.orders.delimiter must be one character of ASCII in quotes, such as ";"; it is: ||',
        "vars.inputs.orders.encoding must be one of utf-8, latin-1, utf-16; it is: cp1252. Write files in another",
        "vars.inputs.orders.header must be true",
        "vars.inputs.orders.skip_lines must be the number of lines before the header; it is: two",
        "vars.inputs.customers.encoding says how CSV files are written, and this input is none. Remove it.",
        "vars.inputs.customers.decimal must be",
        "vars.inputs.customers.date_format must be made of yyyy, MM and dd",
    ):
        assert expected in outcome.output, outcome.output


def refusal(project: DbtProject, path: Path) -> str:
    outcome = project.dbt(
        "run", "--select", "raw_orders", variables={"segmentations": RFM, "inputs": file_inputs(orders=path)}
    )
    assert not outcome.succeeded, outcome.output
    assert "Traceback" not in outcome.output
    return " ".join(outcome.output.split())


def test_files_with_wrong_lines_are_refused_all_at_once(project: DbtProject) -> None:
    rows = lines(1, 40, mark="")
    broken = {
        "few": [*rows[:20], "50,planted@example.com,2024-01-10\n", *rows[20:]],
        "many": [rows[0], "51,planted@example.com,2024-01-10,5,shop,more\n", *rows[1:]],
        "ends": [*rows[:5], "52,C1,2024-01-10,5,shop\r\n"],
    }
    for name, content in broken.items():
        (project.folder / f"{name}.csv").write_text(HEADER + "".join(content), encoding="utf-8", newline="")
    (project.folder / "well.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    (project.folder / "headless.csv").write_text("".join(rows), encoding="utf-8")
    (project.folder / "latin.csv").write_bytes((HEADER + "é".join(rows)).encode("latin-1"))
    message = refusal(project, project.folder / "*.csv")
    for expected in (
        "Input orders:",
        f"{project.folder / 'few.csv'}: line 22 has 3 values; its header has 5 columns, separated by a comma",
        f"{project.folder / 'many.csv'}: line 3 has 6 values",
        f"{project.folder / 'ends.csv'}: line 7 ends with CR LF, and the lines before it with LF",
        f"{project.folder / 'headless.csv'}: line 1 is to hold the names of the columns, and its value 1 looks",
        "set the input's header to the list of its columns",
        f"{project.folder / 'latin.csv'}: line 3 is not UTF-8; set the input's encoding to latin-1",
        "set vars.inputs.orders.path",
    ):
        assert expected in message, message
    assert "well.csv" not in message
    assert "planted" not in message


def test_compressed_files_that_are_not_whole_are_refused(project: DbtProject) -> None:
    whole = gzip.compress((HEADER + "".join(lines(1, 2_001, mark="#"))).encode())
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 16
    for name, content in {"cut": whole[: len(whole) // 2], "damaged": bytes(damaged), "well": whole}.items():
        (project.folder / f"{name}.csv.gz").write_bytes(content)
    message = refusal(project, project.folder / "*.csv.gz")
    assert f"{project.folder / 'cut.csv.gz'}: the compressed file is cut short" in message
    assert f"{project.folder / 'damaged.csv.gz'}: the compressed file is damaged" in message
    assert "well.csv.gz" not in message
