"""A ceiling for whoever uses FastAPI as it is meant to be used: a route that reads the body and says the same every time."""

from fastapi import FastAPI, Request

from loadtests.bench.rivals.front import serve


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, int]:
        await request.body()
        return {"digit": 7}

    return app


if __name__ == "__main__":
    serve(application())
