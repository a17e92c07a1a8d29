"""The one `--vars` argument of a build: an example's variables, those of the command line and a refit, merged.

dbt takes the last `--vars` alone and replaces a top-level variable wholesale, so whoever calls it has to merge first:

    python -m segmentation.variables --example examples/online_retail.yml --data ../shared/data --refit
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from segmentation.errors import UserError, did_you_mean

__all__ = ["build_variables", "main", "read_mapping"]

DATA_MARK: Final = "{data}"
"""What stands for the data folder in the var file of an example."""


def build_variables(
    example: Path | None = None,
    *,
    data: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    refit: bool = False,
) -> dict[str, Any]:
    """Merge the variables of a build; later sources replace a top-level variable of earlier ones.

    Parameters
    ----------
    example : Path, optional
        YAML file with a mapping of top-level variables. Its values may say ``{data}`` for the data folder.
    data : Path, optional
        The data folder; needed, and looked at, only where the example mentions it.
    overrides : mapping of str, optional
        Variables that win over the example's.
    refit : bool, default False
        Whether models are fitted anew although their configuration is unchanged.

    Returns
    -------
    dict of str
        Variables of types that JSON has; dates are ISO text, paths below the data folder are absolute.

    Raises
    ------
    UserError
        If the example or the data folder does not exist, or a file does not hold a mapping.
    """
    variables: dict[str, Any] = {}
    if example is not None:
        variables.update(_plain(_with_data(_read_example(example), data)))
    variables.update(_plain(dict(overrides or {})))
    if refit:
        variables["refit"] = True
    return variables


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the merged variables as one line of JSON.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; the process's own by default.

    Returns
    -------
    int
        Exit code: 0, or 1 after a message on the error stream.
    """
    parser = argparse.ArgumentParser(prog="segmentation.variables", description="Merge variables into one JSON text.")
    parser.add_argument("--example", type=Path, help="YAML file with variables")
    parser.add_argument("--data", type=Path, help="folder that the file's {data} stands for")
    parser.add_argument("--vars", default="", help="further variables, YAML or JSON")
    parser.add_argument("--refit", action="store_true", help="fit models anew")
    options = parser.parse_args(arguments)
    try:
        overrides = read_mapping(options.vars, "VARS")
        merged = build_variables(options.example, data=options.data, overrides=overrides, refit=options.refit)
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stdout.write(json.dumps(merged, ensure_ascii=False, sort_keys=True) + "\n")
    return 0


def _read_example(path: Path) -> dict[str, Any]:
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("*.yml"))
        there_are = f"there are: {', '.join(known)}" if known else f"no var file stands in {path.parent}"
        guess = f"; {did_you_mean(path.stem, known)}" if known else ""
        raise UserError(f"EXAMPLE: there is no example {path.stem!r}; {there_are}{guess}")
    return read_mapping(path.read_text(encoding="utf-8"), str(path))


def read_mapping(text: str, where: str) -> dict[str, Any]:
    """Read YAML or JSON that must be a mapping; of no text an empty one.

    Parameters
    ----------
    text : str
        What was written.
    where : str
        Name for the messages.

    Raises
    ------
    UserError
        If it is something else.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{where}: this is no YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise UserError(f"{where}: expected a mapping of variables, such as {{random_seed: 7}}; found {text.strip()!r}")
    return content


def _with_data(variables: dict[str, Any], data: Path | None) -> dict[str, Any]:
    if not _mentions_data(variables):
        return variables
    if data is None:
        raise UserError("DATA: the example reads files; say in which folder they lie, as in DATA=../shared/data")
    if not data.is_dir():
        raise UserError(f"DATA: there is no folder {data.absolute()}; say where the data lies, as in DATA=path/to/data")
    return dict(_replace(variables, str(data.resolve())))


def _mentions_data(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_mentions_data(item) for item in value.values())
    if isinstance(value, list):
        return any(_mentions_data(item) for item in value)
    return isinstance(value, str) and DATA_MARK in value


def _replace(value: Any, folder: str) -> Any:
    if isinstance(value, dict):
        return {key: _replace(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, folder) for item in value]
    return value.replace(DATA_MARK, folder) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """Give dates, which YAML reads from bare text and JSON has no type for, as ISO text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


if __name__ == "__main__":
    sys.exit(main())
