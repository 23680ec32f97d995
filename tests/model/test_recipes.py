"""The article's recipe is the article's, the release recipe fits its limits, and every recipe can be built."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from model.augment import Augmentation
from model.network import PARAMETER_LIMIT, STUDENT_LIMIT, build, parameter_count
from model.recipes import (
    ARTICLE,
    DEFENSIVE,
    DEFENSIVE_TEACHER,
    DENSE512,
    RECIPES,
    RELEASE,
    RELEASED_NETWORK,
    ROBUST,
    STRIDED,
    STUDENT,
    STUDENT_ALONE,
    STURDY,
    Cosine,
    Plateau,
    Recipe,
)

GEOMETRY = {"rotation_degrees", "shift_pixels", "zoom"}


def test_the_article_s_numbers_are_as_it_gives_them() -> None:
    assert ARTICLE.network == "article"
    assert (ARTICLE.optimizer, ARTICLE.learning_rate, ARTICLE.weight_decay, ARTICLE.batch_size) == ("adam", 1e-3, 1e-4, 128)
    assert 15 <= ARTICLE.epochs <= 25
    assert ARTICLE.schedule == Plateau(epochs=3, factor=0.5, stop_after=5)
    assert (min(ARTICLE.dropouts), max(ARTICLE.dropouts)) == (0.2, 0.5)


def test_the_article_varies_pictures_by_rotations_shifts_and_zooms_alone() -> None:
    for number in fields(Augmentation):
        assert (getattr(ARTICLE.augmentation, number.name) > 0) == (number.name in GEOMETRY)


def test_the_article_s_recipe_uses_nothing_that_the_article_does_not_name() -> None:
    assert (ARTICLE.ema_decay, ARTICLE.precision, ARTICLE.distillation) == (None, "float32", None)


def test_the_dense_network_is_trained_as_its_article_says() -> None:
    assert (DENSE512.epochs, DENSE512.batch_size, DENSE512.dropouts, DENSE512.augmentation) == (5, 128, (0.0,), Augmentation())
    assert (DENSE512.optimizer, DENSE512.learning_rate, DENSE512.weight_decay, DENSE512.schedule) == ("rmsprop", 1e-3, 0.0, None)


def test_a_defence_differs_from_what_it_is_compared_with_by_itself_alone() -> None:
    assert replace(ROBUST, name=STRIDED.name, adversary=None) == STRIDED
    assert replace(DEFENSIVE_TEACHER, name=STRIDED.name, temperature=1.0) == STRIDED
    assert replace(DEFENSIVE, name=DEFENSIVE_TEACHER.name, distillation=None) == DEFENSIVE_TEACHER


def test_defensive_distillation_teaches_what_the_teacher_says_and_nothing_else_at_one_temperature() -> None:
    taught = DEFENSIVE.distillation
    assert taught is not None
    assert (taught.teacher, taught.weight) == (DEFENSIVE_TEACHER.name, 1.0)
    assert taught.temperature == DEFENSIVE.temperature == DEFENSIVE_TEACHER.temperature > 1


def test_the_release_recipe_keeps_the_parameter_limit() -> None:
    assert parameter_count(build(RELEASE.network)) <= PARAMETER_LIMIT


def test_the_student_is_small_and_needs_no_run_of_another_recipe() -> None:
    assert parameter_count(build(STUDENT.network)) <= STUDENT_LIMIT
    assert STUDENT.distillation is not None
    assert (STUDENT.distillation.teacher, STUDENT.distillation.teacher_seeds) == (RELEASED_NETWORK, ())


def test_the_sturdy_network_is_the_released_one_taught_by_itself_with_most_pictures_unspoilt() -> None:
    assert (STURDY.network, STURDY.augmentation, STURDY.begin) == (RELEASE.network, RELEASE.augmentation, RELEASED_NETWORK)
    assert STURDY.distillation is not None
    assert STURDY.distillation.teacher == RELEASED_NETWORK
    assert 0 < STURDY.spoilt <= 0.5


def test_the_student_alone_lacks_the_teacher_s_word_and_nothing_else() -> None:
    assert STUDENT.distillation is not None
    assert replace(STUDENT, name="student-alone", distillation=replace(STUDENT.distillation, weight=0.0)) == STUDENT_ALONE


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_is_complete_and_within_reason(recipe: Recipe) -> None:
    assert RECIPES[recipe.name] is recipe
    build(recipe.network)
    assert recipe.epochs > 0
    assert all(0 <= dropout < 1 for dropout in recipe.dropouts)
    assert recipe.optimizer in ("adam", "adamw", "rmsprop")
    assert isinstance(recipe.schedule, Plateau | Cosine | None)
    if recipe.distillation is not None and recipe.distillation.teacher != RELEASED_NETWORK:
        assert RECIPES[recipe.distillation.teacher].distillation is None


def test_a_recipe_cannot_be_changed_in_passing() -> None:
    with pytest.raises(FrozenInstanceError):
        ARTICLE.epochs = 1  # type: ignore[misc]
