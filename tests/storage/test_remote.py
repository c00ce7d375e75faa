"""GeoTIFFs on a web server that truncates, stalls, fails and leads astray."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio

from classify_local.errors import InputError, RefusedError, StorageError
from classify_local.grid import Window
from classify_local.storage import parts
from classify_local.storage.connections import Settings
from classify_local.storage.rasters import describe
from classify_local.storage.remote import close_remote, describe_remote, require_url
from tests.conftest import TRANSFORM, UTM, write_raster
from tests.hostile_server import HASTY, Handler

SIDE = 1200
VALUES = np.random.default_rng(5).integers(0, 3000, (2, SIDE, SIDE)).astype("uint16")


@pytest.fixture(scope="module")
def cog(tmp_path_factory):
    path = tmp_path_factory.mktemp("cog") / "a.tif"
    write_raster(
        path, VALUES, driver="COG", nodata=0, blocksize=128, compress="DEFLATE", overviews="NONE",
        descriptions=("red", "nir"), scales=(1e-4, 1e-4),
    )  # fmt: skip
    return path.read_bytes()


@pytest.fixture
def url(server, cog):
    server.files["a.tif"] = cog
    return server.url("a.tif")


def test_a_file_on_a_server_is_as_on_the_disk(url, tmp_path, cog):
    (tmp_path / "a.tif").write_bytes(cog)
    local = describe(tmp_path / "a.tif")
    image = describe_remote(url, settings=HASTY)
    assert (image.grid, image.names, image.dtypes) == (local.grid, local.names, local.dtypes)
    assert (image.alpha, image.scale, image.offset) == (local.alpha, local.scale, local.offset)
    assert (image.where, image.paths) == (url, ())
    values, valid = image.read([2, 1], image.grid.window)
    np.testing.assert_array_equal(values, VALUES[[1, 0]])
    np.testing.assert_array_equal(valid, values != 0)
    assert image.with_nodata(None).read([1], image.grid.window)[1].all()


def test_windows_reach_beyond_the_file(url):
    image = describe_remote(url, settings=HASTY)
    values, valid = image.read([1], Window(row=SIDE - 3, col=-4, rows=6, cols=8))
    np.testing.assert_array_equal(values[0, :3, 4:], VALUES[0, -3:, :4])
    np.testing.assert_array_equal(valid[0], np.pad(VALUES[0, -3:, :4] != 0, ((0, 3), (4, 0))))
    assert not image.read([1], Window(row=-9, col=0, rows=5, cols=5))[1].any()


def test_only_parts_are_fetched_and_nothing_beside_the_file(url, server, cog):
    sent = []
    real = Handler.part
    Handler.part = lambda self, status, content, first, end, body: (  # type: ignore[method-assign]
        sent.append(end - first if body else 0), real(self, status, content, first, end, body)
    )[1]  # fmt: skip
    try:
        image = describe_remote(url, settings=HASTY)
        image.read([1], Window(row=700, col=700, rows=20, cols=20))
    finally:
        Handler.part = real  # type: ignore[method-assign]
    assert sum(sent) < len(cog) / 5
    assert {path for _, path in server.asked} == {"/a.tif"}


def test_a_mask_within_the_file(server, tmp_path):
    mask = np.random.default_rng(1).random((64, 64)) < 0.5
    path = write_raster(tmp_path / "m.tif", VALUES[:, :64, :64], mask=mask, internal_mask=True)
    server.files["m.tif"] = path.read_bytes()
    image = describe_remote(server.url("m.tif"), settings=HASTY)
    np.testing.assert_array_equal(image.read([1], image.grid.window)[1][0], mask)


def test_threads_read_the_same(url):
    image = describe_remote(url, settings=Settings())
    windows = [
        Window(row=row, col=col, rows=150, cols=150) for row in range(0, 1200, 300) for col in range(0, 1200, 300)
    ]

    def read(window):
        try:
            return image.read([1, 2], window)[0]
        finally:
            close_remote()

    with ThreadPoolExecutor(4) as pool:
        for window, found in zip(windows, pool.map(read, windows), strict=True):
            np.testing.assert_array_equal(found, VALUES[(slice(None), *window.slices_in(image.grid.window))])


def test_the_network_stays_shut_for_gdal(url, server):
    image = describe_remote(url, settings=HASTY)
    image.read([1], Window(row=0, col=0, rows=5, cols=5))
    server.asked.clear()
    with pytest.raises(rasterio.errors.RasterioIOError):
        rasterio.open(f"/vsicurl/{url}", driver="GTiff")
    assert server.asked == []


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_offline_opens_no_socket(url, server, monkeypatch, by):
    if by == "environment":
        monkeypatch.setenv("CLASSIFY_LOCAL_OFFLINE", "1")
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(RefusedError, match=r"the network is not to be used .*; download it and name the file"):
        describe_remote(url, offline=by == "argument")
    assert server.asked == []


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("404", InputError, r"the server has no such file \(404\)"),
        ("403", InputError, r"does not give it to everyone \(403\)"),
        ("416", InputError, r"the server answers 416"),
        ("500", StorageError, r"the server answers 500, 2 times; run again when the network is there"),
        ("503", StorageError, r"the server answers 503, 2 times"),
        ("whole", InputError, r"sends only the whole file, never parts"),
        ("truncate", StorageError, r", 2 times; run again when the network is there"),
        ("stall", StorageError, r"fell silent, 2 times"),
        ("to file:///etc/passwd", StorageError, r"leads to 'file:///etc/passwd', which is no web address"),
        ("to ftp://127.0.0.1/a.tif", StorageError, r"leads to 'ftp://127.0.0.1/a.tif', which is no web address"),
        ("to /a.tif", StorageError, r"redirected more than 5 times; give another address"),
    ],
)
def test_servers_that_fail_at_once(url, server, how, kind, words):
    server.misbehave = how
    started = time.monotonic()
    with pytest.raises(kind, match=words) as caught:
        describe_remote(url, settings=HASTY)
    assert time.monotonic() - started < 10
    assert len(caught.value.problems) == 1
    assert "\n" not in caught.value.problems[0]


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("404", InputError), ("500", StorageError), ("truncate", StorageError), ("stall", StorageError),
        ("whole", InputError), ("to file:///etc/passwd", StorageError),
    ],
)  # fmt: skip
def test_servers_that_fail_later_give_an_error_and_never_pixels(url, server, how, kind):
    image = describe_remote(url, settings=HASTY)
    window = Window(row=512, col=512, rows=300, cols=300)
    for begin in (lambda: None, lambda: image.read([1], Window(row=0, col=0, rows=5, cols=5))):
        server.misbehave = ""
        begin()
        server.misbehave = how
        started = time.monotonic()
        with pytest.raises(kind, match=r"^http://127.0.0.1:\d+/a\.tif: ") as caught:
            image.read([1, 2], window)
        assert time.monotonic() - started < 10
        assert len(caught.value.problems) == 1
    server.misbehave = ""
    np.testing.assert_array_equal(image.read([1], window)[0][0], VALUES[0, 512:812, 512:812])


def test_whatever_request_fails_there_are_never_other_pixels(server, tmp_path, monkeypatch):
    """The n-th request fails, for every n: an error, or the same values and mask; a lost mask would be all data."""
    mask = np.random.default_rng(1).random((200, 200)) < 0.5
    options = {"mask": mask, "internal_mask": True, "tiled": True, "blockxsize": 64, "blockysize": 64}
    content = write_raster(tmp_path / "m.tif", VALUES[:, :200, :200], **options).read_bytes()
    # the mask's directory at the end of the file is fetched apart from the rest
    server.files["m.tif"] = content
    monkeypatch.setattr(parts, "_BLOCK", 4096)
    once = Settings(connect_seconds=1, read_seconds=1, tries=1)
    real, count, failing = Handler.answer, [0], [0]

    def answer(self, *, body):
        count[0] += 1
        return self.plain(503) if count[0] == failing[0] else real(self, body=body)

    monkeypatch.setattr(Handler, "answer", answer)
    failures = 0
    for number in range(1, 1000):
        count[0], failing[0] = 0, number
        try:
            image = describe_remote(server.url("m.tif"), settings=once)
            values, valid = image.read([1, 2], image.grid.window)
        except StorageError:
            failures += 1
        else:
            np.testing.assert_array_equal(values, VALUES[:, :200, :200])
            np.testing.assert_array_equal(valid, [mask, mask])
            if count[0] < number:
                break
        close_remote()
    assert failures == number - 1 > 5


def test_a_redirect_within_the_web_is_followed(server, cog):
    server.files["new.tif"] = cog
    real = Handler.answer

    def answer(self, *, body):
        if self.path == "/old.tif":
            return self.plain(301, Location="/new.tif")
        return real(self, body=body)

    Handler.answer = answer  # type: ignore[method-assign]
    try:
        image = describe_remote(server.url("old.tif"), settings=HASTY)
        np.testing.assert_array_equal(image.read([1], image.grid.window)[0][0], VALUES[0])
    finally:
        Handler.answer = real  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "goal", ["file:///etc/passwd?sig=SECRET", "ftp://127.0.0.1/a.tif?sig=SECRET", "/a.tif?sig=SECRET"]
)
def test_keys_in_redirects_are_not_repeated(server, url, monkeypatch, goal):
    real = Handler.answer

    def answer(self, *, body):
        return self.plain(302, Location=goal) if self.path.startswith("/new.tif") else real(self, body=body)

    monkeypatch.setattr(Handler, "answer", answer)
    server.files["old.tif"] = b""
    server.misbehave = "to /new.tif?sig=SECRET"
    with pytest.raises(StorageError, match=r"leads to|is redirected more than") as caught:
        describe_remote(server.url("old.tif?sig=SECRET"), settings=HASTY)
    assert "SECRET" not in str(caught.value)


def test_a_file_that_changes_is_noticed(url, server):
    image = describe_remote(url, settings=HASTY)
    assert describe_remote(url, settings=HASTY).identity == image.identity
    server.etags["a.tif"] = '"2"'
    assert describe_remote(url, settings=HASTY).identity != image.identity
    with pytest.raises(StorageError, match="was changed on the server"):
        image.read([1], Window(row=700, col=700, rows=5, cols=5))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html>sign in</html>", "is a web page; only GeoTIFFs"),
        (b"<VRTDataset rasterXSize='1' rasterYSize='1'/>", r"is no GeoTIFF \(starts with b'<VRTData"),
        (b"II*\0 cut", "cannot be opened as GeoTIFF"),
    ],
)
def test_what_is_no_geotiff(server, content, words):
    server.files["a.tif"] = content
    with pytest.raises(InputError, match=words) as caught:
        describe_remote(server.url("a.tif"), settings=HASTY)
    assert str(caught.value).startswith(server.url("a.tif"))


def test_a_file_without_a_place_is_refused_by_its_address(server, tmp_path):
    path = write_raster(tmp_path / "a.tif", VALUES[:, :8, :8], crs=None)
    server.files["a.tif"] = path.read_bytes()
    with pytest.raises(InputError, match="has no coordinate reference system") as caught:
        describe_remote(server.url("a.tif"), settings=HASTY)
    assert str(caught.value).startswith(server.url("a.tif"))


def test_tags_that_name_other_files_are_refused(server, tmp_path):
    path = write_raster(tmp_path / "a.tif", VALUES[:, :8, :8], transform=TRANSFORM, crs=UTM)
    with rasterio.open(path, "r+") as handle:
        handle.update_tags(ns="OVERVIEWS", OVERVIEW_FILE="/etc/passwd")
    server.files["a.tif"] = path.read_bytes()
    with pytest.raises(RefusedError, match="name another file as overview"):
        describe_remote(server.url("a.tif"), settings=HASTY)


def test_keys_in_the_query_are_not_repeated(server, cog):
    server.files["a.tif"] = cog
    url = server.url("a.tif?sig=SECRET")
    image = describe_remote(url, settings=HASTY)
    assert image.where == server.url("a.tif")
    np.testing.assert_array_equal(image.read([1], image.grid.window)[0][0], VALUES[0])
    server.misbehave = "503"
    close_remote()
    with pytest.raises(StorageError) as caught:
        image.read([1], Window(row=600, col=0, rows=9, cols=9))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://", "http:///a.tif", "https:// x/a.tif", "ftp://x/a.tif", "file:///etc/passwd", "/vsicurl/http://x/a",
        "https://x:y/a.tif", "https://x/a\n.tif", "https://x/a b.tif", "https://x/é.tif", "https://[x/a.tif",
        "https://x/" + "a" * 5000, "https://user:pass@x/a.tif", "https://x/a.tif#b", "a.tif", "",
    ],
)  # fmt: skip
def test_addresses_that_are_none(url, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(InputError) as caught:
        describe_remote(url)
    assert len(caught.value.problems) == 1
    assert "pass" not in str(caught.value).replace("password", "").replace("passwd", "")


def test_plain_addresses_pass():
    for url in ("https://x.org/a/b.tif", "http://127.0.0.1:80/a.tif?x=1"):
        require_url(url)


def test_a_server_that_is_not_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(
        StorageError, match=r"the server cannot be reached .*, 2 times; run again when the network is there"
    ):
        describe_remote(f"http://127.0.0.1:{port}/a.tif", settings=HASTY)
