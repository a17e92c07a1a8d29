"""The demo data as Parquet files, to which a batch may be added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from segmentation.demo.writer import write_demo_data

INPUTS = ("customers", "orders", "order_items", "products")
LATE = "late-"


class DemoFiles:
    """Two thousand customers and all that they bought, in one file per input at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_demo_data(out=folder, customers=2_000, seed=20260101, file_format="parquet")

    @property
    def variables(self) -> dict[str, Any]:
        return {"inputs": {name: {"path": str(self.folder / f"demo_{name}*.parquet")} for name in INPUTS}}

    def add_batch(self, size: int = 30) -> None:
        """Add what came late: orders like the last ones, by the same customers, and one customer who is new."""
        orders = self._read("orders").sort_by([("ordered_at", "descending"), ("order_id", "ascending")])
        orders = orders.filter(pc.is_in(orders["order_id"], self._read("order_items")["order_id"])).slice(0, size)
        lines = self._read("order_items")
        self._add("orders", orders, "order_id")
        self._add("order_items", lines.filter(pc.is_in(lines["order_id"], orders["order_id"])), "order_id")
        self._add("customers", self._read("customers").slice(0, 1), "customer_id")

    def _read(self, name: str) -> pa.Table:
        return pyarrow.parquet.read_table(self.folder / f"demo_{name}.parquet")

    def _add(self, name: str, rows: pa.Table, key: str) -> None:
        keys = pc.binary_join_element_wise(LATE, pc.cast(rows[key], pa.string()), "")
        rows = rows.set_column(rows.column_names.index(key), key, keys)
        pyarrow.parquet.write_table(rows, self.folder / f"demo_{name}_{LATE}1.parquet")
