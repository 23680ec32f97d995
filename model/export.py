"""The archive that TorchServe loads, named by a fingerprint of everything in it. An archive that is current is left alone."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from model.own_known import OWN_KNOWN

if TYPE_CHECKING:  # torch takes seconds to import
    from model.inference import Classifier

CHECKOUT = Path(__file__).resolve().parents[1]

HANDLER = "handler/digit_handler.py"
CONFIGURATION = "handler/model-config.yaml"
SHARED = (
    "model/__init__.py",
    "model/network.py",
    "model/inference.py",
    "model/compiled.py",
    "model/on_gpu.py",
    "model/own_known.py",
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

SIDE_FACT = "side"
"""Another one, where it says so: of the pictures that the network takes. 28 elsewhere."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""What a model may be called: it stands in addresses, file names and keys."""

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
    if (released / OWN_KNOWN).exists():
        parts[OWN_KNOWN] = _read(released / OWN_KNOWN)
    total = hashlib.sha256()
    for name, content in sorted(parts.items()):
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:12]


def serving_facts(released: Path) -> dict[str, object]:
    """What serving must know of the network besides its weights, as an archive carries it. Raises NotExportable."""
    return {**json.loads(_serving_facts(released)), "reference": _reference(released), **_limits(released)}


def build_archive(released: Path, out_folder: Path, checkout: Path = CHECKOUT) -> Path:
    """`NAME.mar` in `out_folder`, with `NAME.version` (the fingerprint) beside it, by the model's own name. Raises NotExportable.

    Both are replaced whole, so a reader never sees half of one. Takes milliseconds where the archive there is already this one.
    """
    version = fingerprint(released, checkout)
    name = _name(released)
    archive = out_folder / f"{name}.mar"
    out_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=out_folder) as folder:
        if _version_inside(archive) != version:
            _pack(released, name, version, checkout, Path(folder)).replace(archive)
        note = Path(folder) / f"{name}.version"
        note.write_text(f"{version}\n", encoding="utf-8")
        note.replace(out_folder / note.name)
    return archive


def _pack(released: Path, model: str, version: str, checkout: Path, folder: Path) -> Path:
    content = folder / "content"
    for name in _sources(checkout):
        target = folder / Path(name).name if name in (HANDLER, CONFIGURATION) else content / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout / name, target)
    for name in ("weights.pt", OWN_KNOWN):
        if (released / name).exists():
            shutil.copyfile(released / name, content / name)
    (content / "release.json").write_bytes(_serving_facts(released))
    (content / "ranges.json").write_bytes(_ranges(released))
    (content / "facts.json").write_text(json.dumps(_facts(released, version), indent=1), encoding="utf-8")
    # Names are relative because the archiver splits paths at commas and expands brackets; the private TMPDIR because it deletes
    # $TMPDIR/<model name> before it starts.
    command = ["-m", "model_archiver.model_packaging", "--model-name", model, "--version", version, "--export-path", "."]
    command += ["--handler", Path(HANDLER).name, "--config-file", Path(CONFIGURATION).name, "--extra-files", content.name]
    (folder / "scratch").mkdir()
    environment = {**os.environ, "TMPDIR": str(folder / "scratch")}
    run = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise NotExportable(f"torch-model-archiver failed: {(run.stderr.strip() or 'it said nothing').splitlines()[-1]}")
    return folder / f"{model}.mar"


def _facts(released: Path, version: str) -> dict[str, object]:
    # Imported here so that an archive that is current is recognised without loading torch.
    from model.inference import Classifier, ReleaseUnusable
    from model.network import build, parameter_count

    facts = json.loads(_serving_facts(released))
    try:
        classifier = Classifier(released)
    except ReleaseUnusable as error:
        raise NotExportable(str(error)) from error
    if (released / OWN_KNOWN).exists():
        _check_known(released / OWN_KNOWN, classifier)
    return {
        **facts,
        "version": version,
        "digest": hashlib.sha256(_weights(released)).hexdigest(),
        "parameters": parameter_count(build(facts["network"])),
        "reference": _reference(released),
        **_limits(released),
    }


def _check_known(file: Path, classifier: "Classifier") -> None:
    """Pictures by which the model is judged while it serves: what misreads one would never be served."""
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as known:
            pixels, labels = known["pixels"], known["labels"]
            if labels.ndim != 1 or not len(pixels) == len(labels) > 0:
                raise ValueError(f"pictures {pixels.shape} and labels {labels.shape} are no pairs")
            wrong = int((classifier.logits(pixels).argmax(axis=1) != labels).sum())
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise NotExportable(f"{file} holds no known pictures of this network: {error}") from error
    if wrong:
        raise NotExportable(f"the network reads {wrong} of the pictures in {file} wrong; a gateway would not serve it")


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


def _name(released: Path) -> str:
    name = _chosen(released / "release.json", ("model",))["model"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise NotExportable(
            f"{released / 'release.json'} calls the model {name!r}; a name is a to z, then a to z, 0 to 9 and -, at most 32"
        )
    return name


def _weights(released: Path) -> bytes:
    return _read(released / "weights.pt")


def _serving_facts(released: Path) -> bytes:
    file = released / "release.json"
    own = (SIDE_FACT,) if SIDE_FACT in _content(file) else ()
    return json.dumps(_chosen(file, (*SERVING_FACTS, *own)), indent=1).encode()


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
    content = _content(file)
    try:
        return {name: content[name] for name in names}
    except KeyError as error:
        raise NotExportable(f"{file} does not say {error}") from error


def _content(file: Path) -> dict[str, object]:
    try:
        return dict(json.loads(_read(file)))
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
