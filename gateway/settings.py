"""Every setting of the gateway, read once from `GATEWAY_*` environment variables into one frozen value."""

import re
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.contract import DEFAULT_MODEL
from gateway.logs import Form, Level
from gateway.refusal import SettingsError as SettingsError

PREFIX = "GATEWAY_"

MODEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""As archives are called: it stands in addresses and keys."""


class Settings(BaseSettings):
    """Defaults serve one machine. Each attribute is the variable `GATEWAY_<NAME>`; its docstring stands in the README's table."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, use_attribute_docstrings=True, extra="ignore", env_ignore_empty=True)

    host: str = "127.0.0.1"
    """Address the gateway listens on."""

    port: int = Field(default=8000, ge=1, le=65_535)
    """Port the gateway listens on."""

    workers: int = Field(default=1, ge=1, le=64)
    """Gateway processes behind that port, over which Linux spreads connections; each has its own in-process cache, queue and limits."""

    sockets: Path | None = None
    """Folder that an edge on this machine sees too: each process listens there as well, as 1.sock and so on, and leaves before it ends."""

    redis_url: str | None = None
    """Redis to share answers in, in any of its forms; without it `make run` starts one, and a gateway alone has its in-process cache."""

    torchserve_url: str | None = None
    """TorchServe's inference address, or several, comma-separated, one per instance; without it `make run` starts one."""

    torchserve_management_url: str | None = None
    """TorchServe's management address, as many as inference addresses, in the same order."""

    models: str | None = None
    """Models beside `digits`, each asked with `?model=NAME`: NAME=INFERENCE|MANAGEMENT, its two addresses, comma-separated."""

    secret_file: Path | None = None
    """File with the secret that signs prediction ids and cached values; replicas share it. Without it one is made in the state folder."""

    max_upload_bytes: int = Field(default=10 * 2**20, ge=1)
    """Largest picture taken, in bytes as sent (before base64)."""

    max_pixels: int = Field(default=16_000_000, ge=1)
    """Largest picture taken, in pixels, where the format can be decoded reduced (baseline JPEG); 4,000,000 for all others."""

    cache_ttl_seconds: int = Field(default=86_400, ge=1)
    """How long an answer may be reused, give or take a tenth. The key holds the model version, so long is safe."""

    local_cache_bytes: int = Field(default=64 * 2**20, ge=0)
    """Memory for the in-process cache; 0 switches it off."""

    deadline_seconds: float = Field(default=2.0, gt=0, allow_inf_nan=False)
    """Longest time from the first byte of a request to its answer; what is not answered by then is a 504."""

    queue_pictures: int = Field(default=512, ge=1)
    """How many pictures may wait for the model; one more is a 429."""

    largest_batch: int = Field(default=64, ge=1, le=64)
    """How many pictures a request to the model carries at most."""

    batch_delay_ms: float = Field(default=0.0, ge=0, le=1_000)
    """How long the first picture of a request to the model waits for others, in milliseconds; a full one leaves at once."""

    torchserve_workers: int = Field(default=1, ge=1, le=64)
    """TorchServe's workers; `make run` starts so many. A gateway has one request more than that under way to the model."""

    torchserve_threads: int = Field(default=1, ge=1, le=64)
    """Threads that each worker computes with, where `make run` starts them."""

    torchserve_gpus: int = Field(default=0, ge=0, le=64)
    """GPUs that workers are spread over, where `make run` starts them; one that is not there is not used."""

    records: Literal["buffered", "durable", "off"] = "buffered"
    """Predictions are recorded `buffered`, in batches after the answer; `durable`, committed before it, which is slower; or `off`."""

    database_url: str | None = None
    """Where records are kept, sqlite:////path or postgresql://user:password@host/name; without it a SQLite file in the state folder."""

    database_url_file: Path | None = None
    """File that holds what `GATEWAY_DATABASE_URL` would say, which is a secret where it holds a password."""

    canary_seconds: float = Field(default=10, ge=0, le=30)
    """How often a known digit is sent through the whole path, to see that it is still read right; 0 switches that off."""

    retention_days: float = Field(default=30, gt=0, le=36_500)
    """How long recorded predictions and their labels are kept."""

    retention_bytes: int = Field(default=10 * 2**30, ge=2**20)
    """How much room records may take; past it the oldest go first."""

    otlp_endpoint: str | None = None
    """Collector that traces are sent to by OTLP over HTTP, like http://127.0.0.1:4318; without it nothing is traced."""

    trace_ratio: float = Field(default=1.0, ge=0, le=1)
    """Share of requests traced, of those without a `traceparent`; with one, its sampled flag decides."""

    log_level: Level = "info"
    """Least severe log lines that are written: `debug`, `info`, `warning` or `error`; those of libraries from warnings on."""

    log_format: Form = "text"
    """Log lines are `text`, or `json`: an object a line, with the ids of request and trace where there are any."""

    state_dir: Path = Path("var")
    """Folder for what outlives the process: the model archive, the secret, records, logs of a failed start."""

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not _is_http(url):
            raise PydanticCustomError("address", "no address of a collector; give one like http://127.0.0.1:4318")
        return url

    @property
    def front_url(self) -> str:
        """Where this machine reaches the gateway."""
        return front_url(self.host, self.port)

    @property
    def records_url(self) -> str:
        """Where records are kept. Raises SettingsError where the file that says it cannot be read."""
        if self.database_url is None and self.database_url_file is not None:
            return _content(self.database_url_file)
        return self.database_url or f"sqlite:///{quote(str(self.state_dir.resolve() / 'records.sqlite'))}"

    @property
    def torchserve_instances(self) -> tuple[tuple[str, str], ...]:
        """(inference URL, management URL) of each instance. Raises SettingsError when the two lists differ in length."""
        inference, management = _urls(self.torchserve_url), _urls(self.torchserve_management_url)
        if len(inference) != len(management):
            raise SettingsError(
                f"{PREFIX}TORCHSERVE_URL names {len(inference)} instances and {PREFIX}TORCHSERVE_MANAGEMENT_URL {len(management)}; "
                "give one management address for each, in the same order"
            )
        return tuple(zip(inference, management, strict=True))

    @property
    def further_models(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """(inference URL, management URL) of each instance of each further model; a name that stands again is another instance.

        Raises SettingsError where it cannot be understood.
        """
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for entry in filter(None, map(str.strip, (self.models or "").split(","))):
            name, _, addresses = entry.partition("=")
            inference, _, management = map(str.strip, addresses.partition("|"))
            if not MODEL_NAME.fullmatch(name) or name == DEFAULT_MODEL or not inference or not management:
                raise SettingsError(
                    f"{PREFIX}MODELS: {entry!r} is no further model; give one like arabic=http://127.0.0.1:9080|http://127.0.0.1:9081 "
                    f"(a to z, 0 to 9 and -, and not {DEFAULT_MODEL})"
                )
            [inference], [management] = _urls(inference), _urls(management)
            found[name] = (*found.get(name, ()), (inference, management))
        return found


def front_url(host: str, port: int) -> str:
    """Where this machine reaches a gateway that listens there, also when that is on all addresses."""
    with suppress(ValueError):  # a name
        address = ip_address(host)
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def read_settings() -> Settings:
    """Settings from the environment. Raises SettingsError with one line for all that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']} (got {fault['input']!r})" for fault in error.errors()]
        raise SettingsError("; ".join(faults)) from error


def _content(file: Path) -> str:
    try:
        content = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{PREFIX}DATABASE_URL_FILE: {file} cannot be read ({error})") from error
    if not content:
        raise SettingsError(f"{PREFIX}DATABASE_URL_FILE: {file} is empty")
    return content


def _urls(joined: str | None) -> list[str]:
    urls = [url.strip().rstrip("/") for url in (joined or "").split(",") if url.strip()]
    for url in urls:
        if not _is_http(url):
            raise SettingsError(f"{url!r} is no address of a TorchServe instance; give one like http://127.0.0.1:8080")
    return urls


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
