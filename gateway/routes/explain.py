"""`POST /v1/explain`: a picture in, its digit and where the model looked out; or where it looked when it gave a past answer."""

import asyncio
from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from gateway.errors import Conflict, Gone, Malformed, NotFound, RecordsProblem, UploadTooSlow
from gateway.explaining import Map
from gateway.models import Models, Served
from gateway.overlay import overlay
from gateway.prediction_id import PredictionId, PredictionIds
from gateway.records.reader import Reader
from gateway.routes.asked import MODEL_PARAMETER, Asked, read_asked
from gateway.routes.documented import IMAGE_BODIES, REFUSALS
from gateway.routes.labels import known_id
from gateway.routes.shared import in_time, problems
from gateway.routes.telling import Telling
from gateway.schema import ExplainAnswer, PastExplanation
from gateway.upload import Uploads

PATH = "/v1/explain"
PNG = "image/png"


def explain_routes(
    uploads: Uploads,
    models: Models,
    telling: Telling,
    ids: PredictionIds,
    reader: Reader | None,
    deadline_seconds: float,
) -> APIRouter:
    """The call over what it uses. It bounds its body itself. Without a reader no past answer can be explained, and that is said."""
    router = APIRouter(tags=["prediction"])

    @router.post(
        PATH,
        summary="Read the digit in a picture, and tell where the model looked",
        response_model=ExplainAnswer | PastExplanation,
        openapi_extra={"parameters": [MODEL_PARAMETER], "requestBody": {"required": False, "content": IMAGE_BODIES}},
        responses={
            200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}},
            **problems(
                {
                    **REFUSALS,
                    404: "There is no such model, or no such prediction.",
                    409: "This is not the picture of that prediction.",
                    410: "The version that answered is no longer there.",
                }
            ),
        },
    )
    async def explain(
        request: Request, prediction_id: Annotated[str | None, Query(description="Of a past answer that is to be explained.")] = None
    ) -> Response:
        """Takes what `POST /v1/predict` takes, and adds a Guided Grad-CAM map. With `Accept: image/png` the map comes as a picture.

        With `prediction_id` a past answer is explained, by the version that gave it: the picture is sent again, or left out where its
        pixels were kept.
        """
        asked = read_asked(request.scope, deadline_seconds)
        known = None if prediction_id is None else known_id(ids, prediction_id)
        served = models.named(asked.model) if known is None else models.whose(known.version, asked.model)
        upload: bytes | None = None
        try:
            with uploads.hold() as held:
                async with asyncio.timeout_at(asked.deadline):
                    upload = await held.read(asked.headers, request.receive)
                    if known is None or prediction_id is None:
                        pixels, told, text = await _present(upload, served, asked)
                    else:
                        pixels, told, text = await _past(upload, prediction_id.lower(), known, served)
        except TimeoutError as error:
            if upload is None:
                raise UploadTooSlow("the body did not arrive in time; send it faster, or send a smaller picture") from error
            raise served.predictor.overdue() from error
        if wants_png(request.headers.get("accept", "")):
            return Response(overlay(pixels, told), media_type=PNG)
        return Response(b'%b,"map":%b}' % (text[:-1], orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY)), media_type="application/json")

    async def _present(upload: bytes, served: Served, asked: Asked) -> tuple[NDArray[np.uint8], Map, bytes]:
        answer = await served.predictor.predict(upload, asked.use, needs_pixels=True)
        assert answer.pixels is not None
        told = await served.explainer.explain(answer.model, answer.pixels, answer.content.digest, answer.content.digit)
        return answer.pixels, told, await telling.tell(answer, asked)

    async def _past(upload: bytes, name: str, known: PredictionId, served: Served) -> tuple[NDArray[np.uint8], Map, bytes]:
        model = served.watch.deployed(known.version)
        if model is None:
            raise Gone(f"version {known.version} gave this answer and is no longer there")
        if reader is None:
            raise RecordsProblem("records are switched off here (GATEWAY_RECORDS=off); no past answer can be explained")
        found, _ = await in_time(reader.get(name), deadline_seconds)
        if found is None or found.digest is None:
            raise NotFound("this prediction is not recorded, not yet or no more; explain the picture without its id")
        if upload:
            pixels, digest = await served.predictor.canonical(upload, model.side)
            if digest != found.digest:
                raise Conflict("this is not the picture of that prediction")
        else:
            kept = await in_time(reader.kept_pixels(found.digest), deadline_seconds)
            if kept is None:
                raise Malformed("the pixels of this prediction were not kept; send the picture again")
            pixels = np.frombuffer(kept, np.uint8).reshape(model.side, model.side)
        told = await served.explainer.explain(model, pixels, found.digest, known.digit)
        said = {"prediction_id": name, "digit": known.digit, "model": {"name": model.name, "version": model.version}}
        return pixels, told, orjson.dumps(said)

    return router


def wants_png(accept: str) -> bool:
    """Whether the first of the two kinds that a client takes is the picture; `*/*` is JSON."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    return next((kind in (PNG, "image/*") for kind in kinds if kind in (PNG, "image/*", "application/json", "*/*")), False)
