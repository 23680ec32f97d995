"""Every network takes uint8 pixels, ends in logits and has the size its docstring says."""

import pytest
import torch

from model.network import CLOSER, NETWORKS, PARAMETER_LIMIT, STUDENT_LIMIT, build, parameter_count

PIXELS = torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("article", 197_674),
        ("article-as-drawn", 467_818),
        ("dense512", 407_050),
        ("residual-flat", 161_770),
        ("residual-deep", 190_442),
        ("residual-deeper", 198_482),
        ("residual-pooled", 157_714),
        ("student", 18_834),
        ("strided", 166_406),
        ("residual-deep-48", 244_842),
        ("residual-deeper-48", 208_722),
    ],
)
def test_a_network_has_as_many_parameters_as_is_said_of_it(name: str, count: int) -> None:
    assert parameter_count(build(name)) == count


def test_the_drawing_s_layers_have_the_counts_of_its_table() -> None:
    sizes = [parameter_count(layer) for layer in build("article-as-drawn").layers if parameter_count(layer)]
    assert [sizes[0] + sizes[1], sizes[2] + sizes[3], *sizes[4:]] == [9_568, 55_424, 401_536, 1_290]


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in ("article-as-drawn", "dense512")])
def test_every_network_but_the_drawing_and_the_dense_one_keeps_the_limit(name: str) -> None:
    assert parameter_count(build(name)) <= PARAMETER_LIMIT


def test_the_student_keeps_a_tenth_of_the_limit() -> None:
    assert parameter_count(build("student")) <= STUDENT_LIMIT == PARAMETER_LIMIT / 10


@pytest.mark.parametrize("name", NETWORKS)
def test_pixels_become_logits_and_not_probabilities(name: str) -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        logits = build(name).eval()(PIXELS)
    assert logits.shape == (3, 10)
    assert logits.dtype == torch.float32
    assert (logits < 0).any()
    assert not torch.allclose(logits.sum(1), torch.ones(3))


@pytest.mark.parametrize("name", NETWORKS)
def test_scaling_is_inside_so_bytes_and_floats_of_one_picture_agree(name: str) -> None:
    network = build(name).eval()
    with torch.inference_mode():
        assert torch.equal(network(PIXELS), network(PIXELS.float()))


@pytest.mark.parametrize("name", CLOSER)
def test_those_that_look_closer_take_48_by_48(name: str) -> None:
    with torch.inference_mode():
        assert build(name).eval()(torch.zeros(2, 48, 48, dtype=torch.uint8)).shape == (2, 10)


def test_dropout_is_as_asked_and_off_in_evaluation() -> None:
    network = build("article", dropout=0.25)
    assert [module.p for module in network.modules() if isinstance(module, torch.nn.Dropout)] == [0.25]
    network.eval()
    with torch.inference_mode():
        assert torch.equal(network(PIXELS), network(PIXELS))


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="article, article-as-drawn"):
        build("lenet")
