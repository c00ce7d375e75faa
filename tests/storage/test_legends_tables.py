"""Legends from tables: columns found by name and content, every row read right or refused with its line."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.storage.legends import import_legend, import_text, read_legend
from classify_local.storage.legends.css import css_color, is_css_color
from classify_local.storage.legends.rows import MAX_CLASSES

FOREST, CROP = "#006400", "#F096FF"


def classes(text: str, **columns: str) -> list[tuple[int, str, str]]:
    found = import_text(text, "legend.csv", columns)
    return [(entry.value, entry.label, entry.color) for entry in found.legend]


def notices(text: str) -> str:
    return "\n".join(import_text(text, "legend.csv").notices)


def refused(text: str) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        import_text(text, "legend.csv")
    return caught.value.problems


# which column is what


@pytest.mark.parametrize(
    "text",
    [
        "color,value,label\n#006400,10,Forest\n#F096FF,20,Crop\n",
        "COLOUR,Value,Label\n#006400,10,Forest\n#F096FF,20,Crop\n",
        "hex,code,name\n006400,10,Forest\nf096ff,20,Crop\n",
        "code,class,color\n10,Forest,#006400\n20,Crop,#f096ff\n",
        "class,label,color\n10,Forest,#006400\n20,Crop,#f096ff\n",
        "id,class,label,color\n1,10,Forest,#006400\n2,20,Crop,#f096ff\n",
        "Land cover,Description,Painted\n10,Forest,#006400\n20,Crop,#f096ff\n",
        "value,label,red,green,blue\n10,Forest,0,100,0\n20,Crop,240,150,255\n",
        "value,label,red,blue,green\n10,Forest,0,0,100\n20,Crop,240,255,150\n",
        "Value,ClassName,Red,Green,Blue,Alpha\n10,Forest,0,100,0,255\n20,Crop,240,150,255,255\n",
        "type,desc,r,g,b\n10,Forest,0,100,0\n20,Crop,240,150,255\n",
        "id,label,red,green,blue\n10,Forest,0,100,0\n20,Crop,240,150,255\n",
        "class,label,color,red,green,blue,alpha\n10,Forest,#006400,0,0,0,0\n20,Crop,#F096FF,1,1,1,1\n",
        "count,value,label,color\n7,10,Forest,#006400\n7,20,Crop,#f096ff\n",
        "valor,etiqueta,color\n10,Forest,#006400\n20,Crop,#f096ff\n",
        "10,Forest,#006400\n20,Crop,#f096ff\n",
        "Forest;#006400;10\nCrop;#f096ff;20\n",
        "#006400\t10\tForest\n#f096ff\t20\tCrop\n",
        "10|Forest|006400\n20|Crop|f096ff\n",
        "10,Forest,0,100,0\n20,Crop,240,150,255\n",
        "\ufeffcolor,value,label\r\n#006400,10,Forest\r\n\r\n#F096FF,20,Crop\r\n",
        'color,value,label\n"#006400",10,"Forest"\n#F096FF , 20 , Crop \n',
        "color;value;label\n#006400;10;Forest\n#F096FF;20;Crop",
        "color\tvalue\tlabel\n#006400\t10\tForest\n#F096FF\t20\tCrop",
    ],
)
def test_tables_of_the_same_legend(text):
    assert classes(text) == [(10, "Forest", FOREST), (20, "Crop", CROP)]


def test_faos_registry_format():
    text = "Value,ClassName,Red,Green,Blue,Alpha\n0,NA,255,255,255,255\n1,Tropics,247,159,192,255\n"
    assert classes(text) == [(0, "NA", "#FFFFFF"), (1, "Tropics", "#F79FC0")]
    assert notices(text) == ""


def test_rgb_columns_are_taken_by_name_with_a_word_on_the_manuals_order():
    text = "code,class,red,blue,green\n10,Shrub,255,34,187\n20,Crop,1,3,2\n"
    assert classes(text) == [(10, "Shrub", "#FFBB22"), (20, "Crop", "#010203")]
    assert "the header reads red, blue, green" in notices(text)
    assert "SEPAL's manual" in notices(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,class,label,color\n1,10,a,#000001\n2,20,b,#000002\n", "'class'; SEPAL would take 'id'"),
        ("nr,label,color\n10,a,#000001\n20,b,#000002\n", "no column is called 'value'; 'nr' was taken"),
        ("value,titel,color\n10,a,#000001\n20,b,#000002\n", "no column is called 'label'; 'titel' was taken"),
        ("value,label,paint\n10,a,#000001\n20,b,red\n", "no column is called 'color'; 'paint' was taken"),
        ("10,a,#000001\n20,b,#000002\n", "has no header; read as color from column 3, value from column 1"),
    ],
)
def test_a_guess_is_told(text, said):
    assert said in notices(text)


def test_columns_that_the_user_names_are_not_guessed():
    text = "id,class,label,note,color\n1,10,a,x,#000001\n2,20,b,y,#000002\n"
    assert classes(text, value="id", label="NOTE") == [(1, "x", "#000001"), (2, "y", "#000002")]
    text = "value,label,color,r1,g1,b1\n1,a,#000001,9,8,7\n2,b,#000002,6,5,4\n"
    assert classes(text, red="r1", green="g1", blue="b1") == [(1, "a", "#090807"), (2, "b", "#060504")]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"value": "nr"}, "no column 'nr'; it has value, label, color"),
        ({"valeu": "value"}, "a legend has no 'valeu', but color, value, .*mean 'value'"),
    ],
)
def test_a_column_the_user_names_must_be_there(columns, said):
    with pytest.raises(InputError, match=said):
        import_text("value,label,color\n1,a,#000001\n", columns=columns)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("value,label\n1,a\n", ["no column 'color' (or red, green and blue); it has value, label"]),
        ("value,label,red,green\n1,a,1,2\n2,b,3,4\n", ["no column 'blue'; it has value, label, red, green"]),
        ("value,color\n1,#000001\n", ["no column 'label'; it has value, color"]),
        ("label,color\na,#000001\n", ["no column 'value'; it has label, color"]),
        ("a,b\nx,y\n", ["no column 'value'", "no column 'color'"]),
    ],
)
def test_all_missing_columns_are_named(text, lines):
    found = refused(text)
    assert len(found) == len(lines)
    for line, start in zip(found, lines, strict=True):
        assert line.startswith(f"legend.csv: {start}")


def test_a_wrong_cell_in_a_named_column_is_told_rather_than_another_column_taken():
    found = refused("color,value,label,code2\n#006400,1.5,a,1\n#12G,2,b,2\n#000001,3,,3\n")
    assert [line.partition(": ")[0] for line in found] == [
        "legend.csv, line 2",
        "legend.csv, line 3",
        "legend.csv, line 4",
    ]


# values and channels


@pytest.mark.parametrize("values", [(0, 1), tuple(range(10, 101, 10)), (-1, 1), (3, 77), (256, 70_000)])
def test_any_whole_numbers_are_class_values(values):
    rows = "".join(f"#{i:06x},{value},class {value}\n" for i, value in enumerate(values))
    assert [row[0] for row in classes(f"color,value,label\n{rows}")] == sorted(values)


@pytest.mark.parametrize("value", ["300", "-1", "2147483647"])
def test_values_that_sepal_cannot_hold_are_noted(value):
    assert f"{value} would become another class there" in notices(f"color,value,label\n#006400,{value},a\n")


@pytest.mark.parametrize("part", ["256", "-1", "1.5", "", "x", "\u0661"])
def test_channels_are_whole_numbers_to_255(part):
    assert refused(f"value,label,red,green,blue\n1,a,{part},0,0\n2,b,9,9,9\n3,c,8,8,8\n") == (
        f"legend.csv, line 2: red {part!r} is not a whole number from 0 to 255",
    )


# colours


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#fff", "#FFFFFF"),
        ("FFFF00", "#FFFF00"),
        ("Green", "#008000"),
        ("rebeccapurple", "#663399"),
        ("rgb(1,2,3)", "#010203"),
        ("rgb( 1 , 2 , 3 )", "#010203"),
        ("RGB(1 2 3)", "#010203"),
        ("rgba(255, 187, 34, 0.5)", "#FFBB22"),
        ("rgb(100%, 0%, 50%)", "#FF0080"),
    ],
)
def test_colours_as_css_writes_them(text, color):
    assert css_color(text) == color
    assert classes(f'color,value,label\n"{text}",1,a\n') == [(1, "a", color)]


@pytest.mark.parametrize("text", ["", "#12G", "#1234", "gren", "rgb(300,0,0)", "rgb(1,2)", "transparent", "x" * 10_000])
def test_what_is_no_colour_is_refused_with_an_example(text):
    (line,) = refused(f'color,value,label\n"{text}",1,a\n#000001,2,b\n')
    assert line.startswith("legend.csv, line 2: colour '")
    assert "write it as #RRGGBB, for example #006400" in line
    assert len(line) < 200


def test_css_names_are_those_matplotlib_knows():
    for name, color in mpl.colors.CSS4_COLORS.items():
        assert css_color(name) == color.upper()
        assert is_css_color(name)


@given(st.text(max_size=30))
def test_what_is_a_css_colour_can_be_read(text):
    if is_css_color(text) and not text.strip().lower().startswith("rgb"):
        assert len(css_color(text)) == 7


# labels


@pytest.mark.parametrize(
    ("label", "mark"),
    [
        ("a\u200bb", "U+200B (zero width space)"),
        ("\u202eabc", "U+202E (right-to-left override)"),
        ("a\u2028b", "U+2028"),
    ],
)
def test_marks_that_are_not_seen_are_kept_and_told(label, mark):
    text = f'color,value,label\n#006400,3,"{label}"\n'
    assert classes(text)[0][1] == label
    assert f"the label of class 3 holds a mark that is not seen: {mark}" in notices(text)


@pytest.mark.parametrize("label", ["../../x", "CON", "x" * 300, "<img src=x onerror=alert(1)>", "غابة", "a, b; c"])
def test_any_text_is_a_label(label):
    assert classes(f'color,value,label\n#006400,3,"{label}"\n')[0][1] == label


def test_what_sepal_wrote_is_read_as_it_was_meant():
    text = 'color,value,label\n#006400,10,"Forest \\"dense\\", wet"\n#f096ff,20,"%u043B%u0435%u0441"\n'
    assert classes(text) == [(10, 'Forest "dense", wet', FOREST), (20, "лес", CROP)]
    assert "was written by SEPAL" in notices(text)


# parents


def test_parents_stand_in_a_fourth_column():
    text = "color,value,label,parent\n#006400,10,Forest,Forest land\n#F096FF,20,Crop,\n"
    assert [entry.parent for entry in import_text(text).legend] == ["Forest land", None]


# files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("header", ["color,value,label\n", ""])
def test_encodings(tmp_path, encoding, header):
    path = tmp_path / "legend.csv"
    path.write_bytes(f"{header}#006400,10,Forêt\n#F096FF,20,Crop\n".encode(encoding))
    found = import_legend(path)
    assert [entry.label for entry in found.legend] == ["Forêt", "Crop"]
    assert any("Windows-1252" in notice for notice in found.notices) == (encoding == "cp1252")


@pytest.mark.parametrize("headed", [True, False])
def test_workbooks(tmp_path, headed):
    book = openpyxl.Workbook()
    rows = [("value", "label", "color")] * headed + [(10, "Forest", FOREST), (20, "Crop", CROP)]
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "legend.xlsx")
    legend = read_legend(tmp_path / "legend.xlsx")
    assert [(entry.value, entry.label, entry.color) for entry in legend] == [(10, "Forest", FOREST), (20, "Crop", CROP)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"color,value,label\n", "holds no class"),
        (b"color,value,label\n#000001,1,a\0\n", "a zero byte"),
        (b"PK\x03\x04" + bytes(99), "spreadsheet"),
        (b"%PDF-1.7\n" + bytes(99), "PDF"),
        (b"color,value,label\n#000001,1," + b"x" * 10_000_000, "field larger than"),
        (b"<html><body>Sign in</body></html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "zero byte"),
    ],
    ids=["empty", "header only", "zero byte", "zip", "pdf", "10 MB", "web page", "png"],
)
def test_files_that_are_no_legend(tmp_path, data, said):
    path = tmp_path / "legend.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=said):
        import_legend(path)


def test_a_million_rows_are_refused_at_once(tmp_path):
    path = tmp_path / "legend.csv"
    path.write_text("color,value,label\n" + "#000001,1,a\n" * 1_000_000)
    with pytest.raises(InputError, match="1000001 lines are no legend"):  # by their number, before any is parsed
        import_legend(path)


def test_as_many_classes_as_are_allowed_are_read():
    rows = "".join(f"#{i:06x},{i},class {i}\n" for i in range(MAX_CLASSES))
    assert len(import_text(f"color,value,label\n{rows}").legend) == MAX_CLASSES


def test_of_very_many_problems_the_first_are_told():
    found = refused("color,value,label\n" + "#12G,1,a\n" * 500)
    assert len(found) == 21
    assert found[-1] == "legend.csv: 480 more problems of the same kinds; mend these first"


def test_repeated_rows_name_both_lines():
    assert refused("color,value,label\n#000001,1,a\n#000002,1,b\n#000001,3,a\n") == (
        "legend.csv, line 4: color '#000001' stands also in line 2; each class needs its own",
        "legend.csv, line 3: value 1 stands also in line 2; each class needs its own",
        "legend.csv, line 4: label 'a' stands also in line 2; each class needs its own",
    )


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        import_text(text)
    except InputError as error:
        assert error.problems  # noqa: PT017 - that there is a line is what is looked at


def test_a_file_that_is_not_there_is_named(tmp_path):
    (tmp_path / "legend.csv").write_text("x")
    with pytest.raises(InputError, match=r"no such file; did you mean 'legend\.csv'"):
        import_legend(Path(tmp_path / "legnd.csv"))
