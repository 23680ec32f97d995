"""A store of tracked runs, asked what it was told."""

import json
from pathlib import Path
from typing import Any

from model.tracking import library


class Store:
    """A store in a file, read by the library's own client."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        self.client = library().MlflowClient(tracking_uri=f"sqlite:///{file}")

    def runs(self) -> tuple[Any, list[Any]]:
        """The command's, and those that it trained, by name."""
        experiment = self.client.get_experiment_by_name("digits")
        runs = self.client.search_runs([experiment.experiment_id])
        [command] = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        trained = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == command.info.run_id]
        assert len(trained) == len(runs) - 1
        return command, sorted(trained, key=lambda run: str(run.info.run_name))

    def told(self, run: Any, figure: str) -> list[tuple[int, float]]:
        """By epoch."""
        return [(metric.step, metric.value) for metric in self.client.get_metric_history(run.info.run_id, figure)]

    def file_of(self, run: Any, name: str, folder: Path) -> Any:
        return json.loads(Path(self.client.download_artifacts(run.info.run_id, name, str(folder))).read_text())
