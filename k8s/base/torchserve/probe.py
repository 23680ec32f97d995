"""Whether TorchServe in this pod reads a known digit right: exit code 0, else 1 and one line that says why not.

Its own health endpoint says yes while every worker is dead. Nothing outside the standard library is loaded, since this runs every few
seconds on the processor that the worker computes on.
"""

import base64
import json
import sys
from http.client import HTTPConnection, HTTPException

INFERENCE, MANAGEMENT = 8080, 8081
SECONDS = 2.0
"""For each of the two answers: less than what the kubelet waits for both."""

DIGIT = 7
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAABEUlEQVQoFX3BvyuEcQDH8fenbDewuLo6k5uuLLcoGVCMRgzEpKSkmK6n64oFkXTKP+DXYMHAIJOoMyg/"
    "Jqvp4qYrV9d93fP4unueU9/XSzgIB+EgHISDcBCBm6GTMg3lE3ivYonAXT8ygAw8Xl/dExCB2GK21gXIAHod/sQnrN7SGA2p0XS3zMMgPtEuOXBsSgl84h9vrX42gU+0ixeT"
    "ZvYQn2jT89Sp0+k6PhEVv8xQHC8REFF5j5eRL36JiKNJ6HvDEmGrG6Z6kKtgiZbYzlzH98UUTaIpPp9Huyu0iKa8B+czFVrEn4UCsLRPiLBStwnY3vsgRFjFjDFbuRphwnpO"
    "m80sUcLyltcLNaKEg3D4AYXkRh28UJ8MAAAAAElFTkSuQmCC"
)
"""model/known/7.png, which the released network reads beyond doubt."""


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
    [prediction] = json.loads(_answer(port, "POST", "/predictions/digits", PICTURE))["predictions"]
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
