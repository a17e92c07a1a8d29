"""The store: every accepted row, as Parquet files, one folder per input. A build reads these folders and nothing else.

store/orders/00000007-1f2e3d4c5b6a7988.parquet    accepted: counts
store/incoming/                                   read, not yet accepted
store/held/orders/                                taken out for a moment, to find out which file a gate refuses
store/journal.sqlite                              which of them count, and why the others do not
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from segmentation.csv_files import DIALECT_KEYS, without_pattern
from segmentation.errors import UserError
from segmentation.files import HeldError, held, put_in_place, sync
from segmentation.quoting import quote_literal
from segmentation.stream.journal import Arrival, Journal, StoredFile
from segmentation.stream.reading import ARRIVAL_COLUMN, engine, parquet_columns, write_relation

__all__ = ["INPUTS", "Store"]

INPUTS: Final = ("customers", "products", "orders", "order_items")
"""Inputs in the order in which they depend on each other."""

_MERGE_AT: Final = 64
"""So many files of an input become one: a build opens every file."""

_LARGE_BYTES: Final = 256 * 2**20
"""A file that is as large as this stays as it is."""


class Store:
    """The folder of a stream's accepted rows.

    Parameters
    ----------
    folder : Path
        The store; made where there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.incoming = self.folder / "incoming"
        self.held = self.folder / "held"
        self.journal_file = self.folder / "journal.sqlite"
        self.incoming.mkdir(parents=True, exist_ok=True)
        self._columns: dict[str, dict[str, str]] = {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store for one process.

        Raises
        ------
        UserError
            If another process holds it.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self.folder / "lock"))
            except HeldError as error:
                raise UserError(
                    f"Another stream (process {error.holder}) works on the store {self.folder}. Stop it first, or give "
                    "this one a store and a database of its own (STORE=folder, SEGMENTATION_DATABASE=file)."
                ) from error
            yield

    def place(self, file: StoredFile) -> Path:
        """Return where an accepted file stands."""
        return self.folder / file.input / file.stored_name

    def glob(self, name: str) -> str:
        """Return the glob that a build reads for an input."""
        return str(self.folder / name / "*.parquet")

    def setting(self, name: str, setting: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the variable `inputs` says of an input for a build that reads it from here."""
        # What is stored is Parquet, however it came.
        kept = {key: value for key, value in setting.items() if key not in {"ref", "relation", "path", *DIALECT_KEYS}}
        return {**kept, "path": self.glob(name)}

    def inputs(self) -> list[str]:
        """Return the inputs that have accepted files."""
        return [name for name in INPUTS if any((self.folder / name).glob("*.parquet"))]

    def columns(self, name: str) -> dict[str, str]:
        """Return the columns of an input's accepted files by name, with their types; empty before the first file."""
        if name not in self._columns and name in self.inputs():
            self._columns[name] = parquet_columns(self.glob(name))
        return self._columns.get(name, {})

    def move_in(self, file: StoredFile) -> None:
        """Put a file that the journal has accepted in its place, from wherever it stands."""
        place = self.place(file)
        for source in (self.incoming / file.staged_name, self.held / file.input / file.stored_name):
            if not place.exists() and source.exists():
                place.parent.mkdir(exist_ok=True)
                put_in_place(source, place)
        self._columns.pop(file.input, None)

    def hold(self, file: StoredFile) -> None:
        """Take an accepted file out of what is built, for a moment."""
        held = self.held / file.input / file.stored_name
        held.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(self.place(file), held)
        self._columns.pop(file.input, None)

    def remove(self, file: StoredFile) -> None:
        """Remove the rows of a file that the journal no longer accepts."""
        for path in (
            self.place(file),
            self.held / file.input / file.stored_name,
            self.incoming / file.staged_name,
        ):
            path.unlink(missing_ok=True)
        self._columns.pop(file.input, None)

    def discard(self, arrival: Arrival) -> None:
        """Remove what was read of a file that does not come into a batch."""
        (self.incoming / arrival.staged_name).unlink(missing_ok=True)

    # --- after a kill, and in good time --------------------------------------------------------------------------

    def recover(self, journal: Journal) -> None:
        """Make the folders say what the journal says, wherever the process before was killed.

        Raises
        ------
        UserError
            If an accepted file is gone, or a file stands in the store that the journal does not know.
        """
        self._recover_merges(journal)
        number = journal.open_batch_number()
        if number is not None:
            for file in journal.files_of(number, "accepted"):
                self.move_in(file)
        # The latest batch alone can have files that no longer count and are not yet removed.
        for outcome in ("set aside", "withdrawn"):
            for file in journal.files_of(journal.last_batch_number(), outcome):
                self.remove(file)
        self._check(journal.accepted_names())
        for leftover in self.incoming.iterdir():
            leftover.unlink()
        self._number_arrivals(journal)

    def _number_arrivals(self, journal: Journal) -> None:
        """Give the rows of an earlier version's store their numbers of arrival, without which corrections may lose."""
        numbers = journal.arrival_numbers()
        for name in self.inputs():
            with engine() as connection:
                found = connection.execute(
                    "select file_name from parquet_schema(?) group by file_name having not bool_or(name = ?)",
                    [self.glob(name), ARRIVAL_COLUMN],
                ).fetchall()
                for place in sorted(Path(file_name) for (file_name,) in found):
                    numbered = self.incoming / f"{name}-{place.name}"
                    write_relation(
                        connection,
                        f"read_parquet({quote_literal(without_pattern(place))}, hive_partitioning = false)",
                        numbered,
                        columns={},
                        arrival=str(numbers[name, place.name]),
                    )
                    put_in_place(numbered, place)
            self._columns.pop(name, None)

    def _check(self, accepted: dict[str, set[str]]) -> None:
        if not accepted and self.inputs():
            raise UserError(
                f"The journal {self.journal_file} knows of no file, and there are files in the store {self.folder}: "
                "the journal was lost. Put it back from a backup of the same time as the store. Without one nobody "
                "knows which files count: move the folder away, and have its rows land anew."
            )
        for name in INPUTS:
            folder = self.folder / name
            there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
            expected = accepted.get(name, set())
            for missing in sorted(expected - there):
                raise UserError(
                    f"The store lacks an accepted file: {folder / missing}. Put it back from a backup; otherwise its "
                    "rows would be missing from what is published."
                )
            for foreign in sorted(there - expected):
                raise UserError(
                    f"There is a file in the store that no stream put there: {folder / foreign}. Take it out; what is "
                    "to be counted goes through the landing folder."
                )

    def merge(self, journal: Journal) -> None:
        """Make one file of the many small ones of an input, so that builds do not open ever more of them."""
        for name in INPUTS:
            folder = self.folder / name
            small = sorted(path for path in folder.glob("*.parquet") if path.stat().st_size < _LARGE_BYTES)
            if len(small) >= _MERGE_AT:
                self._merge_files(journal, name, small)

    def _merge_files(self, journal: Journal, name: str, files: Sequence[Path]) -> None:
        merged = f"{files[0].name[:8]}-{files[-1].name[:8]}-merged.parquet"
        staged = self.incoming / f"{name}-{merged}"
        listed = ", ".join(quote_literal(str(path)) for path in files)
        with engine() as connection:
            connection.execute(
                f"copy (select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)) "
                f"to {quote_literal(str(staged))} (format parquet, compression zstd)"
            )
        sync(staged)
        journal.begin_merge(name, merged, [path.name for path in files])
        put_in_place(staged, self.folder / name / merged)
        self._finish_merge(journal, name, [path.name for path in files])

    def _finish_merge(self, journal: Journal, name: str, replaced: Collection[str]) -> None:
        for old in replaced:
            (self.folder / name / old).unlink(missing_ok=True)
        journal.end_merge(name)
        self._columns.pop(name, None)

    def _recover_merges(self, journal: Journal) -> None:
        for name, (merged, replaced) in journal.open_merges().items():
            if (self.folder / name / merged).exists():
                self._finish_merge(journal, name, replaced)
            else:
                journal.cancel_merge(name)
