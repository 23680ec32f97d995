"""Who serves and who stands beside, out of a rollout's stage and of what is proven. Nothing here asks or waits: a rollback takes effect
with the next request."""

from collections.abc import Container, Mapping, Sequence

from gateway.contract import ModelVersion
from gateway.proving import Place, Urls
from gateway.stage import Stage

Proven = Mapping[Place, ModelVersion]
"""Those that may answer, in the order in which they came to it."""


def place_of(model: ModelVersion) -> Place:
    """Where this version is."""
    return (model.inference_url, model.management_url), model.version


def find(version: str | None, proven: Proven) -> ModelVersion | None:
    """A proven version by its name."""
    return next((model for (_, name), model in proven.items() if name == version), None)


def by_preference(ready: Mapping[Place, int], stage: Stage | None, distrusted: Container[Place]) -> list[Place]:
    """Those with a worker that is READY: what the stage calls current, then others, and its candidate last."""
    rank = {} if stage is None else {stage.candidate: 2, stage.current: 0}
    trusted = [place for place, workers in ready.items() if workers and place not in distrusted]
    return sorted(trusted, key=lambda place: rank.get(place[1], 1))


def preferred(current: ModelVersion | None, stage: Stage | None, proven: Proven, instances: Sequence[Urls]) -> ModelVersion | None:
    """Who serves in the place of `current` from now on; None: nobody, or nobody is served yet.

    By the stage its own current version; without one a version of an instance that is listed before: candidates are listed last.
    """
    if current is None:
        return None
    if stage is not None:
        return None if current.version == stage.current else find(stage.current, proven)
    urls, _ = place_of(current)
    before = instances[: instances.index(urls)]
    return next((model for each in before for (where, _), model in proven.items() if where == each), None)


def beside(current: ModelVersion | None, stage: Stage, proven: Proven) -> ModelVersion | None:
    """The stage's candidate, where it is proven, takes the same pictures as the served version, and is not that itself, in the place of one
    that is gone."""
    candidate = None if stage.candidate is None else find(stage.candidate, proven)
    if candidate is None or current is None or candidate is current or candidate.side != current.side:
        return None
    return candidate
