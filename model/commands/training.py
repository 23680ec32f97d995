"""The commands that train networks and release one. Building them imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from model.articles.commands import Command, add_recipe, chosen_recipe
from model.commands.options import RUNS, add_data, add_released, check_device
from model.committed import HERE, RELEASED
from model.data import training_split
from model.refused import Refused
from model.tracking import add_track, tracked

if TYPE_CHECKING:  # torch takes seconds to import, and most commands do without
    from model.train import Trained


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("train", _train, "train a recipe once a seed, or go on after the last finished epoch")
    add_data(made)
    made.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], metavar="N", help="one run for each")
    made.add_argument("--out", type=Path, default=RUNS, metavar="DIR", help="a folder for each run is made here")
    made.add_argument("--device", default="cpu", help="cpu or cuda")
    made.add_argument("--limit", type=int, metavar="N", help="only the first N training pictures, to try things out")
    add_track(made)
    add_recipe(made, required=True)

    made = command("release", _release, "release the run of a recipe with the lowest validation loss")
    add_data(made)
    made.add_argument("--recipe", required=True, help="the recipe to release from")
    made.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="where `train` put its runs")
    made.add_argument("--released", type=Path, default=RELEASED, metavar="DIR", help="where the network goes")
    made.add_argument("--name", default="digits", help="what the network is served as")
    made.add_argument("--at-least", type=int, default=3, metavar="N", help="refuse to choose from fewer seeds; of one there is no choice")

    made = command("known", _known, "pick the known digits again: validation pictures that the released network reads beyond doubt")
    add_data(made)
    add_released(made)
    made.add_argument("--out", type=Path, default=HERE / "known", metavar="DIR", help="where digits.npz and the sample picture go")


def _train(options: argparse.Namespace) -> None:
    from model.metrics import spread
    from model.runs import RunsMissing
    from model.train import train_recipe
    from model.wording import mean_and_sd

    recipe = chosen_recipe(options)
    check_device(options.device)
    training, validation = training_split(options.data)
    training = training[: options.limit]
    if len(training) < recipe.batch_size:
        raise Refused(f"{len(training)} training pictures are less than one batch of {recipe.batch_size}")
    finished: list[Trained] = []
    with tracked(options.track, options.command_line) as tracking:
        for seed in options.seeds:
            try:
                run = train_recipe(recipe, seed, training, validation, options.out, options.device, tracking.watch)
            except (ValueError, RunsMissing) as error:  # a folder with another recipe's run, no teacher
                raise Refused(str(error)) from error
            _draw_curves(options.out, recipe.name, seed)
            print(
                f"{recipe.name} seed {seed}: validation loss {run.validation_loss:.5f}, accuracy {100 * run.validation_accuracy:.2f} %, "
                f"dropout {run.history.dropout:g}, {len(run.history.epochs)} epochs"
            )
            finished.append(run)
    loss = spread([run.validation_loss for run in finished])
    accuracy = spread([100 * run.validation_accuracy for run in finished])
    compared = f"validation loss {mean_and_sd(loss, 5)}, accuracy {mean_and_sd(accuracy, 2)} %"
    print(f"{recipe.name}: {compared} (n = {len(validation)}, seeds: {len(finished)})")


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
    from model.known import pick_known

    try:
        count = pick_known(options.released, options.data, options.out)
    except ValueError as error:
        raise Refused(str(error)) from error
    print(f"{count} known digits are in {options.out}")
