import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from model import data
from model.data import Digits
from model.recipes import RECIPES
from model.release import choose
from model.runs import RunsMissing
from model.splitting import Writers
from model.train import train


@pytest.fixture
def digits() -> Digits:
    rng = np.random.default_rng(0)
    return Digits(rng.integers(0, 256, (256, 28, 28), np.uint8), np.arange(256, dtype=np.uint8) % 10)


@pytest.fixture
def runs(tmp_path: Path, digits: Digits, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny = replace(RECIPES["release"], name="tiny", network="residual-pooled", epochs=1, precision="float32", distillation=None)
    monkeypatch.setitem(RECIPES, "tiny", tiny)
    monkeypatch.setattr("model.release.training_split", lambda folder: (digits, digits))
    whose = Writers(np.arange(256).astype(np.uint16) // 16, np.where(np.arange(256) < 128, 0, 4).astype(np.uint8))
    monkeypatch.setattr("model.release.validation_writers", lambda: whose)
    for seed in (1, 2, 3):
        train(tiny, seed, tiny.dropouts[0], digits, digits, tmp_path / "runs" / f"tiny-dropout{tiny.dropouts[0]:g}-seed{seed}")
    return tmp_path / "runs"


def test_the_seed_with_the_lowest_validation_loss_is_frozen_with_what_it_was_chosen_from(runs: Path, tmp_path: Path) -> None:
    record = choose(runs, "tiny", released=tmp_path / "released")
    losses = {candidate["seed"]: candidate["validation_loss"] for candidate in record.candidates}
    assert set(losses) == {1, 2, 3}
    assert record.seed == min(losses, key=lambda seed: losses[seed])
    assert json.loads((tmp_path / "released" / "release.json").read_text()) == asdict(record)
    assert (tmp_path / "released" / "weights.pt").stat().st_size > 100_000
    assert json.loads((tmp_path / "released" / "reference.json").read_text())["pictures"] == 256
    assert len(json.loads((tmp_path / "released" / "ranges.json").read_text())["maxima"]) == 6
    limits = json.loads((tmp_path / "released" / "limits.json").read_text())
    assert limits == {"score": "energy", "least": None, "level": 0.999, "quantile": 0.0}, "256 pictures are too few to promise anything by"
    assert f"seed {record.seed}" in str(record)


def test_it_is_served_under_the_name_that_it_is_given(runs: Path, tmp_path: Path) -> None:
    assert choose(runs, "tiny", released=tmp_path / "released").model == "digits"
    assert choose(runs, "tiny", released=tmp_path / "released", name="student").model == "student"
    assert json.loads((tmp_path / "released" / "release.json").read_text())["model"] == "student"


def test_a_recipe_without_runs_cannot_be_released(tmp_path: Path) -> None:
    with pytest.raises(RunsMissing):
        choose(tmp_path, "release", released=tmp_path / "released")


def test_one_seed_is_not_enough(runs: Path, tmp_path: Path) -> None:
    for folder in list(runs.iterdir())[1:]:
        shutil.rmtree(folder)
    with pytest.raises(RunsMissing, match="judged by 3 seeds and tiny has 1"):
        choose(runs, "tiny", released=tmp_path / "released")
    assert len(choose(runs, "tiny", released=tmp_path / "released", at_least=1).candidates) == 1, (
        "what was chosen from stands in the record"
    )


def test_the_test_set_is_never_looked_at(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Digits:
        raise AssertionError("the test set was read")

    monkeypatch.setattr(data, "test_digits", refused)
    monkeypatch.setattr(data, "_digits", refused)
    choose(runs, "tiny", released=tmp_path / "released")
