"""`GET /v1/model`: what is served."""

from fastapi import APIRouter

from gateway.schema import ModelCard, ProblemBody, RolloutCard
from gateway.versions import ModelWatch


def model_routes(watch: ModelWatch) -> APIRouter:
    """The model routes over the watch that knows what is current."""
    router = APIRouter(prefix="/v1", tags=["model"])

    @router.get("/model", summary="What is served", responses={503: {"model": ProblemBody, "description": "No model was found yet."}})
    async def model() -> ModelCard:
        """Name, version, digest and arithmetic of the served model, and everything else that its archive says of itself."""
        current = watch.current
        facts = current.facts
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
