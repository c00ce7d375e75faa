"""The command line as a user meets it: exit codes of real processes, locks, and what reaches the terminal."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from classify_local.cli.main import printable
from classify_local.storage import locks
from tests.faults.rows import image_path, write
from tests.faults.scene import Scene, call, tree
from tests.faults.vrts import as_image, bomb, vrt


def run_process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "classify_local", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | environment)


@pytest.mark.parametrize(
    ("make", "words", "code"),
    [
        (write("image.tif", b"II*\0" + bytes(60)), ("run",), 2),
        (write("out", ""), ("run", "--out", "{folder}/out"), 4),
        (as_image(bomb() + vrt(srs="&i;")), ("check",), 5),
        (as_image(vrt(srs="PROJCS[&quot;half&quot;]")), ("check",), 2),
    ],
    ids=["damaged file", "output is a file", "XML bomb", "what GDAL grumbles about"],
)
def test_a_process_ends_with_its_code_and_one_line(
    scene: Scene, make: Callable[[Scene], object], words: tuple[str, ...], code: int
):
    make(scene)
    command, *options = words
    recipe = scene.write_recipe()
    before = tree(scene.folder)

    done = run_process(command, str(recipe), *(option.format(folder=scene.folder) for option in options))

    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert tree(scene.folder) == before


def test_where_an_error_arose_is_shown_on_request(scene: Scene):
    image_path("imag.tif")(scene)

    result = call("--debug", "check", str(scene.write_recipe()))

    assert result.code == 2
    assert "Traceback" in result.err
    assert "imag.tif: no such file" in result.err.splitlines()[-1]


def test_a_second_run_on_the_same_output_is_locked_out(scene: Scene):
    assert scene.call("run").code == 0
    before = tree(scene.folder)

    with locks.hold(scene.path("downloads/recipe/.run")):
        second = scene.call("run", "--restart")

    assert (second.code, len(second.problems)) == (6, 1)
    assert f"{socket.gethostname()} (process {os.getpid()}" in second.problems[0]
    assert "wait, or give another --out" in second.problems[0]
    assert {path: stamp for path, stamp in tree(scene.folder).items() if ".run" not in path} == {
        path: stamp for path, stamp in before.items() if ".run" not in path
    }


def test_a_map_made_from_something_else_is_kept(scene: Scene):
    assert scene.call("run").code == 0
    before = tree(scene.folder)

    changed = scene.call("run", "--bands", "class,class_probability")

    assert (changed.code, len(changed.problems)) == (2, 1)
    assert "output.bands was" in changed.problems[0]
    assert "give --restart" in changed.problems[0]
    assert tree(scene.folder) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chek", "recipe.yml"), "did you mean 'check'"),
        (("check",), "Missing argument 'RECIPE'"),
        (("check", "a.yml", "b.yml"), "unexpected extra argument"),
        (("run", "recipe.yml", "--workers", "0"), "not in the range"),
        (("run", "recipe.yml", "--worker", "2"), "--workers"),
        (("train", "recipe.yml"), "Missing option '-o'"),
    ],
)
def test_a_misspelt_command_is_bad_input(words: tuple[str, ...], said: str):
    result = call(*words)

    assert result.code == 2
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_missing_recipe_is_named_with_the_nearest(scene: Scene):
    scene.write_recipe()

    result = call("check", str(scene.path("recip.yml")))

    assert result.code == 2
    assert "recip.yml: does not exist; did you mean 'recipe.yml'?" in result.problems[0]


@pytest.mark.parametrize("command", ["train", "run", "check"])
def test_names_cannot_write_on_the_terminal(scene: Scene, command: str):
    image_path("gone\x1b[2J\nerror: none.tif")(scene)
    words = ("-o", str(scene.path("model.zip"))) if command == "train" else ()

    result = scene.call(command, *words)

    assert (result.code, len(result.problems)) == (2, 1)
    assert r"gone\x1b[2J\nerror: none.tif: no file matches" in result.problems[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Forêt dense: 森林", "Forêt dense: 森林"),
        ("a\tb\nc", r"a\tb\nc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\udcff.tif", r"\udcff.tif"),
        ("it's", "it's"),
    ],
)
def test_printable(text: str, shown: str):
    assert printable(text) == shown


def test_train_writes_no_model_from_bad_input(scene: Scene):
    image_path("imag.tif")(scene)
    scene.write_recipe()
    before = tree(scene.folder)

    assert scene.call("train", "-o", str(scene.path("models/model.zip"))).code == 2
    assert tree(scene.folder) == before


LATIN_1 = os.fsdecode(b"caf\xe9.yml")


@pytest.mark.parametrize("name", [LATIN_1, "..yml", ".yml", "-recipe.yml", "con.yml", "a?.yml", "x" * 101 + ".yml"])
def test_a_recipe_file_whose_name_no_map_can_have(scene: Scene, name: str):
    recipe = scene.write_recipe().rename(scene.path(name))
    before = tree(scene.folder)

    refused = call("run", str(recipe))

    assert (refused.code, len(refused.problems)) == (2, 1)
    assert "for example name: my_map" in refused.problems[0]
    assert tree(scene.folder) == before
    assert call("run", str(recipe), "--name", "map").code == 0
    assert scene.path("downloads/map/map.vrt").is_file()
