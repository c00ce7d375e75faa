"""The model file: what is written is read, and what was tampered with is refused before anything runs."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classify_local.errors import InputError, RefusedError
from classify_local.storage import models
from classify_local.storage.models import MANIFEST, pack, plain_array, read, write

ARRAYS = {"forest/left": np.arange(12, dtype="int32"), "forest/values": np.random.default_rng(1).random((6, 3))}
DESCRIPTION = {"bands": ["red", "nir"], "classes": [1, 2], "label": "forêt"}


@pytest.fixture
def model(tmp_path) -> Path:
    write(tmp_path / "model.zip", DESCRIPTION, ARRAYS)
    return tmp_path / "model.zip"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path: Path, changed: dict[str, bytes], *, announce: bool = True, **how: Any) -> None:
    """Write a model file with other members; with `announce` the manifest's digests fit them."""
    if announce and MANIFEST in changed:
        manifest = json.loads(changed[MANIFEST])
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in changed.items() if name != MANIFEST}
        changed = {**changed, MANIFEST: json.dumps({**manifest, "sha256": digests}).encode()}
    with zipfile.ZipFile(path, "w", **{"compression": zipfile.ZIP_DEFLATED, **how}) as archive:
        for name, data in changed.items():
            archive.writestr(name, data)


def npy(array: np.ndarray, **how: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **how)
    return stream.getvalue()


def header(text: str, data: bytes = b"") -> bytes:
    """The bytes of an `.npy` with a header of one's own."""
    padded = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + data


def refused(path: Path, words: str, error: type[Exception] = RefusedError) -> None:
    with pytest.raises(error) as caught:
        read(path)
    assert type(caught.value) is error
    assert caught.value.exit_code == (5 if error is RefusedError else 2)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


# what is written is read


def test_what_is_written_is_read(model):
    manifest, arrays = read(model)
    assert {key: manifest[key] for key in DESCRIPTION} == DESCRIPTION
    assert manifest["format"] == models.FORMAT
    assert {"numpy", "scikit-learn", "gdal", "classify_local"} <= set(manifest["versions"])
    assert arrays.keys() == ARRAYS.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, ARRAYS[name])
        assert array.dtype == ARRAYS[name].dtype
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_the_same_model_is_the_same_bytes(model, tmp_path):
    again = tmp_path / "again.zip"
    write(again, dict(reversed(DESCRIPTION.items())), dict(reversed(ARRAYS.items())))
    assert again.read_bytes() == model.read_bytes() == pack(DESCRIPTION, ARRAYS)


dtypes = st.sampled_from(["int8", "uint8", "bool", "int32", "int64", "uint16", "float32", "float64"])


@given(hnp.arrays(dtypes, hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=9)))
def test_any_plain_array_comes_back_bit_by_bit(array):
    found = plain_array(npy(array))
    assert found is not None
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()


# what is no model file


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, b"PK\x03\x04 but not more", b"<html>", b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_zip_is_no_model(tmp_path, data):
    path = tmp_path / "model.zip"
    path.write_bytes(data)
    refused(path, "is not a model file", InputError)


def test_a_model_that_is_not_there(tmp_path):
    refused(tmp_path / "model.zip", "no such file", InputError)
    refused(tmp_path, "is a folder", InputError)


def test_a_model_of_another_format(model):
    changed = members(model)
    manifest = json.loads(changed[MANIFEST])
    rewrite(model, {**changed, MANIFEST: json.dumps({**manifest, "format": 2}).encode()})
    refused(model, "format 2, this version reads 1", InputError)


# what was tampered with


def test_every_changed_byte_is_noticed_or_harmless(model):
    """A byte of a name, a date or a comment may change; what is read is what was written, or nothing."""
    data = model.read_bytes()
    expected = read(model)[1]
    for place in range(0, len(data), 3):
        for flip in (0xFF, 0x01):
            changed = bytearray(data)
            changed[place] ^= flip
            model.write_bytes(changed)
            try:
                manifest, arrays = read(model)
            except (InputError, RefusedError):
                continue
            assert manifest["bands"] == DESCRIPTION["bands"], place
            for name, array in arrays.items():
                np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("kept", [1, 0.1, 0.5, 0.9, -1])
def test_a_file_that_was_cut_short(model, kept):
    data = model.read_bytes()
    model.write_bytes(data[: kept if isinstance(kept, int) else int(len(data) * kept)])
    refused(model, "is not a model file", InputError)


def test_a_changed_byte_inside_a_member_is_refused(model):
    changed = members(model)
    data = bytearray(changed["forest/values.npy"])
    data[-1] ^= 1
    rewrite(model, {**changed, "forest/values.npy": bytes(data)}, announce=False)
    refused(model, "forest/values.npy was changed since the model was written")


def test_a_damaged_packing_is_refused(model):
    with zipfile.ZipFile(model) as archive:
        info = archive.getinfo("forest/values.npy")
    data = bytearray(model.read_bytes())
    place = info.header_offset + 30 + len(info.filename)
    data[place + 3 : place + 9] = b"\xff" * 6
    model.write_bytes(data)
    refused(model, "is damaged or was changed")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: {**m, "forest/extra.npy": npy(np.arange(3))}, "other members than its manifest"),
        (lambda m: {k: v for k, v in m.items() if k != "forest/left.npy"}, "other members than its manifest"),
        (lambda m: {k: v for k, v in m.items() if k != MANIFEST}, "no readable manifest"),
        (lambda m: {**m, MANIFEST: b""}, "no readable manifest"),
        (lambda m: {**m, MANIFEST: b"\xff\xfe"}, "no readable manifest"),
        (lambda m: {**m, MANIFEST: b"[]"}, "no readable manifest"),
        (lambda m: {**m, MANIFEST: b"{}"}, "no readable manifest"),
        (lambda m: {**m, MANIFEST: b'{"format": 1, "sha256": []}'}, "no readable manifest"),
        (lambda m: {**m, MANIFEST: b"[" * 100_000}, "no readable manifest"),
        (lambda m: {**m, MANIFEST: b'{"format": 1, "sha256": {}, "n": ' + b"9" * 5000 + b"}"}, "no readable manifest"),
    ],
)  # fmt: skip
def test_members_are_those_of_the_manifest(model, change, words):
    rewrite(model, change(members(model)), announce=False)
    refused(model, words)


@pytest.mark.parametrize(
    "name",
    ["../evil.npy", "forest/../../evil.npy", "/tmp/evil.npy", "C:/evil.npy", "forest\\evil.npy", "forest/", "run.py",
     "forest/evil.pkl", "forest/x.npy.exe", "Forest/x.npy", "forest//x.npy", ".npy", "forest/ü.npy"],
)  # fmt: skip
def test_names_that_no_model_has_are_refused(model, tmp_path, name):
    before = sorted(tmp_path.parent.rglob("*"))
    rewrite(model, {**members(model), name: npy(np.arange(3))})
    refused(model, "holds a member")
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(model):
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr("forest/left.npy", members(model)["forest/left.npy"])
    refused(model, "other members than its manifest")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(model, packing):
    rewrite(model, members(model), compression=packing)
    refused(model, "packed as no model is")


def test_an_encrypted_member_is_refused(model):
    data = bytearray(model.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + flags] |= 1
            place = data.find(signature, place + 4)
    model.write_bytes(data)
    refused(model, "is encrypted")


# arrays that are none


class _Runs:
    """A pickle that runs code when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self._trace,)


@pytest.mark.parametrize("how", ["object array", "pickle", "zip of a pickle"])
def test_a_pickle_is_never_run(model, tmp_path, how):
    trace = tmp_path / "it ran"
    if how == "object array":
        data = npy(np.array([_Runs(trace)], dtype=object), allow_pickle=True)
    elif how == "pickle":
        data = pickle.dumps(_Runs(trace))
    else:
        stream = io.BytesIO()
        np.savez(stream, a=np.array([_Runs(trace)], dtype=object))
        data = stream.getvalue()
    rewrite(model, {**members(model), "forest/left.npy": data})
    refused(model, "forest/left.npy is not a plain array")
    assert not trace.exists()
    if how == "pickle":
        pickle.loads(data)  # noqa: S301  the trap works
        assert trace.exists()


SPELLED = "{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff{}",
        npy(np.arange(6))[:-1],
        npy(np.arange(6)) + b"\0",
        npy(np.asfortranarray(np.arange(6).reshape(2, 3))),
        npy(np.zeros((2, 2, 2))),
        npy(np.zeros(3, "complex64")),
        npy(np.zeros(3, "U5")),
        npy(np.zeros(3, "M8[s]")),
        npy(np.zeros(3, ">f8")),
        npy(np.zeros(3, [("a", "i4")])),
        header(SPELLED.format("'<f8'", False, "(1000000000000, 1000000000000)")),
        header(SPELLED.format("'<f8'", False, "(1000000000000,)")),
        header(SPELLED.format("'<f8'", False, "(-1,)")),
        header(SPELLED.format("'<f8'", False, "(9999999999999999999999,)")),
        header(SPELLED.format("'<f8'", True, "(1,)"), b"\0" * 8),
        header(SPELLED.format("'<f1'", False, "(1,)"), b"\0"),
        header(SPELLED.format("'<f8'", False, "__import__('os').getcwd()")),
        header("(" * 5000),
        header("{'descr': '<f8'}"),
    ],
)
def test_only_plain_arrays_of_the_size_they_say(model, data):
    rewrite(model, {**members(model), "forest/left.npy": data})
    refused(model, "forest/left.npy is not a plain array")


@given(st.binary(max_size=300))
def test_any_bytes_are_an_array_or_none(data):
    assert plain_array(data) is None or len(data) > 10


# sizes


def test_a_zip_that_unpacks_to_much_more_is_refused_before_it_is_unpacked(model):
    rewrite(model, {**members(model), "forest/bomb.npy": npy(np.zeros(100_000_000, "uint8"))})
    assert model.stat().st_size < 200_000
    tracemalloc.start()
    refused(model, "holds more than a model does")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_zip_of_many_members_is_refused(model):
    rewrite(model, {**members(model), **{f"forest/a{i}.npy": npy(np.arange(1)) for i in range(100)}})
    refused(model, "holds more than a model does")


def test_a_manifest_without_end_is_refused(model):
    changed = members(model)
    manifest = json.loads(changed[MANIFEST])
    long = json.dumps({**manifest, "filler": " " * 10_000_000}).encode()
    rewrite(model, {**changed, MANIFEST: long}, announce=False, compression=zipfile.ZIP_STORED)
    refused(model, "its manifest is longer than any model's")


def test_a_size_that_lies_is_noticed(model):
    """A member that says it is shorter than it is, is read no further than it says, and refused."""
    data = bytearray(model.read_bytes())
    with zipfile.ZipFile(model) as archive:
        size = archive.getinfo("forest/values.npy").file_size
    place = data.find(b"forest/values.npy", data.find(b"PK\x01\x02"))
    data[place - 46 + 24 : place - 46 + 28] = (size - 8).to_bytes(4, "little")
    model.write_bytes(data)
    with pytest.raises(RefusedError):
        read(model)
