"""The page of classifiers is what its script makes, and names every parameter."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_classifiers", DOCS / "make_classifiers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = "\n".join(module.lines()) + "\n"
    assert (DOCS / "classifiers.md").read_text(encoding="utf-8") == made
