"""The test pictures that a recipe's seeds read wrong, those that most of them do first."""

from pathlib import Path

from model.accuracy.seeds import Measured
from model.figures import draw_pictures
from model.judge import Panel

DRAWN = 60


def draw_errors(measured: Measured, panel: Panel, path: Path) -> None:
    """At most `DRAWN` of them, each under its position, label, what all together read, and how many seeds are wrong."""
    seeds = len(measured.report["seeds"])
    wrong = measured.report["errors"]["pictures"]
    shown = wrong[:DRAWN]
    draw_pictures(
        panel.digits.pixels[[row["index"] for row in shown]],
        path,
        columns=10,
        titles=[
            f"#{row['index']}{'*' if row['label_known_wrong'] else ''}\n{row['label']} read {row['together']}, {row['wrong_by']}/{seeds}"
            for row in shown
        ],
        heading=f"{panel.name}, {measured.report['recipe']}: {len(shown)} of {len(wrong)} pictures that any of {seeds} seeds reads wrong; "
        "read: all together; * label known to be wrong",
    )
