"""The commands that measure explanations. Building them imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.articles.commands import Command
from model.commands.options import add_data, add_released
from model.committed import EVIDENCE, LOG
from model.data import training_split
from model.refused import Refused
from model.trial import keep_committed

if TYPE_CHECKING:
    from model.provenance import Begun

PICTURES = 500


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("explain", _explain, "measure whether explanations show what a digit was read by, and draw some")
    _common(made, "explanation.json and explanations.png go")
    made.add_argument("--pictures", type=int, default=PICTURES, metavar="N", help="so many of the test set, drawn by the seed")
    made.add_argument("--log", type=Path, default=LOG, metavar="FILE", help="where the reading of the test set is noted")

    made = command("compare-explanations", _compare, "measure every kind of explanation that was tried, on validation pictures")
    _common(made, "explanations-tried.json goes")
    made.add_argument("--limit", type=int, metavar="N", help="only the first N validation pictures, to try things out")


def _common(made: argparse.ArgumentParser, written: str) -> None:
    add_data(made)
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help=f"where {written}")
    add_released(made)
    made.add_argument("--seed", type=int, default=0, metavar="N")


def _explain(options: argparse.Namespace) -> None:
    from dataclasses import replace

    import numpy as np

    from model.evaluate import read, weights_digest
    from model.faithful import draw_gallery, faithfulness
    from model.inference import Classifier
    from model.judge import mnist_test_set
    from model.latency import one_thread
    from model.provenance import Begun

    if options.pictures < PICTURES:
        keep_committed(options.out, EVIDENCE, "--pictures", elsewhere="--out var/trial")
    test = mnist_test_set(options.data)
    if options.pictures > len(test.digits):
        raise Refused(f"--pictures is {options.pictures}; there are {len(test.digits)}")
    few = np.random.default_rng(options.seed).choice(len(test.digits), options.pictures, replace=False)
    panel = replace(test[few], name=f"{test.name}, {len(few)} drawn by seed {options.seed}")
    classifier, begun = Classifier(options.released), Begun(options.command_line)
    chosen, digest = panel.digits.pixels, weights_digest(options.released / "weights.pt")
    read(classifier, panel, options.log, command=options.command_line, digest=digest)
    with one_thread():
        told = faithfulness(classifier, chosen, options.seed)
        options.out.mkdir(parents=True, exist_ok=True)
        draw_gallery(classifier, chosen, options.out / "explanations.png")
    _write(begun, told, options, "explanation.json")
    more = told["difference"]
    print(
        f"deleting {100 * told['deleted_ink']:g} % of the ink: the digit's probability falls by {told['fall_salient']:.3f} where it is the "
        f"most salient, by {told['fall_random']:.3f} at random; difference {more['mean']:.3f} "
        f"(95 % {more['low']:.3f} to {more['high']:.3f}, n = {told['n']})"
    )


def _compare(options: argparse.Namespace) -> None:
    from model.explanations.comparing import compare_kinds, table
    from model.inference import Classifier
    from model.latency import one_thread
    from model.provenance import Begun

    if options.limit is not None:
        keep_committed(options.out, EVIDENCE, "--limit", elsewhere="--out var/trial")
    pixels = training_split(options.data)[1].pixels
    if options.limit is not None and options.limit > len(pixels):
        raise Refused(f"--limit is {options.limit}; there are {len(pixels)} validation pictures")
    classifier, begun = Classifier(options.released), Begun(options.command_line)
    with one_thread():
        told = compare_kinds(classifier, pixels[: options.limit], options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    _write(begun, told, options, "explanations-tried.json")
    print(table(told))


def _write(begun: "Begun", told: dict[str, Any], options: argparse.Namespace, name: str) -> None:
    from model.evaluate import weights_digest, write_json

    digest = weights_digest(options.released / "weights.pt")
    write_json({"generated": begun.generated(), "weights_sha256": digest, **told}, options.out / name)
