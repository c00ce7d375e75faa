"""Tests of classify_local.jit, on kernels in a file of their own so that each has its own disk cache."""

import errno
import importlib.util
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import numpy as np
import pytest

from classify_local import jit as jit_module
from classify_local.bands import fused
from classify_local.jit import NO_JIT, jit

KERNELS = """
from classify_local.jit import jit

@jit
def half(x):
    "Halve."
    return x / 2.0

@jit
def quarter(x):
    return half(half(x))

@jit
def total(values):
    s = 0.0
    for v in values:
        s += 1.0 / v
    return s

@jit
def picky(x):
    if x < 0:
        raise ValueError("negative")
    return x

@jit(plain=lambda x: "plain")
def with_plain(x):
    return x

@jit
def only_python(x):
    return [*globals()] and x
"""

_numbers = count()


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Import the kernels anew at each call, with numba's cache in `tmp_path`."""
    numba = pytest.importorskip("numba")
    monkeypatch.delenv(NO_JIT, raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "kernels.py"
    path.write_text(KERNELS)

    def load():
        name = f"kernels_of_test_{next(_numbers)}"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def fail(*args, **kwargs):
    raise PermissionError(errno.EROFS, "Read-only file system")


def test_compiles_caches_and_keeps_name_and_text(load, tmp_path):
    kernels = load()
    assert kernels.half(3.0) == 1.5
    assert (kernels.half.__name__, kernels.half.__doc__) == ("half", "Halve.")
    assert len(list(tmp_path.glob("cache/*/*.nbi"))) == 1


def test_kernels_call_kernels_and_only_the_outer_one_is_cached(load, tmp_path):
    assert load().quarter(3.0) == 0.75
    (index,) = tmp_path.glob("cache/*/*.nbi")
    assert "quarter" in index.name
    assert load().quarter(3.0) == 0.75


def test_division_by_zero_is_infinite(load):
    assert load().total(np.array([0.0])) == np.inf


def test_errors_of_a_kernel_are_its_own(load):
    with pytest.raises(ValueError, match="negative"):
        load().picky(-1)


def test_releases_the_interpreter_lock(load):
    assert load().half._compile(cache=False).targetoptions["nogil"]


def test_no_place_for_a_cache(load, tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.caching.tempfile.TemporaryFile", fail)
    assert load().half(3.0) == 1.5
    assert not list(tmp_path.rglob("*.nbi"))


def test_no_file_to_cache_for():
    names = {"jit": jit, "__name__": "nowhere"}
    exec("@jit\ndef double(x):\n    return 2 * x", names)  # noqa: S102
    assert names["double"](4) == 8


def test_a_full_disk(load, monkeypatch):
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", fail)
    kernels = load()
    assert kernels.half(3.0) == 1.5
    assert kernels.half(3) == 1.5
    assert kernels.quarter(3.0) == 0.75


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\x80\x05K"])
def test_a_damaged_cache(load, tmp_path, content):
    load().half(3.0)
    for path in tmp_path.glob("cache/*/*.nbi"):
        path.write_bytes(content)
    assert load().half(3.0) == 1.5


def test_many_threads_at_the_first_call(load):
    quarter = load().quarter
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(quarter, [4.0, 8.0] * 20)) == [1.0, 2.0] * 20


def test_pickles_by_name(load):
    half = load().half
    assert pickle.loads(pickle.dumps(half)) is half  # noqa: S301


@pytest.mark.parametrize(("value", "off"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_the_switch(load, monkeypatch, value, off):
    monkeypatch.setenv(NO_JIT, value)
    kernels = load()
    assert kernels.with_plain(3) == ("plain" if off else 3)
    if off:
        assert kernels.only_python(3) == 3
        assert kernels.quarter(3.0) == 0.75


def test_a_failing_cache_while_another_thread_has_left_it(load, monkeypatch):
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", fail)
    half = load().half
    cached = half._prepare()
    assert half(3.0) == 1.5
    assert half._run is not cached
    half._run = cached  # what a slower thread still holds
    assert half(3) == 1.5


def test_plain_functions_keep_their_errors(monkeypatch):
    monkeypatch.setenv(NO_JIT, "1")
    with pytest.raises(OSError, match="Read-only"):
        jit(fail)()


def test_refuses_kernels_of_another_file(load):
    kernels = load()
    kernels.half = fused._ratio
    with pytest.raises(TypeError, match=r"quarter calls half of classify_local\.bands\.fused"):
        kernels.quarter(3.0)


def test_importing_the_package_does_not_import_numba():
    code = "import sys, classify_local.bands.indexes, classify_local.bands.fused; print('numba' in sys.modules)"
    assert run_python(code).stdout.strip() == "False"


FILL = """
import sys
import numpy as np
from classify_local.bands.fused import fill_pairs
from classify_local.bands.indexes import index_bands
from classify_local.bands.pairwise import Operation, Pair, pair_bands
values = np.array([[0, 7, 300], [0, 9, 20]], np.uint16)
pairs = [Pair(operation, 0, 1) for operation in Operation]
out = np.empty((5, 3), np.float32)
fill_pairs(values, pairs, out)
assert out.tobytes() == pair_bands(values, pairs).tobytes()
bands = ["blue", "green", "red", "nir", "swir1", "swir2"]
gv = np.array([[500], [900], [400], [6100], [3000], [1000]], np.uint16)
assert abs(index_bands(gv, bands, ["ndfi"], scale=1e-4, offset=0)[0, 0] - 1) < 1e-6
print("numba" in sys.modules)
"""


@pytest.mark.parametrize(("switch", "compiled"), [("1", "False"), ("0", "True")])
def test_bands_with_and_without_compiling(tmp_path, switch, compiled):
    """Without a place for a cache either: numba's folder would have to lie below a file."""
    (tmp_path / "file").touch()
    done = run_python(
        FILL,
        CLASSIFY_LOCAL_NO_JIT=switch,
        NUMBA_CACHE_DIR=str(tmp_path / "file" / "cache"),
        NUMBA_CACHE_LOCATOR_CLASSES="UserProvidedCacheLocator",
    )
    assert (done.stdout.strip(), done.stderr) == (compiled, "")


def test_a_race_for_the_uncached_kernel_compiles_once(load, monkeypatch):
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", fail)
    half = load().half
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(half, [4.0] * 20)) == [2.0] * 20
    assert half._run.stats.cache_path is None


def test_public_names():
    assert sorted(jit_module.__all__, key=str.casefold) == ["jit", "Kernel", "NO_JIT"]
