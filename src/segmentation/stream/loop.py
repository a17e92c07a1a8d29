"""The stream: take what has arrived, build, mark it as done; after any death go on where the one before stopped.

The order of a batch, and what a kill between two steps leaves:

1. files are read into `incoming`           nothing has happened; they are read again
2. the journal accepts them, as one batch   a restart moves them into the store
3. they are moved into the store            a restart moves the rest
4. the project is built and publishes       a restart builds again: a build depends on the store alone
5. the journal marks the batch as done      a restart clears what is left in the landing folder
6. landed files are removed                 the same

What is in the store counts, once; what is not stands in the landing folder still.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Protocol

from segmentation.csv_files import Dialect
from segmentation.errors import UserError
from segmentation.stream.journal import Arrival, Journal, StoredFile, Watermark
from segmentation.stream.landing import Landed, Landing
from segmentation.stream.reading import UnreadableError, parquet_columns
from segmentation.stream.report import batch_line, write_report
from segmentation.stream.store import INPUTS, Store
from segmentation.stream.tables import PolledTable, history_sources, take_history

__all__ = ["Project", "Stopper", "Stream", "Timing"]

_MOST_FILES: Final = 1_000
"""Files in one batch; the others are the next one's."""


class Outcome(Protocol):
    """How a build ended; see `segmentation.stream.building.Verdict`."""

    @property
    def succeeded(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def is_refusal(self) -> bool: ...
    @property
    def warnings(self) -> Sequence[str]: ...


class Project(Protocol):
    """What a stream asks of the project; see `segmentation.stream.building.WarmProject`."""

    def build(self, inputs: Mapping[str, Any], *, changed: Collection[str] | None) -> Outcome:
        """Build what depends on inputs, with its tests, and publish."""

    def check(self, name: str, file: Path, *, inputs: Mapping[str, Any], columns: Collection[str]) -> str | None:
        """Return what is wrong with the columns of a file, or None."""


@dataclass(frozen=True)
class Timing:
    """How long a stream waits for what, in seconds.

    Parameters
    ----------
    poll : float
        Between two looks at the landing folder and the tables.
    settle : float
        How long a file must have been left alone before it is read.
    patience : float
        How long a file that cannot be read must have been left alone before it is set aside.
    grace : float
        How long a batch may still take after a signal to stop; then it is abandoned, and the next start builds it.
    """

    poll: float = 0.5
    settle: float = 1.0
    patience: float = 60.0
    grace: float = 5.0


class Stopper:
    """Remembers that a signal asked for the end, and sees to it that it comes.

    Parameters
    ----------
    grace : float
        Seconds that a batch has to finish.
    say : callable
        Takes a line for the terminal.
    """

    def __init__(self, grace: float, say: Callable[[str], None]) -> None:
        self._event = threading.Event()
        self._grace = grace
        self._say = say

    @property
    def is_set(self) -> bool:
        """Whether the stream is to end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, but not beyond a signal."""
        self._event.wait(seconds)

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Be the handler of a signal."""
        if self.is_set:
            self._abandon()
        self._event.set()
        timer = threading.Timer(self._grace, self._abandon)
        timer.daemon = True
        timer.start()

    def _abandon(self) -> None:
        # Nothing is lost by it, as by no other death, and dbt has no quicker way out of a long query.
        self._say("Stopped: the batch in hand is abandoned, and built by the next start")
        os._exit(0)


class Stream:
    """A stream of micro-batches.

    Parameters
    ----------
    inputs : mapping of str
        What the variables say of each input.
    project : Project
        Builds and publishes.
    store : Store
        Accepted rows; the caller holds its lock.
    journal : Journal
        The store's journal.
    landing : Landing
        Where files arrive.
    tables : sequence of PolledTable
        Tables that are polled.
    warehouse : Path
        The database of the builds.
    report : Path
        File of `stream_batches`.
    timing : Timing
        How long to wait for what.
    stopper : Stopper
        Says when to end.
    say : callable
        Takes a line for the terminal.
    """

    def __init__(
        self,
        inputs: Mapping[str, Mapping[str, Any]],
        *,
        project: Project,
        store: Store,
        journal: Journal,
        landing: Landing,
        tables: Sequence[PolledTable],
        warehouse: Path,
        report: Path,
        timing: Timing,
        stopper: Stopper,
        say: Callable[[str], None],
    ) -> None:
        self._inputs = inputs
        self._project = project
        self._store = store
        self._journal = journal
        self._landing = landing
        self._tables = tables
        self._warehouse = warehouse
        self._report = report
        self._timing = timing
        self._stopper = stopper
        self._say = say
        # What has changed since everything was last built with success; None: nobody knows.
        self._changed: set[str] | None = None
        self._told: set[str] = set()

    def run(self, *, until_idle: bool = False) -> None:
        """Work until a signal, or until nothing is left to do.

        Parameters
        ----------
        until_idle : bool, default False
            Whether to end once nothing waits in the landing folder and the tables.

        Raises
        ------
        UserError
            If the build fails for another reason than a file that came in.
        """
        self._recover()
        self._take_history()
        if self._changed is None and self._store.inputs():
            self._build_alone()
        while not self._stopper.is_set:
            batch, watermarks = self._gather()
            if self._stopper.is_set:
                return
            if batch:
                self._process(batch, watermarks)
                self._store.merge(self._journal)
            elif until_idle and not self._landing.waiting():
                return
            else:
                self._stopper.wait(self._timing.poll)

    # --- beginning ---------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        self._store.recover(self._journal)
        last = self._journal.last_batch_number()
        number = self._journal.open_batch_number()
        if number is not None:
            self._say(f"Going on with batch {number}, which the process before left open")
            self._finish(number)
        elif last:
            self._clear(last)
        write_report(self._journal, self._report)

    def _take_history(self) -> None:
        """Take what the inputs held before, as the first batch."""
        polled = {table.input for table in self._tables}
        sources = [
            (name, kind, place)
            for name in INPUTS
            if name in self._inputs and name not in polled and not self._journal.has_history(name)
            for kind, place in history_sources(name, self._inputs[name], self._warehouse)
        ]
        arrivals: list[Arrival] = []
        columns: dict[str, dict[str, str]] = {}
        for name, kind, place in sources:
            known = columns.setdefault(name, dict(self._store.columns(name)))
            arrival = take_history(
                name,
                kind,
                place,
                warehouse=self._warehouse,
                store=self._store,
                columns=known,
                dialect=Dialect.of(self._inputs[name]),
            )
            if self._journal.find_accepted(name, arrival.content_hash) or any(
                arrival.content_hash == other.content_hash and name == other.input for other in arrivals
            ):
                continue
            arrivals.append(arrival)
            known.update(self._columns_of(arrival))
        for arrival in arrivals:
            problem = self._check(arrival.input, self._store.incoming / arrival.staged_name)
            if problem:
                raise UserError(f"{arrival.name}: {problem}")
        if arrivals:
            self._say("Taking what the inputs hold so far as the first batch")
            self._process(arrivals, {})

    def _build_alone(self) -> None:
        """Build what the store holds: the process before may have had other variables, or other models."""
        self._say("Building what the store holds")
        outcome = self._build()
        if not outcome.succeeded:
            raise UserError(f"The build of what was accepted earlier fails: {outcome.reason}")

    # --- gathering ---------------------------------------------------------------------------------------------

    def _gather(self) -> tuple[list[Arrival], dict[str, Watermark]]:
        """Read everything that has arrived: the more there is, the larger the batch, and the fewer builds."""
        self._tell_what_is_left_alone()
        arrivals: list[Arrival] = []
        columns = {name: dict(self._store.columns(name)) for name in self._inputs}
        for landed in self._landing.settled(now=time.time()):
            if len(arrivals) == _MOST_FILES or self._stopper.is_set:
                break
            arrival = self._read(landed, columns[landed.input], arrivals)
            if arrival:
                arrivals.append(arrival)
        watermarks: dict[str, Watermark] = {}
        for table in self._tables:
            polled = table.poll(
                self._journal.watermark(table.input),
                self._store,
                columns=columns[table.input],
                arrival_number=self._journal.next_arrival(len(arrivals)),
            )
            if polled:
                problem = self._check(table.input, self._store.incoming / polled[0].staged_name)
                if problem:
                    raise UserError(f"TABLES.{table.input}: {table.table}: {problem}")
                arrivals.append(polled[0])
                watermarks[table.input] = polled[1]
        there = {*self._store.inputs(), *(arrival.input for arrival in arrivals)}
        if arrivals and not there & {"customers", "orders"}:
            # Nobody is there to be segmented yet: what has landed stays where it is.
            for arrival in arrivals:
                self._store.discard(arrival)
            return [], {}
        return sorted(arrivals, key=lambda arrival: INPUTS.index(arrival.input)), watermarks

    def _read(self, landed: Landed, columns: dict[str, str], before: Sequence[Arrival]) -> Arrival | None:
        now = time.time()
        try:
            arrival = self._landing.read(
                landed,
                self._store,
                columns=columns,
                arrival_number=self._journal.next_arrival(len(before)),
                check=self._check,
                now=now,
            )
        except UnreadableError as error:
            if not error.may_be_unfinished:
                unread = self._landing.unread(landed)
                self._journal.note_set_aside(unread, error.reason)
                self._landing.set_aside(unread, error.reason, path=landed.path)
                self._say(f"set aside {landed.input}/{landed.shown_name}: {error.reason}")
                write_report(self._journal, self._report)
            return None
        counted = self._journal.find_accepted(arrival.input, arrival.content_hash)
        is_twin = any(other.input == arrival.input and other.content_hash == arrival.content_hash for other in before)
        if counted:
            self._journal.note_duplicate(arrival, counted.batch_number)
            self._store.discard(arrival)
            self._landing.remove(arrival)
            write_report(self._journal, self._report)
            self._say(
                f"duplicate {landed.input}/{landed.shown_name}: the same content was counted in batch "
                f"{counted.batch_number}"
            )
        if counted or is_twin:
            # The twin of a file of this very batch is looked at again when the batch is done.
            return None
        columns.update(self._columns_of(arrival))
        return arrival

    def _check(self, name: str, file: Path) -> str | None:
        return self._project.check(name, file, inputs=self._build_inputs(), columns=parquet_columns(file))

    def _columns_of(self, arrival: Arrival) -> dict[str, str]:
        return parquet_columns(self._store.incoming / arrival.staged_name)

    def _tell_what_is_left_alone(self) -> None:
        for problem in (*self._landing.wrong_folders(), *self._landing.notices()):
            self._tell_once(problem)

    def _tell_once(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._say(line)

    # --- one batch ---------------------------------------------------------------------------------------------

    def _process(self, arrivals: Sequence[Arrival], watermarks: Mapping[str, Watermark]) -> None:
        number = self._journal.open_batch(arrivals, watermarks)
        for file in self._journal.files_of(number, "accepted"):
            self._store.move_in(file)
        self._finish(number)

    def _finish(self, number: int) -> None:
        """Build a batch whose files are in the store, and do all that comes after."""
        files = self._journal.files_of(number, "accepted")
        self._note_changed(files)
        if files:
            outcome = self._build(number)
            if not outcome.succeeded:
                if any(file.origin == "history" for file in files):
                    self._withdraw(number, files, outcome.reason)
                self._part(number, files, outcome)
        self._close(number)

    def _note_changed(self, files: Sequence[StoredFile]) -> None:
        if self._changed is not None:
            self._changed |= {file.input for file in files}

    def _close(self, number: int) -> None:
        self._journal.close_batch(number, now=time.time())
        self._clear(number)
        batch = self._journal.note_waiting(number, self._landing.waiting())
        write_report(self._journal, self._report)
        self._say(batch_line(batch))

    def _clear(self, number: int) -> None:
        """Take the files of a batch that is done out of the landing folder."""
        for file in self._journal.files_of(number, "accepted"):
            if file.origin == "landing":
                self._landing.remove(file)
        for file in self._journal.files_of(number, "set aside"):
            if file.origin == "landing":
                self._landing.set_aside(file, self._journal.reason_of(file))

    def _withdraw(self, number: int, files: Sequence[StoredFile], reason: str) -> None:
        self._journal.withdraw_batch(number, reason)
        for file in files:
            self._store.remove(file)
        write_report(self._journal, self._report)
        raise UserError(f"What the inputs hold so far is refused, so there is nothing to begin with: {reason}")

    def _part(self, number: int, files: Sequence[StoredFile], outcome: Outcome) -> None:
        """Find the files that a failed build fails for, by halves, and set them aside."""
        if len(files) == 1:
            self._blame(number, files[0], outcome)
            return
        half = len(files) // 2
        for file in files[half:]:
            self._store.hold(file)
        try:
            for part in (files[:half], files[half:]):
                for file in part:
                    self._store.move_in(file)
                self._note_changed(part)
                outcome = self._build(number)
                if not outcome.succeeded:
                    self._part(number, part, outcome)
        except UserError:
            # Something else than a file is at fault: all of them stay accepted.
            for file in self._journal.files_of(number, "accepted"):
                self._store.move_in(file)
            raise

    def _blame(self, number: int, file: StoredFile, outcome: Outcome) -> None:
        """Set a file aside, if the build succeeds without it."""
        is_known_to_work = self._changed is not None
        if not (outcome.is_refusal and is_known_to_work):
            self._store.hold(file)
            others = self._store.inputs()
            without = self._build(number) if others else None
            if (not without.succeeded) if without else (not outcome.is_refusal):
                self._store.move_in(file)
                raise UserError(
                    f"The build fails, and not for what came in: {(without or outcome).reason}. Batch {number} stays "
                    "open; start again once that is mended."
                )
        if file.origin == "table":
            # Rows of a table are in no landed file, and its watermark has passed them.
            place = self._store.place(file)
            held = self._store.held / file.input / file.stored_name
            self._landing.keep_aside(place if place.exists() else held, file.input, outcome.reason)
        self._journal.set_aside(file, outcome.reason)
        self._store.remove(file)

    def _build(self, number: int | None = None) -> Outcome:
        if number is not None:
            self._journal.count_build(number)
        outcome = self._project.build(self._build_inputs(), changed=self._changed)
        for warning in outcome.warnings:
            self._tell_once(warning)
        if outcome.succeeded:
            self._changed = set()
        return outcome

    def _build_inputs(self) -> dict[str, Any]:
        """Return the variable `inputs` of a build: each reads its folder of the store."""
        return {
            name: self._store.setting(name, self._inputs[name]) for name in self._store.inputs() if name in self._inputs
        }
