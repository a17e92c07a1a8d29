"""A real standalone cluster on loopback: one master, two workers of one core each, and a Connect server on top."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pyspark

LOOPBACK = "127.0.0.1"
OLDEST_JAVA = 17
# Hundreds of short queries: the quick compiler alone is faster in sum than waiting for the thorough one.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=320m"
CONNECT_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


def java_problem() -> str | None:
    """Why no Spark can run here; None where it can."""
    if shutil.which("java") is None:
        return "there is no Java on this machine; Spark needs Java 17 or later"
    printed = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', printed)
    if found is None or int(found[1]) < OLDEST_JAVA:
        return f"the Java on this machine is {found[1] if found else 'unknown'}; Spark needs Java 17 or later"
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Cluster:
    """Processes that end with the `with` block, however it ends."""

    def __init__(self, folder: Path, *, worker_memory: str = "1g", java_options: str | None = None) -> None:
        self.folder = folder
        self.worker_memory = worker_memory
        self.java_options = java_options
        self.home = Path(pyspark.__file__).parent
        self.port = free_port()
        self.master = f"spark://{LOOPBACK}:{self.port}"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            deploy = "org.apache.spark.deploy"
            place = ["--host", LOOPBACK, "--webui-port", "0"]
            master = self.start("master", ["spark-class", f"{deploy}.master.Master", *place, "--port", str(self.port)])
            wait_for_port(self.port, master)
            for number in (1, 2):
                size = ["--cores", "1", "--memory", self.worker_memory]
                work = ["--work-dir", str(self.folder / f"work_{number}")]
                worker = ["spark-class", f"{deploy}.worker.Worker", *place, *size, *work, self.master]
                self.start(f"worker_{number}", worker)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextmanager
    def connect_server(self, warehouse: Path, settings: Mapping[str, str]) -> Iterator[str]:
        """Run a Connect server on the cluster, and give its address."""
        port, catalogue = free_port(), warehouse / "catalogue"
        own = {
            "spark.connect.grpc.binding.address": LOOPBACK,
            "spark.connect.grpc.binding.port": str(port),
            "spark.sql.catalogImplementation": "hive",
            "spark.sql.warehouse.dir": str(warehouse / "data"),
            "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={catalogue};create=true",
            "spark.driver.extraJavaOptions": f"-Dderby.system.home={warehouse}",
        }
        options = [word for name, value in {**settings, **own}.items() for word in ("--conf", f"{name}={value}")]
        submit = ["spark-submit", "--class", CONNECT_SERVER, "--master", self.master, "--driver-memory", "2g"]
        with ExitStack() as stack:
            # Spark takes its server for a daemon, whose memory this is.
            server = self.start("connect", [*submit, *options], stack=stack, SPARK_DAEMON_MEMORY="2g")
            wait_for_port(port, server)
            yield f"sc://{LOOPBACK}:{port}"

    def start(
        self, name: str, command: Sequence[str], *, stack: ExitStack | None = None, **variables: str
    ) -> subprocess.Popen[bytes]:
        """Start a process in a group of its own, which is ended with the stack."""
        log = self.folder / f"{name}.log"
        own = {"SPARK_HOME": str(self.home), "SPARK_DAEMON_MEMORY": "256m"}
        with log.open("w") as output:
            process = subprocess.Popen(
                [str(self.home / "bin" / command[0]), *command[1:]],
                cwd=self.folder,
                env=os.environ | environment(self.java_options) | own | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        (stack or self._stack).callback(end, process)
        return process


def environment(java_options: str | None = None) -> dict[str, str]:
    """What the processes of a cluster find in their environment; by default what suits small data."""
    return {
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_NO_DAEMONIZE": "1",
        "JDK_JAVA_OPTIONS": JAVA_OPTIONS if java_options is None else java_options,
        # Executors need no Python: whatever tried to start one would fail.
        "PYSPARK_PYTHON": "/there/is/no/python",
    }


def end(process: subprocess.Popen[bytes], patience: float = 20) -> None:
    """End a process and its children: asked first, then told."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue


def wait_for_port(port: int, process: subprocess.Popen[bytes], patience: float = 120) -> None:
    """Wait until a process listens; one that has ended never will."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing listens on port {port}; the log of the process says why")
