"""An image as a user names it, a file, a list, a glob, a folder, a VRT or a web address, as one mosaic."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from classify_local.addresses import is_url, shown
from classify_local.bands.aliases import band_in_file_name
from classify_local.errors import ClassifyLocalError, InputError, Problems, StorageError, collect
from classify_local.storage import safety
from classify_local.storage.arrays import sniff_arrays
from classify_local.storage.composite import Image
from classify_local.storage.mosaic import of_files, whole_file
from classify_local.storage.products import open_product
from classify_local.storage.rasters import RasterFile, describe, require_size
from classify_local.storage.remote import RemoteImage, describe_remote
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.sources import Source, called
from classify_local.storage.vrt_reading import read_vrt
from classify_local.storage.zones import zones

_ENDINGS = (".tif", ".tiff", ".vrt", ".jp2", ".img", ".hgt")
_MARKS = set("*?[")
_LISTED = 10_000
"""Names looked through for a hint; a folder may hold millions."""


def open_image(
    path: str | Sequence[str], resolve: Callable[[str], Path], allowed: AllowedFolders, time: str | None = None
) -> Image:
    """The image a recipe's `path` means.

    Parameters
    ----------
    path
        A file, glob, folder or web address, or a list of them.
    resolve
        From a path in the recipe to a path on this machine.
    allowed
        Folders in which the sources of a VRT may lie, and whether web addresses may be asked.
    time
        The date to take of an image with a time axis.

    Raises
    ------
    InputError, RefusedError
        All that is wrong with the files, at once.
    StorageError
        If a web server cannot be reached.
    """
    given = [path] if isinstance(path, str) else list(path)
    if any(map(is_url, given)):
        return _with_remote(given, resolve, allowed, time)
    special = _special(given, resolve, time)
    if special is not None:
        return special
    paths = [found for text in given for found in expand(text, resolve)]
    where = ", ".join(given)
    if len(paths) == 1 and safety.sniff(paths[0]) == "VRT":
        return read_vrt(paths[0], allowed)
    files = collect(partial(describe, path) for path in paths)
    if len(files) == 1:
        return whole_file(files[0])
    _require_no_bands_apart(files)
    return _together(files, where)


def _with_remote(
    given: Sequence[str], resolve: Callable[[str], Path], allowed: AllowedFolders, time: str | None
) -> Image:
    """Files on web servers, of which several are tiles of one image, perhaps with files of this machine."""
    where = ", ".join(shown(text) if is_url(text) else text for text in given)
    if time is not None:
        raise InputError(f"{where}: has no time axis; take time: out of the recipe")
    problems, files = Problems(), list[RasterFile | Source]()
    for text in given:
        try:
            files += _described(text, resolve, allowed)
        except StorageError as error:  # after many tries: the others are not asked for as patiently once more
            problems.add(error)
            break
        except ClassifyLocalError as error:
            problems.add(error)
    problems.raise_all()
    return files[0] if len(files) == 1 and isinstance(files[0], RemoteImage) else _together(files, where)


def _described(text: str, resolve: Callable[[str], Path], allowed: AllowedFolders) -> Sequence[RasterFile | Source]:
    """What a web address, or a path among such, means."""
    if not is_url(text):
        return collect(partial(describe, path) for path in expand(text, resolve))
    if "*" in shown(text):
        raise InputError(f"{shown(text)}: is a pattern, which web servers do not have; name each file in a list")
    return [describe_remote(text, offline=allowed.offline)]


def _together(files: Sequence[RasterFile | Source], where: str) -> Image:
    """Files as tiles of one image."""
    groups = _alike(files)
    mosaics = [of_files(group, where if len(groups) == 1 else f"{called(group[0])} ...") for group in groups]
    image = mosaics[0] if len(mosaics) == 1 else zones(mosaics, where)
    require_size(image.grid.shape, where, "; tiles of one image lie side by side: is one of them misplaced?")
    return image


def _special(given: Sequence[str], resolve: Callable[[str], Path], time: str | None) -> Image | None:
    """A product as satellites are delivered, or arrays (netCDF, Zarr); None for plain rasters."""
    if any("://" in text or text.startswith("/vsi") or _MARKS & set(text) for text in given):
        return None
    places = [resolve(text) for text in given]
    try:
        if not all(place.exists() for place in places):
            return None
    except OSError:
        return None  # what is wrong with the name is said where it is opened
    if len(places) == 1 and sniff_arrays(places[0]) is not None:
        from classify_local.storage.arrays import opening  # slow to import

        return opening.open_arrays(places[0], time=time)
    if time is not None:
        raise InputError(f"{', '.join(given)}: has no time axis; take time: out of the recipe")
    return open_product(places[0] if len(places) == 1 else places)


def _require_no_bands_apart(files: Sequence[RasterFile]) -> None:
    """Refuse bands of one scene in files of their own: as tiles they would hide each other."""
    for group in _on_the_same_pixels(files):
        said = resolve_bands_apart([(file.names, file.path.stem) for file in group])
        if said:
            named = ", ".join(file.path.name for file in group[:3]) + (", ..." if len(group) > 3 else "")
            raise InputError(
                f"{group[0].path.parent}: {named} cover the same pixels and seem to hold different bands "
                f"({', '.join(said)}); files of one image are tiles with the same bands, so give each file as an image "
                "of its own, or stack them: gdalbuildvrt -separate stacked.vrt "
                f"{' '.join(shlex.quote(file.path.name) for file in group[:3])}{' ...' if len(group) > 3 else ''}"
            )


def _on_the_same_pixels(files: Sequence[RasterFile]) -> list[list[RasterFile]]:
    """Those of the files that have one and the same grid, two or more of each."""
    groups: list[list[RasterFile]] = []
    by_place: dict[object, list[list[RasterFile]]] = {}
    for file in files:
        here = by_place.setdefault((file.grid.transform, file.grid.shape), [])
        group = next((group for group in here if group[0].grid.crs == file.grid.crs), None)
        if group is None:
            here.append(group := [])
            groups.append(group)
        group.append(file)
    return [group for group in groups if len(group) > 1]


def resolve_bands_apart(files: Sequence[tuple[tuple[str, ...], str]]) -> tuple[str, ...]:
    """The bands that files of the very same pixels seem to hold, if not the same ones; else nothing.

    Parameters
    ----------
    files
        Names of the bands and the file's name without its ending, which tells where the bands have the same names.
        Files that share some of their bands are tiles that do not match, and not meant here.
    """
    described = tuple(dict.fromkeys(names for names, _ in files))
    if len(described) > 1:
        apart = sum(map(len, map(set, described))) == len({name for names in described for name in names})
        return tuple(" ".join(names) for names in described[:3]) if apart else ()
    named = tuple(dict.fromkeys(band for _, stem in files if (band := band_in_file_name(stem)) is not None))
    return named[:3] if len(named) > 1 else ()


def _alike(files: Sequence[RasterFile | Source]) -> list[list[RasterFile | Source]]:
    """Files whose pixels lie on one grid, in the order in which each grid is met."""
    groups: list[list[RasterFile | Source]] = []
    for file in files:
        group = next((group for group in groups if group[0].grid.offset_of(file.grid) is not None), None)
        if group is None:
            groups.append(group := [])
        group.append(file)
    return groups


def expand(text: str, resolve: Callable[[str], Path]) -> list[Path]:
    """The files a path means, sorted by name; a folder means the rasters in it.

    Raises
    ------
    InputError
        If there is none.
    """
    if is_url(text):
        raise InputError(
            f"{shown(text)}: is a web address, not a path on this machine; download the file, or write the address "
            "under images in a recipe"
        )
    if "://" in text or text.startswith("/vsi"):
        raise InputError(
            f"{shown(text)}: is not a path on this machine; give a file, a list, a glob, a folder, or the https:// "
            "address of a GeoTIFF"
        )
    path = resolve(text)
    try:
        if path.is_dir():
            return _rasters_in(path)
        return _matches(text, resolve) if _MARKS & set(text) and not path.exists() else [path]
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error


def _rasters_in(folder: Path) -> list[Path]:
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in _ENDINGS and file.is_file())
    if not found:
        raise InputError(f"{folder}: the folder holds no raster; files that end in {', '.join(_ENDINGS)} are taken")
    return found


def _matches(text: str, resolve: Callable[[str], Path]) -> list[Path]:
    """The files a pattern matches. The recipe's folder is no part of the pattern: its name may hold brackets."""
    parts = Path(text).parts
    first = next(i for i, part in enumerate(parts) if _MARKS & set(part))
    folder, pattern = resolve(str(Path(*parts[:first]))), str(Path(*parts[first:]))
    try:
        found = sorted(folder.glob(pattern))
    except ValueError as error:
        raise InputError(f"{text}: no pattern of file names ({error}); write for example tiles/**/*.tif") from error
    if not found:
        raise InputError(f"{folder / pattern}: no file matches{_what_is_there(folder)}")
    return found


def _what_is_there(folder: Path) -> str:
    """What a pattern could have matched, as a hint."""
    if not folder.is_dir():
        return f"; the folder {folder} does not exist"
    names = sorted(file.name for file in islice(folder.iterdir(), _LISTED) if file.suffix.lower() in _ENDINGS)
    held = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"; the folder holds {held}" if held else f"; the folder {folder} holds no raster"
