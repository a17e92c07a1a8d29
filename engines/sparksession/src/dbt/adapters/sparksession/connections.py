"""Connections of dbt to one live Spark session: the process's own, or one of a Spark Connect server."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.exceptions import FailedToConnectError
from dbt.adapters.spark.connections import SparkConnectionManager, SparkConnectionMethod, SparkCredentials
from dbt.adapters.spark.session import Connection as DbtSparkConnection
from dbt.adapters.spark.session import Cursor, SessionConnectionWrapper
from dbt_common.exceptions import DbtRuntimeError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

__all__ = ["SparkSessionConnectionManager", "SparkSessionCredentials", "brief_message", "live_session"]

ANSI = "spark.sql.ansi.enabled"

_lock = threading.Lock()
_live: dict[tuple[Any, ...], Any] = {}


@dataclass
class SparkSessionCredentials(SparkCredentials):  # type: ignore[misc]
    """What a profile says about the session.

    Either `master` (a session of this process; `local[*]` by default) or `remote` (a Spark Connect server).
    `server_side_parameters` are Spark settings, as in dbt-spark. ANSI mode is on unless they say otherwise: a cast
    that fails is then an error and not a null.
    """

    # dbt reads these annotations at run time, as dbt-spark writes them.
    master: Optional[str] = None  # noqa: UP045
    remote: Optional[str] = None  # noqa: UP045
    server_side_parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.host = self.host or "localhost"
        self.method = SparkConnectionMethod.SESSION
        if self.master and self.remote:
            raise DbtRuntimeError(
                f"The profile has both master ({self.master}) and remote ({self.remote}): keep the one that is meant."
            )
        if not self.remote:
            self.master = self.master or "local[*]"
        # dbt-spark switches ANSI mode off whatever the profile says; what the profile says is restored here.
        wanted = {str(key): _setting(value) for key, value in self.server_side_parameters.items()}
        super().__post_init__()
        self.server_side_parameters = {ANSI: "true"} | wanted

    @property
    def type(self) -> str:
        """The name of the adapter in a profile."""
        return "sparksession"

    @property
    def unique_field(self) -> str:
        """Where the session is."""
        return str(self.remote or self.master)

    def _connection_keys(self) -> tuple[str, ...]:
        return "master", "remote", "schema"


def _setting(value: Any) -> str:
    """Write a setting as Spark reads it: YAML's true is Python's True and Spark's true."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def live_session(credentials: SparkSessionCredentials) -> SparkSession:
    """Return the session of this process for a profile, started the first time.

    Parameters
    ----------
    credentials
        The profile. Settings that only a new session can take are passed over where it is there already.
    """
    key = (credentials.master, credentials.remote, *sorted(credentials.server_side_parameters.items()))
    with _lock:
        session = _live.get(key)
        if session is None or _is_stopped(session):
            session = _live[key] = _start(credentials)
        return session


def _start(credentials: SparkSessionCredentials) -> SparkSession:
    builder = SparkSession.builder
    if credentials.remote:
        builder = builder.remote(credentials.remote)
    else:
        # The profile says which Spark is meant; pyspark would rather believe this variable.
        os.environ.pop("SPARK_REMOTE", None)
        builder = builder.appName("dbt").master(credentials.master).enableHiveSupport()
    for name, value in credentials.server_side_parameters.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _is_stopped(session: Any) -> bool:
    if hasattr(session, "is_stopped"):  # Spark Connect
        return bool(session.is_stopped)
    return bool(session._jsparkSession.sparkContext().isStopped())


def brief_message(error: BaseException) -> str:
    r"""Return what an error of Spark says, without the stack of the JVM and without the query plan.

    Examples
    --------
    >>> brief_message(ValueError("[NO_SUCH] No x. SQLSTATE: 42703; line 1 pos 7;\n'Project ['x]\n+- OneRow"))
    '[NO_SUCH] No x. SQLSTATE: 42703; line 1 pos 7'
    """
    text = str(error).split("\n\nJVM stacktrace:")[0]
    head, _, plan = text.partition(";\n")
    is_plan = plan.lstrip().startswith(("'", "+-", "Project", "Aggregate", "Filter", "Insert", "Create"))
    return head if is_plan else text.strip()


class SessionCursor(Cursor):  # type: ignore[misc]
    """A cursor on the live session. Queries are evaluated when their rows are fetched, commands at once."""

    def __init__(self, session: SparkSession) -> None:
        super().__init__()
        self._session = session

    def execute(self, sql: str, *parameters: Any) -> None:
        self._rows = None
        try:
            self._df = self._session.sql(sql % parameters if parameters else sql)
        except PySparkException as error:
            raise DbtRuntimeError(brief_message(error)) from error

    def fetchall(self) -> Sequence[Any] | None:
        try:
            return super().fetchall()  # type: ignore[no-any-return]
        except PySparkException as error:
            raise DbtRuntimeError(brief_message(error)) from error

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except PySparkException as error:
            raise DbtRuntimeError(brief_message(error)) from error


class SessionConnection(DbtSparkConnection):  # type: ignore[misc]
    """A connection that holds the session, so that no statement has to look for it."""

    def __init__(self, session: SparkSession) -> None:
        super().__init__()
        self.session = session

    def cursor(self) -> SessionCursor:
        return SessionCursor(self.session)


class SparkSessionConnectionManager(SparkConnectionManager):  # type: ignore[misc]
    """Opens connections to the one live session."""

    TYPE = "sparksession"

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Bind a connection to the live session, which the first one starts."""
        if connection.state == ConnectionState.OPEN:
            return connection
        try:
            session = live_session(connection.credentials)
        except Exception as error:  # whatever is raised, dbt shall say what it was about to reach
            raise FailedToConnectError(
                f"No Spark session at {connection.credentials.unique_field}: {type(error).__name__}: "
                f"{brief_message(error)}"
            ) from error
        connection.handle = SessionConnectionWrapper(SessionConnection(session))
        connection.state = ConnectionState.OPEN
        return connection
