"""The commands that set limits to trust and measure it. Building them imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import Any

from model.articles.commands import Command
from model.commands.options import add_data, add_log, add_released
from model.committed import EVIDENCE
from model.data import training_split
from model.refused import Refused
from model.trust.fashion import DEFAULT_FOLDER


def add_commands(command: Command) -> None:
    """Every command of this module."""
    limits = command(
        "limits", _limits, "set from where on answers of the released network are trusted, by validation pictures: limits.json"
    )
    add_data(limits)
    add_released(limits)
    limits.add_argument("--seed", type=int, default=0, metavar="N", help="draws the writers who calibrate prediction sets")
    made = command("trust", _trust, "measure what confidence is worth, what is refused as no digit, and prediction sets")
    add_data(made)
    made.add_argument(
        "--fashion",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="DIR",
        help="where Debian's package dataset-fashion-mnist was unpacked to",
    )
    add_released(made)
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where trust.json and its figures go")
    add_log(made)
    made.add_argument("--pictures", type=int, default=1_000, metavar="N", help="of noise, shapes, blanks and two digits, in each set")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="draws the outliers and the writers who calibrate")


def _limits(options: argparse.Namespace) -> None:
    from model.inference import Classifier
    from model.limits import write_limits
    from model.splitting import validation_writers

    classifier = Classifier(options.released)
    _, validation = training_split(options.data)
    logits = classifier.logits(validation.pixels)
    limits = write_limits(options.released, logits, validation.labels, validation_writers(), options.seed)
    under = "no picture is refused" if limits.least is None else f"no digit under {limits.least:.4f} nats of {limits.score}"
    print(f"{under}; candidates from a probability of {limits.quantile:g}, for sets of {100 * limits.level:g} % (n = {len(validation)})")


def _trust(options: argparse.Namespace) -> None:
    from model.compiled import Compiled, native, read_maxima
    from model.evaluate import release_facts, weights_digest, write_json
    from model.inference import Classifier
    from model.judge import mnist_test_set
    from model.latency import one_thread
    from model.limits import FILE, read_limits
    from model.provenance import Begun
    from model.splitting import validation_writers
    from model.trust.fashion import FashionMissing, fashion_pictures
    from model.trust.figures import draw_trust
    from model.trust.measure import Plan, measure_trust

    try:
        clothes = fashion_pictures(options.fashion)
    except FashionMissing as error:
        raise Refused(str(error)) from error
    classifier = Classifier(options.released)
    released = release_facts(options.released / "release.json")
    if (limits := read_limits(options.released)) is None or limits.least is None:
        raise Refused(f"{options.released / FILE} is missing or refuses nothing; `python -m model limits` writes it")
    maxima = read_maxima(options.released)
    begun = Begun(options.command_line)
    training, validation = training_split(options.data)
    panel = mnist_test_set(options.data)
    digest = weights_digest(options.released / "weights.pt")
    with one_thread():
        report, shown = measure_trust(
            classifier,
            float(released["accept_threshold"]),
            limits,
            {arithmetic: Compiled(classifier.layers, arithmetic, maxima) for arithmetic in native(maxima)},
            training,
            (validation, validation_writers()),
            panel,
            clothes,
            Plan(options.seed, options.pictures),
            log=options.log,
            command=options.command_line,
            digest=digest,
        )
    options.out.mkdir(parents=True, exist_ok=True)
    write_json({"generated": begun.generated(), "weights_sha256": digest, **report}, options.out / "trust.json")
    draw_trust(shown, panel.digits.labels, options.out)
    print(_summary(report))


def _summary(report: dict[str, Any]) -> str:
    from model.wording import percent

    calibration, rejection, score = report["calibration"], report["rejection"], report["served"]["score"]
    refused = rejection["digits"]["refused"]
    lines = [
        f"calibration error {percent(calibration['ece_equal_width']['value'])} (equal width), "
        f"{percent(calibration['ece_equal_mass']['value'])} (equal mass), n = {report['n']}",
        f"refused: {score} under {report['served']['threshold']:.4f}; digits refused {percent(refused['score'])}, "
        f"with confidence and preprocessing {percent(refused['any'])}",
        *(
            f"{row['name']}: AUROC {row['auroc'][score]['value']:.4f}, "
            f"refused {percent(row['refused']['score'])}, by anything {percent(row['refused']['any'])}, n = {row['n']}"
            for row in rejection["sets"]
        ),
        *(
            f"sets of {100 * row['level']:g} %: writers held out {percent(row['held_out']['coverage'])}, test "
            f"{percent(row['test']['coverage'])}, mean size {row['test']['mean_size']:.3f}"
            for row in report["prediction_sets"]["levels"]
        ),
        *(
            f"served in {row['arithmetic']}: refused {percent(row['test']['refused'])}, accepted {percent(row['test']['accepted'])}, "
            f"candidates hold the digit {percent(row['test']['coverage'])}, mean size {row['test']['mean_size']:.3f}"
            for row in report["arithmetics"]
        ),
    ]
    return "\n".join(lines)
