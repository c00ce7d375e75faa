"""Code in the documentation runs, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from classify_local import open_stack

ROOT = Path(__file__).parents[2]


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


def test_the_notebook_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in python_blocks(ROOT / "docs" / "notebook.md"):
        exec(compile(block, "docs/notebook.md", "exec"), names)  # noqa: S102 - our own page
    assert names["town"]["class"].shape == (200, 200)
    assert "ndvi" in str(names["ndvi"].band.values)


def test_the_derived_bands_of_their_page_are_made(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "derived-bands.md").read_text(encoding="utf-8"), re.S)
    recipe = tmp_path / "recipe.yml"
    recipe.write_text(block.replace("mosaic/*.tif", f"{ROOT.as_posix()}/sample_data/mosaic"), encoding="utf-8")
    names = open_stack(recipe).names
    assert len(names) == 3 + 3 + 2 + 2 + 4
    assert {"red_nir_normalized_difference", "ndvi", "nir_texture_entropy_7x7", "red_mean_5x5"} <= set(names)


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_ci_runs_the_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"<!-- (?:demo|test) -->\n```bash\n(.*?)\n```", readme)
    assert len(commands) == 2
    assert "classify-local demo" in commands[0]
    assert "pytest" in commands[1]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "<!-- test -->" in script
    assert "README.md" in script
