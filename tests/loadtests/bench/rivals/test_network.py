"""The rivals' network reads pictures together as it does alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from loadtests.bench.rivals.network import Network, decoded
from loadtests.pictures import png


class Brightest(nn.Module):
    """The digit is the brightest of the first ten pixels."""

    def forward(self, pixels: Tensor) -> Tensor:
        return pixels.flatten(1)[:, :10].float()


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    before = torch.get_num_threads()
    torch.jit.script(Brightest()).save(str(tmp_path / "network.pt"))  # type: ignore[no-untyped-call]
    monkeypatch.setenv("RIVAL_NETWORK", str(tmp_path / "network.pt"))
    given = Network.given()
    torch.set_num_threads(before)
    return given


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_pictures_are_read_in_order(network: Network) -> None:
    pictures = np.zeros((3, 28, 28), np.uint8)
    for number, digit in enumerate((7, 0, 3)):
        pictures[number, 0, digit] = 200
    answers = network.read(decoded([png(picture) for picture in pictures]))
    assert [answer["digit"] for answer in answers] == [7, 0, 3]
    assert [len(answer["probabilities"]) for answer in answers] == [10, 10, 10]
    assert answers[0]["probabilities"][7] == pytest.approx(1)
