"""Who serves and who stands beside by the stage of a rollout: the rules, and a watch that goes by them."""

import re
import time

import pytest

from gateway.arranging import beside as stands_beside
from gateway.arranging import by_preference, place_of, preferred
from gateway.contract import ModelVersion
from gateway.model_client import ModelClient
from gateway.proving import Urls
from gateway.stage import Stage
from gateway.versions import FRESH_SECONDS, ModelWatch
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, misreads

pytestmark = pytest.mark.anyio

OTHER = "000000000001"
FIRST, SECOND = ("http://one.test:8080", "http://one.test:8081"), ("http://two.test:8080", "http://two.test:8081")
SHADOW = Stage.first("digits").shadow(OTHER, VERSION)
TENTH = SHADOW.share(10)


def at(urls: Urls, version: str, side: int = 28) -> ModelVersion:
    return ModelVersion("digits", version, *urls, facts={"side": side})


def test_what_the_stage_calls_current_is_adopted_first_and_its_candidate_last() -> None:
    ready = {(FIRST, OTHER): 1, (FIRST, "00000000000c"): 1, (SECOND, VERSION): 2, (SECOND, "00000000000d"): 0}
    assert by_preference(ready, SHADOW, {(FIRST, "00000000000c")}) == [(SECOND, VERSION), (FIRST, OTHER)]
    assert by_preference(ready, SHADOW, ()) == [(SECOND, VERSION), (FIRST, "00000000000c"), (FIRST, OTHER)]
    assert by_preference(ready, None, ()) == [place for place, workers in ready.items() if workers]


def test_nobody_is_replaced_by_what_is_not_proven_and_without_a_stage_by_what_is_listed_before_alone() -> None:
    served, earlier = at(SECOND, OTHER), at(FIRST, VERSION)
    both = {place_of(model): model for model in (served, earlier)}
    assert preferred(None, SHADOW, both, (FIRST, SECOND)) is None
    assert preferred(served, SHADOW, both, (FIRST, SECOND)) is earlier
    assert preferred(served, SHADOW, {place_of(served): served}, (FIRST, SECOND)) is None
    assert preferred(served, None, both, (FIRST, SECOND)) is earlier
    assert preferred(served, None, both, (SECOND, FIRST)) is None


def test_beside_stands_only_a_candidate_that_takes_the_same_pictures_and_is_not_served_itself() -> None:
    served, candidate, larger = at(FIRST, VERSION), at(SECOND, OTHER), at(SECOND, OTHER, side=40)
    for proven, found in ((candidate, candidate), (larger, None), (served, None)):
        assert stands_beside(served, SHADOW, {place_of(proven): proven}) is found
    assert stands_beside(candidate, SHADOW, {place_of(candidate): candidate}) is None
    assert stands_beside(served, SHADOW.rollback(), {place_of(candidate): candidate}) is None


@pytest.fixture
async def beside(watch: ModelWatch, torchserve: TorchServeDouble) -> ModelWatch:
    """VERSION is served and OTHER is READY."""
    await watch.look()
    torchserve.versions.append(OTHER)
    await watch.look()
    return watch


async def test_a_candidate_takes_its_place_once_it_read_the_known_digits(beside: ModelWatch) -> None:
    beside.follow(SHADOW)
    assert beside.shadowed is None
    assert beside.complaint(OTHER) == "it has not read the known digits yet"
    assert beside.complaint("00000000000f") == "no instance has it READY"
    await beside.prove()
    assert beside.complaint(OTHER) is None
    assert beside.shadowed is not None
    assert (beside.current.version, beside.shadowed.version, beside.sharing) == (VERSION, OTHER, None)
    beside.follow(TENTH)
    assert beside.shadowed is None
    assert beside.sharing is not None
    assert (beside.sharing.candidate.version, beside.sharing.percent) == (OTHER, 10)


async def test_a_candidate_that_misreads_known_digits_never_takes_a_place(beside: ModelWatch, torchserve: TorchServeDouble) -> None:
    torchserve.answers[OTHER] = misreads
    beside.follow(TENTH)
    await beside.prove()
    assert beside.sharing is None
    assert beside.complaint(OTHER) == f"version {OTHER} reads 10 of 10 known digits wrong"
    assert beside.ready


async def test_a_promotion_and_its_rollback_take_effect_at_once(beside: ModelWatch, torchserve: TorchServeDouble) -> None:
    beside.follow(TENTH)
    await beside.prove()
    described = torchserve.described
    beside.follow(TENTH.promote())
    assert (beside.current.version, beside.sharing) == (OTHER, None)
    assert beside.deployed(VERSION)
    await beside.ask_others()
    assert beside.ready
    beside.follow(TENTH.promote().rollback())
    assert (beside.current.version, beside.sharing) == (VERSION, None)
    assert beside.ready
    assert torchserve.described == described


async def test_a_candidate_that_vanishes_is_out_until_it_is_proven_again(beside: ModelWatch, torchserve: TorchServeDouble) -> None:
    beside.follow(TENTH)
    await beside.prove()
    torchserve.versions.remove(OTHER)
    await beside.look()
    assert beside.sharing is None
    torchserve.versions.append(OTHER)
    await beside.look()
    assert beside.sharing is None
    await beside.prove()
    assert beside.sharing is not None


async def test_a_candidate_that_misreads_in_service_is_out_for_as_long_as_the_stage_lasts(
    beside: ModelWatch, torchserve: TorchServeDouble
) -> None:
    beside.follow(TENTH)
    await beside.prove()
    torchserve.answers[OTHER] = misreads
    await beside.ask_others()
    assert beside.sharing is None
    assert re.fullmatch(r"a known \d was read as \d", beside.complaint(OTHER) or "")
    torchserve.answers.clear()
    await beside.prove()
    assert beside.sharing is None
    beside.follow(TENTH.share(5))
    await beside.prove()
    assert beside.sharing is not None


async def test_the_stage_says_which_of_those_that_are_there_is_current(watch: ModelWatch, torchserve: TorchServeDouble) -> None:
    torchserve.versions = [OTHER, VERSION]
    watch.follow(SHADOW)
    await watch.look()
    assert watch.current.version == VERSION


async def test_the_candidate_serves_where_the_current_version_is_gone_until_that_is_back(
    beside: ModelWatch, torchserve: TorchServeDouble
) -> None:
    beside.follow(TENTH)
    await beside.prove()
    torchserve.versions = [OTHER]
    await beside.look()
    assert (beside.current.version, beside.sharing) == (OTHER, None)
    torchserve.versions = [OTHER, VERSION]
    await beside.look()
    await beside.prove()
    assert beside.current.version == VERSION
    assert beside.sharing is not None


async def test_a_former_version_that_went_wrong_is_known_before_a_rollback_comes_upon_it(
    beside: ModelWatch, torchserve: TorchServeDouble
) -> None:
    beside.follow(TENTH)
    await beside.prove()
    beside.follow(TENTH.promote())
    torchserve.answers[VERSION] = misreads
    await beside.ask_others()
    assert beside.complaint(VERSION) is not None
    beside.follow(TENTH.promote().rollback())
    assert beside.current.version == OTHER


async def test_answers_of_a_candidate_are_no_proof_of_the_served_version(beside: ModelWatch, model_client: ModelClient) -> None:
    beside.follow(TENTH)
    await beside.prove()
    model_client._answered_at = dict.fromkeys(model_client._answered_at, time.monotonic() - FRESH_SECONDS - 0.1)
    await beside.ask_others()
    assert not beside.ready
