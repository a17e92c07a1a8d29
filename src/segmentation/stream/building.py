"""dbt inside this process: parsed once, then invoked for every micro-batch."""

from __future__ import annotations

import json
import os
import pickle
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from dbt.artifacts.schemas.results import NodeStatus
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from segmentation.errors import UserError
from segmentation.opening import disk_is_full
from segmentation.publishing import published_path
from segmentation.stream.store import INPUTS, Store

__all__ = ["Verdict", "WarmProject"]

_QUIET: Final = ("--no-use-colors", "--log-level", "none", "--log-level-file", "warn")
_LONGEST: Final = 1_000
"""Letters of a reason."""


@dataclass(frozen=True)
class Verdict:
    """How a build ended.

    Parameters
    ----------
    succeeded : bool
        Whether everything passed and was published.
    reason : str
        Why not, in one line; empty if it succeeded.
    is_refusal : bool
        Whether a test or a check refused the data. Otherwise something broke, and it need not be the data.
    seconds : float
        How long it took.
    warnings : tuple of str
        What the project's tests ask somebody to look at, though the build goes on.
    """

    succeeded: bool
    reason: str
    is_refusal: bool
    seconds: float
    warnings: tuple[str, ...]


class WarmProject:
    """The project, parsed once, in a process that stays.

    dbt changes a manifest while it compiles, so that a second build on the same object fails. Each build therefore gets
    a fresh copy, unpacked from bytes in a tenth of a second. A change of models or macros needs a new process.

    Parameters
    ----------
    folder : Path
        The project's folder.
    work : Path
        Folder for dbt's artefacts and log.
    variables : mapping of str
        dbt's variables, as for any build; `inputs` is replaced at each build.
    store : Store
        What builds read. The project is parsed for inputs of which all are there, so that a file of one that had none
        yet needs no second parsing.
    """

    def __init__(self, folder: Path, work: Path, variables: Mapping[str, Any], store: Store) -> None:
        self._words = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
        self._words += ["--target-path", str(work / "target"), "--log-path", str(work / "logs"), "--no-write-json"]
        defaults = yaml.safe_load((folder / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
        self._variables = {"inputs": defaults["inputs"], **variables}
        self._store = store
        database = Path(os.environ["SEGMENTATION_DATABASE"])
        self._written = (database, published_path(database, folder=os.environ.get("SEGMENTATION_PUBLISHED")))
        self._parsed: bytes | None = None
        self._known_headers: set[tuple[str, tuple[str, ...]]] = set()
        self._messages: list[str] = []
        self._warnings: list[str] = []
        self._full: str | None = None

    def inputs(self) -> dict[str, Any]:
        """Return what the variables say of each input.

        Raises
        ------
        UserError
            If the project cannot be parsed, or the variable is not of the shape that it must have.
        """
        invoked = self._invoke(["run-operation", "check_input_settings"], self._variables)
        if not invoked.success:
            raise UserError(self._failure(invoked)[0])
        return {name: dict(self._variables["inputs"][name]) for name in INPUTS if name in self._variables["inputs"]}

    def build(self, inputs: Mapping[str, Any], *, changed: Collection[str] | None) -> Verdict:
        """Build what depends on some inputs, with all tests of it, and publish.

        Parameters
        ----------
        inputs : mapping of str
            The variable `inputs`.
        changed : collection of str, optional
            Inputs that have changed since everything was last built with success; everything by default.

        Returns
        -------
        Verdict
            How it ended.
        """
        began = time.perf_counter()
        words = ["build", "--exclude", "path:seeds/demo"]
        if changed is not None:
            # What does not depend on them is as it was when its tests last passed.
            words += ["--select", *(f"raw_{name}+" for name in INPUTS if name in changed)]
        invoked = self._invoke(words, {**self._variables, "inputs": inputs})
        seconds = time.perf_counter() - began
        if invoked.success:
            return Verdict(True, "", is_refusal=False, seconds=seconds, warnings=tuple(self._warnings))
        if self._full:
            # No file is at fault; what was accepted is built by the next start.
            raise UserError(self._full)
        reason, is_refusal = self._failure(invoked)
        return Verdict(False, reason, is_refusal, seconds, tuple(self._warnings))

    def check(self, name: str, file: Path, *, inputs: Mapping[str, Any], columns: Collection[str]) -> str | None:
        """Return what is wrong with the columns of a file for an input; None if nothing is.

        Parameters
        ----------
        name : str
            Input.
        file : Path
            A Parquet file.
        inputs : mapping of str
            The variable `inputs`.
        columns : collection of str
            The file's columns: a header that has passed is not asked about again.

        Raises
        ------
        UserError
            If it cannot be found out.
        """
        header = (name, tuple(sorted(columns)))
        if header in self._known_headers:
            return None
        arguments = json.dumps({"input": name, "path": str(file)})
        words = ["run-operation", "check_landed_file", "--args", arguments]
        invoked = self._invoke(words, {**self._variables, "inputs": inputs})
        if invoked.success:
            self._known_headers.add(header)
            return None
        reason, is_refusal = self._failure(invoked)
        if not is_refusal:
            raise UserError(f"The columns of a file for {name} cannot be checked: {reason}")
        return reason

    def _manifest(self) -> Manifest:
        if self._parsed is None:
            inputs = self._variables["inputs"]
            # What is of another shape is told by check_input_settings, which needs a manifest too.
            settings = {name: inputs[name] for name in INPUTS if isinstance(inputs, dict) and name in inputs}
            stored = {
                name: self._store.setting(name, setting)
                for name, setting in settings.items()
                if isinstance(setting, dict)
            }
            variables = json.dumps({**self._variables, "inputs": stored}, ensure_ascii=False)
            parsed = dbtRunner().invoke([*_QUIET, "parse", *self._words, "--vars", variables])
            if not isinstance(parsed.result, Manifest):
                raise UserError(f"The project cannot be parsed: {_one_line(str(parsed.exception))}")
            self._parsed = pickle.dumps(parsed.result)
        manifest = pickle.loads(self._parsed)  # noqa: S301 - our own bytes
        assert isinstance(manifest, Manifest)  # noqa: S101
        return manifest

    def _invoke(self, words: Sequence[str], variables: Mapping[str, Any]) -> dbtRunnerResult:
        self._messages, self._warnings, self._full = [], [], None
        runner = dbtRunner(manifest=self._manifest(), callbacks=[self._listen])
        return runner.invoke([*_QUIET, *words, *self._words, "--vars", json.dumps(variables, ensure_ascii=False)])

    def _listen(self, event: Any) -> None:
        """Keep what macros tell people: a failed test says no more than its number of rows; and that a disk is full."""
        if event.info.name == "NodeFinished" and not self._full:
            self._full = disk_is_full(str(event.data.run_result.message), self._store.folder, *self._written)
        if event.info.name in {"JinjaLogInfo", "RunningOperationCaughtError", "RunningOperationUncaughtError"}:
            message = str(event.info.msg)
            # A warning is no reason why a build fails.
            (self._warnings if _one_line(message).startswith("Warning: ") else self._messages).append(message)

    def _failure(self, invoked: dbtRunnerResult) -> tuple[str, bool]:
        """Return why a command failed, and whether it was the data that were refused."""
        if invoked.exception is not None:
            errors = [str(invoked.exception)]
            is_check = type(invoked.exception).__name__ == "CompilationError"
        else:
            results = list(getattr(invoked.result, "results", []))
            broken = [result for result in results if result.status in {NodeStatus.Error, NodeStatus.RuntimeErr}]
            failed = [result for result in results if result.status == NodeStatus.Fail]
            errors = [str(result.message) for result in broken if result.message]
            # What a test found is told by its macro; where it has none, its name and its count have to do.
            errors += self._messages or [f"test {result.node.name}: {result.message}" for result in failed]
            raised = [str(result.message) for result in broken if result.message] or (self._messages if broken else [])
            # A sentence of the project's own is raised while dbt compiles; everything else broke on the way.
            is_check = all("Compilation Error" in message for message in raised) and bool(failed or raised)
        told = "; ".join(dict.fromkeys(filter(None, map(_one_line, errors))))
        return told[:_LONGEST] or "it failed without a message; see the log", is_check


def _one_line(text: str) -> str:
    """Return a message of dbt without its line breaks, colours and the names of files that it ends with."""
    kept = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    kept = [line for line in kept if line and not line.startswith((">", "Compilation Error", "Encountered an error"))]
    return " ".join(kept)
