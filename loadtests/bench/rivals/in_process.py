"""FastAPI with the network in the process: no batching, nothing between the request and the network."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from loadtests.bench.rivals.front import serve
from loadtests.bench.rivals.network import Network, decoded


def application(network: Network) -> FastAPI:
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> JSONResponse:
        return JSONResponse(network.read(decoded([await request.body()]))[0])

    return app


if __name__ == "__main__":
    serve(application(Network.given()))
