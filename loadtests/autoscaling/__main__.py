"""Replays Kubernetes' autoscaling on measured figures under four loads, compares thresholds, and writes the pages and the manifest in k8s/.

`measure` measures those figures on a stack of its own; `capacity` prints the plan for another size or price.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from loadtests.autoscaling import figures
from loadtests.autoscaling.capacity import Assumed
from loadtests.autoscaling.capacity_page import capacity_page
from loadtests.autoscaling.choose import Undecided, choose
from loadtests.autoscaling.curves import CURVES
from loadtests.autoscaling.draw import draw
from loadtests.autoscaling.manifest import manifest
from loadtests.autoscaling.measuring import QUICK, USUAL, measure
from loadtests.autoscaling.page import FIGURE, page
from loadtests.autoscaling.service import Service
from loadtests.client import Refused
from loadtests.command import above_zero, end_on, say
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed

K8S = CHECKOUT / "k8s"
MANIFEST = Path("overlays") / "production" / "autoscaling.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; 1 with one line on standard error where nothing came of it."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except (Failed, Refused, Undecided, OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"{options.failed}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def write(measured: Path, folder: Path) -> list[Path]:
    """Both pages, the figures and the manifest into this folder; what was written. Raises OSError, ValueError, Undecided."""
    told = figures.read(measured)
    choice = choose(Service.of(told))
    texts = {"AUTOSCALING.md": page(told, choice), "CAPACITY.md": capacity_page(told, Assumed()), str(MANIFEST): manifest(choice)}
    written = []
    for name, text in texts.items():
        written.append(folder / name)
        written[-1].parent.mkdir(parents=True, exist_ok=True)
        written[-1].write_text(text, encoding="utf-8")
    for curve in CURVES:
        written.append(folder / FIGURE.format(curve.name))
        written[-1].parent.mkdir(parents=True, exist_ok=True)
        draw(curve, choice.replays[curve.name], written[-1])
    return written


def _replay(options: argparse.Namespace) -> None:
    for file in write(options.measured, options.out):
        print(f"written: {file}")


def _measure(options: argparse.Namespace) -> None:
    end_on(signal.SIGTERM)
    with tempfile.TemporaryDirectory(prefix="digitserve-autoscaling-") as folder:
        told = measure(Path(folder), QUICK if options.quick else USUAL, say)
    options.measured.write_text(figures.as_json(told), encoding="utf-8")
    print(f"written: {options.measured}; `make autoscaling` makes the pages and the manifest of it")


def _capacity(options: argparse.Namespace) -> None:
    given = {field.name: value for field in fields(Assumed) if (value := getattr(options, field.name)) is not None}
    if "hit_percents" in given:
        given["hit_percents"] = tuple(given["hit_percents"])
    print(capacity_page(figures.read(options.measured), Assumed(**given)), end="")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests.autoscaling", description=__doc__)
    parser.add_argument("--measured", type=Path, default=figures.FILE, metavar="FILE", help="the figures (default: those of this checkout)")
    parser.add_argument("--out", type=Path, default=K8S, metavar="DIR", help="where pages and manifest go (default k8s)")
    parser.set_defaults(run=_replay, failed="nothing replayed")
    commands = parser.add_subparsers(metavar="command")
    measuring = commands.add_parser("measure", help="measure the figures, in some minutes, on a machine with nothing else to do")
    measuring.add_argument("--quick", action="store_true", help="whether it works; no figures to keep")
    measuring.set_defaults(run=_measure, failed="nothing measured")
    planning = commands.add_parser("capacity", help="print the plan of the capacity page for other assumptions")
    usual = Assumed()
    planning.add_argument("--requests", type=above_zero, help=f"a second (default {usual.requests:,.0f})")
    planning.add_argument("--hit-percents", type=_percent, nargs="+", metavar="PERCENT", help="answers out of a cache")
    planning.add_argument("--busy", type=_share, help=f"how busy a core may be, up to 1 (default {usual.busy:g})")
    planning.add_argument("--core-hour", type=above_zero, help=f"price of a core for an hour (default {usual.core_hour:g})")
    planning.add_argument("--gigabits", type=above_zero, help=f"a second, of one machine's network (default {usual.gigabits:g})")
    planning.add_argument("--database-rows", type=above_zero, help=f"a second, of one PostgreSQL (default {usual.database_rows:,.0f})")
    planning.add_argument("--redis-gigabytes", type=above_zero, help=f"of a Redis shard (default {usual.redis_gigabytes:g})")
    planning.set_defaults(run=_capacity, failed="nothing planned")
    return parser


def _percent(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 100")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
