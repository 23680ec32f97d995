"""The models that are served, by name: each has its own watch, its own way to it and its own queue, and none waits for another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.errors import NotFound
from gateway.explaining import Explainer
from gateway.model_client import ModelClient
from gateway.prediction import Predictor
from gateway.versions import ModelWatch


@dataclass(frozen=True, slots=True)
class Served:
    """One model: who sees whether it is well, and who asks it."""

    watch: ModelWatch
    predictor: Predictor
    explainer: Explainer
    client: ModelClient

    @property
    def name(self) -> str:
        return self.watch.name

    async def close(self) -> None:
        await self.predictor.close()
        await self.explainer.close()


class Models:
    """The default one, which alone decides whether this gateway is ready, and those beside it. Iterated over, it is the first."""

    def __init__(self, default: Served, further: Iterable[Served] = ()) -> None:
        self.default = default
        self.further = tuple(further)
        self._by_name = {each.name: each for each in self}

    def __iter__(self) -> Iterator[Served]:
        return iter((self.default, *self.further))

    def named(self, name: str | None) -> Served:
        """None: the default one. Raises NotFound, which says which there are."""
        if name is None:
            return self.default
        if name not in self._by_name:
            there = ", ".join(map(repr, self._by_name))
            raise NotFound(f"no model is called {name!r}; there {'are' if self.further else 'is'} {there}")
        return self._by_name[name]

    def predictor(self, name: str | None) -> Predictor:
        """Of `named`."""
        return self.named(name).predictor

    def whose(self, version: str, name: str | None) -> Served:
        """Of this name or, where none is given, the one that has this version; the default one where none does. Raises NotFound."""
        if name is None:
            served = (each for each in self.further if each.watch.deployed(version) is not None)
            return next(served, self.default)
        return self.named(name)
