"""The command that reads pictures which no choice was made by. Building it imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import Any

from model.articles.commands import Command
from model.commands.options import RUNS, add_released, check_device
from model.committed import EVIDENCE, LOG
from model.data import training_split
from model.others.commands import add_options, evaluate_others, is_mnist
from model.refused import Refused


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("evaluate", _evaluate, "read the test set, or other digits, with the released network; write evidence and card")
    add_options(made)
    made.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cuda: time the network on the GPU as well")
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where the evidence goes; the card goes beside it")
    add_released(made)
    made.add_argument("--recipe", help="evaluate this recipe's runs instead of the released network, and write RECIPE.json")
    made.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="with --recipe: where `train` put its runs")


def _evaluate(options: argparse.Namespace) -> None:
    from model.card import EvidenceMissing, write_card
    from model.evaluate import accuracy_line, evaluate_recipe, evaluate_release
    from model.judge import mnist_test_set
    from model.runs import RunsMissing
    from model.wording import mean_and_sd

    if not is_mnist(options.data):
        evaluate_others(options)
        return
    check_device(options.device)
    panel = mnist_test_set(options.data)
    card = options.out.parent / "CARD.md"
    try:
        if options.recipe is None:
            report = evaluate_release(options.released, panel, options.out, command=options.command_line, log=LOG, device=options.device)
            write_card(options.out, card)
            print(_summary(report))
            print(accuracy_line(report["accuracy"], report["n"]))
        else:
            training, _ = training_split(options.data)
            report = evaluate_recipe(options.recipe, options.runs, training, panel, options.out, command=options.command_line, log=LOG)
            for name, value in report["mean"].items():
                print(f"{options.recipe}: {name.replace('_', ' ')} {mean_and_sd(value, 4)} (seeds: {value['n']})")
            if (options.out / "evaluation.json").exists():
                write_card(options.out, card)
    except (RunsMissing, EvidenceMissing) as error:
        raise Refused(str(error)) from error


def _summary(report: dict[str, Any]) -> str:
    from model.wording import percent, share

    after, threshold = report["calibration"]["after"], report["threshold"]
    worst = ", ".join(f"{row['label']}->{row['predicted']} {row['count']}" for row in report["worst_confusions"][:5])
    lines = [
        f"accuracy {share(report)}, without the known label errors {share(report['without_label_errors'])}",
        f"macro F1 {report['macro']['f1']:.4f}; worst confusions {worst or 'none'}",
        f"cross-entropy {after['nll']:.4f} nats, Brier {after['brier']:.5f}, calibration error {percent(after['ece_equal_width'])}",
        f"accepted {percent(threshold['coverage'])}, of these wrong {percent(threshold['error_accepted'])}",
        *(f"{group['who']} (HSF {group['series']}) {share(group)}" for group in report["series"]["groups"]),
        *(
            f"{where['processor']}: {batch['median_ms']:.2f} ms for {batch['batch']} (95th percentile {batch['p95_ms']:.2f} ms)"
            for where in report["latency"].values()
            if where is not None
            for batch in where["batches"]
        ),
    ]
    return "\n".join(lines)
