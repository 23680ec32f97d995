"""A board says its own name; where there is none, the processor's stands."""

from pathlib import Path

from model.edge.device import device_name
from model.timing import processor


def test_a_board_s_name_ends_before_its_zero_byte(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    assert device_name(tmp_path / "model") == "Raspberry Pi 5 Model B Rev 1.0"


def test_without_one_it_is_the_processor(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"\0")
    assert device_name(tmp_path / "model") == device_name(tmp_path / "none") == processor()
