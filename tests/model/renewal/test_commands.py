"""`retrain`, `gate` and `new-style` from the command line: what they write, what they say, and what they refuse in one line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import model
from model.__main__ import main
from model.data import Digits
from model.gate_report import FILE, REFUSE
from model.renewal import hard
from model.renewal.candidate import seen_by
from tests.model.bars import bars
from tests.model.renewal.conftest import World, panel, swapped
from tests.model.renewal.records import export, record
from tests.model.tracked_store import Store

Printed = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two callers, one of whom labels one picture otherwise than the other does."""
    new = bars(200, 5, lower=8)
    records = [
        record(picture, int(label), ("a", "b")[number // 10 % 2], id=f"id{number}")
        for number, (picture, label) in enumerate(zip(new.pixels, new.labels, strict=True))
    ]
    records.append(record(new.pixels[0], int(new.labels[0] + 1), "b", id="other"))
    return export(tmp_path_factory.mktemp("labelled") / "labelled.jsonl.gz", records)


@pytest.fixture
def _bars(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand for MNIST."""
    monkeypatch.setattr("model.renewal.commands.training_split", lambda folder: (world.training, world.validation))
    monkeypatch.setattr("model.renewal.picture_commands.training_split", lambda folder: (world.training, world.validation))
    monkeypatch.setattr("model.judge.test_digits", lambda folder: world.test)
    monkeypatch.setattr("model.renewal.candidate.REFERENCE_PICTURES", 200)
    monkeypatch.setattr("model.judge.load_writers", lambda which: panel(world.test).writers)
    monkeypatch.setattr(hard, "hard_pictures", lambda: np.arange(50))


@pytest.mark.usefixtures("_bars")
def test_a_candidate_is_trained_and_says_what_it_was_made_of_and_the_gate_judges_it(
    world: World, labelled: Path, tmp_path: Path, capsys: Printed
) -> None:
    out, secret = tmp_path / "candidate", tmp_path / "secret"
    given = ["--labelled", str(labelled), "--current", str(world.current)]
    trained = ["retrain", *given, "--out", str(out), "--runs", str(tmp_path / "runs"), "--epochs", "1", "--draws", "640"]
    assert main(trained) == 0
    said = capsys.readouterr().out
    told = json.loads((out / "renewal.json").read_text())
    assert {file.name for file in out.iterdir()} == {
        "weights.pt",
        "release.json",
        "reference.json",
        "ranges.json",
        "limits.json",
        "renewal.json",
    }
    assert json.loads((out / "release.json").read_text())["model"] == "bars", "it is served as what it was renewed from"
    assert told["labelled"]["pictures"] == {"training": 139, "choice": 20, "gate": 40, "set_aside": 1}
    assert told["labelled"]["set_aside"][0]["labels"] == {"a": [0], "b": [1]}
    assert [each["caller"] for each in told["labelled"]["callers"]] == ["a", "b"]
    assert sum(json.loads((out / "reference.json").read_text())["validation"]["pictures"]) == 100 + 2 * 20, "a third, as in training"
    assert told["seed"] == 1
    assert told["n"] == 640 + 139
    assert told["generated"]["seconds"] > 0
    assert len(seen_by(out)) == 159
    assert f"candidate {told['candidate']['version']} is in {out}" in said
    assert "201 records: 139 pictures trained on, 20 chosen by, 40 kept for the gate, 1 set aside" in said

    secret.write_text("s" * 64)
    asked = ["gate", *given, "--candidate", str(out), "--secret-file", str(secret), "--log", str(tmp_path / "log" / "READINGS.md")]
    assert main(asked) == 1, "bars are no digits, so the known digits are misread"
    refused = capsys.readouterr()
    report = json.loads((out / FILE).read_text())
    assert report["decision"] == REFUSE
    assert report["candidate"]["version"] == told["candidate"]["version"]
    assert report["asked"]["labelled"]["n"] == 40, "what the candidate saw is not asked"
    assert refused.err.startswith(f"python -m model gate: {told['candidate']['version']} is refused: ")
    assert refused.err.count("\n") == 1
    assert "# Gate: refuse" in refused.out
    assert (tmp_path / "log" / "READINGS.md").read_text().count("MNIST test set") == 2


@pytest.fixture(scope="module")
def large(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network, said to read pictures of another side."""
    folder = tmp_path_factory.mktemp("large") / "released"
    shutil.copytree(world.current, folder)
    told = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps({**told, "side": 48}))
    return folder


@pytest.fixture(scope="module")
def letters(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network, released by another name."""
    folder = tmp_path_factory.mktemp("letters") / "released"
    shutil.copytree(world.current, folder)
    told = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps({**told, "model": "letters"}))
    return folder


@pytest.mark.usefixtures("_bars")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["retrain", "--labelled", "nowhere"], "nowhere cannot be read"),
        (["retrain", "--labelled", "nowhere", "--out", str(Path(model.__file__).parent / "released")], "is served from"),
        (["retrain", "--labelled", "nowhere", "--threads", "0"], "--threads is 0"),
        (["retrain", "--labelled", "nowhere", "--epochs", "0"], "--epochs is 0; it is at least 1"),
        (["gate", "--without-labelled", "--candidate", "CURRENT", "--current", "CURRENT"], "is the current network"),
        (["gate", "--without-labelled", "--candidate", "nowhere", "--secret-file", "nosecret"], "the secret file nosecret cannot be read"),
        (["retrain", "--labelled", "nowhere", "--current", "LARGE"], "reads pictures of 48 x 48"),
        (["gate", "--without-labelled", "--candidate", "CURRENT", "--current", "LARGE", "--secret-file", "SECRET"], "of 48 x 48"),
        (["gate", "--without-labelled", "--candidate", "LARGE", "--current", "CURRENT", "--secret-file", "SECRET"], "of 48 x 48"),
        (
            ["gate", "--without-labelled", "--candidate", "LETTERS", "--current", "CURRENT", "--secret-file", "SECRET"],
            "a candidate has the name of what it replaces",
        ),
        (["new-style", "--out", "x.npz", "--count", "0"], "--count is 0"),
        (["new-style", "--out", "x.npz", "--count", "641"], "there are 640 pictures, not 641"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    world: World,
    large: Path,
    letters: Path,
    arguments: list[str],
    why: str,
    capsys: Printed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("s" * 64)
    given = {"CURRENT": str(world.current), "LARGE": str(large), "LETTERS": str(letters), "SECRET": str(secret)}
    assert main([given.get(each, each) for each in arguments]) == 1
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_a_candidate_never_takes_the_place_of_what_serves_and_is_not_sent_there_again(
    tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = "var/renewal/candidate"
    assert main(["retrain", "--labelled", "nowhere", "--current", folder]) == 1
    assert capsys.readouterr().err.count(folder) == 1


def test_records_on_which_nobody_agrees_are_nothing_to_learn_from(world: World, tmp_path: Path, capsys: Printed) -> None:
    picture = bars(1, 1).pixels[0]
    file = export(tmp_path / "file", [record(picture, 1, "a"), record(picture, 2, "b")])
    assert main(["retrain", "--labelled", str(file), "--current", str(world.current), "--out", str(tmp_path / "out")]) == 1
    assert "holds no picture on whose label all agree" in capsys.readouterr().err


@pytest.mark.usefixtures("_bars")
def test_pictures_of_the_new_style_are_written_and_it_is_said_how_they_are_read(tmp_path: Path, capsys: Printed) -> None:
    assert main(["new-style", "--out", str(tmp_path / "new.npz"), "--count", "20", "--seed", "3"]) == 0
    with np.load(tmp_path / "new.npz") as stored:
        made = Digits(stored["pixels"], stored["labels"])
    assert made.pixels.shape == (20, 28, 28)
    assert len(made) == 20
    assert "20 training pictures in" in capsys.readouterr().out


@pytest.mark.usefixtures("_bars")
def test_looking_for_hard_pictures_is_a_reading_of_the_test_set_and_is_noted(world: World, tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr("model.renewal.picture_commands.train_digits", lambda folder: world.training)
    monkeypatch.setattr("model.judge.test_digits", lambda folder: swapped(world.test))
    log, out = tmp_path / "LOG.md", tmp_path / "hard.txt"
    assert main(["hard-pictures", "--out", str(out), "--log", str(log)]) == 0
    assert len(np.loadtxt(out)) == 80
    assert "· MNIST test set · `python -m model hard-pictures " in log.read_text()
    assert "test accuracy 80.00 % (n = 400)" in log.read_text()


def test_the_committed_hard_pictures_are_of_the_test_set_and_few() -> None:
    found = hard.hard_pictures()
    assert 100 < len(found) < 400
    assert (np.diff(found) > 0).all()
    assert found[-1] < 10_000


@pytest.mark.extra
@pytest.mark.filterwarnings("ignore")  # the library's own
@pytest.mark.usefixtures("_bars")
def test_a_tracked_renewal_leaves_its_epochs_and_what_it_was_made_of(world: World, labelled: Path, tmp_path: Path) -> None:
    store, out = Store(tmp_path / "store" / "track.db"), tmp_path / "candidate"
    where = ["--current", str(world.current), "--out", str(out), "--runs", str(tmp_path / "runs"), "--track", store.file]
    assert main(["retrain", "--labelled", str(labelled), *where, "--epochs", "1", "--draws", "640"]) == 0
    command, [run] = store.runs()
    told = json.loads((out / "renewal.json").read_text())
    assert store.file_of(command, "renewal.json", tmp_path) == told
    assert command.data.metrics["labelled.pictures.gate"] == 40
    assert [step for step, _ in store.told(run, "validation_loss")] == [1]
