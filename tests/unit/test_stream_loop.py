"""The steps of a stream by themselves, with a warehouse that counts rows in place of dbt's build.

The real builds are in `tests/integration/test_streaming.py`; here the order of the steps is tried in many cases, with
the real store, journal and landing folder. The warehouse refuses what holds the word "bad", and publishes all else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from segmentation.errors import UserError
from segmentation.stream.journal import Journal
from segmentation.stream.landing import Landing
from segmentation.stream.loop import Stopper, Stream, Timing
from segmentation.stream.store import Store

INPUTS = ("customers", "orders")


@dataclass(frozen=True)
class Verdict:
    """How a build ended."""

    succeeded: bool
    reason: str = ""
    is_refusal: bool = False
    warnings: tuple[str, ...] = ()


@dataclass
class Warehouse:
    """Publishes the words of each input, as far as none of them is bad."""

    published: dict[str, list[str]] = field(default_factory=dict)
    builds: list[list[str] | None] = field(default_factory=list)
    is_broken: bool = False

    def build(self, inputs: Mapping[str, Any], *, changed: Collection[str] | None) -> Verdict:
        """Read what the store holds."""
        self.builds.append(None if changed is None else sorted(changed))
        if self.is_broken:
            return Verdict(False, "the disk is full")
        words = {
            name: [row[0] for row in duckdb.sql(f"select word from '{setting['path']}' order by 1").fetchall()]
            for name, setting in inputs.items()
        }
        if any("bad" in found for found in words.values()):
            return Verdict(False, "a word is bad", is_refusal=True)
        self.published = words
        return Verdict(True)

    def check(self, name: str, _: Path, *, inputs: Mapping[str, Any], columns: Collection[str]) -> str | None:  # noqa: ARG002
        """Ask for a column."""
        return None if "word" in columns else f"{name}: the column word is missing"


@dataclass
class Shop:
    """A folder with a landing folder, a store and a warehouse."""

    folder: Path
    warehouse: Warehouse = field(default_factory=Warehouse)
    said: list[str] = field(default_factory=list)

    def land(self, name: str, file: str, *words: str, header: str = "word") -> Path:
        """Put a file into the landing folder."""
        path = self.folder / "landing" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *words, ""]), encoding="utf-8")
        return path

    def run(self, settings: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Start a stream, as a process of its own would, and let it work until nothing waits."""
        (self.folder / "landing").mkdir(exist_ok=True)
        store = Store(self.folder / "store")
        journal = Journal(store.journal_file)
        try:
            with store.locked():
                Stream(
                    settings or {name: {"path": str(self.folder / "history" / f"{name}*.csv")} for name in INPUTS},
                    project=self.warehouse,
                    store=store,
                    journal=journal,
                    landing=Landing(
                        self.folder / "landing", inputs=list(INPUTS), settle_seconds=0.0, patience_seconds=0.0
                    ),
                    tables=[],
                    warehouse=self.folder / "warehouse.duckdb",
                    report=self.folder / "shop_stream.duckdb",
                    timing=Timing(poll=0.01, settle=0.0, patience=0.0),
                    stopper=Stopper(5.0, self.said.append),
                    say=self.said.append,
                ).run(until_idle=True)
        finally:
            journal.close()

    def waiting(self) -> list[str]:
        """Return the files that stand in the folders of the inputs."""
        return sorted(path.name for name in INPUTS for path in (self.folder / "landing" / name).glob("*.*"))

    def set_aside(self) -> dict[str, str]:
        """Return the files that were set aside, with their reasons."""
        folder = self.folder / "landing" / "set_aside"
        reasons = {path.name: path.read_text(encoding="utf-8").strip() for path in folder.rglob("*.reason.txt")}
        return {name.removesuffix(".reason.txt"): reason for name, reason in reasons.items()}

    def told(self, columns: str, table: str = "stream_batches") -> list[tuple[Any, ...]]:
        """Return rows of what anybody may read."""
        with duckdb.connect(str(self.folder / "shop_stream.duckdb"), read_only=True) as connection:
            return connection.execute(f"select {columns} from stream.{table} order by 1").fetchall()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_what_has_landed_is_one_batch_and_leaves_the_folder(shop: Shop) -> None:
    shop.land("orders", "1.csv", "one", "two")
    shop.land("orders", "2.csv", "three")
    shop.land("customers", "1.csv", "somebody")
    shop.run()
    assert shop.warehouse.published == {"customers": ["somebody"], "orders": ["one", "three", "two"]}
    assert shop.waiting() == []
    assert shop.told("batch_number, outcome, customers_rows, orders_rows, files, builds") == [
        (1, "published", 1, 3, 3, 1)
    ]
    assert any(line.startswith("batch 1: published in ") for line in shop.said)


def test_only_what_has_changed_is_built(shop: Shop) -> None:
    shop.land("orders", "1.csv", "one")
    shop.land("customers", "1.csv", "somebody")
    shop.run()
    assert shop.warehouse.builds == [None]
    # A new process cannot know what was built, so it builds all of it; from then on it does know.
    shop.land("orders", "2.csv", "two")
    shop.run()
    assert shop.warehouse.builds == [None, None, ["orders"]]
    assert shop.warehouse.published["orders"] == ["one", "two"]


def test_the_same_content_counts_once(shop: Shop) -> None:
    shop.land("orders", "1.csv", "one")
    shop.land("orders", "2.csv", "one")
    shop.run()
    shop.land("orders", "3.csv", "one")
    shop.run()
    assert shop.warehouse.published == {"orders": ["one"]}
    assert shop.waiting() == []
    assert [row[1:] for row in shop.told("file_number, file_name, outcome", "stream_files")] == [
        ("1.csv", "accepted"),
        ("2.csv", "duplicate"),
        ("3.csv", "duplicate"),
    ]


@pytest.mark.parametrize("bad", [(5,), (2, 4), (1, 2, 3, 4, 5)])
def test_the_files_that_are_refused_are_found_among_good_ones(shop: Shop, bad: tuple[int, ...]) -> None:
    shop.land("customers", "1.csv", "somebody")
    shop.run()
    for number in range(1, 6):
        shop.land("orders", f"{number}.csv", f"word {number}", *(["bad"] if number in bad else []))
    shop.run()
    good = [f"word {number}" for number in range(1, 6) if number not in bad]
    assert shop.warehouse.published == {"customers": ["somebody"]} | ({"orders": good} if good else {})
    assert set(shop.set_aside()) == {f"{number}.csv" for number in bad}
    assert all("a word is bad" in reason for reason in shop.set_aside().values())
    assert shop.waiting() == []
    outcome, reason = ("set aside" if not good else "partly published"), "a word is bad"
    assert shop.told("batch_number, outcome, reason, files, files_set_aside")[1:] == [
        (2, outcome, reason, len(good), len(bad))
    ]
    # Nobody has to mend anything for the stream to go on.
    shop.land("orders", "6.csv", "word 6")
    shop.run()
    assert shop.warehouse.published["orders"] == [*good, "word 6"]


def test_a_build_that_breaks_takes_no_file_and_is_gone_on_with(shop: Shop) -> None:
    shop.land("orders", "1.csv", "one")
    shop.run()
    shop.land("orders", "2.csv", "two")
    shop.land("orders", "3.csv", "three")
    shop.warehouse.is_broken = True
    with pytest.raises(UserError, match="the disk is full"):
        shop.run()
    assert shop.set_aside() == {}
    shop.warehouse.is_broken = False
    shop.run()
    assert shop.warehouse.published == {"orders": ["one", "three", "two"]}
    assert shop.waiting() == []
    assert [row[1] for row in shop.told("batch_number, outcome")] == ["published", "published"]


def test_a_batch_that_was_open_at_a_kill_is_finished_first(shop: Shop) -> None:
    shop.land("orders", "1.csv", "one")
    shop.run()
    shop.land("orders", "2.csv", "two")

    class Killed(BaseException):
        """Nothing catches it."""

    def killed(*_: Any, **__: Any) -> Verdict:
        if len(shop.warehouse.builds) == 1:
            # What the store held is built at the start; then the batch.
            shop.warehouse.builds.append(None)
            return Verdict(True)
        raise Killed

    build = shop.warehouse.build
    shop.warehouse.build = killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        shop.run()
    shop.warehouse.build = build  # type: ignore[method-assign]
    shop.said.clear()
    shop.land("orders", "3.csv", "three")
    shop.run()
    assert any("batch 2, which the process before left open" in line for line in shop.said)
    assert shop.warehouse.published == {"orders": ["one", "three", "two"]}
    assert shop.told("batch_number, outcome, orders_rows") == [(number, "published", 1) for number in (1, 2, 3)]


def test_history_is_the_first_batch(shop: Shop) -> None:
    history = shop.folder / "history"
    history.mkdir()
    (history / "orders1.csv").write_text("word\nold\n", encoding="utf-8")
    (history / "orders2.csv").write_text("word\nolder\n", encoding="utf-8")
    shop.land("orders", "1.csv", "new")
    shop.run()
    assert shop.warehouse.published == {"orders": ["new", "old", "older"]}
    assert shop.told("batch_number, orders_rows") == [(1, 2), (2, 1)]
    assert sorted(path.name for path in history.iterdir()) == ["orders1.csv", "orders2.csv"]
    shop.run()
    assert shop.warehouse.published == {"orders": ["new", "old", "older"]}


def test_history_that_is_refused_is_no_beginning_and_may_be_mended(shop: Shop) -> None:
    (shop.folder / "history").mkdir()
    file = shop.folder / "history" / "orders.csv"
    file.write_text("word\nbad\n", encoding="utf-8")
    with pytest.raises(UserError, match="there is nothing to begin with: a word is bad"):
        shop.run()
    assert [row[1] for row in shop.told("batch_number, outcome")] == ["withdrawn"]
    file.write_text("word\ngood\n", encoding="utf-8")
    shop.run()
    assert shop.warehouse.published == {"orders": ["good"]}


def test_history_without_its_columns_is_refused_before_a_build(shop: Shop) -> None:
    (shop.folder / "history").mkdir()
    (shop.folder / "history" / "orders.csv").write_text("other\n1\n", encoding="utf-8")
    with pytest.raises(UserError, match="the column word is missing"):
        shop.run()
    assert shop.warehouse.builds == []


def test_a_file_without_its_columns_is_set_aside_before_a_build(shop: Shop) -> None:
    shop.land("orders", "1.csv", "one")
    shop.land("orders", "2.csv", "two", header="other")
    shop.run()
    assert shop.warehouse.published == {"orders": ["one"]}
    assert "the column word is missing" in shop.set_aside()["2.csv"]
    assert len(shop.warehouse.builds) == 1


def test_a_folder_that_turns_out_to_be_no_inputs_is_told_once(shop: Shop) -> None:
    build = shop.warehouse.build

    def build_and_mistype(*arguments: Any, **settings: Any) -> Verdict:
        shop.land("order", "2.csv", "two")
        return build(*arguments, **settings)

    shop.warehouse.build = build_and_mistype  # type: ignore[method-assign]
    shop.land("orders", "1.csv", "one")
    shop.run()
    assert sum("is no input's" in line for line in shop.said) == 1
    assert shop.warehouse.published == {"orders": ["one"]}


def test_what_is_already_accepted_must_build(shop: Shop) -> None:
    shop.land("orders", "1.csv", "one")
    shop.run()
    shop.warehouse.is_broken = True
    with pytest.raises(UserError, match="what was accepted earlier fails: the disk is full"):
        shop.run()
