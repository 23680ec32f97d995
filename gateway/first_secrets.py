"""Secrets that an installation makes for itself, each once: what is there stays, so it may run at every start."""

from pathlib import Path
from urllib.parse import urlsplit

from gateway.settings import SettingsError
from gateway.signing import read_or_make_secret

READ_BY_OTHERS = 0o444
"""Other programs run as users of their own; each sees its folder alone."""


def make_secrets(folder: Path, database: str) -> None:
    """Below `folder`, a folder for each program that reads them: `gateway` with the secret that signs, and `database_url`, which is
    `database` with the password; `postgres` and `grafana` with a password.

    Raises SettingsError where that is no URL, or a file cannot be made.
    """
    url = urlsplit(database)
    user, at, host = url.netloc.rpartition("@")
    if not (url.scheme and user and host) or ":" in user:
        raise SettingsError(f"{database!r} is no URL of a database without its password; give one like postgresql://user@host/name")
    read_or_make_secret(folder / "gateway" / "secret")
    passwords = {}
    for program in ("postgres", "grafana"):
        file = folder / program / "password"
        passwords[program] = read_or_make_secret(file).decode()
        file.chmod(READ_BY_OTHERS)
    told = folder / "gateway" / "database_url"
    partial = told.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(url._replace(netloc=f"{user}:{passwords['postgres']}{at}{host}").geturl() + "\n")
    partial.replace(told)
