"""The commands that get MNIST, look at it and split it. Building them imports neither torch nor any data."""

import argparse
from pathlib import Path

from model.articles.commands import Command
from model.commands.options import add_data
from model.committed import EVIDENCE
from model.data import fetch, test_digits, train_digits


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("fetch", _fetch, "fetch MNIST and check it")
    add_data(made)

    made = command("explore", _explore, "print what MNIST holds and draw what it looks like")
    add_data(made)
    made.add_argument("--out", type=Path, default=Path("var/explore"), metavar="DIR", help="where figures go")
    made.add_argument("--evidence", type=Path, default=EVIDENCE, metavar="DIR", help="where the counts go, as explore.json")

    made = command("split", _split, "write the writer-disjoint validation split again; the result is committed")
    made.add_argument("--qmnist", type=Path, required=True, metavar="DIR", help="folder with QMNIST's two *-labels.tsv.gz")


def _fetch(options: argparse.Namespace) -> None:
    fetch(options.data)
    print(f"MNIST is in {options.data}, every file with its right checksum")


def _explore(options: argparse.Namespace) -> None:
    from model.evaluate import write_json
    from model.explore import describe, draw, facts
    from model.provenance import Begun
    from model.splitting import load_writers

    begun = Begun(options.command_line)
    train, test = train_digits(options.data), test_digits(options.data)
    print(describe(train, test))
    counted = facts(train, test, load_writers("train"), load_writers("test"))
    options.evidence.mkdir(parents=True, exist_ok=True)
    write_json({"generated": begun.generated(), **counted}, options.evidence / "explore.json")
    for path in draw(train, options.out):
        print(path)


def _split(options: argparse.Namespace) -> None:
    from model.data import SPLITS
    from model.splitting import write_splits

    write_splits(options.qmnist)
    print(f"written: {SPLITS / 'validation.txt'} and {SPLITS / 'writers.npz'}")
