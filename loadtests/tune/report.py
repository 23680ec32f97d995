"""What a tuning leaves behind: every run as JSON with the machine it ran on, a table and a figure for people, the lines for the gateway."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure

from loadtests.bench.report import Machine
from loadtests.drawing import ACCENT, PAPER
from loadtests.tune.candidates import Setting
from loadtests.tune.judgement import IN_TURN, Trial, gain, is_better, noise

DOTS_PER_INCH = 120
FILE = "tuning.json"
"""In the state folder, where the gateway looks for it."""

COLUMNS = ("setting", "answers", "refused", "p50 ms", "p95 ms", "p99 ms", "processor ms/request", "generator, of a core")


@dataclass(frozen=True)
class Tuned:
    """All that was measured, in its order, at a rate; `together` is what the best of each thing is together."""

    machine: Machine
    rate: float
    seconds: float
    trials: Sequence[Trial]
    together: Setting

    @property
    def of_present(self) -> list[Trial]:
        """The first that was measured."""
        return [trial for trial in self.trials if trial.setting == self.trials[0].setting]

    @property
    def of_together(self) -> list[Trial]:
        """Those that were measured in turn with the present one, last."""
        return [trial for trial in self.trials if trial.setting == self.together][-IN_TURN:]

    @property
    def lines(self) -> list[str]:
        """`GATEWAY_...=...`, what to change; none where nothing is better by more than the noise."""
        present = self.trials[0].setting
        return self.together.lines_to_change(present) if is_better(self.of_present, self.of_together) else []

    @property
    def verdict(self) -> str:
        """One line."""
        apart = noise(self.of_present, self.of_together)
        unit = "refusals" if any(trial.refusals for trial in (*self.of_present, *self.of_together)) else "ms of p95"
        if not self.lines:
            return f"nothing is better by more than the noise ({apart:.1f} {unit} between runs of the present settings)"
        return f"to change, for {gain(self.of_present, self.of_together):.1f} {unit} less (the noise is {apart:.1f}):"


def leave_behind(tuned: Tuned, state: Path) -> Path:
    """The folder with the table and the figure. Raises OSError."""
    folder = state / "tune"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tune.json").write_text(as_json(tuned), encoding="utf-8")
    (folder / "tune.md").write_text(as_markdown(tuned), encoding="utf-8")
    draw(tuned, folder / "tune.png")
    partial = state / f"{FILE}.partial"
    partial.write_text(for_the_gateway(tuned), encoding="utf-8")
    partial.replace(state / FILE)
    return folder


def for_the_gateway(tuned: Tuned) -> str:
    return json.dumps({"lines": tuned.lines, "rate_per_second": tuned.rate, "measured_at": tuned.machine.date}, indent=1) + "\n"


def as_json(tuned: Tuned) -> str:
    told = {
        "machine": asdict(tuned.machine),
        "rate_per_second": tuned.rate,
        "seconds": tuned.seconds,
        "trials": [asdict(trial) for trial in tuned.trials],
        "verdict": tuned.verdict,
        "lines": tuned.lines,
    }
    return json.dumps(told, indent=1) + "\n"


def as_markdown(tuned: Tuned) -> str:
    machine = tuned.machine
    lines = [
        f"{machine.processor}, {machine.cores} cores shared by server and load, {machine.date}, commit {machine.commit or 'unknown'}; "
        f"new pictures at {tuned.rate:g} a second, {tuned.seconds:g} s a run, every answer checked.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row(trial, tuned.trials[0].setting))} |" for trial in tuned.trials),
        "",
        tuned.verdict,
        *("", "```", *tuned.lines, "```")[: None if tuned.lines else 0],
    ]
    return "\n".join(lines) + "\n"


def row(trial: Trial, present: Setting) -> tuple[str, ...]:
    """As COLUMNS are."""
    return (
        name(trial.setting, present),
        str(trial.answers),
        str(trial.refusals),
        *(f"{value:.1f}" for value in (trial.p50_ms, trial.p95_ms, trial.p99_ms)),
        f"{trial.processor_ms:.2f}",
        f"{trial.generator_share:.2f}",
    )


def name(setting: Setting, present: Setting) -> str:
    return " ".join(setting.lines_to_change(present)) or "present"


def draw(tuned: Tuned, file: Path) -> None:
    """A PNG: a line a run from its p50 to its p99, its p95 on it; the band is where runs of the present setting have theirs."""
    figure = Figure(figsize=(9, 1.5 + 0.3 * len(tuned.trials)), layout="constrained")
    axis = figure.subplots()
    p95s = [trial.p95_ms for trial in tuned.of_present]
    axis.axvspan(min(p95s), max(p95s), color=PAPER, alpha=0.3)
    places = range(len(tuned.trials))
    colours = [PAPER if trial in tuned.of_present else ACCENT for trial in tuned.trials]
    axis.hlines(places, [trial.p50_ms for trial in tuned.trials], [trial.p99_ms for trial in tuned.trials], colors=colours)
    axis.scatter([trial.p95_ms for trial in tuned.trials], places, color=colours)
    axis.set_yticks(places, [name(trial.setting, tuned.trials[0].setting) for trial in tuned.trials], fontsize=7)
    axis.invert_yaxis()
    axis.set(xlim=(0, None), xlabel="ms from p50 to p99, dot at p95", title=f"new pictures at {tuned.rate:g} a second")
    figure.savefig(file, dpi=DOTS_PER_INCH, metadata={"Software": None})
