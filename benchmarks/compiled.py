"""The SQL of models as dbt compiles it: studies run it on tables of their own making."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def compiled_models(
    models: Sequence[str], *, variables: Mapping[str, Any], folder: Path, database: Path | None = None
) -> list[str]:
    """Return the SQL of each model.

    Parameters
    ----------
    models : sequence of str
        Names of models.
    variables : mapping
        The variables of dbt.
    folder : Path
        Where dbt may leave its files.
    database : Path, optional
        The database that dbt looks into; by default one that is not there.
    """
    dbt = str(Path(sys.executable).with_name("dbt"))
    place = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    place += ["--target-path", str(folder / "target"), "--log-path", str(folder)]
    subprocess.run(
        [dbt, "--quiet", "compile", "--select", *models, "--vars", json.dumps(variables), *place],
        cwd=ROOT,
        env={**os.environ, "SEGMENTATION_DATABASE": str(database or folder / "study.duckdb")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    found = [next(folder.rglob(f"compiled/**/{model}.sql")) for model in models]
    return [file.read_text(encoding="utf-8") for file in found]


def relations_of(queries: Sequence[str], *, known: set[str]) -> dict[str, tuple[str, str]]:
    """Return database and schema of every relation that compiled queries name; comments do not count.

    Raises
    ------
    ValueError
        If they read other relations than the known ones: a study has to give what is new among them.
    """
    # Comments name what a model waits for without reading it.
    text = re.sub(r"--.*", "", "\n".join(queries))
    found = {name: (database, schema) for database, schema, name in re.findall(r'"(\w+)"\."(\w+)"\."(\w+)"', text)}
    if found.keys() != known:
        raise ValueError(f"The models read {sorted(found)}: give this study what is new among them.")
    return found
