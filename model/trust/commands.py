"""The command that measures trust. Building it imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import Any

from model.articles.commands import Command
from model.data import DEFAULT_FOLDER, test_digits, training_split, validation_indices
from model.refused import Refused
from model.trust.fashion import DEFAULT_FOLDER as FASHION_FOLDER

MODEL = Path(__file__).parents[1]


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("trust", _trust, "measure what confidence is worth, what is refused as no digit, and prediction sets")
    made.add_argument("--data", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="where the four MNIST files are or are put")
    made.add_argument(
        "--fashion",
        type=Path,
        default=FASHION_FOLDER,
        metavar="DIR",
        help="where Debian's package dataset-fashion-mnist was unpacked to",
    )
    made.add_argument("--released", type=Path, default=MODEL / "released", metavar="DIR", help="folder of the released network")
    made.add_argument("--out", type=Path, default=MODEL / "evidence", metavar="DIR", help="where trust.json and its figures go")
    made.add_argument("--log", type=Path, default=MODEL / "LOG.md", metavar="FILE", help="where readings of the test set are noted")
    made.add_argument("--pictures", type=int, default=1_000, metavar="N", help="of noise, shapes, blanks and two digits, in each set")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="draws the outliers and the writers who calibrate")


def _trust(options: argparse.Namespace) -> None:
    import time

    from model.evaluate import release_facts, weights_digest, write_json
    from model.inference import Classifier, ReleaseUnusable
    from model.judge import LABEL_ERRORS, Panel
    from model.latency import one_thread
    from model.provenance import generated
    from model.splitting import Writers, load_writers
    from model.trust.fashion import FashionMissing, fashion_pictures
    from model.trust.figures import draw_trust
    from model.trust.measure import Plan, measure_trust

    try:
        clothes = fashion_pictures(options.fashion)
        classifier = Classifier(options.released)
        released = release_facts(options.released / "release.json")
    except (FashionMissing, ReleaseUnusable) as error:
        raise Refused(str(error)) from error
    source, started = generated(options.command_line), time.monotonic()
    training, validation = training_split(options.data)
    written, held_out = load_writers("train"), validation_indices()
    panel = Panel("MNIST test set", test_digits(options.data), load_writers("test"), LABEL_ERRORS)
    digest = weights_digest(options.released / "weights.pt")
    with one_thread():
        report, shown = measure_trust(
            classifier,
            float(released["accept_threshold"]),
            training,
            (validation, Writers(written.writer[held_out], written.series[held_out])),
            panel,
            clothes,
            Plan(options.seed, options.pictures),
            log=options.log,
            command=options.command_line,
            digest=digest,
        )
    made = {**source, "seconds": time.monotonic() - started}
    options.out.mkdir(parents=True, exist_ok=True)
    write_json({"generated": made, "weights_sha256": digest, **report}, options.out / "trust.json")
    draw_trust(shown, panel.digits.labels, options.out)
    print(_summary(report))


def _summary(report: dict[str, Any]) -> str:
    from model.wording import percent

    calibration, rejection, score = report["calibration"], report["rejection"], report["chosen"]["score"]
    refused = rejection["digits"]["refused"]
    lines = [
        f"calibration error {percent(calibration['ece_equal_width']['value'])} (equal width), "
        f"{percent(calibration['ece_equal_mass']['value'])} (equal mass), n = {report['n']}",
        f"chosen, not served: {score} under {report['chosen']['threshold']:.4f}; digits refused {percent(refused['score'])}, "
        f"with confidence and preprocessing {percent(refused['any'])}",
        *(
            f"{row['name']}: AUROC {row['auroc'][score]['value']:.4f} (energy {row['auroc']['energy']['value']:.4f}), "
            f"refused {percent(row['refused']['score'])}, by anything {percent(row['refused']['any'])}, n = {row['n']}"
            for row in rejection["sets"]
        ),
        *(
            f"sets of {100 * row['level']:g} %: writers held out {percent(row['held_out']['coverage'])}, test "
            f"{percent(row['test']['coverage'])}, mean size {row['test']['mean_size']:.3f}"
            for row in report["prediction_sets"]["levels"]
        ),
    ]
    return "\n".join(lines)
