"""Every number of a recipe can be changed by its name, and what cannot be is said in one line."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from model.overriding import overridden, recipe_of_network
from model.recipes import ARTICLE, DEFENSIVE, DENSE512, RELEASE, ROBUST, Cosine, Recipe


def numbers(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            yield from numbers(inner, f"{prefix}{field.name}.")
        elif f"{prefix}{field.name}" != "name":
            yield f"{prefix}{field.name}", inner


@pytest.mark.parametrize("recipe", [ARTICLE, RELEASE, DEFENSIVE, ROBUST], ids=lambda recipe: recipe.name)
def test_every_number_of_a_recipe_can_be_given(recipe: Recipe) -> None:
    for name, value in numbers(recipe):
        text = "none" if value is None else ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        assert dict(numbers(overridden(recipe, {name: text}))) == dict(numbers(recipe)), name


def test_a_changed_recipe_is_named_by_what_was_changed() -> None:
    changed = overridden(ARTICLE, {"epochs": "3", "dropouts": "0.2,0.5", "augmentation.zoom": "0.2", "limit": "60"})
    assert (changed.epochs, changed.dropouts, changed.augmentation.zoom) == (3, (0.2, 0.5), 0.2)
    assert changed.name == "article-epochs=3-dropouts=0.2+0.5-augmentation.zoom=0.2-limit=60"
    assert overridden(ARTICLE, {}) == ARTICLE


def test_a_schedule_is_changed_as_a_whole_and_then_in_part() -> None:
    changed = overridden(ARTICLE, {"schedule": "cosine", "schedule.warm_up": "0.1"})
    assert changed.schedule == Cosine(warm_up=0.1)
    assert overridden(ARTICLE, {"schedule": "none"}).schedule is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("depth", "3", "a recipe has no 'depth'; here are network, epochs, "),
        ("epochs", "many", "epochs cannot be 'many'; it is a whole number"),
        ("optimizer", "sgd", "optimizer cannot be 'sgd'; it is adam, adamw, rmsprop"),
        ("schedule", "step", "schedule cannot be 'step'; it is plateau or cosine or none"),
        ("epochs.more", "1", "a recipe has no 'epochs.more': epochs is 20"),
    ],
)
def test_what_cannot_be_is_refused(name: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match="^" + said.replace("'", ".")):
        overridden(ARTICLE, {name: text})


def test_a_network_alone_names_the_recipe_that_trains_it() -> None:
    assert recipe_of_network("dense512") == DENSE512
    drawn = recipe_of_network("article-as-drawn")
    assert (drawn.network, drawn.name) == ("article-as-drawn", "article-network=article-as-drawn")
