"""The commands that tell again what others measured. Building them imports neither torch nor any data."""

import argparse
from pathlib import Path

from model.articles.commands import Command
from model.committed import EVIDENCE
from model.refused import Refused


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("compare", _compare, "put two runs side by side, and show what differs")
    for place in ("first", "second"):
        made.add_argument(place, type=Path, help="a run's folder, a results file, or the name of one in model/evidence")

    command("card", _card, "write the model card again from the evidence")


def _compare(options: argparse.Namespace) -> None:
    from model.comparing import NotARun, compare, fold_by_fold, read_run, table

    try:
        first, second = (read_run(named, EVIDENCE) for named in (options.first, options.second))
    except NotARun as error:
        raise Refused(str(error)) from error
    print(table(compare(first, second)))
    paired = fold_by_fold(first, second)
    if paired is not None:
        mean, sd, folds = paired
        print(f"\naccuracy, fold by fold, second minus first: {mean:+.2f} points +- {sd:.2f} (sd, ddof 1, n = {folds} folds)")


def _card(options: argparse.Namespace) -> None:
    from model.card import CARD, EvidenceMissing, write_card

    try:
        write_card()
    except EvidenceMissing as error:
        raise Refused(str(error)) from error
    print(CARD)
