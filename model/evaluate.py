"""The trained networks measured on pictures that no choice was made by, as JSON and figures. Each reading of them stands in LOG.md."""

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from model.choice import offered
from model.compiled import read_maxima
from model.data import Digits, validation_indices
from model.figures import draw_confusion, draw_pictures, draw_reliability
from model.inference import Classifier, ReleaseUnusable, softmax
from model.judge import BINS, Panel, judge, width_bins
from model.latency import BATCHES, cpu_latency, cuda_latency, one_thread
from model.metrics import confusion, spread
from model.network import build, parameter_count
from model.provenance import Begun, now
from model.reader import Reader
from model.runs import Run, finished_runs
from model.splitting import load_writers

LOG_HEADING = "## Readings of the test set"

ARTICLE_CLAIMS = {"training_accuracy": 0.998, "test_accuracy": 0.997, "macro_f1": 0.99, "cpu_latency_ms": 4.0, "gpu_latency_ms": 1.0}
"""What the first article promises of its network: section 4.2, and for F1 5.2."""

RELEASE_FACTS = ("model", "network", "recipe", "seed", "dropout", "temperature", "accept_threshold")
"""What the evidence says of the released network in the words of its `release.json`."""

ERRORS_DRAWN = 60
CHUNK = 640


def evaluate_release(
    released: Path, panel: Panel, out: Path, *, command: str, log: Path, device: str = "cpu", batches: dict[int, int] = BATCHES
) -> dict[str, Any]:
    """Read the panel with the released network; write `evaluation.json` and figures into `out` and a line into `log`.

    Raises ReleaseUnusable. `batches`: pictures in a timed call, and calls.
    """
    begun, classifier = Begun(command), Classifier(released)
    release = release_facts(released / "release.json")
    out.mkdir(parents=True, exist_ok=True)
    digest = weights_digest(released / "weights.pt")
    logits = read(classifier, panel, log, command=command, digest=digest)
    report = {
        "model": {
            **release,
            "parameters": parameter_count(build(release["network"])),
            "weights_sha256": digest,
            "arithmetic": classifier.arithmetic,
        },
        "data": _training_data() | {"panel": panel.name},
        **judge(logits, panel, temperature=release["temperature"], threshold=release["accept_threshold"]),
        "latency": {
            "cpu": cpu_latency(classifier.logits, batches),
            "cuda": cuda_latency(classifier.layers, batches) if device == "cuda" else None,
        },
        "arithmetics": _arithmetics(
            classifier, released, panel, logits, log, command=command, digest=digest, batches=batches, device=device
        ),
        "article_claims": ARTICLE_CLAIMS,
    }
    report = {"generated": begun.generated(), **report}
    write_json(report, out / "evaluation.json")
    draw(logits, panel, out)
    return report


def _arithmetics(
    classifier: Classifier,
    released: Path,
    panel: Panel,
    expected: NDArray[np.float32],
    log: Path,
    *,
    command: str,
    digest: str,
    batches: dict[int, int],
    device: str,
) -> list[dict[str, Any]]:
    """Each arithmetic that this machine is served in, the one that is tried first before others: the panel read again, beside single
    precision's `expected` logits."""
    gpu, rows = torch.device(device) if device == "cuda" else None, []
    for arithmetic, make in offered(classifier, read_maxima(released), gpu=gpu):
        served = make()
        logits = read(served, panel, log, command=f"{command} ({arithmetic})", digest=digest)
        rows.append(
            {
                "arithmetic": arithmetic,
                "accuracy": float((logits.argmax(axis=1) == panel.digits.labels).mean()),
                "other_digits": int((logits.argmax(axis=1) != expected.argmax(axis=1)).sum()),
                "largest_difference": float(np.abs(softmax(logits) - softmax(expected)).max()),
                "latency": cpu_latency(served.logits, batches),
            }
        )
    return rows


def evaluate_recipe(
    recipe: str, runs: Path, training: Digits, panel: Panel, out: Path, *, command: str, log: Path, batches: dict[int, int] = BATCHES
) -> dict[str, Any]:
    """Of each seed under `runs` the network with the lowest validation loss, read as the released one is; writes `<recipe>.json`.

    Training accuracy is of the pictures trained on, unvaried and in evaluation mode. Raises RunsMissing, ReleaseUnusable.
    """
    begun, chosen = Begun(command), finished_runs(recipe, runs)
    seeds = []
    latency = None
    for seed, candidates in chosen.items():
        best = candidates[0]
        classifier = as_served(best)
        digest = weights_digest(best.folder / "weights.pt")
        trained_on = compute_logits(classifier, training.pixels, f"seed {seed}, training pictures").argmax(axis=1)
        measured = judge(read(classifier, panel, log, command=command, digest=digest), panel, temperature=1.0, threshold=0.0)
        latency = latency or cpu_latency(classifier.logits, batches)
        seeds.append(
            {
                "seed": seed,
                "dropout": best.dropout,
                "validation_loss": best.kept["validation_loss"],
                "validation_accuracy": best.kept["validation_accuracy"],
                "training_accuracy": float((trained_on == training.labels).mean()),
                "test_accuracy": measured["accuracy"],
                "macro_f1": measured["macro"]["f1"],
                "epochs": len(best.history["epochs"]),
                "training_seconds": sum(epoch["seconds"] for run in candidates for epoch in run.history["epochs"]),
                **{key: best.history[key] for key in ("best_epoch", "rate_halved_after", "stopped_early_after")},
                "weights_sha256": digest,
                "candidates": [{"dropout": run.dropout, "validation_loss": run.kept["validation_loss"]} for run in candidates],
            }
        )
    network = next(iter(chosen.values()))[0].history["recipe"]["network"]
    report = {
        "generated": begun.generated(),
        "recipe": recipe,
        "network": network,
        "parameters": parameter_count(build(network)),
        "training_n": len(training),
        "test_n": len(panel.digits),
        "mean": {
            key: spread([float(seed[key]) for seed in seeds])
            for key in ("validation_loss", "validation_accuracy", "training_accuracy", "test_accuracy", "macro_f1")
        },
        "seeds": seeds,
        "latency": {"cpu": latency},
        "article_claims": ARTICLE_CLAIMS,
    }
    out.mkdir(parents=True, exist_ok=True)
    write_json(report, out / f"{recipe}.json")
    return report


def read(reader: Reader, panel: Panel, log: Path, *, command: str, digest: str) -> NDArray[np.float32]:
    """Logits of the panel's pictures. The reading is in `log` before anything is done with it."""
    logits = compute_logits(reader, panel.digits.pixels, panel.name)
    correct = float((logits.argmax(axis=1) == panel.digits.labels).mean())
    note_reading(log, panel, command=command, digest=digest, accuracy=correct)
    return logits


def compute_logits(reader: Reader, pixels: NDArray[np.uint8], name: str) -> NDArray[np.float32]:
    """`float32[n, 10]` of `uint8[n, 28, 28]` on one thread, behind a progress bar that says `name`. Nothing is noted in any log."""
    with one_thread(), tqdm(total=len(pixels), desc=f"reading {name}", unit="picture", disable=None) as bar:
        parts = []
        for start in range(0, len(pixels), CHUNK):
            parts.append(reader.logits(pixels[start : start + CHUNK]))
            bar.update(len(parts[-1]))
        return np.concatenate(parts)


def note_reading(log: Path, panel: Panel, *, command: str, digest: str, accuracy: float) -> None:
    """A line in `log` that says by what the panel was read, and with what accuracy (0..1)."""
    line = f"- {now()} · {panel.name} · `{command}` · weights {digest[:12]} · {accuracy_line(accuracy, len(panel.digits))}"
    _append_reading(log, line)


def as_served(run: Run) -> Classifier:
    """The run's network in the arithmetic of the released one, as if it had been released, at temperature 1. Raises ReleaseUnusable."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copyfile(run.folder / "weights.pt", folder / "weights.pt")
        release = {"model": "digits", "network": run.history["recipe"]["network"], "temperature": 1.0, "accept_threshold": 0.0}
        (folder / "release.json").write_text(json.dumps(release))
        return Classifier(folder)


def draw(logits: NDArray[np.float32], panel: Panel, out: Path) -> None:
    """`confusion.png`, `reliability.png` and `errors.png` under `out`; the errors most confidently made come first."""
    labels, n = panel.digits.labels, len(panel.digits)
    probabilities = softmax(logits)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    shown = wrong[np.argsort(-confidence[wrong])][:ERRORS_DRAWN]
    draw_confusion(confusion(labels, predicted), out / "confusion.png", heading=f"{panel.name}, n = {n}, {len(wrong)} errors")
    draw_reliability(width_bins(logits, labels), out / "reliability.png", heading=f"{panel.name}, {BINS} bins of equal width")
    draw_pictures(
        panel.digits.pixels[shown],
        out / "errors.png",
        columns=10,
        titles=[
            f"#{index}{'*' if index in panel.label_errors else ''}\n{labels[index]} read {predicted[index]}, {confidence[index]:.2f}"
            for index in shown.tolist()
        ],
        heading=f"{panel.name}: {len(shown)} of {len(wrong)} errors, most confident first; * label known to be wrong",
    )


def accuracy_line(accuracy: float, n: int) -> str:
    """The sentence that `evaluate` ends with."""
    return f"test accuracy {100 * accuracy:.2f} % (n = {n})"


def weights_digest(weights: Path) -> str:
    """SHA-256 of the file, in hexadecimal."""
    return hashlib.sha256(weights.read_bytes()).hexdigest()


def write_json(report: dict[str, Any], path: Path) -> None:
    """Indented, short rows on one line, fractions to six places: a difference between two versions can be read."""
    text = json.dumps(_plain(report), indent=1, ensure_ascii=False)
    for innermost in (r"\[[^\[\]{}]*\]", r"\{[^{}]{,120}\}"):
        text = re.sub(innermost, lambda row: re.sub(r"\s+", " ", row[0]), text)
    path.write_text(f"{text}\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | np.ndarray():
            return [_plain(item) for item in value]
        case float() | np.floating():
            return round(float(value), 6)
        case np.integer():
            return int(value)
    return value


def release_facts(path: Path) -> dict[str, Any]:
    """Asked for before anything is read: a reading of the test set is not spent on a release that cannot be reported."""
    release = json.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in RELEASE_FACTS if name not in release]
    if missing:
        raise ReleaseUnusable(f"{path} does not say {', '.join(missing)}")
    return {name: release[name] for name in RELEASE_FACTS}


def _training_data() -> dict[str, int]:
    train, held_out = load_writers("train"), validation_indices()
    writers = len(np.unique(train.writer[held_out]))
    return {
        "training_n": len(train.writer) - len(held_out),
        "training_writers": len(np.unique(train.writer)) - writers,
        "validation_n": len(held_out),
        "validation_writers": writers,
    }


def _append_reading(log: Path, line: str) -> None:
    text = log.read_text(encoding="utf-8") if log.exists() else "# What was tried\n"
    if LOG_HEADING not in text:
        text = f"{text.rstrip()}\n\n{LOG_HEADING}\n"
    before, _, after = text.partition(LOG_HEADING)
    section, next_heading, rest = after.partition("\n## ")
    gap = "" if section.strip() else "\n"
    section = f"{section.rstrip()}\n{gap}{line}\n"
    log.write_text(f"{before}{LOG_HEADING}{section}{next_heading}{rest}", encoding="utf-8")
