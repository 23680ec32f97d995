"""The archive that TorchServe loads, named by a fingerprint of everything in it. An archive that is current is left alone."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]

HANDLER = "handler/digit_handler.py"
CONFIGURATION = "handler/model-config.yaml"
SHARED = (
    "model/__init__.py",
    "model/network.py",
    "model/inference.py",
    "model/compiled.py",
    "model/on_gpu.py",
    "model/choice.py",
    "model/explain.py",
    "model/resident.py",
    "model/known/digits.npz",
)
PREPROCESSING = "model/preprocess"

SERVING_FACTS = ("model", "network", "temperature", "accept_threshold")
"""What of `release.json` serving depends on. Only these enter the fingerprint and the archive; a remark there changes no version."""

LIMIT_FACTS = ("score", "least", "level", "quantile")
"""All that `limits.json` says: how far an answer may be trusted. A network released without it is served by its confidence alone."""

REFERENCE_FACTS = ("pictures", "features", "digits", "validation")
"""All that `reference.json` says: what live traffic is compared with."""


class NotExportable(Exception):
    """Something that an archive is made of is missing or damaged. The message is one line that names it."""


def fingerprint(released: Path, checkout: Path = CHECKOUT) -> str:
    """12 hex digits of SHA-256 over the weights, the serving facts, the limits, the reference and every source file that ships with them.

    The same on every machine and for every order and age of the files. Needs no torch. Raises NotExportable.
    """
    parts = {name: (checkout / name).read_bytes() for name in _sources(checkout)}
    parts["weights.pt"] = _weights(released)
    parts["release.json"] = _serving_facts(released)
    parts["reference.json"] = json.dumps(_reference(released)).encode()
    parts["ranges.json"] = _ranges(released)
    parts |= {f"{name}.json": json.dumps(limits).encode() for name, limits in _limits(released).items()}
    total = hashlib.sha256()
    for name, content in sorted(parts.items()):
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:12]


def build_archive(released: Path, out_folder: Path, checkout: Path = CHECKOUT) -> Path:
    """`digits.mar` in `out_folder`, with `digits.version` (the fingerprint) beside it. Raises NotExportable.

    Both are replaced whole, so a reader never sees half of one. Takes milliseconds where the archive there is already this one.
    """
    version = fingerprint(released, checkout)
    archive = out_folder / "digits.mar"
    out_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=out_folder) as folder:
        if _version_inside(archive) != version:
            _pack(released, version, checkout, Path(folder)).replace(archive)
        note = Path(folder) / "digits.version"
        note.write_text(f"{version}\n", encoding="utf-8")
        note.replace(out_folder / note.name)
    return archive


def _pack(released: Path, version: str, checkout: Path, folder: Path) -> Path:
    content = folder / "content"
    for name in _sources(checkout):
        target = folder / Path(name).name if name in (HANDLER, CONFIGURATION) else content / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / name, target)
    shutil.copyfile(released / "weights.pt", content / "weights.pt")
    (content / "release.json").write_bytes(_serving_facts(released))
    (content / "ranges.json").write_bytes(_ranges(released))
    (content / "facts.json").write_text(json.dumps(_facts(released, version), indent=1), encoding="utf-8")
    # Names are relative because the archiver splits paths at commas and expands brackets; the private TMPDIR because it deletes
    # $TMPDIR/<model name> before it starts.
    command = ["-m", "model_archiver.model_packaging", "--model-name", "digits", "--version", version, "--export-path", "."]
    command += ["--handler", Path(HANDLER).name, "--config-file", Path(CONFIGURATION).name, "--extra-files", content.name]
    (folder / "scratch").mkdir()
    environment = {**os.environ, "TMPDIR": str(folder / "scratch")}
    run = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise NotExportable(f"torch-model-archiver failed: {(run.stderr.strip() or 'it said nothing').splitlines()[-1]}")
    return folder / "digits.mar"


def _facts(released: Path, version: str) -> dict[str, object]:
    # Imported here so that an archive that is current is recognised without loading torch.
    from model.inference import Classifier, ReleaseUnusable
    from model.network import build, parameter_count

    facts = json.loads(_serving_facts(released))
    try:
        Classifier(released)
    except ReleaseUnusable as error:
        raise NotExportable(str(error)) from error
    return {
        **facts,
        "version": version,
        "digest": hashlib.sha256(_weights(released)).hexdigest(),
        "parameters": parameter_count(build(facts["network"])),
        "reference": _reference(released),
        **_limits(released),
    }


def _sources(checkout: Path) -> list[str]:
    preprocessing = sorted(
        file.relative_to(checkout).as_posix()
        for file in (checkout / PREPROCESSING).rglob("*")
        if file.is_file() and file.suffix != ".pyc" and "__pycache__" not in file.parts
    )
    names = [HANDLER, CONFIGURATION, *SHARED, *preprocessing]
    for name in (*names, f"{PREPROCESSING}/__init__.py"):
        if not (checkout / name).is_file():
            raise NotExportable(f"{name} is missing from {checkout}")
    return names


def _weights(released: Path) -> bytes:
    return _read(released / "weights.pt")


def _serving_facts(released: Path) -> bytes:
    return json.dumps(_chosen(released / "release.json", SERVING_FACTS), indent=1).encode()


def _reference(released: Path) -> dict[str, object]:
    return _chosen(released / "reference.json", REFERENCE_FACTS)


def _limits(released: Path) -> dict[str, object]:
    """Under the name that they have among the facts; empty where the network was released without them."""
    file = released / "limits.json"
    return {"limits": _chosen(file, LIMIT_FACTS)} if file.exists() else {}


def _ranges(released: Path) -> bytes:
    return json.dumps(_chosen(released / "ranges.json", ("maxima",))).encode()


def _chosen(file: Path, names: tuple[str, ...]) -> dict[str, object]:
    """These members of a JSON object, in this order."""
    try:
        content = json.loads(_read(file))
        return {name: content[name] for name in names}
    except KeyError as error:
        raise NotExportable(f"{file} does not say {error}") from error
    except (ValueError, TypeError) as error:
        raise NotExportable(f"{file} is damaged: {error}") from error


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotExportable(f"no released network: {file} is missing; `python -m model train` and `release` make one") from None


def _version_inside(archive: Path) -> str | None:
    try:
        with zipfile.ZipFile(archive) as content:
            return str(json.loads(content.read("MAR-INF/MANIFEST.json"))["model"]["modelVersion"])
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        return None
