"""The command that judges a recipe by all its seeds. Building it imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.commands.options import RUNS, add_data, add_log
from model.committed import EVIDENCE
from model.data import training_split
from model.refused import Refused
from model.wording import mean_and_sd

if TYPE_CHECKING:
    from model.articles.commands import Command

WAYS = {"as_is": "", "moved_about": ", pictures moved about"}


def add_commands(command: "Command") -> None:
    """Every command of this module."""
    made = command("seeds", _seeds, "judge a recipe by all its seeds: the mean, all together, and pictures moved about")
    add_data(made)
    made.add_argument("--recipe", default="release", help="whose runs")
    made.add_argument("--against", metavar="RECIPE", help="another recipe: what the first one's seeds have beyond its equal seeds")
    made.add_argument("--released", type=Path, metavar="DIR", help="the network that was released from these runs, to be described")
    made.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="where `train` put its runs")
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where seeds-RECIPE.json and its picture go")
    add_log(made)


def _seeds(options: argparse.Namespace) -> None:
    from model.accuracy.chosen import describe_chosen
    from model.accuracy.drawing import draw_errors
    from model.accuracy.seeds import gained, measure_seeds
    from model.evaluate import write_json
    from model.judge import mnist_test_set
    from model.provenance import Begun
    from model.runs import RunsMissing

    begun = Begun(options.command_line)
    training, validation = training_split(options.data)
    panel = mnist_test_set(options.data)
    how: dict[str, Any] = {"command": options.command_line, "log": options.log}
    try:
        chosen = None if options.released is None else describe_chosen(options.released, options.recipe, options.runs)
        measured = measure_seeds(options.recipe, options.runs, validation, panel, **how)
        report = {"training_n": len(training), "chosen": chosen, **measured.report}
        if options.against is not None:
            seeds = [row["seed"] for row in report["seeds"]]
            other = measure_seeds(options.against, options.runs, validation, panel, **how, only=seeds).report
            report |= {"against": {key: other[key] for key in ("recipe", "network", "parameters", "distillation", "mean", "seeds")}}
            report |= {"gained": gained(report, other)}
    except RunsMissing as error:
        raise Refused(str(error)) from error
    options.out.mkdir(parents=True, exist_ok=True)
    write_json({"generated": begun.generated(), **report}, options.out / f"seeds-{options.recipe}.json")
    draw_errors(measured, panel, options.out / f"seeds-{options.recipe}-errors.png")
    print("\n".join(_told(report)))


def _told(report: dict[str, Any]) -> list[str]:
    n, errors, lines = len(report["seeds"]), report["errors"], []
    for way, words in WAYS.items():
        lines.append(f"{report['recipe']}, one network{words}: {_means(report['mean'][way])} (seeds: {n})")
    for way, words in WAYS.items() if n > 1 else ():
        one = report["ensemble"][way]
        low, high = one["test_interval"]
        lines.append(
            f"{report['recipe']}, {n} together{words}: validation {100 * one['validation_accuracy']:.2f} %, "
            f"test {100 * one['test_accuracy']:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"
        )
    if "against" in report:
        other, more = report["against"], report["gained"]
        lines.append(f"{other['recipe']}, one network: {_means(other['mean']['as_is'])} (seeds: {len(other['seeds'])})")
        loss, accuracy = more["validation_loss"], more["test_accuracy"]
        lines.append(
            f"{report['recipe']} minus {other['recipe']}, seed by seed: validation loss {mean_and_sd(loss, 4)} nats, "
            f"test {mean_and_sd(accuracy, 2, 100)} points (n = {len(more['seeds'])})"
        )
    lines.append(
        f"read wrong by any of {n}: {errors['by_any']} of {report['test_n']} test pictures, by all: {errors['by_all']}, "
        f"of these with a label known to be wrong: {errors['by_all_with_wrong_label']}"
    )
    if n < report["seeds_claimed"]:
        lines.append(f"no claim is made of a mean over fewer than {report['seeds_claimed']} seeds")
    return lines


def _means(mean: dict[str, Any]) -> str:
    return (
        f"validation {mean_and_sd(mean['validation_accuracy'], 2, 100)} %, test {mean_and_sd(mean['test_accuracy'], 2, 100)} %, "
        f"without the known label errors {mean_and_sd(mean['test_accuracy_without_label_errors'], 2, 100)} %"
    )
