"""`python -m model`: every step from the data to the released model. What a user got wrong is one line on stderr and exit code 1."""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.accuracy import commands as accuracy
from model.adversarial import commands as adversarial
from model.arabic import commands as arabic
from model.articles import commands as articles
from model.articles.commands import add_recipe, chosen_recipe
from model.corruptions import commands as corruptions
from model.data import DEFAULT_FOLDER, DataUnavailable, fetch, test_digits, train_digits, training_split
from model.edge import commands as edge
from model.explanations import commands as explanations
from model.groups import commands as groups
from model.others.commands import add_options, evaluate_others, is_mnist
from model.refused import Refused
from model.trust import commands as trust

if TYPE_CHECKING:  # torch takes seconds to import, and most commands do without
    from model.train import Trained

HERE = Path(__file__).parent
RELEASED = HERE / "released"
EVIDENCE = HERE / "evidence"
RUNS = Path("var/runs")

ROOMS = (articles, accuracy, explanations, groups, trust, corruptions, adversarial, edge, arabic)
"""Each has commands of its own."""

INTERRUPTED = 130

AT_LEAST = {"seed": 0, "seeds": 0, "folds": 2, "limit": 1, "pictures": 1, "calibration": 1, "calls": 1}
"""What an option that is a number, or several, may be, whichever command has it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(given)
    options.command_line = f"python -m model {shlex.join(given)}"
    try:
        _check_numbers(options)
        options.run(options)
    except (Refused, DataUnavailable, OSError) as error:
        print(f"python -m model {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"python -m model {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line. Building it imports neither torch nor any data."""
    whole = argparse.ArgumentParser(prog="python -m model", description="MNIST, the networks that read it, and the evidence for them.")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", formatter_class=_Help)
        made.set_defaults(run=run)
        return made

    def data(made: argparse.ArgumentParser) -> None:
        made.add_argument("--data", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="where the four MNIST files are or are put")

    made = command("fetch", _fetch, "fetch MNIST and check it")
    data(made)

    made = command("explore", _explore, "print what MNIST holds and draw what it looks like")
    data(made)
    made.add_argument("--out", type=Path, default=Path("var/explore"), metavar="DIR", help="where figures go")
    made.add_argument("--evidence", type=Path, default=EVIDENCE, metavar="DIR", help="where the counts go, as explore.json")

    made = command("split", _split, "write the writer-disjoint validation split again; the result is committed")
    made.add_argument("--qmnist", type=Path, required=True, metavar="DIR", help="folder with QMNIST's two *-labels.tsv.gz")

    made = command("train", _train, "train a recipe once a seed, or go on after the last finished epoch")
    data(made)
    made.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], metavar="N", help="one run for each")
    made.add_argument("--out", type=Path, default=RUNS, metavar="DIR", help="a folder for each run is made here")
    made.add_argument("--device", default="cpu", help="cpu or cuda")
    made.add_argument("--limit", type=int, metavar="N", help="only the first N training pictures, to try things out")
    add_recipe(made, required=True)

    made = command("release", _release, "release the run of a recipe with the lowest validation loss")
    data(made)
    made.add_argument("--recipe", required=True, help="the recipe to release from")
    made.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="where `train` put its runs")
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="where the network goes")
    made.add_argument("--name", default="digits", help="what the network is served as")
    made.add_argument("--at-least", type=int, default=3, metavar="N", help="refuse to choose from fewer seeds; of one there is no choice")

    made = command("known", _known, "pick the known digits again: validation pictures that the released network reads beyond doubt")
    data(made)
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="folder of the released network")
    made.add_argument("--out", type=Path, default=HERE / "known", metavar="DIR", help="where digits.npz and the sample picture go")

    made = command("evaluate", _evaluate, "read the test set, or other digits, with the released network; write evidence and card")
    add_options(made)
    made.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cuda: time the network on the GPU as well")
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where the evidence goes; the card goes beside it")
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="folder of the released network")
    made.add_argument("--recipe", help="evaluate this recipe's runs instead of the released network, and write RECIPE.json")
    made.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="with --recipe: where `train` put its runs")

    made = command("archive", _archive, "build the TorchServe archive of the released network")
    made.add_argument("--out", type=Path, default=Path("var/archive"), metavar="DIR", help="where the .mar goes")
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="folder of the released network")

    made = command("torchscript", _torchscript, "write the released network as one TorchScript file, for other servers")
    made.add_argument("--out", type=Path, required=True, metavar="FILE", help="what to write")
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="folder of the released network")

    made = command("throughput", _throughput, "read pictures in a loop with the network as it is served, and print how many, as JSON")
    made.add_argument("--seconds", type=float, default=5.0, help="how long")
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="folder of the released network")

    made = command("compare", _compare, "put two runs side by side, and show what differs")
    for place in ("first", "second"):
        made.add_argument(place, type=Path, help="a run's folder, a results file, or the name of one in model/evidence")

    command("card", _card, "write the model card again from the evidence")
    for room in ROOMS:
        room.add_commands(command)
    return whole


def _check_numbers(options: argparse.Namespace) -> None:
    for name, least in AT_LEAST.items():
        given = getattr(options, name, None)
        for number in given if isinstance(given, list) else [least if given is None else given]:
            if number < least:
                raise Refused(f"--{name} is {number}; it is at least {least}")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows a default where there is one to show."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, argparse.SUPPRESS) else super()._get_help_string(action)


def _fetch(options: argparse.Namespace) -> None:
    fetch(options.data)
    print(f"MNIST is in {options.data}, every file with its right checksum")


def _explore(options: argparse.Namespace) -> None:
    from model.evaluate import write_json
    from model.explore import describe, draw, facts
    from model.provenance import generated
    from model.splitting import load_writers

    train, test = train_digits(options.data), test_digits(options.data)
    print(describe(train, test))
    counted = facts(train, test, load_writers("train"), load_writers("test"))
    options.evidence.mkdir(parents=True, exist_ok=True)
    write_json({"generated": generated(options.command_line), **counted}, options.evidence / "explore.json")
    for path in draw(train, options.out):
        print(path)


def _split(options: argparse.Namespace) -> None:
    from model.data import SPLITS
    from model.splitting import write_splits

    write_splits(options.qmnist)
    print(f"written: {SPLITS / 'validation.txt'} and {SPLITS / 'writers.npz'}")


def _train(options: argparse.Namespace) -> None:
    from model.inference import ReleaseUnusable
    from model.metrics import spread
    from model.runs import RunsMissing
    from model.train import train_recipe

    recipe = chosen_recipe(options)
    _check_device(options.device)
    training, validation = training_split(options.data)
    training = training[: options.limit]
    if len(training) < recipe.batch_size:
        raise Refused(f"{len(training)} training pictures are less than one batch of {recipe.batch_size}")
    finished: list[Trained] = []
    for seed in options.seeds:
        try:
            run = train_recipe(recipe, seed, training, validation, options.out, options.device)
        except (ValueError, RunsMissing, ReleaseUnusable) as error:  # a folder with another recipe's run, no teacher
            raise Refused(str(error)) from error
        _draw_curves(options.out, recipe.name, seed)
        print(
            f"{recipe.name} seed {seed}: validation loss {run.validation_loss:.5f}, accuracy {100 * run.validation_accuracy:.2f} %, "
            f"dropout {run.history.dropout:g}, {len(run.history.epochs)} epochs"
        )
        finished.append(run)
    loss = spread([run.validation_loss for run in finished])
    accuracy = spread([100 * run.validation_accuracy for run in finished])
    compared = f"validation loss {_spread(loss, 5)}, accuracy {_spread(accuracy, 2)} %"
    print(f"{recipe.name}: {compared} (n = {len(validation)}, seeds: {len(finished)})")


def _spread(value: dict[str, Any], places: int) -> str:
    mean = f"{value['mean']:.{places}f}"
    return mean if value["sd"] is None else f"{mean} +- {value['sd']:.{places}f}"


def _draw_curves(runs: Path, recipe: str, seed: int) -> None:
    import json

    from model.figures import draw_learning_curves

    for history in runs.glob(f"{recipe}-dropout*-seed{seed}/history.json"):
        draw_learning_curves(json.loads(history.read_text()), history.parent / "learning-curves.png")


def _release(options: argparse.Namespace) -> None:
    from model.release import choose
    from model.runs import RunsMissing

    try:
        print(choose(options.runs, options.recipe, options.data, options.released, name=options.name, at_least=options.at_least))
    except RunsMissing as error:
        raise Refused(str(error)) from error


def _known(options: argparse.Namespace) -> None:
    from model.inference import ReleaseUnusable
    from model.known import pick_known

    try:
        count = pick_known(options.released, options.data, options.out)
    except (ReleaseUnusable, ValueError) as error:
        raise Refused(str(error)) from error
    print(f"{count} known digits are in {options.out}")


def _evaluate(options: argparse.Namespace) -> None:
    from model.card import EvidenceMissing, write_card
    from model.evaluate import LOG, accuracy_line, evaluate_recipe, evaluate_release
    from model.inference import ReleaseUnusable
    from model.judge import LABEL_ERRORS, Panel
    from model.runs import RunsMissing
    from model.splitting import load_writers

    if not is_mnist(options.data):
        evaluate_others(options)
        return
    _check_device(options.device)
    panel = Panel("MNIST test set", test_digits(options.data), load_writers("test"), LABEL_ERRORS)
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
                print(f"{options.recipe}: {name.replace('_', ' ')} {_spread(value, 4)} (seeds: {value['n']})")
            if (options.out / "evaluation.json").exists():
                write_card(options.out, card)
    except (ReleaseUnusable, RunsMissing, EvidenceMissing) as error:
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


def _torchscript(options: argparse.Namespace) -> None:
    from model.inference import ReleaseUnusable
    from model.torchscript import write_torchscript

    try:
        write_torchscript(options.released, options.out)
    except ReleaseUnusable as error:
        raise Refused(str(error)) from error
    print(options.out)


def _throughput(options: argparse.Namespace) -> None:
    import json

    from model.choice import fastest
    from model.compiled import native, read_maxima
    from model.inference import ReleaseUnusable
    from model.throughput import throughput

    try:
        told = throughput(fastest(options.released), options.seconds)
    except ReleaseUnusable as error:
        raise Refused(str(error)) from error
    print(json.dumps({"native": native(read_maxima(options.released)), **told}))


def _archive(options: argparse.Namespace) -> None:
    from model.export import NotExportable, build_archive

    try:
        print(build_archive(options.released, options.out))
    except NotExportable as error:
        raise Refused(str(error)) from error


def _card(options: argparse.Namespace) -> None:
    from model.card import CARD, EvidenceMissing, write_card

    try:
        write_card()
    except EvidenceMissing as error:
        raise Refused(str(error)) from error
    print(CARD)


def _compare(options: argparse.Namespace) -> None:
    from model.comparing import NotARun, compare, fold_by_fold, read_run, table

    try:
        first, second = (read_run(named, EVIDENCE) for named in (options.first, options.second))
    except NotARun as error:
        raise Refused(str(error)) from error
    print(table(compare(first, second)))
    paired = fold_by_fold(first, second)
    if paired is not None:
        mean, sd, folds = paired
        print(f"\naccuracy, fold by fold, second minus first: {mean:+.2f} points +- {sd:.2f} (sd, ddof 1, n = {folds} folds)")


def _check_device(device: str) -> None:
    import torch

    if device != "cpu" and not (device == "cuda" and torch.cuda.is_available()):
        raise Refused(f"there is no device {device!r} here; --device cpu works everywhere")


if __name__ == "__main__":
    sys.exit(main())
