"""The commands that renew the model. Building them imports neither torch nor any data."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.articles.commands import Command
from model.commands.options import add_data
from model.committed import RELEASED
from model.data import training_split
from model.gate_report import PAGE, PASS, SecretUnusable, read_secret
from model.refused import Refused
from model.tracking import Tracking, add_track, tracked

if TYPE_CHECKING:
    from model.renewal.choice import Judged
    from model.renewal.panels import Asked
    from model.renewal.recipe import Plan

RENEWAL = Path("var/renewal")
READINGS = RENEWAL / "READINGS.md"
"""An installation's own: `model/LOG.md` is of what is committed."""

SPOILT = 500


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("retrain", _retrain, "train a candidate on MNIST and on labelled records, or go on after the last finished epoch")
    add_data(made)
    made.add_argument("--labelled", type=Path, required=True, metavar="FILE", help="what `python -m gateway records export` wrote")
    made.add_argument("--current", type=Path, default=RELEASED, metavar="DIR", help="folder of the network that serves")
    made.add_argument("--out", type=Path, default=RENEWAL / "candidate", metavar="DIR", help="where the candidate goes")
    made.add_argument("--runs", type=Path, default=RENEWAL / "runs", metavar="DIR", help="where runs are kept, to go on with")
    made.add_argument("--seeds", type=int, nargs="+", default=[1], metavar="N", help="one run for each; of all one is chosen")
    made.add_argument("--threads", type=int, default=1, metavar="N", help="that training computes with")
    made.add_argument("--from-scratch", action="store_true", help="not from what serves, but from nothing: hours")
    made.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's")
    made.add_argument("--draws", type=int, metavar="N", help="pictures an epoch, instead of the recipe's")
    add_track(made)

    made = command(
        "gate", _gate, "compare a candidate with what serves now, and sign a report; exit code 0 where it may serve, 1 where not"
    )
    add_data(made)
    made.add_argument("--candidate", type=Path, default=RENEWAL / "candidate", metavar="DIR", help="its folder; the report goes there")
    made.add_argument("--current", type=Path, default=RELEASED, metavar="DIR", help="folder of the network that serves")
    labelled = made.add_mutually_exclusive_group(required=True)
    labelled.add_argument(
        "--labelled", type=Path, metavar="FILE", help="an export of labelled records; those the candidate saw are left out"
    )
    labelled.add_argument("--without-labelled", action="store_true", help="there are none, as for a new release; the report says so")
    made.add_argument("--secret-file", type=Path, metavar="FILE", help="what signs; else GATEWAY_SECRET_FILE, else `secret` of the state")
    made.add_argument("--log", type=Path, default=READINGS, metavar="FILE", help="where readings of the test set are noted")
    made.add_argument("--seed", type=int, default=0, metavar="N", help="draws the corruptions and the intervals")


def _retrain(options: argparse.Namespace) -> None:
    if options.out.resolve() in (options.current.resolve(), RELEASED.resolve()):
        raise Refused(f"{options.out} is served from; `--out DIR` names another folder for the candidate")
    with tracked(options.track, options.command_line) as tracking:
        _renew(options, tracking)


def _renew(options: argparse.Namespace, tracking: Tracking) -> None:
    import time

    import torch

    from model.evaluate import release_facts, write_json
    from model.export import NotExportable, fingerprint
    from model.provenance import Begun
    from model.renewal.agreement import agreed
    from model.renewal.candidate import FILE, check_side, facts, made_of, together, write_release
    from model.renewal.choice import choose
    from model.renewal.labelled import LabelledUnusable, read_labelled
    from model.renewal.split import split
    from model.renewal.training import Material, named, retrain, weights_of
    from model.renewal.weights import weigh

    begun, worked = Begun(options.command_line), time.process_time()
    torch.set_num_threads(options.threads)
    try:
        check_side(options.current)
        serving = release_facts(options.current / "release.json")
        exported = read_labelled(options.labelled)
        pictures, aside = agreed(exported.records)
        if not len(pictures):
            raise Refused(f"{options.labelled} holds no picture on whose label all agree; there is nothing to be learnt")
        parts = split(pictures)
        mnist, validation = training_split(options.data)
        material = Material(mnist, parts.training.digits, weigh(parts.training, mnist))
        version = fingerprint(options.current)
        plan = named(_plan(options, str(serving["network"])), exported.sha256, version)
        renewed = {
            seed: retrain(plan, seed, material, options.current, validation, _run(options, plan, seed), tracking.watch)
            for seed in options.seeds
        }
        tuned = {seed: run.weights for seed, run in renewed.items()}
        current = weights_of(options.current) if plan.from_current else None
        judged = choose(plan.recipe.network, tuned, current, validation, parts.choice.digits)
    except (LabelledUnusable, NotExportable, ValueError) as error:
        raise Refused(str(error)) from error
    name, recipe = str(serving["model"]), "renewal" if plan.from_current else "renewal-scratch"
    seen = together(validation, parts.choice.digits)
    network, dropout = plan.recipe.network, plan.recipe.dropouts[0]
    made = write_release(options.out, judged, name, network, recipe, dropout, material, seen, len(parts.choice))
    told = {
        "generated": {**begun.generated(), "processor_seconds": time.process_time() - worked},
        "candidate": facts(options.out, made),
        "current": facts(options.current, version),
        "seed": judged.chosen.seed,
        "n": len(mnist) + len(parts.training),
        "mnist": {"training": len(mnist), "validation": len(validation)},
        "labelled": {"file_sha256": exported.sha256, **made_of(exported.records, parts, material, aside)},
        "chosen": judged.chosen.told(),
        "before": judged.current.told() if plan.from_current else None,
        "options": [option.told() for option in judged.options],
        "runs": [{"seed": seed, **vars(run.history)} for seed, run in renewed.items()],
    }
    write_json(told, options.out / FILE)
    tracking.results(options.out / FILE)
    for line in _summary(told, judged, options.out):
        print(line)


def _plan(options: argparse.Namespace, network: str) -> "Plan":
    """Of the current network's shape where it begins from that."""
    from dataclasses import replace

    from model.renewal.recipe import SCRATCH, TUNED

    plan = SCRATCH if options.from_scratch else TUNED
    if options.epochs is not None:
        plan = replace(plan, recipe=replace(plan.recipe, epochs=options.epochs))
    if options.draws is not None:
        if options.draws < plan.recipe.batch_size:
            raise Refused(f"--draws is {options.draws}, less than one batch of {plan.recipe.batch_size}")
        plan = replace(plan, draws=options.draws)
    return plan if options.from_scratch else replace(plan, recipe=replace(plan.recipe, network=network))


def _run(options: argparse.Namespace, plan: "Plan", seed: int) -> Path:
    return Path(options.runs) / f"{plan.recipe.name}-seed{seed}"


def _summary(told: dict[str, Any], judged: "Judged", out: Path) -> list[str]:
    from model.wording import percent

    labelled, chosen = told["labelled"], judged.chosen
    pictures = labelled["pictures"]
    lines = [
        f"{labelled['records']} records: {pictures['training']} pictures trained on, {pictures['choice']} chosen by, "
        f"{pictures['gate']} kept for the gate, {pictures['set_aside']} set aside",
        *(
            f"caller {each['caller']}: {each['records']} records, {each['differ_from_the_answer']} unlike the answer, "
            f"{percent(each['share_of_training'])} of training"
            for each in labelled["callers"]
        ),
        f"chosen: seed {chosen.seed}, {chosen.share:g} of the way; validation {percent(chosen.validation_accuracy)}, labelled "
        f"{percent(chosen.labelled_accuracy)}",
    ]
    if told["before"] is not None:
        before = judged.current
        lines.append(f"before: validation {percent(before.validation_accuracy)}, labelled {percent(before.labelled_accuracy)}")
    made, version = told["generated"], told["candidate"]["version"]
    took = f"{made['seconds']:.0f} s ({made['processor_seconds']:.0f} s of processor)"
    return [*lines, f"candidate {version} is in {out}, after {took}"]


def _gate(options: argparse.Namespace) -> None:
    import torch

    from model.choice import fastest
    from model.export import NotExportable
    from model.provenance import Begun
    from model.renewal.candidate import check_name, check_side
    from model.renewal.gate import Side, compare
    from model.renewal.labelled import LabelledUnusable

    if options.candidate.resolve() == options.current.resolve():
        raise Refused(f"{options.candidate} is the current network; there is nothing to compare it with")
    begun = Begun(options.command_line)
    torch.set_num_threads(1)
    try:
        secret = read_secret(_secret_file(options))
        for folder in (options.candidate, options.current):
            check_side(folder)
        check_name(options.candidate, options.current)
        candidate, current = (Side(folder, fastest(folder)) for folder in (options.candidate, options.current))
        options.log.parent.mkdir(parents=True, exist_ok=True)
        report = compare(candidate, current, _asked(options), secret, begun=begun, log=options.log)
    except (SecretUnusable, NotExportable, LabelledUnusable, ValueError, KeyError) as error:
        raise Refused(str(error)) from error
    print((options.candidate / PAGE).read_text(encoding="utf-8"))
    if report["decision"] != PASS:
        failed = ", ".join(row["name"] for row in report["criteria"] if not row["passed"])
        raise Refused(f"{report['candidate']['version']} is refused: {failed}; {options.candidate / PAGE} says by how much")


def _asked(options: argparse.Namespace) -> "Asked":
    import numpy as np

    from model.choice import KNOWN
    from model.data import Digits
    from model.judge import mnist_test_set
    from model.renewal.agreement import agreed
    from model.renewal.candidate import seen_by
    from model.renewal.hard import hard_pictures
    from model.renewal.labelled import read_labelled
    from model.renewal.panels import Asked

    labelled = None
    if options.labelled is not None:
        pictures, _ = agreed(read_labelled(options.labelled).records)
        seen = seen_by(options.candidate)
        labelled = pictures[np.array([place for place, digest in enumerate(pictures.digests) if digest not in seen], np.intp)]
    panel = mnist_test_set(options.data)
    with np.load(KNOWN) as stored:
        known = Digits(stored["pixels"], stored["labels"])
    spoilt = np.sort(np.random.default_rng(options.seed).choice(len(panel.digits), min(SPOILT, len(panel.digits)), replace=False))
    return Asked(panel, hard_pictures(), spoilt, known, labelled, options.seed)


def _secret_file(options: argparse.Namespace) -> Path:
    """As a gateway of the same environment finds it."""
    if options.secret_file is not None:
        return Path(options.secret_file)
    return Path(os.environ.get("GATEWAY_SECRET_FILE") or Path(os.environ.get("GATEWAY_STATE_DIR") or "var") / "secret")
