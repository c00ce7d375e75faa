"""The build hook: when the map page is bundled, with which Node, and what happens where it cannot be."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("hatchling", reason="no hatchling: pip install hatchling")

ROOT = Path(__file__).parents[1]


def _hook_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hook_module = _hook_module()


class _App:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def display_warning(self, text: str) -> None:
        self.warnings.append(text)


def _hook(root: Path) -> tuple[object, _App]:
    app = _App()
    return hook_module.CustomBuildHook(str(root), {}, None, None, str(root), "wheel", app), app


def _project(root: Path, *, bundle_at: float | None, source_at: float = 1000.0) -> Path:
    """A project with one source and, if asked, a whole bundle; times in seconds."""
    sources = [root / "frontend" / "src" / "main.tsx", root / "frontend" / "package-lock.json"]
    made = [hook_module.static_folder(root) / name for name in hook_module.BUNDLE] if bundle_at is not None else []
    for path, time in [(p, source_at) for p in sources] + [(p, bundle_at) for p in made]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (time, time))
    return root


def _fake_node(folder: Path, version: str) -> None:
    for name in ("node", "npm"):
        path = folder / name
        path.write_text(f"#!/bin/sh\necho {version}\n")
        path.chmod(0o755)


@pytest.mark.parametrize(("bundle_at", "fresh"), [(None, False), (999.0, False), (1000.0, True), (2000.0, True)])
def test_bundle_is_fresh_when_it_is_newer_than_its_sources(
    tmp_path: Path, bundle_at: float | None, fresh: bool
) -> None:
    assert hook_module.is_fresh(_project(tmp_path, bundle_at=bundle_at)) is fresh


def test_half_a_bundle_is_not_fresh(tmp_path: Path) -> None:
    _project(tmp_path, bundle_at=2000.0)
    (hook_module.static_folder(tmp_path) / "NOTICES.txt").unlink()
    assert not hook_module.is_fresh(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Node is a shell script")
@pytest.mark.parametrize(
    ("version", "asked"), [("v18.20.0", True), ("v20.0.0", False), ("v24.1.0", False), ("?", True)]
)
def test_the_node_wheel_is_asked_for_only_where_node_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, asked: bool
) -> None:
    project = _project(tmp_path / "project", bundle_at=None)
    _fake_node(tmp_path, version)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(hook_module, "has_node_wheel", lambda: True)
    hook, _ = _hook(project)
    assert hook.dependencies() == ([hook_module.NODE_WHEEL] if asked else [])


@pytest.mark.parametrize(("bundle_at", "wheel_there"), [(2000.0, True), (None, False)])
def test_nothing_is_asked_for_without_need_or_without_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle_at: float | None, wheel_there: bool
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(hook_module, "has_node_wheel", lambda: wheel_there)
    hook, _ = _hook(_project(tmp_path / "project", bundle_at=bundle_at))
    assert hook.dependencies() == []


def test_install_goes_on_without_the_page_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLASSIFY_LOCAL_RELEASE", raising=False)
    monkeypatch.setattr(hook_module, "bundle", _cannot)
    hook, app = _hook(_project(tmp_path, bundle_at=None))
    hook.initialize("standard", {})
    note = (hook_module.static_folder(tmp_path) / "not_built.txt").read_text()
    assert note == "no registry\n"
    assert app.warnings == ["The map page could not be built: no registry. All other commands work."]


def test_release_fails_without_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASSIFY_LOCAL_RELEASE", "1")
    monkeypatch.setattr(hook_module, "bundle", _cannot)
    hook, _ = _hook(_project(tmp_path, bundle_at=None))
    with pytest.raises(RuntimeError, match="a release needs the map page"):
        hook.initialize("standard", {})


def _cannot(root: Path) -> None:
    raise RuntimeError("no registry")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only", "npm error `npm ci` can only"),
        ("npm ERR! code ENOTFOUND\nnpm ERR! request failed", "npm ERR! request failed"),
        ("npm error code E404", "npm error code E404"),
        ("nothing of use", "npm ended with code 7"),
    ],
)
def test_reason_is_the_line_of_npm_that_tells_something(said: str, line: str) -> None:
    assert hook_module.reason(subprocess.CalledProcessError(7, ["npm"], output="", stderr=said)) == line


def test_lock_file_names_no_registry_of_a_workplace() -> None:
    lines = (ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8").splitlines()
    hosts = [line for line in lines if '"resolved"' in line and "https://registry.npmjs.org/" not in line]
    assert hosts == []
