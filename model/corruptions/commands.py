"""The command that measures the released network on corrupted pictures. Building it imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.articles.commands import Command
from model.commands.options import add_data, add_log, add_released
from model.committed import EVIDENCE
from model.data import training_split
from model.refused import Refused
from model.trial import keep_committed

if TYPE_CHECKING:
    from model.judge import Panel

TEST, VALIDATION = "test", "validation"
FILES = {TEST: "corruptions", VALIDATION: "corruptions-validation"}
"""The results' names, by which pictures were read. The card shows those of the test set."""
SERVED = "digits"
"""What the network is called that the results without a name are of; others' end in theirs."""


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("corruptions", _corruptions, "measure the released network on MNIST-C, made again from its published parameters")
    add_data(made)
    add_released(made)
    made.add_argument("--split", choices=list(FILES), default=TEST, help="which pictures; every choice is made on those of validation")
    made.add_argument("--pictures", type=int, metavar="N", help="so many of them, drawn by the seed; none: all")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="draws the corruptions")
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where corruptions.json and its figure go")
    add_log(made)


def _corruptions(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from model.corruptions.measuring import NETWORK, UPLOAD, measure
    from model.corruptions.trained import seen_in_training
    from model.evaluate import note_reading, weights_digest, write_json
    from model.inference import Classifier
    from model.latency import one_thread
    from model.provenance import Begun

    if options.pictures is not None:
        keep_committed(options.out, EVIDENCE, "--pictures", elsewhere="--out var/trial")
    panel = _chosen(_panel(options), options)
    classifier = Classifier(options.released)
    threshold, varied, model = _facts(options.released / "release.json")
    begun = Begun(options.command_line)
    with one_thread():
        told = measure(classifier, panel, seed=options.seed, threshold=threshold, seen=seen_in_training(varied))
    digest = weights_digest(options.released / "weights.pt")
    if options.split == TEST:
        for way in (NETWORK, UPLOAD):
            named = replace(panel, name=f"{panel.name}, MNIST-C regenerated, mean of {len(told['corruptions'])}, {way}")
            accuracy = float(told["mean"][way]["accuracy"])
            note_reading(options.log, named, command=options.command_line, digest=digest, accuracy=accuracy)
    options.out.mkdir(parents=True, exist_ok=True)
    made = {
        "generated": begun.generated(),
        "model": model,
        "weights_sha256": digest,
        "arithmetic": classifier.arithmetic,
        "panel": panel.name,
        "trained_with": varied,
        **told,
    }
    name = FILES[options.split] if model == SERVED else f"{FILES[options.split]}-{model}"
    write_json(made, options.out / f"{name}.json")
    _draw(panel, told, options.out / f"{name}.png")
    print(_summary(told))


def _panel(options: argparse.Namespace) -> "Panel":
    from model.judge import Panel, mnist_test_set
    from model.splitting import validation_writers

    if options.split == TEST:
        return mnist_test_set(options.data)
    return Panel("MNIST validation split", training_split(options.data)[1], validation_writers())


def _chosen(panel: "Panel", options: argparse.Namespace) -> "Panel":
    import numpy as np

    if options.pictures is None:
        return panel
    if options.pictures > len(panel.digits):
        raise Refused(f"--pictures is {options.pictures}; there are {len(panel.digits)}")
    rng = np.random.default_rng(options.seed)
    few = np.sort(rng.choice(len(panel.digits), options.pictures, replace=False))
    return panel[few]


def _facts(release: Path) -> tuple[float, dict[str, float], str]:
    """The released network's threshold, what its recipe varied training pictures by, and its name. Raises ReleaseUnusable."""
    import json
    from dataclasses import asdict

    from model.inference import ReleaseUnusable
    from model.recipes import RECIPES, SpoiltRecipe

    told = json.loads(release.read_text(encoding="utf-8"))
    if "accept_threshold" not in told or told.get("recipe") not in RECIPES:
        raise ReleaseUnusable(f"{release} does not say accept_threshold or names no recipe")
    recipe = RECIPES[told["recipe"]]
    varied = asdict(recipe.augmentation) | (asdict(recipe.spoiling) if isinstance(recipe, SpoiltRecipe) else {})
    return float(told["accept_threshold"]), {name: value for name, value in varied.items() if value}, str(told["model"])


def _draw(panel: "Panel", told: dict[str, Any], path: Path) -> None:
    """One picture in every corruption, over it how many of all were read right either way."""
    import numpy as np

    from model.corruptions.table import CORRUPTIONS, corrupted
    from model.figures import draw_pictures

    first = panel.digits.pixels[:1]
    shown = np.concatenate([first, *(corrupted(name, first, told["seed"]) for name in CORRUPTIONS)])
    rows = (told["clean"], *told["corruptions"])
    draw_pictures(
        shown,
        path,
        columns=8,
        titles=[f"{row['name']}\n{100 * row['network']['accuracy']:.1f}, {100 * row['upload']['accuracy']:.1f} %" for row in rows],
        heading=f"{panel.name}, n = {told['n']:,}, seed {told['seed']}: right straight into the network, and as an upload",
    )


def _summary(told: dict[str, Any]) -> str:
    from model.wording import share

    lines = [f"{'':<14} {'network':>27} {'upload':>27}"]
    rows = [*(told["clean"], *told["corruptions"]), {"name": "mean", **told["mean"]}, {"name": "mean, unseen", **told["mean_unseen"]}]
    for row in rows:
        lines.append(f"{row['name']:<14} " + " ".join(f"{share(row[way]):>27}" for way in ("network", "upload")))
    return "\n".join([*lines, f"(n = {told['n']}, seed {told['seed']}; brackets are 95 % intervals)"])
