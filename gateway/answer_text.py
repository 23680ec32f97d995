"""The text of an answer: the pieces of PredictAnswer that stay the same each time are made once, the rest is put between them."""

from typing import Literal

import orjson

from gateway.contract import Answer, ModelVersion, Prediction, Seen, candidates

RecordState = Literal["durable", "buffered", "none"]


def told(prediction: Prediction, seen: Seen, reasons: tuple[str, ...], model: ModelVersion) -> tuple[bytes, bytes]:
    """The members of PredictAnswer that stay the same each time: between `prediction_id` and `cache`, and after `record`."""
    said = {
        "digit": prediction.digit,
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities,
        "candidates": candidates(prediction, model),
        "accepted": not reasons,
        "reasons": reasons,
        "model": {"name": model.name, "version": model.version},
    }
    upload = {"input": {"width": seen.width, "height": seen.height, "inverted": seen.inverted, "box": seen.box}}
    return orjson.dumps(said)[1:-1], orjson.dumps(upload)[1:]


def answer_text(answer: Answer, prediction_id: str, record: RecordState) -> bytes:
    """PredictAnswer as JSON."""
    middle, end = answer.content.told
    return b'{"prediction_id":"%b",%b,"cache":"%b","record":"%b",%b' % (
        prediction_id.encode(),
        middle,
        answer.cache.encode(),
        record.encode(),
        end,
    )
