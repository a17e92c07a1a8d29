"""Runs the project for real, in a database of its own that vanishes with the test."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "warehouse.duckdb"
"""The same name in every test: a view knows the name of its database, so a copy of the file must keep it."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and all that it printed."""

    arguments: tuple[str, ...]
    returncode: int
    output: str

    @property
    def succeeded(self) -> bool:
        return self.returncode == 0

    def check(self) -> Outcome:
        """Fail the test, with what was printed, unless the command succeeded."""
        assert self.succeeded, f"{' '.join(self.arguments)} ended with {self.returncode}:\n{self.output}"
        return self


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without what an outer `make` or user set for a build of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SEGMENTATION_", "MAKE", "MFLAGS", "DBT_", "PYTEST_"))
        and name not in {"EXAMPLE", "DATA", "REFIT", "VARS"}
    }
    if "SEGMENTATION_THREADS" in os.environ:
        kept["SEGMENTATION_THREADS"] = os.environ["SEGMENTATION_THREADS"]
    path = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return kept | {"PYTHONPATH": path, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"} | changes


def run_command(
    arguments: Sequence[str | Path], *, folder: Path = ROOT, variables: Mapping[str, str] | None = None
) -> Outcome:
    """Run a command and wait for it; `variables` are added to its environment."""
    words = tuple(str(argument) for argument in arguments)
    finished = subprocess.run(
        words,
        cwd=folder,
        env=environment(**(variables or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        timeout=1200,
        check=False,
    )
    return Outcome(words, finished.returncode, finished.stdout)


class DbtProject:
    """The project of this repository, building into a database below a folder of the test.

    Parameters
    ----------
    folder : Path
        Where the database, dbt's artefacts and the input files of the test lie.
    root : Path, optional
        Project folder; a test that breaks a model runs a copy (`copy_of_project`).
    """

    def __init__(self, folder: Path, *, root: Path = ROOT) -> None:
        self.folder = folder
        self.root = root
        self.database = folder / DATABASE
        self.published = folder / "published" / DATABASE
        folder.mkdir(parents=True, exist_ok=True)

    def command(self, command: str, *arguments: str, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Return the words of a dbt command, for tests that start the process themselves."""
        return [
            sys.executable,
            "-m",
            "dbt.cli.main",
            "--no-use-colors",
            command,
            "--project-dir",
            str(self.root),
            "--profiles-dir",
            str(self.root),
            "--target-path",
            str(self.folder / "target"),
            "--log-path",
            str(self.folder / "logs"),
            *(["--vars", json.dumps(variables, ensure_ascii=False)] if variables else []),
            *arguments,
        ]

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point a build at this database."""
        return {"SEGMENTATION_DATABASE": str(self.database)}

    def dbt(
        self,
        command: str,
        *arguments: str,
        variables: Mapping[str, Any] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a dbt command; `variables` are dbt's, `settings` are environment variables."""
        words = self.command(command, *arguments, variables=variables)
        # Parsing starts from the working directory: the root, as for a user.
        return run_command(words, folder=self.root, variables=self.environment | dict(settings or {}))

    def build(self, *arguments: str, variables: Mapping[str, Any] | None = None, **settings: str) -> Outcome:
        """Run `dbt build`."""
        return self.dbt("build", *arguments, variables=variables, settings=settings)

    def connect(self, *, published: bool = False) -> duckdb.DuckDBPyConnection:
        """Open the database of the build, or what it has published, for reading."""
        return duckdb.connect(str(self.published if published else self.database), read_only=True)

    def query(self, sql: str, *, published: bool = False) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.connect(published=published) as connection:
            return connection.execute(sql).fetchall()

    def frame(self, sql: str, *, published: bool = False) -> pa.Table:
        """Return the result of a query with its types."""
        with self.connect(published=published) as connection:
            return connection.sql(sql).to_arrow_table()

    def content(self, *, published: bool = False, schemas: Sequence[str] = ("marts",)) -> dict[str, tuple[Any, ...]]:
        """Return columns, types and rows, in one fixed order, of every relation of some schemas.

        Two calls are equal only if nobody who reads these relations can see a difference. feed_changes is left out: it
        tells what is new since the build before, so the same build again makes it empty.
        """
        with self.connect(published=published) as connection:
            columns = connection.execute(
                """
                select schema_name || '.' || table_name, column_name, data_type
                from duckdb_columns()
                where database_name = current_database() and list_contains($1, schema_name)
                    and table_name <> 'feed_changes'
                order by 1, column_index
                """,
                [list(schemas)],
            ).fetchall()
            return {
                name: (
                    tuple(column[1:] for column in columns if column[0] == name),
                    tuple(connection.execute(f"select * from {name} order by all").fetchall()),
                )
                for name in dict.fromkeys(column[0] for column in columns)
            }

    def copy_to(self, folder: Path) -> DbtProject:
        """Return a project whose database and published file are copies of this one's."""
        copy = DbtProject(folder, root=self.root)
        shutil.copyfile(self.database, copy.database)
        if self.published.exists():
            copy.published.parent.mkdir(exist_ok=True)
            shutil.copy(self.published, copy.published)
        return copy

    def csv(self, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
        """Write a CSV file; None is an empty field."""
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
        return path

    def parquet(self, name: str, content: pa.Table | Mapping[str, Sequence[Any]]) -> Path:
        """Write a Parquet file from a table or from columns."""
        path = self.folder / name
        table = content if isinstance(content, pa.Table) else pa.table(dict(content))
        pyarrow.parquet.write_table(table, path)
        return path


def file_inputs(**paths: Path | str) -> dict[str, dict[str, str]]:
    """Return the `inputs` variable for files that carry the names of our columns."""
    return {name: {"path": str(path)} for name, path in paths.items()}


def copy_of_project(folder: Path) -> Path:
    """Copy what dbt reads of the project, for tests that break a model, and return the copy's root."""
    root = folder / "project"
    root.mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copyfile(ROOT / name, root / name)
    for name in ("macros", "models", "seeds", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "test_*.py"))
    return root


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock that other test processes wait for."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
