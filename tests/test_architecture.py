"""Who may import whom. The design's table of rooms, held against every import statement in the code."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("model", "handler", "gateway", "monitoring", "loadtests", "k8s")

MAY_IMPORT = {
    "model": {"model"},
    "handler": {
        "handler",
        "model.preprocess",
        "model.network",
        "model.inference",
        "model.choice",
        "model.explain",
        "model.own_known",
        "model.resident",
    },
    "gateway": {"gateway", "model.preprocess", "model.resident", "model.gate_report", "model"},
    "monitoring": {"monitoring"},
    "loadtests": {"loadtests"},
    "k8s": {"k8s"},
}
"""Of our own. The bare package `model` holds nothing; the gateway finds its data folder by it."""

PREPROCESS_THIRD_PARTY = {"numpy", "cv2", "PIL"}

STANDARD_LIBRARY_ALONE = ("model/gate_report.py",)
"""What two rooms read and write alike."""

LAYERS = [
    {"gateway.__main__"},
    {
        "gateway.app",
        "gateway.server",
        "gateway.device",
        "gateway.listening",
        "gateway.leaving",
        "gateway.embedded",
        "gateway.workers",
        "gateway.purge",
        "gateway.rollout",
        "gateway.measuring",
        "gateway.first_secrets",
        "gateway.healthcheck",
    },
    {"gateway.routes"},
    {"gateway.recording"},
    {"gateway.schema", "gateway.upload", "gateway.observing", "gateway.bounded"},
    {"gateway.envelope"},
    {"gateway.canary", "gateway.alerts", "gateway.following"},
    {"gateway.exporting"},
    {"gateway.tracing"},
    {"gateway.spans"},
    {"gateway.models"},
    {"gateway.prediction", "gateway.explaining", "gateway.shadow"},
    {"gateway.versions", "gateway.reading"},
    {"gateway.arranging"},
    {"gateway.proving"},
    {"gateway.records"},
    {"gateway.model_client", "gateway.redis_cache", "gateway.local_cache"},
    {
        "gateway.batching",
        "gateway.deadlines",
        "gateway.offloop",
        "gateway.overlay",
        "gateway.baseline",
        "gateway.tuning",
        "gateway.redis_forms",
        "gateway.redis_cluster",
        "gateway.redis_sentinel",
        "gateway.redis_asking",
        "gateway.redis_pipe",
        "gateway.redis_address",
        "gateway.transport",
        "gateway.corked",
        "gateway.prompt",
        "gateway.trace",
        "gateway.seams",
        "gateway.sharing",
        "gateway.underway",
    },
    {"gateway.flights", "gateway.prediction_id", "gateway.answer_text"},
    {"gateway.signing"},
    {
        "gateway.again",
        "gateway.contract",
        "gateway.known",
        "gateway.errors",
        "gateway.settings",
        "gateway.metrics",
        "gateway.series",
        "gateway.later",
        "gateway.merging",
        "gateway.turn",
        "gateway.together",
        "gateway.place",
        "gateway.limits",
        "gateway.reference",
        "gateway.stage",
        "gateway.randomness",
        "gateway.traceparent",
        "gateway.tracestate",
        "gateway.logs",
        "gateway.lifecycle",
        "gateway.refusal",
    },
]
"""Inside the gateway: a module imports from its own line or from those below it, never from one above."""


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            base = node.module or ""
            found.update(f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base for alias in node.names)
    return found


def is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def within(name: str, allowed: set[str]) -> bool:
    """Whether `name` is one of these modules or lies inside one; a bare room name allows all of it only to itself."""
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


def layer(name: str) -> int:
    for level, names in enumerate(LAYERS):
        if within(name, names):
            return level
    raise AssertionError(f"{name} has no place in LAYERS: give it one")


@pytest.mark.parametrize("room", [room for room in ROOMS if (ROOT / room).exists()])
def test_a_room_imports_only_what_the_design_allows(room: str) -> None:
    own = set(ROOMS) - {room}
    for path in modules(room):
        for name in imports(path):
            if name.split(".")[0] in own | {room, "tests"}:
                exact = MAY_IMPORT[room] - {"model"} if room != "model" else MAY_IMPORT[room]
                assert within(name, exact) or (name == "model" and "model" in MAY_IMPORT[room]), f"{name_of(path)} imports {name}"


def test_preprocessing_needs_only_numpy_and_decoders() -> None:
    import sys

    for path in modules("model/preprocess"):
        for name in imports(path):
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or top in PREPROCESS_THIRD_PARTY or within(name, {"model.preprocess"}), (
                f"{name_of(path)} imports {name}"
            )


@pytest.mark.parametrize("shared", STANDARD_LIBRARY_ALONE)
def test_what_two_rooms_share_needs_the_standard_library_alone(shared: str) -> None:
    import sys

    assert all(name.split(".")[0] in sys.stdlib_module_names for name in imports(ROOT / shared))


def test_nothing_of_the_gateway_needs_torch() -> None:
    for path in [*modules("gateway"), *modules("model/preprocess"), ROOT / "model" / "__init__.py"]:
        assert not any(within(name, {"torch", "torchvision", "ts"}) for name in imports(path)), name_of(path)


@pytest.mark.parametrize("path", modules("gateway"), ids=name_of)
def test_the_gateway_imports_downwards(path: Path) -> None:
    name = name_of(path)
    if name == "gateway":
        return
    for imported in imports(path):
        if within(imported, {"gateway"}) and imported != "gateway":
            assert layer(imported) >= layer(name), f"{name} imports {imported}, which stands above it"


@pytest.mark.parametrize(
    ("library", "home"),
    [
        (
            "redis",
            {"gateway.redis_address", "gateway.redis_pipe", "gateway.redis_asking", "gateway.redis_cluster", "gateway.purge"},
        ),
        ("hiredis", {"gateway.redis_pipe", "gateway.redis_sentinel", "gateway.redis_cluster"}),
        ("httpx", {"gateway.model_client", "gateway.transport", "gateway.measuring"}),
        ("sqlalchemy", {"gateway.records"}),
        ("opentelemetry", {"gateway.exporting"}),
        ("onnxruntime", {"gateway.device.network"}),
    ],
)
def test_foreign_libraries_stay_behind_their_seam(library: str, home: set[str]) -> None:
    """The composition root may name their types, the commands may make a client, and the embedded run asks over HTTP."""
    allowed = home | {"gateway.app", "gateway.__main__", "gateway.embedded"}
    for path in modules("gateway"):
        if any(within(name, {library}) for name in imports(path)):
            assert within(name_of(path), allowed), f"{name_of(path)} knows {library}"


@pytest.mark.parametrize("path", [path for room in ROOMS for path in modules(room)], ids=name_of)
def test_every_file_opens_with_its_promise(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, f"{name_of(path)} does not say what a reader may rely on"
