"""So many pictures come again as it says, throughout, and none of the others."""

from pathlib import Path

import numpy as np
import pytest

from gateway.settings import read_settings
from loadtests.bench.fresh import Fresh
from loadtests.bench.hit_rates import BLOCK, MEASURED, MOST_PER_SECOND, mixed
from loadtests.bench.servers import OURS, OURS_UNCACHED, SECOND_GATEWAYS
from loadtests.bench.workloads import HIT_RATES

KNOWN = Path(__file__).parents[3] / "model" / "known" / "digits.npz"


@pytest.fixture
def fresh() -> Fresh:
    with np.load(KNOWN) as known:
        return Fresh(known["pixels"], known["labels"])


@pytest.mark.parametrize("percent", HIT_RATES)
def test_the_share_is_the_same_in_any_part_and_what_is_new_comes_once(fresh: Fresh, percent: int) -> None:
    known = fresh.take(30)
    uploads = mixed(fresh, known, percent, 1_000, seed=1)
    assert len(uploads) == 1_000
    again = [upload in known for upload in uploads]
    assert {sum(again[begin : begin + BLOCK]) * 100 / BLOCK for begin in range(0, 1_000, BLOCK)} == {percent}
    new = [upload for upload in uploads if upload not in known]
    assert len(set(new)) == len(new)


def test_pictures_come_again_in_an_order_that_the_seed_alone_decides(fresh: Fresh) -> None:
    known = fresh.take(30)
    orders = [[upload in known for upload in mixed(fresh, known, 50, 1_000, seed=seed)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert len({tuple(orders[0][begin : begin + BLOCK]) for begin in range(0, 1_000, BLOCK)}) > 10


def test_without_caches_there_is_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ({"GATEWAY_REDIS_URL": "redis://127.0.0.1:1"} | SECOND_GATEWAYS[OURS_UNCACHED]).items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert (settings.redis_url, settings.local_cache_bytes) == (None, 0)


def test_none_sent_before_is_measured_next_to_no_caches_in_either_order() -> None:
    assert MEASURED[:2] == ((0, OURS_UNCACHED), (0, OURS))
    assert MOST_PER_SECOND.keys() == HIT_RATES.keys()
