"""The small networks are trained by the room's own loop: hardened by its adversary, distilled at its temperature, and found again."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model.adversarial.ascent import perturbed
from model.adversarial.subjects import DISTILLED, HARDENED, OF_RECIPE, PLAIN
from model.adversarial.training import Lesson, trained
from model.recipes import DEFENSIVE, DEFENSIVE_TEACHER, RECIPES, ROBUST, STRIDED, Adversary, HardenedRecipe, Recipe
from model.train import logits_of
from tests.model.bars import bars

EPOCHS, BATCH, RATE = 6, 32, 3e-3
TEMPERATURE = 50.0


TRAINING, VALIDATION = bars(512, 0, ink=160), bars(100, 1, ink=160)


def quick(recipe: HardenedRecipe) -> HardenedRecipe:
    distillation = recipe.distillation and replace(recipe.distillation, temperature=TEMPERATURE)
    return replace(
        recipe,
        epochs=EPOCHS,
        batch_size=BATCH,
        learning_rate=RATE,
        temperature=TEMPERATURE if recipe.temperature > 1 else 1.0,
        distillation=distillation,
        adversary=recipe.adversary and Adversary(epsilon=0.15, steps=3, step=0.1),
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def recipes() -> dict[str, Recipe]:
    return {recipe.name: quick(recipe) for recipe in (STRIDED, DEFENSIVE_TEACHER, DEFENSIVE, ROBUST)}


@pytest.fixture(scope="module")
def small(runs: Path, recipes: dict[str, Recipe]) -> dict[str, Lesson]:
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patched:  # runs are held against the recipes of their name
        for name, recipe in recipes.items():
            patched.setitem(RECIPES, name, recipe)
        return trained(1, TRAINING, VALIDATION, runs, recipes)


def under_attack(lesson: Lesson) -> float:
    torch.manual_seed(0)
    pixels, labels = torch.from_numpy(VALIDATION.pixels), torch.from_numpy(VALIDATION.labels).long()
    moved = perturbed(lesson.trained.network, pixels, labels, Adversary(epsilon=0.15, steps=10, step=0.03, warm_up=0))
    with torch.no_grad():
        return float((lesson.trained.network(moved).argmax(1) == labels).float().mean())


def test_there_is_one_of_each(small: dict[str, Lesson], recipes: dict[str, Recipe]) -> None:
    assert {name: lesson.recipe for name, lesson in small.items()} == {name: recipes[recipe] for name, recipe in OF_RECIPE.items()}
    assert all(lesson.weights.exists() for lesson in small.values())


def test_who_trained_against_an_adversary_withstands_more(small: dict[str, Lesson]) -> None:
    assert small[HARDENED].trained.validation_accuracy > 0.9
    assert under_attack(small[HARDENED]) > under_attack(small[PLAIN]) + 0.2


def test_training_at_a_temperature_makes_logits_as_much_larger(small: dict[str, Lesson]) -> None:
    sizes = {name: float(logits_of(lesson.trained.network, VALIDATION).std()) for name, lesson in small.items()}
    assert sizes[DISTILLED] > TEMPERATURE / 5 * sizes[PLAIN]


def test_the_time_of_who_was_taught_counts_his_teacher(small: dict[str, Lesson]) -> None:
    assert [history.recipe["name"] for history in small[DISTILLED].histories] == ["defensive-teacher", "defensive"]
    assert len(small[PLAIN].histories) == 1
    assert all(epoch["processor_seconds"] > 0 for history in small[DISTILLED].histories for epoch in history.epochs)


def test_what_is_trained_is_not_trained_again(small: dict[str, Lesson], runs: Path, recipes: dict[str, Recipe]) -> None:
    before = {path: path.stat().st_mtime_ns for path in runs.glob("*/checkpoint.pt")}
    again = trained(1, TRAINING, VALIDATION, runs, {**recipes, "defensive": recipes["strided"]})  # nothing here asks a teacher
    assert {path: path.stat().st_mtime_ns for path in runs.glob("*/checkpoint.pt")} == before
    assert again[PLAIN].trained.validation_loss == small[PLAIN].trained.validation_loss
