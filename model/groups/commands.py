"""`python -m model groups`. Building it imports neither torch nor any data."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.articles.commands import Command
from model.bootstrap import RESAMPLES
from model.commands.options import add_data, add_released
from model.committed import EVIDENCE, LOG
from model.data import training_split
from model.refused import Refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model.judge import Panel


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("groups", _groups, "measure how well each form series and its writers are read, and write the card")
    add_data(made)
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where groups.json goes; the card goes beside it")
    add_released(made)
    made.add_argument("--log", type=Path, default=LOG, metavar="FILE", help="where the reading of the test set is noted")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="draws the writers")
    made.add_argument("--resamples", type=int, default=RESAMPLES, metavar="N", help="so many times")


def _groups(options: argparse.Namespace) -> None:
    from model.card import write_card
    from model.evaluate import read, release_facts, weights_digest, write_json
    from model.inference import Classifier
    from model.judge import Panel, mnist_test_set
    from model.provenance import Begun
    from model.splitting import validation_writers
    from model.wording import points, share

    if options.resamples < 1:
        raise Refused(f"--resamples is {options.resamples}; there is at least 1")
    begun = Begun(options.command_line)
    test = mnist_test_set(options.data)
    validation = Panel("validation pictures", training_split(options.data)[1], validation_writers())
    classifier = Classifier(options.released)
    threshold = float(release_facts(options.released / "release.json")["accept_threshold"])
    digest = weights_digest(options.released / "weights.pt")
    logits = read(classifier, test, options.log, command=options.command_line, digest=digest)
    told = {
        "test": _told(test, logits, threshold, options),
        "validation": _told(validation, classifier.logits(validation.digits.pixels), threshold, options),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    made = {"generated": begun.generated(), "seed": options.seed, "resamples": options.resamples}
    write_json({**made, "n": told["test"]["n"], "weights_sha256": digest, **told}, options.out / "groups.json")
    if (options.out / "evaluation.json").exists():
        write_card(options.out, options.out.parent / "CARD.md")
    for panel in told.values():
        for group in panel["groups"]:
            print(
                f"{panel['panel']}: {group['who']} (HSF {group['series']}, {group['writers']} writers, n = {group['n']:,}) {share(group)}"
            )
        if panel["difference"] is not None:
            print(f"{panel['panel']}: first minus second {points(panel['difference']['accuracy'])}")


def _told(panel: "Panel", logits: "NDArray[np.float32]", threshold: float, options: argparse.Namespace) -> dict[str, Any]:
    from model.groups.measure import Answers, by_group
    from model.inference import softmax

    probabilities = softmax(logits)
    correct = probabilities.argmax(axis=1) == panel.digits.labels
    answers = Answers(panel.digits.labels, correct, probabilities.max(axis=1) >= threshold, panel.writers)
    return {"panel": panel.name, **by_group(answers, options.seed, options.resamples)}
