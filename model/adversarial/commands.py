"""The command that attacks. Building it imports neither torch nor any data, and neither of the libraries that attack."""

import argparse
from pathlib import Path
from typing import Any

from model.articles.commands import Command
from model.commands.options import add_data, add_log, add_released
from model.committed import EVIDENCE
from model.data import training_split
from model.refused import Refused

SCRATCH = Path("var/adversarial")


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("adversarial", _adversarial, "attack the released network and what is said to defend it, and write what withstands")
    add_data(made)
    add_released(made)
    made.add_argument("--out", type=Path, default=EVIDENCE, metavar="DIR", help="where adversarial.json goes")
    add_log(made)
    made.add_argument(
        "--runs", type=Path, default=SCRATCH, metavar="DIR", help="where the small networks are, or are trained; and what is half done"
    )
    made.add_argument("--pictures", type=int, default=1_000, metavar="N", help="so many of the test set, drawn by the seed")
    made.add_argument(
        "--noisy-pictures", type=int, default=200, metavar="N", help="of these, the first so many meet the network behind noise"
    )
    made.add_argument("--seed", type=int, default=1, metavar="N", help="draws pictures, and begins the small networks")


def _adversarial(options: argparse.Namespace) -> None:
    from model.adversarial.attacks import check_libraries
    from model.adversarial.results import Sample, chosen_noise, measured, price
    from model.adversarial.subjects import Networks, subjects
    from model.adversarial.training import trained
    from model.evaluate import note_reading, weights_digest, write_json
    from model.inference import Classifier
    from model.judge import mnist_test_set
    from model.latency import one_thread
    from model.provenance import Begun
    from model.runs import RunsMissing

    if not 1 <= options.noisy_pictures <= options.pictures:
        raise Refused(f"--noisy-pictures is {options.noisy_pictures}; it is at least 1 and at most --pictures, {options.pictures}")
    check_libraries()
    panel = mnist_test_set(options.data)
    test = panel.digits
    if options.pictures > len(test):
        raise Refused(f"--pictures is {options.pictures}; there are {len(test)}")
    training, validation = training_split(options.data)
    begun = Begun(options.command_line)
    with one_thread():
        try:
            released = Classifier(options.released).layers
            small = trained(options.seed, training, validation, options.runs)
        except (RunsMissing, ValueError) as error:
            raise Refused(str(error)) from error
        digests = {"released": weights_digest(options.released / "weights.pt")}
        digests |= {name: weights_digest(run.weights) for name, run in small.items()}
        networks = Networks(released, {name: run.trained.network for name, run in small.items()})
        noise = chosen_noise(released, validation)
        sample = Sample(options.pictures, options.noisy_pictures, options.seed)

        def note(network: str, accuracy: float) -> None:
            digest = digests.get(network, digests["released"])
            note_reading(options.log, panel, command=f"{options.command_line} ({network})", digest=digest, accuracy=accuracy)

        told = measured(lambda sigma: subjects(networks, sigma), networks, noise, test, sample, options.runs, digests, note)
    for row in told["results"]:
        print(_summary(row))
    options.out.mkdir(parents=True, exist_ok=True)
    prices = price(small)
    seconds = told["attacking_processor_seconds"] + sum(row["processor_seconds"] for row in prices)
    made = {"generated": begun.generated(seconds), "weights_sha256": digests, "price": prices, **told}
    write_json(made, options.out / "adversarial.json")


def _summary(row: dict[str, Any]) -> str:
    each = ", ".join(f"{100 * cell['all_together']['accuracy']:.1f} % at {cell['epsilon']:g}" for cell in row["epsilons"])
    return f"{row['network']}: {100 * row['test_set']['accuracy']:.2f} % as they are; withstand every attack (n = {row['n']}): {each}"
