"""What teachers say of varied training pictures: asked once a view, kept on disk, so that every student of theirs hears the same."""

import hashlib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

import model.augment
from model.augment import Augmentation, augment
from model.data import Digits
from model.inference import Classifier
from model.network import build
from model.recipes import RELEASED_NETWORK, Distillation
from model.runs import RunsMissing, finished_runs

BATCH = 128
RELEASED = Path(__file__).parent / "released"
Teacher = Callable[[Tensor], Tensor]
"""`uint8[n, 28, 28]` to logits `[n, 10]`."""


@dataclass(frozen=True)
class View:
    """The whole training set varied once: `pixels` uint8[n, 28, 28], and what the teachers say of them, float32[n, 10].

    That is the logarithm of the mean of their probabilities, each softened by the temperature. On validation pictures the mean of the
    probabilities is better calibrated than the mean of the logits.
    """

    pixels: Tensor
    log_probabilities: Tensor


class Teachers:
    """The networks that a distillation names: the finished runs of a recipe, or the committed network.

    Raises RunsMissing where a run is not under `runs`, ReleaseUnusable where `released` holds no network.
    """

    def __init__(
        self,
        distillation: Distillation,
        augmentation: Augmentation,
        training: Digits,
        runs: Path,
        device: str = "cpu",
        released: Path = RELEASED,
    ) -> None:
        alone = distillation.teacher == RELEASED_NETWORK
        self.networks, files = _load_released(released, device) if alone else _load_runs(distillation, runs, device)
        self.temperature = distillation.temperature
        self.views, self.augmentation, self.training, self.device = distillation.views, augmentation, training, device
        asked = hashlib.sha256(repr((augmentation, distillation.temperature, device)).encode() + training.pixels.tobytes())
        asked.update(Path(model.augment.__file__).read_bytes() + Path(__file__).read_bytes())
        for file in files:
            asked.update(file.read_bytes())
        self.folder = runs / f"{distillation.teacher}-views-{asked.hexdigest()[:12]}"

    def view(self, number: int) -> View:
        """The view of this number, from 0; numbers past the last begin again. Made when first asked for, whoever asks."""
        number %= self.views
        path = self.folder / f"{number:03}.npz"
        if not path.exists():
            self._make(number, path)
        with np.load(path) as kept:
            return View(*(torch.from_numpy(kept[name]).to(self.device) for name in ("pixels", "log_probabilities")))

    def _make(self, number: int, path: Path) -> None:
        torch.manual_seed(number)
        varied, said = [], []
        for pixels in torch.split(torch.from_numpy(self.training.pixels), BATCH):
            images = augment(pixels.to(self.device), self.augmentation).round().clamp(0, 255).to(torch.uint8)
            varied.append(images.cpu())
            said.append(self._ask(images).cpu())
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial.npz")
        np.savez(partial, pixels=torch.cat(varied).numpy(), log_probabilities=torch.cat(said).numpy())
        partial.replace(path)

    def _ask(self, images: Tensor) -> Tensor:
        with torch.inference_mode(), torch.autocast(torch.device(self.device).type, torch.bfloat16):
            softened = torch.stack([functional.log_softmax(network(images) / self.temperature, 1) for network in self.networks])
            return torch.logsumexp(softened, 0) - math.log(len(self.networks))


def distillation_loss(student: Tensor, teacher: Tensor, labels: Tensor, how: Distillation) -> Tensor:
    """Of a student's logits and a view's log probabilities, `float32[n, 10]` each, and labels: divergence and cross-entropy, weighted.

    The divergence is times temperature squared, so that its gradient keeps its size (Hinton et al. 2015, section 2.1).
    """
    said = functional.log_softmax(student / how.temperature, 1)
    divergence = functional.kl_div(said, teacher, log_target=True, reduction="batchmean") * how.temperature**2
    return how.weight * divergence + (1 - how.weight) * functional.cross_entropy(student, labels)


def _load_runs(distillation: Distillation, runs: Path, device: str) -> tuple[list[Teacher], list[Path]]:
    found = finished_runs(distillation.teacher, runs)
    missing = [seed for seed in distillation.teacher_seeds if seed not in found]
    if missing:
        raise RunsMissing(
            f"the teachers' seeds {', '.join(map(str, missing))} are not under {runs}; "
            f"`python -m model train --recipe {distillation.teacher} --seeds {' '.join(map(str, missing))}` makes them"
        )
    best = [found[seed][0] for seed in distillation.teacher_seeds]
    weights = [run.folder / "weights.pt" for run in best]
    return [_load(run.history["recipe"]["network"], file, device) for run, file in zip(best, weights, strict=True)], weights


def _load(network: str, weights: Path, device: str) -> Teacher:
    built = build(network)
    built.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    built.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return built.eval()


def _load_released(released: Path, device: str) -> tuple[list[Teacher], list[Path]]:
    """As it serves: its own temperature is in its logits, so that what it teaches is calibrated before it is softened."""
    layers = Classifier(released).layers.to(device)

    def teacher(images: Tensor) -> Tensor:
        logits: Tensor = layers(images.unsqueeze(1).float())
        return logits.float()

    return [teacher], [released / "weights.pt", released / "release.json"]
