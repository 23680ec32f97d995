import stat
from pathlib import Path

import pytest

from gateway.settings import SettingsError
from gateway.signing import Signer, read_or_make_secret


def test_a_mac_holds_for_its_message_purpose_and_secret_only() -> None:
    signer = Signer(b"s" * 32)
    mac = signer.mac(b"ids", b"message", 8)
    assert signer.verify(b"ids", b"message", mac)
    assert not signer.verify(b"ids", b"massage", mac)
    assert not signer.verify(b"values", b"message", mac)
    assert not Signer(b"t" * 32).verify(b"ids", b"message", mac)


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secret"
    secret = read_or_make_secret(path)
    assert read_or_make_secret(path) == secret
    assert len(secret) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_that_is_too_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("short")
    with pytest.raises(SettingsError, match="holds 5 bytes; it needs at least 32"):
        read_or_make_secret(path)


def test_a_secret_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="GATEWAY_SECRET_FILE"):
        read_or_make_secret(tmp_path / "file" / "secret")
