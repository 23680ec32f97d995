"""Training told to an MLflow store while it happens, where one is named. Where none is, nothing of MLflow is imported and nothing changes.

A store that cannot be opened is refused before anything is trained; one that fails later costs its record, never a run.
"""

import argparse
import importlib
import json
import logging
import os
import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from model.comparing import dotted, is_number
from model.refused import Refused

if TYPE_CHECKING:
    from model.history import History

LIBRARY = "mlflow-skinny"
"""The extra `tracking` of pyproject.toml."""

VARIABLE = "MLFLOW_TRACKING_URI"
"""MLflow's own, so that its other programs find the same store."""

EXPERIMENT = "digits"
LONGEST = 300
"""Characters of what is told of a failure."""


class Tracking(Protocol):
    """What a command that trains tells of itself."""

    def watch(self, folder: Path, history: "History") -> None:
        """More epochs of the run in this folder have ended. What was told of it before is not told again."""

    def results(self, file: Path) -> None:
        """A results file has been written."""


def add_track(made: argparse.ArgumentParser) -> None:
    """`--track`."""
    made.add_argument(
        "--track",
        metavar="STORE",
        help=f"tell an MLflow store of every epoch: an SQLite file, made where there is none, or a URI; {VARIABLE} says it too",
    )


@contextmanager
def tracked(store: str | None, command_line: str) -> Iterator[Tracking]:
    """What is told within is kept under one run of MLflow, which ends as the block does. `store` is what `--track` said.

    Raises Refused where a store is named that cannot be used, or the library is not installed.
    """
    store = store or os.environ.get(VARIABLE)
    if not store:
        yield _Untracked()
        return
    tracking, ended = _Tracked(store, command_line), "FAILED"
    try:
        yield tracking
        ended = "FINISHED"
    except KeyboardInterrupt:
        ended = "KILLED"
        raise
    finally:
        tracking.end(ended)


def library() -> Any:
    """MLflow, which tells nobody that it is used. Raises Refused where it is not installed."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would tell its makers of each use
    try:
        mlflow = importlib.import_module("mlflow")
    except ImportError as error:
        raise Refused(f"tracking needs {LIBRARY}, which is not installed; `pip install {LIBRARY}` brings it ({error})") from error
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # what goes wrong is raised besides, and is told in one line
    return mlflow


class _Untracked:
    """Tells nobody."""

    def watch(self, folder: Path, history: "History") -> None:
        """Nothing."""

    def results(self, file: Path) -> None:
        """Nothing."""


class _Tracked:
    """A run for the command, and below it one for each run that it trains, named by the end of its folder's path."""

    def __init__(self, store: str, command_line: str) -> None:
        self._mlflow = library()
        self._failed = False
        uri, files = _place(store)
        try:
            self._client = self._mlflow.MlflowClient(tracking_uri=uri)
            known = self._client.get_experiment_by_name(EXPERIMENT)
            self._experiment = self._client.create_experiment(EXPERIMENT, files) if known is None else known.experiment_id
            self._command = self._begin(command_line, {"command": command_line})
        except self._mlflow.exceptions.MlflowException as error:
            raise Refused(f"nothing can be tracked in {store}: {_line(error)}") from error
        self._runs: dict[Path, str] = {}
        self._told: dict[Path, int] = {}

    def watch(self, folder: Path, history: "History") -> None:
        self._losing_no_run(lambda: self._watched(folder, history))

    def results(self, file: Path) -> None:
        self._losing_no_run(lambda: self._kept(file))

    def end(self, status: str) -> None:
        """The command has, and with it all that it trained."""
        self._losing_no_run(lambda: self._ended(status))

    def _watched(self, folder: Path, history: "History") -> None:
        if folder not in self._runs:
            self._runs[folder] = self._begin("/".join(folder.parts[-2:]), {"mlflow.parentRunId": self._command})
            numbers = {**dict(dotted(history.recipe)), "seed": history.seed, "dropout": history.dropout}
            self._log(self._runs[folder], params=numbers)
        for epoch in range(self._told.get(folder, 0), len(history.epochs)):
            self._log(self._runs[folder], figures=history.epochs[epoch], step=epoch + 1)
            self._told[folder] = epoch + 1

    def _kept(self, file: Path) -> None:
        figures = {name: value for name, value in dotted(json.loads(file.read_text(encoding="utf-8"))) if is_number(value)}
        self._log(self._command, figures=figures)
        self._client.log_artifact(self._command, str(file))

    def _ended(self, status: str) -> None:
        for folder, run in self._runs.items():
            if (folder / "history.json").exists():
                self._client.log_artifact(run, str(folder / "history.json"))
        for run in (*self._runs.values(), self._command):
            self._client.set_terminated(run, status)

    def _begin(self, name: str, tags: dict[str, str]) -> str:
        run: str = self._client.create_run(self._experiment, run_name=name, tags=tags).info.run_id
        return run

    def _log(self, run: str, *, params: Mapping[str, Any] = {}, figures: Mapping[str, float] = {}, step: int = 0) -> None:
        entities, now = self._mlflow.entities, int(1_000 * time.time())
        self._client.log_batch(
            run,
            params=[entities.Param(name, str(value)) for name, value in params.items()],
            metrics=[entities.Metric(_allowed(name), float(value), now, step) for name, value in figures.items()],
        )

    def _losing_no_run(self, tell: Callable[[], None]) -> None:
        """The first failure is said, and nothing is told after it."""
        if self._failed:
            return
        try:
            tell()
        except (self._mlflow.exceptions.MlflowException, OSError) as error:  # files are copied by Python's own means
            self._failed = True
            print(f"tracking has failed, and goes on no further: {_line(error)}", file=sys.stderr)


def _place(store: str) -> tuple[str, str | None]:
    """The URI of a store, and where its files go: a file's beside it, another's where it says itself."""
    if "://" in store:
        return store, None
    file = Path(store).resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{file}", file.with_name(f"{file.name}.files").as_uri()


def _allowed(name: str) -> str:
    return re.sub(r"[^\w\-. :/]", "", name)


def _line(error: Exception) -> str:
    return textwrap.shorten(str(error), LONGEST)
