"""Whether TorchServe in this container reads a known digit right: exit code 0, else 1 and one line that says why not.

Its own health endpoint says yes while every worker is dead. Nothing outside the standard library is loaded, since this runs every few
seconds on the processor that the worker computes on.
"""

import json
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

INFERENCE, MANAGEMENT = 8080, 8081
SECONDS = 2.0
"""For each of the two answers: less than whoever runs this waits for both."""

DIGIT = 7
PICTURE = Path(__file__).resolve().parents[1] / "model" / "known" / "7.png"


def main(inference: int = INFERENCE, management: int = MANAGEMENT) -> int:
    try:
        fault = _workers(management) or _misread(inference)
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        fault = f"no answer that can be used: {type(error).__name__}: {error}"
    if fault is not None:
        print(fault)
    return int(fault is not None)


def _workers(port: int) -> str | None:
    described = json.loads(_answer(port, "GET", "/models/digits", None))
    states = [worker["status"] for version in described for worker in version["workers"]]
    return None if "READY" in states else f"no worker is READY ({', '.join(states) or 'there is none'})"


def _misread(port: int) -> str | None:
    [prediction] = json.loads(_answer(port, "POST", "/predictions/digits", PICTURE.read_bytes()))["predictions"]
    return None if prediction["digit"] == DIGIT else f"a known {DIGIT} was read as {prediction['digit']}"


def _answer(port: int, method: str, path: str, body: bytes | None) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise HTTPException(f"{path} answered {response.status}")
    return answer


if __name__ == "__main__":
    sys.exit(main())
