"""netCDF, Zarr, JPEG 2000, ENVI and Imagine that cannot be used."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import rasterio

from tests.faults.product_rows import LOSSLESS, cut
from tests.faults.rows import Breaking, Row, image, image_path, put, together, write
from tests.faults.scene import BANDS, COLS, CRS, TRANSFORM, Scene
from tests.faults.scene import ROWS as LINES

NC, ZARR = r"scene\.nc: ", r"scene\.zarr"
HUGE = 2**40
CENTRES = {
    "y": TRANSFORM.f + TRANSFORM.e * (np.arange(LINES) + 0.5),
    "x": TRANSFORM.c + TRANSFORM.a * (np.arange(COLS) + 0.5),
}


def dataset(**changes: Any) -> Any:
    """Three variables over y and x; `changes` replace the coordinates and the definition of the system."""
    import xarray as xr

    crs = changes.pop("crs", rasterio.crs.CRS.from_user_input(CRS).to_wkt())
    rng = np.random.default_rng(7)
    arrays = {name: (("y", "x"), rng.integers(1, 9000, (LINES, COLS)).astype("int16")) for name in BANDS}
    found = xr.Dataset(arrays, coords={**CENTRES, **changes})
    if crs is not None:
        found["spatial_ref"] = ((), np.int32(0), {"crs_wkt": crs})
        for name in BANDS:
            found[name].attrs["grid_mapping"] = "spatial_ref"
    return found


def netcdf(kind: str = "NETCDF3_CLASSIC", **changes: Any) -> Breaking:
    def make(scene: Scene) -> None:
        if kind == "NETCDF4":
            dataset(**changes).to_netcdf(scene.path("scene.nc"), engine="h5netcdf")
        else:
            dataset(**changes).to_netcdf(scene.path("scene.nc"), engine="scipy", format=kind)
        scene.recipe["images"] = [{"path": "scene.nc"}]

    return make


def zarr(**changes: Any) -> Breaking:
    def make(scene: Scene) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset(**changes).to_zarr(scene.path("scene.zarr"), zarr_format=2, consolidated=False)
        scene.recipe["images"] = [{"path": "scene.zarr"}]

    return make


def zarray(name: str, **changes: Any) -> Breaking:
    """Change what a Zarr array says of itself."""

    def make(scene: Scene) -> None:
        path = scene.path(f"scene.zarr/{name}/.zarray")
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return make


def patched(name: str, old: bytes, new: bytes) -> Breaking:
    """Replace bytes of a file; those to be replaced must be there."""

    def make(scene: Scene) -> None:
        data = scene.path(name).read_bytes()
        assert old in data
        scene.write(name, data.replace(old, new, 1))

    return make


def hdf5(fill: Any) -> Breaking:
    """A netCDF-4 file to which `fill` does something."""

    def make(scene: Scene) -> None:
        import h5py

        netcdf("NETCDF4")(scene)
        with h5py.File(scene.path("scene.nc"), "a") as file:
            fill(file)

    return make


def link_elsewhere(file: Any) -> None:
    import h5py

    file["other"] = h5py.ExternalLink("/etc/passwd", "/")


def numbers_elsewhere(file: Any) -> None:
    file.create_dataset("other", (LINES, COLS), "int16", external=[("/etc/passwd", 0, 2 * LINES * COLS)])


def dimension(name: str) -> bytes:
    """A dimension's name in the header of netCDF 3, padded to four bytes, behind its length."""
    return len(name).to_bytes(4, "big") + name.encode().ljust(4, b"\0")


NETCDF = [
    Row(id="netCDF without a system", make=netcdf(crs=None), file=NC, thing="reference system", remedy="write_crs"),
    Row(id="netCDF with a system of nonsense", make=netcdf(crs="somewhere"),
        file=NC, thing="unknown reference system 'somewhere'", remedy="write_crs"),
    Row(id="netCDF with a system of an address", make=netcdf(crs="http://127.0.0.1/crs"), code=5,
        file=NC, thing="as an address, which is never opened", remedy="write_crs"),
    Row(id="netCDF at unequal distances", make=netcdf(x=np.append(CENTRES["x"][:-1], 6e5)),
        file=NC, thing="not at equal distances", remedy="gdalwarp"),
    Row(id="netCDF at places that are none", make=netcdf(x=np.full(COLS, np.nan)),
        file=NC, thing="not at equal distances", remedy="gdalwarp"),
    Row(id="netCDF with one x for all", make=netcdf(x=np.full(COLS, 5e5)),
        file=NC, thing="not at equal distances", remedy="gdalwarp"),
    Row(id="netCDF that claims a long dimension",
        make=together(netcdf(), patched("scene.nc", dimension("x") + COLS.to_bytes(4, "big"),
                                        dimension("x") + (2**31 - 1).to_bytes(4, "big"))),
        file=NC, thing="cannot be opened as netCDF3", remedy="copy or download it again"),
    *(
        Row(id=f"netCDF of {share:g} of its bytes", make=together(netcdf(kind), cut("scene.nc", share)),
            file=NC, thing="cannot be opened as netCDF", remedy="copy or download it again")
        for kind, share in (("NETCDF3_CLASSIC", 0.005), ("NETCDF3_CLASSIC", 0.3), ("NETCDF4", 0.01), ("NETCDF4", 0.6))
    ),
    Row(id="HDF5 of a huge variable",
        make=hdf5(lambda f: f.create_dataset("huge", (HUGE, HUGE), "int16", chunks=(2**14, 2**14))),
        file=NC, thing="packed in pieces of", remedy="write it in smaller chunks"),
    Row(id="HDF5 of a huge grid",
        make=hdf5(lambda f: [f.create_dataset("long", (HUGE,), "f8", chunks=(1024,))]),
        file=NC, thing="claims 1,099,511,627,776 numbers in a row", remedy="at most 10,000,000"),
    Row(id="HDF5 with a link to another file", make=hdf5(link_elsewhere), code=5,
        file=NC, thing="is a link to another file", remedy="copy what it means"),
    Row(id="HDF5 with numbers of another file", make=hdf5(numbers_elsewhere), code=5,
        file=NC, thing="takes its numbers from another file", remedy="copy them into one"),
]  # fmt: skip

STORES = [
    Row(id="Zarr without a system", make=zarr(crs=None), file=ZARR, thing="reference system", remedy="write_crs"),
    *(
        Row(id=f"Zarr of shape {shape}", make=together(zarr(), zarray("nir", shape=shape)),
            file=ZARR, thing="cannot be opened as Zarr|has no shape in whole numbers",
            remedy="copy or download")
        for shape in ([HUGE, HUGE], [-1, 60], [0, 0], [1.5, 60], [2**70, 1], "wide", None)
    ),
    Row(id="Zarr with places without end", make=together(zarr(), zarray("x", shape=[HUGE])),
        file=r"scene\.zarr/x/\.zarray: ", thing="claims 1,099,511,627,776 numbers in a row",
        remedy="at most 10,000,000"),
    *(
        Row(id=f"Zarr in pieces of {chunks}", make=together(zarr(), zarray("nir", chunks=chunks)),
            file=ZARR, thing="in pieces of|has no shape in whole numbers|cannot be opened as Zarr",
            remedy="smaller chunks|copy or download")
        for chunks in ([HUGE, HUGE], [0, 0], [-5, 5], [])
    ),
    Row(id="Zarr of objects", make=together(zarr(), zarray("nir", dtype="|O", filters=[{"id": "pickle"}])), code=5,
        file=r"nir/\.zarray: ", thing="objects or records, which are never unpacked", remedy="as plain numbers"),
    Row(id="Zarr packed by what runs", make=together(zarr(), zarray("nir", compressor={"id": "pickle"})), code=5,
        file=r"nir/\.zarray: ", thing="is packed by pickle, which is never run", remedy="packed by zstd or gzip"),
    Row(id="Zarr with broken metadata", make=together(zarr(), write("scene.zarr/nir/.zarray", "{")),
        file=r"nir/\.zarray: ", thing="broken JSON", remedy="copy or download"),
    Row(id="Zarr with a damaged chunk", make=together(zarr(), write("scene.zarr/nir/0.0", b"\x01" * 40)),
        file=ZARR, thing="nir cannot be read at row 0, column 0", remedy="copy or download it again"),
]  # fmt: skip

ENVI = (
    "ENVI\nsamples = {samples}\nlines = {lines}\nbands = {bands}\nheader offset = 0\nfile type = ENVI Standard\n"
    "data type = {kind}\ninterleave = bsq\nbyte order = 0\n"
    "map info = {{UTM, 1, 1, 500000, 8600000, 10, 10, 36, South, WGS-84}}\n"
)


def envi(**changes: Any) -> Breaking:
    header = ENVI.format(**{"samples": COLS, "lines": LINES, "bands": 3, "kind": 2, **changes})
    data = np.random.default_rng(7).integers(1, 9000, (3, LINES, COLS)).astype("<i2").tobytes()
    entry = {"path": "scene.bin", "bands": {"red": 1, "nir": 2, "swir1": 3}}
    return together(write("scene.bin", data), write("scene.hdr", header), put("images", 0, entry))


DAMAGED: dict[str, str] = {
    "file": r"scene\.bin: ", "thing": "cannot be opened as ENVI", "remedy": "copy or download it again",
}  # fmt: skip

OTHERS = [
    *(
        Row(id=f"JPEG 2000 of {share:g} of its bytes",
            make=together(image("scene.jp2", **LOSSLESS), cut("scene.jp2", share), image_path("scene.jp2")),
            file=r"scene\.jp2: ", thing=thing, remedy=remedy)
        for share, thing, remedy in (
            (0.0, "is empty", "readable are"), (0.005, "cannot be opened", "copy or download it again"),
            (0.4, "cannot be read at row 0, column 0", "Read failed"),
        )
    ),
    *(
        Row(id=f"Imagine of {share:g} of its bytes", make=together(
                image("scene.img", driver="HFA", tiled=None, blockxsize=None, blockysize=None),
                cut("scene.img", share), image_path("scene.img")),
            file=r"scene\.img: ", thing="cannot be opened as HFA", remedy="copy or download it again")
        for share in (0.01, 0.3)
    ),
    Row(id="ENVI larger than the earth", make=envi(samples=2**31 - 1, lines=2**31 - 1), **DAMAGED),
    Row(id="ENVI of no lines", make=envi(lines=0), **DAMAGED),
    Row(id="ENVI of negative lines", make=envi(lines=-5), **DAMAGED),
    Row(id="ENVI of bands without end", make=envi(bands=10**9), **DAMAGED),
    Row(id="ENVI of an unknown type", make=envi(kind=99), **DAMAGED),
    Row(id="ENVI that is cut short", make=together(envi(), cut("scene.bin", 0.3)),
        file=r"scene\.bin: ", thing="is 5,400 bytes, its header claims pixels of 18,000",
        remedy="copy or download it again"),
    Row(id="ENVI whose header says nothing", make=together(write("scene.bin", b"\1" * 100), write("scene.hdr", "ENVI"),
                                                          image_path("scene.bin")),
        **DAMAGED),
]  # fmt: skip


ROWS = [*NETCDF, *STORES, *OTHERS]
