"""A recipe open on a page: what is told to whom, what is trained when, and what others change meanwhile."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import shapely
from pyogrio import raw

from classify_local.errors import InputError, StorageError
from classify_local.live import session as sessions
from classify_local.live.book import Changed, Stale
from classify_local.live.pyramid import TileKey
from classify_local.live.session import Gone
from classify_local.storage import versions

TILE = TileKey(0, 0, 0)


def listened(session):
    heard = []
    session.listen(heard.append)
    return heard


def kinds(heard):
    return [event["type"] for event in heard]


def until(met):
    deadline = time.monotonic() + 20
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def change(session, op, **asked):
    return session.change({"version": session.book.version, "op": op, **asked})


def test_a_change_is_told_to_all_saved_and_trained(opened, recipe):
    session = opened()
    assert session.settled()
    first, second = listened(session), listened(session)
    revision, rows = session.snapshot.revision, session.training.rows
    event = change(session, "add", x=33.5, y=2.5, value=5)
    assert session.settled()
    assert first == second
    assert first[0] == event
    assert [kind for kind in kinds(first) if kind != "check"] == ["points", "training", "training", "model"]
    assert session.snapshot.revision == revision + 1
    assert session.training.rows == rows + 1
    (point,) = event["changed"]
    assert (point["x"], point["y"]) == (pytest.approx(33.5), pytest.approx(2.5))
    assert (point["value"], point["kind"], point["source"]) == (5, "collected", "clicked.csv")
    assert recipe.with_name("clicked.csv").read_text().endswith(',"5"\n')
    assert session.state()["points"][-1] == point


def test_the_class_map_changes_where_a_point_says_so(opened):
    session = opened()
    assert session.settled()
    before = session.model_tile(session.snapshot.revision, "class", TILE)
    for x in range(1, 15, 2):
        for y in range(1, 15, 2):
            change(session, "add", x=x + 0.5, y=y + 0.5, value=7)
    assert session.settled()
    assert session.model_tile(session.snapshot.revision, "class", TILE) != before


def test_who_stopped_listening_hears_nothing(opened):
    session, heard = opened(), []
    end = session.listen(heard.append)
    assert session.settled()
    end()
    heard.clear()
    change(session, "add", x=1.5, y=1.5, value=1)
    assert session.settled()
    assert heard == []


def test_tiles_of_an_earlier_model_are_gone(opened):
    session = opened()
    assert session.settled()
    revision = session.snapshot.revision
    session.model_tile(revision, "class_probability", TILE)
    change(session, "delete", id="i0:2")
    assert session.settled()
    for asked in (revision, revision + 2, 0):
        with pytest.raises(Gone):
            session.model_tile(asked, "class", TILE)
    assert session.model_tile(revision + 1, "class", TILE)


def test_without_live_changes_wait(opened):
    session = opened()
    assert session.settled()
    revision = session.snapshot.revision
    session.set_live(False)
    change(session, "delete", id="i0:2")
    assert session.settled()
    assert (session.training.status, session.snapshot.revision) == ("waiting", revision)
    assert session.model_tile(revision, "class", TILE)
    session.set_live(True)
    assert session.settled()
    assert (session.training.status, session.snapshot.revision) == ("ready", revision + 1)


def test_without_live_one_may_train_by_hand(opened):
    session = opened()
    assert session.settled()
    session.set_live(False)
    change(session, "delete", id="i0:2")
    session.train_now()
    assert session.settled()
    assert session.training.status == "ready"
    rows = session.training.rows
    session.set_live(True)
    assert session.settled()
    assert (session.training.rows, session.snapshot.revision) == (rows, 2)


def test_a_change_during_a_training_is_not_forgotten_when_live_is_off(opened, monkeypatch):
    session = opened()
    assert session.settled()
    inside, go = threading.Event(), threading.Event()
    train = session._learner.train

    def slow(*arguments):
        made = train(*arguments)
        inside.set()
        assert go.wait(10)
        return made

    monkeypatch.setattr(session._learner, "train", slow)
    change(session, "delete", id="i0:2")
    assert inside.wait(10)
    session.set_live(False)
    change(session, "delete", id="i0:3")
    go.set()
    assert session.settled()
    assert session.training.status == "waiting"
    rows = session.training.rows
    session.set_live(True)
    assert session.settled()
    assert (session.training.status, session.training.rows) == ("ready", rows - 1)


def test_the_unexpected_ends_no_training_for_ever(opened, monkeypatch):
    session = opened()
    assert session.settled()
    with monkeypatch.context() as patch:
        patch.setattr(session._learner, "train", lambda *arguments: 1 / 0)
        change(session, "delete", id="i0:2")
        until(lambda: session.training.status == "failed")
        assert "ZeroDivisionError" in session.training.message
    change(session, "undo")
    assert session.settled()
    assert session.training.status == "ready"


def test_too_little_to_train_with_is_said(opened, recipe):
    recipe.with_name("points.csv").write_text("x,y,class\n500005,8599995,1\n")
    recipe.with_name("clicked.csv").unlink()
    text = recipe.read_text().replace("  - vector: plots of others.gpkg   # a layer\n    class: code\n", "")
    recipe.write_text(text)
    session = opened()
    assert session.settled()
    assert session.training.status == "none"
    assert session.training.message
    assert session.snapshot is None
    with pytest.raises(Gone):
        session.model_tile(1, "class", TILE)
    with pytest.raises(InputError, match="no model yet"):
        session.next_places("confidence", 5, 0)
    change(session, "add", x=20.5, y=20.5, value=2)
    change(session, "add", x=20.5, y=22.5, value=2)
    change(session, "add", x=2.5, y=22.5, value=1)
    assert session.settled()
    assert session.training.status == "ready"


def test_a_file_changed_outside_is_read_anew_and_said(opened, recipe):
    session = opened()
    assert session.settled()
    heard, version, rows = listened(session), session.book.version, session.training.rows
    assert not session.look_for_changes()
    path = recipe.with_name("clicked.csv")
    path.write_text(path.read_text() + '33.004,-12.668,"7"\n')
    with pytest.raises(Changed, match=r"clicked\.csv"):
        change(session, "add", x=1.5, y=1.5, value=1)
    assert session.look_for_changes()
    assert session.settled()
    assert heard[0] == {"type": "reload", "reason": "clicked.csv was changed by another program"}
    assert session.training.rows == rows + 1
    assert session.book.version > version
    with pytest.raises(Stale):
        session.change({"version": version, "op": "add", "x": 1.5, "y": 1.5, "value": 1})
    change(session, "add", x=1.5, y=1.5, value=1)
    assert "33.004,-12.668" in path.read_text()


def test_a_recipe_that_cannot_be_read_leaves_the_page_as_it_was(opened, recipe):
    session = opened()
    assert session.settled()
    heard, document, good = listened(session), session.document, recipe.read_text()
    recipe.write_text(good.replace("legend: legend.csv", "legend: gone.csv"))
    for _ in range(3):
        assert not session.look_for_changes()
    assert kinds(heard) == ["note"]
    assert "gone.csv" in heard[0]["text"]
    assert session.document is document
    with pytest.raises(Changed):
        change(session, "add", x=1.5, y=1.5, value=1)
    recipe.write_text(good)
    assert not session.look_for_changes()
    change(session, "add", x=1.5, y=1.5, value=1)


def test_a_table_that_cannot_be_read_leaves_the_page_as_it_was(opened, recipe):
    session = opened()
    assert session.settled()
    book, learner, pyramid = session.book, session._learner, session.pyramid
    recipe.with_name("points.csv").write_text("nothing,of,use\n1,2,3\n")
    assert not session.look_for_changes()
    assert (session.book, session._learner, session.pyramid) == (book, learner, pyramid)


def test_two_sessions_on_one_recipe_do_not_write_over_each_other(opened, recipe):
    first, second = opened(), opened()
    assert first.settled()
    assert second.settled()
    change(first, "add", x=1.5, y=1.5, value=1)
    with pytest.raises(Changed):
        change(second, "add", x=2.5, y=2.5, value=2)
    assert second.look_for_changes()
    change(second, "add", x=2.5, y=2.5, value=2)
    assert first.look_for_changes()
    places = [(point["x"], point["y"]) for point in first.state()["points"] if point["source"] == "clicked.csv"]
    assert len(places) == 5
    assert places[-2:] == [(pytest.approx(1.5), pytest.approx(1.5)), (pytest.approx(2.5), pytest.approx(2.5))]
    assert versions.versions(recipe.with_name("clicked.csv"))


def test_events_come_in_the_order_of_the_changes(opened, monkeypatch):
    session = opened()
    session.set_live(False)
    heard, tell, telling = listened(session), session._tell, threading.Event()

    def slow(event):
        if event.get("version") == 1:
            telling.set()
            time.sleep(0.2)
        tell(event)

    monkeypatch.setattr(session, "_tell", slow)
    first = threading.Thread(target=change, args=(session, "add"), kwargs={"x": 1.5, "y": 1.5, "value": 1})
    first.start()
    assert telling.wait(10)
    session.change({"version": 1, "op": "add", "x": 2.5, "y": 2.5, "value": 2})
    first.join(10)
    assert [event["version"] for event in heard if event["type"] == "points"] == [1, 2]


def test_values_under_the_cursor_are_those_of_image_and_map(opened):
    session = opened()
    assert session.settled()
    block = session.pyramid.stack(0).read(session.pyramid.grid.window)
    for x, y in ((0.0, 0.0), (10.9, 40.2), (63.999, 47.999)):
        told, at = session.values(x, y), (int(y), int(x))
        assert [band["value"] for band in told["bands"]] == block.features[:, at[0], at[1]].tolist()
        assert sum(told["probabilities"].values()) == pytest.approx(100, abs=2)
        assert max(told["probabilities"].values()) == told["class_probability"]
    hole = session.values(35.5, 25.5)
    assert (hole["valid"], hole["class"], hole["class_probability"]) == (False, None, None)


def test_layers_stay_when_files_are_read_anew(opened, recipe):
    session = opened()
    layer = session.layers.add(recipe.with_name("image.tif"))
    recipe.with_name("clicked.csv").write_text("XCoordinate,YCoordinate,class\n")
    assert session.look_for_changes()
    assert session.layers.told() == [layer]
    assert session.layer_tile(layer["id"], TILE)
    assert session.layers.add(recipe.with_name("image.tif"))["id"] != layer["id"]
    session.layers.remove(layer["id"])
    with pytest.raises(InputError, match="no such layer"):
        session.layer_tile(layer["id"], TILE)


def test_shapes_without_a_place_on_the_image_are_left_out(opened, recipe):
    path = recipe.with_name("world.gpkg")
    shapes = [shapely.Point(33.001, -12.668), shapely.Point(0, 91), shapely.box(33, -13, 33.1, -12.9),
              shapely.LineString([(33, -12), (33.5, 95)])]  # fmt: skip
    raw.write(path, shapely.to_wkb(shapes), [np.array(["a", "b", "c", "d"], dtype=object)], ["name"], crs="EPSG:4326",
              geometry_type="Unknown", driver="GPKG")  # fmt: skip
    session = opened()
    layer = session.layers.add(path)
    assert [(shape["kind"], shape["title"]) for shape in session.layers.features(layer["id"])] == [
        ("point", "a"), ("polygon", "c"),
    ]  # fmt: skip


def test_reading_ahead_gives_way_to_the_next_view(opened, monkeypatch):
    session = opened()
    assert session.settled()
    read = []
    monkeypatch.setattr(sessions, "tiles_of", lambda window, level: [TileKey(level, 9, 9)])
    monkeypatch.setattr(session.pyramid, "has", lambda key: False)

    def reading(key):
        read.append(key)
        if len(read) == 3:
            session.look_at(0, 5, 5, 5, 5)

    monkeypatch.setattr(session.pyramid, "read", reading)
    session.look_at(0, 3, 3, 3, 3)
    session.prefetch(0, 3, 3, 3, 3)
    assert len(read) == 3
    session.prefetch(0, 3, 3, 3, 3)
    assert len(read) == 3
    with pytest.raises(InputError, match="no level"):
        session.prefetch(7, 0, 0, 0, 0)


def test_a_failed_write_changes_nothing_and_is_said(opened, recipe, monkeypatch):
    session = opened()
    assert session.settled()
    state = session.state()

    def full(step):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("classify_local.storage.atomic.reached", full)
    with pytest.raises(StorageError, match="No space left"):
        change(session, "delete", id="c2:1")
    assert session.state()["points"] == state["points"]
