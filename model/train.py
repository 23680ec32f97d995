"""Training: one loop for every recipe, seeded, resumable after any epoch, with its history written as it goes."""

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from model.adversarial.ascent import perturbed
from model.augment import augment
from model.data import Digits
from model.distil import RELEASED, Teachers, distillation_loss
from model.network import DigitNetwork, build
from model.recipes import RELEASED_NETWORK, Cosine, HardenedRecipe, Plateau, Recipe, SpoiltRecipe
from model.spoiling import spoil

EVALUATION_BATCH = 1_000

RMSPROP_ALPHA, RMSPROP_EPS = 0.9, 1e-7
"""What Keras takes unless told otherwise; PyTorch takes 0.99 and 1e-8."""


@dataclass
class History:
    """What happened, an entry an epoch, and whether the schedule and the stopping ever acted."""

    recipe: dict[str, Any]
    seed: int
    dropout: float
    epochs: list[dict[str, float]] = field(default_factory=list)
    rate_halved_after: list[int] = field(default_factory=list)
    stopped_early_after: int | None = None
    best_epoch: int | None = None

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


Watch = Callable[[Path, History], None]
"""Told of a run's folder and history after each epoch, and of what there is already where a run goes on."""


def unwatched(folder: Path, history: History) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Trained:
    """A finished run: the network in evaluation mode, its validation loss (mean cross-entropy, nats) and accuracy, its history."""

    network: DigitNetwork
    validation_loss: float
    validation_accuracy: float
    history: History


def train_recipe(
    recipe: Recipe, seed: int, training: Digits, validation: Digits, folder: Path, device: str = "cpu", watch: Watch = unwatched
) -> Trained:
    """One run for each of the recipe's dropouts under `folder`; the one with the lowest validation loss is returned."""
    runs = [
        train(recipe, seed, dropout, training, validation, folder / f"{recipe.name}-dropout{dropout:g}-seed{seed}", device, watch)
        for dropout in recipe.dropouts
    ]
    return min(runs, key=lambda run: run.validation_loss)


def train(
    recipe: Recipe,
    seed: int,
    dropout: float,
    training: Digits,
    validation: Digits,
    folder: Path,
    device: str = "cpu",
    watch: Watch = unwatched,
) -> Trained:
    """Train, or go on after the last finished epoch found in `folder`. Writes `checkpoint.pt`, `history.json` and `weights.pt` there.

    Teachers are looked for beside `folder`. Raises RunsMissing or ReleaseUnusable without them, ValueError where `folder` holds another
    recipe's run.
    """
    run = Course(recipe, seed, dropout, folder, device, steps_per_epoch=len(training) // recipe.batch_size, watch=watch)
    run.resume()
    lessons = _lessons(recipe, seed, training, folder.parent, device)
    folder.mkdir(parents=True, exist_ok=True)
    while not run.finished:
        entry = run.train_epoch(lessons(run.epoch))
        loss, accuracy = measure(run.candidate, validation, device)
        run.end_epoch({**entry, "validation_loss": loss, "validation_accuracy": accuracy})
    network = run.result()
    torch.save(network.state_dict(), folder / "weights.pt")
    loss, accuracy = measure(network, validation, device)
    return Trained(network, loss, accuracy, run.history)


def measure(network: nn.Module, digits: Digits, device: str = "cpu") -> tuple[float, float]:
    """Mean cross-entropy in nats and accuracy in 0..1, in evaluation mode."""
    logits = logits_of(network, digits, device)
    labels = torch.from_numpy(digits.labels).long()
    return float(functional.cross_entropy(logits, labels)), float((logits.argmax(1) == labels).float().mean())


def logits_of(network: nn.Module, digits: Digits, device: str = "cpu") -> Tensor:
    """`float32[n, 10]` on the CPU, in evaluation mode."""
    network.eval()
    with torch.inference_mode():
        batches = torch.split(torch.from_numpy(digits.pixels), EVALUATION_BATCH)
        return torch.cat([network(batch.to(device)).cpu() for batch in batches])


@dataclass(frozen=True)
class Lesson:
    """What one epoch is taught: `pixels` uint8[n, 28, 28], still to be varied unless a teacher has spoken of them; `labels` int64[n]."""

    pixels: Tensor
    labels: Tensor
    teacher: Tensor | None = None


def _lessons(recipe: Recipe, seed: int, training: Digits, runs: Path, device: str) -> Callable[[int], Lesson]:
    """From an epoch's number, counted from 0, to its lesson."""
    labels = torch.from_numpy(training.labels).long().to(device)
    if recipe.distillation is None:
        plain = Lesson(torch.from_numpy(training.pixels).to(device), labels)
        return lambda epoch: plain
    teachers = Teachers(recipe.distillation, recipe.augmentation, training, runs, device)
    first = seed * teachers.views // 3  # seeds trained side by side make different views, and find each other's made

    def taught(epoch: int) -> Lesson:
        view = teachers.view(first + epoch)
        return Lesson(view.pixels, labels, view.log_probabilities)

    return taught


class Course:
    """A run under way: everything that changes from epoch to epoch, so that saving it is saving the run."""

    def __init__(
        self, recipe: Recipe, seed: int, dropout: float, folder: Path, device: str, steps_per_epoch: int, watch: Watch = unwatched
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.seed, self.device, self.folder, self.watch = recipe, seed, device, folder, watch
        self.network = build(recipe.network, dropout=dropout)
        if isinstance(recipe, SpoiltRecipe) and recipe.begin == RELEASED_NETWORK:
            _begin_with(self.network, RELEASED)
        self.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = None if recipe.ema_decay is None else copy.deepcopy(self.network)
        self.optimizer = _optimizer(recipe, self.network)
        self.total_steps = steps_per_epoch * recipe.epochs
        self.steps_per_epoch = steps_per_epoch
        self.step = 0
        self.best: dict[str, Tensor] | None = None
        self.plateau = _plateau(recipe, self.optimizer)
        self.adversary = recipe.adversary if isinstance(recipe, HardenedRecipe) else None
        self.temperature = recipe.temperature if isinstance(recipe, HardenedRecipe) else 1.0
        self.history = History(recipe=asdict(recipe), seed=seed, dropout=dropout)

    @property
    def epoch(self) -> int:
        return len(self.history.epochs)

    @property
    def finished(self) -> bool:
        return self.epoch >= self.recipe.epochs or self.history.stopped_early_after is not None

    @property
    def candidate(self) -> DigitNetwork:
        return self.network if self.average is None else self.average

    def train_epoch(self, lesson: Lesson) -> dict[str, float]:
        torch.manual_seed(self.seed * 10_000 + self.epoch + 1)  # an epoch depends on its number alone, so a resumed run is the same run
        started, worked = time.monotonic(), time.process_time()
        order = torch.randperm(len(lesson.labels), device=self.device)
        loss_sum = correct = seen = 0.0
        self.network.train()
        name = f"{self.recipe.name} seed {self.seed} epoch {self.epoch + 1}/{self.recipe.epochs}"
        with tqdm(range(self.steps_per_epoch), desc=name, unit="batch", disable=None) as bar:
            for batch in bar:
                chosen = order[batch * self.recipe.batch_size : (batch + 1) * self.recipe.batch_size]
                loss, right = self._train_batch(lesson, chosen)
                loss_sum, correct, seen = loss_sum + loss * len(chosen), correct + right, seen + len(chosen)
                bar.set_postfix(loss=f"{loss_sum / seen:.4f}", accuracy=f"{correct / seen:.4f}", refresh=False)
        return {
            "training_loss_running": loss_sum / seen,
            "training_accuracy_running": correct / seen,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": time.monotonic() - started,
            "processor_seconds": time.process_time() - worked,
        }

    def _train_batch(self, lesson: Lesson, chosen: Tensor) -> tuple[float, int]:
        if isinstance(self.recipe.schedule, Cosine):
            rate = self.recipe.learning_rate * cosine_factor(self.step / self.total_steps, self.recipe.schedule.warm_up)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
        pixels, labels = lesson.pixels[chosen], lesson.labels[chosen]
        images = augment(pixels, self.recipe.augmentation) if lesson.teacher is None else pixels
        if isinstance(self.recipe, SpoiltRecipe):
            images = spoil(images.float(), self.recipe.spoilt, self.recipe.spoiling)
        if self.adversary is not None:
            images = perturbed(self.network, images, labels, self.adversary, self.step / self.total_steps)
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            logits = self.network(images)
        if lesson.teacher is None or self.recipe.distillation is None:
            loss = functional.cross_entropy(logits / self.temperature, labels)
        else:
            loss = distillation_loss(logits, lesson.teacher[chosen], labels, self.recipe.distillation)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.step += 1
        if self.average is not None and self.recipe.ema_decay is not None:
            _follow(self.average, self.network, min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step)))
        return float(loss.detach()), int((logits.argmax(1) == labels).sum())

    def end_epoch(self, entry: dict[str, float]) -> None:
        self.history.epochs.append(entry)
        if isinstance(self.recipe.schedule, Plateau):
            self._judge(entry["validation_loss"], self.recipe.schedule)
        self._save()
        self.watch(self.folder, self.history)
        tqdm.write(json.dumps({"recipe": self.recipe.name, "seed": self.seed, "epoch": self.epoch, **entry}))

    def _judge(self, loss: float, schedule: Plateau) -> None:
        best = self.history.best_epoch
        if best is None or loss < self.history.epochs[best - 1]["validation_loss"]:
            self.history.best_epoch = self.epoch
            self.best = copy.deepcopy(self.candidate.state_dict())
        elif self.epoch - best >= schedule.stop_after:
            self.history.stopped_early_after = self.epoch
        rate = self.optimizer.param_groups[0]["lr"]
        assert self.plateau is not None
        self.plateau.step(loss)
        if self.optimizer.param_groups[0]["lr"] < rate:
            self.history.rate_halved_after.append(self.epoch)

    def result(self) -> DigitNetwork:
        if self.best is not None:
            self.candidate.load_state_dict(self.best)
        self.candidate.eval()
        return self.candidate

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "plateau": None if self.plateau is None else self.plateau.state_dict(),
            "best": self.best,
            "step": self.step,
            "history": asdict(self.history),
        }
        partial = self.folder / "checkpoint.partial"
        torch.save(state, partial)
        partial.replace(self.folder / "checkpoint.pt")
        self.history.write(self.folder / "history.json")

    def resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        history = History(**state["history"])
        if history.recipe != self.history.recipe:
            raise ValueError(f"{self.folder} holds a run of another recipe; name another folder or remove it")
        self.network.load_state_dict(state["network"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.plateau is not None:
            self.plateau.load_state_dict(state["plateau"])
        self.best, self.step, self.history = state["best"], state["step"], history
        self.watch(self.folder, self.history)


def cosine_factor(progress: float, warm_up: float) -> float:
    """The rate's factor at `progress` in 0..1: a line up to 1 at `warm_up`, then half a cosine down to 0."""
    if progress < warm_up:
        return progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


def _begin_with(network: nn.Module, released: Path) -> None:
    weights = torch.load(released / "weights.pt", map_location="cpu", weights_only=True)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"a run cannot begin with {released}: it holds another kind of network") from error


def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)


def _optimizer(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    decayed = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    if recipe.optimizer == "adam":  # L2 on everything, as the article writes it
        return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(
            network.parameters(), lr=recipe.learning_rate, alpha=RMSPROP_ALPHA, eps=RMSPROP_EPS, weight_decay=recipe.weight_decay
        )
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def _plateau(recipe: Recipe, optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.ReduceLROnPlateau | None:
    if not isinstance(recipe.schedule, Plateau):
        return None
    return torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=recipe.schedule.factor, patience=recipe.schedule.epochs - 1, threshold=0.0
    )
