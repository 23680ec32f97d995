"""What the embedded run needs to know, as one frozen value."""

from dataclasses import dataclass
from pathlib import Path

from gateway.settings import front_url


@dataclass(frozen=True)
class Embedding:
    """A URL that is given starts no child."""

    host: str
    """Address that the gateway listens on."""
    port: int
    redis_url: str | None
    torchserve_url: str | None
    torchserve_management_url: str | None
    state_dir: Path
    """Holds `run/`, where each run has a folder for its children's files and logs."""
    archive: Path
    """The model archive that TorchServe loads; another version beside it lies in the folder `candidate` there."""
    sample: Path
    """A picture of a digit, for the curl that is printed."""
    torchserve_workers: int = 1
    torchserve_threads: int = 1
    """Of each worker."""
    torchserve_gpus: int = 0
    models: str | None = None
    """Those that others serve beside this one, as the setting says them."""
    archives_beside: tuple[Path, ...] = ()
    """Each of another model, which a TorchServe of its own serves under its name."""

    @property
    def candidate_archive(self) -> Path:
        """Of the other version, where there is one: it is deployed as long as this file is there."""
        return self.archive.parent / "candidate" / self.archive.name

    @property
    def front_url(self) -> str:
        """Where this machine reaches the gateway."""
        return front_url(self.host, self.port)
