"""The commands that take the network to small devices. Building them imports neither torch nor any runtime; the second needs no torch."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from model.articles.commands import Command
from model.commands.options import add_data, add_log, add_released
from model.committed import EVIDENCE
from model.data import training_split
from model.edge.bench import CALLS
from model.edge.runtimes import NAMES, chosen
from model.refused import Refused
from model.trial import keep_committed

EXPORTS = Path("var/edge")


def add_commands(command: Command) -> None:
    """Every command of this module."""
    made = command("edge", _edge, "export the released network for small devices, and measure the exports")
    add_data(made)
    add_released(made)
    made.add_argument("--out", type=Path, default=EXPORTS, metavar="DIR", help="where the exports go, with exports.json")
    made.add_argument(
        "--evidence",
        type=Path,
        default=EVIDENCE / "edge.json",
        metavar="FILE",
        help="where the results go; EDGE.md goes beside its folder",
    )
    add_log(made)
    made.add_argument("--seed", type=int, default=0, metavar="N", help="draws the training pictures that int8 is calibrated on")
    made.add_argument("--calibration", type=int, default=1_024, metavar="N", help="so many of them")
    made.add_argument("--limit", type=int, metavar="N", help="only the first N validation and N test pictures, to try things out")
    _runtimes(made)

    made = command("edge-bench", _edge_bench, "time the exports on this device and print a row for each")
    made.add_argument("--exports", type=Path, default=EXPORTS, metavar="DIR", help="the folder that `edge` made")
    made.add_argument("--device", metavar="NAME", help="what to call this device; otherwise its own name")
    made.add_argument("--calls", type=int, default=CALLS, metavar="N", help="of one picture each")
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _runtimes(made)

    made = command("edge-page", _edge_page, "write EDGE.md again from the evidence; nothing is measured")
    made.add_argument("--evidence", type=Path, default=EVIDENCE, metavar="DIR", help="where the results are; EDGE.md goes beside it")


def _runtimes(made: argparse.ArgumentParser) -> None:
    made.add_argument("--runtimes", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=f"some of {', '.join(NAMES)}")


def _edge(options: argparse.Namespace) -> None:
    from model.compiled import NotCompilable
    from model.edge.measuring import Plan, measure
    from model.edge.page import write_page
    from model.edge.table import HEADER, markdown, row_of
    from model.evaluate import write_json
    from model.export import NotExportable
    from model.judge import mnist_test_set
    from model.latency import one_thread
    from model.provenance import Begun

    cut = [name for name, given in (("--limit", options.limit is not None), ("--runtimes", set(options.runtimes) != set(NAMES))) if given]
    if cut:
        keep_committed(options.evidence.parent, EVIDENCE, " with ".join(cut), elsewhere="--evidence var/trial/evidence/edge.json")
    training, validation = training_split(options.data)
    if options.calibration > len(training):
        raise Refused(f"--calibration is {options.calibration}; there are {len(training)} training pictures")
    panel = mnist_test_set(options.data)[: options.limit]
    begun = Begun(options.command_line)
    try:
        plan = Plan(options.released, training, validation[: options.limit], panel, options.seed, options.calibration)
        with one_thread():
            result = measure(plan, chosen(options.runtimes), options.out, command=options.command_line, log=options.log)
    except (NotCompilable, NotExportable) as error:
        raise Refused(str(error)) from error
    options.evidence.parent.mkdir(parents=True, exist_ok=True)
    write_json({"generated": begun.generated(), **result}, options.evidence)
    print(markdown(HEADER, [row_of(row) for row in result["rows"]]))
    print(write_page(options.evidence.parent, options.evidence.parent.parent))


def _edge_page(options: argparse.Namespace) -> None:
    from model.edge.page import write_page

    print(write_page(options.evidence, options.evidence.parent))


def _edge_bench(options: argparse.Namespace) -> None:
    from model.edge.bench import bench
    from model.edge.device import device_name
    from model.edge.manifest import read_manifest
    from model.edge.table import BENCH_HEADER, bench_rows, markdown
    from model.timing import processor

    rows = bench(options.exports, chosen(options.runtimes), options.calls)
    device, manifest = options.device or device_name(), read_manifest(options.exports)
    if options.json:
        facts = {"network": manifest.network, "weights_sha256": manifest.weights_sha256, "operations": manifest.operations}
        print(json.dumps({"device": device, "processor": processor(), "threads": 1, **facts, "rows": [asdict(row) for row in rows]}))
    else:
        print(markdown(BENCH_HEADER, bench_rows(rows, device, manifest.operations)))
