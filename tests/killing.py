"""Kills a stream at every single step that changes anything, and checks what the next ones make of it.

    python tests/killing.py FOLDER           every step (some minutes)
    python tests/killing.py FOLDER 9         every ninth

The project is a small one: a build counts the rows of the store and publishes the counts by rename, and refuses
negative amounts. Everything else is the stream itself. Each stream is a process of its own, forked from this one, in
which every rename, removal, opened file and statement of the journal is counted, and a real SIGKILL comes at the one
that is asked for. Whatever it left, one more stream that is killed somewhere and one that is not must end with the
right counts.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from segmentation.files import put_in_place
from segmentation.stream import store
from segmentation.stream.journal import Journal
from segmentation.stream.landing import Landing
from segmentation.stream.loop import Stopper, Stream, Timing
from segmentation.stream.store import Store

INPUTS: dict[str, dict[str, Any]] = {"orders": {"path": "nothing/*.csv"}, "order_items": {"path": "nothing/*.csv"}}
EXPECTED = {"orders": ["O1", "O2", "O3", "O4", "O5", "O6"], "order_items": ["O1", "O1"]}
TIMING = Timing(poll=0.01, settle=0.0, patience=0.02, grace=5.0)


@dataclass(frozen=True)
class Counted:
    """How the small project's build ended."""

    succeeded: bool
    reason: str = ""
    is_refusal: bool = True
    warnings: tuple[str, ...] = ()


class Counting:
    """The small project: publishes the sorted order ids of each input."""

    def __init__(self, published: Path) -> None:
        self.published = published

    def build(self, inputs: Mapping[str, Any], *, changed: Collection[str] | None) -> Counted:  # noqa: ARG002
        found: dict[str, list[str]] = {}
        with duckdb.connect() as connection:
            for name, setting in inputs.items():
                source = f"read_parquet('{setting['path']}', union_by_name = true)"
                bad = connection.execute(f"select count(*) from {source} where try_cast(amount as int) < 0").fetchall()
                if bad[0][0]:
                    return Counted(False, f"{bad[0][0]} negative amounts")
                rows = connection.execute(f"select order_id from {source} order by all").fetchall()
                found[name] = [row[0] for row in rows]
        temporary = self.published.with_suffix(".tmp")
        temporary.write_text(json.dumps(found), encoding="utf-8")
        put_in_place(temporary, self.published)
        return Counted(True)

    def check(self, name: str, file: Path, *, inputs: Mapping[str, Any], columns: Collection[str]) -> str | None:  # noqa: ARG002
        return None if "order_id" in columns else "the column order_id is missing"


def land(landing: Path, name: str, files: Mapping[str, str]) -> None:
    """Put files into the landing folder of an input, by rename."""
    (landing / name).mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (landing / f".{file}").write_text(text, encoding="utf-8")
        (landing / f".{file}").rename(landing / name / file)


def run(folder: Path, kill_at: int) -> None:
    """Be the process of a stream that is killed at a step; 0: at none."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"os.rename", "os.remove"} or (event == "open" and "w" in str(arguments[1])):
            step()

    class Traced(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.set_trace_callback(lambda sql: step() if not sql.lstrip().lower().startswith("select") else None)

    connect = sqlite3.connect
    sqlite3.connect = lambda *words, **options: connect(*words, factory=Traced, **options)  # type: ignore[assignment]
    store._MERGE_AT = 3  # type: ignore[misc]
    place = Store(folder / "store")
    with place.locked():
        sys.addaudithook(hook)
        stream = Stream(
            INPUTS,
            project=Counting(folder / "published.json"),
            store=place,
            journal=Journal(place.journal_file),
            landing=Landing(
                folder / "landing", inputs=INPUTS, settle_seconds=TIMING.settle, patience_seconds=TIMING.patience
            ),
            tables=[],
            warehouse=folder / "none.duckdb",
            report=folder / "shop_stream.duckdb",
            timing=TIMING,
            stopper=Stopper(TIMING.grace, print),
            say=lambda _: None,
        )
        stream.run(until_idle=True)


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own and return how it ended; minus the signal, where one ended it."""
    process = os.fork()
    if process == 0:
        try:
            work()
        except BaseException:
            import traceback  # noqa: PLC0415

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def check(folder: Path) -> None:
    """Check what has become of all that was landed."""
    published = json.loads((folder / "published.json").read_text(encoding="utf-8"))
    assert published == EXPECTED, published
    landing = folder / "landing"
    assert [path.name for name in INPUTS for path in (landing / name).iterdir()] == []
    aside = {path.name.split("-")[-1] for path in (landing / "set_aside").rglob("*.csv")}
    assert aside == {"refused.csv", "empty.csv", "columns.csv"}, aside
    for path in (landing / "set_aside").rglob("*.csv"):
        assert path.with_name(f"{path.name}.reason.txt").read_text(encoding="utf-8").strip()
    with duckdb.connect(str(folder / "shop_stream.duckdb"), read_only=True) as connection:
        accepted = connection.execute(
            "select input, sum(row_count) from stream.stream_files where outcome = 'accepted' group by all"
        ).fetchall()
        still_open = connection.execute("select count(*) from stream.stream_batches where outcome is null").fetchall()
    assert dict(accepted) == {name: len(rows) for name, rows in EXPECTED.items()}, accepted
    assert still_open == [(0,)]


def trial(folder: Path, kill_at: int) -> bool:
    """Run streams over one landing folder, the first killed at a step; return whether it lived to be killed."""
    shutil.rmtree(folder, ignore_errors=True)
    landing = folder / "landing"
    header = "order_id,amount\n"
    land(landing, "orders", {"a.csv": f"{header}O1,1\nO2,2\n", "refused.csv": f"{header}X1,-1\n", "empty.csv": ""})
    land(
        landing,
        "orders",
        {"b.csv": f"{header}O3,3\n", "again.csv": f"{header}O1,1\nO2,2\n", "c.csv": f"{header}O4,4\n"},
    )
    land(landing, "order_items", {"columns.csv": "nothing\n1\n", "items.csv": f"{header}O1,5\nO1,5\n"})
    first = forked(lambda: run(folder, kill_at))
    land(landing, "orders", {"d.csv": f"{header}O5,5\n"})
    second = forked(lambda: run(folder, random.Random(kill_at).randrange(1, 60)))
    land(landing, "orders", {"e.csv": f"{header}O6,6\n"})
    third = forked(lambda: run(folder, 0))
    assert first in (0, -signal.SIGKILL), first
    assert second in (0, -signal.SIGKILL), second
    assert third == 0, third
    assert forked(lambda: check(folder)) == 0, f"after a kill at step {kill_at}"
    return first != 0


def main() -> None:
    """Try every step, or every so many, until a stream ends before it comes to the step at which it is to be killed."""
    folder = Path(sys.argv[1])
    stride = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    step, tried, began = 1, 0, time.monotonic()
    while trial(folder / "trial", step):
        step, tried = step + stride, tried + 1
    print(f"{tried} steps, a kill at each, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
