"""`make monitor`: Prometheus and Alertmanager watch a gateway on this machine with the very files of this folder, and end together."""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

FILES = Path(__file__).parent
INSTALL = "apt-get install --no-install-recommends prometheus prometheus-alertmanager"
LOOPBACK = "127.0.0.1"
CONTAINERS_GATEWAY = "gateway:8000"
"""The gateway's address in the committed files."""

LOOK_SECONDS = 1.0
READY_SECONDS = 60.0
GRACE_SECONDS = 10.0


class CannotRun(Exception):
    """What a user can mend, in one line."""


@dataclass(frozen=True)
class Watch:
    """What to watch, with which files, and where. `gateway` is host:port."""

    gateway: str
    prometheus_port: int
    alertmanager_port: int
    state_dir: Path
    files: Path = FILES

    @classmethod
    def of(cls, environment: Mapping[str, str], files: Path = FILES) -> "Watch":
        """By the variables that `make run` takes too, and PROMETHEUS_PORT and ALERTMANAGER_PORT. Raises CannotRun."""
        host = environment.get("GATEWAY_HOST") or LOOPBACK
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
        port = _port(environment, "GATEWAY_PORT", 8000)
        return cls(
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            _port(environment, "PROMETHEUS_PORT", 9090),
            _port(environment, "ALERTMANAGER_PORT", 9093),
            Path(environment.get("GATEWAY_STATE_DIR") or "var").resolve(),
            files.resolve(),
        )

    @property
    def folder(self) -> Path:
        """Where the programs find their files and keep their data."""
        return self.state_dir / "monitoring"

    @property
    def torchserve(self) -> str | None:
        """Where the TorchServe that `make run` started for this gateway tells its metrics; None where it started none."""
        newest: tuple[float, str | None] = (0.0, None)
        for file in (self.state_dir / "run").glob("run-*/addresses.json"):
            with suppress(OSError, ValueError):  # a run that is ending
                told = json.loads(file.read_text())
                if told.get("gateway") == f"http://{self.gateway}" and told.get("torchserve_metrics"):
                    newest = max(newest, (file.stat().st_mtime, str(told["torchserve_metrics"]).removeprefix("http://")))
        return newest[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 after SIGINT, SIGTERM or SIGHUP, 1 with one line on standard error where it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m monitoring.run", description=__doc__)
    parser.add_argument(
        "--files", type=Path, default=FILES, help="folder of prometheus.yml, alertmanager.yml and rules (default: this one)"
    )
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    try:
        run(Watch.of(os.environ, options.files), stopped)
    except CannotRun as error:
        print(f"digitserve: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"digitserve: cannot run: {error}", file=sys.stderr)
        return 1
    return 0


def run(watch: Watch, stopped: threading.Event) -> None:
    """Until `stopped`. Raises CannotRun where a program is missing, its port is taken, or it ends."""
    prometheus, alertmanager = _program("prometheus"), _program("alertmanager", "prometheus-alertmanager")
    _check_port(watch.prometheus_port, "PROMETHEUS_PORT")
    _check_port(watch.alertmanager_port, "ALERTMANAGER_PORT")
    lay_out(watch)
    with ExitStack() as running:
        programs = {
            "alertmanager": _start(running, watch, "alertmanager", _alertmanager(alertmanager, watch)),
            "prometheus": _start(running, watch, "prometheus", _prometheus(prometheus, watch)),
        }
        give_up = time.monotonic() + READY_SECONDS
        while not (_is_ready(watch.alertmanager_port) and _is_ready(watch.prometheus_port)):
            if stopped.wait(0.1):
                return
            _check_alive(watch, programs)
            if time.monotonic() > give_up:
                raise CannotRun(f"not ready after {READY_SECONDS:g} s; logs are in {watch.folder}")
        print(f"prometheus watches {watch.gateway} on http://{LOOPBACK}:{watch.prometheus_port}", flush=True)
        print(f"alertmanager is at http://{LOOPBACK}:{watch.alertmanager_port}; Ctrl-C ends both", flush=True)
        while not stopped.wait(LOOK_SECONDS):
            _check_alive(watch, programs)
            tell_targets(watch)


def lay_out(watch: Watch) -> None:
    """The committed files where the programs look, the addresses in them this machine's."""
    (watch.folder / "targets").mkdir(parents=True, exist_ok=True)
    for name in ("prometheus.yml", "rules"):
        link = watch.folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(watch.files / name)
    alertmanager = (watch.files / "alertmanager.yml").read_text()
    (watch.folder / "alertmanager.yml").write_text(alertmanager.replace(f"http://{CONTAINERS_GATEWAY}/", f"http://{watch.gateway}/"))
    tell_targets(watch)


def tell_targets(watch: Watch) -> None:
    """What is scraped now; `make run` may have been started again, on other ports."""
    alertmanager = f"{LOOPBACK}:{watch.alertmanager_port}"
    for name, address in (("gateway", watch.gateway), ("torchserve", watch.torchserve), ("alertmanager", alertmanager)):
        file = watch.folder / "targets" / f"{name}.json"
        told = json.dumps([{"targets": [address]}] if address else [])
        if not file.exists() or file.read_text() != told:
            partial = file.with_suffix(".partial")
            partial.write_text(told)
            partial.replace(file)


def _prometheus(program: str, watch: Watch) -> list[str]:
    return [
        program,
        f"--config.file={watch.folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={watch.folder / 'prometheus'}",
        f"--web.listen-address={LOOPBACK}:{watch.prometheus_port}",
    ]


def _alertmanager(program: str, watch: Watch) -> list[str]:
    """With its gossip off."""
    return [
        program,
        f"--config.file={watch.folder / 'alertmanager.yml'}",
        f"--storage.path={watch.folder / 'alertmanager'}",
        f"--web.listen-address={LOOPBACK}:{watch.alertmanager_port}",
        "--cluster.listen-address=",
    ]


def _start(running: ExitStack, watch: Watch, name: str, command: list[str]) -> subprocess.Popen[bytes]:
    """A program that ends with `running`, its output in a log of its own."""
    with _log(watch, name).open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    running.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _check_alive(watch: Watch, programs: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in programs.items():
        if process.poll() is not None:
            said = _log(watch, name).read_text(errors="replace").splitlines()[-1:] or ["it said nothing"]
            raise CannotRun(f"{name} ended with exit code {process.returncode}: {said[0]} (log: {_log(watch, name)})")


def _log(watch: Watch, name: str) -> Path:
    return watch.folder / f"{name}.log"


def _is_ready(port: int) -> bool:
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy comes between us and our own children
    try:
        with ask.open(f"http://{LOOPBACK}:{port}/-/ready", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise CannotRun(f"no {names[0]} on PATH; install it: {INSTALL}")
    return found


def _port(environment: Mapping[str, str], name: str, otherwise: int) -> int:
    given = environment.get(name) or str(otherwise)
    if not given.isdecimal() or not 0 < int(given) < 65_536:
        raise CannotRun(f"{name} is {given!r}; give a port from 1 to 65535")
    return int(given)


def _check_port(port: int, setting: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError as error:
            raise CannotRun(f"port {port} on {LOOPBACK} cannot be had ({error.strerror}); set {setting} to a free one") from None


if __name__ == "__main__":
    sys.exit(main())
