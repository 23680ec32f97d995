"""The documented shapes of answers and problems, which OpenAPI shows and the tests hold real answers to, and the text of an answer."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from gateway.answer_text import RecordState
from gateway.seams import LARGEST_BATCH

Reason = Literal["blank", "faint", "noise", "several", "low_confidence", "not_a_digit"]

Probability = Annotated[float, Field(ge=0, le=1)]
EXAMPLE_VERSION = "ab12cd34ef56"
EXAMPLE_ID = "069q1v0g5k3f2m8s4t6u7v9d1e5g2h4j6k8m0n2p4q6r8s0t"


class ModelName(BaseModel):
    """Which model answered."""

    name: str = Field(examples=["digits"])
    version: str = Field(description="Fingerprint of weights and source.", examples=[EXAMPLE_VERSION])


class InputReport(BaseModel):
    """What was found in the upload."""

    width: int = Field(description="Pixels, after EXIF orientation.", examples=[640])
    height: int = Field(examples=[480])
    inverted: bool = Field(description="The upload is dark on light.", examples=[True])
    box: tuple[int, int, int, int] | None = Field(
        description="Left, top, right, bottom of the ink, in the upload's pixels.", examples=[[120, 80, 300, 420]]
    )


class PredictAnswer(BaseModel):
    """The digit, how sure the model is, and whether to trust it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "prediction_id": EXAMPLE_ID,
                "digit": 7,
                "confidence": 0.9998,
                "probabilities": [0.0, 0.00005, 0.00005, 0.00005, 0.0, 0.0, 0.0, 0.9998, 0.0, 0.00005],
                "candidates": [7],
                "accepted": True,
                "reasons": [],
                "model": {"name": "digits", "version": EXAMPLE_VERSION},
                "cache": "miss",
                "record": "none",
                "input": {"width": 640, "height": 480, "inverted": True, "box": [120, 80, 300, 420]},
            }
        }
    )

    prediction_id: str = Field(description="Ordered by time; names this answer in feedback.")
    digit: int = Field(ge=0, le=9)
    confidence: Probability = Field(description="Calibrated probability of `digit`.")
    probabilities: list[Probability] = Field(min_length=10, max_length=10)
    candidates: list[int] = Field(
        min_length=1,
        description="Digits that stay possible, most probable first: they hold the right one as often as the model's facts promise "
        "(`limits.level`, by split conformal prediction), or, where a version promises nothing, 99 % of the probability.",
    )
    accepted: bool = Field(description="False where `reasons` says why not to trust the digit.")
    reasons: list[Reason]
    model: ModelName
    cache: Literal["hit", "miss", "coalesced", "bypass"]
    record: RecordState = Field(
        description="How safely this answer is recorded: `durable` is committed; `buffered` is lost only if this process is killed; `none`."
    )
    input: InputReport


Map = Annotated[list[Annotated[list[Probability], Field(min_length=1)]], Field(min_length=1)]
"""Rows of the canonical picture: 28 of 28 for digits, as many as the side of its pictures for a further model."""


class ExplainAnswer(PredictAnswer):
    """What predict answers, and where the model looked."""

    map: Map = Field(description="Guided Grad-CAM of `digit`: ink of the canonical picture that spoke for it, by rows; the highest is 1.")


class PastExplanation(BaseModel):
    """Where the model looked when it gave a past answer."""

    prediction_id: str
    digit: int = Field(ge=0, le=9)
    model: ModelName
    map: Map


class ProblemBody(BaseModel):
    """RFC 9457."""

    type: str = Field(examples=["urn:digitserve:problem:not-an-image"])
    title: str = Field(examples=["Unsupported Media Type"])
    status: int = Field(examples=[415])
    detail: str = Field(examples=["this is not a PNG, JPEG, WebP, BMP, TIFF or GIF"])
    request_id: str


class BatchAnswer(BaseModel):
    """What was found in each picture, in the order of the pictures."""

    results: list[PredictAnswer | ProblemBody] = Field(min_length=1, max_length=LARGEST_BATCH)


VersionName = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", examples=[EXAMPLE_VERSION])]
TrueDigit = Annotated[int, Field(ge=0, le=9, strict=True, examples=[7])]


class Label(BaseModel):
    """The digit that it was."""

    model_config = ConfigDict(extra="forbid")

    label: TrueDigit


class Feedback(Label):
    """The digit that it was, for an answer."""

    prediction_id: str = Field(description="Of the answer.", examples=[EXAMPLE_ID], max_length=128)


class FeedbackAnswer(BaseModel):
    """The label is committed."""

    prediction_id: str
    label: int
    state: Literal["stored", "same"] = Field(description="`same`: it was there already.")
    previous: int | None = Field(description="The label before this one.")


class LabelChange(BaseModel):
    """One label that was given."""

    label: int
    previous: int | None
    source: str = Field(description="feedback or audit.")
    time: datetime
    caller: str | None


class RecordedPrediction(BaseModel):
    """What was answered, and what the truth was."""

    prediction_id: str
    time: datetime
    model_version: str
    digit: int
    recorded: bool = Field(description="False where only what the id itself says is known.")
    confidence: float | None
    accepted: bool | None
    cache: str | None
    latency_ms: float | None
    digest: str | None = Field(description="SHA-256 of the canonical pixels.")
    caller: str | None
    label: int | None = Field(description="The true digit, where somebody said it.")
    history: list[LabelChange] | None = Field(description="Every label that was given, oldest first; not told in pages.")


class AuditPage(BaseModel):
    """Recorded predictions, newest first."""

    predictions: list[RecordedPrediction]
    next: str | None = Field(description="Give it as `before` to get the next page; absent on the last.")


def _is_text(value: str) -> str:
    """Databases take no NUL and no half of a character."""
    if "\0" in value or (not value.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in value)):
        raise ValueError("no text")
    return value


Text = Annotated[str, Field(max_length=4_096), AfterValidator(_is_text)]


class NotifiedAlert(BaseModel):
    """One alert, as Alertmanager tells it."""

    status: Literal["firing", "resolved"]
    labels: dict[str, Text]
    annotations: dict[str, Text] = {}
    startsAt: Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC))]
    endsAt: AwareDatetime | None = None
    fingerprint: str = Field(max_length=64, pattern=r"^[0-9A-Za-z_-]+$")


class Notification(BaseModel):
    """What Alertmanager's webhook receives (version 4); members that are not needed are passed over."""

    alerts: list[NotifiedAlert] = Field(max_length=1_000)


class ToldAlert(BaseModel):
    """One time that an alert fired, and what was done about it or is proposed."""

    name: str
    labels: dict[str, str]
    summary: str
    started: datetime
    resolved: datetime | None = Field(description="Absent while it fires.")
    action: dict[str, Any] = Field(
        description="`kind` is audit (with the listing to read), measurement (of the latency now, and what `make tune` found last), "
        "proposal (to retrain), or none."
    )


class AlertList(BaseModel):
    """Alerts with their actions."""

    alerts: list[ToldAlert]


class RolloutCard(BaseModel):
    """How far a candidate has come beside the served version, as this process knows it."""

    number: int = Field(description="Counts the changes of the rollout.")
    stage: Literal["settled", "shadow", "share"]
    current: str | None
    candidate: str | None
    percent: int = Field(description="Of uploads, that the candidate answers.", ge=0, le=100)
    previous: str | None = Field(description="What a rollback of the last promotion goes back to.")
    complaints: dict[str, str] = Field(description="By version, why one of these cannot answer now.")


class ModelCard(BaseModel):
    """What is served, as its archive says of itself."""

    name: str
    version: str
    digest: str = Field(description="SHA-256 of the weights.")
    arithmetic: str = Field(description="What the network computes in.", examples=["float32"])
    rollout: RolloutCard | None = Field(description="None: nothing was ever rolled out.")
    facts: dict[str, Any]
