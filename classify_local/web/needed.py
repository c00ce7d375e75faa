"""Whether the packages that the map page needs are installed."""

from __future__ import annotations

from importlib.util import find_spec

from classify_local.errors import StorageError

_PACKAGES = ("starlette", "uvicorn", "websockets", "PIL")


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
