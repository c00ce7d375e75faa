"""netCDF and Zarr as images: named arrays over y and x, read window by window through xarray.

`sniff_arrays` is cheap; `opening.open_arrays` imports xarray.
"""

from classify_local.storage.arrays.sniffing import sniff_arrays

__all__ = ["sniff_arrays"]
