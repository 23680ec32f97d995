"""Traffic is counted whole, cell by cell, and every cell of a served version is there at 0 before anything has happened."""

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.contract import REJECTIONS, CacheState
from gateway.series import EXPLANATION_OUTCOMES
from tests.gateway.conftest import Gateway, digit_png, picture, png
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, shipped_reference

pytestmark = pytest.mark.anyio

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(of: Samples, name: str, **labels: str) -> float:
    return of[name, frozenset({"model_version": VERSION, **labels}.items())]


def total(of: Samples, name: str, **labels: str) -> float:
    return sum(number for (sample, have), number in of.items() if sample == name and set(labels.items()) <= have)


async def test_cells_of_a_version_exist_from_the_start(gateway: Gateway) -> None:
    async with gateway() as client:
        at_start = samples((await client.get("/metrics")).text)
    assert value(at_start, "digits_predictions_total", digit="3", accepted="false") == 0
    assert all(value(at_start, "digits_rejections_total", reason=reason) == 0 for reason in REJECTIONS)
    for state in CacheState:
        for feature, usual in shipped_reference()["features"].items():
            for bucket in range(len(usual["ratios"])):
                assert value(at_start, "digits_input_feature_total", feature=feature, bucket=str(bucket), cache=state) == 0
        assert value(at_start, "digits_input_feature_total", feature="digit", bucket="9", cache=state) == 0


async def test_cells_of_explanations_exist_from_the_start(gateway: Gateway) -> None:
    async with gateway() as client:
        at_start = samples((await client.get("/metrics")).text)
    for outcome in EXPLANATION_OUTCOMES:
        assert at_start["gateway_explanations_total", frozenset({("outcome", outcome)})] == 0


@pytest.mark.parametrize(("room", "lookups"), [(100_000, 1), (0, 0)])
async def test_where_the_in_process_cache_is_off_nothing_is_looked_up_in_it(gateway: Gateway, room: int, lookups: int) -> None:
    async with gateway(local_cache_bytes=room, canary_seconds=0) as client:
        assert (await client.post("/v1/predict", content=digit_png(7))).status_code == 200
        seen = samples((await client.get("/metrics")).text)
    assert total(seen, "gateway_cache_lookups_total", tier="local") == lookups
    assert total(seen, "gateway_cache_duration_seconds_count", tier="local") == lookups


async def test_what_is_usual_is_told(gateway: Gateway) -> None:
    async with gateway() as client:
        told = samples((await client.get("/metrics")).text)
    usual = shipped_reference()
    assert value(told, "digits_reference_ratio", feature="ink", bucket="4") == usual["features"]["ink"]["ratios"][4]
    assert value(told, "digits_reference_ratio", feature="digit", bucket="1") == usual["digits"][1]
    assert value(told, "digits_baseline_class_pictures", label="5", read="wrong") == usual["validation"]["errors"][5]
    pictures, errors = (sum(usual["validation"][name]) for name in ("pictures", "errors"))
    assert value(told, "digits_baseline_accuracy_ratio") == pytest.approx(1 - errors / pictures)


async def test_hits_are_counted_like_misses_and_in_the_same_buckets(gateway: Gateway) -> None:
    async with gateway() as client:
        for _ in range(3):
            await client.post("/v1/predict", content=digit_png(7))
        after = samples((await client.get("/metrics")).text)
    assert value(after, "digits_predictions_total", digit="7", accepted="true") == 3
    counted = {
        state: {(labels["feature"], labels["bucket"]): number for labels, number in features(after, state) if number}
        for state in CacheState
    }
    assert set(counted[CacheState.MISS].values()) == {1}
    assert counted[CacheState.HIT] == {cell: 2 for cell in counted[CacheState.MISS]}
    assert {feature for feature, _ in counted[CacheState.MISS]} == {"ink", "aspect", "slant", "stroke", "polarity", "digit"}
    assert ("digit", "7") in counted[CacheState.MISS]
    assert ("polarity", "0") in counted[CacheState.MISS]


def features(of: Samples, state: CacheState) -> list[tuple[dict[str, str], float]]:
    every = ((dict(labels), number) for (name, labels), number in of.items() if name == "digits_input_feature_total")
    return [(labels, number) for labels, number in every if labels["cache"] == state]


async def test_a_dark_digit_on_light_counts_as_inverted(gateway: Gateway) -> None:
    page = np.full((120, 120), 255, np.uint8)
    page[30:86, 30:86] -= np.kron(picture(4), np.ones((2, 2), np.uint8))
    async with gateway() as client:
        await client.post("/v1/predict", content=png(page))
        after = samples((await client.get("/metrics")).text)
    assert value(after, "digits_input_feature_total", feature="polarity", bucket="1", cache="miss") == 1


async def test_each_reason_for_not_accepting_is_counted(gateway: Gateway) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=png(np.zeros((28, 28), np.uint8)))
        after = samples((await client.get("/metrics")).text)
    assert value(after, "digits_rejections_total", reason="blank") == 1
    assert total(after, "digits_predictions_total", accepted="false") == 1


async def test_a_model_without_a_reference_is_served_and_its_baselines_are_absent(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    torchserve.reference = None
    async with gateway() as client:
        assert (await client.post("/v1/predict", content=digit_png(7))).status_code == 200
        after = samples((await client.get("/metrics")).text)
    assert total(after, "digits_predictions_total", digit="7") == 1
    assert not [
        name for name, _ in after if name in ("digits_reference_ratio", "digits_baseline_accuracy_ratio", "digits_input_feature_total")
    ]
