"""The commands of the Arabic-Indic reader. Building them imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.articles.commands import Command
from model.committed import EVIDENCE
from model.refused import Refused
from model.trial import keep_committed

if TYPE_CHECKING:
    from model.arabic.reading import Written
    from model.recipes import Recipe

SCRATCH = Path("var/arabic")
FOLDS, SEED = 5, 1


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command(
        "arabic",
        _arabic,
        "train a reader of Arabic-Indic digits from MADBase's pictures: measure it by cross-validation, or with --out release it",
    )
    _numbers(made)
    made.add_argument("--out", type=Path, metavar="DIR", help="release the network here, as `archive --released DIR` takes it; no table")
    made.add_argument("--evidence", type=Path, default=EVIDENCE, metavar="DIR", help="where the table goes; ARABIC.md goes beside it")

    made = command("arabic-choice", _choice, "try the recipes of that reader on writers that its first fold trains on, and keep the best")
    _numbers(made)
    made.add_argument("--evidence", type=Path, default=EVIDENCE, metavar="DIR", help="where the results go")

    made = command("arabic-page", _page, "write ARABIC.md again from the evidence; nothing is measured")
    made.add_argument("--evidence", type=Path, default=EVIDENCE, metavar="DIR", help="where the results are; ARABIC.md goes beside it")


def _numbers(made: argparse.ArgumentParser) -> None:
    made.add_argument("--data", type=Path, required=True, metavar="ZIP", help="MADBase's pictures, called id_N_label_D.png")
    made.add_argument("--scratch", type=Path, default=SCRATCH, metavar="DIR", help="where runs are kept, to go on after an interruption")
    made.add_argument("--folds", type=int, default=FOLDS, metavar="K", help="how many, each of whole writers")
    made.add_argument("--seed", type=int, default=SEED, metavar="N", help="draws the folds and begins the networks")
    made.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's, to try things out")


def _arabic(options: argparse.Namespace) -> None:
    from model.arabic.recipe import RECIPE

    written = _written(options)
    recipe = _shortened(RECIPE, options)
    if options.out is None:
        _cross_validate(options, written, recipe)
    else:
        _release(options, written, recipe)


def _cross_validate(options: argparse.Namespace, written: "Written", recipe: "Recipe") -> None:
    from model.arabic.cross_validation import cross_validate
    from model.arabic.page import FIGURE, write_page
    from model.arabic.recipe import CELLS, SERVED
    from model.arabic.writers import repetitions_apart
    from model.evaluate import write_json
    from model.figures import draw_fold_boxes
    from model.latency import one_thread
    from model.provenance import Begun

    _keep(options)
    begun = Begun(options.command_line)
    try:
        with one_thread():
            result = cross_validate(CELLS, recipe, written, options.folds, options.seed, _scratch(options, written))
    except ValueError as error:
        raise Refused(str(error)) from error
    told = {"generated": begun.generated(), "served": SERVED.network, "repetitions_apart": repetitions_apart(written), **result}
    options.evidence.mkdir(parents=True, exist_ok=True)
    write_json(told, options.evidence / "arabic.json")
    draw_fold_boxes({f"{cell['shape']}, {cell['side']} x {cell['side']}": cell for cell in result["cells"]}, options.evidence / FIGURE)
    write_page(options.evidence, options.evidence.parent)
    for cell in result["cells"]:
        accuracy = cell["accuracy"]
        print(
            f"{cell['network']}, {cell['side']} x {cell['side']}: mean {100 * accuracy['mean']:.2f} %, sd {100 * accuracy['sd']:.2f} "
            f"(ddof {accuracy['ddof']}, n = {accuracy['n']} folds), {cell['errors']} errors of {result['n']:,}, "
            f"{cell['parameters']:,} parameters, {1000 * cell['latency']['batches'][0]['median_ms']:.0f} us a picture, "
            f"{cell['processor_seconds']:.0f} s of one thread to train"
        )


def _release(options: argparse.Namespace, written: "Written", recipe: "Recipe") -> None:
    from model.arabic.releasing import release
    from model.latency import one_thread

    try:
        with one_thread():
            record = release(recipe, written, options.folds, options.seed, _scratch(options, written), options.out)
    except ValueError as error:
        raise Refused(str(error)) from error
    print(
        f"{options.out}: {record['network']}, trained on {record['pictures']:,} pictures, temperature {record['temperature']:.3f}, "
        f"accepted from confidence {record['accept_threshold']:.3f}; `python -m model archive --released {options.out}` packs it"
    )


def _choice(options: argparse.Namespace) -> None:
    from model.arabic.choosing import try_candidates
    from model.arabic.recipe import CANDIDATES
    from model.evaluate import write_json
    from model.latency import one_thread
    from model.provenance import Begun

    _keep(options)
    written = _written(options)
    candidates = {name: _shortened(candidate, options) for name, candidate in CANDIDATES.items()}
    begun = Begun(options.command_line)
    try:
        with one_thread():
            result = try_candidates(written, candidates, options.folds, options.seed, _scratch(options, written))
    except ValueError as error:
        raise Refused(str(error)) from error
    options.evidence.mkdir(parents=True, exist_ok=True)
    write_json({"generated": begun.generated(), **result}, options.evidence / "arabic-choice.json")
    for row in result["candidates"]:
        print(f"{row['name']}: validation loss {row['validation_loss']:.4f}, accuracy {100 * row['validation_accuracy']:.2f} %")
    print(f"chosen: {result['chosen']} (n = {result['validation_n']:,} pictures of {result['validation_writers']} writers)")


def _page(options: argparse.Namespace) -> None:
    from model.arabic.page import write_page

    print(write_page(options.evidence, options.evidence.parent))


def _written(options: argparse.Namespace) -> "Written":
    from model.arabic.reading import read_written

    return read_written(options.data)


def _shortened(recipe: "Recipe", options: argparse.Namespace) -> "Recipe":
    from model.overriding import overridden

    if options.epochs is None:
        return recipe
    return overridden(recipe, {"epochs": str(options.epochs)})


def _keep(options: argparse.Namespace) -> None:
    changed: list[Any] = [
        f"--{name} {given}"
        for name, usual in (("folds", FOLDS), ("seed", SEED), ("epochs", None))
        if (given := getattr(options, name)) != usual
    ]
    if changed:
        keep_committed(options.evidence, EVIDENCE, " ".join(changed), elsewhere="--evidence DIR")


def _scratch(options: argparse.Namespace, written: "Written") -> Path:
    """Runs on other pictures, folds or seeds are other runs."""
    scratch: Path = options.scratch / f"{written.digest[:12]}-{options.folds}-folds-seed{options.seed}"
    return scratch
