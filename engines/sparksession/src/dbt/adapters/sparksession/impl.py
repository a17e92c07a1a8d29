"""The adapter: dbt-spark with Python models in the session, and what only a session can be asked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from dbt.adapters.base import BaseRelation, PythonJobHelper, available
from dbt.adapters.spark.impl import SparkAdapter
from dbt_common.exceptions import DbtRuntimeError
from pyspark.errors import AnalysisException, ParseException, PySparkException

from dbt.adapters.sparksession.connections import SparkSessionConnectionManager, brief_message, live_session
from dbt.adapters.sparksession.python_models import SessionPythonJobHelper, arrow_frame

if TYPE_CHECKING:
    import agate
    from pyspark.sql import SparkSession

_MOST_COLUMNS_OF_AN_EXPRESSION = 200


class SparkSessionAdapter(SparkAdapter):  # type: ignore[misc]
    """dbt-spark, bound to one live session."""

    ConnectionManager = SparkSessionConnectionManager

    @property
    def default_python_submission_method(self) -> str:
        """How a Python model runs where its configuration does not say."""
        return "session"

    @property
    def python_submission_helpers(self) -> dict[str, type[PythonJobHelper]]:
        """The ways to run a Python model."""
        return {"session": SessionPythonJobHelper}

    @property
    def _session(self) -> SparkSession:
        return live_session(self.config.credentials)

    @available
    def insert_rows(self, relation: BaseRelation, table: agate.Table, types: dict[str, str]) -> None:
        """Append the rows of a seed to a table in one statement; `types` are the table's, by column.

        Values travel as text and are cast in Spark, so a value that is not of its column's type is an error that
        names the value.
        """
        columns = [
            pa.array([_as_text(value) for value in table.columns[name].values()], pa.string())
            for name in table.column_names
        ]
        try:
            frame = arrow_frame(self._session, pa.table(columns, names=list(table.column_names)))
            casts = [f"cast({self.quote(name)} as {types[name]}) as {self.quote(name)}" for name in table.column_names]
            frame.selectExpr(*casts).write.insertInto(relation.render())
        except PySparkException as error:
            raise DbtRuntimeError(brief_message(error)) from error

    @available
    def absolute_path(self, path: str) -> str:
        """Return a path as every process of a cluster would name it: a relative one starts at the working folder."""
        return path if "://" in path or path.startswith("file:") else str(Path.cwd() / path)

    @available
    def matching_files(self, path: str) -> list[dict[str, Any]]:
        """Return path and size of the files that a path or glob matches, in order of path; no content is read."""
        reader = self._session.read.format("binaryFile")
        try:
            rows = reader.load(self.absolute_path(path)).select("path", "length").collect()
        except AnalysisException as error:
            if "PATH_NOT_FOUND" in str(error):
                return []
            raise DbtRuntimeError(brief_message(error)) from error
        return sorted(({"path": row.path, "size": row.length} for row in rows), key=lambda file: file["path"])

    @available
    def error_of_query(self, query: str) -> str | None:
        """Run a query for its error alone: what Spark says when it fails, None when it does not."""
        try:
            self._session.sql(query).collect()
        except PySparkException as error:
            return brief_message(error)
        return None

    @available
    def columns_of_expression(self, expression: str) -> dict[str, Any]:
        """Return what a SQL expression refers to: {columns: [[part, ...], ...], error: message or None}.

        Spark has no call that lists them, but it names the first column that it cannot find: one is added to an
        otherwise empty relation until none is missing.
        """
        found: list[list[str]] = []
        for _ in range(_MOST_COLUMNS_OF_AN_EXPRESSION):
            columns = ", ".join(f"cast(null as void) as `{parts[-1]}`" for parts in found) or "null as `_`"
            try:
                query = self._session.sql(f"select ({expression}\n) as mapped from (select {columns}) as source")
                _ = query.schema  # a Connect server looks names up only when it is asked for the result's columns
            except ParseException as error:
                return {"columns": [], "error": brief_message(error).splitlines()[0] or brief_message(error)}
            except AnalysisException as error:
                name = (error.getMessageParameters() or {}).get("objectName")
                parts = _parts(name) if name and "UNRESOLVED_COLUMN" in str(error) else None
                if parts is None or parts in found:
                    return {"columns": found, "error": None}
                found.append(parts)
            else:
                return {"columns": found, "error": None}
        return {"columns": found, "error": None}


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _parts(name: str) -> list[str]:
    """Take a quoted name apart.

    Examples
    --------
    >>> _parts("`t`.`a ``b`` c`")
    ['t', 'a `b` c']
    """
    return [part.replace("``", "`") for part in name.removeprefix("`").removesuffix("`").split("`.`")]
