"""MLServer with adaptive batching; base64 in a BYTES tensor of the Open Inference Protocol, as its documentation has pictures.

It has one worker, its default: two, and the network in the process of its front, were tried and are slower here. Its metrics are off, which
would be files in the folder where it is started.
"""

import asyncio
import os
from pathlib import Path

from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import Base64Codec
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput
from mlserver.utils import install_uvloop_event_loop

from loadtests.bench.rivals.environment import HOST, NETWORK, PORT
from loadtests.bench.rivals.network import LARGEST_BATCH, Network, decoded

BATCH_SECONDS = 0.002
HERE = "loadtests.bench.rivals.ml_server"
"""Under this name, not as the main module, its workers import it."""


class Digits(MLModel):  # type: ignore[misc]
    """`image` BYTES [n], base64, in; `digit` INT64 [n] and `probabilities` FP32 [n, 10] out."""

    async def load(self) -> bool:
        self.network = Network(Path(self.settings.parameters.uri))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        (image,) = payload.inputs
        answers = self.network.read(decoded(Base64Codec.decode_input(image)))
        digits = [answer["digit"] for answer in answers]
        probabilities = [each for answer in answers for each in answer["probabilities"]]
        outputs = [
            ResponseOutput(name="digit", shape=[len(answers)], datatype="INT64", parameters={}, data=digits),
            ResponseOutput(name="probabilities", shape=[len(answers), 10], datatype="FP32", parameters={}, data=probabilities),
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)


async def serve() -> None:
    """Until it is told to stop."""
    settings = Settings(
        debug=False,
        host=HOST,
        http_port=int(os.environ[PORT]),
        grpc_port=0,  # whichever is free
        metrics_endpoint=None,
    )
    digits = ModelSettings(
        name="digits",
        implementation=f"{HERE}.Digits",
        max_batch_size=LARGEST_BATCH,
        max_batch_time=BATCH_SECONDS,
        parameters=ModelParameters(uri=os.environ[NETWORK]),
    )
    await MLServer(settings).start([digits])


if __name__ == "__main__":
    install_uvloop_event_loop()
    asyncio.run(serve())
