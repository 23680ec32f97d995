"""The renewal drill: a new way of writing arrives, and a version that was trained on it takes over while every request is answered.

A real stack under real Prometheus and Alertmanager, with the commands that the runbook names: the alert proposes retraining, the gate lets
the candidate on and a damaged one not, the candidate looks on, answers a tenth, is rolled back under load, answers all; the accuracy
recovers and the alert resolves. The rules are the committed ones, their windows shorter.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np

from loadtests.command import say
from loadtests.drills.drill import Drill, Form
from loadtests.drills.exit_code import exit_code
from loadtests.drills.watch import Windows, watched
from loadtests.drills.writers import Picture, Writers, accuracy, shares
from loadtests.meanwhile import meanwhile
from loadtests.pictures import CHECKOUT, Unseen, png, thick_and_slanted, training_pictures
from loadtests.programs import Failed, wait_until
from loadtests.stack import Stack, running_stack

FORM = Form(Windows(day=360, hour=180, five_minutes=60), pictures=0, zipf_requests=0, zipf_catalogue=0, labels=2_000)
LABELLED = 2_000
LEAN_DEGREES = (40.0, 48.0)
USUAL = 20_000
"""Pictures that arrive before and after, each sent once before one is sent again. One in STRANGE is in the new way of writing. They are
MNIST's training pictures: those of the test are the gate's."""

STRANGE = 8
RATE = 25.0
"""Pictures a second that go on arriving with their labels: more than the 2,300 that the rules ask for in the shortest window."""

COMPARED = 300
SCRAPED = "gateway_ready == 1 and on () digits_feedback_total"
RELEASED = CHECKOUT / "model" / "released"
PYTHON = (sys.executable, "-m")
GATE_REPORT, REFUSE = "gate-report.json", "refuse"

DAMAGE = """
import sys, torch
weights = torch.load(sys.argv[1], weights_only=True)
torch.manual_seed(1)
kernels = {name: each for name, each in weights.items() if each.dim() > 1}
torch.save(weights | {name: each + 0.3 * each.std() * torch.randn_like(each) for name, each in kernels.items()}, sys.argv[1])
"""
"""Noise on every kernel, a third as wide as what is there: it still reads most digits."""


class Renewal:
    """What the steps share."""

    def __init__(self, drill: Drill, strange: Sequence[Picture], usual: Sequence[Picture]) -> None:
        self.drill, self.stack, self.strange = drill, drill.stack, strange
        self.writers = Writers(drill.stack.gateway, cycle(usual))
        self.served = str(drill.stack.gateway.model()["version"])
        self.candidate_folder = drill.stack.folder / "candidate"
        self.export = drill.stack.folder / "labelled.jsonl.gz"

    def degrade(self) -> None:
        begun = self.drill.scenario(f"{LABELLED} labelled pictures in a new way of writing")
        self.writers.write(self.strange)
        say(f"  version {self.served} reads {accuracy(self.writers.written):.2%} of them")
        with self.going_on():
            self.drill.arrives("AccuracyBelowBaseline", begun, "proposal", model_version=self.served)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        with meanwhile(partial(self.writers.go_on, RATE)):
            yield

    def retrain(self) -> str:
        """The candidate's version."""
        self.drill.scenario("retrained on what was labelled")
        self.stack.command("records", "export", str(self.export))
        model(self.stack, "retrain", "--labelled", self.export, "--out", self.candidate_folder, "--runs", self.stack.folder / "runs")
        model(self.stack, "archive", "--released", self.candidate_folder, "--out", self.stack.state / "archive" / "candidate")
        return (self.stack.state / "archive" / "candidate" / "digits.version").read_text().strip()

    def refuse_a_damaged_one(self) -> None:
        self.drill.scenario("a damaged candidate")
        damaged = self.stack.folder / "damaged"
        shutil.copytree(self.candidate_folder, damaged, ignore=shutil.ignore_patterns("gate-report.*"))  # not the word on the other
        subprocess.run([sys.executable, "-c", DAMAGE, str(damaged / "weights.pt")], check=True)
        version, environment = self._version_of(damaged), self.stack.environment
        shadow = (*PYTHON, "gateway", "rollout", "shadow", version, "--report")
        refused("the gate let a damaged candidate on", (*PYTHON, "model", *self._gating(damaged)), environment, "is refused")
        says_no((damaged / GATE_REPORT).read_text(), version)
        refused("it was rolled out with a report that says no", (*shadow, str(damaged)), environment, "says no")
        refused("it was rolled out without a report", (*shadow, str(RELEASED)), environment, "no gate report")
        say("  refused by the gate, and by the rollout with the gate's report and without one")

    def gate(self, folder: Path) -> None:
        model(self.stack, *self._gating(folder))

    def _gating(self, folder: Path) -> list[str]:
        log, secret = self.stack.folder / "READINGS.md", self.stack.state / "secret"
        given = ("--candidate", folder, "--labelled", self.export, "--secret-file", secret, "--log", log)
        return ["gate", *map(str, given)]

    def rollout(self, *arguments: str) -> None:
        self.stack.command("rollout", *arguments)

    def look_on(self, candidate: str) -> None:
        self.drill.scenario(f"version {candidate} looks on")
        self._shadow(candidate)
        compared = 'sum(gateway_shadow_total{outcome="compared"})'
        wait_until(lambda: self.drill.prometheus.value(compared) >= COMPARED, 120, f"{COMPARED} comparisons")
        read = self.drill.prometheus.ask("sum by (candidate_digit, digit) (digits_shadow_total)")
        otherwise = sum(count for (candidate_digit, digit), count in read.items() if candidate_digit != digit)
        say(f"  {sum(read.values()):.0f} pictures compared, {otherwise:.0f} read otherwise")
        self.stay(self.served)

    def stay(self, version: str) -> None:
        """Nobody else answers. Raises Failed."""
        found = shares(self.writers.wait_for(100)[40:])  # those were under way
        if found.keys() != {version}:
            raise Failed(f"version {version} alone should answer, and {found} did")

    def take_a_tenth(self, candidate: str) -> None:
        self.drill.scenario("10 %")
        self.rollout("share", "10")
        share = shares(self.writers.wait_for(840)[40:]).get(candidate, 0.0)
        say(f"  it answered {share:.1%}")
        if not 0.06 < share < 0.14:
            raise Failed(f"the candidate answered {share:.1%}, not 10 %")

    def roll_back_under_load(self, candidate: str) -> None:
        self.drill.scenario("rolled back under load, from a share and from all")
        before = len(self.writers.written)
        with meanwhile(self.writers.hurry):
            self.rollout("rollback")
            self.stay(self.served)
            self._promote(candidate, by_way_of="50")
            self.rollout("rollback")
            self.stay(self.served)
        say(f"  {len(self.writers.written) - before} requests meanwhile, none failed")

    def take_over(self, candidate: str) -> None:
        begun = self.drill.scenario("all")
        self._promote(candidate, by_way_of="100")
        written = self.writers.wait_for(1_000)
        say(f"  version {candidate} reads {accuracy(written):.2%} of what arrives")
        self.drill.resolves("AccuracyBelowBaseline")
        self.drill.silent(begun, "AccuracyBelowBaseline", "ClassErrorHigh", model_version=candidate)
        self.drill.silent(begun, "AvailabilityFastBurn", "ModelNotReady", "CanaryMisread")
        seen = self.drill.prometheus.value(f'digits:accuracy:ratio{{model_version="{candidate}"}}')
        say(f"  accuracy that Prometheus sees: {seen:.2%}")

    def _shadow(self, candidate: str) -> None:
        self.rollout("shadow", candidate, "--report", str(self.candidate_folder))

    def _promote(self, candidate: str, by_way_of: str) -> None:
        """From nothing to all, with a share of so many of a hundred on the way."""
        self._shadow(candidate)
        self.rollout("share", by_way_of)
        self.rollout("promote")
        self.stay(candidate)

    def _version_of(self, folder: Path) -> str:
        archive = self.stack.folder / f"archive-{folder.name}"
        model(self.stack, "archive", "--released", folder, "--out", archive)
        return (archive / "digits.version").read_text().strip()


def run(folder: Path) -> None:
    """Every step, with what was seen on standard output. Raises Failed."""
    strange, usual = pictures()
    with running_stack(folder) as stack, watched(stack, FORM.windows) as prometheus:
        drill = Drill(FORM, stack, prometheus, Unseen(np.empty((0, 28, 28), np.uint8)))
        wait_until(lambda: prometheus.ask(SCRAPED), 30, "the first scrape")
        renewal = Renewal(drill, strange, usual)
        renewal.degrade()
        with renewal.going_on():
            candidate = renewal.retrain()
            renewal.gate(renewal.candidate_folder)
            renewal.refuse_a_damaged_one()
            renewal.look_on(candidate)
            renewal.take_a_tenth(candidate)
            renewal.roll_back_under_load(candidate)
            renewal.take_over(candidate)


def pictures() -> tuple[list[Picture], list[Picture]]:
    """LABELLED ones in the new way of writing, and USUAL ones."""
    pixels, labels = training_pictures()
    rng = np.random.default_rng(1)
    chosen = rng.permutation(len(pixels))[: LABELLED + USUAL]
    leans = rng.uniform(*LEAN_DEGREES, len(chosen))

    def written(place: int) -> Picture:
        mnist, strange = pixels[chosen[place]], place < LABELLED or place % STRANGE == 0
        return png(thick_and_slanted(mnist, leans[place]) if strange else mnist), int(labels[chosen[place]])

    every = [written(place) for place in range(len(chosen))]
    return every[:LABELLED], every[LABELLED:]


def model(stack: Stack, *arguments: object) -> None:
    """`python -m model` with these arguments. Raises CalledProcessError."""
    subprocess.run([*PYTHON, "model", *map(str, arguments)], cwd=CHECKOUT, env=stack.environment, check=True)


def refused(otherwise: str, command: Sequence[str], environment: Mapping[str, str], because: str) -> None:
    """Raises Failed where the command was not refused, or where what it says on standard error holds no `because`."""
    ended = subprocess.run(command, cwd=CHECKOUT, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if ended.returncode == 0:
        raise Failed(otherwise)
    if because not in ended.stderr:
        raise Failed(f"it ended with exit code {ended.returncode}, and not for `{because}`: {ended.stderr.strip()[-500:]}")


def says_no(report: str, version: str) -> None:
    """Raises Failed where this gate report is of another candidate, or lets this one on."""
    told = json.loads(report)
    if (told["candidate"]["version"], told["decision"]) != (version, REFUSE):
        raise Failed(f"the gate's report should refuse version {version}, and says {told['decision']} of {told['candidate']['version']}")


if __name__ == "__main__":
    sys.exit(exit_code(run))
