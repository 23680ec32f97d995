"""Whatever a request holds, the handler answers it, in order, and a bad one fails alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handler.digit_handler import EXPLAIN, FACTS, LOGITS, MAP, PIXELS, DigitHandler
from model.choice import fastest
from model.explain import grad_cam
from model.inference import Classifier
from model.preprocess import EmptyUpload, ImageTooLarge, UnreadableImage, UnsupportedImage, canonicalise
from tests.handler.asking import Ask, explain_request, form, pictures, pixels_request, png


@pytest.mark.parametrize("n", [1, 5, 64])
def test_pixels_are_answered_with_logits_as_bytes(ask: Ask, folder: Path, n: int) -> None:
    (answer,), context = ask(pixels_request(pictures(n), Accept=LOGITS))
    assert context.kinds == {0: LOGITS}
    np.testing.assert_array_equal(np.frombuffer(answer, "<f4").reshape(n, 10), fastest(folder).logits(pictures(n)))


def test_pixels_are_answered_as_json_by_default(ask: Ask, folder: Path) -> None:
    expected = fastest(folder).logits(pictures(3))
    found = ask.predictions(*pixels_request(pictures(3)))
    np.testing.assert_array_equal(np.array([prediction["logits"] for prediction in found], np.float32), expected)
    assert [prediction["digit"] for prediction in found] == expected.argmax(axis=1).tolist()


def test_probabilities_are_the_softmax_of_the_logits(ask: Ask) -> None:
    (prediction,) = ask.predictions(*pixels_request(pictures(1)))
    weights = np.exp(np.array(prediction["logits"], np.float64))
    np.testing.assert_allclose(prediction["probabilities"], weights / weights.sum(), rtol=1e-12)
    assert sum(prediction["probabilities"]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("length", [0, 1, 783, 785, 65 * 784])
def test_pixels_of_a_wrong_length_are_a_400(ask: Ask, length: int) -> None:
    status, detail = ask.problem({"body": bytearray(length)}, {"Content-Type": PIXELS})
    assert status == 400
    assert str(length) in detail


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "image/png"}, {"content-type": "text/plain; charset=utf-8"}])
def test_any_other_body_is_one_image(ask: Ask, folder: Path, headers: dict[str, Any]) -> None:
    (prediction,) = ask.predictions({"body": bytearray(png())}, headers)
    expected = fastest(folder).logits(canonicalise(png()).pixels[None])[0]
    np.testing.assert_array_equal(np.array(prediction["logits"], np.float32), expected)


@pytest.mark.parametrize("spelling", ["content-type", "Content-Type", "CONTENT-TYPE"])
def test_headers_count_however_they_are_spelt(ask: Ask, spelling: str) -> None:
    parts, _ = pixels_request(pictures(2))
    assert len(ask.predictions(parts, {spelling: f"{PIXELS.upper()}; n=2"})) == 2


def test_a_picture_and_a_digit_get_the_map_of_that_digit(ask: Ask, folder: Path) -> None:
    (answer,), context = ask(explain_request(pictures(1), 3))
    assert context.kinds == {0: MAP}
    expected = grad_cam(Classifier(folder).layers, pictures(1), np.array([3]))
    np.testing.assert_allclose(np.frombuffer(answer, "<f4").reshape(1, 28, 28), expected, atol=1e-5)
    (other,), _ = ask(explain_request(pictures(1), 4))
    assert other != answer


@pytest.mark.parametrize("body", [b"", bytes(784), bytes(786), bytes(784) + b"\x0a", pictures(2).tobytes()])
def test_what_is_no_picture_with_a_digit_is_not_explained(ask: Ask, body: bytes) -> None:
    status, detail = ask.problem({"body": bytearray(body)}, {"Content-Type": EXPLAIN})
    assert status == 400
    assert "a digit, 0 to 9" in detail


def test_pictures_to_read_and_to_explain_in_one_batch_each_get_their_own_kind(ask: Ask) -> None:
    requests = [
        explain_request(pictures(1), index % 10) if index % 3 == 0 else pixels_request(pictures(1 + index % 2), Accept=LOGITS)
        for index in range(50)
    ]
    answers, context = ask(*requests)
    for index, answer in enumerate(answers):
        assert context.kinds[index] == (MAP if index % 3 == 0 else LOGITS)
        assert len(answer) == 4 * (784 if index % 3 == 0 else 10 * (1 + index % 2))
        (alone,), _ = ask(requests[index])
        np.testing.assert_allclose(np.frombuffer(answer, "<f4"), np.frombuffer(alone, "<f4"), atol=1e-3)


@pytest.mark.parametrize(
    ("error", "status"), [(EmptyUpload, 400), (ImageTooLarge, 413), (UnsupportedImage, 415), (UnreadableImage, 422), (RuntimeError, 422)]
)
def test_every_way_a_picture_fails_has_its_status(digits: DigitHandler, folder: Path, error: type[Exception], status: int) -> None:
    def fails(upload: bytes) -> object:
        raise error("it is so")

    broken = DigitHandler(canonicalise=fails)
    broken.classifier = digits.classifier
    assert Ask(broken, folder).problem({"body": bytearray(b"x")}, {})[0] == status


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"hello", 415), (b"%PDF-1.7", 415), (b"<svg/>", 415), (png()[:40], 422), (b"\x89PNG\r\n\x1a\n", 422)]
)
def test_a_bad_picture_alone_gets_its_own_4xx(ask: Ask, body: bytes, status: int) -> None:
    assert ask.problem({"body": bytearray(body)}, {"Content-Type": "image/png"})[0] == status
    assert ask.problem(*form(body))[0] == status


def test_a_form_is_answered_part_by_part_in_order(ask: Ask) -> None:
    found = ask.predictions(*form(png("1"), b"hello", png("0")))
    assert [found[0]["logits"], found[2]["logits"]] == [
        pytest.approx(ask.predictions(*form(png(digit)))[0]["logits"], abs=1e-4) for digit in "10"
    ]
    assert found[1]["error"]["status"] == 415
    assert set(found[1]) == {"error"}


def test_a_form_of_bad_parts_alone_is_still_answered_part_by_part(ask: Ask) -> None:
    assert [part["error"]["status"] for part in ask.predictions(*form(b"", b"hello"))] == [400, 415]


@pytest.mark.parametrize("parts", [0, 65])
def test_a_form_carries_1_to_64_pictures(ask: Ask, parts: int) -> None:
    assert ask.problem(*form(*[png()] * parts))[0] == 400


def test_a_urlencoded_form_is_told_what_to_do(ask: Ask) -> None:
    status, detail = ask.problem({"\x89PNG": bytearray(b"...")}, {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 415
    assert "curl -T" in detail


@pytest.mark.parametrize("part", ["text", "\ud800", {"a": 1}, [1, 2], 7, None, True])
def test_what_torchserve_decoded_by_itself_is_a_4xx(ask: Ask, part: object) -> None:
    assert ask.problem({"body": part}, {"Content-Type": "application/json"})[0] in (400, 415)


def test_a_part_named_like_a_header_changes_nothing(ask: Ask) -> None:
    parts = {"Accept": bytearray(png()), "content-type": bytearray(png())}
    headers = {"Accept": {"content-type": "image/png"}, "content-type": {"content-type": "image/png"}}
    assert len(ask.predictions(parts, {"Content-Type": "multipart/form-data", **headers})) == 2


def test_a_batch_of_requests_is_answered_request_by_request(ask: Ask) -> None:
    requests = [
        pixels_request(pictures(2), Accept=LOGITS),
        ({"body": bytearray(b"hello")}, {}),
        form(png("1"), b"hello"),
        ({}, {"Content-Type": FACTS}),
        ({"body": bytearray(5)}, {"Content-Type": PIXELS, "Accept": LOGITS}),
        pixels_request(pictures(64)),
        ({"body": bytearray(png("3"))}, {}),
    ]
    together, context = ask(*requests)
    assert {index: status for index, (status, _) in context.statuses.items()} == {1: 415, 4: 400}
    for request, answer in zip(requests, together, strict=True):
        (alone,), _ = ask(request)
        if request[1].get("Accept") == LOGITS and answer[:1] != b"{":
            np.testing.assert_allclose(np.frombuffer(answer, "<f4"), np.frombuffer(alone, "<f4"), atol=1e-4)
        else:
            assert_alike(json.loads(answer), json.loads(alone))


def assert_alike(one: Any, other: Any) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_alike(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair)
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=1e-4)
    else:
        assert one == other


def test_all_pictures_of_a_batch_go_through_the_network_together(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    whole = ask.digits.classifier.logits

    def counted(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen.append(len(pixels))
        return whole(pixels)

    monkeypatch.setattr(ask.digits.classifier, "logits", counted)
    ask(pixels_request(pictures(2)), form(png(), b"bad", png()), ({"body": bytearray(png())}, {}))
    assert seen == [5]
