"""The secret that replicas share, and the short MACs made with it. Without the secret nobody can make an id or a cached value up."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from gateway.refusal import SettingsError

SECRET_BYTES = 32


class Signer:
    """Keyed BLAKE2b (RFC 7693), one purpose a MAC, so that a MAC made for one thing is never valid for another."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mac(self, purpose: bytes, message: bytes, size: int) -> bytes:
        """`size` bytes over `message`; `purpose` is at most 16 bytes."""
        return hashlib.blake2b(message, digest_size=size, key=self._secret, person=purpose).digest()

    def verify(self, purpose: bytes, message: bytes, mac: bytes) -> bool:
        """Whether `mac` is ours, compared in constant time."""
        return hmac.compare_digest(self.mac(purpose, message, len(mac)), mac)


def read_or_make_secret(path: Path) -> bytes:
    """The secret in `path`, made there when there is none (mode 0600; two processes that start together end up with the same).

    Raises SettingsError when the file cannot be read or made, or holds too little.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"the secret file {path} cannot be used: {error.strerror}; name another with GATEWAY_SECRET_FILE") from error
    if len(secret) < SECRET_BYTES:
        raise SettingsError(f"the secret file {path} holds {len(secret)} bytes; it needs at least {SECRET_BYTES}")
    return secret[:64]


def _make(path: Path) -> None:
    if path.exists():
        return
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(secrets.token_hex(SECRET_BYTES) + "\n")
    try:
        os.link(partial, path)  # fails when another process was first; its secret is then the one
    except FileExistsError:
        pass
    finally:
        partial.unlink()
