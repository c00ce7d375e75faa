"""`classify-local legend`: shows, converts and colours; never replaces a file unasked."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from classify_local.cli.main import call
from classify_local.storage.legends import read_legend

CSV = "color,value,label,parent\n#006400,10,Forest,Forest land\n#FA0000,50,Town,\n#0064C8,80,Water,\n"


@pytest.fixture
def legend(tmp_path: Path) -> Path:
    path = tmp_path / "legend.csv"
    path.write_text(CSV)
    return path


def test_show(legend, capsys):
    assert call(["legend", "show", str(legend)]) == 0
    out = capsys.readouterr().out
    assert "#006400  10  Forest  (Forest land)" in out
    assert "#0064C8  80  Water\n" in out
    assert (
        "Forest and Town look alike to readers with red-green blindness "
        "(difference 1.4; 10 and more can be told apart)" in out
    )
    assert "\x1b" not in out


def test_swatches_are_for_terminals_only(legend):
    code = (
        "import sys; sys.stdout.isatty = lambda: True; from classify_local.cli.main import call; "
        f"call(['legend', 'show', {str(legend)!r}])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "\x1b[48;2;0;100;0m    \x1b[0m #006400  10  Forest" in ended.stdout


def test_labels_do_not_steer_the_terminal(tmp_path, capsys):
    path = tmp_path / "legend.csv"
    path.write_text("color,value,label\n#006400,10,a\u202eb\u009b31m\n")
    assert call(["legend", "show", str(path)]) == 0
    said = capsys.readouterr()
    assert "a\\u202eb\\x9b31m" in said.out
    assert "note: " in said.err
    assert "\u202e" not in said.out + said.err


@pytest.mark.parametrize("verb", ["convert", "import", "export"])
@pytest.mark.parametrize("ending", [".qml", ".sld", ".aux.xml", ".csv"])
def test_convert(legend, tmp_path, capsys, verb, ending):
    out = tmp_path / f"out{ending}"
    assert call(["legend", verb, str(legend), "-o", str(out)]) == 0
    assert f"done: {out} (3 classes)" in capsys.readouterr().out
    assert [entry.label for entry in read_legend(out)] == ["Forest", "Town", "Water"]


def test_what_is_pasted(tmp_path, capsys, monkeypatch):
    pasted = "value\tlabel\tcolor\n10\tForêt\tgreen\n".encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(pasted)))
    assert call(["legend", "import", "-", "-o", str(tmp_path / "legend.csv")]) == 0
    assert (tmp_path / "legend.csv").read_bytes() == "color,value,label\r\n#008000,10,Forêt\r\n".encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("10,Forêt,green\n".encode("latin-1"))))
    assert call(["legend", "show", "-"]) == 2
    assert "the pasted text (byte 6): not UTF-8" in capsys.readouterr().err


def test_the_legend_of_a_recipe(legend, tmp_path, capsys):
    recipe = tmp_path / "recipe.yml"
    recipe.write_text("images: [{path: image.tif}]\nlegend: legend.csv\n")
    assert call(["legend", "export", str(recipe), "-o", str(tmp_path / "map.qml")]) == 0
    assert read_legend(tmp_path / "map.qml").values == (10, 50, 80)
    recipe.write_text("images: [{path: image.tif}]\n")
    assert call(["legend", "show", str(recipe)]) == 2
    assert "recipe.yml: has no legend; give one, for example legend: legend.csv" in capsys.readouterr().err


def test_a_file_is_replaced_only_by_force(legend, tmp_path, capsys):
    out = tmp_path / "mine.csv"
    out.write_text("mine")
    arguments = ["legend", "convert", str(legend), "-o", str(out)]
    assert call(arguments) == 2
    assert out.read_text() == "mine"
    assert "is there already; give --force to replace it" in capsys.readouterr().err
    assert call([*arguments, "--force"]) == 0
    assert read_legend(out).values == (10, 50, 80)
    assert call(["legend", "palette", "Set1", str(out), "-o", str(out)]) == 2


def test_palette(legend, tmp_path, capsys):
    assert call(["legend", "palette", "viridis", str(legend)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "color,value,label,parent"
    assert out.splitlines()[1] == "#440154,10,Forest,Forest land"
    assert call(["legend", "palette", "YlGn", str(legend), "-o", str(tmp_path / "new.csv")]) == 0
    assert [entry.color for entry in read_legend(tmp_path / "new.csv")] == ["#F7FCB9", "#ADDD8E", "#31A354"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("viridi", "no palette 'viridi'; did you mean 'viridis'?"),
        ("Parula", "is not here: it belongs to MathWorks"),
        ("Phase", "gives the classes 10 and 80 the same colour #A8780D"),
    ],
)
def test_palettes_that_do_not_do(legend, capsys, name, said):
    assert call(["legend", "palette", name, str(legend)]) == 2
    assert said in capsys.readouterr().err


def test_palettes(capsys):
    assert call(["legend", "palettes"]) == 0
    out = capsys.readouterr().out
    for word in ("cmocean (", "Thermal, Haline", "not here: Parula (it belongs to MathWorks)", "CC BY 4.0", "Set3 ("):
        assert word in out


def test_columns_that_the_user_names(tmp_path, capsys):
    path = tmp_path / "legend.csv"
    path.write_text("id,class,label,color\n1,10,a,#000001\n2,20,b,#FFFFFF\n")
    assert call(["legend", "show", str(path), "--column", "value=id"]) == 0
    said = capsys.readouterr()
    assert "#000001  1  a" in said.out
    assert said.err == ""
    assert call(["legend", "show", str(path), "--column", "value"]) == 2
    assert "write for example value=Code" in capsys.readouterr().err


def test_all_problems_are_told(tmp_path, capsys):
    path = tmp_path / "legend.csv"
    path.write_text("color,value,label\n#12G,1,a\n#000001,x,b\n")
    assert call(["legend", "show", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_the_commands_of_the_guide_run(legend, tmp_path, monkeypatch, capsys):
    """All but for the pasted text, which is put into its place."""
    monkeypatch.chdir(tmp_path)
    assert call(["legend", "convert", "legend.csv", "-o", "style.qml"]) == 0
    (tmp_path / "recipe.yml").write_text("images: [{path: image.tif}]\nlegend: legend.csv\n")
    page = (Path(__file__).parents[2] / "docs" / "legends.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```bash\n(.*?)```", page, re.S) for line in block.splitlines()]
    assert len(lines) >= 9
    for line in lines:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CSV.encode())))
        words = shlex.split(line, comments=True)
        assert words[0] == "classify-local"
        assert call(words[1:]) == 0, capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} >= {"pasted.csv", "from_qgis.csv", "map.tif.aux.xml", "green.csv"}
