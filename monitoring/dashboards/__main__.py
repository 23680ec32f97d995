"""Writes every dashboard as JSON into `monitoring/grafana/dashboards`, byte for byte the same each time."""

from pathlib import Path

from monitoring.dashboards import boards

ROOM = Path(__file__).parents[1]


def main() -> None:
    folder = ROOM / "grafana" / "dashboards"
    folder.mkdir(parents=True, exist_ok=True)
    for board in boards((ROOM / "RUNBOOK.md").read_text()):
        (folder / board.file).write_text(board.text())


if __name__ == "__main__":
    main()
