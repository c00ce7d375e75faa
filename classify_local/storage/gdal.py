"""Process-wide settings of GDAL and PROJ, made before the first file is opened.

They close doors that files could open (Python code inside a VRT, network access, drivers loaded from a
folder) and fix the size of GDAL's block cache, which otherwise grows with the machine's memory.
Import this module before rasterio opens anything; every module that opens files does.
"""

from __future__ import annotations

import os

CACHE_MB = 256
"""GDAL's block cache: one row of 512-pixel blocks of ten 16-bit bands across a Sentinel-2 tile is 112 MB."""

_FIXED = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_CACHEMAX": str(CACHE_MB),
    "GDAL_HTTP_TIMEOUT": "30",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "PROJ_NETWORK": "OFF",
}
_DROPPED = ("GDAL_DRIVER_PATH", "GDAL_VRT_PYTHON_TRUSTED_MODULES", "OGR_DRIVER_PATH", "PROJ_DEBUG")


def secure_environment() -> None:
    """Set and drop the variables that GDAL and PROJ read. Repeating it changes nothing."""
    for name in _DROPPED:
        os.environ.pop(name, None)
    os.environ.update(_FIXED)


secure_environment()
