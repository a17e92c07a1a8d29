"""Streams the demo data to files: one file per input, as CSV (text, with every kind of dirt) or as typed Parquet."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import pyarrow as pa
import pyarrow.parquet as pq

from segmentation.demo.dirt import SPARE_CUSTOMERS, Dirt, soil_block, soil_products
from segmentation.demo.world import BLOCK_SIZE, DEFAULT_ORDERS_PER_CUSTOMER, plant_block, plant_products

Format = Literal["csv", "parquet"]
INPUTS = ("customers", "orders", "order_items", "products")
DEFAULT_CHUNK_SIZE = 20_000
FEWEST_CUSTOMERS, MOST_CUSTOMERS = 100, 10_000_000  # beyond it, order numbers would leave their nine digits
MOST_ORDERS_PER_CUSTOMER = 15


@dataclass
class DemoReport:
    """What was written: rows per input, and rows per input and rule that staging is to reject."""

    rows: Counter[str] = field(default_factory=Counter)
    dirt: Dirt = field(default_factory=Counter)


class _TableFile:
    """A file that grows by one table at a time. Opened on entering, from the schema of the first table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sink: Any = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, table: pa.Table) -> None:
        if self.path.suffix == ".parquet":
            if self._writer is None:
                self._sink = self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
            self._writer.write_table(table)
            return
        if self._writer is None:
            self._sink = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._sink, lineterminator="\n")
            self._writer.writerow(table.column_names)
        self._writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sink is not None:
            self._sink.close()


def write_demo_data(
    *,
    out: Path,
    customers: int = 2_000,
    seed: int = 20260101,
    file_format: Format = "csv",
    truth: Path | None = None,
    orders_per_customer: float = DEFAULT_ORDERS_PER_CUSTOMER,
    chunk_size: int = DEFAULT_CHUNK_SIZE,
) -> DemoReport:
    """Write ``demo_<input>`` files to `out`, and what was planted to `truth`.

    The same arguments give the same bytes. `chunk_size` bounds the memory, about 10 kB per customer, and is no
    part of the data: it changes no byte of a CSV and no row of a Parquet file, only the size of its row groups.

    Parameters
    ----------
    out
        Folder of the four files; made where it is absent.
    customers
        Number of clean customers, 100 to 10 million. Below 2,000 the dirt weighs more: at least one row of every
        kind is planted.
    seed
        Seed of everything random, not negative.
    file_format
        ``csv`` (text) or ``parquet`` (typed; without the rules on unparsable values, which have no typed form).
    truth
        Folder of ``demo_truth.csv`` (customer_id, segment) and ``demo_dirt.csv`` (input, rule, rows); None for neither.
    orders_per_customer
        Mean number of orders over all customers.
    chunk_size
        Customers that are held in memory at a time, rounded up to whole blocks of 2,000.

    Returns
    -------
    DemoReport
        Rows per input, and planted rejects per input and rule.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    if not FEWEST_CUSTOMERS <= customers <= MOST_CUSTOMERS:
        raise ValueError(f"customers is {customers}, expected {FEWEST_CUSTOMERS:,} to {MOST_CUSTOMERS:,}")
    if seed < 0:
        raise ValueError(f"seed is {seed}, expected 0 or more")
    if not 1 <= orders_per_customer <= MOST_ORDERS_PER_CUSTOMER:
        raise ValueError(f"orders_per_customer is {orders_per_customer}, expected 1 to {MOST_ORDERS_PER_CUSTOMER}")
    if chunk_size < 1:
        raise ValueError(f"chunk_size is {chunk_size}, expected 1 or more")

    report = DemoReport()
    text = file_format == "csv"
    with ExitStack() as stack:
        files = {name: stack.enter_context(_TableFile(out / f"demo_{name}.{file_format}")) for name in INPUTS}
        if truth is not None:
            files["truth"] = stack.enter_context(_TableFile(truth / "demo_truth.csv"))
        products, dirt = soil_products(plant_products(seed), seed=seed, text=text)
        files["products"].write(products)
        report.rows["products"] += products.num_rows
        report.dirt.update(dirt)
        for chunk in _chunks(customers, seed, orders_per_customer, chunk_size, report, text=text):
            for name, table in chunk.items():
                if name in files:
                    files[name].write(table)
    if truth is not None:
        rules = sorted(report.dirt, key=lambda key: (INPUTS.index(key[0]), key[1]))
        columns = {"input": [key[0] for key in rules], "rule": [key[1] for key in rules]}
        with _TableFile(truth / "demo_dirt.csv") as file:
            file.write(pa.table({**columns, "rows": [report.dirt[key] for key in rules]}))
    return report


def _chunks(
    customers: int, seed: int, orders_per_customer: float, chunk_size: int, report: DemoReport, *, text: bool
) -> Iterator[dict[str, pa.Table]]:
    """Yield the tables of whole blocks together, at most `chunk_size` customers (or one block) at a time."""
    blocks_per_chunk = max(1, chunk_size // BLOCK_SIZE)
    blocks = range(-(-customers // BLOCK_SIZE))
    for first in blocks[::blocks_per_chunk]:
        parts: list[dict[str, pa.Table]] = []
        for number in blocks[first : first + blocks_per_chunk]:
            block = plant_block(
                seed=seed,
                number=number,
                customers=min(BLOCK_SIZE, customers - number * BLOCK_SIZE),
                spare=SPARE_CUSTOMERS,
                orders_per_customer=orders_per_customer,
            )
            tables, dirt = soil_block(block, seed=seed, text=text)
            report.dirt.update(dirt)
            report.rows.update({name: table.num_rows for name, table in tables.items()})
            parts.append({**tables, "truth": block.truth})
        yield {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
