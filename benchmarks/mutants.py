"""Ask the tests whether they would notice: change one thing at random, build, test, and tell what survived.

    make mutants                                       60 changes of SQL, 150 of Python (some hours on two cores)
    make mutants MUTANTS_SQL=10 MUTANTS_PYTHON=0 SEED=7
    python benchmarks/mutants.py --kind python --from 0 --to 50    a portion; what is in the results already is skipped
    python benchmarks/mutants.py --quick                           without integration tests: most of the time is theirs
    python benchmarks/mutants.py --kind sql --survivors            those again that no test had noticed
    python benchmarks/mutants.py --report                          the table alone

Each change is made in a copy of the project. One of SQL is built with the demo's data and all dbt tests, its marts are
compared with the golden ones, and then the integration tests run that name the model, or else what is made from it. One
of Python meets first the unit tests of its module, then the same, and those of what is made from it. What fails first
has noticed it. SQL that the engine cannot read is no change of meaning: another is drawn. What changes no result is
listed in `equivalent_mutants.csv` with its reason, found there by its text, and not drawn. What only Spark calls is
left out.

Draws depend on the seed, their number and the text of the file alone, so that most stay the same from commit to commit.
The exit code is 1 if less than nine in ten were noticed, or if one survived that concerns consent, hold-outs, erasure,
publication or money.
"""

from __future__ import annotations

import argparse
import ast
import csv
import hashlib
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from mutations import Change, python_changes, sql_changes

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.csv")
RESULTS = ROOT / "target" / "mutants.jsonl"

ENOUGH = 0.9
MOST_FILES = 3
"""Integration tests that one change is held against: the files that name the model most often."""

UNIT_SECONDS, BUILD_SECONDS, INTEGRATION_SECONDS = 400, 240, 900
"""Of processor time: how busy the machine is does not decide what is noticed. Who sleeps has ten times that."""

TIME_IS_UP = (-signal.SIGKILL, -signal.SIGXCPU)
UNREADABLE = re.compile(r"Parser Error|Binder Error|Catalog Error|syntax error|Encountered unknown tag|unexpected '")

PROTECTED_FILES = re.compile(
    r"feed|audience|holdout|publi|erasure|left_members|last_export|retired|gamma_gamma|bg_nbd|int_orders|int_order_lines"
    r"|customer_totals|order_sums|money|spending|segment_value|segment_worth|customer_worth|customer_value"
)
PROTECTED_WORDS = re.compile(
    r"consent|hold_?out|eras|suppress|delet|publish|publication|amount|revenue|monetary|price|lifetime"
)


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    kind: str
    seed: int
    number: int
    file: str
    line: int
    rule: str
    before: str
    after: str
    start: int
    end: int
    new: str

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two the same, whatever else the file holds."""
        return self.kind, self.file, self.before, self.after

    @property
    def protects(self) -> bool:
        """Tell whether consent, hold-outs, erasure, publication or money is concerned."""
        return bool(PROTECTED_FILES.search(self.file) or PROTECTED_WORDS.search(self.before))


@dataclass(frozen=True)
class Result:
    """What became of it: `noticed_by` is empty for a survivor."""

    mutant: Mutant
    noticed_by: str
    first: str
    seconds: float


# --- Drawing ----------------------------------------------------------------------------------------------------------


def lot(*words: object) -> float:
    """Return a number between 0 and 1 that depends on some words alone."""
    digest = hashlib.sha256("\x1f".join(map(str, words)).encode()).digest()
    return (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)


class Lottery:
    """Draws changes of one kind."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind, self.seed = kind, seed
        patterns = {"sql": ("models/**/*.sql", "macros/**/*.sql"), "python": ("src/segmentation/**/*.py",)}[kind]
        find: Callable[[str], list[Change]] = {"sql": sql_changes, "python": python_changes}[kind]
        files = sorted(file for pattern in patterns for file in ROOT.glob(pattern))
        self.texts = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}
        self.changes = {file: found for file, text in self.texts.items() if (found := find(text))}
        with EQUIVALENT.open(encoding="utf-8", newline="") as lines:
            self.equivalent = {(kind, row["file"], row["before"], row["after"]) for row in csv.DictReader(lines)}
        self._first: list[Mutant] = []

    def draw(self, number: int, attempt: int) -> Mutant:
        """Return the change of a number; further attempts return others.

        A model is drawn as likely as any other, a Python module by how much there is to change in it.
        """
        place = (self.seed, self.kind, number, attempt)
        weight = {file: 1 if self.kind == "sql" else len(found) for file, found in self.changes.items()}
        file = min(self.changes, key=lambda name: -math.log(lot(*place, name)) / weight[name])
        text = self.texts[file]
        rule = min({change.rule for change in self.changes[file]}, key=lambda name: lot(*place, file, name))
        of_rule = [change for change in self.changes[file] if change.rule == rule]
        change = min(of_rule, key=lambda one: (lot(*place, file, *one.shown(text)), one))
        before, after = change.shown(text)
        return Mutant(
            *(self.kind, self.seed, number, file, change.line(text), rule, before, after),
            *(change.start, change.end, change.new),
        )

    def candidates(self, number: int) -> Iterator[Mutant]:
        """Yield the changes of a number that are worth trying, best first; no other number begins with the same."""
        for lower in range(len(self._first), number):
            self._first.append(next(self.candidates(lower)))
        taken = self.equivalent | {mutant.key for mutant in self._first[:number]}
        for attempt in range(1000):
            mutant = self.draw(number, attempt)
            if mutant.key not in taken:
                yield mutant


# --- What concerns a file ---------------------------------------------------------------------------------------------


class Concerns:
    """Which tests concern which file, told from what names and imports what."""

    def __init__(self) -> None:
        self.modules = {
            ".".join(file.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__"): file
            for file in sorted((ROOT / "src" / "segmentation").rglob("*.py"))
        }
        self.sql = {file.stem: file for folder in ("models", "macros") for file in (ROOT / folder).rglob("*.sql")}
        self.binders = sorted((ROOT / "models").rglob("*.py"))
        self.unit = sorted((ROOT / "tests" / "unit").glob("test_*.py"))
        self.integration = {
            file: file.read_text(encoding="utf-8")
            for file in sorted((ROOT / "tests" / "integration").glob("test_*.py"))
        }

    def imported(self, file: Path) -> set[str]:
        """Return the modules of the package that a file imports itself."""
        found: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
            elif isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
        return found & self.modules.keys()

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """The modules that each module imports."""
        return {name: self.imported(file) for name, file in self.modules.items()}

    def steps(self, file: Path, module: str) -> int | None:
        """Return over how many imports a file reaches a module."""
        seen: set[str] = set()
        reached, steps = self.imported(file), 0
        while reached:
            if module in reached:
                return steps
            seen |= reached
            reached = {name for one in reached for name in self.imports[one]} - seen
            steps += 1
        return None

    def module_of(self, file: str) -> str:
        """Return the name of a module by its file."""
        return next(name for name, path in self.modules.items() if path == ROOT / file)

    def unit_tests(self, file: str) -> tuple[list[Path], list[Path]]:
        """Return the unit tests of a module and its examples, and those of what is made from it, nearest first."""
        module = self.module_of(file)
        steps = {test: found for test in self.unit if (found := self.steps(test, module)) is not None}
        own = [test for test in steps if test.stem.removeprefix("test_") in (Path(file).stem, Path(file).parent.name)]
        direct = [test for test, found in steps.items() if found == 0]
        rest = sorted(steps.keys() - {*own, *direct}, key=lambda test: (steps[test], test))
        return [ROOT / file, *dict.fromkeys([*own, *direct])], rest

    def is_built(self, file: str) -> bool:
        """Tell whether a build calls a module."""
        module = self.module_of(file)
        return any(self.steps(binder, module) is not None for binder in self.binders)

    def users_of_sql(self, names: set[str]) -> set[str]:
        """Return the models and macros that read some models or call some macros."""
        pattern = re.compile(rf"""ref\(["']({"|".join(names)})["']\)|\b({"|".join(names)})\(""")
        return {name for name, text in self._texts.items() if pattern.search(text)} - names

    @cached_property
    def _texts(self) -> dict[str, str]:
        files = [*self.sql.values(), *self.binders]
        return {file.stem: file.read_text(encoding="utf-8") for file in files}

    def integration_tests(self, file: str) -> list[Path]:
        """Return the integration tests that name a file's model, or else the nearest of what is made from it."""
        names = {Path(file).stem}
        if file.endswith(".py"):
            module = self.module_of(file)
            named = [test for test in self.integration if self.steps(test, module) == 0]
            if named or not self.is_built(file):
                return named or [test for test in self.integration if self.steps(test, module) is not None][:MOST_FILES]
            names = {binder.stem for binder in self.binders if self.steps(binder, module) is not None}
        seen: set[str] = set()
        chosen: list[Path] = []
        while names and len(chosen) < MOST_FILES:
            pattern = re.compile(rf"\b(?:{'|'.join(names)})\b")
            counts = {test: len(pattern.findall(text)) for test, text in self.integration.items()}
            chosen += sorted(
                (test for test, count in counts.items() if count and test not in chosen),
                key=lambda test: -counts[test],
            )
            seen |= names
            names = self.users_of_sql(names) - seen
        return chosen[:MOST_FILES]


# --- Trying -----------------------------------------------------------------------------------------------------------


class Workshop:
    """A copy of the project in which changes are made, built and tested, one after the other."""

    def __init__(self, folder: Path, *, is_quick: bool = False) -> None:
        self.is_quick = is_quick
        self.root = folder / "project"
        self.shared = folder / "shared"
        self.demo = self.shared / "demo"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, self.root / name)
        self.demo.mkdir(parents=True)
        self.concerns = Concerns()

    def run(self, arguments: Sequence[str | Path], seconds: int, **variables: str) -> tuple[bool | None, str]:
        """Run a command in the copy: whether it succeeded, None where its time was up, and all that it printed."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("SEGMENTATION_", "DBT_", "MAKE"))
        } | {
            "PYTHONPATH": str(self.root / "src"),
            # A file that changes twice within a second would be read from what was compiled of it before.
            "PYTHONDONTWRITEBYTECODE": "1",
            "SEGMENTATION_DATA": os.environ.get("SEGMENTATION_DATA") or str(ROOT.parent / "shared" / "data"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "NO_COLOR": "1",
            **variables,
        }
        with subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        ) as process:
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (seconds, seconds))
            try:
                output, _ = process.communicate(timeout=10 * seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
                return None, output
            return None if process.returncode in TIME_IS_UP else process.returncode == 0, output

    def build(self) -> tuple[bool | None, str]:
        """Build the demo where the integration tests will find it, parsing only what has changed."""
        self.clear()
        succeeded, output = self.run(
            [
                *("-m", "dbt.cli.main", "--no-use-colors", "build"),
                *("--project-dir", self.root, "--profiles-dir", self.root),
                *("--target-path", self.demo / "target", "--log-path", self.demo / "logs"),
            ],
            BUILD_SECONDS,
            SEGMENTATION_DATABASE=str(self.demo / "warehouse.duckdb"),
        )
        (self.demo / "build.log").write_text(output, encoding="utf-8")
        return succeeded, output

    def clear(self) -> None:
        """Remove what was built; what was parsed stays."""
        for file in [*self.demo.glob("warehouse.duckdb*"), self.demo / "build.log"]:
            file.unlink(missing_ok=True)
        shutil.rmtree(self.demo / "published", ignore_errors=True)

    def begin(self) -> None:
        """Build the project as it is; what it gives is golden here, whether or not it has been committed."""
        golden = self.root / "tests" / "data" / "golden" / "demo.csv"
        committed = golden.read_bytes()
        for succeeded, output in (self.build(), self.compare(GOLDEN="write")):
            if not succeeded:
                sys.exit(f"The project as it is does not pass, so no change can be told:\n{output[-2000:]}")
        if golden.read_bytes() != committed:
            print("The golden results of the demo are not those that are committed: see `make golden`.", flush=True)

    def compare(self, **variables: str) -> tuple[bool | None, str]:
        """Compare the demo with its golden results."""
        golden = [ROOT / "tests" / "integration" / "test_golden.py"]
        return self.test(golden, INTEGRATION_SECONDS, "-m", "golden", **variables)

    def test(self, files: Iterable[Path], seconds: int, *arguments: str, **variables: str) -> tuple[bool | None, str]:
        """Run pytest on some files of the copy until the first test fails; the demo is as `build` left it."""
        here = [self.root / file.relative_to(ROOT) for file in files]
        for other in self.shared.iterdir():
            if other != self.demo:
                shutil.rmtree(other, ignore_errors=True) if other.is_dir() else other.unlink()
        return self.run(
            [
                *("-m", "pytest", "-x", "-q", "-n", "0", "--no-header", "--tb=line", "-p", "no:cacheprovider"),
                *("--basetemp", str(self.shared / "own")),
                *arguments,
                *here,
            ],
            seconds,
            # The fixtures of all tests lie beside this process's own folder, as when several share them.
            PYTEST_XDIST_WORKER="alone",
            **variables,
        )

    def try_out(self, mutant: Mutant) -> Result | None:
        """Return what became of a change; None where the engine cannot read it."""
        file = self.root / mutant.file
        text = file.read_text(encoding="utf-8")
        change = Change(mutant.rule, mutant.start, mutant.end, mutant.new)
        began = time.monotonic()
        try:
            file.write_text(change.apply(text), encoding="utf-8")
            found = self._noticed(mutant)
        finally:
            file.write_text(text, encoding="utf-8")
        return found and Result(mutant, *found, round(time.monotonic() - began, 1))

    def _noticed(self, mutant: Mutant) -> tuple[str, str] | None:
        """Return by what a change was noticed and where: what takes longer comes later."""
        near, far = self.concerns.unit_tests(mutant.file) if mutant.kind == "python" else ([], [])
        noticed = self._by_tests("unit tests", near, UNIT_SECONDS)
        if noticed:
            return noticed
        if mutant.kind == "sql" or self.concerns.is_built(mutant.file):
            succeeded, output = self.build()
            if mutant.kind == "sql" and UNREADABLE.search(output):
                return None
            if not succeeded:
                return ("time", "build") if succeeded is None else ("build", first_error(output))
            succeeded, output = self.compare()
            if not succeeded:
                return "golden results", first_failure(output)
        else:
            # The demo may be that of the change before.
            self.clear()
        files = [] if self.is_quick else self.concerns.integration_tests(mutant.file)
        return (
            self._by_tests("unit tests", far, UNIT_SECONDS)
            or self._by_tests("integration tests", files, INTEGRATION_SECONDS)
            or ("", ", ".join(file.name for file in files))
        )

    def _by_tests(self, name: str, files: Sequence[Path], seconds: int) -> tuple[str, str] | None:
        if not files:
            return None
        succeeded, output = self.test(files, seconds)
        # Nothing to run is no failure, as a module may have no example; that it cannot be read or ends pytest is one.
        if succeeded or ("no tests ran" in output and "rror" not in output and "SystemExit" not in output):
            return None
        return ("time", name) if succeeded is None else (name, first_failure(output))


def first_failure(output: str) -> str:
    """Return the test that failed, of what pytest printed."""
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    return found.group(1) if found else output.strip()[-200:]


def first_error(output: str) -> str:
    """Return the node that failed, of what dbt printed."""
    found = re.search(r"(?:Failure|Error) in \w+ (\w+)", output) or re.search(r"(\w+ Error\b[^\n]*)", output)
    return found.group(1) if found else output.strip()[-200:]


# --- Telling ----------------------------------------------------------------------------------------------------------


def read_results(file: Path) -> dict[tuple[str, ...], Result]:
    """Return what was found before, the last word on each change."""
    if not file.exists():
        return {}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    results = [Result(Mutant(**row.pop("mutant")), **row) for row in rows]
    return {result.mutant.key: result for result in results}


def report(results: Sequence[Result]) -> bool:
    """Print the table, and return whether enough was noticed."""
    good = True
    for kind in dict.fromkeys(result.mutant.kind for result in results):
        of_kind = [result for result in results if result.mutant.kind == kind]
        by = Counter(result.noticed_by for result in of_kind)
        noticed = len(of_kind) - by[""]
        shares = ", ".join(f"{count} by {name}" for name, count in by.most_common() if name)
        print(f"{kind}: {noticed} of {len(of_kind)} changes were noticed ({noticed / len(of_kind):.1%}): {shares}")
        survivors = [result.mutant for result in of_kind if not result.noticed_by]
        for mutant in sorted(survivors, key=lambda one: (not one.protects, one.file, one.line)):
            mark = "!!" if mutant.protects else "  "
            print(f"{mark} {mutant.file}:{mutant.line}  {mutant.rule}\n     - {mutant.before}\n     + {mutant.after}")
        good &= noticed >= ENOUGH * len(of_kind) and not any(mutant.protects for mutant in survivors)
    return good


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--sql", type=int, default=60, help="changes of SQL")
    parser.add_argument("--python", type=int, default=150, help="changes of Python")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--kind", choices=("sql", "python"), help="of one kind alone")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the number of the first change")
    parser.add_argument("--to", type=int, help="the number behind the last")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where they are kept, one a line")
    parser.add_argument("--survivors", action="store_true", help="try those again that nothing had noticed")
    parser.add_argument("--quick", action="store_true", help="without integration tests: survivors want a second look")
    parser.add_argument("--list", action="store_true", help="show what would be tried")
    parser.add_argument("--report", action="store_true", help="show what was found before")
    return parser.parse_args()


def main() -> int:
    """Draw, try and tell."""
    told = options()
    known = read_results(told.results)
    wanted: list[Result] = []
    tried: list[Callable[[Workshop], None]] = []

    def in_turn(lottery: Lottery, number: int) -> Callable[[Workshop], None]:
        def attempt(workshop: Workshop) -> None:
            for mutant in lottery.candidates(number):
                result = known.get(mutant.key)
                if result is None or (told.survivors and not result.noticed_by):
                    result = workshop.try_out(mutant)
                    keep(told.results, result or Result(mutant, "unreadable", "", 0.0))
                if result and result.noticed_by != "unreadable":
                    wanted.append(result)
                    return

        return attempt

    for kind, count in (("python", told.python), ("sql", told.sql)):
        if told.kind in (None, kind) and count:
            lottery = Lottery(kind, told.seed)
            for number in range(told.first, min(count, count if told.to is None else told.to)):
                if told.list:
                    one = next(lottery.candidates(number))
                    print(f"{kind} {number}: {one.file}:{one.line} {one.rule}: {one.before} => {one.after}")
                elif told.report:
                    found = (known.get(mutant.key) for mutant in lottery.candidates(number))
                    result = next((one for one in found if one is None or one.noticed_by != "unreadable"), None)
                    wanted += [result] if result else []
                else:
                    tried.append(in_turn(lottery, number))
    if tried:
        with tempfile.TemporaryDirectory(prefix="mutants") as folder:
            workshop = Workshop(Path(folder), is_quick=told.quick)
            workshop.begin()
            for attempt in tried:
                attempt(workshop)
    return 0 if told.list or report(wanted) else 1


def keep(file: Path, result: Result) -> None:
    """Append a result, and show it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
    mutant = result.mutant
    print(
        f"{mutant.kind} {mutant.number}: {result.noticed_by or 'SURVIVED'} ({result.first}; {result.seconds:.0f} s)\n"
        f"    {mutant.file}:{mutant.line}  {mutant.before}  =>  {mutant.after}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
