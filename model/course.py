"""A run of training, epoch by epoch: seeded, and saved after each, so that one that was interrupted ends as if it had not been."""

import copy
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from model.adversarial.ascent import perturbed
from model.augment import augment
from model.committed import RELEASED
from model.distil import distillation_loss
from model.history import History, Watch, unwatched
from model.network import DigitNetwork, build
from model.optimizing import cosine_factor, follow, optimizer_for, plateau_for
from model.recipes import RELEASED_NETWORK, Cosine, HardenedRecipe, Plateau, Recipe, SpoiltRecipe
from model.spoiling import spoil


@dataclass(frozen=True)
class Lesson:
    """What one epoch is taught: `pixels` uint8[n, 28, 28], still to be varied unless a teacher has spoken of them; `labels` int64[n]."""

    pixels: Tensor
    labels: Tensor
    teacher: Tensor | None = None


class Course:
    """A run under way: everything that changes from epoch to epoch, so that saving it is saving the run."""

    def __init__(
        self, recipe: Recipe, seed: int, dropout: float, folder: Path, device: str, steps_per_epoch: int, watch: Watch = unwatched
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.seed, self.device, self.folder, self.watch = recipe, seed, device, folder, watch
        self.network = build(recipe.network, dropout=dropout)
        self.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = None if recipe.ema_decay is None else copy.deepcopy(self.network)
        if isinstance(recipe, SpoiltRecipe) and recipe.begin == RELEASED_NETWORK:
            weights = torch.load(RELEASED / "weights.pt", map_location="cpu", weights_only=True)
            self.begin_with(weights, otherwise=f"a run cannot begin with {RELEASED}: it holds another kind of network")
        self.optimizer = optimizer_for(recipe, self.network)
        self.total_steps = steps_per_epoch * recipe.epochs
        self.steps_per_epoch = steps_per_epoch
        self.step = 0
        self.best: dict[str, Tensor] | None = None
        self.plateau = plateau_for(recipe, self.optimizer)
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

    def begin_with(self, weights: Mapping[str, Tensor], *, otherwise: str) -> None:
        """Weights of a network of the same kind. Raises ValueError, which says `otherwise`, where they are of another."""
        try:
            for network in (self.network, self.average):
                if network is not None:
                    network.load_state_dict(weights)
        except RuntimeError as error:
            raise ValueError(otherwise) from error

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
            follow(self.average, self.network, min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step)))
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
