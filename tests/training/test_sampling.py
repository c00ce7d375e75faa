"""From points to a training table: which pixel, which rows, and an account of every row left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import rowcol

from classify_local.errors import InputError
from classify_local.features.images import allowed_folders, open_stack
from classify_local.features.stack import FeatureStack
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.text import load
from classify_local.storage.legends import recipe_legend
from classify_local.storage.rasters import close_files
from classify_local.training import samples
from classify_local.training.collect import read_sources
from classify_local.training.points import ReferencePoints
from classify_local.training.samples import TrainingReport, TrainingSet, require_two_classes
from classify_local.training.sampling import sample_points
from tests.conftest import TRANSFORM, UTM, write_raster

ROWS, COLS = 20, 30
CLASSES = (1, 2, 5)


@pytest.fixture(autouse=True)
def _no_open_files():
    yield
    close_files()


def legend(*values: int) -> Legend:
    return Legend(tuple(LegendEntry(value=v, label=f"class {v}", color=f"#{i + 1:06x}") for i, v in enumerate(values)))


def points(
    x, y, labels, crs: str = UTM, where: str = "points.csv", unreadable: tuple[str, ...] = ()
) -> ReferencePoints:
    return ReferencePoints(
        where=where, x=np.asarray(x, float), y=np.asarray(y, float), labels=np.asarray(labels, np.int64), crs=crs,
        line=np.arange(2, len(x) + 2), group=np.full(len(x), -1), notes=unreadable,
        left_out={samples.INVALID: len(unreadable)},
    )  # fmt: skip


def at_pixels(rows, cols, labels, **changes) -> ReferencePoints:
    """Points at the centres of pixels."""
    x, y = TRANSFORM @ (np.asarray(cols, float) + 0.5, np.asarray(rows, float) + 0.5)
    return points(x, y, labels, **changes)


def numbered(rows: int = ROWS, cols: int = COLS) -> np.ndarray:
    """Two bands in which every pixel is told by its values, none of them 0."""
    number = np.arange(1, rows * cols + 1).reshape(rows, cols)
    return np.stack([number, number[::-1]]).astype("uint16")


def stack_of(path: Path) -> FeatureStack:
    return open_stack(load({"images": [{"path": str(path)}]}))


@pytest.fixture
def stack(make_raster) -> FeatureStack:
    """Two bands without nodata."""
    return stack_of(make_raster("image.tif", numbered(), descriptions=("red", "nir")))


def account(report: TrainingReport) -> dict[str, int]:
    return {reason: report.total(reason) for reason in samples.REASONS if report.total(reason)}


# which pixel


def test_a_point_takes_the_pixel_that_holds_it(stack):
    rows, cols = np.divmod(np.random.default_rng(1).permutation(ROWS * COLS)[:200], COLS)
    training, report = sample_points([at_pixels(rows, cols, np.resize(CLASSES, 200))], stack, legend(*CLASSES))
    np.testing.assert_array_equal(training.features, numbered()[:, rows, cols].T)
    np.testing.assert_array_equal(training.labels, np.resize(CLASSES, 200))
    assert training.features.dtype == "uint16"
    assert account(report) == {}


@pytest.mark.parametrize(
    "transform",
    [
        TRANSFORM,
        Affine(30, 0, 612_345, 0, -30, 8_612_345),
        Affine(10, 0, 500_000, 0, 10, 8_000_000),
        Affine(0.00026949458523585647, 0, 32.1, 0, -0.00026949458523585647, -13.9),
        Affine.translation(5e5, 8e6) @ Affine.rotation(25) @ Affine.scale(10, -10),
    ],
    ids=["north up", "30 m", "south up", "degrees", "rotated"],
)
def test_pixels_are_those_rasterio_samples(make_raster, transform):
    """At the corners, edges and centres of pixels, and just beside them; beyond the last edge is outside."""
    path = make_raster("image.tif", numbered(), transform=transform)
    steps = np.array([0, 1e-6, 0.25, 0.5, 1 - 1e-6])
    rows = np.concatenate([np.add.outer(np.arange(-1, ROWS + 1), steps).ravel(), [ROWS, 0, ROWS - 1e-6]])
    cols = np.resize(np.add.outer(np.arange(-1, COLS + 1), steps[::-1]).ravel(), rows.shape)
    x, y = transform @ (cols, rows)
    with rasterio.open(path) as handle:
        sampled = [(*place, *handle.index(*place)) for place in zip(x.tolist(), y.tolist(), strict=True)]
        first = {}
        for px, py, row, col in sampled:
            if 0 <= row < ROWS and 0 <= col < COLS:
                first.setdefault((row, col), (px, py))
        expected = np.array(list(handle.sample(first.values())))
    training, report = sample_points([points(x, y, np.ones(len(x)))], stack_of(path), legend(1, 2))
    np.testing.assert_array_equal(training.features, expected)
    inside = sum(0 <= row < ROWS and 0 <= col < COLS for *_, row, col in sampled)
    assert report.total(samples.OUTSIDE) == len(x) - inside > 0
    assert report.total(samples.DUPLICATE) == inside - len(first)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32735", "EPSG:3857"])
def test_points_in_another_system_are_placed_as_pyproj_and_rasterio_do(make_raster, crs):
    path = make_raster("image.tif", numbered())
    rng = np.random.default_rng(4)
    x, y = 500_000 + rng.uniform(-20, 320, 400), 8_600_000 - rng.uniform(-20, 220, 400)
    there = Transformer.from_crs(UTM, crs, always_xy=True).transform(x, y)
    back = Transformer.from_crs(crs, UTM, always_xy=True).transform(*there)
    with rasterio.open(path) as handle:
        rows, cols = rowcol(handle.transform, *back)
        inside = (rows >= 0) & (rows < ROWS) & (cols >= 0) & (cols < COLS)
        values = np.array(list(handle.sample(np.transpose(back)[inside])))
    _, first = np.unique(rows[inside] * COLS + cols[inside], return_index=True)
    training, report = sample_points([points(*there, np.ones(400), crs=crs)], stack_of(path), legend(1, 2))
    np.testing.assert_array_equal(training.features, values[np.sort(first)])
    np.testing.assert_allclose(training.xy, np.transpose(back)[inside][np.sort(first)])
    assert report.total(samples.OUTSIDE) == 400 - inside.sum()


def test_a_place_beyond_a_projection_is_outside(stack):
    far = points([32.0, 0.0, 32.0, 1e300], [91.0, 90.0, -1000.0, 1e300], [1, 1, 1, 1], crs="EPSG:4326")
    training, report = sample_points([far, at_pixels([0], [0], [2])], stack, legend(*CLASSES))
    assert len(training) == 1
    assert account(report) == {samples.OUTSIDE: 4}


# what is left out


def test_each_reason_is_counted(make_raster):
    image = numbered()
    image[0, 3, 4] = 0
    stack = stack_of(make_raster("image.tif", image, nodata=0, descriptions=("red", "nir")))
    given_rows = [
        (0, 0, 1),
        (0, 1, 2),
        (0, 0, 1),  # the same again
        (5, 5, 1),  # a pixel with two classes
        (5, 5, 2),
        (5, 5, 1),
        (3, 4, 2),  # no data in red
        (-1, 0, 1),  # outside
        (ROWS, 0, 1),
        (0, COLS, 77),  # not in the legend, which is asked before the place
        (8, 8, 99),
    ]
    rows, cols, labels = zip(*given_rows, strict=True)
    source = at_pixels(rows, cols, labels, unreadable=("line 3: broken", "line 4: broken"))
    training, report = sample_points([source], stack, legend(*CLASSES))
    assert training.labels.tolist() == [1, 2]
    assert account(report) == {
        samples.INVALID: 2, samples.NOT_IN_LEGEND: 2, samples.OUTSIDE: 2, samples.MASKED: 1, samples.DUPLICATE: 1,
        samples.CONFLICT: 3,
    }  # fmt: skip
    assert report.read == {"points.csv": 13}
    assert report.kept == {"points.csv": 2}
    assert report.classes == {1: 1, 2: 1}
    assert report.mask_losses == {"red": {2: 1}}
    assert "classes that the legend does not have (its values are 1, 2, 5) are ignored: 77, 99" in report.notes
    assert "classes without training data, which the map cannot show: class 5" in report.notes
    assert report.notes[:2] == ("line 3: broken", "line 4: broken")


@pytest.mark.parametrize("nodata", [-1.7976931348623157e308, None])
def test_what_float32_cannot_hold_is_no_data(make_raster, nodata):
    """GDAL's usual nodata for float64 is such a number, and a classifier takes nothing infinite."""
    image = numbered().astype("float64")
    image[0, 3, 4] = -1.7976931348623157e308
    image[1, 5, 5] = 1e39
    stack = stack_of(make_raster("image.tif", image, nodata=nodata, descriptions=("red", "nir")))
    training, report = sample_points([at_pixels([3, 5, 6, 7], [4, 5, 6, 7], [1, 2, 1, 2])], stack, legend(1, 2))
    assert training.features.dtype == "float32"
    np.testing.assert_array_equal(training.features, image[:, [6, 7], [6, 7]].T)
    assert report.mask_losses == {"red": {1: 1}, "nir": {2: 1}}


@st.composite
def tables(draw) -> list[tuple[list[int], list[int], list[int]]]:
    """Some tables of rows on a small piece of the image and around it, so that pixels repeat."""
    row = st.tuples(st.integers(-1, 4), st.integers(-1, 4), st.sampled_from([1, 2, 5, 9]))
    found = draw(st.lists(st.lists(row, max_size=12), min_size=1, max_size=3))
    return [tuple(map(list, zip(*rows, strict=True))) if rows else ([], [], []) for rows in found]


@settings(max_examples=60)
@given(tables())
def test_every_row_is_kept_or_counted(tmp_path_factory, given_tables):
    """Against a plain walk over the rows; the account closes for every source."""
    path = tmp_path_factory.getbasetemp() / "counted.tif"
    image = numbered()
    image[1, 2, 2] = 0
    if not path.exists():
        write_raster(path, image, nodata=0)
    sources = [
        at_pixels(*rows, where=f"{number}.csv", unreadable=("x",) * number) for number, rows in enumerate(given_tables)
    ]
    try:
        training, report = sample_points(sources, stack_of(path), legend(*CLASSES))
    except InputError as error:
        assert "loses all its" in str(error)  # noqa: PT017
        at_hole = {label for rows in given_tables for r, c, label in zip(*rows, strict=True) if (r, c) == (2, 2)}
        assert at_hole & set(CLASSES)
        return
    seen: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for number, rows in enumerate(given_tables):
        for r, c, label in zip(*rows, strict=True):
            if label in CLASSES and 0 <= r < ROWS and 0 <= c < COLS and (r, c) != (2, 2):
                seen.setdefault((r, c), []).append((label, number))
    kept = [(*place, *found[0]) for place, found in seen.items() if len({label for label, _ in found}) == 1]
    expected = {place: label for *place, label, _ in ((*k[:2], k[2], k[3]) for k in kept) for place in [tuple(place)]}
    cols, rows = ~TRANSFORM @ training.xy.T
    found = dict(
        zip(zip(np.floor(rows).astype(int), np.floor(cols).astype(int), strict=True), training.labels, strict=True)
    )
    assert found == expected
    assert Counter(training.source.tolist()) == Counter(number for *_, number in kept)
    for number, rows in enumerate(given_tables):
        where = f"{number}.csv"
        dropped = sum(count for (source, _), count in report.dropped.items() if source == where)
        assert report.read[where] == len(rows[0]) + number == report.kept[where] + dropped
    assert sum(report.kept.values()) == len(training) == sum(report.classes.values())


def test_rows_keep_their_order(stack):
    rows, cols = np.divmod(np.random.default_rng(2).permutation(ROWS * COLS)[:60], COLS)
    labels = np.resize(CLASSES, 60)
    one = sample_points([at_pixels(rows, cols, labels)], stack, legend(*CLASSES))[0]
    again = sample_points([at_pixels(rows, cols, labels)], stack, legend(*CLASSES))[0]
    parts = [at_pixels(rows[part], cols[part], labels[part]) for part in (slice(0, 20), slice(20, 60))]
    two = sample_points(parts, stack, legend(*CLASSES))[0]
    np.testing.assert_array_equal(one.features[:, 0], rows * COLS + cols + 1)
    assert one.digest == again.digest == two.digest
    assert two.source.tolist() == [0] * 20 + [1] * 40
    turned = sample_points([at_pixels(rows[::-1], cols[::-1], labels[::-1])], stack, legend(*CLASSES))[0]
    np.testing.assert_array_equal(turned.features, one.features[::-1])
    assert turned.digest != one.digest


def test_the_same_file_twice_counts_its_rows_once(stack):
    rows, cols = np.divmod(np.arange(10), COLS)
    both = [at_pixels(rows, cols, np.resize(CLASSES, 10))] * 2
    training, report = sample_points(both, stack, legend(*CLASSES))
    assert len(training) == 10
    assert account(report) == {samples.DUPLICATE: 10}
    assert report.read == {"points.csv": 20}


def test_no_points_at_all(stack):
    for sources in ([], [points([], [], [])]):
        training, report = sample_points(sources, stack, legend(*CLASSES))
        assert len(training) == 0
        assert training.features.shape == (0, 2)
        with pytest.raises(InputError, match="no class has usable rows"):
            require_two_classes(training, report)


def test_points_far_apart_are_read_block_by_block(make_raster, monkeypatch):
    image = np.arange(1100 * 1300, dtype="uint32").reshape(1, 1100, 1300).astype("float32") + 1
    stack = stack_of(make_raster("image.tif", image, tiled=True))
    windows = []
    real = FeatureStack.read
    monkeypatch.setattr(FeatureStack, "read", lambda self, window: windows.append(window) or real(self, window))
    rows, cols = np.array([0, 511, 512, 1099, 3, 600]), np.array([0, 511, 512, 1299, 1290, 700])
    training, _ = sample_points([at_pixels(rows, cols, [1, 2, 1, 2, 1, 2])], stack, legend(1, 2))
    np.testing.assert_array_equal(training.features[:, 0], image[0, rows, cols])
    assert max(max(window.shape) for window in windows) <= 512
    assert len(windows) == 4


# what is said of it


def test_swapped_coordinates_are_noticed(stack):
    x, y = TRANSFORM @ (np.arange(10) + 0.5, np.arange(10) + 0.5)
    _, report = sample_points([points(y, x, np.ones(10))], stack, legend(*CLASSES))
    assert report.total(samples.OUTSIDE) == 10
    assert any("swapped" in note and note.startswith("points.csv: ") for note in report.notes)


def test_swapped_degrees_are_noticed(stack):
    x, y = TRANSFORM @ (np.arange(10) + 0.5, np.arange(10) + 0.5)
    lon, lat = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True).transform(x, y)
    _, report = sample_points([points(lat, lon, np.ones(10), crs="EPSG:4326")], stack, legend(*CLASSES))
    assert any("swapped" in note for note in report.notes)
    with pytest.raises(InputError) as caught:
        require_two_classes(
            sample_points([points(lat, lon, np.ones(10), crs="EPSG:4326")], stack, legend(1, 2))[0], report
        )
    assert any("swapped" in line for line in caught.value.problems)


def test_nothing_is_said_of_swapping_where_points_lie_in_any_case(make_raster):
    """An image across the diagonal x = y: swapped, points inside stay inside, and say nothing of those outside."""
    diagonal = Affine(10, 0, 500_000, 0, -10, 500_000 + 10 * ROWS)
    stack = stack_of(make_raster("image.tif", numbered(ROWS, ROWS), transform=diagonal))
    x, y = diagonal @ (np.arange(ROWS) + 0.5, ROWS - 0.5 - np.arange(ROWS))
    far = points([*x, 900_000, 900_000], [*y, 100, 200], np.ones(ROWS + 2))
    _, report = sample_points([far], stack, legend(*CLASSES))
    assert report.total(samples.OUTSIDE) == 2
    assert not any("swapped" in note for note in report.notes)


# classes that are lost


def test_a_class_lost_to_a_band_is_an_error_that_names_both(make_raster):
    image = numbered()
    image[1, :, :10] = 0
    stack = stack_of(make_raster("image.tif", image, nodata=0, descriptions=("red", "nir")))
    source = at_pixels([1, 2, 3, 4], [2, 3, 20, 21], [5, 5, 1, 2])
    with pytest.raises(InputError) as caught:
        sample_points([source], stack, legend(*CLASSES))
    (line,) = caught.value.problems
    assert caught.value.exit_code == 2
    assert "the class 'class 5' (5) loses all its 2 rows to nir, which has no data there" in line


def test_every_lost_class_has_its_line_and_the_guiltiest_band(make_raster):
    image = numbered()
    image[0, :, :5] = 0
    image[:, :, 5:10] = 0
    stack = stack_of(make_raster("image.tif", image, nodata=0, descriptions=("red", "nir")))
    source = at_pixels([1, 2, 3, 4, 5], [2, 3, 6, 7, 20], [5, 5, 2, 2, 1])
    with pytest.raises(InputError) as caught:
        sample_points([source], stack, legend(*CLASSES))
    first, second = caught.value.problems
    assert "(2) loses all its 2 rows to red and nir" in first
    assert "(5) loses all its 2 rows to red," in second


def test_a_class_outside_the_image_is_not_lost_to_a_band(make_raster):
    image = numbered()
    image[:, 0, 0] = 0
    stack = stack_of(make_raster("image.tif", image, nodata=0))
    source = at_pixels([-5, 0, 1, 2], [0, 0, 1, 2], [5, 1, 1, 2])
    training, report = sample_points([source], stack, legend(*CLASSES))
    assert training.counts == {1: 1, 2: 1}
    assert account(report) == {samples.OUTSIDE: 1, samples.MASKED: 1}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 0, 1), (1, 1, 1)], "only class 1 has usable rows"),
        ([(-1, 0, 1), (1, 1, 9)], "no class has usable rows, and at least 2 classes must have some (left out: 1 "),
    ],
)
def test_one_class_is_not_enough_and_it_is_said_where_rows_went(stack, rows, words):
    training, report = sample_points([at_pixels(*zip(*rows, strict=True))], stack, legend(*CLASSES))
    with pytest.raises(InputError) as caught:
        require_two_classes(training, report)
    assert words in str(caught.value)


def test_columns_of_a_training_set_are_of_one_length():
    with pytest.raises(ValueError, match="differ in length"):
        TrainingSet(
            features=np.zeros((3, 2)), labels=np.zeros(2, np.int64), xy=np.zeros((3, 2)),
            source=np.zeros(3, np.int64), group=np.zeros(3, np.int64),
        )  # fmt: skip


# a recipe's training data as a whole


def sources_of(document) -> list[ReferencePoints]:
    stack = open_stack(document)
    return read_sources(document, stack, recipe_legend(document), allowed_folders(document))


def test_the_table_of_a_recipe(scene):
    document = load(scene.recipe)
    found = recipe_legend(document)
    assert found is not None
    training, report = sample_points(sources_of(document), open_stack(document), found)
    assert training.labels.tolist() == [label for *_, label in scene.points]
    assert account(report) == {}
    with rasterio.open(scene.image) as handle:
        expected = np.array(list(handle.sample([(x, y) for x, y, _ in scene.points])))
    np.testing.assert_array_equal(training.features, expected)


def test_problems_of_all_sources_are_said_at_once(scene):
    (scene.folder / "a.csv").write_text("lon,lat\n1,2\n")
    document = load(scene.recipe).changed({("training",): [{"csv": "a.csv"}, {"csv": "b.csv"}]})
    with pytest.raises(InputError) as caught:
        sources_of(document)
    assert len(caught.value.problems) == 2
    assert "no column 'class'" in caught.value.problems[0]
    assert "b.csv: no such file" in caught.value.problems[1]
