"""Users of the gateway, each kind with its own pictures. They ask at their pace, check every answer, and never raise over one.

Request names begin with the route, so that they add up to what the gateway counts for it, and none holds an id. Between two requests a user
waits for a random time: at a constant pace those that came together would ask together for ever, and wait for each other. Each waits
for its answer too, so an overload is hidden in part; `loadtests.bench` has an open loop for that.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, ClassVar

from locust import FastHttpUser, poisson, task

from loadtests.bench.fresh import Upload
from loadtests.load.answers import member, out_of_a_cache, parsed, wrong_digit, wrong_digits
from loadtests.load.supply import Supply

PREDICT, FEEDBACK, BATCH = "/v1/predict", "/v1/feedback", "/v1/predict/batch"
TASKS_PER_SECOND = 5.0
"""Of each user, if answers took no time."""
BATCH_PICTURES = 8
DEADLINE_SECONDS = 10.0


class Asking(FastHttpUser):
    """What all kinds share."""

    abstract = True
    wait_time = poisson(TASKS_PER_SECOND)
    network_timeout = connection_timeout = DEADLINE_SECONDS
    supply: ClassVar[Supply]

    def predict(self, upload: Upload, kind: str, fault: Callable[[Any], str | None] = lambda answer: None) -> Any:
        """The answer; None where there is none, it is wrong, or has a `fault`."""
        return self.post(
            PREDICT, kind, upload.png, "application/octet-stream", lambda answer: wrong_digit(answer, upload.digit) or fault(answer)
        )

    def post(self, route: str, kind: str, body: bytes, content_type: str, fault: Callable[[Any], str | None]) -> Any:
        """The answer's JSON; None where there is none or `fault` names one, and then Locust counts a failure."""
        name, headers = f"{route} ({kind})", {"Content-Type": content_type}
        with self.client.post(route, body, name=name, headers=headers, catch_response=True) as response:  # type: ignore[arg-type]  # bytes do
            if response.status_code != 200:
                if response.ok and response.status_code:
                    response.failure(f"answered {response.status_code}")
                return None
            answer = parsed(response.content)
            named = fault(answer)
            if named is not None:
                response.failure(named)
                return None
            return answer


class NewPictures(Asking):
    """Pictures that nobody has sent before: each is computed."""

    weight = 3

    @task
    def ask(self) -> None:
        self.predict(self.supply.new(), "new", out_of_a_cache)


class RepeatedPictures(Asking):
    """A few pictures over and over: caches answer."""

    weight = 3

    @task
    def ask(self) -> None:
        self.predict(self.supply.repeated(), "repeated")


class ZipfPictures(Asking):
    """Pictures out of a catalogue, some popular and most not."""

    weight = 3

    @task
    def ask(self) -> None:
        self.predict(self.supply.popular(), "Zipf")


class Feedback(Asking):
    """A picture is asked for, and then the truth about the answer is told."""

    weight = 1

    @task
    def ask_and_tell(self) -> None:
        upload = self.supply.repeated()
        answer = self.predict(upload, "for feedback")
        if answer is not None:
            told = json.dumps({"prediction_id": member(answer, "prediction_id"), "label": upload.digit}).encode()
            self.post(FEEDBACK, "label", told, "application/json", lambda answer: None)


class Batches(Asking):
    """Several new pictures in one request."""

    weight = 1

    @task
    def ask(self) -> None:
        uploads = [self.supply.new() for _ in range(BATCH_PICTURES)]
        asked = json.dumps({"images": [base64.b64encode(upload.png).decode() for upload in uploads]}).encode()
        digits = [upload.digit for upload in uploads]
        self.post(BATCH, f"{BATCH_PICTURES} new", asked, "application/json", lambda answer: wrong_digits(answer, digits))
