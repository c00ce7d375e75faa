"""Points drawn from a classification: the same as a reckoning pixel by pixel, evenly random, and explained."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.crs import CRS
from scipy.stats import chi2, hypergeom

from classify_local.errors import InputError
from classify_local.features.images import open_stack
from classify_local.grid import Grid
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.model import Sample
from classify_local.recipe.text import load
from classify_local.storage.images import open_image
from classify_local.storage.mosaic import Mosaic
from classify_local.storage.rasters import close_files
from classify_local.storage.safety import AllowedFolders
from classify_local.training import lottery
from classify_local.training.drawing import draw
from classify_local.training.lottery import pixel_numbers
from classify_local.training.population import sampled_lines
from classify_local.training.sampling import sample_points
from tests.conftest import TRANSFORM, UTM, write_raster

GOLDEN, MASK = 0x9E3779B97F4A7C15, 2**64 - 1
ALL = {"default": 10**6}


@pytest.fixture(autouse=True)
def _no_open_files():
    yield
    close_files()


@dataclass
class FakeImage:
    """An image of which only the validity matters, and what was asked of it."""

    valid: np.ndarray
    grid: Grid
    asked: list[tuple[int, int]] = field(default_factory=list)

    def sample(self, rows, cols):
        self.asked += zip(rows.tolist(), cols.tolist(), strict=True)
        return np.zeros((len(rows), 1), np.uint8), self.valid[rows, cols][:, None]


def image_of(valid, transform: Affine = TRANSFORM, crs: str = UTM) -> FakeImage:
    grid = Grid(crs=CRS.from_user_input(crs), transform=transform, shape=np.shape(valid))
    return FakeImage(valid=np.asarray(valid, bool), grid=grid)


def opened(*paths: Path) -> Mosaic:
    return open_image([str(path) for path in paths], Path, AllowedFolders((paths[0].parent,)))


def sample(**wish) -> Sample:
    return Sample(path="cover.tif", **wish)


def rows_of(points) -> list[tuple[float, float, int]]:
    return list(zip(points.x.tolist(), points.y.tolist(), points.labels.tolist(), strict=True))


def cover(seed: int = 1, rows: int = 40, cols: int = 50, values=(1, 2, 3, 8), patch: int = 3) -> np.ndarray:
    """Classes in patches."""
    rng = np.random.default_rng(seed)
    coarse = rng.choice(values, (rows // patch + 1, cols // patch + 1))
    return np.kron(coarse, np.ones((patch, patch), int))[:rows, :cols].astype(np.uint8)


def clouds(seed: int, shape, share: float) -> np.ndarray:
    """Where the image has data."""
    return np.random.default_rng(seed).random(shape) >= share


# a reckoning pixel by pixel


def split_mix(state: int) -> tuple[int, int]:
    """The next state of SplitMix64 and its output, in whole numbers of Python."""
    state = (state + GOLDEN) & MASK
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


def number_of(seed: int, row: int, col: int) -> int:
    _, begin = split_mix(seed)
    _, stream = split_mix((begin + GOLDEN * row) & MASK)
    return split_mix((stream + GOLDEN * col) & MASK)[1]


def reckoned(path: Path, image: FakeImage, wanted: int, seed: int, pure: bool = False):
    """All pixels of each class that lie in valid pixels of the image, in order of their numbers, the first `wanted`."""
    with rasterio.open(path) as handle:
        values, valid = handle.read(1), handle.read_masks(1) > 0
        rows, cols = np.nonzero(valid)
        xs, ys = (np.array(line) for line in rasterio.transform.xy(handle.transform, rows, cols))
        there = Transformer.from_crs(handle.crs, image.grid.crs, always_xy=True).transform(xs, ys)
    at_rows, at_cols = (np.floor(line) for line in rasterio.transform.rowcol(image.grid.transform, *there, op=float))
    found: dict[int, list] = {}
    for row, col, x, y, at_row, at_col in zip(rows, cols, xs, ys, at_rows, at_cols, strict=True):
        if not (0 <= at_row < image.valid.shape[0] and 0 <= at_col < image.valid.shape[1]):
            continue
        if not image.valid[int(at_row), int(at_col)]:
            continue
        around = values[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2]
        seen = valid[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2]
        if pure and not (around.size == 9 and seen.all() and (around == values[row, col]).all()):
            continue
        found.setdefault(int(values[row, col]), []).append((number_of(seed, int(row), int(col)), float(x), float(y)))
    return [(x, y, value) for value in sorted(found) for _, x, y in sorted(found[value])[:wanted]]


def test_the_generator_gives_its_published_numbers():
    """Of Vigna's splitmix64.c for the seed 1234567."""
    state, numbers = 1234567, []
    for _ in range(5):
        state, number = split_mix(state)
        numbers.append(number)
    assert numbers == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip


@given(seed=st.integers(0, 2**32 - 1), row=st.integers(0, 2**40), col=st.integers(0, 2**40))
def test_numbers_of_pixels_are_those_of_the_generator(seed, row, col):
    found = pixel_numbers(seed, np.array([row, row + 1]), np.array([col, col + 1, col + 2]))
    assert found.dtype == np.uint64
    assert [[int(number) for number in line] for line in found] == [
        [number_of(seed, row + down, col + right) for right in range(3)] for down in range(2)
    ]


def _shifted_back(crs: str, side: float, metres: float) -> Affine:
    """A grid of another system that begins a little before the image."""
    x, y = Transformer.from_crs(UTM, crs, always_xy=True).transform(500_000 - metres, 8_600_000 + metres)
    return Affine(side, 0, x, 0, -side, y)


GEOMETRIES = {
    "same grid": (TRANSFORM, UTM),
    "half a pixel off": (TRANSFORM @ Affine.translation(-7.5, 4.5), UTM),
    "finer": (TRANSFORM @ Affine.scale(0.4), UTM),
    "coarser": (TRANSFORM @ Affine.translation(-3, -3) @ Affine.scale(3), UTM),
    "south up": (Affine(10, 0, 500_100, 0, 10, 8_599_600), UTM),
    "turned": (TRANSFORM @ Affine.rotation(20), UTM),
    "in degrees": (_shifted_back("EPSG:4326", 9e-5, 45), "EPSG:4326"),
    "next zone": (_shifted_back("EPSG:32737", 10, 60), "EPSG:32737"),
}


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("geometry", list(GEOMETRIES))
def test_as_reckoned_pixel_by_pixel(tmp_path, geometry, pure):
    transform, crs = GEOMETRIES[geometry]
    path = write_raster(tmp_path / "cover.tif", cover(values=(0, 1, 2, 8)), transform=transform, crs=crs, nodata=0)
    image = image_of(clouds(2, (30, 45), 0.2))
    for wanted in (1, 7, 10**6):
        points = draw(sample(per_class={"default": wanted}, pure=pure, seed=5), opened(path), image, "cover.tif")
        expected = reckoned(path, image, wanted, 5, pure)
        assert len(expected) > 2
        assert points.labels.tolist() == [label for *_, label in expected]
        np.testing.assert_allclose(points.x, [x for x, *_ in expected], rtol=0, atol=1e-9 * abs(transform.c))
        np.testing.assert_allclose(points.y, [y for _, y, _ in expected], rtol=0, atol=1e-9 * abs(transform.f))
        assert CRS.from_wkt(points.crs) == CRS.from_user_input(crs)
        assert points.line.tolist() == list(range(1, len(expected) + 1))
        assert set(points.group.tolist()) <= {-1}


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    hidden=st.sampled_from([0.0, 0.3, 0.9, 0.99, 1.0]),
    wanted=st.integers(0, 300),
    block_size=st.sampled_from([5, 16, 33, 512]),
)
def test_blocks_and_clouds_change_nothing(tmp_path_factory, seed, hidden, wanted, block_size):
    """In small blocks, where the valid pixels are few, and where a class has nearly none."""
    path = tmp_path_factory.mktemp("draw") / "cover.tif"
    write_raster(path, cover(seed % 7), nodata=3)
    image = image_of(clouds(seed % 11, (40, 50), hidden))
    wish = sample(per_class={"default": wanted}, seed=seed)
    points = draw(wish, opened(path), image, "cover.tif", block_size=block_size)
    assert points.labels.tolist() == [label for *_, label in reckoned(path, image, wanted, seed)]
    assert rows_of(points) == reckoned(path, image, wanted, seed)


@pytest.mark.parametrize("at_once", [1, 50, 10**6])
def test_how_much_is_asked_of_the_image_at_once_changes_nothing(tmp_path, monkeypatch, at_once):
    path = write_raster(tmp_path / "cover.tif", cover())
    image = image_of(clouds(1, (40, 50), 0.8))
    monkeypatch.setattr(lottery, "_AT_ONCE", at_once)
    points = draw(sample(per_class={"default": 40}), opened(path), image, "cover.tif", block_size=16)
    assert rows_of(points) == reckoned(path, image, 40, 1)


def test_a_smaller_sample_is_the_beginning_of_a_larger_one(tmp_path):
    mosaic, image = opened(write_raster(tmp_path / "cover.tif", cover())), image_of(np.ones((40, 50)))
    few, many = (draw(sample(per_class={"default": n}), mosaic, image, "cover.tif") for n in (10, 60))
    for value in (1, 2, 3, 8):
        ours, theirs = ([row for row in rows_of(points) if row[2] == value] for points in (few, many))
        assert ours == theirs[:10]


def test_tiles_are_drawn_from_as_one_raster(tmp_path):
    values, image = cover(), image_of(clouds(1, (40, 50), 0.1))
    whole = write_raster(tmp_path / "whole.tif", values)
    left = write_raster(tmp_path / "left.tif", values[:, :21])
    right = write_raster(tmp_path / "right.tif", values[:, 21:], transform=TRANSFORM @ Affine.translation(21, 0))
    wish = sample(per_class={"default": 30}, pure=True)
    assert rows_of(draw(wish, opened(left, right), image, "tiles")) == rows_of(draw(wish, opened(whole), image, "one"))


def test_what_is_drawn_is_kept_by_the_training_table(tmp_path):
    """With a real image: every point lies in a pixel with data, and no two in the same one."""
    bands = np.random.default_rng(1).integers(1, 99, (3, 40, 50)).astype("uint16")
    bands[0, :, 5:20] = 0
    image = open_stack(load({"images": [{"path": str(write_raster(tmp_path / "image.tif", bands, nodata=0))}]}))
    path = write_raster(tmp_path / "cover.tif", cover(), transform=TRANSFORM @ Affine.translation(3, -2))
    points = draw(sample(per_class={"default": 60}), opened(path), image, "cover.tif")
    entries = [LegendEntry(value=v, label=f"class {v}", color=f"#00000{v}") for v in (1, 2, 3, 8)]
    training, report = sample_points([points], image, Legend(tuple(entries)))
    assert training.counts == {1: 60, 2: 60, 3: 60, 8: 60}
    assert not report.dropped


# randomness


def pixel_counts(path: Path, image: FakeImage, wanted: int, seeds, sampler=draw) -> np.ndarray:
    """How often each pixel of a raster of one class is drawn over many seeds."""
    mosaic, counts = opened(path), np.zeros(image.valid.shape, dtype=int)
    for seed in seeds:
        points = sampler(sample(per_class={"default": wanted}, seed=seed), mosaic, image, "cover.tif")
        rows, cols = np.floor(image.grid.pixel_yx(points.x, points.y)).astype(int)
        counts[rows, cols] += 1
    return counts


def is_even(counts: np.ndarray, draws: int) -> bool:
    """A chi-square test at 0.1 % on each side; draws without replacement vary by one minus the sampled share."""
    expected = counts.sum() / counts.size
    share = expected / draws if draws else 0
    statistic = ((counts - expected) ** 2).sum() / (expected * (1 - share))
    return bool(chi2.ppf(0.001, counts.size - 1) < statistic < chi2.ppf(0.999, counts.size - 1))


def test_every_pixel_is_drawn_as_often_as_any_other(tmp_path):
    path = write_raster(tmp_path / "cover.tif", np.ones((8, 12), "uint8"))
    counts = pixel_counts(path, image_of(np.ones((8, 12))), 12, range(400))
    assert counts.sum() == 4800
    assert is_even(counts, 400)


def test_every_part_of_a_large_class_is_drawn_from(tmp_path):
    path = write_raster(tmp_path / "cover.tif", np.ones((240, 320), "uint8"))
    image = image_of(np.ones((240, 320)))
    for seed in range(5):
        pixels = pixel_counts(path, image, 3000, [seed])
        assert is_even(pixels.reshape(8, 30, 8, 40).sum(axis=(1, 3)), 10**9), seed
        assert is_even(pixels.sum(axis=0), 10**9), seed
        assert is_even(pixels.sum(axis=1), 10**9), seed


def test_the_check_of_evenness_can_fail(tmp_path):
    path = write_raster(tmp_path / "cover.tif", np.ones((8, 12), "uint8"))

    def by_half(wish, mosaic, image, where):
        """A generator that looks at the column only for every other seed."""
        points = draw(wish, mosaic, image, where)
        return points if wish.seed % 4 else draw(wish.model_copy(update={"seed": 1}), mosaic, image, where)

    image = image_of(np.ones((8, 12)))
    assert not is_even(pixel_counts(path, image, 12, range(400), by_half), 400)
    thirds = np.random.default_rng(1).multinomial(4800, np.repeat([1.15, 1, 0.85], 32) / 96)
    assert not is_even(thirds, 10**9)
    assert not is_even(np.full(96, 50), 400), "too even is not random"


def test_seeds_are_independent(tmp_path):
    """Samples of neighbouring seeds share as many pixels as chance has it."""
    path = write_raster(tmp_path / "cover.tif", np.ones((40, 50), "uint8"))
    mosaic, image = opened(path), image_of(np.ones((40, 50)))
    drawn = [
        set(rows_of(draw(sample(per_class={"default": 400}, seed=seed), mosaic, image, "cover.tif")))
        for seed in range(41)
    ]
    shared = [len(one & other) for one, other in pairwise(drawn)]
    chance = hypergeom(2000, 400, 400)
    assert abs(np.mean(shared) - chance.mean()) < 4 * chance.std() / np.sqrt(len(shared))
    assert 0.6 < np.std(shared) / chance.std() < 1.5


# what is asked of the image


def test_the_image_is_asked_for_little_more_than_is_drawn(tmp_path):
    path = write_raster(tmp_path / "cover.tif", cover(rows=200, cols=200))
    image = image_of(np.ones((200, 200)))
    points = draw(sample(per_class={"default": 100}), opened(path), image, "cover.tif")
    assert len(points) == 400
    assert len(set(image.asked)) == len(image.asked) < 4 * 220


def test_clouds_cost_a_second_look_and_no_third(tmp_path):
    path = write_raster(tmp_path / "cover.tif", cover(rows=200, cols=200))
    image = image_of(clouds(1, (200, 200), 0.9))
    points = draw(sample(per_class={"default": 100}), opened(path), image, "cover.tif")
    assert len(points) == 400
    assert len(set(image.asked)) == len(image.asked) < 4 * 2200


# cells


@pytest.mark.parametrize(
    ("first", "count", "step", "expected"),
    [
        (0, 6, 1.0, [0, 1, 2, 3, 4, 5]),
        (2, 3, 1.0, [2, 3, 4]),
        (0, 9, 3.0, [1, 4, 7]),
        (4, 4, 3.0, [4, 7]),
        (0, 8, 2.0, [1, 3, 5, 7]),
        (0, 10, 2.5, [1, 3, 6, 8]),
        (0, 3, 10.0, []),
        (3, 4, 10.0, [5]),
    ],
)
def test_sampled_lines(first, count, step, expected):
    assert sampled_lines(first, count, step).tolist() == expected


@given(first=st.integers(0, 500), count=st.integers(1, 300), step=st.floats(1, 60))
def test_sampled_lines_do_not_depend_on_the_part_that_is_read(first, count, step):
    whole = sampled_lines(0, 1000, step)
    part = sampled_lines(first, count, step)
    assert part.tolist() == [line for line in whole.tolist() if first <= line < first + count]
    assert len(set(part.tolist())) == len(part)


def test_scale_takes_the_pixel_in_the_middle_of_each_cell(tmp_path):
    path = write_raster(tmp_path / "cover.tif", cover(rows=30, cols=30))
    points = draw(sample(per_class=ALL, scale=30.0), opened(path), image_of(np.ones((30, 30))), "cover.tif")
    rows, cols = np.floor(image_of(np.ones((30, 30))).grid.pixel_yx(points.x, points.y)).astype(int)
    assert sorted(zip(rows, cols, strict=True)) == [(r, c) for r in range(1, 30, 3) for c in range(1, 30, 3)]
    np.testing.assert_array_equal(points.labels, cover(rows=30, cols=30)[rows, cols])


def test_scale_in_degrees_is_metres_on_the_ground(tmp_path):
    """At 60 degrees north a degree of longitude is half as long as one of latitude."""
    path = write_raster(
        tmp_path / "cover.tif", np.ones((90, 90), "uint8"), crs="EPSG:4326", transform=Affine(1e-3, 0, 20, 0, -1e-3, 60)
    )
    image = image_of(np.ones((90, 90)), Affine(1e-3, 0, 20, 0, -1e-3, 60), "EPSG:4326")
    points = draw(sample(per_class=ALL, scale=1000.0), opened(path), image, "cover.tif")
    rows, cols = (np.unique(np.floor(line).astype(int)) for line in image.grid.pixel_yx(points.x, points.y))
    assert np.diff(rows).mean() == pytest.approx(1000 / 111.4, rel=0.03)
    assert np.diff(cols).mean() == pytest.approx(1000 / 55.8, rel=0.05)


# classes


@pytest.mark.parametrize(
    ("wish", "legend", "expected", "note"),
    [
        ({}, None, {1: 1, 2: 2, 3: 3, 8: 8}, None),
        ({}, {1, 3}, {1: 1, 3: 3}, "belong to no class are left out: 2, 8; classes or default"),
        ({"default": 3}, {1, 3}, {1: 1, 2: 3, 3: 3, 8: 3}, None),
        ({"default": 7}, {1, 3}, {1: 1, 3: 3}, "left out: 2, 8"),
        ({"classes": {10: (1, 2), 20: (3,)}}, None, {1: 10, 2: 10, 3: 20}, "left out: 8"),
        ({"classes": {10: (1, 2), 20: (3,)}, "default": 20}, None, {1: 10, 2: 10, 3: 20, 8: 20}, None),
        ({"classes": {10: (1, 2), 20: (3,)}, "default": 0}, None, {1: 10, 2: 10, 3: 20, 8: 0}, None),
        ({"classes": {10: (1, 2), 20: (3,)}}, {10}, {1: 10, 2: 10}, "left out: 3, 8"),
        ({"classes": {2: (1,), 1: (2,)}}, None, {1: 2, 2: 1}, "left out: 3, 8"),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
def test_classes(tmp_path, wish, legend, expected, note, dtype):
    values = cover()
    path = write_raster(tmp_path / "cover.tif", values.astype(dtype))
    image = image_of(np.ones((40, 50)))
    points = draw(sample(per_class=ALL, **wish), opened(path), image, "cover.tif", legend)
    found = np.full(values.shape, -1)
    rows, cols = np.floor(image.grid.pixel_yx(points.x, points.y)).astype(int)
    found[rows, cols] = points.labels
    np.testing.assert_array_equal(found, np.vectorize(lambda value: expected.get(value, -1))(values))
    about_values = [line for line in points.notes if "left out" in line]
    assert (note in about_values[0]) if note else not about_values


def test_counts_are_those_of_mapped_classes(tmp_path):
    path = write_raster(tmp_path / "cover.tif", cover(rows=100, cols=100))
    wish = sample(classes={10: (1, 2), 20: (3,), 30: (8,)}, per_class={"default": 50, 20: 7})
    points = draw(wish, opened(path), image_of(np.ones((100, 100))), "cover.tif")
    assert dict(zip(*np.unique(points.labels, return_counts=True), strict=True)) == {10: 50, 20: 7, 30: 50}


def test_pixels_among_values_of_their_own_class_are_pure(tmp_path):
    values = np.ones((9, 9), "uint8")
    values[:, ::2] = 2
    mosaic = opened(write_raster(tmp_path / "cover.tif", values))
    image = image_of(np.ones((9, 9)))
    assert len(draw(sample(per_class=ALL, pure=True, classes={5: (1, 2)}), mosaic, image, "cover.tif")) == 49
    with pytest.raises(InputError, match=r"no pixel in the image whose 8 neighbours are of its class; pure: false"):
        draw(sample(per_class=ALL, pure=True), mosaic, image, "cover.tif")


def test_nodata_is_no_class_even_if_one_maps_it(tmp_path):
    mosaic = opened(write_raster(tmp_path / "cover.tif", cover(values=(0, 1)), nodata=0))
    points = draw(
        sample(per_class=ALL, classes={5: (0,), 6: (1,)}, default=7), mosaic, image_of(np.ones((40, 50))), "c"
    )
    assert set(points.labels.tolist()) == {6}


def test_negative_classes_and_another_band(tmp_path):
    values = np.stack([cover(), cover(2)]).astype("int16") - 5
    path = write_raster(tmp_path / "cover.tif", values, descriptions=("first", "second"))
    for band in (2, "second"):
        points = draw(sample(per_class=ALL, band=band), opened(path), image_of(np.ones((40, 50))), "cover.tif")
        assert np.bincount(points.labels + 5).tolist() == np.bincount(cover(2).ravel()).tolist()


def test_shares_follow_the_part_of_the_classification_that_lies_in_the_image(tmp_path):
    """Class 2 is common in the raster and rare in the image."""
    values = np.full((40, 100), 2, "uint8")
    values[:, :45] = 1
    mosaic = opened(write_raster(tmp_path / "cover.tif", values))
    image = image_of(np.ones((40, 50)))
    wish = {"total": 100, "allocation": "proportional"}
    assert np.bincount(draw(sample(**wish), mosaic, image, "c").labels).tolist() == [0, 90, 10]
    assert np.bincount(draw(sample(**wish, floor=30), mosaic, image, "c").labels).tolist() == [0, 70, 30]
    assert np.bincount(draw(sample(total=101), mosaic, image, "c").labels).tolist() == [0, 51, 50]


# what the user is told


def notes(tmp_path, *, values=None, transform=TRANSFORM, valid=None, legend=None, **wish) -> tuple[str, ...]:
    path = write_raster(tmp_path / "cover.tif", cover() if values is None else values, transform=transform)
    image = image_of(np.ones((40, 50)) if valid is None else valid)
    return draw(sample(**wish), opened(path), image, "cover.tif", legend).notes


FEWER = "cover.tif: fewer pixels with data in the image than points asked for, all are taken: "


def test_nothing_to_say(tmp_path):
    assert notes(tmp_path, per_class={"default": 5}) == ()


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"per_class": {"default": 5, 8: 900}}, f"{FEWER}{(cover() == 8).sum()} of 900 for class 8"),
        ({"per_class": {"default": 5, 99: 7}}, "cover.tif: classes of per_class without a pixel in the image: 99"),
        (
            {"per_class": {1: 5, 2: 5}},
            "cover.tif: classes that per_class does not name, nor gives a default, get no points: 3, 8",
        ),
        ({"total": 9000}, "cover.tif: total is 9,000, and the image holds 2,000 pixels that can be drawn"),
        (
            {"per_class": {"default": 5}, "scale": 5.0},
            "cover.tif: a scale of 5 m is finer than its pixels of 10 m and would only copy them",
        ),
    ],
)
def test_notes(tmp_path, wish, expected):
    assert notes(tmp_path, **wish) == (expected,)


def test_a_class_without_data_in_the_image_is_said_to_be_short(tmp_path):
    valid = cover() != 3
    assert notes(tmp_path, valid=valid, per_class={"default": 5}) == (f"{FEWER}0 of 5 for class 3",)


@pytest.mark.parametrize(
    ("side", "pure", "expected"),
    [
        (10, False, None),
        (12, False, None),
        (3, False, "holds about 11 of the classification (3 m), and the drawn one gives its class; pure: true leaves"),
        (3, True, "holds about 11 of the classification (3 m), and the drawn one gives its class; pure looks at 3 x 3"),
        (100, False, "covers about 100 of the image (10 m), and its class need not be that of the one at its centre;"),
    ],
)
def test_notes_on_the_size_of_pixels(tmp_path, side, pure, expected):
    transform = Affine(side, 0, 499_900, 0, -side, 8_600_100)
    found = notes(tmp_path, transform=transform, values=np.ones((90, 90), "uint8"), pure=pure, per_class={"default": 1})
    assert (expected in found[0]) if expected else found == ()


@pytest.mark.parametrize(
    ("values", "options", "wish", "message"),
    [
        (cover(), {"transform": Affine(10, 0, 600_000, 0, -10, 8_600_000)}, {},
         r"^cover.tif: the classification to sample does not overlap the image: .* give one that covers the image$"),
        (cover(), {"transform": Affine(10, 0, 600_000, 0, -10, 8_600_000)}, {},
         r"bounds are 600000, 8599600, 600500, .*those of the image 500000, 8599600, 500500, 8600000 \(EPSG:32736\);"),
        (cover(), {"transform": Affine(1e-3, 0, 10, 0, -1e-3, 50), "crs": "EPSG:4326"}, {},
         r"its bounds are 10, 49.96, 10.05, 50 \(EPSG:4326\), those of the image 33, -12.6.*, 33.00.* \(EPSG:4326\)"),
        (cover(), {"transform": TRANSFORM @ Affine.translation(-51, 0)}, {}, "does not overlap"),
        (cover(), {}, {"scale": 5000.0}, "no cell of scale 5000 has its middle in the image; give a smaller scale"),
        (cover(), {}, {"classes": {10: (77,)}}, r"image \(1, 2, 3, 8\) belong to no class; .* classes: \{10: \[1\]\}"),
        (np.zeros((40, 50), "uint8"), {"nodata": 0}, {}, "cover.tif: has no data in the image; give one that has"),
        (cover() + np.float32(0.25), {}, {}, "cover.tif: holds 1.25, and classes are whole numbers .* name the band"),
        (cover().astype("float64") * 1e10, {}, {}, r"cover.tif: holds 1e\+10, and classes are whole numbers"),
        (np.arange(2000, dtype="uint16").reshape(40, 50), {}, {}, "holds more than 1,000 different values, and a"),
        (np.arange(2000, dtype="int32").reshape(40, 50), {}, {}, "holds more than 1,000 different values, and a"),
        (cover(), {}, {"band": 2}, "no band 2; its bands are numbered 1 to 1"),
        (cover(), {}, {"classes": {10: (1, 2), 20: (2, 3)}}, "classes gives the value 2 to 10 and to 20; keep one"),
        (cover(), {}, {"total": 10, "per_class": {1: 5}}, "both total and per_class are given; keep one of them"),
    ],
)  # fmt: skip
def test_errors(tmp_path, values, options, wish, message):
    path = write_raster(tmp_path / "cover.tif", values, **options)
    with pytest.raises(InputError, match=message):
        draw(sample(**wish), opened(path), image_of(np.ones((40, 50))), "cover.tif")


def test_systems_that_lead_nowhere(tmp_path):
    local = 'LOCAL_CS["site",UNIT["metre",1]]'
    path = write_raster(tmp_path / "cover.tif", cover(), crs=local)
    with pytest.raises(InputError, match=r"cannot be brought together; give both one that is tied to the earth"):
        draw(sample(), opened(path), image_of(np.ones((40, 50))), "cover.tif")
