"""A real standalone cluster on loopback: one master and two workers of one core each."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import pyspark

LOOPBACK = "127.0.0.1"
OLDEST_JAVA = 17
# Hundreds of short queries: the quick compiler alone is faster in sum than waiting for the thorough one, and the memory
# of thirty thousand classes need not be collected on the way there. Nobody needs the catalogue after a crash of the
# tests, so it need not wait for the disk.
JAVA_OPTIONS = " ".join(
    [
        "-XX:TieredStopAtLevel=1",
        "-XX:ReservedCodeCacheSize=320m",
        "-XX:+UseSerialGC",
        "-XX:MetaspaceSize=256m",
        "-Dderby.system.durability=test",
    ]
)
CONNECT_PLUGIN = "org.apache.spark.sql.connect.SparkConnectPlugin"


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
        self.connect_port = free_port()
        self.remote = f"sc://{LOOPBACK}:{self.connect_port}"
        self.processes: list[subprocess.Popen[bytes]] = []
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

    def driver_environment(self) -> dict[str, str]:
        """Return the environment of a driver on this cluster that serves Spark Connect too, at `remote`."""
        settings = {
            "spark.plugins": CONNECT_PLUGIN,
            "spark.connect.grpc.binding.address": LOOPBACK,
            "spark.connect.grpc.binding.port": str(self.connect_port),
        }
        lines = [f"{name} {value}\n" for name, value in settings.items()]
        (self.folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
        return environment(self.java_options) | {"SPARK_MASTER": self.master, "SPARK_CONF_DIR": str(self.folder)}

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a process in a group of its own, which is ended with the cluster."""
        log = self.folder / f"{name}.log"
        own = {"SPARK_HOME": str(self.home), "SPARK_DAEMON_MEMORY": "256m"}
        with log.open("w") as output:
            process = subprocess.Popen(
                [str(self.home / "bin" / command[0]), *command[1:]],
                cwd=self.folder,
                env=os.environ | environment(self.java_options) | own,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.processes.append(process)
        self._stack.callback(end, process)
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
