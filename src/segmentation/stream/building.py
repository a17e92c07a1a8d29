"""dbt inside this process: parsed once, then invoked for every micro-batch."""

from __future__ import annotations

import json
import pickle
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dbt.artifacts.schemas.results import NodeStatus
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from segmentation.configuration import read_variables
from segmentation.errors import UserError
from segmentation.stream.store import INPUTS

__all__ = ["Verdict", "WarmProject"]

_QUIET: Final = ("--no-use-colors", "--log-level", "none", "--log-level-file", "warn")
_ENGINE_ERROR: Final = re.compile(r"\b(Out of Memory|IO|Internal|Fatal|Connection|Transaction|Interrupt) Error\b")
"""Errors that are the machine's and not the data's."""


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
    """

    succeeded: bool
    reason: str
    is_refusal: bool
    seconds: float


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
    """

    def __init__(self, folder: Path, work: Path, variables: Mapping[str, Any]) -> None:
        self._words = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
        self._words += ["--target-path", str(work / "target"), "--log-path", str(work / "logs"), "--no-write-json"]
        self._variables = dict(variables)
        self._manifests: dict[str, bytes] = {}
        self._known_headers: set[tuple[str, tuple[str, ...]]] = set()
        self._messages: list[str] = []

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
        configuration = self._manifest(self._variables).nodes["model.customer_segmentation.resolved_configuration"]
        inputs = read_variables(configuration.config.meta["variables"])["inputs"]
        return {name: dict(inputs[name]) for name in INPUTS if name in inputs}

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
            return Verdict(True, "", is_refusal=False, seconds=seconds)
        reason, is_refusal = self._failure(invoked)
        return Verdict(False, reason, is_refusal, seconds)

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
        return self._failure(invoked)[0]

    def _manifest(self, variables: Mapping[str, Any]) -> Manifest:
        key = json.dumps(variables, sort_keys=True)
        if key not in self._manifests:
            parsed = dbtRunner().invoke([*_QUIET, "parse", *self._words, "--vars", key])
            if not isinstance(parsed.result, Manifest):
                raise UserError(f"The project cannot be parsed: {parsed.exception}")
            self._manifests = {key: pickle.dumps(parsed.result)}
        manifest = pickle.loads(self._manifests[key])  # noqa: S301 - our own bytes
        assert isinstance(manifest, Manifest)  # noqa: S101
        return manifest

    def _invoke(self, words: Sequence[str], variables: Mapping[str, Any]) -> dbtRunnerResult:
        self._messages = []
        runner = dbtRunner(manifest=self._manifest(variables), callbacks=[self._listen])
        return runner.invoke([*_QUIET, *words, *self._words, "--vars", json.dumps(variables, ensure_ascii=False)])

    def _listen(self, event: Any) -> None:
        """Keep what macros tell people: a failed test says no more than its number of rows."""
        if event.info.name in {"JinjaLogInfo", "RunningOperationCaughtError", "RunningOperationUncaughtError"}:
            self._messages.append(str(event.info.msg))

    def _failure(self, invoked: dbtRunnerResult) -> tuple[str, bool]:
        """Return why a command failed, and whether it was the data that were refused."""
        messages = [_one_line(message) for message in self._messages]
        if invoked.exception is not None:
            text = _one_line(str(invoked.exception))
            return text, type(invoked.exception).__name__ == "CompilationError"
        results = list(getattr(invoked.result, "results", []))
        errors = [result for result in results if result.status in {NodeStatus.Error, NodeStatus.RuntimeErr}]
        failed = [result for result in results if result.status == NodeStatus.Fail]
        told = [_one_line(str(result.message)) for result in errors if result.message]
        told += messages
        told += [f"test {result.node.name}: {_one_line(str(result.message))}" for result in failed] if not told else []
        is_refusal = bool(failed) and not errors
        if errors and all(_is_check(str(result.message)) for result in errors):
            is_refusal = True
        return "; ".join(dict.fromkeys(told)) or "the build failed without a message; see the log", is_refusal


def _is_check(message: str) -> bool:
    """Return whether an error is a sentence of the project's own, which begins with what it is about."""
    return message.lstrip().startswith("Compilation Error") and not _ENGINE_ERROR.search(message)


def _one_line(text: str) -> str:
    """Return a message of dbt without its line breaks, colours and the names of files that it ends with."""
    kept = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    kept = [line for line in kept if line and not line.startswith((">", "Compilation Error", "Encountered an error"))]
    return " ".join(kept)
