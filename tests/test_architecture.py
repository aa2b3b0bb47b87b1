"""The rules that keep the parts apart: one direction, and TensorFlow only where it works."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Data moves one way: a room imports from the rooms before it, and from itself.
ROOMS = (
    "errors",
    "storage",
    "spreadsheet",
    "process",
    "settings",
    "config",
    "protocols",
    "imaging",
    "data",
    "model",
    "training",
    "evaluation",
    "explanation",
    "intake",
    "prediction",
    "examination",
    "readings",
    "reporting",
    "cli",
    "__main__",
)

# Where a model is built or run. Everything else loads without TensorFlow.
NETWORK = {
    "core.model.vgg19",
    "core.model.stages",
    "core.model.symmetry",
    "core.model.graph",
    "core.model.prefix",
    "core.training.loop",
    "core.training.probe",
    "core.training.checkpoint",
    "core.training.experiment",
    "core.explanation.maps",
    "core.explanation.network",
    "core.explanation.randomisation",
    "core.explanation.score",
    "core.explanation.stages",
}
FRAMEWORKS = {"tensorflow", "keras", "tf_keras_vis", "jax", "torch"}


def modules(package: str) -> dict[str, Path]:
    """Every module of a package by its dotted name."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, *, at_load: bool = False) -> Iterator[str]:
    """Dotted names that a module imports; `at_load` leaves out what functions import."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif at_load and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        elif at_load and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


CORE = modules("core")
DASHBOARD = modules("dashboard")


def room(module: str) -> int:
    """The place of a module of core on the way of the data."""
    return ROOMS.index(module.split(".")[1])


def roots(path: Path, *, at_load: bool = False) -> set[str]:
    """Top-level packages that a module imports."""
    return {name.split(".")[0] for name in imports(path, at_load=at_load)}


def test_every_room_is_known() -> None:
    assert {name.split(".")[1] for name in CORE if name != "core"} <= set(ROOMS)
    assert set(CORE) >= NETWORK


def test_modules_import_only_from_earlier_rooms() -> None:
    backwards = [
        f"{module} imports {name}"
        for module, path in CORE.items()
        for name in imports(path)
        if name.startswith("core.") and module != "core" and room(name) > room(module)
    ]
    assert not backwards


def test_core_knows_nothing_of_the_dashboard() -> None:
    knowing = [name for name, path in CORE.items() if roots(path) & {"dashboard", "streamlit"}]
    assert not knowing


def test_frameworks_are_loaded_only_where_a_model_is_built_or_run() -> None:
    loading = {
        name for name, path in (CORE | DASHBOARD).items() if roots(path, at_load=True) & FRAMEWORKS
    }
    assert loading <= NETWORK


def test_everything_else_loads_without_tensorflow() -> None:
    loaded = [name for name in CORE if name not in NETWORK]
    program = (
        "import importlib, sys\n"
        f"for name in {loaded!r}:\n"
        "    importlib.import_module(name)\n"
        f"    found = {FRAMEWORKS!r} & sys.modules.keys()\n"
        "    assert not found, f'{name} loads {found}'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
