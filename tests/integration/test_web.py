"""Recipes whose images lie on a web server: the same map as from files, or an error that says what to do."""

from __future__ import annotations

import hashlib
import json
import pickle
import socket
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dask.base
import numpy as np
import pytest
import rasterio
from rasterio.windows import Window as RasterioWindow

from classify_local import InputError, RefusedError, StorageError, TilesFailed, api
from classify_local.cli.main import call
from classify_local.demonstration import sample_folder
from classify_local.grid import Window
from classify_local.mapping.progress import Progress, Silent
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage import remote
from tests.conftest import write_raster
from tests.hostile_server import HASTY, Server, serving
from tests.integration.synthetic import read_bands, write_scene

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a server as long as a user would."""
    monkeypatch.setattr(remote, "Settings", lambda: HASTY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene of 700 x 1300 pixels and its map made from the file, in `from_file`."""
    found = tmp_path_factory.mktemp("web")
    api.run(write_scene(found, tile_size=512), out=found / "from_file", workers=1)
    return found


@pytest.fixture
def url(server: Server, folder: Path) -> str:
    server.files["image.tif"] = (folder / "image.tif").read_bytes()
    return server.url("image.tif")


def of(folder: Path, path: str | list[str], **more: Any) -> RecipeDocument:
    """The scene's recipe with another image."""
    return load(folder / "scene.yml").changed({("images",): [{"path": path, **more}]})


def written(folder: Path, document: RecipeDocument) -> str:
    """The same as a file, for the command line."""
    path = folder / "scene.yml.web.yml"
    path.write_text(document.changed({("name",): "scene"}).text())
    return str(path)


def tiles(folder: Path) -> dict[str, str]:
    """SHA-256 of every tile."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.tif"))}


def pieces(server: Server, image: Path, *windows: tuple[int, int, int, int]) -> list[str]:
    """Parts (column, row, width, height) of an image, on the server as files of their own."""
    found = []
    with rasterio.open(image) as handle:
        for number, part in enumerate(windows):
            window = RasterioWindow(*part)
            path = write_raster(
                image.parent / f"piece{number}.tif", handle.read(window=window), nodata=0, crs=handle.crs,
                transform=handle.window_transform(window), descriptions=handle.descriptions,
            )  # fmt: skip
            server.files[path.name] = path.read_bytes()
            found.append(server.url(path.name))
    return found


@pytest.mark.parametrize("query", ["", "?sig=SECRET"])
def test_the_map_of_an_address_is_that_of_the_file(folder: Path, url: str, tmp_path: Path, query: str) -> None:
    result = api.run(of(folder, url + query), out=tmp_path, workers=2)
    assert tiles(result.folder) == tiles(folder / "from_file" / "scene")
    assert len(tiles(result.folder)) == 12


def test_the_sample_scene_over_the_web_is_the_sample_scene(server: Server, tmp_path: Path) -> None:
    document = load(sample_folder() / "recipe.yml")
    mosaic = sorted((document.folder / "mosaic").glob("*.tif"))
    for path in mosaic:
        server.files[path.name] = path.read_bytes()
    addresses = {("images", 0, "path"): [server.url(path.name) for path in mosaic]}
    local = api.run(document, out=tmp_path / "local", workers=1)
    web = api.run(document.changed(addresses), out=tmp_path / "web", workers=2)
    assert tiles(web.folder) == tiles(local.folder)


def test_a_list_may_mix_addresses_and_files(folder: Path, server: Server, tmp_path: Path) -> None:
    left, right = pieces(server, folder / "image.tif", (0, 0, 600, 700), (600, 0, 700, 700))
    expected = tiles(folder / "from_file" / "scene")
    for number, path in enumerate(([left, right], [left, str(folder / "piece1.tif")])):
        result = api.run(of(folder, path), out=tmp_path / str(number), workers=1)
        assert tiles(result.folder) == expected


def test_tiles_on_several_grids(folder: Path, server: Server, tmp_path: Path) -> None:
    """Nodata of the recipe reaches files on servers through mosaics and zones alike."""
    values = np.arange(1, 1 + 40 * 40, dtype="uint16").reshape(40, 40)
    for name, crs, x in (("a.tif", "EPSG:32736", 500_000), ("b.tif", "EPSG:32735", 1_155_000)):
        transform = rasterio.Affine(10, 0, x, 0, -10, 8_600_000)
        server.files[name] = write_raster(tmp_path / name, values, crs=crs, transform=transform).read_bytes()
    local, web = (
        api.open_stack({"images": [{"path": [f"{place}{name}" for name in ("a.tif", "b.tif")], "nodata": 7}]})
        for place in (f"{tmp_path}/", server.url(""))
    )
    assert web.grid == local.grid
    assert len(web.remotes) == 2
    found, expected = web.read(web.grid.window), local.read(local.grid.window)
    np.testing.assert_array_equal(found.valid, expected.valid)
    np.testing.assert_array_equal(found.features[0][found.valid], expected.features[0][expected.valid])
    assert set(range(1, 1601)) - set(found.features[0][found.valid].tolist()) == {7}


def test_masks_layers_and_class_maps_may_lie_there_too(folder: Path, server: Server, tmp_path: Path) -> None:
    with rasterio.open(folder / "image.tif") as handle:
        band = handle.read(1)
    mask = np.random.default_rng(1).integers(0, 3, band.shape).astype("uint8")
    classes = np.array([1, 2, 5, 7], dtype="uint8")[(np.arange(band.size) // 7 % 4).reshape(band.shape)]
    for name, values in (("mask.tif", mask), ("rain.tif", band // 7), ("classes.tif", classes)):
        server.files[name] = write_raster(folder / name, values).read_bytes()
    maps = []
    for number, place in enumerate((f"{folder}/", server.url(""))):
        document = of(folder, "image.tif", mask={"path": f"{place}mask.tif", "keep": [1, 2]}).changed({
            ("auxiliaries",): [{"name": "rain", "path": f"{place}rain.tif"}],
            ("training",): [{"sample": {"path": f"{place}classes.tif", "per_class": {"default": 60}}}],
        })  # fmt: skip
        maps.append(api.run(document, out=tmp_path / str(number), workers=1))
    assert tiles(maps[0].folder) == tiles(maps[1].folder)
    assert {name for name in maps[1].record["identity"]["files"] if "://" in name} == {
        server.url("mask.tif"), server.url("rain.tif"),
    }  # fmt: skip


def test_another_image_by_address_for_a_model(folder: Path, url: str, tmp_path: Path) -> None:
    api.train(folder / "scene.yml", tmp_path / "model.zip")
    local = api.run(folder / "scene.yml", model=tmp_path / "model.zip", out=tmp_path / "local")
    for name in ("1", "image"):
        web = api.run(
            folder / "scene.yml", model=tmp_path / "model.zip", images={name: url}, out=tmp_path / f"web{name}"
        )
        assert tiles(web.folder) == tiles(local.folder)


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder, and what is packed in it."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        yield path.name, path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as packed:
                yield from ((name, packed.read(name)) for name in packed.namelist())


def test_keys_are_written_nowhere_and_may_change(folder: Path, url: str, tmp_path: Path, capsys: Capture) -> None:
    result = api.run(of(folder, f"{url}?sig=SECRET"), out=tmp_path / "out", workers=1)
    assert not [name for name, content in contents(tmp_path) if b"SECRET" in content]
    record = json.loads((result.folder / "scene_run.json").read_text())
    assert record["identity"]["recipe"]["images"][0]["path"] == url
    assert set(record["identity"]["files"]) == {url, "points.csv"}
    assert f"path: {url}\n" in (result.folder / "scene_recipe.yml").read_text()
    again = api.run(of(folder, f"{url}?sig=OTHER_SECRET"), out=tmp_path / "out", workers=1)
    assert again.record == result.record
    recipe = written(folder, of(folder, f"{url}?sig=SECRET"))
    for command in (["inspect", recipe], ["check", recipe], ["inspect", f"{url}?sig=SECRET"]):
        assert call(command) == 0
    said = capsys.readouterr()
    assert url in said.out
    assert "SECRET" not in said.out + said.err


def test_two_addresses_that_differ_by_their_query_only(folder: Path, server: Server, url: str) -> None:
    document = load(folder / "scene.yml").changed({("images",): [{"path": f"{url}?{n}"} for n in (1, 2)]})
    ((where, identity),) = api.open_stack(document).remotes
    assert (where, len(identity)) == (url, 64)


@pytest.mark.parametrize("by", ["option", "environment"])
@pytest.mark.parametrize("command", ["run", "check", "train", "inspect"])
def test_offline_is_refused_before_a_socket_is_opened(
    folder: Path, server: Server, url: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch,
    command: str, by: str,
) -> None:  # fmt: skip
    recipe = written(folder, of(folder, f"{url}?sig=SECRET"))
    more = {
        "run": ["--out", str(tmp_path)],
        "check": ["--out", str(tmp_path)],
        "train": ["-o", str(tmp_path / "m.zip")],
    }
    asked = [command, url if command == "inspect" else recipe, *more.get(command, [])]
    if by == "environment":
        monkeypatch.setenv("CLASSIFY_LOCAL_OFFLINE", "1")
    assert call([*asked, "--offline"] if by == "option" else asked) == 5
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{url}: the network is not to be used (--offline or CLASSIFY_LOCAL_OFFLINE); download it" in line
    assert server.asked == []
    assert list(tmp_path.iterdir()) == []


def test_offline_reaches_every_part_of_a_recipe(folder: Path, server: Server) -> None:
    """Masks, layers, class maps, and the recipes that training data come from."""
    (folder / "other.yml").write_text(of(folder, server.url("other.tif")).text())
    document = of(folder, "image.tif", mask={"path": server.url("mask.tif"), "keep": [1]}).changed({
        ("auxiliaries",): [{"name": "rain", "path": server.url("rain.tif")}],
        ("training",): [{"sample": {"path": server.url("classes.tif")}}, {"recipe": "other.yml"}],
        ("output", "scale"): 20,
    })  # fmt: skip
    with pytest.raises(RefusedError) as caught:
        api.check(document, offline=True)
    names = {line.partition(".tif: ")[0].rpartition("/")[2] for line in caught.value.problems}
    assert names == {"mask", "rain", "classes", "other"}
    with pytest.raises(RefusedError, match=r"mask\.tif: the network"):
        api.open_stack(document, offline=True)
    assert server.asked == []


def test_recipes_without_addresses_use_no_network(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    result = api.run(folder / "scene.yml", out=tmp_path, workers=1, offline=True)
    assert tiles(result.folder) == tiles(folder / "from_file" / "scene")


def test_a_change_between_runs_is_noticed(folder: Path, server: Server, url: str, tmp_path: Path) -> None:
    document = of(folder, f"{url}?sig=SECRET")
    api.run(document, out=tmp_path, workers=1)
    before = api.open_stack(document)
    server.etags["image.tif"] = '"2"'
    with pytest.raises(InputError, match=r"image\.tif was changed\); give --restart") as caught:
        api.run(document, out=tmp_path, workers=1)
    assert "SECRET" not in str(caught.value)
    result = api.run(document, out=tmp_path, workers=1, restart=True)
    assert tiles(result.folder) == tiles(folder / "from_file" / "scene")
    assert dask.base.tokenize(api.open_stack(document)) != dask.base.tokenize(before)


def test_equal_states_have_equal_tokens(folder: Path, url: str) -> None:
    one, two = (api.open_stack(of(folder, url)) for _ in range(2))
    one.read(Window(row=0, col=0, rows=5, cols=5))
    assert dask.base.tokenize(one) == dask.base.tokenize(two)
    assert one.to_xarray().data.name == two.to_xarray().data.name
    assert " at 0x" not in repr(one)


class After(Silent):
    """Does something once so many tiles are done."""

    def __init__(self, count: int, what: Any) -> None:
        self.count, self.what, self.said = count, what, list[str]()

    def say(self, text: str) -> None:
        self.said.append(text)

    def progress(self, progress: Progress) -> None:
        if progress.tiles_done >= self.count:
            self.what()


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ("down", StorageError, r"image\.tif: the connection broke .*, 2 times; run again when the network is there"),
        ("stall", StorageError, r"image\.tif: the server fell silent, 2 times; run again"),
        ("truncate", StorageError, r", 2 times; run again when the network is there"),
        ("404", TilesFailed, r"^tile \d+-\d+: http.*image\.tif: the server has no such file \(404\)"),
    ],
)
def test_a_connection_lost_midway_is_a_run_to_be_resumed(
    folder: Path, server: Server, url: str, tmp_path: Path, how: str, error: type[Exception], words: str
) -> None:
    document = of(folder, url)

    def fail() -> None:
        server.down, server.misbehave = how == "down", "" if how == "down" else how

    with pytest.raises(error, match=words):
        api.run(document, out=tmp_path, workers=1, reporter=After(1, fail))
    made = tiles(tmp_path / "scene")
    assert 2 <= len(made) < 12
    server.down, server.misbehave = False, ""
    asked = len(server.asked)
    second = After(99, fail)
    result = api.run(document, out=tmp_path, workers=1, reporter=second)
    assert any(text.startswith("resuming: ") for text in second.said)
    assert tiles(result.folder) == tiles(folder / "from_file" / "scene")
    np.testing.assert_array_equal(read_bands(result.vrt), read_bands(folder / "from_file" / "scene" / "scene.vrt"))
    assert result.record["complete"]
    assert len(server.asked) > asked


def test_a_server_that_is_stopped_and_started_again(folder: Path, tmp_path: Path, server: Server) -> None:
    content = (folder / "image.tif").read_bytes()
    with ExitStack() as stack:
        first = stack.enter_context(serving())
        first.files["image.tif"] = content
        document = of(folder, first.url("image.tif"))
        with pytest.raises(StorageError, match=r"the server cannot be reached .*, 2 times; run again"):
            api.run(document, out=tmp_path, workers=2, reporter=After(1, stack.close))
    made = {name: (tmp_path / "scene" / name).stat().st_mtime_ns for name in tiles(tmp_path / "scene")}
    assert 2 <= len(made) < 12
    with serving(first.server_address[1]) as second:
        second.files["image.tif"] = content
        result = api.run(document, out=tmp_path, workers=2)
        remote.close_remote()
    assert tiles(result.folder) == tiles(folder / "from_file" / "scene")
    assert made.items() <= {path.name: path.stat().st_mtime_ns for path in result.folder.glob("*.tif")}.items()


def test_a_stack_travels_to_another_process(folder: Path, url: str) -> None:
    stack = api.open_stack(of(folder, url))
    sent = pickle.loads(pickle.dumps(stack))  # noqa: S301 - as dask does
    window = Window(row=10, col=20, rows=30, cols=40)
    np.testing.assert_array_equal(sent.read(window).features, stack.read(window).features)


def test_a_file_that_changes_midway_ends_the_run(folder: Path, server: Server, url: str, tmp_path: Path) -> None:
    def change() -> None:
        server.etags["image.tif"] = '"2"'

    with pytest.raises(StorageError, match=r"was changed on the server while it was being read; run again with"):
        api.run(of(folder, url), out=tmp_path, workers=1, reporter=After(1, change))


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("404", 2, "the server has no such file (404); is the address right?"),
        ("403", 2, "the server does not give it to everyone (403); download it and name the file"),
        ("whole", 2, "the server sends only the whole file, never parts of it; download it and name the file"),
        ("500", 4, "the server answers 500, 2 times; run again when the network is there"),
        ("truncate", 4, ", 2 times; run again when the network is there"),
        ("to file:///etc/passwd", 4, "the server leads to 'file:///etc/passwd', which is no web address"),
    ],
)
@pytest.mark.parametrize("command", ["run", "inspect"])
def test_servers_that_fail_are_said_in_one_line(
    folder: Path, server: Server, url: str, tmp_path: Path, capsys: Capture, how: str, code: int, words: str,
    command: str,
) -> None:  # fmt: skip
    server.misbehave = how
    recipe = written(folder, of(folder, f"{url}?sig=SECRET"))
    asked = ["inspect", f"{url}?sig=SECRET"] if command == "inspect" else ["run", recipe, "--out", str(tmp_path)]
    assert call(asked) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{url}: " in line
    assert words in line
    assert "SECRET" not in line


def test_a_server_that_is_not_there_is_asked_for_one_file_of_many(folder: Path, server: Server) -> None:
    server.down = True
    with pytest.raises(StorageError) as caught:
        api.open_stack(of(folder, [server.url(f"{n}.tif") for n in range(50)]))
    assert len(caught.value.problems) == 1
    assert len(server.asked) == HASTY.tries


@pytest.mark.parametrize(
    ("path", "more", "words"),
    [
        ("https://127.0.0.1/*.tif", {}, "is a pattern, which web servers do not have; name each file in a list"),
        ("https://127.0.0.1/a.tif", {"time": "2021"}, "has no time axis; take time: out of the recipe"),
        ("ftp://127.0.0.1/a.tif?sig=SECRET", {}, "is not a path on this machine"),
        ("s3://bucket/a.tif", {}, "a folder, or the https:// address of a GeoTIFF"),
        ("/vsicurl/https://127.0.0.1/a.tif", {}, "is not a path on this machine"),
        ("https://me:SECRET@127.0.0.1/a.tif", {}, "user and password would be written down"),
        (["https://127.0.0.1/*.tif", "no.tif"], {}, "no such file"),
    ],
)
def test_addresses_that_are_not_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, path: str | list[str], more: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(InputError) as caught:
        api.open_stack(of(folder, path, **more))
    assert words in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_tiles_of_unlike_bands_are_refused_by_their_addresses(folder: Path, server: Server, url: str) -> None:
    server.files["b.tif"] = write_raster(folder / "b.tif", np.ones((2, 8, 8), "uint16")).read_bytes()
    with pytest.raises(
        InputError, match=r"/b\.tif: its bands are b1, b2, those of image\.tif are band0, band1"
    ) as caught:
        api.open_stack(of(folder, [url, server.url("b.tif?sig=SECRET")]))
    assert "SECRET" not in str(caught.value)


def test_inspect_says_of_an_address_what_it_says_of_the_file(folder: Path, url: str) -> None:
    web, local = api.inspect(f"{url}?sig=SECRET"), api.inspect(folder / "image.tif")
    assert web.path == url
    assert (web.kind, web.facts, web.odd) == (local.kind, local.facts, local.odd)
