"""Every line of an input file is an accepted row or a reject with its reason, or the build stops and names the line."""

from __future__ import annotations

import gzip
from pathlib import Path

from harness import DbtProject, file_inputs

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
    message = refusal(project, project.folder / "*.csv")
    for expected in (
        "Input orders:",
        f"{project.folder / 'few.csv'}: line 22 has 3 values; its header has 5 columns, separated by a comma",
        f"{project.folder / 'many.csv'}: line 3 has 6 values",
        f"{project.folder / 'ends.csv'}: line 7 ends with CR LF, and the lines before it with LF",
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
