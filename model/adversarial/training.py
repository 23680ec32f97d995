"""The small networks: each trained by its recipe in the room's own way, or found where it was trained before."""

from dataclasses import dataclass
from pathlib import Path

from model.adversarial.subjects import OF_RECIPE
from model.data import Digits
from model.history import History
from model.recipes import RECIPES, Recipe
from model.train import Trained, train_recipe


@dataclass(frozen=True)
class Lesson:
    """A small network, where its weights are, and the histories of its training and of its teachers'."""

    recipe: Recipe
    trained: Trained
    weights: Path
    histories: tuple[History, ...]


def trained(seed: int, training: Digits, validation: Digits, runs: Path, recipes: dict[str, Recipe] = RECIPES) -> dict[str, Lesson]:
    """One of each name in OF_RECIPE; the runs lie under `runs`. Raises RunsMissing, ValueError where another recipe's run lies there."""
    return {name: _lesson(recipes[recipe], seed, training, validation, runs, recipes) for name, recipe in OF_RECIPE.items()}


def _lesson(recipe: Recipe, seed: int, training: Digits, validation: Digits, runs: Path, recipes: dict[str, Recipe]) -> Lesson:
    before: list[History] = []
    if recipe.distillation is not None:
        teacher = recipes[recipe.distillation.teacher]
        before = [train_recipe(teacher, each, training, validation, runs).history for each in recipe.distillation.teacher_seeds]
    run = train_recipe(recipe, seed, training, validation, runs)
    weights = runs / f"{recipe.name}-dropout{run.history.dropout:g}-seed{seed}" / "weights.pt"
    return Lesson(recipe, run, weights, (*before, run.history))
