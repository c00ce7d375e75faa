"""Imports point down: read from the source, so that an upward one fails."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "classify_local"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "types", "jit", "addresses", "cores", "page"),
    ("grid", "legend", "palettes", "expressions", "bands"),
    ("recipe",),
    ("storage",),
    ("features",),
    ("training",),
    ("classifiers", "accuracy"),
    ("mapping",),
    (
        "prepared",
        "chaining",
        "preparation",
        "studying",
        "learning",
        "checking",
        "demonstration",
        "inspection",
        "doctoring",
        "transfer",
        "describing",
        "auxiliary_data",
        "legending",
        "reference_data",
        "starting",
    ),
    ("report", "live"),
    ("api",),
    ("cli", "web", "__main__"),
)
"""From the ground up. A module may import from its own floor and from those below."""


SLOW = {
    "arrays",
    "chart",
    "doctoring",
    "geopackages",
    "geopandas",
    "inspection",
    "lazy",
    "numba",
    "ogr",
    "pandas",
    "preview",
    "serving",
    "spreadsheets",
    "vectors",
    "walk_vector",
}
"""Modules that are slow to import, or that may fail to be, and that many commands do without."""


def words(node: ast.AST) -> list[str]:
    return re.findall(r"\w+", ast.unparse(node))


def floor_of(module: str) -> int:
    part = module.split(".")[1] if "." in module else ""
    for level, names in enumerate(FLOORS):
        if part in names:
            return level
    raise AssertionError(f"{module} stands on no floor; give it one in FLOORS")


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> list[str]:
    """Names of the package's own modules that a file imports at any depth of its code."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: relative import")
    # what the package itself holds (its version) is below every floor
    return [name for name in found if name.startswith("classify_local.") and name != "classify_local.__version__"]


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_imports_point_down(path: Path) -> None:
    own = floor_of(module_name(path))
    upward = [name for name in imports(path) if floor_of(name) > own]
    assert not upward, f"{module_name(path)} imports {upward} from a floor above"


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_imports_stand_at_the_top(path: Path) -> None:
    """An import inside a function hides a cycle; only what is slow to import may come late."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom)]
            late = [ast.unparse(child) for child in inner if not SLOW & set(words(child))]
            assert not late, f"{path}: {late}"


@pytest.mark.parametrize("forbidden", ["eval", "exec", "compile"])
def test_nothing_is_evaluated(forbidden: str) -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != forbidden, f"{path}, line {node.lineno}"


@pytest.mark.parametrize("forbidden", ["pickle", "joblib", "cloudpickle", "marshal", "shelve", "subprocess"])
def test_nothing_is_unpickled_or_spawned(forbidden: str) -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if path.name == "jit.py":
                continue  # names the error that numba's own cache raises when a file of it is damaged
            assert not any(name.split(".")[0] == forbidden for name in names), f"{path} imports {forbidden}"


def test_help_does_not_wait_for_scientific_libraries() -> None:
    code = (
        "import sys; from classify_local.cli.main import cli; "
        "cli.main(['--help'], standalone_mode=False); "
        "print(sorted({m.split('.')[0] for m in sys.modules}"
        " & {'sklearn', 'rasterio', 'numba', 'dask', 'xarray', 'geopandas', 'numpy', 'pydantic', 'matplotlib'}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"
    assert "Begin with:  classify-local demo" in ended.stdout
