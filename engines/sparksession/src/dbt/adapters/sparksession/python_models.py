"""Python models, run in the process of dbt against the live session."""

from __future__ import annotations

import json
import linecache
import sys
import traceback
import types
from pathlib import Path
from typing import Any

import pyarrow as pa
from dbt.adapters.base import PythonJobHelper
from dbt_common.exceptions import DbtRuntimeError
from pyspark import cloudpickle
from pyspark.errors import PySparkException
from pyspark.sql.pandas.types import from_arrow_schema

from dbt.adapters.sparksession.connections import SparkSessionCredentials, brief_message, live_session

__all__ = ["SessionPythonJobHelper", "arrow_frame", "to_spark_frame", "write_frame"]

TARGET = "SPARKSESSION_TARGET"
"""The variable of the compiled code that says where the model goes; the macro py_write_target writes it."""


class SessionPythonJobHelper(PythonJobHelper):  # type: ignore[misc]
    """Runs the compiled code of a model and writes the frame that it returns."""

    def __init__(self, parsed_model: dict[str, Any], credentials: SparkSessionCredentials) -> None:
        self._path = Path(parsed_model.get("original_file_path") or f"{parsed_model['alias']}.py")
        self._name = f"dbt_model_{parsed_model['alias']}"
        self._credentials = credentials

    def submit(self, compiled_code: str) -> None:
        """Run a model. Its error is reported with the lines of the model's file."""
        session = live_session(self._credentials)
        try:
            module = self._load(compiled_code.lstrip())
            try:
                frame = module.model(module.dbtObj(session.table), session)
                write_frame(session, frame, json.loads(getattr(module, TARGET)))
            finally:
                cloudpickle.unregister_pickle_by_value(module)
                sys.modules.pop(module.__name__, None)
        except DbtRuntimeError:
            raise
        except Exception as error:  # a model may raise anything
            raise DbtRuntimeError(f"Python model failed:\n{self._report(error)}") from error

    def _load(self, code: str) -> types.ModuleType:
        """Make a module of the code. Tracebacks name the model's file, whose lines stand first in the code."""
        name = str(self._path)
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        module = types.ModuleType(self._name)
        module.__file__ = name
        # A dataclass looks its module up; a function that goes to executors must not: they do not have it.
        sys.modules[module.__name__] = module
        cloudpickle.register_pickle_by_value(module)
        try:
            exec(compile(code, name, "exec"), module.__dict__)  # noqa: S102 running the model is the task
        except BaseException:
            cloudpickle.unregister_pickle_by_value(module)
            sys.modules.pop(module.__name__, None)
            raise
        return module

    def _report(self, error: Exception) -> str:
        """Format an error from the model's own frame on. One that hides its traceback is its message alone."""
        if isinstance(error, PySparkException):
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if frame.filename == str(self._path)]
            where = "".join(["Traceback (most recent call last):\n", *traceback.format_list(own)]) if own else ""
            return f"{where}{type(error).__name__}: {brief_message(error)}\n"
        start = error.__traceback__
        while start is not None and start.tb_frame.f_code.co_filename != str(self._path):
            start = start.tb_next
        if start is None:  # a syntax error, which names the line itself
            return "".join(traceback.format_exception_only(error))
        return "".join(traceback.format_exception(type(error), error, start))


def to_spark_frame(session: Any, frame: Any, declared: dict[str, str] | None = None) -> Any:
    """Turn what a model returns into a Spark frame.

    Parameters
    ----------
    session
        The live session.
    frame
        A Spark or pandas-on-Spark frame, a pyarrow Table or reader, a pandas frame, or anything that gives Arrow data.
        The types of a pyarrow Table are kept, also those of a table without rows.
    declared
        Types by column, from `data_type` in the model's YAML: columns named there are cast. A column without any
        value and without a declared type is a string.

    Raises
    ------
    TypeError
        If the frame is of none of these kinds.
    """
    if hasattr(frame, "to_spark"):
        frame = frame.to_spark()
    elif not (hasattr(frame, "sparkSession") and hasattr(frame, "write")):
        frame = arrow_frame(session, _to_arrow(frame))
    types_by_name = {name.lower(): data_type for name, data_type in (declared or {}).items() if data_type}
    columns, is_changed = [], False
    for field in frame.schema.fields:
        empty = "string" if field.dataType.simpleString() == "void" else None
        wanted = types_by_name.get(field.name.lower(), empty)
        quoted = _quoted(field.name)
        columns.append(f"cast({quoted} as {wanted}) as {quoted}" if wanted else quoted)
        is_changed = is_changed or wanted is not None
    return frame.selectExpr(*columns) if is_changed else frame


def arrow_frame(session: Any, table: pa.Table) -> Any:
    """Make a Spark frame of a pyarrow Table.

    One without rows is written as SQL: Spark Connect would not read its types, and a session would ask its executors
    for Python to make nothing of it.
    """
    if table.num_rows == 0:
        without_zone = session.conf.get("spark.sql.timestampType") == "TIMESTAMP_NTZ"
        fields = from_arrow_schema(table.schema, without_zone).fields
        nulls = [f"cast(null as {field.dataType.simpleString()}) as {_quoted(field.name)}" for field in fields]
        return session.sql(f"select {', '.join(nulls)} where false")
    # In one piece: of a table in several Spark 4 loses rows, where some pieces have none.
    return session.createDataFrame(table.combine_chunks())


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _to_arrow(frame: Any) -> pa.Table:
    if isinstance(frame, pa.RecordBatchReader):
        table = frame.read_all()
    elif type(frame).__module__.startswith("pandas.") and hasattr(frame, "columns"):
        table = pa.Table.from_pandas(frame, preserve_index=False)
    elif isinstance(frame, (pa.Table, pa.RecordBatch)) or hasattr(frame, "__arrow_c_stream__"):
        table = pa.table(frame)
    elif hasattr(frame, "to_arrow_table"):
        table = frame.to_arrow_table()
    else:
        raise TypeError(
            f"The model returned {type(frame).__module__}.{type(frame).__qualname__}. Return a Spark frame, a pyarrow "
            "Table or a pandas frame."
        )
    # Spark has no dictionaries and no unsigned numbers.
    schema = pa.schema([field.with_type(_plain(field.type)).remove_metadata() for field in table.schema])
    return table.cast(schema) if schema != table.schema.remove_metadata() else table


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    unsigned = {
        pa.uint8(): pa.int16(),
        pa.uint16(): pa.int32(),
        pa.uint32(): pa.int64(),
        pa.uint64(): pa.decimal128(20),
    }
    return unsigned.get(kind, kind)


def write_frame(session: Any, frame: Any, target: dict[str, Any]) -> None:
    """Write what a model returned to where the materialization wants it.

    Parameters
    ----------
    session
        The live session.
    frame
        See `to_spark_frame`.
    target
        relation, is_temporary, is_replaced_at_once, clauses (of `create table`), file_format, partition_by, columns.
    """
    spark_frame = to_spark_frame(session, frame, target["columns"])
    partitions = [name.lower() for name in target["partition_by"]]
    names = [name for name in spark_frame.columns if name.lower() not in partitions]
    if target["is_temporary"]:
        spark_frame.createOrReplaceTempView(target["relation"])
    elif target["is_replaced_at_once"]:
        writer = spark_frame.writeTo(target["relation"]).using(target["file_format"])
        if partitions:
            writer = writer.partitionedBy(*(spark_frame[name] for name in partitions))
        writer.createOrReplace()
    else:
        # Two steps, so that the catalogue knows the table before its first file is written: a build that is killed
        # then leaves a table that the next one can drop, and no folder that nobody owns.
        session.sql(f"create table {target['relation']} ({_definition(spark_frame)}) {target['clauses']}")
        ordered = spark_frame.select(*(_quoted(name) for name in [*names, *partitions]))
        ordered.write.insertInto(target["relation"])


def _definition(frame: Any) -> str:
    return ", ".join(f"{_quoted(field.name)} {field.dataType.simpleString()}" for field in frame.schema.fields)
