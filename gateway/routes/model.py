"""`GET /v1/model`: what is served."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.known import FACT
from gateway.models import Models
from gateway.routes.asked import MODEL_PARAMETER
from gateway.routes.shared import problems
from gateway.schema import ModelCard, RolloutCard
from gateway.versions import ModelWatch

REFUSALS = {404: "There is no such model.", 503: "No version of it was found yet."}


def model_routes(models: Models) -> APIRouter:
    """The model routes over the watches that know what is current."""
    router = APIRouter(prefix="/v1", tags=["model"])

    @router.get("/model", summary="What is served", responses=problems(REFUSALS))
    async def model(
        name: Annotated[str | None, Query(alias="model", description=str(MODEL_PARAMETER["description"]))] = None,
    ) -> ModelCard:
        """Name, version, digest and arithmetic of the served model, and everything else that its archive says of itself."""
        watch = models.named(name).watch
        current = watch.current
        facts = {fact: said for fact, said in current.facts.items() if fact != FACT}
        return ModelCard(
            name=current.name,
            version=current.version,
            digest=str(facts.get("digest", "")),
            arithmetic=str(facts["arithmetic"]),
            rollout=_rollout(watch),
            facts=facts,
        )

    return router


def _rollout(watch: ModelWatch) -> RolloutCard | None:
    stage = watch.stage
    if stage is None:
        return None
    named = filter(None, (stage.current, stage.candidate, stage.previous))
    complaints = {version: why for version in named if (why := watch.complaint(version)) is not None}
    return RolloutCard(
        number=stage.number,
        stage=stage.name,
        current=stage.current,
        candidate=stage.candidate,
        percent=stage.percent,
        previous=stage.previous,
        complaints=complaints,
    )
