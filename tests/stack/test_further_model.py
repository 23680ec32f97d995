"""`make run MODELS=ARCHIVE` serves that model too: each answers under its name, and what becomes of one is not the other's."""

from pathlib import Path

import numpy as np
import pytest

from loadtests.programs import wait_until
from model.export import build_archive
from tests.gateway.conftest import png
from tests.stack.conftest import ROOT, make_run

pytestmark = pytest.mark.system


def test_a_further_archive_is_served_by_its_name_and_started_again_when_it_dies(larger: Path, tmp_path: Path) -> None:
    archive = build_archive(larger, tmp_path / "archives")
    with np.load(larger / "known.npz") as known:
        pixels, label = known["pixels"][0], known["labels"][0]
    named = {"model": "larger"}
    with make_run(tmp_path / "state", f"MODELS={archive}") as stack:
        told = f"larger answers at {stack.url}/v1/predict?model=larger (model "
        wait_until(lambda: told in stack.log.read_text(), 5, "the word on the further model")
        assert stack.predict((ROOT / "model/known/7.png").read_bytes()).json()["digit"] == 7
        assert stack.http.post("/v1/predict", params=named, content=png(pixels)).json()["digit"] == label
        stack.find("ModelServer", str(archive.parent)).kill()
        wait_until(lambda: not stack.get("/readyz").json()["checks"]["larger.torchserve"]["ok"], 10, "the loss of the further model")
        assert stack.ready
        assert stack.predict((ROOT / "model/known/7.png").read_bytes()).json()["digit"] == 7
        hit = stack.http.post("/v1/predict", params=named, content=png(pixels))
        assert (hit.json()["digit"], hit.json()["cache"]) == (label, "hit"), "what is remembered is still answered"
        wait_until(lambda: stack.get("/readyz").json()["checks"]["larger.model"]["ok"], 60, "its recovery")
