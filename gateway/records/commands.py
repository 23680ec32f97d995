"""What an operator does to records; each says on standard output what was done, or raises SettingsError with one line that says why not."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy.engine import URL
from tqdm import tqdm

from gateway.records import backup as backups
from gateway.records import labelled as labelled_records
from gateway.records import restore as restores
from gateway.records.database import database_url, migrate_database, open_existing, open_sink
from gateway.records.store import RecordsUnavailable, Retention, prune_all
from gateway.settings import Settings, SettingsError


def migrate(settings: Settings) -> None:
    """Bring the database to the newest revision."""
    with _of(settings) as url:
        print(f"the database is at revision {migrate_database(url)}")


def backup(settings: Settings, file: Path) -> None:
    """All records into a file that is not there yet."""
    with _of(settings) as url, tqdm(desc="backing up", unit="row", unit_scale=True, disable=None) as bar:
        counts = backups.backup(url, file, bar.update)
    _tell(counts, f"in {file}")


def restore(settings: Settings, file: Path) -> None:
    """What is in the file and not in the database into the database."""
    with _of(settings) as url, tqdm(desc="restoring", unit="row", unit_scale=True, disable=None) as bar:
        try:
            counts = restores.restore(file, partial(open_sink, url), bar.update)
        except OSError as error:
            raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
        except restores.BackupDamaged as error:
            raise SettingsError(f"{file}: {error}; nothing was written") from error
    _tell(counts, f"of {file} in the database; what was there already is as it was")


def prune(settings: Settings, days: float | None, size: int | None) -> None:
    """Delete what is older than `days` or more than `size` bytes, for each what the settings say where it is None."""
    retention = Retention(days or settings.retention_days, size or settings.retention_bytes)
    with _of(settings) as url, closing(open_existing(url)) as sink:
        print(f"{prune_all(sink, retention)} predictions deleted")


def export(settings: Settings, file: Path, days: float | None) -> None:
    """Labelled predictions with their pixels into a file that is not there yet, for `python -m model retrain`."""
    with _of(settings) as url, tqdm(desc="exporting", unit="row", unit_scale=True, disable=None) as bar:
        counts = labelled_records.export(url, file, days, bar.update)
    print(f"{counts['rows']} labelled predictions in {file}; {counts['without_pixels']} more have no pixels that may be kept")


@contextmanager
def _of(settings: Settings) -> Iterator[URL]:
    try:
        url = database_url(settings.records_url)
    except ValueError as error:
        raise SettingsError(f"GATEWAY_DATABASE_URL: {error}") from error
    try:
        yield url
    except RecordsUnavailable as error:
        raise SettingsError(f"records: {error}") from error


def _tell(counts: dict[str, int], where: str) -> None:
    print(f"{', '.join(f'{count} {name}' for name, count in counts.items())} {where}")
