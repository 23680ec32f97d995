"""Each format holds the picture, and finds in an answer the digit that was read and no other number."""

import base64
import json
import re

import pytest

from loadtests.bench.formats import JSON, LIST, RAW, TENSOR, Format


@pytest.mark.parametrize("format", [JSON, LIST, TENSOR], ids=["JSON", "list", "tensor"])
def test_json_holds_the_picture_in_base64(format: Format) -> None:
    (text,) = re.findall(r'"(cGlj[^"]*)"', json.dumps(json.loads(format.body(b"picture"))))
    assert base64.b64decode(text) == b"picture"
    assert format.media_type == "application/json"


def test_raw_is_the_picture() -> None:
    assert RAW.body(b"picture") == b"picture"


def test_a_tensor_is_one_of_the_open_inference_protocol() -> None:
    (tensor,) = json.loads(TENSOR.body(b"picture"))["inputs"]
    assert (tensor["name"], tensor["datatype"], tensor["shape"], len(tensor["data"])) == ("image", "BYTES", [1], 1)


@pytest.mark.parametrize("space", ["", " "])
def test_the_digit_of_a_tensor_is_found_and_no_probability_is_taken_for_it(space: str) -> None:
    outputs = [
        {"name": "digit", "shape": [1], "datatype": "INT64", "parameters": {}, "data": [3]},
        {"name": "probabilities", "shape": [1, 10], "datatype": "FP32", "parameters": {}, "data": [1, 0.5, 7]},
    ]
    said = json.dumps({"parameters": {}, "outputs": outputs}, separators=(f",{space}", f":{space}")).encode()
    assert [digit for digit in range(10) if TENSOR.digits[digit].search(said)] == [3]
    assert not any(pattern.search(said.replace(b"[3]", b"[31]")) for pattern in TENSOR.digits)


def test_the_digit_in_a_list_of_one_is_found() -> None:
    said = b'[{"digit": 4, "probabilities": [1, 0.5]}]'
    assert [digit for digit in range(10) if LIST.digits[digit].search(said)] == [4]
