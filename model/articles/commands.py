"""The commands that reproduce the articles. Building them imports neither torch nor any data."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from model.commands.options import add_data, add_log
from model.committed import EVIDENCE
from model.data import train_digits, training_split
from model.refused import Refused
from model.tracking import add_track, tracked
from model.wording import mean_and_sd

if TYPE_CHECKING:
    from model.recipes import Recipe

SCRATCH = Path("var/articles")
PROTOCOLS = ("pictures", "writers", "published")


class Command(Protocol):
    """Makes one command of a command line."""

    def __call__(self, name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser: ...


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("cross-validate", _cross_validate, "measure a network on folds held out in turn, with a fresh network each")
    add_data(made)
    _results(made)
    made.add_argument("--folds", type=int, nargs="+", default=[5], metavar="K", help="how many; several: one result for each")
    made.add_argument(
        "--by",
        choices=PROTOCOLS,
        nargs="+",
        default=["pictures", "writers"],
        help="how folds are drawn; published: as the second article does, with one network that has seen them all, which estimates nothing",
    )
    made.add_argument("--seed", type=int, default=1, metavar="N", help="draws the folds and begins the networks")
    made.add_argument("--limit", type=int, metavar="N", help="only the first N training pictures, to try things out")
    add_track(made)
    add_recipe(made)

    made = command("reproduce", _reproduce, "train on all 60,000 pictures, as the articles do, and read the test set once a seed")
    add_data(made)
    _results(made)
    made.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], metavar="N", help="one run for each; none is chosen")
    add_log(made)
    made.add_argument("--limit", type=int, metavar="N", help="only the first N training pictures, to try things out")
    add_track(made)
    add_recipe(made)

    made = command("handcrafted", _handcrafted, "measure HOG with an SVM, and nearest neighbours of deskewed pixels")
    add_data(made)
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where the results go")
    add_log(made)
    made.add_argument("--limit", type=int, metavar="N", help="only the first N training and N validation pictures, to try things out")

    made = command("report", _report, "write the report of both articles, and its figures, from committed results")
    made.add_argument("--evidence", type=Path, default=EVIDENCE, metavar="DIR", help="where the results are; the page goes beside it")


def add_recipe(made: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Which recipe, and every number of it."""
    made.add_argument(
        "--recipe",
        required=required,
        help="release; teacher, which release learns from; student, which learns from the committed network, and student-alone, which does "
        "without; sturdy, the committed network taught by itself on spoilt pictures; "
        "article and dense512: the first and the second article's as written",
    )
    numbers = made.add_argument_group("numbers of the recipe", "A recipe with a changed number is another recipe and is named so.")
    numbers.add_argument("--network", help="a name of model.network.NETWORKS")
    for name in ("--epochs", "--batch-size", "--learning-rate", "--weight-decay"):
        numbers.add_argument(name, metavar="N")
    numbers.add_argument("--dropouts", nargs="+", metavar="N", help="the one with the lowest validation loss is kept")
    numbers.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="any number by its name in model.recipes: optimizer=adam, augmentation.zoom=0.2, schedule=none, ema_decay=none",
    )


def chosen_recipe(options: argparse.Namespace) -> "Recipe":
    """The recipe that the options of `add_recipe` name, with their numbers in it. Raises Refused."""
    from model.network import NETWORKS
    from model.overriding import overridden, recipe_of_network
    from model.recipes import RECIPES

    if options.recipe is None and options.network is None:
        raise Refused("name a --recipe or a --network")
    if options.recipe not in (None, *RECIPES):
        raise Refused(f"no recipe is called {options.recipe!r}; there are {', '.join(RECIPES)}")
    if options.network not in (None, *NETWORKS):
        raise Refused(f"no network is called {options.network!r}; there are {', '.join(NETWORKS)}")
    settings = {
        name: str(getattr(options, name))
        for name in ("network", "epochs", "batch_size", "learning_rate", "weight_decay")
        if getattr(options, name) is not None
    }
    if options.dropouts is not None:
        settings["dropouts"] = ",".join(options.dropouts)
    for each in options.set:
        name, _, value = each.partition("=")
        settings[name] = value
    if getattr(options, "limit", None) is not None:
        settings["limit"] = str(options.limit)
    base = recipe_of_network(settings.pop("network")) if options.recipe is None else RECIPES[options.recipe]
    try:
        return overridden(base, settings)
    except ValueError as error:
        raise Refused(str(error)) from error


def _results(made: argparse.ArgumentParser) -> None:
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where results and figures go")
    made.add_argument("--scratch", type=Path, default=SCRATCH, metavar="DIR", help="where runs are kept, to go on after an interruption")


def _cross_validate(options: argparse.Namespace) -> None:
    from model.articles.cross_validation import Plan, cross_validate
    from model.articles.drawing import draw_results
    from model.evaluate import write_json
    from model.latency import one_thread
    from model.provenance import Begun
    from model.splitting import load_writers

    recipe = chosen_recipe(options)
    digits, writers = train_digits(options.data)[: options.limit], load_writers("train")[: options.limit]
    begun = Begun(options.command_line)
    options.out.mkdir(parents=True, exist_ok=True)
    plans = [Plan(recipe, protocol, folds, options.seed) for protocol in options.by for folds in options.folds]
    with tracked(options.track, options.command_line) as tracking:
        for plan in plans:
            try:
                with one_thread():
                    result = cross_validate(plan, digits, writers, options.scratch, tracking.watch)
            except ValueError as error:
                raise Refused(str(error)) from error
            results = options.out / f"{plan.name}.json"
            write_json({"generated": begun.generated(result["seconds"]), **result}, results)
            tracking.results(results)
            draw_results(options.out)
            told, each = result["accuracy"], " ".join(f"{100 * fold['accuracy']:.2f}" for fold in result["folds"])
            print(
                f"{plan.name}: {each}; mean {100 * told['mean']:.2f} %, "
                f"sd {100 * told['sd']:.2f} (ddof {told['ddof']}, n = {told['n']} folds), {result['seconds']:.0f} s"
            )


def _reproduce(options: argparse.Namespace) -> None:
    from model.articles.reproduction import reproduce
    from model.evaluate import write_json
    from model.judge import mnist_test_set
    from model.latency import one_thread
    from model.provenance import Begun

    recipe = chosen_recipe(options)
    training = train_digits(options.data)[: options.limit]
    panel = mnist_test_set(options.data)
    begun = Begun(options.command_line)
    how = {"command": options.command_line, "log": options.log}
    with tracked(options.track, options.command_line) as tracking:
        try:
            with one_thread():
                result = reproduce(recipe, options.seeds, training, panel, options.scratch, **how, watch=tracking.watch)
        except ValueError as error:
            raise Refused(str(error)) from error
        options.out.mkdir(parents=True, exist_ok=True)
        results = options.out / f"all-{recipe.name}.json"
        write_json({"generated": begun.generated(result["seconds"]), **result}, results)
        tracking.results(results)
    for name, value in result["mean"].items():
        print(f"{recipe.name}: {name.replace('_', ' ')} {mean_and_sd(value, 4)}")


def _handcrafted(options: argparse.Namespace) -> None:
    from model.articles.handcrafted import Search, measure_handcrafted
    from model.evaluate import write_json
    from model.judge import mnist_test_set
    from model.latency import BATCHES, one_thread
    from model.provenance import Begun

    training, validation = (digits[: options.limit] for digits in training_split(options.data))
    panel = mnist_test_set(options.data)
    begun = Begun(options.command_line)
    with one_thread():
        rows = measure_handcrafted(
            training, validation, panel, command=options.command_line, log=options.log, search=Search(), batches=BATCHES
        )
    options.out.mkdir(parents=True, exist_ok=True)
    write_json({"generated": begun.generated(), "readers": rows}, options.out / "handcrafted.json")
    for row in rows:
        each = row["latency"]["batches"][0]
        print(
            f"{row['name']}: validation {100 * row['validation_accuracy']:.2f} %, test {100 * row['test_accuracy']:.2f} % "
            f"(n = {row['test_n']}), {1000 * each['median_ms']:.0f} us for one picture, {row['bytes'] / 2**20:.1f} MiB; {row['chosen']}"
        )


def _report(options: argparse.Namespace) -> None:
    from model.articles.drawing import draw_results
    from model.articles.report import write_report
    from model.articles.results import ResultsMissing

    try:
        written = write_report(options.evidence, options.evidence.parent)
    except ResultsMissing as error:
        raise Refused(str(error)) from error
    draw_results(options.evidence)
    print(*written, sep="\n")
