"""`classify-local map`: what it needs is asked for in one line each, before anything is opened."""

from __future__ import annotations

import re
import socket

import pytest

from classify_local import page
from classify_local.cli.main import call
from classify_local.cli.map import the_recipe

serving = pytest.importorskip("classify_local.web.serving")


def said(capsys) -> str:
    """The one line on standard error."""
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    (line,) = told.err.strip().splitlines()
    return line


@pytest.fixture
def built(tmp_path, monkeypatch):
    static = tmp_path / "static"
    static.mkdir()
    (static / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr(page, "BUILT", static)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def test_help(capsys):
    assert call(["map", "--help"]) == 0
    out = capsys.readouterr().out
    for option in ("--port", "--no-browser", "--memory", "--allow"):
        assert option in out
    assert "Nothing leaves this machine" in re.sub(r"\s+", " ", out)


def test_no_recipe(built, folder, capsys):
    assert call(["map"]) == 2
    assert re.search("no recipe in this folder; .*classify-local init", said(capsys))


def test_several_recipes(built, folder, capsys):
    for name in ("a.yml", "b.yaml"):
        (folder / name).write_text("images:\n  - path: a.tif\n")
    assert call(["map"]) == 2
    assert "several recipes in this folder (a.yml, b.yaml); name one" in said(capsys)


def test_the_one_recipe_is_found_among_other_files(folder):
    (folder / "docker-compose.yml").write_text("services: {}\n")
    (folder / "broken.yml").write_bytes(b"images:\n\xff\xfe")
    (folder / "mine.yml").write_text("# mine\nimages:\n  - path: a.tif\n")
    assert the_recipe(folder).name == "mine.yml"


def test_a_recipe_that_is_not_there(built, folder, capsys):
    assert call(["map", "gone.yml"]) == 2
    assert "gone.yml" in said(capsys)


def test_missing_packages(monkeypatch, folder, capsys):
    monkeypatch.setattr(page, "find_spec", lambda name: None if name in ("starlette", "uvicorn") else name)
    assert call(["map"]) == 4
    assert "needs starlette, uvicorn; install: pip install 'classify_local[map]'" in said(capsys)


def test_a_page_that_was_not_built(monkeypatch, tmp_path, folder, capsys):
    monkeypatch.setattr(page, "BUILT", tmp_path / "nothing")
    assert call(["map"]) == 4
    assert "the map page was not built" in said(capsys)


def test_a_port_that_is_taken(built, scene, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert call(["map", str(scene.recipe), "--port", str(port), "--no-browser"]) == 2
    assert f"--port {port}: cannot be used" in said(capsys)


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none(port, capsys):
    assert call(["map", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err


def test_the_address_is_this_machines_alone():
    listening = serving.listen(0)
    assert listening.getsockname()[0] == "127.0.0.1"
    listening.close()


def test_the_address_holds_a_key_that_is_never_the_same(built, scene, monkeypatch, capsys):
    monkeypatch.setattr(serving.uvicorn.Server, "run", lambda self, sockets: sockets[0].close())
    keys = set()
    for _ in range(2):
        assert call(["map", str(scene.recipe), "--no-browser"]) == 0
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=([\w-]{40,})\n", capsys.readouterr().out)
        assert found is not None
        keys.add(found[1])
    assert len(keys) == 2
