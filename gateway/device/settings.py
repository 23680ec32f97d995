"""What a server on a small device is told: the gateway's settings that mean something there, smaller where the environment does not say."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.logs import Form, Level
from gateway.refusal import SettingsError

if TYPE_CHECKING:  # reading them takes ten megabytes, which serving never uses again
    from gateway.settings import Settings

LOCAL_CACHE_BYTES = 4 * 2**20
"""For the in-process cache, where the environment does not say."""

MAX_UPLOAD_BYTES = 2 * 2**20
"""For a picture as sent, where the environment does not say: eight that large may be held at a time, in base64 several times that."""

MAX_PIXELS_UNREDUCED = 600_000
"""Most pixels taken of what is no sequential JPEG, whatever the environment says: each takes up to 20 bytes while it is read."""

NOT_HERE = {
    "records": "keeps no records; unset it, or say off",
    "redis_url": "has only its in-process cache; unset it",
    "models": "serves one model; unset it, and start another server for another model",
    "otlp_endpoint": "traces nothing; unset it",
    "sockets": "listens on a port alone; unset it",
}
"""Why the edge server does not start where the environment asks for one of these: it would be believed to be there."""


@dataclass(frozen=True)
class DeviceSettings:
    """Each as `gateway.settings` documents it, but for these:"""

    network: Path
    """The exported network, beside which `exports.json` lies."""
    host: str
    port: int
    secret_file: Path
    max_upload_bytes: int
    max_pixels: int
    max_pixels_unreduced: int
    """Of formats that cannot be decoded reduced."""
    cache_ttl_seconds: int
    local_cache_bytes: int
    deadline_seconds: float
    queue_pictures: int
    largest_batch: int
    batch_delay_ms: float
    log_level: Level
    log_format: Form

    @classmethod
    def of(cls, settings: "Settings", network: Path) -> "DeviceSettings":
        """Raises SettingsError where they ask for what there is not here."""
        if settings.workers > 1:
            raise SettingsError("GATEWAY_WORKERS: the edge server is one process; start several on ports of their own")
        said = settings.model_fields_set
        asked = [name for name in NOT_HERE if name in said and getattr(settings, name) not in (None, "off")]
        if asked:
            raise SettingsError("; ".join(f"GATEWAY_{name.upper()}: the edge server {NOT_HERE[name]}" for name in asked))
        own: dict[str, Any] = {
            "network": network,
            "secret_file": settings.secret_file or settings.state_dir / "secret",
            "local_cache_bytes": settings.local_cache_bytes if "local_cache_bytes" in said else LOCAL_CACHE_BYTES,
            "max_upload_bytes": settings.max_upload_bytes if "max_upload_bytes" in said else MAX_UPLOAD_BYTES,
            "max_pixels_unreduced": min(settings.max_pixels, MAX_PIXELS_UNREDUCED),
        }
        return cls(**own, **{field.name: getattr(settings, field.name) for field in fields(cls) if field.name not in own})

    def to_text(self) -> str:
        """For the process that serves."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_text(cls, text: str) -> "DeviceSettings":
        told = json.loads(text)
        return cls(**{**told, "network": Path(told["network"]), "secret_file": Path(told["secret_file"])})
