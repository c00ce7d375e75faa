"""The account of a training table as a page: whole, closed to the outside, and deaf to what labels say."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.accuracy.signatures import signature
from classify_local.describing import TrainingDescription
from classify_local.legend import Legend, LegendEntry
from classify_local.report import findings_html, training_map
from classify_local.report.html import clean, el, page, table
from classify_local.report.signature_chart import resolve_scales, signature_charts
from classify_local.report.svg import ticks
from classify_local.report.training_html import short_names, training_html
from classify_local.report.training_map import map_chart
from classify_local.training.samples import REASONS
from tests.conftest import Scene
from tests.test_describing import described, with_mistakes, with_odd_rows

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "&lt;b&gt;</style>",
)
VOID = {"meta", "br", "img", "hr", "input", "link"}


class Page(HTMLParser):
    """Tags with their attributes, what they enclose, and whether they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def description(scene: Scene) -> TrainingDescription:
    with_odd_rows(scene)
    with_mistakes(scene)
    return described(scene.recipe, check=True)


def test_the_page_is_whole(description: TrainingDescription) -> None:
    text = training_html(description, made="5 January 2026")
    found = Page(text)
    assert text.startswith("<!DOCTYPE html>\n<html")
    headings = ["What was read", "Where the rows lie", "Classes", "How far the classes lie apart", "Rows to look at"]
    for heading in [*headings, "Check of the model"]:
        assert heading in found.texts
    assert "5 January 2026" in found.texts[-2]
    assert "nan" not in text
    assert "None" not in text
    for row in description.suspect_rows:
        assert f"line {row.line}" in found.texts
    assert len(text) < 200_000


def test_it_needs_nothing_and_runs_nothing(description: TrainingDescription) -> None:
    text = training_html(description)
    found = Page(text)
    assert not {tag for tag, _ in found.tags} & {"script", "img", "link", "iframe", "object", "base", "form", "use"}
    for _, attributes in found.tags:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "href", "style")}
    assert "url(" not in text
    assert "@import" not in text
    (policy,) = [tag["content"] for tag in found.of("meta") if "http-equiv" in tag]
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy


def test_it_can_be_read_without_seeing(description: TrainingDescription) -> None:
    found = Page(training_html(description))
    assert found.of("html") == [{"lang": "en"}]
    assert len(found.of("h1")) == 1
    assert len(found.of("caption")) == len(found.of("table")) > 5
    assert {tag.get("scope") for tag in found.of("th")} == {"row", "col"}
    for picture in found.of("svg"):
        assert picture.get("aria-hidden") == "true" or (picture.get("role") == "img" and picture.get("aria-label"))
    assert len(found.of("figcaption")) == len(found.of("figure")) == 2


def hostile(scene: Scene) -> TrainingDescription:
    """A scene whose name, labels, bands and files are markup."""
    found = described(scene.recipe, check=True)
    entries = tuple(
        LegendEntry(value=entry.value, label=label, color=entry.color)
        for entry, label in zip(found.legend, HOSTILE, strict=True)
    )
    source = f"/tmp/{HOSTILE[1]}\udce9\x01/points.csv"
    rows = tuple(replace(row, source=source) for row in found.suspect_rows)
    report = replace(
        found.report, notes=(*found.report.notes, HOSTILE[0]), read={source: 120}, kept={source: 120}, dropped={},
        mask_losses={HOSTILE[0]: {1: 2}},
    )  # fmt: skip
    return replace(
        found, name=HOSTILE[0], legend=Legend(entries), bands=HOSTILE[:3], suspect_rows=rows, report=report,
        unsuspected=HOSTILE[3],
    )  # fmt: skip


def test_markup_in_labels_names_and_files_is_text(scene: Scene) -> None:
    with_mistakes(scene)
    description = hostile(scene)
    text = training_html(description, made=HOSTILE[1])
    found = Page(text)
    harmless = Page(training_html(described(scene.recipe, check=True)))
    assert {tag for tag, _ in found.tags} == {tag for tag, _ in harmless.tags}
    for _, attributes in found.tags:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "href")}
    shown = "".join(found.texts)
    for markup in HOSTILE:
        assert markup in shown
    text.encode("utf-8")
    assert "\x01" not in text


def test_marks_that_turn_the_text_are_taken_out() -> None:
    assert clean("forest\u202etsero\x00\ud800 é\t漢") == "forest\ufffdtsero\ufffd\ufffd é\t漢"


@given(st.text(), st.text())
def test_any_text_comes_back_as_it_was(one: str, other: str) -> None:
    made = page(one, el("p", other, title=one), table([one], [[other]], caption=one))
    made.encode("utf-8")
    found = Page(made)
    normal = clean(other).replace("\r\n", "\n").replace("\r", "\n")
    assert [tag for tag, _ in found.tags].count("p") == 1
    assert "".join(found.texts).replace("\r\n", "\n").replace("\r", "\n").count(normal) >= 1


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/data/a/points.csv"], ["points.csv"]),
        (["/data/a/points.csv", "/data/b/points.csv"], ["a/points.csv", "b/points.csv"]),
        (["/data/a/points.csv", "/data/a/plots.gpkg"], ["points.csv", "plots.gpkg"]),
        (["C:\\data\\points.csv"], ["points.csv"]),
        (["a/points.csv", "points.csv"], ["a/points.csv", "points.csv"]),
        ([""], [""]),
    ],
)
def test_short_names(paths: list[str], names: list[str]) -> None:
    assert list(short_names(paths).values()) == names


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (-93.37, -93.34, 3, [-93.37, -93.36, -93.35, -93.34]),
        (3, 3, 4, [3]),
        (460_100, 467_900, 4, [462_000, 464_000, 466_000]),
    ],
)
def test_ticks(low: float, high: float, most: int, expected: list[float]) -> None:
    assert ticks(low, high, most) == pytest.approx(expected)


@given(st.floats(-1e7, 1e7), st.floats(1e-3, 1e7), st.integers(1, 12))
def test_ticks_lie_between_and_are_few(low: float, span: float, most: int) -> None:
    found = ticks(low, low + span, most)
    slack = 1e-6 * max(abs(low), span)
    assert all(low - slack <= tick <= low + span + slack for tick in found)
    assert len(found) <= most + 1


def drawn_dots(svg: Element) -> dict[str, int]:
    """Dots and marks of the map by title."""
    counts = {}
    for path in svg.iter("path"):
        title = path.find("title")
        if title is not None:
            counts[title.text or ""] = path.get("d", "").count("M")
    return counts


def test_the_map_shows_rows_where_they_are(description: TrainingDescription) -> None:
    svg, drawn, beyond = map_chart(description)
    dots = drawn_dots(svg)
    for entry in description.legend:
        assert dots.get(entry.label, 0) == description.report.classes.get(entry.value, 0)
    assert beyond == 2
    assert "outside the image" not in dots
    assert drawn == len(description.report.rows.labels) - beyond
    assert sum(dots.values()) == drawn


def test_the_map_draws_some_of_many_rows(description: TrainingDescription, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_map, "MOST_POINTS", 50)
    monkeypatch.setattr(training_map, "_LEAST_POINTS", 4)
    svg, drawn, _ = map_chart(description)
    assert 40 < drawn < 70
    dots = drawn_dots(svg)
    assert all(dots[entry.label] >= 4 for entry in description.legend if description.report.classes.get(entry.value))
    assert "rows are drawn" in training_html(description)


def test_each_reason_has_a_mark() -> None:
    marks = [tostring(training_map.mark(reason)) for reason in REASONS]
    assert len(set(marks)) == len(REASONS)


def signatures(spans: tuple[float, ...], classes: int = 3):
    rng = np.random.default_rng(1)
    return [signature(rng.normal(10, 1, (20, len(spans))) * spans, value) for value in range(1, classes + 1)]


@pytest.mark.parametrize(
    ("spans", "common"),
    [((1, 1, 1), True), ((1, 2, 3), True), ((1, 1000, 1), False), ((0, 1, 1), True), ((0, 0, 0), False)],
)
def test_bands_share_a_scale_if_they_are_alike(spans: tuple[float, ...], common: bool) -> None:
    found = signatures(spans)
    scales, is_common = resolve_scales(found)
    assert is_common == common
    for one in found:
        assert (scales[:, 0] < one.mean - one.sd).all()
        assert (one.mean + one.sd < scales[:, 1]).all()


@pytest.mark.parametrize(("bands", "charts"), [(1, 1), (18, 1), (19, 2), (60, 4)])
def test_many_bands_take_several_charts(bands: int, charts: int) -> None:
    names = tuple(f"s2_2021_normalized_difference_{number}" for number in range(bands))
    legend = Legend((LegendEntry(value=1, label="one", color="#FF0000"),))
    found, _ = signature_charts(signatures((1.0,) * bands), names, legend)
    assert len(found) == charts
    assert sum(1 for chart in found for _ in chart.iter("text") if (_.text or "").startswith("s2_2021")) == bands
    for chart in found:
        width = float(chart.get("width", "0"))
        xs = [float(x) for path in chart.iter("path") for x in re.findall(r"M([\d.-]+)", path.get("d", ""))]
        assert all(-5 <= x <= width for x in xs)


def test_a_page_of_the_least(scene: Scene, tmp_path: Path) -> None:
    """One row of each class: no distances, no suspects, no check."""
    rows = {value: f"{x},{y},{value}" for x, y, value in scene.points}
    scene.table.write_text("x,y,class\n" + "\n".join(rows.values()) + "\n", encoding="utf-8")
    text = training_html(described(scene.recipe, check=True))
    found = Page(text)
    assert any(part.startswith("Not known: separability") for part in found.texts)
    assert any(part.startswith("Not looked for: ") for part in found.texts)
    assert any(part.startswith("The model was not checked: ") for part in found.texts)


def test_many_classes_have_their_closest_pairs_instead_of_a_matrix(
    monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    found = described(scene.recipe, suspects=False)
    assert "columns are numbered by the class value. * from few rows" in training_html(found)
    monkeypatch.setattr(findings_html, "MATRIX_CLASSES", 3)
    text = training_html(found)
    assert "The closest 6 of 6 pairs." in text
    assert "columns are numbered by the class value. * from few rows" not in text
