"""A recipe with numbers from the command line: any of them, by its dotted name, and the changed recipe is named by what was changed."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from model.recipes import RECIPES, Recipe

LIMIT = "limit"
"""No number of a recipe, but pictures left out, which makes it another one all the same."""


def overridden(recipe: Recipe, settings: Mapping[str, str]) -> Recipe:
    """The recipe with each of `settings` in it: `epochs=3`, `dropouts=0.2,0.5`, `schedule=cosine`, `schedule.warm_up=0.1`.

    Its runs are never taken for the recipe's: the name says what was changed. Raises ValueError for what there is not, or of a wrong kind.
    """
    for key, text in settings.items():
        if key == LIMIT:
            continue
        recipe = _changed(recipe, key.split("."), key, text)
    return replace(recipe, name="-".join([recipe.name, *(f"{key}={text.replace(',', '+')}" for key, text in settings.items())]))


def recipe_of_network(network: str) -> Recipe:
    """The first recipe that trains this network; where there is none, the first article's with this network in it."""
    found = [recipe for recipe in RECIPES.values() if recipe.network == network]
    return found[0] if found else overridden(RECIPES["article"], {"network": network})


def _changed(value: Any, path: list[str], key: str, text: str) -> Any:
    name, *rest = path
    known = [field.name for field in fields(value) if field.name != "name"]
    if name not in known:
        raise ValueError(f"a recipe has no {key!r}; here are {', '.join(known)}")
    inner = getattr(value, name)
    if not rest:
        return replace(value, **{name: _parsed(get_type_hints(type(value))[name], key, text)})
    if not is_dataclass(inner):
        raise ValueError(f"a recipe has no {key!r}: {name} is {inner!r}")
    return replace(value, **{name: _changed(inner, rest, key, text)})


def _parsed(hint: Any, key: str, text: str) -> Any:
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for kind in kinds:
        try:
            return _as(kind, text)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{key} cannot be {text!r}; it is {' or '.join(map(_said, kinds))}")


def _as(kind: Any, text: str) -> Any:
    """Raises ValueError or TypeError where the text is not of that kind."""
    if get_origin(kind) is tuple:
        return tuple(_as(get_args(kind)[0], part) for part in text.split(","))
    if get_origin(kind) is Literal or kind is NoneType or is_dataclass(kind):
        if text not in _said(kind).split(", "):
            raise ValueError(text)
        return None if kind is NoneType else kind() if isinstance(kind, type) else text
    return kind(text)


def _said(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(get_args(kind))
    if get_origin(kind) is tuple:
        return f"{_said(get_args(kind)[0])}s with commas between"
    return "none" if kind is NoneType else {int: "a whole number", float: "a number"}.get(kind, str(kind.__name__).lower())
