"""`python -m model evaluate --data`, where what is there is not MNIST."""

import argparse
import re
from pathlib import Path
from typing import Any

from model.data import DEFAULT_FOLDER, is_here
from model.refused import Refused

NAMED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def add_options(made: argparse.ArgumentParser) -> None:
    """What `evaluate` reads."""
    made.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="PATH",
        help="where the four MNIST files are or are put; or any other labelled digits, read through preprocessing and raw: a folder per "
        "digit, CSV, either of a pair of IDX files, libsvm, HDF5 (.h5) or SVHN's .mat, packed or not",
    )
    made.add_argument("--name", metavar="NAME", help="with other digits: what to call them, in others-NAME.json; by default as their file")


def is_mnist(path: Path) -> bool:
    """Whether MNIST is in that folder, or is to be put there: into what is empty or not there, and into nothing that holds other things."""
    if path == DEFAULT_FOLDER:
        return True
    if not path.exists():
        return not path.suffix
    if not path.is_dir():
        return False
    return is_here(path) or all(entry.name.startswith(".") or entry.suffix == ".partial" for entry in path.iterdir())


def evaluate_others(options: argparse.Namespace) -> None:
    """Measure the digits at `--data`, write `others-NAME.json` and the card, and print what came of it. Raises Refused, ReleaseUnusable."""
    from model.card import write_card
    from model.evaluate import release_facts, weights_digest, write_json
    from model.formats import NotDigits, read_labelled
    from model.inference import Classifier
    from model.latency import one_thread
    from model.others.measure import measure
    from model.provenance import Begun

    if options.recipe is not None:
        raise Refused("--recipe reads MNIST's test set alone; leave out --data, or leave out --recipe")
    name = _name(options)
    begun = Begun(options.command_line)
    try:
        classifier = Classifier(options.released)
        threshold = float(release_facts(options.released / "release.json")["accept_threshold"])
        with one_thread():
            told = measure(classifier, read_labelled(options.data), threshold)
    except NotDigits as error:
        raise Refused(str(error)) from error
    options.out.mkdir(parents=True, exist_ok=True)
    digest = weights_digest(options.released / "weights.pt")
    write_json({"generated": begun.generated(), "name": name, "weights_sha256": digest, **told}, options.out / f"others-{name}.json")
    if (options.out / "evaluation.json").exists():
        write_card(options.out, options.out.parent / "CARD.md")
    print(_summary(name, told))


def _name(options: argparse.Namespace) -> str:
    stem = options.data.name.split(".")[0]
    name: str = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") if options.name is None else options.name
    if not NAMED.fullmatch(name):
        raise Refused(f"--name is {name!r}; it is small letters, figures and single hyphens between them")
    return name


def _summary(name: str, told: dict[str, Any]) -> str:
    from model.wording import percent, share

    accepted = told["preprocessed"]["accepted"]
    return "\n".join(
        (
            f"{name} ({told['form']}, n = {told['n']:,}): through preprocessing {share(told['preprocessed'])}, raw {share(told['raw'])}",
            f"accepted {percent(accepted['coverage'])}, of these {accepted['errors']} of {accepted['n']:,} wrong",
        )
    )
