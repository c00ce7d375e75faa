"""One way to compile a numeric kernel: `jit` is numba's `njit` with the edges taken off.

* numba is imported at the first call of a kernel, never by importing the package.
* Compiled code is cached on disk where that is possible. numba refuses to define a cached function when
  package and home are both read-only, and lets a full disk or a damaged cache file end the call; here
  such a kernel is compiled without a cache instead.
* The global interpreter lock is released, and a division by zero gives what IEEE 754 says, as in numpy.
* With ``CLASSIFY_LOCAL_NO_JIT=1`` in the environment nothing is compiled: the plain function runs, for a
  debugger to step through.

Kernels may call kernels of the same file. Not those of another one: numba's disk cache notices a changed
file only for the kernel at the top, so an upgrade that changes the other file alone would keep running its
old machine code. `jit` refuses that; the same goes, unchecked, for constants imported from elsewhere.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import threading
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

__all__ = ["NO_JIT", "Kernel", "jit"]

NO_JIT = "CLASSIFY_LOCAL_NO_JIT"
"""Environment variable that switches compiling off; empty and 0 leave it on."""

DEFAULTS = {"nogil": True, "cache": True, "error_model": "numpy"}

CACHE_FAILURES = (OSError, EOFError, pickle.UnpicklingError)
"""What numba's cache raises on a full disk or a damaged file; kernels themselves do no I/O."""

P = ParamSpec("P")
R = TypeVar("R")


@overload
def jit(function: Callable[P, R], /) -> Kernel[P, R]: ...


@overload
def jit(*, plain: Callable[..., Any] | None = None, **options: Any) -> Callable[[Callable[P, R]], Kernel[P, R]]: ...


def jit(
    function: Callable[P, R] | None = None, /, *, plain: Callable[..., Any] | None = None, **options: Any
) -> Kernel[P, R] | Callable[[Callable[P, R]], Kernel[P, R]]:
    """Compile a function at its first call; usable as ``@jit`` and as ``@jit(...)``.

    Parameters
    ----------
    function
        A module-level function in the part of Python that numba compiles.
    plain
        What runs instead when compiling is switched off, for a kernel whose own Python would be
        unbearably slow there; default: `function` itself.
    **options
        Further options of ``numba.njit``, or other values than those in `DEFAULTS`.
    """
    if function is None:
        return lambda function: Kernel(function, plain=plain, **options)
    return Kernel(function, plain=plain, **options)


class Kernel(Generic[P, R]):
    """A function that is compiled at its first call; safe to call from several threads.

    Parameters are those of `jit`; ``__wrapped__`` is the plain Python function.
    """

    __wrapped__: Callable[P, R]

    def __init__(self, function: Callable[P, R], *, plain: Callable[..., R] | None = None, **options: Any):
        functools.update_wrapper(self, function)
        self._plain: Callable[..., R] = plain or function
        self._options = {**DEFAULTS, **options}
        self._run: Callable[..., R] | None = None
        self._uncached: Any = None
        self._lock = threading.RLock()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the kernel, compiling it for new types of arguments."""
        run = self._run or self._prepare()
        try:
            return run(*args, **kwargs)
        except CACHE_FAILURES:
            if run is self._plain or run is self._uncached:
                raise
            self._run = self._without_cache()
            return self._run(*args, **kwargs)

    def __reduce__(self) -> str:
        return self.__wrapped__.__qualname__  # pickled by name, as functions are

    @property
    def _numba_type_(self) -> Any:
        """Answer numba when another kernel calls this one, whose code then goes into that one's cache."""
        return self._without_cache()._numba_type_

    def _prepare(self) -> Callable[..., R]:
        """Decide, once, what a call runs."""
        with self._lock:
            if self._run is None:
                self._run = self._plain if _is_off() else self._with_cache()
            return self._run

    def _with_cache(self) -> Any:
        """Build numba's dispatcher, without a disk cache where there is no place for one."""
        if self._options["cache"]:
            with contextlib.suppress(RuntimeError):  # "cannot cache function ...: no locator available"
                return self._compile(cache=True)
        return self._without_cache()

    def _without_cache(self) -> Any:
        with self._lock:
            if self._uncached is None:
                self._uncached = self._compile(cache=False)
            return self._uncached

    def _compile(self, *, cache: bool) -> Any:
        import numba

        _refuse_foreign_kernels(self.__wrapped__)
        return numba.njit(**{**self._options, "cache": cache})(self.__wrapped__)


def _is_off() -> bool:
    return os.environ.get(NO_JIT, "") not in ("", "0")


def _refuse_foreign_kernels(function: Callable[..., Any]) -> None:
    """Fail if `function` calls a kernel of another file, whose changes numba's disk cache would not see."""
    for name in function.__code__.co_names:
        found = function.__globals__.get(name)
        if isinstance(found, Kernel) and found.__module__ != function.__module__:
            raise TypeError(
                f"kernel {function.__qualname__} calls {name} of {found.__module__}, whose changes numba's "
                "disk cache would not notice; define both in one file"
            )
