"""Whether TorchServe in this container reads a known digit right: exit code 0, else 1 and one line that says why not.

What pictures a model of another name knows, a gateway asks of its archive; here it has to say what it is.

Its own health endpoint says yes while every worker is dead. Nothing outside the standard library is loaded, since this runs every few
seconds on the processor that the worker computes on.
"""

import json
import os
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

INFERENCE, MANAGEMENT = 8080, 8081
SECONDS = 2.0
"""For each of the two answers: less than whoever runs this waits for both."""

DIGIT = 7
PICTURE = Path(__file__).resolve().parents[1] / "model" / "known" / "7.png"


FACTS = "application/x-digit-facts"
"""As `handler/digit_handler.py` has it."""


def main(inference: int = INFERENCE, management: int = MANAGEMENT, model: str = "digits") -> int:
    try:
        fault = _workers(management, model) or (_misread(inference) if model == "digits" else _another(inference, model))
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        fault = f"no answer that can be used: {type(error).__name__}: {error}"
    if fault is not None:
        print(fault)
    return int(fault is not None)


def _workers(port: int, model: str) -> str | None:
    described = json.loads(_answer(port, "GET", f"/models/{model}", None))
    states = [worker["status"] for version in described for worker in version["workers"]]
    return None if "READY" in states else f"no worker is READY ({', '.join(states) or 'there is none'})"


def _misread(port: int) -> str | None:
    [prediction] = json.loads(_answer(port, "POST", "/predictions/digits", PICTURE.read_bytes()))["predictions"]
    return None if prediction["digit"] == DIGIT else f"a known {DIGIT} was read as {prediction['digit']}"


def _another(port: int, model: str) -> str | None:
    said = json.loads(_answer(port, "POST", f"/predictions/{model}", b"", {"Content-Type": FACTS}))["model"]
    return None if said == model else f"{model} says that it is {said}"


def _answer(port: int, method: str, path: str, body: bytes | None, headers: dict[str, str] = {}) -> bytes:  # noqa: B006 - only read
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise HTTPException(f"{path} answered {response.status}")
    return answer


if __name__ == "__main__":
    sys.exit(main(model=os.environ.get("DIGITS_MODEL") or "digits"))
