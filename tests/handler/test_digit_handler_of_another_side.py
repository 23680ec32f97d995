"""A network of another name and side is asked in its own measure, and tells by which pictures it is to be judged."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from handler.digit_handler import FACTS, LOGITS, MAP, DigitHandler
from model.choice import fastest
from model.explain import grad_cam
from model.export import build_archive
from model.inference import Classifier
from model.preprocess import canonicalise
from tests.handler.asking import Ask, Context, explain_request, pictures, pixels_request, png


@pytest.fixture(scope="module")
def reader(larger: Path, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A network of another name and side."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(build_archive(larger, tmp_path_factory.mktemp("store"))) as archive:
        archive.extractall(unpacked)
    made = DigitHandler()
    made.initialize(Context(unpacked, []))
    return Ask(made, unpacked)


def test_a_network_of_another_side_takes_pixels_of_that_side(reader: Ask, larger: Path) -> None:
    with np.load(larger / "known.npz") as known:
        pixels, labels = known["pixels"], known["labels"]
    (answer,), context = reader(pixels_request(pixels, Accept=LOGITS))
    assert context.kinds == {0: LOGITS}
    assert np.frombuffer(answer, "<f4").reshape(-1, 10).argmax(1).tolist() == labels.tolist()
    (told,), context = reader(explain_request(pixels[:1], int(labels[0])))
    assert context.kinds == {0: MAP}
    expected = grad_cam(Classifier(larger).layers, pixels[:1], labels[:1], side=32)
    np.testing.assert_allclose(np.frombuffer(told, "<f4").reshape(1, 32, 32), expected, atol=1e-5)
    assert reader.problem(*pixels_request(pictures(1)))[1] == "canonical pixels are n * 1024 bytes, n in 1..64, not 784 bytes"
    assert "1024 canonical bytes" in reader.problem(*explain_request(pictures(1), 3))[1]


def test_uploads_are_read_at_its_side(reader: Ask, larger: Path) -> None:
    (found,) = reader.predictions({"body": bytearray(png())}, {"Content-Type": "image/png"})
    expected = fastest(larger).logits(canonicalise(png(), side=32).pixels[None])[0]
    np.testing.assert_allclose(found["logits"], expected, atol=1e-4)


def test_what_it_says_of_itself_holds_its_own_known_pictures(reader: Ask, larger: Path, ask: Ask) -> None:
    facts = json.loads(reader(({"body": b""}, {"Content-Type": FACTS}))[0][0])
    with np.load(larger / "known.npz") as known:
        assert facts["known"] == {"pixels": known["pixels"].tobytes().hex(), "labels": known["labels"].tolist()}
    assert (facts["model"], facts["side"]) == ("larger", 32)
    assert not {"side", "known"} & set(json.loads(ask(({"body": b""}, {"Content-Type": FACTS}))[0][0])), "those are for others"
