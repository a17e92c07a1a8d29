"""A source system that lives through a year: rows come late, are corrected, vanish and are erased."""

from __future__ import annotations

import csv
import datetime
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import DbtProject, file_inputs
from segmentation.demo.writer import INPUTS, write_demo_data
from small import ADVICE, SEGMENTATIONS

Row = dict[str, str]

OUTLIVES_A_RUN = {"incremental", "refreshed"}
"""Materializations of tables of which a run keeps rows."""


def lasting(project: DbtProject) -> set[str]:
    """Return the tables that outlive a run: refreshed in part, kept, or standing as they were learned.

    Other `learned` tables are empty but in the runs that learn.
    """
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    return {
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and (node["config"]["materialized"] in OUTLIVES_A_RUN or node["config"]["meta"].get("stands"))
    }


def refreshed_and_published(project: DbtProject) -> dict[str, Any]:
    """Return the content of every table that outlives a run, of what is rejected, and of every mart.

    Left out are feed_changes, which tells what is new since the build before (`FeedReader` follows it), and what the
    calibration of value expected of customers, which is there in a run that learns alone.
    """
    compared = lasting(project) | {"staging.rejected_records"}
    content = project.content(schemas=sorted({"marts", *(name.split(".")[0] for name in compared)}))
    kept = {name: content[name] for name in content if name.startswith("marts.") or name in compared}
    assert kept.keys() >= compared - {"marts.feed_changes"}
    columns, rows = kept["value.customer_values"]
    kept["value.customer_values"] = columns, tuple(row for row in rows if "calibration" not in row)
    return kept


@dataclass
class Source:
    """What the source system would export now, and what is still to happen.

    Parameters
    ----------
    folder : Path
        Where the exports lie; each replaces the one before.
    customers, seed : int
        Number of customers, and the seed of all that happens.
    """

    folder: Path
    customers: int
    seed: int
    tables: dict[str, list[Row]] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    coming: list[tuple[datetime.date, str, Row]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        write_demo_data(out=self.folder / "all", customers=self.customers, seed=self.seed, file_format="csv")
        for name in INPUTS:
            with (self.folder / "all" / f"demo_{name}.csv").open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            self.columns[name] = [*dict.fromkeys([*rows[0], "updated_at", "deleted_at"])]
            self.tables[name] = [{**dict.fromkeys(self.columns[name], ""), **row} for row in rows]
        arrivals = {row["order_id"]: self._arrival(row["ordered_at"]) for row in self.tables["orders"]}
        for name in ("customers", "orders", "order_items"):
            for row in self.tables[name]:
                known = arrivals.get(row.get("order_id", ""), datetime.date.min)
                self.coming.append((self._arrival(row["signup_at"]) if name == "customers" else known, name, row))
            self.tables[name] = []
        self.coming.sort(key=lambda event: event[0])

    def _arrival(self, moment: str) -> datetime.date:
        """The day on which a row reaches the source's export: mostly its own, at times weeks later."""
        try:
            day = datetime.datetime.fromisoformat(moment).date()
        except ValueError:
            return datetime.date.min
        late = self.chance.random() < 0.15
        return day + datetime.timedelta(days=self.chance.randrange(1, 60)) if late else day

    @property
    def inputs(self) -> dict[str, dict[str, str]]:
        """The variable `inputs` for the exports."""
        return file_inputs(**{name: self.folder / f"{name}.csv" for name in INPUTS})

    def advance(self, until: datetime.date) -> None:
        """Let everything arrive that is due by the close of a day."""
        while self.coming and self.coming[0][0] <= until:
            _, name, row = self.coming.pop(0)
            self.tables[name].append(row)

    def sign_up(self, until: datetime.date) -> None:
        """Let customers alone arrive that are due by the close of a day: their orders are still on the way."""
        due = [event for event in self.coming if event[1] == "customers" and event[0] <= until]
        self.coming = [event for event in self.coming if event not in due]
        self.tables["customers"] += [row for _, _, row in due]

    def lose_newest_day(self) -> None:
        """Take back most orders of the newest day, with which the day after them goes back as well."""
        # What is misdated counts for no build, and no later day for this year.
        newest = max(day for order in self.tables["orders"] if (day := order["ordered_at"][:10]) < "2027")
        self.tables["orders"] = [
            order for order in self.tables["orders"] if order["ordered_at"][:10] < newest or self.chance.random() < 0.3
        ]

    def misdate(self, count: int) -> None:
        """Give orders and sign-ups days that are far away, or none."""
        for _ in range(count):
            self._any("customers")["signup_at"] = self.chance.choice(["", "2024-12-01 00:00:00", "2025-12-20 08:00:00"])
            days = ["2031-01-01 00:00:00", "1970-01-01 00:00:00", "soon", "2024-06-30 23:59:59"]
            self._any("orders")["ordered_at"] = self.chance.choice(days)

    def disturb(self, count: int) -> None:
        """Correct, repeat, take away and erase rows at random."""
        disturbances: list[Callable[[], None]] = [
            self._give_order_to_another,
            self._cancel_order,
            self._announce_cancellation,
            self._lose_order,
            self._correct_line,
            self._lose_line,
            self._orphan_line,
            self._repeat_order,
            self._correct_customer,
            self._lose_customer,
            self._erase_customer,
            self._spoil_customer,
            self._share_address,
            self._recategorise_product,
            self._unnamed_rows,
        ]
        for disturbance in self.chance.choices(disturbances, k=count):
            disturbance()

    def export(self) -> None:
        """Write the files that a build reads, in an order of rows that changes from export to export."""
        for name, rows in self.tables.items():
            shuffled = self.chance.sample(rows, len(rows))
            with (self.folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, self.columns[name])
                writer.writeheader()
                writer.writerows(shuffled)

    # --- What happens to rows ---------------------------------------------------------------------------------------

    def _any(self, name: str) -> Row:
        return self.chance.choice(self.tables[name])

    def _give_order_to_another(self) -> None:
        self._any("orders")["customer_id"] = self._any("customers")["customer_id"]

    def _cancel_order(self) -> None:
        order = self._any("orders")
        order.update(status="cancelled", cancelled_at=order["ordered_at"])

    def _announce_cancellation(self) -> None:
        """One that is known before its day, which other runs may come to."""
        order = self._any("orders")
        with suppress(ValueError):
            moment = datetime.datetime.fromisoformat(order["ordered_at"])
            later = moment + datetime.timedelta(days=self.chance.randrange(1, 60))
            order.update(status="cancelled", cancelled_at=later.isoformat(sep=" "))

    def _lose_order(self) -> None:
        self.tables["orders"].remove(self._any("orders"))

    def _correct_line(self) -> None:
        self._any("order_items")["quantity"] = self.chance.choice(["1", "2", "7", "-1", "many"])

    def _lose_line(self) -> None:
        self.tables["order_items"].remove(self._any("order_items"))

    def _orphan_line(self) -> None:
        self.tables["order_items"].append({**self._any("order_items"), "order_id": f"O?{self.chance.random()}"})

    def _repeat_order(self) -> None:
        order = self._any("orders")
        self.tables["orders"].append({**order, "channel": "phone", "updated_at": "2026-01-01 00:00:00"})

    def _correct_customer(self) -> None:
        self._any("customers").update(region="South", birth_date="1950-05-05", marketing_consent="true")

    def _lose_customer(self) -> None:
        customer = self._any("customers")
        self.tables["customers"].remove(customer)
        # Some come back.
        self.coming.append((datetime.date.max, "customers", customer))
        if self.chance.random() < 0.5:
            self.tables["customers"].append(self.coming.pop()[2])

    def _erase_customer(self) -> None:
        self._any("customers")["deleted_at"] = "2025-12-01 00:00:00"

    def _spoil_customer(self) -> None:
        self._any("customers")["birth_date"] = self.chance.choice(["yesterday", "2099-01-01", ""])

    def _share_address(self) -> None:
        """An account turns out to be another one's as well, and at times refuses."""
        customer, other = self._any("customers"), self._any("customers")
        name = self.chance.choice(["email", "phone"])
        customer.update({name: other[name], "marketing_consent": self.chance.choice(["true", "false", ""])})

    def _recategorise_product(self) -> None:
        self._any("products")["category"] = self.chance.choice(["garden", "new things", ""])

    def _unnamed_rows(self) -> None:
        name = self.chance.choice(["customers", "orders", "order_items"])
        self.tables[name].append({**self._any(name), self.columns[name][0]: ""})


@dataclass(frozen=True)
class Batch:
    """One run: the as-of date, None where it follows the orders, and whether it is held against a full build."""

    as_of_date: str | None
    is_compared: bool


def year(source: Source, *, runs: int) -> Iterator[Batch]:
    """Live through a year in batches of random length; the files of each are there when it is yielded.

    Most runs have the as-of date of the run before them, as several runs of a day have, and some a later one, at which
    rows become known that were set aside before: one in the middle in the same month, the last ones in another year.
    """
    first, last = datetime.date(2025, 1, 1), datetime.date(2026, 1, 1)
    days = sorted(source.chance.sample(range((last - first).days), runs - 1))
    as_of_date = (first + datetime.timedelta(days=days[runs // 2])).replace(day=20)
    for number, day in enumerate([*days, (last - first).days]):
        source.advance(first + datetime.timedelta(days=day))
        if number:
            source.disturb(12)
        if number == runs // 2:
            as_of_date += datetime.timedelta(days=3)
        if number > runs // 2 and number % 3 == 0:
            as_of_date = last
        source.export()
        yield Batch(as_of_date.isoformat(), is_compared=number % 2 == 0 and number > 0)


def days(source: Source, *, runs: int) -> Iterator[Batch]:
    """Live through some weeks in which the as-of date is the day after the newest order, forth and at times back.

    Every second run brings no order that is due, but customers of later days; the others bring what is due.
    """
    day = datetime.date(2025, 3, 1)
    source.advance(day)
    for number in range(runs):
        if number % 2:
            source.sign_up(day + datetime.timedelta(days=source.chance.randrange(1, 60)))
        elif number:
            day += datetime.timedelta(days=source.chance.choice([1, 3, 8, 20, 40]))
            source.advance(day)
        if number:
            source.disturb(6)
            if source.chance.random() < 0.3:
                source.lose_newest_day()
            if source.chance.random() < 0.4:
                source.misdate(3)
        source.export()
        yield Batch(None, is_compared=number > 0)


def settings(source: Source, as_of_date: str | None) -> dict[str, Any]:
    """Return the variables of a build on what the source exports now."""
    return {
        "inputs": source.inputs,
        "segmentations": SEGMENTATIONS,
        "advice": ADVICE,
        "snapshot_count": 3,
        "default_max_reject_share": 1.0,
        "as_of_date": as_of_date,
        "full_above_share": 1.0,
        "audiences": {"segmentations": "auto", "minimum_size": 20, "holdout_share": 0.1, "calling_code": None},
    }
