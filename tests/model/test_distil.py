"""Teachers are asked once a view and every student hears the same; a teacher that is missing is named with the command that makes it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from model import committed, distil
from model.augment import Augmentation
from model.data import Digits
from model.distil import Teachers, distillation_loss
from model.inference import Classifier, ReleaseUnusable
from model.network import build
from model.recipes import ARTICLE, RELEASED_NETWORK, Distillation
from model.runs import RunsMissing
from model.train import train

NUMBERS = np.random.default_rng(0)
TRAINING = Digits(NUMBERS.integers(0, 256, (96, 28, 28), np.uint8), np.arange(96, dtype=np.uint8) % 10)
SHIFTED = Augmentation(shift_pixels=2)
TEACHER = replace(ARTICLE, name="master", network="residual-pooled", epochs=1, batch_size=32, dropouts=(0.2,), augmentation=SHIFTED)
HOW = Distillation(teacher="master", teacher_seeds=(1, 2), views=2)
STUDENT = replace(TEACHER, name="pupil", epochs=3, distillation=HOW)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished teachers."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("runs")
    for seed in HOW.teacher_seeds:
        train(TEACHER, seed, 0.2, TRAINING, TRAINING, folder / f"master-dropout0.2-seed{seed}")
    return folder


@pytest.fixture(scope="module")
def teachers(runs: Path) -> Teachers:
    return Teachers(HOW, SHIFTED, TRAINING, runs)


def test_a_view_holds_varied_pictures_and_the_mean_of_what_the_teachers_say(teachers: Teachers) -> None:
    view = teachers.view(0)
    assert (view.pixels.shape, view.pixels.dtype) == ((96, 28, 28), torch.uint8)
    assert not torch.equal(view.pixels, torch.from_numpy(TRAINING.pixels))
    with torch.inference_mode():
        first, second = (functional.softmax(network(view.pixels) / HOW.temperature, 1) for network in teachers.networks)
    assert not torch.allclose(first, second, atol=0.01)
    assert torch.allclose(view.log_probabilities.exp(), (first + second) / 2, atol=0.01)  # the teachers speak in bfloat16


def test_the_committed_network_is_one_for_teachers_and_for_everybody_else() -> None:
    assert distil.RELEASED == committed.RELEASED


def test_views_differ_and_begin_again_after_the_last(teachers: Teachers) -> None:
    first, second, third = (teachers.view(number) for number in range(3))
    assert not torch.equal(first.pixels, second.pixels)
    assert torch.equal(first.pixels, third.pixels)
    assert torch.equal(first.log_probabilities, third.log_probabilities)


def test_a_view_is_made_once(teachers: Teachers, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = teachers.view(0)
    again = Teachers(HOW, SHIFTED, TRAINING, runs)
    monkeypatch.setattr(again, "networks", ())
    assert torch.equal(again.view(0).log_probabilities, made.log_probabilities)


def test_other_pictures_or_another_augmentation_are_other_views(teachers: Teachers, runs: Path) -> None:
    folders = {
        teachers.folder,
        Teachers(HOW, SHIFTED, TRAINING[:50], runs).folder,
        Teachers(HOW, Augmentation(shift_pixels=1), TRAINING, runs).folder,
        Teachers(replace(HOW, teacher_seeds=(2,)), SHIFTED, TRAINING, runs).folder,
        Teachers(replace(HOW, temperature=3.0), SHIFTED, TRAINING, runs).folder,
    }
    assert len(folders) == 5


@pytest.fixture
def released(tmp_path: Path) -> Path:
    torch.manual_seed(5)
    torch.save(build("student").state_dict(), tmp_path / "weights.pt")
    (tmp_path / "release.json").write_text(json.dumps({"network": "student", "temperature": 1.5}))
    return tmp_path


ALONE = replace(HOW, teacher=RELEASED_NETWORK, teacher_seeds=())


def test_the_committed_network_teaches_as_it_serves_and_needs_no_run(released: Path, tmp_path: Path) -> None:
    view = Teachers(ALONE, SHIFTED, TRAINING, tmp_path / "runs", released=released).view(0)
    served = torch.from_numpy(Classifier(released).logits(view.pixels.numpy()))
    assert torch.allclose(view.log_probabilities, functional.log_softmax(served / ALONE.temperature, 1), atol=0.05)
    assert torch.allclose(view.log_probabilities.exp().sum(1), torch.ones(96), atol=1e-3)


def test_another_committed_network_or_temperature_of_it_is_another_teacher(released: Path, tmp_path: Path) -> None:
    folders = {Teachers(ALONE, SHIFTED, TRAINING, tmp_path, released=released).folder}
    (released / "release.json").write_text(json.dumps({"network": "student", "temperature": 1.0}))
    folders.add(Teachers(ALONE, SHIFTED, TRAINING, tmp_path, released=released).folder)
    torch.save(build("student").state_dict(), released / "weights.pt")
    folders.add(Teachers(ALONE, SHIFTED, TRAINING, tmp_path, released=released).folder)
    assert len(folders) == 3


def test_without_a_committed_network_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseUnusable, match=r"release\.json is missing"):
        Teachers(ALONE, SHIFTED, TRAINING, tmp_path, released=tmp_path)


def test_a_missing_teacher_is_named_with_its_command(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(RunsMissing, match=r"seeds 7 are not .* --recipe master --seeds 7` makes them"):
        Teachers(replace(HOW, teacher_seeds=(1, 7)), SHIFTED, TRAINING, runs)
    with pytest.raises(RunsMissing, match="no finished run of the recipe master"):
        train(STUDENT, 1, 0.2, TRAINING, TRAINING, tmp_path / "pupil-dropout0.2-seed1")


def test_the_loss_is_lowest_where_the_student_says_what_the_teacher_says() -> None:
    logits = torch.randn(8, 10, generator=torch.Generator().manual_seed(0)) * 5
    how, labels = replace(HOW, weight=1.0), torch.zeros(8, dtype=torch.int64)
    teacher = functional.log_softmax(logits / how.temperature, 1)
    assert distillation_loss(logits + 3, teacher, labels, how) == pytest.approx(0, abs=1e-5)
    assert distillation_loss(logits * 0.8, teacher, labels, how) > 0.01


def test_the_gradient_keeps_its_size_at_any_temperature() -> None:
    """At high temperature the loss is half the mean square of what centred logits differ by, a tenth a digit (Hinton et al. 2015)."""
    teacher, student = torch.randn(2, 8, 10, generator=torch.Generator().manual_seed(1))
    apart = (teacher - teacher.mean(1, keepdim=True)) - (student - student.mean(1, keepdim=True))
    softened = functional.log_softmax(teacher / 300, 1)
    hot = distillation_loss(student, softened, torch.zeros(8, dtype=torch.int64), replace(HOW, weight=1.0, temperature=300.0))
    assert float(hot) == pytest.approx(float((apart**2).sum(1).mean() / 20), rel=0.02)


def test_without_weight_the_labels_alone_count() -> None:
    student, teacher = torch.randn(2, 8, 10, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(8)
    assert torch.equal(distillation_loss(student, teacher, labels, replace(HOW, weight=0.0)), functional.cross_entropy(student, labels))


def test_a_student_s_loss_falls_and_its_history_names_the_teacher(runs: Path) -> None:
    run = train(STUDENT, 1, 0.2, TRAINING, TRAINING, runs / "pupil-dropout0.2-seed1")
    losses = [epoch["training_loss_running"] for epoch in run.history.epochs]
    assert losses[2] < losses[0]
    assert run.history.recipe["distillation"]["teacher"] == "master"


def test_the_seed_alone_decides_also_where_the_views_are_made_already(runs: Path) -> None:
    weights = [train(STUDENT, 2, 0.2, TRAINING, TRAINING, runs / name).network.state_dict() for name in ("first", "later")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
