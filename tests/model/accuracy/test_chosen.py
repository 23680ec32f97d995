"""What is described as chosen is one of the runs that are measured, with its size and time; anything else is refused in one line."""

import json
from pathlib import Path

import pytest
import torch

from model.accuracy.chosen import describe_chosen
from model.evaluate import weights_digest
from model.inference import ReleaseUnusable

FEW = {1: 2}


@pytest.fixture
def released(runs: Path, tmp_path: Path) -> Path:
    """Seed 2 of the first recipe, as `release` leaves it."""
    weights = torch.load(runs / "first-dropout0-seed2" / "weights.pt", weights_only=True)
    torch.save({name: value.contiguous() for name, value in weights.items()}, tmp_path / "weights.pt")
    told = {"model": "student", "network": "student", "recipe": "first", "seed": 2, "dropout": 0.0, "temperature": 1.1}
    (tmp_path / "release.json").write_text(json.dumps({**told, "accept_threshold": 0.5, "validation": {"nll_before": 0.5}}))
    return tmp_path


def test_it_is_described_by_its_size_its_digest_and_its_time(released: Path, runs: Path) -> None:
    told = describe_chosen(released, "first", runs, FEW)
    assert (told["seed"], told["parameters"], told["validation_loss"]) == (2, 18_834, 0.5)
    assert told["bytes"] == (released / "weights.pt").stat().st_size
    assert told["weights_sha256"] == weights_digest(released / "weights.pt")
    assert told["latency"]["batches"][0]["median_ms"] > 0


def test_another_run_s_weights_are_refused(released: Path, runs: Path) -> None:
    torch.save(torch.load(runs / "first-dropout0-seed1" / "weights.pt", weights_only=True), released / "weights.pt")
    with pytest.raises(ReleaseUnusable, match=r"are not those of .*first-dropout0-seed2"):
        describe_chosen(released, "first", runs, FEW)


def test_a_network_of_another_recipe_or_seed_is_refused(released: Path, runs: Path) -> None:
    with pytest.raises(ReleaseUnusable, match="holds seed 2 of first, which is no run of second"):
        describe_chosen(released, "second", runs, FEW)
    told = json.loads((released / "release.json").read_text())
    (released / "release.json").write_text(json.dumps({**told, "seed": 9}))
    with pytest.raises(ReleaseUnusable, match="holds seed 9 of first"):
        describe_chosen(released, "first", runs, FEW)


def test_a_folder_without_a_network_is_refused(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseUnusable, match=r"release\.json is missing"):
        describe_chosen(tmp_path, "first", runs, FEW)
