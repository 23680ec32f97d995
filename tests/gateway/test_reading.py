"""Pictures that arrive together are read together, and none gets or pays for what is another's."""

import gc
import sys
from collections.abc import Iterable

import numpy as np
import pytest

from gateway.errors import Malformed, NotAnImage, Problem, TooLarge
from gateway.offloop import FEW_BYTES
from gateway.reading import PictureReader
from model.preprocess import Canonical, Header, ImageError, Limits, canonicalise, canonicalise_several
from tests.model.preprocess.pictures import DIGITS, drawn, encoded, enlarged

pytestmark = pytest.mark.anyio

SMALL = [encoded(pixels, "PNG") for pixels in DIGITS[:3]]
LARGE = encoded(drawn(enlarged(DIGITS[3])), "PNG")


class Several:
    """Reads several as always, and remembers how many."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, uploads: Iterable[tuple[bytes, Header]], limits: Limits, side: int) -> list[Canonical | ImageError]:
        several = list(uploads)
        self.sizes.append(len(several))
        return canonicalise_several(several, limits, side)


async def test_what_is_announced_before_the_first_is_read_is_read_together() -> None:
    several = Several()
    reader = PictureReader(10**6, several)
    announced = [reader.announce(upload) for upload in SMALL]
    for each, pixels in zip(announced, DIGITS, strict=False):
        assert np.array_equal((await reader.read(each)).pixels, pixels)
    later = await reader.read(reader.announce(SMALL[0]))
    assert np.array_equal(later.pixels, DIGITS[0])
    assert several.sizes == [3, 1]


async def test_each_gets_its_own_picture_or_problem() -> None:
    reader = PictureReader(4_000)
    told: list[Canonical | Problem] = []
    for each in [reader.announce(upload) for upload in (SMALL[0], b"", b"no picture", LARGE, SMALL[1])]:
        try:
            told.append(await reader.read(each))
        except Problem as problem:
            told.append(problem)
    first, empty, text, large, last = told
    assert isinstance(first, Canonical)
    assert isinstance(last, Canonical)
    assert np.array_equal(first.pixels, DIGITS[0])
    assert np.array_equal(last.pixels, DIGITS[1])
    assert [type(each) for each in (empty, text, large)] == [Malformed, NotAnImage, TooLarge]


async def test_large_pictures_are_read_alone() -> None:
    several = Several()
    reader = PictureReader(10**6, several)
    large, small = reader.announce(LARGE), reader.announce(SMALL[0])
    assert np.array_equal((await reader.read(large)).pixels, canonicalise(LARGE).pixels)
    assert np.array_equal((await reader.read(small)).pixels, DIGITS[0])
    assert several.sizes == [1]


async def test_pictures_for_models_of_several_sides_are_each_read_at_their_own() -> None:
    several = Several()
    reader = PictureReader(10**6, several)
    announced = [reader.announce(upload, side) for upload, side in zip(SMALL, (28, 48, 28), strict=True)]
    found = [(await reader.read(each)).pixels.shape for each in (*announced, reader.announce(LARGE, 48))]
    assert found == [(28, 28), (48, 48), (28, 28), (48, 48)]
    assert several.sizes == [2, 1]


async def test_a_fault_while_reading_several_is_nobody_elses(caplog: pytest.LogCaptureFixture) -> None:
    def broken(uploads: Iterable[tuple[bytes, Header]], limits: Limits, side: int) -> list[Canonical | ImageError]:
        raise RuntimeError("one of them")

    reader = PictureReader(10**6, broken)
    announced = [reader.announce(upload) for upload in SMALL]
    for each, pixels in zip(announced, DIGITS, strict=False):
        assert np.array_equal((await reader.read(each)).pixels, pixels)
    assert "pictures cannot be read together" in caplog.text


@pytest.mark.parametrize("upload", [bytes(FEW_BYTES + 1), bytes(10), LARGE], ids=["no picture", "small", "too many pixels"])
async def test_a_refused_upload_is_kept_by_nobody(upload: bytes) -> None:
    reader = PictureReader(100)
    held = sys.getrefcount(upload)
    gc.disable()
    try:
        with pytest.raises(Problem):
            await reader.read(reader.announce(upload))
        assert sys.getrefcount(upload) == held
    finally:
        gc.enable()
        reader.close()
