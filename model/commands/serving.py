"""The commands that make what servers take of the released network, and time it. Building them imports neither torch nor any data."""

import argparse
from pathlib import Path

from model.articles.commands import Command
from model.commands.options import add_released
from model.refused import Refused


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("archive", _archive, "build the TorchServe archive of the released network")
    made.add_argument("--out", type=Path, default=Path("var/archive"), metavar="DIR", help="where the .mar goes")
    add_released(made)

    made = command("torchscript", _torchscript, "write the released network as one TorchScript file, for other servers")
    made.add_argument("--out", type=Path, required=True, metavar="FILE", help="what to write")
    add_released(made)

    made = command("throughput", _throughput, "read pictures in a loop with the network as it is served, and print how many, as JSON")
    made.add_argument("--seconds", type=float, default=5.0, help="how long")
    add_released(made)


def _archive(options: argparse.Namespace) -> None:
    from model.export import NotExportable, build_archive

    try:
        print(build_archive(options.released, options.out))
    except NotExportable as error:
        raise Refused(str(error)) from error


def _torchscript(options: argparse.Namespace) -> None:
    from model.torchscript import write_torchscript

    write_torchscript(options.released, options.out)
    print(options.out)


def _throughput(options: argparse.Namespace) -> None:
    import json

    from model.choice import fastest
    from model.compiled import native, read_maxima
    from model.throughput import throughput

    told = throughput(fastest(options.released), options.seconds)
    print(json.dumps({"native": native(read_maxima(options.released)), **told}))
